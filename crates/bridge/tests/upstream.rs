//! A bridge before a server over HTTP: what goes through, what doesn't, and who may call.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    dead_code,
    reason = "a test; of the harness it uses a part"
)]

#[path = "support/harness.rs"]
mod harness;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farmgate_bridge::{Behind, Bridge, BridgeError, Log, Settings, check};
use farmgate_keys::{GateKeys, Principal, Verifier};
use farmgate_runner::Codes;
use farmgate_wire::client::{TlsClient, Trust};
use harness::{Harness, run, until};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that takes one request per connection, answers with what it is told, and keeps the
/// connection open. It writes down what it got, and when its client went away.
struct Backend {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Backend {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let into = Arc::clone(&seen);
        tokio::task::spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(serve(stream, answers, Arc::clone(&into)));
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answers: &[&str], seen: Arc<Mutex<Vec<String>>>) {
    for answer in answers.iter().cycle() {
        let mut request = Vec::new();
        let wanted = loop {
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()
                });
                if body.len() >= length.unwrap_or(0) {
                    break text;
                }
            }
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                seen.lock().unwrap().push("gone".to_owned());
                return;
            }
        };
        seen.lock().unwrap().push(wanted);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        if answer.ends_with("CLOSE") {
            return;
        }
    }
}

fn before(backend: &Backend) -> Behind {
    Behind::Upstream(backend.address)
}

fn signed(keys: &GateKeys, server: &str, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let principal =
        Principal { subject: "key:alice".to_owned(), groups: Vec::new(), kind: "api_key" };
    keys.signer().sign(&principal, server, now + seconds, 30).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd:  value \r\nKeep-Alive: timeout=5\r\n\
                  Connection: X-Hop\r\nX-Hop: 1\r\n\r\nok";

#[test]
fn a_request_goes_through_as_it_is_but_for_what_is_between_two_hops() {
    run(async {
        let backend = Backend::start(&[OK]).await;
        let bridge = Harness::start(before(&backend), None, |_| {});
        for _ in 0..3 {
            let headers = [
                ("x-custom", "a"),
                ("mcp-session-id", "abc"),
                ("farmgate-principal", "forged"),
                ("te", "trailers"),
            ];
            let answer =
                bridge.send_to("/a%2Fb?x=1&y=%20", Method::POST, &headers, "{ \"a\" :1}").await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("x-odd").unwrap(), "value");
            for hop in ["keep-alive", "x-hop"] {
                assert_eq!(answer.header(hop), None);
            }
            assert_eq!(answer.text().await, "ok");
        }
        let seen = backend.seen();
        let requests: Vec<&String> = seen.iter().filter(|it| *it != "gone").collect();
        assert_eq!(requests.len(), 3);
        let request = requests[0].to_lowercase();
        assert!(request.starts_with("post /a%2fb?x=1&y=%20 http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("host: {}\r\n", backend.address)), "{request}");
        assert!(request.contains("mcp-session-id: abc\r\n"));
        assert!(!request.contains("farmgate-principal") && !request.contains("\r\nte:"));
        assert!(requests[0].ends_with("\r\n\r\n{ \"a\" :1}"));
        // One connection served them all.
        assert!(!seen.iter().any(|it| it == "gone"), "{seen:?}");
        bridge.end().await;
    });
}

#[test]
fn a_stream_comes_as_it_comes_and_its_end_is_a_cancel() {
    run(async {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
        let backend = Backend::start(Box::leak(Box::new([head]))).await;
        let bridge = Harness::start(before(&backend), None, |_| {});
        let mut answer = bridge.send(Method::GET, &[], "").await;
        assert_eq!(answer.piece().await.unwrap(), "data: 1\n\n");
        drop(answer);
        until("the server sees it", async || backend.seen().iter().any(|it| it == "gone")).await;
        bridge.end().await;
    });
}

#[test]
fn a_server_that_closes_after_each_answer_loses_no_request() {
    run(async {
        let close = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nCLOSE";
        let backend = Backend::start(Box::leak(Box::new([close]))).await;
        let bridge = Harness::start(before(&backend), None, |_| {});
        for _ in 0..30 {
            let answer = bridge.send(Method::POST, &[], "x").await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.text().await, "CLOSE");
        }
        assert_eq!(backend.seen().len(), 30, "and doubles none");
        bridge.end().await;
    });
}

#[test]
fn a_server_that_is_not_there_is_a_bad_gateway() {
    run(async {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let bridge = Harness::start(Behind::Upstream(address), None, |_| {});
        assert_eq!(bridge.send(Method::GET, &[], "").await.status, 502);
        // The bridge itself is well.
        let health = bridge.send_to("/farmgate", Method::GET, &[], "").await;
        assert_eq!(health.status, 200);
        assert_eq!(health.text().await, "up\n");
        bridge.end().await;
    });
}

#[test]
fn an_answer_that_could_be_read_in_two_ways_is_none() {
    run(async {
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n\
                    2\r\nok\r\n0\r\n\r\n";
        let backend = Backend::start(Box::leak(Box::new([both]))).await;
        let bridge = Harness::start(before(&backend), None, |_| {});
        assert_eq!(bridge.send(Method::GET, &[], "").await.status, 502);
        bridge.end().await;
    });
}

#[test]
fn with_a_key_only_what_the_gate_signed_gets_to_the_server() {
    run(async {
        let (keys, foreign) = (GateKeys::generate().unwrap(), GateKeys::generate().unwrap());
        let backend = Backend::start(&[OK]).await;
        let tls = TlsClient::new(Trust::Any).unwrap();
        let bridge = Harness::start(before(&backend), Some(tls), |settings| {
            settings.public_key = Some(Verifier::parse(&keys.public()).unwrap());
            settings.server = Some("python".to_owned());
        });
        for (what, header) in [
            ("unsigned", String::new()),
            ("forged", signed(&foreign, "python", 0)),
            ("another server's", signed(&keys, "nova-act", 0)),
            ("expired", signed(&keys, "python", -600)),
        ] {
            let headers = [("farmgate-principal", header.as_str())];
            let answer = bridge.send(Method::POST, &headers, "x").await;
            assert_eq!(answer.status, 401, "{what}");
        }
        assert_eq!(bridge.send(Method::POST, &[], "x").await.status, 401);
        assert!(backend.seen().is_empty());
        let good = signed(&keys, "python", 0);
        let answer = bridge.send(Method::POST, &[("farmgate-principal", &good)], "x").await;
        assert_eq!(answer.status, 200);
        assert!(!backend.seen()[0].contains("farmgate-principal"));
        let health = bridge.send_to("/farmgate", Method::GET, &[], "").await;
        assert_eq!(health.status, 200);
        bridge.end().await;
    });
}

#[test]
fn the_principal_is_passed_on_if_that_is_asked_for() {
    run(async {
        let keys = GateKeys::generate().unwrap();
        let backend = Backend::start(&[OK]).await;
        let bridge = Harness::start(before(&backend), None, |settings| {
            settings.public_key = Some(Verifier::parse(&keys.public()).unwrap());
            settings.plain = true;
            settings.pass_principal = true;
        });
        let good = signed(&keys, "any", 0);
        bridge.send(Method::POST, &[("farmgate-principal", &good)], "x").await;
        assert!(backend.seen()[0].contains(&good));
        bridge.end().await;
    });
}

#[test]
fn without_a_key_a_page_in_a_browser_gets_nowhere() {
    run(async {
        let backend = Backend::start(&[OK]).await;
        let bridge = Harness::start(before(&backend), None, |_| {});
        for headers in
            [[("host", "evil.example.com"); 1], [("origin", "https://evil.example.com"); 1]]
        {
            assert_eq!(bridge.send(Method::POST, &headers, "x").await.status, 403, "{headers:?}");
        }
        assert!(backend.seen().is_empty());
        bridge.end().await;
    });
}

#[test]
fn an_open_bridge_is_not_started() {
    let settings = |listen: &str| {
        let behind = Behind::Upstream("127.0.0.1:1".parse().unwrap());
        Settings::new(listen.parse().unwrap(), behind, Log::new(|_| {}))
    };
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        assert!(matches!(Bridge::bind(settings(listen)), Err(BridgeError::Open(_))), "{listen}");
        let keys = GateKeys::generate().unwrap();
        let mut plain = settings(listen);
        plain.public_key = Some(Verifier::parse(&keys.public()).unwrap());
        plain.plain = true;
        assert!(matches!(Bridge::bind(plain), Err(BridgeError::Plain(_))), "{listen}");
    }
}

#[test]
fn a_check_asks_over_tls_with_a_certificate_that_nobody_knows() {
    run(async {
        let keys = GateKeys::generate().unwrap();
        let backend = Backend::start(&[OK]).await;
        let bridge = Harness::start(before(&backend), None, |settings| {
            settings.public_key = Some(Verifier::parse(&keys.public()).unwrap());
        });
        let codes = |text| Codes::parse(text).unwrap();
        let url = format!("https://127.0.0.1:{}/farmgate", bridge.address.port());
        check::check(&url, &codes("200")).await.unwrap();
        let error = check::check(&url, &codes("400-404")).await.unwrap_err();
        assert!(error.ends_with("status 200"), "{error}");
        let url = format!("http://{}/health", backend.address);
        check::check(&url, &codes("200,404")).await.unwrap();
        assert!(backend.seen()[0].starts_with("GET /health HTTP/1.1\r\n"));
        bridge.end().await;
    });
}

#[test]
fn a_drain_lets_an_answer_end() {
    run(async {
        let backend = Backend::start(&[""]).await;
        let bridge = Harness::start(before(&backend), None, |settings| {
            settings.drain_time = Duration::from_millis(300);
        });
        // Nobody answers this one, and it isn't waited for without end.
        let waiting = bridge.send(Method::GET, &[], "");
        let _late = tokio::time::timeout(Duration::from_millis(100), waiting).await;
        bridge.end().await;
    });
}
