//! `farmgate bridge --check`: one GET, for a container's health check where the image has no curl.
//!
//! HTTPS with whatever certificate: a bridge's is made at its start, and what answers on a loopback
//! address is this container. Other addresses aren't asked.

use std::net::SocketAddr;
use std::time::Duration;

use farmgate_runner::Codes;
use farmgate_wire::Body;
use farmgate_wire::client::{TlsClient, Trust, connect};
use http::header::HOST;
use http::{Request, Uri};

/// How long it may take.
const TIME: Duration = Duration::from_secs(55);

/// Asks `url` and says whether its status is one of `codes`. Must run within a `LocalSet`.
///
/// # Errors
/// Why not, in words.
pub async fn check(url: &str, codes: &Codes) -> Result<(), String> {
    tokio::time::timeout(TIME, ask(url, codes))
        .await
        .unwrap_or_else(|_| Err(format!("`{url}`: no answer within {} s", TIME.as_secs())))
}

async fn ask(url: &str, codes: &Codes) -> Result<(), String> {
    let (address, tls, uri) = target(url)?;
    let failed = |error: &dyn std::fmt::Display| format!("`{url}`: {error}");
    let tls = match tls {
        true => Some(TlsClient::new(Trust::Any).map_err(|error| failed(&error))?),
        false => None,
    };
    let mut connection =
        connect(address, tls.as_ref(), TIME).await.map_err(|error| failed(&error))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("localhost", |authority| authority.as_str());
    let request = Request::get(path).header(HOST, authority).header("accept", "*/*");
    let request = request.body(Body::Empty).map_err(|error| failed(&error))?;
    let answer = connection.send(request).await.map_err(|error| failed(&error))?;
    let status = answer.status().as_u16();
    if codes.contain(status) { Ok(()) } else { Err(format!("`{url}`: status {status}")) }
}

/// The address of a server to stand before: `http://127.0.0.1:8000`, without a path.
///
/// # Errors
/// If it is no such URL. A bridge stands beside its server: what lies between isn't encrypted.
pub fn upstream(url: &str) -> Result<SocketAddr, String> {
    let (address, tls, uri) = target(url)?;
    if tls {
        return Err(format!("`{url}`: a bridge speaks plain HTTP with its server"));
    }
    if uri.path_and_query().is_some_and(|path| path != "/") {
        return Err(format!("`{url}`: requests keep their own path, so none can be given here"));
    }
    Ok(address)
}

/// The loopback address that a URL names, and whether it is to be spoken to by TLS.
pub(crate) fn target(url: &str) -> Result<(SocketAddr, bool, Uri), String> {
    let uri: Uri = url.parse().map_err(|_| format!("`{url}` is no URL"))?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("`{url}` does not begin with `http://` or `https://`")),
    };
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    let ip: std::net::IpAddr = ip.parse().map_err(|_| not_here(url))?;
    if !ip.is_loopback() || uri.authority().is_some_and(|it| it.as_str().contains('@')) {
        return Err(not_here(url));
    }
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Ok((SocketAddr::new(ip, port), tls, uri))
}

fn not_here(url: &str) -> String {
    format!(
        "`{url}` is not on this machine: give a loopback address, as in `http://127.0.0.1:8000`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked() {
        for (url, expected) in [
            ("http://127.0.0.1:8000/mcp?x=1", Some("127.0.0.1:8000")),
            ("https://localhost:8443/health", Some("127.0.0.1:8443")),
            ("http://[::1]", Some("[::1]:80")),
            ("http://169.254.169.254/latest", None),
            ("http://example.com", None),
            ("http://user@127.0.0.1", None),
            ("ftp://127.0.0.1", None),
            ("127.0.0.1:80", None),
        ] {
            let found = target(url).ok().map(|(address, ..)| address.to_string());
            assert_eq!(found.as_deref(), expected, "{url}");
        }
    }
}
