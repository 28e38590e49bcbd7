//! Draining: nothing new, what is under way to its end, and an end to that, too.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use farmgate_wire::Settings;

use crate::support::{PATIENCE, Server, settings, until};

#[test]
fn idle_connections_end_and_none_is_accepted() {
    let server = Server::plain();
    let mut idle = server.connect();
    assert_eq!(idle.get("/echo").status, 200);
    let mut silent = server.connect();
    until("both are there", || server.figures().open == 2);
    server.drain.begin();
    idle.is_closed();
    silent.is_closed();
    assert!(server.ends_within(PATIENCE));
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn streams_go_on_until_they_end() {
    let server = Server::start(Settings { drain_time: PATIENCE * 10, ..settings() }, None);
    let mut stream = server.connect();
    stream.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.read_until(b": hello\n\n");
    server.drain.begin();
    assert!(!server.ends_within(Duration::from_millis(300)));
    assert_eq!(server.open(), 1);
    // It ends when the client has enough of it, and with it the drain.
    drop(stream);
    assert!(server.ends_within(PATIENCE));
}

#[test]
fn streams_end_at_the_deadline() {
    let drain_time = Duration::from_millis(300);
    let server = Server::start(Settings { drain_time, ..settings() }, None);
    let mut stream = server.connect();
    stream.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.read_until(b": hello\n\n");
    let start = Instant::now();
    server.drain.begin();
    assert!(server.ends_within(PATIENCE));
    assert!(start.elapsed() >= drain_time);
    // Not as if it were whole: the last chunk is missing.
    assert!(!stream.rest().ends_with(b"0\r\n\r\n"));
}

/// An answer that is given while draining says that the connection ends.
#[test]
fn the_last_answer_says_so() {
    let server = Server::start(Settings { drain_time: PATIENCE, ..settings() }, None);
    let mut client = server.connect();
    client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    until("it is handled", || server.open() == 1);
    server.drain.begin();
    // The drain is heard by the connection only after a while; it has until the body's end.
    std::thread::sleep(Duration::from_millis(100));
    client.write("abc");
    let answer = client.answer();
    assert_eq!(answer.body, b"abc");
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    client.is_closed();
    assert!(server.ends_within(PATIENCE));
}
