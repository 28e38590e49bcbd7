//! How connections end: what a client's leaving does to its request, and what is left to read.

use std::io::Write as _;
use std::net::Shutdown;

use crate::support::{Server, tcp, until};

/// A client that goes away cancels its request: the handler's future is dropped. The gate and the
/// bridge rely on it.
#[test]
fn a_disconnect_drops_the_handler() {
    let server = Server::plain();
    for request in [
        "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /read-and-wait HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST /read-and-wait HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ] {
        let mut client = server.connect();
        client.write(request);
        until("it is handled", || server.open() == 1);
        drop(client);
        until("it is dropped", || server.open() == 0);
    }
}

#[test]
fn a_disconnect_drops_the_handler_over_tls() {
    let server = crate::versions::tls_server();
    let mut client = crate::versions::tls_client(&server);
    client.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    until("it is handled", || server.open() == 1);
    drop(client);
    until("it is dropped", || server.open() == 0);
}

/// The same while an answer is streamed of which nothing comes: nobody has to write to notice.
#[test]
fn a_disconnect_drops_the_stream() {
    let server = Server::plain();
    let mut client = server.connect();
    client.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_until(b": hello\n\n");
    assert_eq!(server.open(), 1);
    drop(client);
    until("it is dropped", || server.open() == 0);
}

/// RFC 9112 lets a client close its side and still read the answer. Nobody who does so can be told
/// from one that is gone, and for MCP going is a cancel; so it is taken for gone, and nothing leaks.
#[test]
fn a_half_closed_client_is_gone() {
    let server = Server::plain();
    for path in ["/wait", "/read-and-wait", "/stream"] {
        let mut client = server.connect();
        client.write(format!("POST {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        until("it is handled", || server.open() == 1);
        client.stream.shutdown(Shutdown::Write).unwrap();
        until("it is dropped", || server.open() == 0);
        client.rest();
    }
    until("closed", || server.figures().open == 0);
}

/// An answer that was ready at once is read by a client that closed its side right after asking.
#[test]
fn many_half_closed_clients_leave_nothing_behind() {
    let server = Server::plain();
    for _ in 0..200 {
        let mut stream = tcp(server.address);
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    }
    until("closed", || server.figures().open == 0 && server.figures().accepted == 200);
    assert_eq!(server.open(), 0);
}

/// Who sent more than was read gets to read the answer all the same: the connection is not reset
/// under it.
#[test]
fn an_answer_to_a_body_that_was_not_read_arrives() {
    let server = Server::plain();
    for _ in 0..20 {
        let mut client = server.connect();
        client.write("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
        client.write(vec![b'x'; 100_000]);
        std::thread::sleep(std::time::Duration::from_millis(1));
        client.write(vec![b'x'; 100_000]);
        assert_eq!(client.answer().status, 413);
        client.is_closed();
    }
}

#[test]
fn connections_are_kept_and_closed_as_asked() {
    let server = Server::plain();
    let mut client = server.connect();
    for _ in 0..100 {
        assert_eq!(client.get("/echo").status, 200);
    }
    let answer = client.ask("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    client.is_closed();
    let mut old = server.connect();
    assert_eq!(old.ask("GET /echo HTTP/1.0\r\n\r\n").status, 200);
    old.is_closed();
    assert_eq!(server.figures().accepted, 2);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::plain();
    let mut client = server.connect();
    let all: String = (0..50)
        .map(|number| {
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{number:02}")
        })
        .collect();
    client.write(all);
    for number in 0..50 {
        assert_eq!(client.answer().body, format!("{number:02}").as_bytes());
    }
}
