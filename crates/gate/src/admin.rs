//! The admin address: metrics, liveness, readiness and the audit's heads, over plain HTTP/1.1.
//!
//! It has no authentication, changes nothing and tells no secret, but more than a stranger should
//! know: so it is on loopback unless the configuration says otherwise, takes few connections, and
//! answers only requests that name it by an address of its own, since a page of a stranger's site
//! can get a browser to ask it under the site's name (DNS rebinding).

mod view;

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::audit::Head;

pub(crate) use view::serve;
pub use view::{Ready, Server};

/// Connections at a time. More are closed at once.
const CONNECTIONS: usize = 32;
/// For a request's head, and for a connection without requests.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// For a whole connection: who wants more connects again.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// Bytes of a head.
const HEAD_BYTES: usize = 16 << 10;
/// How long to wait when no connection can be taken, as without file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What there is to see. It is asked on the admin address's thread, and must not block.
pub trait View: Send + Sync + 'static {
    /// The metrics, in the text format of Prometheus.
    fn metrics(&self) -> String;
    /// Whether the gate serves, and how its servers are.
    fn ready(&self) -> Ready;
    /// The last line of each of the audit's chains.
    fn heads(&self) -> Vec<Head>;
}

/// What to tell whoever starts a gate whose admin address others can reach; none if it is loopback.
#[must_use]
pub fn warning(address: SocketAddr) -> Option<String> {
    (!address.ip().to_canonical().is_loopback()).then(|| {
        format!(
            "the admin address {address} is not loopback: whoever reaches it reads metrics, the \
             servers' addresses and their state, without a key"
        )
    })
}

/// Serves until `until` is there; connections that are open then are closed.
///
/// # Errors
/// If the listener can't be used at all.
pub async fn run(
    listener: TcpListener,
    view: Arc<dyn View>,
    until: impl Future<Output = ()>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    tokio::pin!(until);
    loop {
        let accepted = tokio::select! {
            () = &mut until => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if connections.len() < CONNECTIONS => {
                connections.spawn(connection(stream, Arc::clone(&view)));
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
    Ok(())
}

async fn connection(stream: TcpStream, view: Arc<dyn View>) {
    let Ok(own) = stream.local_addr() else { return };
    let service = service_fn(move |request| {
        let response = answer(&*view, own, &request);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // A client that breaks off, or takes too long, is nobody's concern.
    let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
}

fn answer(view: &dyn View, own: SocketAddr, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !names(request, own) {
        let text = "`Host` is no address of this gate's admin address\n";
        return plain(StatusCode::FORBIDDEN, text.to_owned());
    }
    let known = ["/metrics", "/live", "/ready", "/audit/head"];
    if !known.contains(&request.uri().path()) {
        return plain(StatusCode::NOT_FOUND, format!("there are {}\n", known.join(", ")));
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, String::new());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/metrics" => {
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            respond(StatusCode::OK, kind, view.metrics())
        }
        "/ready" => {
            let ready = view.ready();
            let status = if ready.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            json(status, &ready)
        }
        "/audit/head" => json(StatusCode::OK, &view.heads()),
        _ => plain(StatusCode::OK, "live\n".to_owned()),
    }
}

/// Whether a request names this address: `localhost`, a loopback address, or the very address that
/// took the connection. Names are not looked up, and so not believed.
fn names(request: &Request<Incoming>, own: SocketAddr) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    is_own(host.as_bytes(), own)
}

fn is_own(host: &[u8], own: SocketAddr) -> bool {
    let Ok(authority) = Authority::try_from(host) else { return false };
    if authority.as_str().contains('@') || authority.port_u16().is_some_and(|it| it != own.port()) {
        return false;
    }
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    match name.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(ip) => ip.is_loopback() || ip == own.ip().to_canonical(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Full<Bytes>> {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    respond(status, HeaderValue::from_static("application/json"), text)
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    respond(status, HeaderValue::from_static("text/plain; charset=utf-8"), text)
}

fn respond(status: StatusCode, kind: HeaderValue, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::{SocketAddr, is_own, warning};

    #[test]
    fn a_host_is_an_address_of_its_own_or_none() {
        let loopback: SocketAddr = "127.0.0.1:9464".parse().unwrap();
        let outside: SocketAddr = "10.0.0.7:9464".parse().unwrap();
        for host in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "127.1.2.3", "[::1]:9464"] {
            assert!(is_own(host.as_bytes(), loopback), "{host}");
        }
        assert!(is_own(b"10.0.0.7:9464", outside) && is_own(b"[::ffff:10.0.0.7]", outside));
        for host in [
            "evil.example.com",
            "localhost.evil.example.com",
            "127.0.0.1.nip.io:9464",
            "10.0.0.7",
            "127.0.0.1:80",
            "localhost@evil.example.com",
            "evil@127.0.0.1",
            "",
            "a b",
        ] {
            assert!(!is_own(host.as_bytes(), loopback), "{host}");
        }
        assert!(!is_own(b"10.0.0.8:9464", outside));
    }

    /// An admin port on 0.0.0.0 is an incident of others: here it takes a word, and is told.
    #[test]
    fn an_address_that_others_reach_is_told() {
        for address in ["127.0.0.1:9464", "[::1]:9464", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(warning(address.parse().unwrap()), None);
        }
        for address in ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464"] {
            assert!(warning(address.parse().unwrap()).unwrap().contains(address));
        }
    }
}
