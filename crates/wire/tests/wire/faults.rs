//! What unclear framing and wrong input come to over a socket: 400 or what fits, a closed connection,
//! and a handler that never saw it. Incidents of other gateways have a test each.

use crate::support::{Client, Server};

/// Sends all at once and, on another connection, byte by byte: 400, closed, nothing handled.
fn refused(server: &Server, text: &str) {
    let before = server.figures().framing_refused;
    for bytewise in [false, true] {
        let mut client = server.connect();
        if bytewise {
            for byte in text.as_bytes() {
                // The server may have closed by then.
                let _ = std::io::Write::write_all(&mut client.stream, &[*byte]);
            }
        } else {
            client.write(text);
        }
        assert_eq!(client.answer().status, 400, "{text:?}");
        client.is_closed();
    }
    assert_eq!(server.figures().framing_refused, before + 2, "{text:?}");
    assert_eq!(server.requests(), [""; 0], "{text:?}");
}

#[test]
fn smuggling_by_content_length_beside_transfer_encoding_is_refused() {
    let server = Server::plain();
    for (first, second) in [
        ("Content-Length: 6", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 6"),
    ] {
        refused(
            &server,
            &format!("POST /echo HTTP/1.1\r\nHost: a\r\n{first}\r\n{second}\r\n\r\n0\r\n\r\nG"),
        );
    }
}

#[test]
fn smuggling_by_two_lengths_is_refused_even_if_they_are_equal() {
    let server = Server::plain();
    for second in ["3", "03", "4", "0"] {
        refused(
            &server,
            &format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: {second}\r\n\r\nabc"
            ),
        );
    }
}

#[test]
fn other_transfer_codings_than_chunked_are_refused() {
    let server = Server::plain();
    for coding in ["gzip, chunked", "chunked, chunked", "identity", "chunked;q=1", " "] {
        refused(
            &server,
            &format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n"
            ),
        );
    }
    refused(
        &server,
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
}

#[test]
fn folded_headers_and_bare_line_feeds_are_refused() {
    let server = Server::plain();
    refused(&server, "GET /echo HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n");
    refused(&server, "GET /echo HTTP/1.1\r\nHost: a\nX: y\r\n\r\n");
    refused(&server, "GET /echo HTTP/1.1\nHost: a\n\n");
}

/// What hyper refuses by itself: the guard leaves it to it.
#[test]
fn control_characters_and_spaces_before_the_colon_are_refused() {
    let server = Server::plain();
    let unclear = [
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length\t: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer\u{2010}Encoding: chunked\r\n\r\n0\r\n\r\n",
        "G@T /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for text in unclear {
        let mut client = server.connect();
        assert_eq!(client.ask(text).status, 400, "{text:?}");
        client.is_closed();
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn chunks_with_extensions_or_trailers_or_of_a_wrong_size_are_refused() {
    let server = Server::plain();
    let bodies = [
        "3;x=y\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "fffffffff\r\n",
        "3\nabc\n0\n\n",
        "0\r\nHost: b\r\n\r\n",
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        let mut client = server.connect();
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(client.ask(format!("{head}{body}")).status, 400, "{body:?}");
        client.is_closed();
        // The handler began with it, and learned that there is no such body.
        assert_eq!(server.requests()[index], "POST /echo a the body broke off");
    }
}

#[test]
fn one_host_is_wanted_and_it_is_the_target_s() {
    let server = Server::plain();
    refused(&server, "GET /echo HTTP/1.1\r\n\r\n");
    refused(&server, "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    refused(&server, "GET http://b/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut client = server.connect();
    assert_eq!(client.ask("GET http://A:80/echo?x HTTP/1.1\r\nHost: a:80\r\n\r\n").status, 200);
    assert_eq!(server.requests(), ["GET /echo?x a:80 0"]);
}

#[test]
fn connect_is_refused() {
    let server = Server::plain();
    refused(&server, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
}

#[test]
fn get_with_a_body_is_refused() {
    let server = Server::plain();
    refused(&server, "GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
}

/// CVE-2025-4366 and CVE-2026-2833 of another proxy: what follows an `Upgrade` was passed on as if
/// the protocol had been switched. Here it never is, so what follows is the next request.
#[test]
fn nothing_is_smuggled_behind_an_upgrade() {
    let server = Server::plain();
    let mut client = server.connect();
    client.write(
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\
         GET /admin HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
    );
    assert_eq!(client.answer().status, 200);
    assert_eq!(client.answer().status, 400);
    client.is_closed();
    assert_eq!(server.requests(), ["GET /echo a 0"]);
    // A handler that would switch can't.
    let mut client = server.connect();
    let switch = "GET /switch HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    assert_eq!(client.ask(switch).status, 500);
}

/// Answers come in the order of requests: what is wrong doesn't overtake what was right.
#[test]
fn what_came_before_a_fault_is_answered_first() {
    let server = Server::plain();
    let mut client = server.connect();
    client.write(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst\
         POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecond\
         POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nthird\
         POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nfourth",
    );
    assert_eq!(client.answer().body, b"first");
    assert_eq!(client.answer().body, b"second");
    assert_eq!(client.answer().status, 400);
    client.is_closed();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_expectation_is_met_or_refused() {
    let server = Server::plain();
    let mut client = server.connect();
    client.write(
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    );
    assert_eq!(client.head().0, 100);
    client.write("abc");
    assert_eq!(client.answer().body, b"abc");
    // Whoever does not want the body does not ask for it.
    client.write(
        "POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    );
    assert_eq!(client.answer().status, 413);
    client.is_closed();
    let mut client = server.connect();
    client.write(
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\nabc",
    );
    assert_eq!(client.answer().status, 400);
}

#[test]
fn a_body_that_is_cut_off_is_no_body() {
    let server = Server::plain();
    for head in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let mut client = server.connect();
        client.write(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n5\r\nab"));
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let rest = client.rest();
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", rest.escape_ascii());
    }
    assert!(server.requests().iter().all(|request| request.ends_with("broke off")));
}

#[test]
fn garbage_is_answered_and_closed() {
    let server = Server::plain();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"\0\0\0\0\n",
        b"HELO mail\r\n",
    ] {
        let mut client = Client::new(crate::support::tcp(server.address));
        client.write(garbage);
        assert_eq!(client.answer().status, 400);
        client.is_closed();
    }
}

/// A handler that panics takes its own connection down and no other.
#[test]
fn a_panic_ends_one_connection() {
    let server = Server::plain();
    let mut other = server.connect();
    assert_eq!(other.get("/echo").status, 200);
    let mut client = server.connect();
    client.write("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n");
    client.is_closed();
    assert_eq!(other.get("/echo").status, 200);
}
