//! Many at once, and what is left of them: connections, sessions, frames, requests. Memory is that
//! of the whole process, so these have a program of their own and run one after the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[allow(dead_code, reason = "others use the rest")]
#[path = "faults/support.rs"]
mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use support::backend::{Backend, Then, begin_events, event, write_answer};
use support::client::Ask;
use support::farm::{Farm, Setup};
use support::{descriptors, h2, resident_mib, wait_until};

/// As many as the issue asks for, if the process may have so many files: each connection has both
/// of its ends here.
const CONNECTIONS: usize = 10_000;

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections that there is room for.
fn most() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    CONNECTIONS.min(soft.saturating_sub(descriptors() + 300) / 2)
}

/// Opens connections that each send so much and then nothing.
fn open(farm: &Farm, count: usize, start: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(farm.address()).unwrap();
        stream.write_all(start).unwrap();
        stream
    };
    (0..count).map(connect).collect()
}

fn wide(backend: &Backend) -> Setup {
    Setup::of(&[("echo", backend)]).with(|config| {
        config.limits.connections = 2 * CONNECTIONS;
        config.limits.connections_per_address = 2 * CONNECTIONS;
        config.limits.concurrency.per_server = 4096;
        config.limits.concurrency.per_principal = 4096;
    })
}

#[test]
fn ten_thousand_connections_that_are_opened_and_left() {
    let _alone = alone();
    let backend = Backend::echo();
    let farm = wide(&backend).with(|config| config.limits.head_seconds = 600).start();
    assert!(farm.is_well());
    let count = most();
    let before = resident_mib();
    let quiet = open(&farm, count / 2, b"");
    let begun = open(&farm, count - count / 2, b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-");
    wait_until("all are taken", || farm.metric("farmgate_open_connections") >= count as f64);
    let grown = resident_mib() - before;
    println!("{count} connections that say nothing, or half a head: {grown} MiB");
    assert!(grown * 1024 / count < 32, "{grown} MiB for {count} connections");
    // Others are served as if they weren't there.
    let begin = Instant::now();
    for id in 0..100 {
        assert!(farm.ask(&farm.call(id, "x")).echoes(id, "x"));
    }
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    drop((quiet, begun));
    farm.until_idle();
    assert_eq!(backend.count(), 101);
    farm.stop();
}

#[test]
fn connections_that_are_left_are_closed_when_their_time_is_over() {
    let _alone = alone();
    let backend = Backend::echo();
    let farm = wide(&backend).with(|config| {
        config.limits.head_seconds = 1;
        config.idle_timeout = 1;
    });
    let farm = farm.start();
    let left = open(&farm, 500, b"");
    let begun = open(&farm, 500, b"POST /mcp HTTP/1.1\r\n");
    wait_until("the gate has taken them", || farm.metric("farmgate_open_connections") > 0.0);
    // They are held here all the time: it is the gate that ends them.
    farm.until_idle();
    drop((left, begun));
    assert!(farm.is_well());
    farm.stop();
}

#[test]
fn one_address_gets_its_share_of_connections_and_no_more() {
    let _alone = alone();
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let farm = setup.with(|config| config.limits.connections_per_address = 100).start();
    let mut held = farm.client();
    assert!(held.ask(&farm.call(1, "x")).echoes(1, "x"));
    let crowd = open(&farm, 1000, b"");
    wait_until("the rest is refused", || farm.metric("farmgate_connections_ended_total") >= 900.0);
    assert!(farm.metric("farmgate_open_connections") <= 100.0);
    assert!(held.ask(&farm.call(2, "x")).echoes(2, "x"), "who is in stays in");
    drop(crowd);
    wait_until("there is room again", || farm.client().try_ask(&farm.call(3, "x")).is_ok());
    farm.stop();
}

#[test]
fn a_thousand_streams_are_held_and_all_are_let_go() {
    let _alone = alone();
    let backend = Backend::start(|_, stream| {
        begin_events(stream);
        event(stream, "{}");
        support::backend::is_closed_by_gate(stream);
        Then::Close
    });
    let farm = wide(&backend).start();
    let count = 1000;
    let mut streams: Vec<_> = (0..count).map(|_| farm.client()).collect();
    for (id, client) in (0..).zip(&mut streams) {
        client.send(&farm.call(id, "x").bytes());
    }
    for client in &mut streams {
        assert_eq!(client.head().unwrap().status, 200);
        assert_eq!(client.chunk().unwrap().unwrap(), b"data: {}\n\n");
    }
    assert_eq!(farm.outstanding(), count);
    drop(streams);
    farm.until_idle();
    wait_until("the server is rid of them", || backend.under_way() == 0);
    farm.stop();
}

#[test]
fn no_table_of_sessions_grows() {
    // GHSA-9pj6-vhgr-3mwh. There is none: the client carries its session.
    let _alone = alone();
    let backend = Backend::start(|_, stream| {
        let headers = [("Content-Type", "application/json"), ("Mcp-Session-Id", "upstream")];
        write_answer(stream, 200, &headers, br#"{"jsonrpc":"2.0","id":0,"result":{}}"#);
        Then::Keep
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    let ask = farm.alice.signs(Ask::message(
        r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
    ));
    let mut open = |times: usize| {
        for _ in 0..times {
            let answer = client.ask(&ask);
            assert!(answer.status == 200 && answer.header("mcp-session-id").is_some());
        }
    };
    open(1000);
    let before = resident_mib();
    open(20_000);
    let (grown, remembered) = (resident_mib().saturating_sub(before), backend.memory_mib());
    assert!(grown < remembered + 8, "{grown} MiB for 20,000 sessions");
    farm.stop();
}

#[test]
fn requests_leave_no_memory_behind() {
    let _alone = alone();
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let calls = |times: u64| {
        for id in 0..times {
            // Every connection anew, every other one refused.
            let asks = [farm.call(id, "x"), Ask::call(id, "x")];
            for (ask, want) in asks.iter().zip([200, 401]) {
                assert_eq!(farm.ask(ask).status, want);
            }
        }
    };
    calls(500);
    let before = resident_mib();
    calls(5000);
    let (grown, remembered) = (resident_mib().saturating_sub(before), backend.memory_mib());
    assert!(grown < remembered + 8, "{grown} MiB for 10,000 connections with a request each");
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_flood_of_frames_is_bounded() {
    const PING: u8 = 6;
    let _alone = alone();
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]).with(|config| config.plain = false);
    let farm = setup.start();
    for (kind, payload) in [(h2::SETTINGS, &[][..]), (PING, &[0; 8])] {
        let mut client = farm.secure_client(&["h2"]);
        client.send(h2::PREFACE);
        let one = h2::frame(kind, 0, 0, payload);
        // Nothing of what it answers is read meanwhile: it may not hold all of it.
        let before = resident_mib();
        client.impatient();
        for _ in 0..100 {
            client.send(&one.repeat(10_000));
        }
        let grown = resident_mib().saturating_sub(before);
        assert!(grown < 32, "{grown} MiB for a million frames of kind {kind}");
    }
    assert!(farm.is_well_over_tls());
    farm.until_idle();
    farm.stop();
}
