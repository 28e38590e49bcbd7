//! Names whose addresses are targets, with a name server on loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use farmgate_gate::upstream::{Health, NameState, NoTarget, Options};
use tokio::net::TcpListener;

use crate::backend::{Backend, Does};
use crate::dns::{Dns, Says};
use crate::{Watched, config, run, server, until, upstream};

const NAME: &str = "python.mcp-farm.local";

fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

fn says(last: &[u8], seconds: u32) -> Says {
    Says::Addresses(last.iter().map(|last| loopback(*last)).collect(), seconds)
}

fn named(port: u16) -> crate::Server {
    let mut named = upstream(&[SocketAddr::new(loopback(1), port)]);
    named.host = NAME.to_owned();
    server(named)
}

fn options(dns: &Dns) -> Options {
    Options { resolver: Some(vec![dns.address]), ..Options::default() }
}

fn watched(dns: &Dns, port: u16) -> Watched {
    Watched::start(&[("server", named(port))], options(dns))
}

fn name(watched: &Watched) -> NameState {
    watched.all.names().into_iter().next().unwrap()
}

fn active(watched: &Watched) -> Vec<IpAddr> {
    let states = watched.all.states().into_iter().filter(|state| !state.draining);
    states.map(|state| state.address.ip()).collect()
}

/// Backends at several addresses of loopback, on one port.
async fn at(last: &[u8]) -> (u16, Vec<Backend>) {
    'again: loop {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        drop(first);
        let mut backends = Vec::new();
        for last in last {
            let Ok(listener) = TcpListener::bind((loopback(*last), port)).await else {
                continue 'again;
            };
            backends.push(Backend::from(listener, Does::Answers(200, "", "")));
        }
        return (port, backends);
    }
}

#[test]
fn a_names_addresses_are_targets_for_its_time_to_live() {
    run(async {
        let (port, backends) = at(&[2, 3, 4]).await;
        let dns = Dns::start(says(&[2, 3], 1)).await;
        let watched = watched(&dns, port);
        assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Absent);
        until("both are targets", || active(&watched) == [loopback(2), loopback(3)]).await;
        until("both are healthy", || {
            watched.all.states().iter().all(|state| state.health == Health::Healthy)
        })
        .await;
        // Probes, and requests, name the server and not its address.
        let host = format!("host: {NAME}:{port}\r\n");
        assert!(backends[0].last_request().contains(&host));
        let session = watched.server().find(SocketAddr::new(loopback(2), port)).unwrap();
        // Another task takes the place of the first.
        dns.now_says(says(&[3, 4], 1));
        until("the new one is a target", || active(&watched) == [loopback(3), loopback(4)]).await;
        let old = watched.state(session.address());
        assert_eq!((old.draining, old.outstanding), (true, 1));
        assert!(watched.server().find(session.address()).is_some());
        for _ in 0..10 {
            assert_ne!(watched.server().pick(&[]).unwrap().address(), session.address());
        }
        until("the old one is forgotten", || watched.try_state(session.address()).is_none()).await;
        let state = name(&watched);
        assert_eq!((&*state.server, &*state.host, state.error), ("server", NAME, None));
        assert_eq!(state.addresses, [loopback(3), loopback(4)]);
    });
}

#[test]
fn a_failure_leaves_the_last_answer_and_says_so() {
    run(async {
        let dns = Dns::start(says(&[2], 1)).await;
        let watched = watched(&dns, 9);
        until("there is a target", || active(&watched) == [loopback(2)]).await;
        dns.now_says(Says::Fails);
        until("it says so", || name(&watched).error.is_some()).await;
        assert_eq!(active(&watched), [loopback(2)]);
        let questions = dns.questions();
        until("it is asked again", || dns.questions() > questions + 2).await;
        assert_eq!(active(&watched), [loopback(2)]);
        dns.now_says(says(&[3], 1));
        until("it is good again", || active(&watched) == [loopback(3)]).await;
        assert_eq!(name(&watched).error, None);
    });
}

#[test]
fn the_last_answer_does_not_hold_for_ever() {
    run(async {
        let dns = Dns::start(says(&[2], 1)).await;
        let options = Options { stale: Duration::from_millis(1500), ..options(&dns) };
        let watched = Watched::start(&[("server", named(9))], options);
        until("there is a target", || active(&watched) == [loopback(2)]).await;
        dns.now_says(Says::Fails);
        until("there is none", || active(&watched).is_empty()).await;
        assert!(name(&watched).error.is_some());
        assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Absent);
    });
}

#[test]
fn an_answer_without_records_takes_the_targets_away() {
    run(async {
        for nothing in [Says::NoSuchName, Says::Addresses(Vec::new(), 1)] {
            let dns = Dns::start(says(&[2], 1)).await;
            let watched = watched(&dns, 9);
            until("there is a target", || active(&watched) == [loopback(2)]).await;
            dns.now_says(nothing);
            until("there is none", || active(&watched).is_empty()).await;
            assert_eq!(name(&watched).error, None);
            assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Absent);
        }
    });
}

#[test]
fn a_family_that_fails_takes_nothing_from_the_other() {
    run(async {
        let dns = Dns::start(says(&[2], 1)).await;
        dns.now_says_v6(Says::Fails);
        let watched = watched(&dns, 9);
        until("there is a target", || active(&watched) == [loopback(2)]).await;
        let six: IpAddr = "::1".parse().unwrap();
        dns.now_says(Says::Addresses(vec![loopback(3), six], 1));
        until("there are two", || active(&watched) == [loopback(3), six]).await;
        dns.now_says_v6(Says::Silence);
        dns.now_says(says(&[4], 1));
        until("there is one", || active(&watched) == [loopback(4)]).await;
    });
}

/// CVE-2026-77822: what a name resolves to is looked at after it is resolved, and the address that
/// was looked at is the one that is used.
#[test]
fn a_name_that_resolves_to_metadata_has_no_target() {
    run(async {
        let bad = [
            "169.254.169.254",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::ffff:169.254.169.254",
            "2002:a9fe:a9fe::1",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
        ];
        let mut all: Vec<IpAddr> = bad.iter().map(|text| text.parse().unwrap()).collect();
        let dns = Dns::start(Says::Addresses(all.clone(), 1)).await;
        let watched = watched(&dns, 80);
        until("it was resolved", || name(&watched).refused.len() == bad.len()).await;
        assert_eq!(watched.all.states().len(), 0);
        let refused = name(&watched).refused;
        assert!(refused.contains(&"169.254.169.254 is a link-local address".to_owned()));
        // The good ones among them are used.
        all.push(loopback(7));
        dns.now_says(Says::Addresses(all, 1));
        until("there is one", || active(&watched) == [loopback(7)]).await;
    });
}

/// Rebinding a name to this machine leads to what listens here for itself.
#[test]
fn a_name_leads_to_this_machine_only_if_the_gate_serves_this_machine() {
    run(async {
        let dns = Dns::start(says(&[1], 1)).await;
        let mut config = config(&[("server", named(9))]);
        config.listen = None;
        let all = farmgate_gate::upstream::Upstreams::new(&config, options(&dns)).unwrap();
        let task = tokio::task::spawn_local(std::sync::Arc::clone(&all).watch(Default::default()));
        until("it was resolved", || all.names().iter().any(|name| name.refused.len() == 1)).await;
        assert_eq!(all.names()[0].refused, ["127.0.0.1 is a loopback address"]);
        assert!(all.states().is_empty());
        task.abort();
    });
}

#[test]
fn another_name_takes_the_place_of_the_first() {
    run(async {
        let dns = Dns::start(says(&[2], 60)).await;
        let watched = watched(&dns, 9);
        until("there is a target", || active(&watched) == [loopback(2)]).await;
        dns.now_says(says(&[3], 60));
        let mut other = named(9);
        other.upstream.host = "other.mcp-farm.local".to_owned();
        watched.all.update(&config(&[("server", other)])).unwrap();
        until("there is another", || active(&watched) == [loopback(3)]).await;
        assert_eq!(name(&watched).host, "other.mcp-farm.local");
        // Without a name, nothing is looked up any more.
        let address = SocketAddr::new(loopback(5), 9);
        watched.all.update(&config(&[("server", server(upstream(&[address])))])).unwrap();
        assert_eq!(active(&watched), [loopback(5)]);
        assert!(watched.all.names().is_empty());
    });
}
