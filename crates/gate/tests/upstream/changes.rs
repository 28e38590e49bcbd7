//! Another configuration while requests are under way: what stays is kept, what goes drains.

use std::net::SocketAddr;

use farmgate_gate::upstream::{Client, Health, NoTarget, Options, Pool};

use crate::backend::{Backend, Does};
use crate::{PATIENCE, Watched, call, config, run, send, server, until, upstream, whole};

#[test]
fn a_target_that_stays_keeps_its_state() {
    run(async {
        let [one, two] = [(); 2].map(|()| Backend::start(Does::Answers(200, "", "")));
        let (one, two) = (one.await, two.await);
        let watched =
            Watched::start(&[("server", server(upstream(&[one.address])))], Options::default());
        until("it is healthy", || watched.state(one.address).health == Health::Healthy).await;
        let targets = watched.server();
        let pick = targets.pick(&[]).unwrap();
        let client = Client::new(Pool::default());
        send(&client, &pick, "x").await.unwrap();
        let before = watched.state(one.address);
        let both = server(upstream(&[one.address, two.address]));
        watched.all.update(&config(&[("server", both.clone()), ("other", both)])).unwrap();
        assert!(std::sync::Arc::ptr_eq(&targets, &watched.server()), "the same object");
        let states = watched.all.states();
        assert_eq!(states.len(), 4);
        let after = states.iter().find(|it| it.server == "server" && it.address == one.address);
        let after = after.unwrap();
        assert_eq!(after.health, Health::Healthy);
        assert_eq!((after.outstanding, after.answers), (1, before.answers));
        assert!(after.probes >= before.probes);
        // The new one is probed too.
        until("all are healthy", || {
            watched.all.states().iter().all(|it| it.health == Health::Healthy)
        })
        .await;
        drop(pick);
    });
}

#[test]
fn a_target_that_goes_drains() {
    run(async {
        let [old, new] = [(); 2].map(|()| Backend::start(Does::Holds));
        let (old, new) = (old.await, new.await);
        let mut first = server(upstream(&[old.address]));
        first.drain = 2;
        first.health.path = "/never".to_owned();
        let watched = Watched::unwatched(&[("server", first.clone())], Options::default());
        let task = tokio::task::spawn_local(
            std::sync::Arc::clone(&watched.all).watch(farmgate_wire::Drain::new()),
        );
        let client = Client::new(Pool::default());
        let pick = watched.server().pick(&[]).unwrap();
        let sending = client.send(&pick, call("under way"), PATIENCE);
        tokio::pin!(sending);
        tokio::select! {
            _ = &mut sending => panic!("it holds"),
            () = until("it was read", || {
                old.seen.requests.borrow().iter().any(|it| it.ends_with("under way"))
            }) => {}
        }
        let second = crate::Server { upstream: upstream(&[new.address]), ..first };
        watched.all.update(&config(&[("server", second)])).unwrap();
        // No new requests.
        for _ in 0..5 {
            assert_eq!(watched.server().pick(&[]).unwrap().address(), new.address);
        }
        let state = watched.state(old.address);
        assert_eq!((state.draining, state.outstanding), (true, 1));
        // But its sessions.
        assert_eq!(watched.server().find(old.address).unwrap().address(), old.address);
        // And what is under way ends as it should.
        old.seen.released.notify_waiters();
        assert_eq!(&*whole(sending.await.unwrap()).await.unwrap().1, b"held");
        until("it is forgotten", || watched.try_state(old.address).is_none()).await;
        assert!(watched.server().find(old.address).is_none());
        until("its connections are closed", || old.seen.open.get() == 0).await;
        task.abort();
    });
}

#[test]
fn a_target_that_comes_back_while_it_drains_is_the_same() {
    run(async {
        let [a, b] = [9001, 9002].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let watched = crate::one(&[a, b]);
        let held = watched.server().find(a).unwrap();
        watched.all.update(&config(&[("server", server(upstream(&[b])))])).unwrap();
        assert!(watched.state(a).draining);
        watched.all.update(&config(&[("server", server(upstream(&[a, b])))])).unwrap();
        let state = watched.state(a);
        assert_eq!((state.draining, state.outstanding), (false, 1));
        assert_eq!(watched.all.states().len(), 2);
        drop(held);
    });
}

#[test]
fn a_server_that_goes_drains_and_is_forgotten() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "")).await;
        let both = server(upstream(&[backend.address]));
        let watched =
            Watched::start(&[("server", both.clone()), ("gone", both.clone())], Options::default());
        let gone = watched.all.server("gone").unwrap();
        watched.all.update(&config(&[("server", both.clone())])).unwrap();
        assert_eq!(gone.pick(&[]).unwrap_err(), NoTarget::Absent);
        assert!(gone.find(backend.address).is_some(), "its sessions go on for a while");
        until("it is forgotten", || watched.all.server("gone").is_none()).await;
        assert!(gone.find(backend.address).is_none());
        assert!(watched.server().pick(&[]).is_ok());
    });
}

#[test]
fn another_health_check_is_used_at_once() {
    run(async {
        let backend = Backend::start(Does::Answers(204, "", "")).await;
        let mut checked = server(upstream(&[backend.address]));
        checked.health.interval = 300;
        let watched = Watched::start(&[("server", checked.clone())], Options::default());
        until("it is unhealthy", || watched.state(backend.address).health == Health::Unhealthy)
            .await;
        checked.health.path = "/other".to_owned();
        checked.health.codes = "204".to_owned();
        watched.all.update(&config(&[("server", checked)])).unwrap();
        until("it is healthy", || watched.state(backend.address).health == Health::Healthy).await;
        assert!(backend.last_request().starts_with("GET /other HTTP/1.1\r\n"));
        assert!(watched.state(backend.address).probes >= 3, "it is the same target");
    });
}

#[test]
fn a_bad_configuration_changes_nothing() {
    let [a, b] = [9001, 9002].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let watched = crate::one(&[a]);
    let mut bad = server(upstream(&[b]));
    bad.health.codes = "all".to_owned();
    let worse = server(upstream(&["169.254.169.254:80".parse().unwrap()]));
    let servers = [("bad", bad), ("server", server(upstream(&[b]))), ("worse", worse)];
    let error = watched.all.update(&config(&servers)).unwrap_err();
    assert_eq!(
        error,
        "server `bad`: `all` are no status codes: write them as `200,400-406`; \
         server `worse`: `169.254.169.254:80` is a link-local address"
    );
    assert_eq!(watched.server().pick(&[]).unwrap().address(), a);
    assert_eq!(watched.all.states().len(), 1);
}

#[test]
fn another_host_header_is_sent_to_the_same_targets() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "")).await;
        let watched = crate::one(&[backend.address]);
        let pick = watched.server().pick(&[]).unwrap();
        let mut renamed = upstream(&[backend.address]);
        renamed.host_header = Some("other.test".to_owned());
        watched.all.update(&config(&[("server", server(renamed))])).unwrap();
        let states = watched.all.states();
        assert_eq!(
            states.iter().map(|it| (it.draining, it.outstanding)).collect::<Vec<_>>(),
            [(false, 1)]
        );
        send(&Client::new(Pool::default()), &pick, "x").await.unwrap();
        assert!(backend.last_request().contains("host: other.test\r\n"));
    });
}

/// Whoever is reached in another way is another: no connection of the old way is used.
#[test]
fn a_target_that_is_reached_in_another_way_is_another_target() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "")).await;
        let watched = crate::one(&[backend.address]);
        let pick = watched.server().pick(&[]).unwrap();
        let client = Client::new(Pool::default());
        send(&client, &pick, "x").await.unwrap();
        drop(pick);
        let mut bridged = upstream(&[backend.address]);
        bridged.bridge = true;
        watched.all.update(&config(&[("server", server(bridged))])).unwrap();
        let states = watched.all.states();
        assert_eq!(states.iter().map(|it| it.draining).collect::<Vec<_>>(), [false, true]);
        let before = backend.seen.connections.get();
        let pick = watched.server().find(backend.address).unwrap();
        send(&client, &pick, "y").await.unwrap();
        assert_eq!(backend.seen.connections.get(), before + 1);
    });
}
