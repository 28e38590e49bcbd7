//! Which target is chosen, and which is left alone for a while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use farmgate_gate::upstream::{Client, Ejection, Health, NoTarget, Options, Pool, Unanswered};

use crate::backend::{Backend, Does};
use crate::{Watched, nowhere, one, run, send, server, until, upstream};

fn addresses<const N: usize>() -> [SocketAddr; N] {
    std::array::from_fn(|n| SocketAddr::from(([127, 0, 0, 1], 9000 + u16::try_from(n).unwrap())))
}

#[test]
fn the_fewest_requests_under_way_decide() {
    let all = addresses::<3>();
    let watched = one(&all);
    let targets = watched.server();
    let mut picks: Vec<_> = (0..9).map(|_| targets.pick(&[]).unwrap()).collect();
    for address in all {
        assert_eq!(watched.state(address).outstanding, 3);
    }
    // One that is done makes room where it was.
    let done = picks.remove(4);
    let address = done.address();
    drop(done);
    assert_eq!(watched.state(address).outstanding, 2);
    assert_eq!(targets.pick(&[]).unwrap().address(), address);
    drop(picks);
    assert!(watched.all.states().iter().all(|state| state.outstanding == 0));
}

#[test]
fn equals_take_turns() {
    let watched = one(&addresses::<3>());
    let targets = watched.server();
    let mut turns: BTreeMap<SocketAddr, usize> = BTreeMap::new();
    for _ in 0..30 {
        *turns.entry(targets.pick(&[]).unwrap().address()).or_default() += 1;
    }
    assert_eq!(turns.into_values().collect::<Vec<_>>(), [10, 10, 10]);
}

#[test]
fn what_was_tried_is_not_picked_again() {
    let [a, b] = addresses();
    let watched = one(&[a, b]);
    let targets = watched.server();
    for _ in 0..5 {
        assert_eq!(targets.pick(&[a]).unwrap().address(), b);
    }
    assert_eq!(targets.pick(&[a, b]).unwrap_err(), NoTarget::Tried);
}

#[test]
fn a_server_without_targets_says_so_at_once() {
    let mut named = upstream(&addresses::<1>());
    named.host = "nobody.test".to_owned();
    let watched = Watched::unwatched(&[("server", server(named))], Options::default());
    assert_eq!(watched.server().pick(&[]).unwrap_err(), NoTarget::Absent);
    assert!(watched.all.server("other").is_none());
}

/// Counts are right whatever many threads do at once.
#[test]
fn workers_share_the_counts() {
    let all = addresses::<2>();
    let watched = one(&all);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let targets = watched.server();
            scope.spawn(move || {
                for _ in 0..2000 {
                    let one = targets.pick(&[]).unwrap();
                    let two = targets.pick(&[one.address()]).unwrap();
                    assert_ne!(one.address(), two.address());
                }
            });
        }
    });
    assert!(watched.all.states().iter().all(|state| state.outstanding == 0));
}

// === ejection ===

fn ejecting() -> Options {
    let shortest = Duration::from_millis(300);
    let ejection = Ejection { failures: 5, shortest, longest: Duration::from_secs(300) };
    Options { ejection, ..Options::default() }
}

async fn fails(client: &Client, watched: &Watched, address: SocketAddr) {
    let pick = watched.server().find(address).unwrap();
    let failure = send(client, &pick, "x").await.unwrap_err();
    assert!(matches!(failure, Unanswered::Unsent(..)), "{failure}");
}

#[test]
fn a_target_that_fails_is_left_alone_and_tried_again() {
    run(async {
        let good = Backend::start(Does::Answers(200, "", "good")).await;
        let bad = nowhere().await;
        let servers = [("server", server(upstream(&[good.address, bad])))];
        let watched = Watched::unwatched(&servers, ejecting());
        let client = Client::new(Pool::default());
        let targets = watched.server();
        for count in 1..5 {
            fails(&client, &watched, bad).await;
            assert!(!watched.state(bad).ejected, "after {count} failures");
        }
        fails(&client, &watched, bad).await;
        assert!(watched.state(bad).ejected);
        assert_eq!(watched.state(bad).failures, 5);
        for _ in 0..10 {
            assert_eq!(targets.pick(&[]).unwrap().address(), good.address);
        }
        until("the target is tried again", || !watched.state(bad).ejected).await;
        // Then one more failure is enough.
        fails(&client, &watched, bad).await;
        assert!(watched.state(bad).ejected);
    });
}

#[test]
fn at_most_half_of_the_targets_are_left_alone() {
    run(async {
        let bad = [nowhere().await, nowhere().await, nowhere().await];
        let watched = Watched::unwatched(&[("server", server(upstream(&bad)))], ejecting());
        let client = Client::new(Pool::default());
        for address in bad {
            for _ in 0..6 {
                fails(&client, &watched, address).await;
            }
        }
        let ejected = watched.all.states().into_iter().filter(|state| state.ejected).count();
        assert_eq!(ejected, 1);
        let alone = Watched::unwatched(&[("server", server(upstream(&bad[..1])))], ejecting());
        for _ in 0..20 {
            fails(&client, &alone, bad[0]).await;
        }
        assert!(!alone.state(bad[0]).ejected);
    });
}

#[test]
fn the_last_target_that_probes_find_healthy_is_not_left_alone() {
    run(async {
        let good = Backend::start(Does::Answers(200, "", "good")).await;
        let servers = [("server", server(upstream(&[good.address, nowhere().await])))];
        let watched = Watched::start(&servers, ejecting());
        until("it is healthy", || watched.state(good.address).health == Health::Healthy).await;
        // It answers its probes, but breaks all other connections.
        good.now_does(Does::Closes);
        let client = Client::new(Pool::default());
        for _ in 0..8 {
            let pick = watched.server().find(good.address).unwrap();
            assert!(matches!(send(&client, &pick, "x").await, Err(Unanswered::Broken(_))));
        }
        let state = watched.state(good.address);
        assert_eq!((state.failures, state.ejected), (8, false));
    });
}

#[test]
fn errors_of_the_server_itself_eject_nothing() {
    run(async {
        let server_error = Backend::start(Does::Answers(500, "", "oh")).await;
        let other = Backend::start(Does::Answers(200, "", "fine")).await;
        let both = [server_error.address, other.address];
        let watched = Watched::unwatched(&[("server", server(upstream(&both)))], ejecting());
        let client = Client::new(Pool::default());
        for _ in 0..10 {
            let pick = watched.server().find(server_error.address).unwrap();
            let (status, body) = send(&client, &pick, "x").await.unwrap();
            assert_eq!((status.as_u16(), &*body), (500, &b"oh"[..]));
        }
        let state = watched.state(server_error.address);
        assert_eq!((state.answers, state.server_errors, state.failures), (10, 10, 0));
        assert!(!state.ejected);
    });
}
