//! Clients that fail: they go away, hold still, or close one half.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::backend::{Backend, Then, begin_events, event, is_closed_by_gate};
use crate::support::client::Ask;
use crate::support::farm::Setup;
use crate::support::{descriptors, wait_until};

/// One that never answers, and counts whose connection the gate closed.
fn silent() -> (Backend, Arc<AtomicUsize>) {
    let cancelled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&cancelled);
    let backend = Backend::start(move |_, stream| {
        count.fetch_add(usize::from(is_closed_by_gate(stream)), Ordering::SeqCst);
        Then::Close
    });
    (backend, cancelled)
}

#[test]
fn a_client_that_goes_away_cancels_what_it_asked() {
    let (backend, cancelled) = silent();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let clients: Vec<_> = (0..20)
        .map(|id| {
            let mut client = farm.client();
            client.send(&farm.call(id, "x").bytes());
            client
        })
        .collect();
    wait_until("the server works on all", || backend.under_way() == 20);
    drop(clients);
    wait_until("the server sees that nobody waits", || cancelled.load(Ordering::SeqCst) == 20);
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_client_that_goes_away_mid_stream_ends_the_stream_at_the_server() {
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let backend = Backend::start(move |_, stream| {
        begin_events(stream);
        while event(stream, "{}") {
            std::thread::sleep(Duration::from_millis(5));
        }
        count.fetch_add(1, Ordering::SeqCst);
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    assert_eq!(client.head().unwrap().status, 200);
    client.chunk().unwrap().unwrap();
    drop(client);
    wait_until("the server's stream is over", || ended.load(Ordering::SeqCst) == 1);
    farm.until_idle();
    farm.stop();
}

#[test]
fn half_closed_clients_leave_nothing_behind() {
    let (backend, _) = silent();
    let well = Backend::echo();
    let setup = Setup::of(&[("silent", &backend), ("echo", &well)]);
    let farm = setup.with(|config| config.limits.answer_seconds = 2).start();
    for _ in 0..20 {
        // After a whole request: an answer, or the end. Not somebody else's answer, and not nothing.
        let mut client = farm.client();
        client.send(&farm.call(3, "mine").bytes());
        client.half_close();
        if let Ok(answer) = client.answer() {
            assert!(answer.echoes(3, "mine"), "{answer:?}");
        }
        assert!(client.is_over());
        // After half a head, half a body, and while a server is silent.
        let whole = farm.call(4, "half").bytes();
        for length in [1, 30, whole.len() - 5] {
            let mut client = farm.client();
            client.send(&whole[..length]);
            client.half_close();
            let rest = String::from_utf8(client.rest()).unwrap();
            assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{rest}");
        }
        let mut client = farm.client();
        let mut ask = farm.alice.signs(Ask::call(5, "x"));
        ask.line = "POST /silent HTTP/1.1".to_owned();
        client.send(&ask.bytes());
        client.half_close();
        let rest = String::from_utf8(client.rest()).unwrap();
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 504"), "{rest}");
    }
    assert!(well.seen().iter().all(|seen| !seen.text().contains("half")));
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let farm = setup.with(|config| config.limits.head_seconds = 1).start();
    let begin = Instant::now();
    let mut slow = farm.client();
    slow.send(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    let mut quiet = farm.client();
    while !slow.rest().is_empty() {}
    // A byte now and then does not help: it is the whole head that has a time.
    assert!(quiet.is_over());
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let farm = setup.with(|config| config.limits.body_seconds = 1).start();
    let whole = farm.call(1, "x").bytes();
    let mut client = farm.client();
    let (first, rest) = whole.split_at(whole.len() - 50);
    client.send(first);
    let begin = Instant::now();
    for byte in rest.chunks(1).take(40) {
        client.send(byte);
        std::thread::sleep(Duration::from_millis(50));
    }
    let answer = client.answer();
    assert!(answer.as_ref().map_or(true, |it| it.status == 408), "{answer:?}");
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert_eq!(backend.count(), 0);
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_client_that_does_not_read_does_not_fill_the_memory() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let backend = Backend::start(move |_, stream| {
        begin_events(stream);
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let part = "x".repeat(64 << 10);
        // Until the gate takes no more: 256 MiB would be all.
        while count.load(Ordering::SeqCst) < 256 << 20 {
            let chunk = format!("{:x}\r\n{part}\r\n", part.len());
            if stream.write_all(chunk.as_bytes()).is_err() {
                break;
            }
            count.fetch_add(part.len(), Ordering::SeqCst);
        }
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    wait_until("the server begins", || backend.count() == 1);
    wait_until("the server gives up", || backend.under_way() == 0);
    let sent = sent.load(Ordering::SeqCst) >> 20;
    assert!(sent < 64, "{sent} MiB were taken for a client that reads nothing");
    drop(client);
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_gate_that_ends_leaves_nothing_behind() {
    let backend = Backend::echo();
    let before = descriptors();
    for _ in 0..3 {
        let farm = Setup::of(&[("echo", &backend)]).start();
        let mut client = farm.client();
        for id in 0..20 {
            assert!(client.ask(&farm.call(id, "x")).echoes(id, "x"));
        }
        farm.stop();
        assert!(client.is_over());
    }
    // The backend's ends of the pooled connections close when their threads see it.
    drop(backend);
    wait_until("all files are closed", || descriptors() <= before + 4);
}

#[test]
fn a_gate_that_drains_lets_a_stream_end_and_takes_no_other() {
    let backend = Backend::start(|_, stream| {
        begin_events(stream);
        for number in 0..40 {
            event(stream, &format!("{{\"n\":{number}}}"));
            std::thread::sleep(Duration::from_millis(25));
        }
        let _sent = stream.write_all(b"0\r\n\r\n");
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    assert_eq!(client.head().unwrap().status, 200);
    client.chunk().unwrap().unwrap();
    farm.gate.drain();
    let address = farm.address();
    wait_until("nobody else gets in", || {
        let other = crate::support::client::Client::try_connect(address);
        other.and_then(|mut it| it.try_ask(&Ask::new("GET", "/health"))).is_err()
    });
    let mut all = String::new();
    while let Some(chunk) = client.chunk().unwrap() {
        all.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(all.ends_with("data: {\"n\":39}\n\n"), "{all}");
    farm.stop();
}
