//! Active health checks, against servers that are probed.

use std::sync::Arc;
use std::time::Duration;

use farmgate_gate::upstream::{Client, Health, NoTarget, Options, Pool};
use http::HeaderValue;

use crate::backend::{Backend, Does};
use crate::{PATIENCE, Watched, nowhere, run, send, server, until, upstream};

/// An incident of other gateways: health checks that never probed.
#[test]
fn health_checks_do_probe() {
    run(async {
        let good = Backend::start(Does::Answers(406, "", "")).await;
        let mut probed = server(upstream(&[good.address]));
        probed.health.path = "/python/mcp?probe=1".to_owned();
        let watched = Watched::start(&[("server", probed)], Options::default());
        assert_eq!(watched.state(good.address).health, Health::Unknown);
        assert_eq!(watched.state(good.address).probes, 0);
        until("three probes", || good.requests() >= 3).await;
        until("they are known", || watched.state(good.address).probes >= 3).await;
        let state = watched.state(good.address);
        assert_eq!(state.health, Health::Healthy);
        let probe = state.probe.unwrap();
        assert_eq!((probe.status, probe.error), (Some(406), None));
        assert!(probe.milliseconds < 20_000 && probe.at > 1_700_000_000 && state.since <= probe.at);
        let request = good.last_request().to_lowercase();
        assert!(request.starts_with("get /python/mcp?probe=1 http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("\r\nhost: {}\r\n", good.address)), "{request}");
        assert!(request.contains("\r\nconnection: close\r\n"), "{request}");
        assert!(!request.contains("farmgate-principal"), "{request}");
        // A probe is a connection of its own.
        assert!(good.seen.connections.get() >= 3);
    });
}

#[test]
fn a_target_that_fails_its_probes_gets_nothing_until_it_passes_again() {
    run(async {
        let [one, two] = [(); 2].map(|()| Backend::start(Does::Answers(200, "", "")));
        let (one, two) = (one.await, two.await);
        let servers = [("server", server(upstream(&[one.address, two.address])))];
        let watched = Watched::start(&servers, Options::default());
        let health = |backend: &Backend| watched.state(backend.address).health;
        until("both are healthy", || {
            health(&one) == Health::Healthy && health(&two) == Health::Healthy
        })
        .await;
        one.now_does(Does::Answers(500, "", ""));
        until("one is not", || health(&one) == Health::Unhealthy).await;
        let state = watched.state(one.address).probe.unwrap();
        assert_eq!(state.status, Some(500));
        assert_eq!(state.error.as_deref(), Some("status 500 is not healthy"));
        for _ in 0..5 {
            assert_eq!(watched.server().pick(&[]).unwrap().address(), two.address);
        }
        two.now_does(Does::Closes);
        until("none is", || health(&two) == Health::Unhealthy).await;
        assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Unhealthy);
        // Two successes are wanted of one that was healthy before.
        let before = watched.state(one.address).probes;
        one.now_does(Does::Answers(200, "", ""));
        until("one is again", || health(&one) == Health::Healthy).await;
        assert!(watched.state(one.address).probes >= before + 2);
        assert_eq!(watched.server().pick(&[]).unwrap().address(), one.address);
    });
}

#[test]
fn a_target_that_never_answers_is_unhealthy_and_one_that_is_not_there_too() {
    run(async {
        let silent = Backend::start(Does::Nothing).await;
        let absent = nowhere().await;
        let servers = [("server", server(upstream(&[silent.address, absent])))];
        let watched = Watched::start(&servers, Options::default());
        for address in [silent.address, absent] {
            until("it is unhealthy", || watched.state(address).health == Health::Unhealthy).await;
        }
        let error = |address| watched.state(address).probe.unwrap().error.unwrap();
        assert_eq!(error(silent.address), "no answer in 1 s");
        assert!(error(absent).to_lowercase().contains("refused"), "{}", error(absent));
        assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Unhealthy);
        // The probe's connection was closed.
        until("it is closed", || silent.seen.cancelled.get() >= 1).await;
    });
}

/// A new gate knows nobody, and a server that has just started is ready at once.
#[test]
fn an_unknown_target_may_be_tried_and_a_new_one_is_found_soon() {
    run(async {
        let address = nowhere().await;
        let mut slow = server(upstream(&[address]));
        slow.health.interval = 300;
        slow.health.unhealthy = 10;
        let watched = Watched::start(&[("server", slow)], Options::default());
        assert_eq!(watched.server().pick(&[]).unwrap().address(), address);
        until("a probe failed", || watched.state(address).probes >= 1).await;
        assert_eq!(watched.state(address).health, Health::Unknown);
        assert!(watched.server().pick(&[]).is_ok());
        let _backend = Backend::on(address, Does::Answers(200, "", "")).await;
        until("it is healthy", || watched.state(address).health == Health::Healthy).await;
    });
}

#[test]
fn probes_of_a_bridge_carry_the_gates_own_principal() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "")).await;
        let mut bridged = upstream(&[backend.address]);
        bridged.bridge = true;
        bridged.host_header = Some("python.test:1".to_owned());
        let principal = |server: &str| HeaderValue::try_from(format!("signed for {server}")).ok();
        let options = Options { principal: Some(Arc::new(principal)), ..Options::default() };
        let watched = Watched::start(&[("server", server(bridged))], options);
        until("a probe", || watched.state(backend.address).health == Health::Healthy).await;
        let request = backend.last_request().to_lowercase();
        assert!(request.contains("\r\nfarmgate-principal: signed for server\r\n"), "{request}");
        assert!(request.contains("\r\nhost: python.test:1\r\n"), "{request}");
        assert!(watched.server().pick(&[]).unwrap().bridge());
    });
}

/// One server whose targets hang takes nothing from another.
#[test]
fn one_bad_server_takes_no_other_down() {
    run(async {
        let bad = Backend::start(Does::Nothing).await;
        let good = Backend::start(Does::Answers(200, "", "good")).await;
        let servers = [
            ("bad", server(upstream(&[bad.address]))),
            ("good", server(upstream(&[good.address]))),
        ];
        let watched = Watched::start(&servers, Options::default());
        let client = Client::new(Pool::default());
        let bad_targets = watched.all.server("bad").unwrap();
        let pending: Vec<_> = (0..100)
            .map(|_| {
                let (client, targets) = (client.clone(), Arc::clone(&bad_targets));
                tokio::task::spawn_local(async move {
                    let pick = targets.pick(&[]).unwrap();
                    let sent = client.send(&pick, crate::call("x"), PATIENCE).await;
                    drop(sent);
                })
            })
            .collect();
        until("all are under way", || bad.requests() >= 100).await;
        let good_targets = watched.all.server("good").unwrap();
        for _ in 0..50 {
            let pick = good_targets.pick(&[]).unwrap();
            let sent = tokio::time::timeout(PATIENCE, send(&client, &pick, "x"));
            assert_eq!(&*sent.await.unwrap().unwrap().1, b"good");
        }
        until("it is unhealthy", || bad_targets.pick(&[]).is_err()).await;
        assert_eq!(watched.state(good.address).health, Health::Healthy);
        pending.iter().for_each(tokio::task::JoinHandle::abort);
        until("nothing is left", || watched.state(bad.address).outstanding == 0).await;
        until("nor there", || bad.seen.open.get() <= 1).await;
    });
}

#[test]
fn probes_end_with_the_gate() {
    run(async {
        let backend = Backend::start(Does::Nothing).await;
        let watched = Watched::unwatched(
            &[("server", server(upstream(&[backend.address])))],
            Options::default(),
        );
        let drain = farmgate_wire::Drain::new();
        let task = tokio::task::spawn_local(Arc::clone(&watched.all).watch(drain.clone()));
        until("a probe is under way", || backend.requests() == 1).await;
        drain.begin();
        tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
        until("its connection is closed", || backend.seen.open.get() == 0).await;
        assert_eq!(Arc::strong_count(&watched.all), 1, "no task holds on to it");
    });
}
