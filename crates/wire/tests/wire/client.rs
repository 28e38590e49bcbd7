//! The connection to a target, against targets that answer as they like.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_wire::client::{Connection, SendFailure, TlsClient, Trust, connect};
use farmgate_wire::{Body, Certificate, Failure};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::support::{PATIENCE, Server, find, local, settings, until};

/// A target: for each connection, one after the other, it reads a head and then does as it is told.
struct Target {
    address: SocketAddr,
}

impl Target {
    fn new(mut serve: impl FnMut(usize, TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                serve(number, stream);
            }
        });
        Self { address }
    }

    /// Answers every request with the same bytes.
    fn saying(answer: &'static str) -> Self {
        Self::new(move |_, mut stream| {
            while read_head(&mut stream).is_some() && stream.write_all(answer.as_bytes()).is_ok() {}
        })
    }

    async fn connect(&self) -> Connection {
        connect(self.address, None, PATIENCE).await.unwrap()
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while find(&head, b"\r\n\r\n").is_none() {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap())
}

fn request(method: Method) -> Request<Body> {
    Request::builder().method(method).uri("/x").header("host", "t").body(Body::Empty).unwrap()
}

async fn ask(connection: &mut Connection) -> Result<Response<Incoming>, SendFailure> {
    connection.send(request(Method::GET)).await
}

async fn text(answer: Response<Incoming>) -> Result<Bytes, hyper::Error> {
    Ok(answer.into_body().collect().await?.to_bytes())
}

/// Waits until it shows that the target closed it.
async fn stale(connection: &Connection) {
    let so = async {
        while !connection.is_stale() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, so).await.expect("not in time");
}

#[test]
fn a_connection_is_used_again_and_again() {
    let target = Target::saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    local(async {
        let mut connection = target.connect().await;
        for _ in 0..100 {
            assert!(connection.is_ready() || connection.ready().await);
            assert!(!connection.is_closed() && !connection.is_stale());
            let answer = ask(&mut connection).await.unwrap();
            assert_eq!(text(answer).await.unwrap(), "hi");
        }
    });
}

#[test]
fn a_request_goes_out_as_it_is() {
    let (heads, seen) = mpsc::channel();
    let target = Target::new(move |_, mut stream| {
        heads.send(read_head(&mut stream).unwrap()).unwrap();
        let mut body = [0; 5];
        stream.read_exact(&mut body).unwrap();
        assert_eq!(&body, b"abcde");
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    local(async {
        let mut connection = target.connect().await;
        let request =
            Request::post("/a?b=%20c").header("host", "t:1").body(Body::full("abcde")).unwrap();
        assert_eq!(connection.send(request).await.unwrap().status(), 204);
    });
    let head = seen.recv().unwrap();
    assert_eq!(head, "POST /a?b=%20c HTTP/1.1\r\nhost: t:1\r\ncontent-length: 5\r\n\r\n");
}

/// Answers whose framing can be read in two ways, or that nobody asked for (response splitting):
/// never given out, and the connection never used again.
#[test]
fn unclear_answers_break_the_connection() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "SSH-2.0-x\r\n",
    ] {
        let target = Target::saying(answer);
        local(async {
            let mut connection = target.connect().await;
            let failure = ask(&mut connection).await.unwrap_err();
            assert!(matches!(failure, SendFailure::Broken(_)), "{answer:?}: {failure:?}");
            let again = ask(&mut connection).await.unwrap_err();
            assert!(matches!(again, SendFailure::Unsent(_)), "{answer:?}: {again:?}");
        });
    }
}

/// An answer that comes when none is due is nobody's: it shows at the socket at once, and closes the
/// connection as soon as it is read.
#[test]
fn a_second_answer_is_not_the_answer_to_the_next_request() {
    let (go, wait) = mpsc::channel::<()>();
    let target = Target::new(move |_, mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        wait.recv().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, b"", "nothing more was sent on it");
    });
    local(async {
        let mut connection = target.connect().await;
        let answer = ask(&mut connection).await.unwrap();
        assert_eq!(text(answer).await.unwrap(), "hi");
        go.send(()).unwrap();
        stale(&connection).await;
        let closed = async {
            while !connection.is_closed() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, closed).await.expect("not in time");
        let failure = ask(&mut connection).await.unwrap_err();
        assert!(matches!(failure, SendFailure::Unsent(_)), "{failure:?}");
    });
}

#[test]
fn interim_answers_and_answers_without_a_body_are_understood() {
    let target = Target::saying(
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n",
    );
    local(async {
        let mut connection = target.connect().await;
        for _ in 0..3 {
            let answer = connection.send(request(Method::HEAD)).await.unwrap();
            assert_eq!(answer.status(), 200);
            assert_eq!(text(answer).await.unwrap(), "");
        }
    });
}

#[test]
fn a_body_until_the_end_ends_with_the_connection() {
    let target = Target::new(|_, mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nall of it").unwrap();
    });
    local(async {
        let mut connection = target.connect().await;
        let answer = ask(&mut connection).await.unwrap();
        assert_eq!(text(answer).await.unwrap(), "all of it");
        assert!(!connection.ready().await);
        assert!(connection.is_closed());
    });
}

/// What may be tried elsewhere, and what may not.
#[test]
fn it_is_known_whether_a_request_was_sent() {
    // Closed while it rested: seen without being used, and nothing is sent.
    let target = Target::new(|number, mut stream| {
        read_head(&mut stream);
        if number == 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
        // The second time: read, and closed without a word.
    });
    local(async {
        let mut connection = target.connect().await;
        text(ask(&mut connection).await.unwrap()).await.unwrap();
        stale(&connection).await;
        let failure = ask(&mut connection).await.unwrap_err();
        let SendFailure::Unsent(request) = failure else { panic!("{failure:?}") };
        assert_eq!(request.uri(), "/x");
        let mut connection = target.connect().await;
        let failure = connection.send(*request).await.unwrap_err();
        assert!(matches!(failure, SendFailure::Broken(_)), "{failure:?}");
    });
}

#[test]
fn connecting_takes_a_bounded_time() {
    // It accepts (the kernel does), and TLS never begins.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    local(async {
        let tls = TlsClient::new(Trust::Any).unwrap();
        let failure = connect(address, Some(&tls), Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(failure.to_string(), "no connection in time");
    });
    drop(silent);
    local(async {
        assert!(connect(address, None, PATIENCE).await.is_err());
    });
}

/// Whoever gives up waiting, or reading, ends the request at the target, too.
#[test]
fn dropping_cancels() {
    let server = Server::plain();
    local(async {
        let open = async |server: &Server, wanted| {
            let so = async {
                while server.open() != wanted {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(PATIENCE, so).await.expect("not in time");
        };
        let to = |path: &str| Request::get(path).header("host", "t").body(Body::Empty).unwrap();
        // The future.
        let mut connection = connect(server.address, None, PATIENCE).await.unwrap();
        {
            let mut sent = std::pin::pin!(connection.send(to("/wait")));
            tokio::select! {
                _ = &mut sent => panic!("an answer"),
                () = open(&server, 1) => {}
            }
        }
        open(&server, 0).await;
        // The body.
        let mut connection = connect(server.address, None, PATIENCE).await.unwrap();
        let answer = connection.send(to("/stream")).await.unwrap();
        open(&server, 1).await;
        drop(answer);
        open(&server, 0).await;
        // The connection.
        let mut connection = connect(server.address, None, PATIENCE).await.unwrap();
        let answer = connection.send(to("/stream")).await.unwrap();
        open(&server, 1).await;
        drop(connection);
        open(&server, 0).await;
        assert!(text(answer).await.is_err());
    });
}

/// A body that breaks off is not sent as if it were whole.
#[test]
fn a_request_s_body_that_fails_breaks_the_request() {
    struct Broken(bool);
    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = Failure;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<Bytes>, Failure>>> {
            std::task::Poll::Ready(Some(if std::mem::replace(&mut self.0, true) {
                Err("broke off".into())
            } else {
                Ok(Frame::data(Bytes::from_static(b"part")))
            }))
        }
    }
    let server = Server::plain();
    local(async {
        let mut connection = connect(server.address, None, PATIENCE).await.unwrap();
        let body = Body::stream(Broken(false));
        let request = Request::post("/echo").header("host", "t").body(body).unwrap();
        assert!(matches!(connection.send(request).await, Err(SendFailure::Broken(_))));
    });
    until("closed", || server.figures().accepted == 1 && server.figures().open == 0);
    assert!(server.requests().iter().all(|request| request.ends_with("the body broke off")));
}

#[test]
fn whom_to_believe_is_said() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let certificate = Certificate::self_made(&names(&["target.test"])).unwrap();
    let server = Server::start(settings(), Some(certificate.clone()));
    let roots = |pem: &str| {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        Arc::new(roots)
    };
    let other = Certificate::self_made(&names(&["target.test"])).unwrap();
    let name = |name: &str| ServerName::try_from(name.to_owned()).unwrap();
    let trusts = [
        (Trust::Any, true),
        (Trust::Pins(vec![other.pin(), certificate.pin()]), true),
        (Trust::Pins(vec![other.pin()]), false),
        (Trust::Authority(roots(&certificate.pem()), name("target.test")), true),
        (Trust::Authority(roots(&certificate.pem()), name("other.test")), false),
        (Trust::Authority(roots(&other.pem()), name("target.test")), false),
    ];
    for (trust, believed) in trusts {
        let tls = TlsClient::new(trust.clone()).unwrap();
        local(async {
            for _ in 0..2 {
                let connection = connect(server.address, Some(&tls), PATIENCE).await;
                assert_eq!(connection.is_ok(), believed, "{trust:?}");
                let Ok(mut connection) = connection else { continue };
                assert_eq!(ask(&mut connection).await.unwrap().status(), 200);
                assert!(!connection.is_stale(), "a ticket is no end");
            }
        });
    }
    assert!(TlsClient::new(Trust::Pins(Vec::new())).is_err());
    let nobody = Trust::Authority(Arc::new(RootCertStore::empty()), name("a"));
    assert!(TlsClient::new(nobody).is_err());
}
