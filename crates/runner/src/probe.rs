//! Whether a server is ready: it takes a connection, or answers a GET with a status that counts.
//!
//! Plain HTTP/1.1 on an address that we picked ourselves, and only the status line is read. Servers
//! behind TLS are probed by who knows their certificate ([`Ready::Asked`]).

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long one probe may take.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// The longest status line that is read.
const STATUS_LINE: usize = 256;

/// What a probe of the caller's own gives: why it isn't ready, if it isn't.
pub type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// How it is found out whether a server is ready.
#[derive(Clone)]
pub enum Ready {
    /// As soon as it runs.
    Started,
    /// When it takes a TCP connection.
    Tcp(SocketAddr),
    /// When it answers a GET with one of these codes.
    Http {
        /// Where it listens.
        address: SocketAddr,
        /// The path, with its query.
        path: String,
        /// The codes that count.
        codes: Codes,
    },
    /// When this says so; it is asked again and again, and given up after five seconds.
    Asked(Arc<dyn Fn() -> Answer + Send + Sync>),
}

/// Status codes, as ECS and load balancers write them: `200`, `200,400,406`, `200-299`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes(Vec<RangeInclusive<u16>>);

// === impl Ready ===

impl Ready {
    /// Asks once.
    ///
    /// # Errors
    /// Why it isn't ready, in words.
    pub async fn ask(&self) -> Result<(), String> {
        let answer = async {
            match self {
                Self::Started => Ok(()),
                Self::Tcp(address) => connect(*address).await.map(|_| ()),
                Self::Http { address, path, codes } => http(*address, path, codes).await,
                Self::Asked(ask) => ask().await,
            }
        };
        let late = || Err(format!("no answer within {} s", PROBE_TIME.as_secs()));
        tokio::time::timeout(PROBE_TIME, answer).await.unwrap_or_else(|_| late())
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("Started"),
            Self::Tcp(address) => f.debug_tuple("Tcp").field(address).finish(),
            Self::Http { address, path, codes } => f
                .debug_struct("Http")
                .field("address", address)
                .field("path", path)
                .field("codes", codes)
                .finish(),
            Self::Asked(_) => f.write_str("Asked"),
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, String> {
    TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))
}

async fn http(address: SocketAddr, path: &str, codes: &Codes) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{address}: {error}");
    let mut stream = connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\nUser-Agent: farmgate\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut head = Vec::with_capacity(STATUS_LINE);
    while head.len() < STATUS_LINE && !head.contains(&b'\n') {
        if stream.read_buf(&mut head).await.map_err(failed)? == 0 {
            break;
        }
    }
    let status = status(&head).ok_or_else(|| format!("{address}: no answer in HTTP"))?;
    if codes.contain(status) { Ok(()) } else { Err(format!("{address}: status {status}")) }
}

/// The status of `HTTP/1.1 200 OK`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let known = matches!(version, "HTTP/1.0" | "HTTP/1.1");
    rest.split([' ', '\r']).next()?.parse().ok().filter(|_| known)
}

// === impl Codes ===

impl Codes {
    /// Reads them.
    ///
    /// # Errors
    /// If a part is no status code and no range of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let code = |text: &str| {
            let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|code| digits && (100..600).contains(code))
        };
        let range = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let range = code(low)?..=code(high)?;
            (!range.is_empty()).then_some(range)
        };
        let wrong = |part: &str| format!("`{part}` is no status code, and no range of them");
        let parts = text.split(',').map(|part| range(part).ok_or_else(|| wrong(part)));
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a status is one of them.
    #[must_use]
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn codes_are_read_as_load_balancers_write_them() {
        let codes = Codes::parse("200,400-406").unwrap();
        for (status, expected) in
            [(200, true), (201, false), (400, true), (406, true), (407, false)]
        {
            assert_eq!(codes.contain(status), expected, "{status}");
        }
        for wrong in ["", "20", "200,", "abc", "300-200", "+20", "200-", "999", "200 "] {
            assert!(Codes::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_status_line_is_read_strictly() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\nX: 1\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 404\r\n"), Some(404));
        assert_eq!(status(b"SSH-2.0 200 x\r\n"), None);
        assert_eq!(status(b""), None);
    }
}
