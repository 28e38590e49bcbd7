//! Servers that fail: killed, silent, talkative, or speaking nonsense.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::backend::{
    self, Backend, Then, begin_events, event, is_closed_by_gate, write_answer,
};
use crate::support::client::Ask;
use crate::support::farm::Setup;
use crate::support::wait_until;

/// One that answers with events, and tells each time before it waits.
fn endless() -> Backend {
    Backend::start(|_, stream| {
        if begin_events(stream) && event(stream, r#"{"n":1}"#) {
            is_closed_by_gate(stream);
        }
        Then::Close
    })
}

#[test]
fn a_server_killed_mid_stream_ends_the_stream_as_broken() {
    let backend = endless();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    assert_eq!(client.head().unwrap().status, 200);
    assert_eq!(client.chunk().unwrap().unwrap(), b"data: {\"n\":1}\n\n");
    backend.kill();
    // No last chunk: a client must not take it for the whole.
    assert!(client.chunk().is_err(), "a broken stream looks as if it were complete");
    wait_until("nothing is under way", || farm.outstanding() == 0);
    farm.stop();
}

#[test]
fn a_server_killed_mid_body_ends_the_body_as_broken() {
    let backend = Backend::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                    Content-Length: 1000\r\n\r\n{\"jsonrpc\"";
        stream.write_all(head.as_bytes()).unwrap();
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    let answer = client.answer();
    // Either nothing of it was sent yet, and it is an error, or it breaks off.
    assert!(answer.as_ref().map_or(true, |it| it.status == 502), "{answer:?}");
    wait_until("nothing is under way", || farm.outstanding() == 0);
    farm.stop();
}

#[test]
fn a_server_that_dies_before_it_answers_is_told_and_not_asked_twice() {
    let backend = Backend::start(|_, _| Then::Close);
    let farm = Setup::of(&[("echo", &backend)]).start();
    let answer = farm.ask(&farm.call(7, "x"));
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains(r#""id":7"#), "{}", answer.text());
    // It may have done what was asked: only the caller knows whether to ask again.
    assert_eq!(backend.count(), 1);
    farm.stop();
}

#[test]
fn a_server_that_is_gone_answers_502_or_503_at_once() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    assert!(farm.is_well());
    backend.kill();
    for id in 0..20 {
        let begin = Instant::now();
        let answer = farm.ask(&farm.call(id, "x"));
        assert!(matches!(answer.status, 502 | 503), "{answer:?}");
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    farm.stop();
}

#[test]
fn a_server_that_never_answers_is_given_up_and_told_so() {
    let cancelled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&cancelled);
    let backend = Backend::start(move |_, stream| {
        count.fetch_add(usize::from(is_closed_by_gate(stream)), Ordering::SeqCst);
        Then::Close
    });
    let setup = Setup::of(&[("echo", &backend)]);
    let farm = setup.with(|config| config.limits.answer_seconds = 1).start();
    let asked: Vec<_> = (0..10)
        .map(|id| {
            let mut client = farm.client();
            client.send(&farm.call(id, "x").bytes());
            (id, client)
        })
        .collect();
    for (id, mut client) in asked {
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 504, "{answer:?}");
        assert!(answer.text().contains(&format!(r#""id":{id},"#)), "{}", answer.text());
    }
    wait_until("the server sees that nobody waits", || cancelled.load(Ordering::SeqCst) == 10);
    farm.until_idle();
    farm.stop();
}

#[test]
fn one_bad_server_takes_no_other_down() {
    let silent = Backend::start(|_, stream| {
        is_closed_by_gate(stream);
        Then::Close
    });
    let well = Backend::echo();
    let setup = Setup::of(&[("silent", &silent), ("echo", &well)]).with(|config| {
        config.limits.answer_seconds = 20;
        config.limits.concurrency.per_server = 64;
        config.limits.concurrency.per_principal = 64;
        config.limits.concurrency.queue = 16;
        config.limits.concurrency.queue_milliseconds = 20_000;
    });
    let farm = setup.start();
    // More than it may have under way, and than may wait.
    let mut waiting: Vec<_> = (0..100).map(|_| farm.client()).collect();
    for client in &mut waiting {
        let mut ask = farm.bob.signs(Ask::call(1, "x"));
        ask.line = "POST /silent HTTP/1.1".to_owned();
        client.send(&ask.bytes());
    }
    wait_until("the bad server is full", || silent.under_way() == 64);
    let begin = Instant::now();
    for id in 0..200 {
        let text = format!("text {id}");
        let answer = farm.ask(&farm.call(id, &text));
        assert!(answer.echoes(id, &text), "{answer:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    drop(waiting);
    wait_until("nothing is under way", || farm.outstanding() == 0);
    farm.stop();
}

#[test]
fn a_second_answer_on_a_connection_answers_nobody() {
    // A server that says more than it was asked could answer the next request, of somebody else.
    let poison =
        r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"stolen"}]}}"#;
    let backend = Backend::start(move |seen, stream| {
        let answer = |body: &str| {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
            format!("{head} {}\r\n\r\n{body}", body.len())
        };
        let mut text = answer(&backend::echoed(seen));
        if seen.text().contains("twice") {
            text.push_str(&answer(poison));
        }
        // At once: what comes after the next request was sent can't be told from its answer.
        let _sent = stream.write_all(text.as_bytes());
        Then::Keep
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    for round in 0..50 {
        let answer = farm.ask(&farm.call(1, "twice"));
        assert!(answer.echoes(1, "twice") || answer.status == 502, "{answer:?}");
        let text = format!("mine {round}");
        let answer = farm.ask(&farm.bob.signs(Ask::call(2, &text)));
        assert!(answer.echoes(2, &text), "{answer:?}");
    }
    farm.stop();
}

#[test]
fn answers_that_can_be_read_in_two_ways_are_not_passed_on() {
    let nonsense: &[&str] = &[
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nX-Header: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX Header: a\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "\r\n\r\n\r\n\r\n",
        "",
    ];
    for answer in nonsense {
        let bytes = answer.as_bytes();
        let backend = Backend::start(move |_, stream| {
            let _sent = stream.write_all(bytes);
            Then::Close
        });
        let farm = Setup::of(&[("echo", &backend)]).start();
        let mut client = farm.client();
        client.send(&farm.call(1, "x").bytes());
        // An error if it broke off: nothing whole was passed on.
        if let Ok(got) = client.answer() {
            assert_eq!(got.status, 502, "{answer:?} gave {got:?}");
        }
        wait_until("nothing is under way", || farm.outstanding() == 0);
        farm.stop();
    }
}

#[test]
fn a_conflict_of_lengths_in_an_answer_is_not_passed_on() {
    // Framed anew or refused: what a client gets has one length only, and nothing follows it.
    let backend = Backend::start(|_, stream| {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\
                      Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let _sent = stream.write_all(answer.as_bytes());
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").with("Connection", "close").bytes());
    let all = String::from_utf8(client.rest()).unwrap().to_ascii_lowercase();
    let framings = ["content-length:", "transfer-encoding:"];
    let count = framings.iter().map(|it| all.matches(it).count()).sum::<usize>();
    assert!(count <= 1, "{all}");
    assert_eq!(all.matches("http/1.1 ").count(), 1, "{all}");
    farm.stop();
}

#[test]
fn a_server_that_says_too_much_in_its_head_is_refused() {
    let backend = Backend::start(|_, stream| {
        let long = "x".repeat(2 << 20);
        let _sent =
            stream.write_all(format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\n\r\n").as_bytes());
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    assert_eq!(farm.ask(&farm.call(1, "x")).status, 502);
    farm.stop();
}

#[test]
fn connections_that_a_server_closes_without_a_word_lose_no_request() {
    // Keep-alive is promised and not kept: the race that every proxy has with every server.
    let backend = Backend::start(|seen, stream| {
        backend::write_json(stream, &backend::echoed(seen));
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    let (mut well, mut broken) = (0, 0);
    for id in 0..300 {
        let text = format!("text {id}");
        let answer = client.ask(&farm.call(id, &text));
        match answer.status {
            200 => {
                assert!(answer.echoes(id, &text), "{answer:?}");
                well += 1;
            }
            // The server may have had it: then it is not sent again.
            502 => broken += 1,
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(backend.count(), well + broken.min(backend.count() - well), "none was sent twice");
    assert!(well >= 290, "{broken} of 300 were lost");
    farm.stop();
}

#[test]
fn connections_are_used_again_under_load_from_the_first_request_on() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = farm.client();
                for id in 0..500 {
                    assert!(client.ask(&farm.call(id, "x")).echoes(id, "x"));
                }
            });
        }
    });
    assert_eq!(backend.count(), 4000);
    // Some are tried out at first, by each worker; a connection for each request would be 4000.
    assert!(backend.connections() < 1000, "{} connections", backend.connections());
    farm.stop();
}

#[test]
fn a_sick_server_is_found_by_probes_and_comes_back_by_probes() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    assert!(farm.is_well());
    backend.sick(true);
    wait_until("the gate knows that it is sick", || farm.ask(&farm.call(1, "x")).status == 503);
    let before = backend.count();
    for id in 0..10 {
        assert_eq!(farm.ask(&farm.call(id, "x")).status, 503);
    }
    assert_eq!(backend.count(), before, "a sick server is left alone");
    backend.sick(false);
    wait_until("the gate knows that it is well", || farm.is_well());
    farm.stop();
}

#[test]
fn a_stream_carries_what_comes_when_it_comes() {
    let backend = Backend::start(|_, stream| {
        begin_events(stream);
        for number in 0..20 {
            event(stream, &format!(r#"{{"n":{number}}}"#));
            thread::sleep(Duration::from_millis(10));
        }
        let _sent = stream.write_all(b"0\r\n\r\n");
        Then::Keep
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    assert_eq!(client.head().unwrap().header("content-type"), Some("text/event-stream"));
    let mut all = Vec::new();
    while let Some(chunk) = client.chunk().unwrap() {
        all.extend(chunk);
    }
    let want: String = (0..20).map(|number| format!("data: {{\"n\":{number}}}\n\n")).collect();
    assert_eq!(String::from_utf8(all).unwrap(), want);
    farm.until_idle_but(1);
    drop(client);
    farm.until_idle();
    farm.stop();
}

#[test]
fn answers_without_a_length_are_carried_to_their_end() {
    let backend = Backend::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        let _sent = stream.write_all(format!("{head}{{\"jsonrpc\":\"2.0\"}}").as_bytes());
        Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    assert_eq!(farm.ask(&farm.call(1, "x")).text(), "{\"jsonrpc\":\"2.0\"}");
    farm.stop();
}

#[test]
fn a_large_answer_is_carried_byte_for_byte() {
    let body: Vec<u8> = (0..8u32 << 20).map(|it| b'a' + u8::try_from(it % 26).unwrap()).collect();
    let own = body.clone();
    let backend = Backend::start(move |_, stream| {
        write_answer(stream, 200, &[("Content-Type", "application/json")], &own);
        Then::Keep
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    assert!(farm.ask(&farm.call(1, "x")).body == body);
    farm.stop();
}
