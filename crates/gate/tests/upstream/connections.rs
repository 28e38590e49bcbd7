//! Connections to targets: kept, found dead, given up, and closed as a cancel.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use farmgate_gate::upstream::{Client, Pool, Unanswered};
use http_body_util::BodyExt;

use crate::backend::{Backend, Does};
use crate::{PATIENCE, Watched, call, nowhere, one, run, send, server, until, upstream, whole};

/// Sends calls until one of them went over a connection that had been used before.
async fn until_kept(client: &Client, watched: &Watched, backend: &Backend) {
    let attempts = async {
        loop {
            let before = backend.seen.connections.get();
            let pick = watched.server().pick(&[]).unwrap();
            send(client, &pick, "warm").await.unwrap();
            if backend.seen.connections.get() == before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, attempts).await.expect("connections are never kept");
}

#[test]
fn a_connection_is_used_again_and_the_request_comes_as_it_is() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "x-a: b\r\n", "fine")).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        until_kept(&client, &watched, &backend).await;
        let (connections, requests) = (backend.seen.connections.get(), backend.requests());
        for n in 0..100 {
            let pick = watched.server().pick(&[]).unwrap();
            let response = client.send(&pick, call(&format!("body {n}")), PATIENCE).await.unwrap();
            assert_eq!(response.headers()["x-a"], "b");
            assert_eq!(&*whole(response).await.unwrap().1, b"fine");
            let request = backend.last_request();
            assert!(request.starts_with("POST /mcp?x=%20y HTTP/1.1\r\n"), "{request}");
            assert!(request.contains(&format!("host: {}\r\n", backend.address)), "{request}");
            assert!(request.ends_with(&format!("\r\n\r\nbody {n}")), "{request}");
        }
        assert_eq!(backend.seen.connections.get(), connections);
        assert_eq!(backend.requests(), requests + 100);
        let state = watched.state(backend.address);
        assert_eq!((state.outstanding, state.failures), (0, 0));
        // They are closed with the client.
        drop(client);
        until("they are closed", || backend.seen.open.get() == 0).await;
    });
}

/// One that is not quite ready for its next request must not cost a new one.
#[test]
fn there_are_no_more_connections_than_requests_at_a_time() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "fine")).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        until_kept(&client, &watched, &backend).await;
        let before = backend.seen.connections.get();
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let (client, targets) = (client.clone(), watched.server());
                tokio::task::spawn_local(async move {
                    for _ in 0..100 {
                        let pick = targets.pick(&[]).unwrap();
                        send(&client, &pick, "x").await.unwrap();
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        let made = backend.seen.connections.get() - before;
        assert!(made <= 16, "{made} connections for 16 callers");
    });
}

/// A server that closes after each answer without saying so. The next request may meet a connection
/// that is just being closed; then nobody could tell whether it was read.
#[test]
fn no_request_is_lost_or_doubled_when_connections_are_closed_in_silence() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (served, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        // In a thread of its own, so that closing and sending are truly at the same time.
        let (count, end) = (Arc::clone(&served), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut bodies = Vec::new();
            for stream in listener.incoming() {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let (mut stream, mut text) = (stream.unwrap(), Vec::new());
                while !text.ends_with(b"!") {
                    let mut part = [0; 1024];
                    match stream.read(&mut part).unwrap() {
                        0 => break,
                        length => text.extend_from_slice(&part[..length]),
                    }
                }
                if text.ends_with(b"!") {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                    let text = String::from_utf8(text).unwrap();
                    bodies.push(text.rsplit("\r\n").next().unwrap().to_owned());
                }
            }
            bodies
        });
        let watched = one(&[address]);
        let client = Client::new(Pool::default());
        for n in 0..200 {
            let pick = watched.server().pick(&[]).unwrap();
            let answer = send(&client, &pick, &format!("{n}!")).await;
            assert_eq!(&*answer.unwrap_or_else(|why| panic!("request {n}: {why}")).1, b"fine");
        }
        assert_eq!(served.load(Ordering::Relaxed), 200);
        over.store(true, Ordering::Relaxed);
        drop(std::net::TcpStream::connect(address));
        let expected: Vec<_> = (0..200).map(|n| format!("{n}!")).collect();
        assert_eq!(thread.join().unwrap(), expected);
        assert_eq!(watched.state(address).failures, 0);
    });
}

#[test]
fn a_connection_that_was_closed_while_it_waited_is_not_used() {
    run(async {
        let backend = Backend::start(Does::Answers(200, "", "fine")).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        until_kept(&client, &watched, &backend).await;
        // A new process in the place of the old one: all of its connections are closed.
        let address = backend.address;
        drop(backend);
        let backend = Backend::on(address, Does::Answers(200, "", "new")).await;
        let pick = watched.server().pick(&[]).unwrap();
        assert_eq!(&*send(&client, &pick, "x").await.unwrap().1, b"new");
        assert_eq!(backend.requests(), 1);
        assert_eq!(watched.state(address).failures, 0);
    });
}

#[test]
fn what_a_server_says_of_its_connections_is_believed() {
    run(async {
        for headers in
            ["connection: close\r\n", "keep-alive: timeout=1\r\n", "Connection: x, Close\r\n"]
        {
            let backend = Backend::start(Does::Answers(200, headers, "fine")).await;
            let watched = one(&[backend.address]);
            let client = Client::new(Pool::default());
            for n in 1..20 {
                let pick = watched.server().pick(&[]).unwrap();
                send(&client, &pick, "x").await.unwrap();
                assert_eq!(backend.seen.connections.get(), n, "{headers}");
            }
        }
        let backend =
            Backend::start(Does::Answers(200, "keep-alive: timeout=5, max=9\r\n", "")).await;
        let watched = one(&[backend.address]);
        until_kept(&Client::new(Pool::default()), &watched, &backend).await;
    });
}

#[test]
fn waiting_connections_are_bounded_in_number_and_time() {
    run(async {
        let backend = Backend::start(Does::Holds).await;
        let watched = one(&[backend.address]);
        let idle_time = Duration::from_millis(800);
        let client = Client::new(Pool { idle: 3, idle_time, ..Pool::default() });
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let (client, targets) = (client.clone(), watched.server());
                tokio::task::spawn_local(async move {
                    let pick = targets.pick(&[]).unwrap();
                    send(&client, &pick, "x").await.unwrap();
                })
            })
            .collect();
        until("all are under way", || backend.requests() == 10).await;
        assert_eq!(watched.state(backend.address).outstanding, 10);
        backend.seen.released.notify_waiters();
        for call in calls {
            call.await.unwrap();
        }
        until("few of them wait", || backend.seen.open.get() <= 3).await;
        until("then none does", || backend.seen.open.get() == 0).await;
    });
}

/// A target that takes connections and doesn't finish them must not take all of the gate's.
#[test]
fn connections_that_are_being_made_are_bounded() {
    run(async {
        // It is asked for TLS, and says nothing.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut silent = upstream(&[listener.local_addr().unwrap()]);
        silent.tls = true;
        let watched = Watched::unwatched(&[("server", server(silent))], Default::default());
        let connect = Duration::from_millis(500);
        let client = Client::new(Pool { connecting: 4, connect, ..Pool::default() });
        let ended = Rc::new(std::cell::RefCell::new(Vec::new()));
        for _ in 0..10 {
            let (client, targets, ended) = (client.clone(), watched.server(), Rc::clone(&ended));
            tokio::task::spawn_local(async move {
                let pick = targets.pick(&[]).unwrap();
                let failure = send(&client, &pick, "x").await.unwrap_err();
                let Unanswered::Unsent(request, why) = failure else { panic!("{failure}") };
                let body = request.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(&*body, b"x", "a retry has the body");
                ended.borrow_mut().push(why.to_string());
            });
        }
        until("all ended", || ended.borrow().len() == 10).await;
        let busy = "too many connections to the target are being made";
        // Those whose turn did not come said so; a turn may have come at the very last moment.
        let busy = ended.borrow().iter().filter(|why| *why == busy).count();
        assert!(busy <= 6, "{busy} of 10 did not get a turn");
        let tried =
            ended.borrow().iter().filter(|why| why.contains("no connection in time")).count();
        assert_eq!(busy + tried, 10, "{:?}", ended.borrow());
        // And then again: none is counted for ever.
        let pick = watched.server().pick(&[]).unwrap();
        let failure = send(&client, &pick, "x").await.unwrap_err();
        assert!(failure.to_string().contains("no connection in time"), "{failure}");
    });
}

#[test]
fn a_request_that_was_not_sent_may_go_to_another_target() {
    run(async {
        let good = Backend::start(Does::Answers(200, "", "good")).await;
        let bad = nowhere().await;
        let watched = one(&[bad, good.address]);
        let client = Client::new(Pool::default());
        let pick = watched.server().find(bad).unwrap();
        let sent = client.send(&pick, call("whole"), PATIENCE).await;
        let Err(Unanswered::Unsent(request, _)) = sent else { panic!("nothing listens there") };
        let pick = watched.server().pick(&[bad]).unwrap();
        let response = client.send(&pick, *request, PATIENCE).await.unwrap();
        assert_eq!(&*whole(response).await.unwrap().1, b"good");
        let request = good.last_request();
        assert!(request.ends_with("\r\n\r\nwhole"), "{request}");
        assert!(request.contains(&format!("host: {}\r\n", good_host(&watched))), "{request}");
    });
}

/// All targets of a server are called by the server's host.
fn good_host(watched: &Watched) -> String {
    let pick = watched.server().pick(&[]).unwrap();
    pick.host_header().to_str().unwrap().to_owned()
}

/// It may have been done: only the caller knows whether it may be done twice.
#[test]
fn a_request_that_may_have_been_seen_is_not_sent_again() {
    run(async {
        let backend = Backend::start(Does::Closes).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        let pick = watched.server().pick(&[]).unwrap();
        let failure = send(&client, &pick, "x").await.unwrap_err();
        assert!(matches!(failure, Unanswered::Broken(_)), "{failure}");
        assert_eq!((backend.requests(), watched.state(backend.address).failures), (1, 1));
        // Neither if the connection had been used before.
        backend.now_does(Does::Answers(200, "", "fine"));
        until_kept(&client, &watched, &backend).await;
        backend.now_does(Does::Closes);
        let before = backend.requests();
        let failure = send(&client, &pick, "x").await.unwrap_err();
        assert!(matches!(failure, Unanswered::Broken(_)), "{failure}");
        assert_eq!(backend.requests(), before + 1);
    });
}

#[test]
fn an_answer_that_does_not_begin_in_time_is_late_and_cancelled() {
    run(async {
        let backend = Backend::start(Does::Nothing).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        let pick = watched.server().pick(&[]).unwrap();
        let sent = client.send(&pick, call("x"), Duration::from_millis(100)).await;
        assert!(matches!(sent, Err(Unanswered::Late)));
        assert_eq!(watched.state(backend.address).failures, 1);
        until("the target sees it", || backend.seen.cancelled.get() == 1).await;
    });
}

#[test]
fn an_answer_that_breaks_off_is_an_error_and_not_an_end() {
    run(async {
        let backend = Backend::start(Does::DiesMidAnswer).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        let pick = watched.server().pick(&[]).unwrap();
        let response = client.send(&pick, call("x"), PATIENCE).await.unwrap();
        let (_, mut body) = response.into_parts();
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&*part, b"half");
        assert!(body.frame().await.unwrap().is_err());
        assert_eq!(watched.state(backend.address).failures, 1);
    });
}

#[test]
fn dropping_the_request_or_the_answer_cancels_it_at_the_target() {
    run(async {
        let backend = Backend::start(Does::Nothing).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        let pick = watched.server().pick(&[]).unwrap();
        {
            let sending = client.send(&pick, call("x"), PATIENCE);
            tokio::pin!(sending);
            tokio::select! {
                _ = &mut sending => panic!("it never answers"),
                () = until("it was read", || backend.requests() == 1) => {}
            }
        }
        until("the target sees it", || backend.seen.cancelled.get() == 1).await;
        // A stream, of which something was read.
        backend.now_does(Does::Streams);
        let response = client.send(&pick, call("y"), PATIENCE).await.unwrap();
        let mut body = response.into_body();
        let event = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&*event, b"data: 1\n\n");
        assert_eq!(backend.seen.cancelled.get(), 1);
        drop(body);
        until("the target sees it", || backend.seen.cancelled.get() == 2).await;
        assert_eq!(watched.state(backend.address).failures, 0, "it is not the target's fault");
        // The connection was not kept.
        backend.now_does(Does::Answers(200, "", "fine"));
        let before = backend.seen.connections.get();
        send(&client, &pick, "z").await.unwrap();
        assert_eq!(backend.seen.connections.get(), before + 1);
    });
}

#[test]
fn a_target_that_switches_protocols_is_not_followed() {
    run(async {
        let headers = "upgrade: websocket\r\nconnection: upgrade\r\n";
        let backend = Backend::start(Does::Answers(101, headers, "")).await;
        let watched = one(&[backend.address]);
        let pick = watched.server().pick(&[]).unwrap();
        let failure = send(&Client::new(Pool::default()), &pick, "x").await.unwrap_err();
        assert!(matches!(failure, Unanswered::Broken(_)), "{failure}");
        until("it is closed", || backend.seen.open.get() == 0).await;
    });
}

#[test]
fn many_streams_are_open_at_a_time() {
    run(async {
        let backend = Backend::start(Does::Streams).await;
        let watched = one(&[backend.address]);
        let client = Client::new(Pool::default());
        let mut open = Vec::new();
        for _ in 0..200 {
            let pick = watched.server().pick(&[]).unwrap();
            let response = client.send(&pick, call("x"), PATIENCE).await.unwrap();
            let mut body = response.into_body();
            assert!(body.frame().await.unwrap().is_ok());
            open.push((pick, body));
        }
        assert_eq!(watched.state(backend.address).outstanding, 200);
        drop(open);
        assert_eq!(watched.state(backend.address).outstanding, 0);
        until("all are cancelled", || backend.seen.cancelled.get() == 200).await;
    });
}
