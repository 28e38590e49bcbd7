//! Answers without an end in sight: their bodies without their connections.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use farmgate_wire::client::{Connection, LongBody, connect};
use farmgate_wire::{Body, Failure};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::support::{PATIENCE, find, local};

/// A target that answers one request with these pieces, each by itself, and closes the connection.
fn target(pieces: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream);
        for piece in pieces {
            if stream.write_all(&piece).is_err() {
                return;
            }
            thread::yield_now();
        }
    });
    address
}

fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while find(&head, b"\r\n\r\n").is_none() && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
}

async fn ask(address: SocketAddr) -> (Connection, Response<Incoming>) {
    let mut connection = connect(address, None, PATIENCE).await.unwrap();
    let request = Request::builder().method(Method::GET).uri("/x").header("host", "t");
    let answer = connection.send_and_pause(request.body(Body::Empty).unwrap()).await.unwrap();
    (connection, answer)
}

async fn long(address: SocketAddr) -> LongBody {
    let (connection, answer) = ask(address).await;
    assert_eq!(answer.status(), 200);
    connection.into_long().unwrap()
}

async fn text(body: LongBody) -> Result<Bytes, Failure> {
    Ok(body.collect().await?.to_bytes())
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_body_is_the_same_wherever_it_is_cut() {
    let answers = [
        format!("{CHUNKED}6\r\ndata: \r\n3\r\n1\n\n\r\n0\r\n\r\n"),
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndata: 1\n\n"
            .to_owned(),
        "HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n".to_owned(),
    ];
    for answer in answers {
        for cut in 1..answer.len() {
            let (one, two) = answer.as_bytes().split_at(cut);
            let address = target(vec![one.to_vec(), two.to_vec()]);
            let body = local(async { text(long(address).await).await });
            assert_eq!(body.unwrap(), "data: 1\n\n", "cut at {cut}: {answer:?}");
        }
    }
}

#[test]
fn a_body_that_breaks_off_or_is_not_framed_plainly_is_an_error() {
    let ends = [
        "",
        "6\r\ndat",
        "6\r\ndata: \r\n",
        "6\r\ndata: \r\n0\r\n",
        "6;x=1\r\ndata: \r\n0\r\n\r\n",
        "6\r\ndata: \n0\r\n\r\n",
        "6\r\ndata: \r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
    ];
    for end in ends {
        let address = target(vec![CHUNKED.into(), end.into()]);
        let body = local(async { text(long(address).await).await });
        assert!(body.is_err(), "{end:?}: {body:?}");
    }
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndata";
    let address = target(vec![short.into()]);
    assert!(local(async { text(long(address).await).await }).is_err());
}

#[test]
fn frames_come_as_they_are_sent_and_leaving_closes_the_stream() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (next, told) = mpsc::channel();
    let target = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        read_head(&mut stream);
        stream.write_all(CHUNKED.as_bytes()).unwrap();
        while let Ok(text) = told.recv_timeout(PATIENCE) {
            let text: &str = text;
            stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).unwrap();
        }
        // The end of the stream, or a reset.
        stream.read(&mut [0; 16]).unwrap_or_default()
    });
    local(async {
        let mut body = long(address).await;
        for text in ["data: 1\n\n", "data: 2\n\n", ": still here\n\n"] {
            next.send(text).unwrap();
            let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("in time");
            assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), text);
        }
        let nothing = tokio::time::timeout(Duration::from_millis(1), body.frame()).await;
        assert!(nothing.is_err(), "nothing was sent");
    });
    drop(next);
    assert_eq!(target.join().unwrap(), 0);
}

#[test]
fn an_answer_that_is_short_goes_on_as_any_other() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let address = target(vec![answer.into()]);
    local(async {
        let (connection, answer) = ask(address).await;
        connection.resume();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
    });
    let address = target(vec!["HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n".into()]);
    local(async {
        let (connection, answer) = ask(address).await;
        assert_eq!(answer.status(), 405);
        let none = connection.into_long();
        assert!(none.is_err(), "there is no body to take");
    });
}
