//! One question to STS: over TLS, to the host of a configured region, and with bounds on time and
//! bytes. Redirects are not followed, and nothing is asked twice here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farmgate_sigv4::sts;
use farmgate_wire::client::{self, Connection, TlsClient, Trust};
use farmgate_wire::{Body, Failure};
use http::header::{CONNECTION, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, Uri};
use rustls::pki_types::ServerName;

use super::answer::{self, Answer};
use super::{Sts, roots};
use crate::upstream::addresses;

/// For all of it: the name, the connection and the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// For one connection, so that an address that doesn't answer leaves time for the next.
const CONNECT: Duration = Duration::from_secs(2);
/// Addresses of the name that are tried.
const MOST_ADDRESSES: usize = 3;
/// Bytes of an answer's body: STS says some 500.
const MOST_BYTES: usize = 64 << 10;
const PORT: u16 = 443;

/// STS in one region.
pub(super) struct Endpoint {
    host: String,
    tls: TlsClient,
}

// === impl Endpoint ===

impl Endpoint {
    /// That of a region, as it is called at AWS.
    pub(super) fn new(region: &str, sts: &Sts) -> Result<Self, String> {
        let host = sts::host(region);
        let roots = match sts {
            Sts::Aws => Arc::new(roots::of(&host)?),
            Sts::At { roots, .. } => Arc::clone(roots),
        };
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        let tls = TlsClient::new(Trust::Authority(roots, name)).map_err(|it| it.to_string())?;
        Ok(Self { host, tls })
    }

    /// What it answers to a request that somebody signed. Must run within a `LocalSet`.
    ///
    /// # Errors
    /// If it doesn't answer in time, or as STS does; so it isn't known whether the signature is
    /// right.
    pub(super) async fn ask(&self, sts: &Sts, head: Parts) -> Result<Answer, Failure> {
        let asking = self.ask_for_long(sts, head);
        tokio::time::timeout(PATIENCE, asking).await.map_err(|_| "STS did not answer in time")?
    }

    async fn ask_for_long(&self, sts: &Sts, mut head: Parts) -> Result<Answer, Failure> {
        let mut connection = self.connect(sts).await?;
        // As a server is asked: the host stands in `Host`.
        head.uri = Uri::from_static("/");
        head.headers.insert(USER_AGENT, HeaderValue::from_static("farmgate"));
        head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let request = Request::from_parts(head, Body::full(sts::BODY.as_bytes()));
        let response = connection.send(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = farmgate_wire::body::collect(response.into_body(), MOST_BYTES, PATIENCE).await;
        let body = body.map_err(|_| "the answer of STS broke off, or is too large")?;
        match status {
            StatusCode::OK => answer::caller(&body).map(Answer::Caller).ok_or_else(|| {
                Failure::from("STS answered with something else than whose signature it is")
            }),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                answer::refusal(&body).ok_or_else(|| "STS is too busy to verify".into())
            }
            _ => Err(format!("STS answered with {status}").into()),
        }
    }

    async fn connect(&self, sts: &Sts) -> Result<Connection, Failure> {
        let addresses = match sts {
            Sts::At { address, .. } => vec![*address],
            Sts::Aws => {
                let found = addresses(&self.host).await?;
                found.into_iter().map(|address| SocketAddr::new(address, PORT)).collect()
            }
        };
        let mut last = Failure::from("the name of STS has no address");
        for address in addresses.into_iter().take(MOST_ADDRESSES) {
            match client::connect(address, Some(&self.tls), CONNECT).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
