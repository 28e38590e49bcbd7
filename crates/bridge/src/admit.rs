//! Whose requests a bridge takes: those with a principal that the gate signed, for this server and
//! not long ago; or, without a key, those of this machine, told from what a browser was tricked into.
//!
//! It decides nothing more: what a principal may call, the gate has decided.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farmgate_keys::{PRINCIPAL_HEADER, Verifier};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

/// How long a verified header is taken again without verifying it. It may outlive its end by that.
const REMEMBERED: Duration = Duration::from_secs(2);

/// How many verified headers are remembered.
const MOST_REMEMBERED: usize = 1024;

/// Who calls when there is no key.
const LOCAL: &str = "local";

/// Decides whose requests are taken.
pub(crate) enum Admission {
    /// The gate's, by its signature.
    Signed(Box<Signed>),
    /// This machine's.
    Loopback,
}

pub(crate) struct Signed {
    verifier: Verifier,
    server: Option<String>,
    remembered: RefCell<HashMap<String, (Rc<str>, Instant)>>,
}

/// Why a request isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) words: &'static str,
}

/// Without a signature that holds. Whoever isn't the gate learns nothing more.
const UNSIGNED: Refused = Refused {
    status: StatusCode::UNAUTHORIZED,
    words: "this server takes only requests that come through its gate\n",
};

/// Not from this machine, or by a name that isn't this machine's.
const FOREIGN: Refused = Refused {
    status: StatusCode::FORBIDDEN,
    words: "without a key only requests of this machine are taken\n",
};

// === impl Admission ===

impl Admission {
    pub(crate) fn new(verifier: Option<Verifier>, server: Option<String>) -> Self {
        match verifier {
            Some(verifier) => {
                let remembered = RefCell::default();
                Self::Signed(Box::new(Signed { verifier, server, remembered }))
            }
            None => Self::Loopback,
        }
    }

    /// The subject of the principal who calls.
    pub(crate) fn admit(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Rc<str>, Refused> {
        match self {
            Self::Signed(signed) => signed.admit(headers),
            Self::Loopback => local(headers, peer),
        }
    }
}

// === impl Signed ===

impl Signed {
    fn admit(&self, headers: &HeaderMap) -> Result<Rc<str>, Refused> {
        let mut values = headers.get_all(PRINCIPAL_HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(UNSIGNED) };
        let value = value.to_str().map_err(|_| UNSIGNED)?;
        let now = Instant::now();
        let mut remembered = self.remembered.borrow_mut();
        if let Some((subject, until)) = remembered.get(value)
            && *until > now
        {
            return Ok(Rc::clone(subject));
        }
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let verified = self.verifier.verify(value, self.server.as_deref(), seconds);
        let principal = verified.map_err(|_| UNSIGNED)?;
        let subject: Rc<str> = principal.subject.into();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, (_, until)| *until > now);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(value.to_owned(), (Rc::clone(&subject), now + REMEMBERED));
        }
        Ok(subject)
    }
}

/// Whether a request comes from this machine and was meant for it. A page in a browser reaches
/// loopback addresses, too: by a name of its own that it makes resolve to one (DNS rebinding,
/// CVE-2025-64443, CVE-2026-42559), or straight, with its origin.
fn local(headers: &HeaderMap, peer: IpAddr) -> Result<Rc<str>, Refused> {
    let text = |name| match headers.get(name) {
        Some(value) => value.to_str().map(Some).map_err(|_| FOREIGN),
        None => Ok(None),
    };
    let host = text(HOST)?.is_some_and(is_loopback);
    let origin = match text(ORIGIN)? {
        Some(origin) => {
            let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            rest.is_some_and(is_loopback)
        }
        None => true,
    };
    let from_here = peer.to_canonical().is_loopback();
    if host && origin && from_here { Ok(LOCAL.into()) } else { Err(FOREIGN) }
}

/// Whether `host[:port]` names this machine.
fn is_loopback(authority: &str) -> bool {
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, rest)) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some(""))),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    let port = port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok());
    let named = host.eq_ignore_ascii_case("localhost") && bracketed.is_none();
    let numbered = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    port && (named || numbered)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use farmgate_keys::{GateKeys, Principal};
    use http::HeaderValue;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn now() -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
    }

    fn principal(subject: &str) -> Principal {
        Principal { subject: subject.to_owned(), groups: Vec::new(), kind: "api_key" }
    }

    fn with(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(PRINCIPAL_HEADER, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn only_what_the_gate_signed_for_this_server_now_is_taken() {
        let keys = GateKeys::generate().unwrap();
        let other = GateKeys::generate().unwrap();
        let verifier = Verifier::parse(&keys.public()).unwrap();
        let admission = Admission::new(Some(verifier), Some("python".to_owned()));
        let sign = |keys: &GateKeys, server: &str, when: i64| {
            keys.signer().sign(&principal("key:alice"), server, when, 30).unwrap()
        };
        let good = sign(&keys, "python", now());
        assert_eq!(&*admission.admit(&with(&good), HERE).unwrap(), "key:alice");
        // Again, out of memory.
        assert_eq!(&*admission.admit(&with(&good), HERE).unwrap(), "key:alice");
        for (what, bad) in [
            ("another gate's", sign(&other, "python", now())),
            ("for another server", sign(&keys, "nova-act", now())),
            ("expired", sign(&keys, "python", now() - 1000)),
            ("of the future", sign(&keys, "python", now() + 1000)),
            ("cut", good.get(..good.len() - 4).unwrap().to_owned()),
            ("nothing", String::new()),
        ] {
            assert_eq!(admission.admit(&with(&bad), HERE), Err(UNSIGNED), "{what}");
        }
        let mut twice = with(&good);
        twice.append(PRINCIPAL_HEADER, HeaderValue::from_str(&good).unwrap());
        assert_eq!(admission.admit(&twice, HERE), Err(UNSIGNED));
        // This machine's requests aren't better than others when there is a key.
        assert_eq!(admission.admit(&HeaderMap::new(), HERE), Err(UNSIGNED));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let keys = GateKeys::generate().unwrap();
        let admission = Admission::new(Some(Verifier::parse(&keys.public()).unwrap()), None);
        for number in 0..MOST_REMEMBERED + 50 {
            let principal = principal(&format!("key:{number}"));
            let header = keys.signer().sign(&principal, "x", now(), 30).unwrap();
            assert!(admission.admit(&with(&header), HERE).is_ok());
        }
        let Admission::Signed(signed) = admission else { unreachable!() };
        assert!(signed.remembered.borrow().len() <= MOST_REMEMBERED);
    }

    #[test]
    fn dns_rebinding_is_refused_without_a_key() {
        let admission = Admission::new(None, None);
        let taken = |host: Option<&str>, origin: Option<&str>, peer: &str| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(HOST, host), (ORIGIN, origin)] {
                value.map(|value| headers.insert(name, HeaderValue::from_str(value).unwrap()));
            }
            admission.admit(&headers, peer.parse().unwrap()).is_ok()
        };
        for host in ["localhost", "LocalHost:8000", "127.0.0.1:1", "127.1.2.3", "[::1]:80", "[::1]"]
        {
            assert!(taken(Some(host), None, "127.0.0.1"), "{host}");
            assert!(taken(Some(host), Some(&format!("http://{host}")), "::ffff:127.0.0.1"));
        }
        for host in [
            "evil.example.com",
            "localhost.evil.example.com",
            "127.0.0.1.evil.example.com:80",
            "localhost:x",
            "[localhost]",
            "10.0.0.1",
            "[::2]:80",
            "",
        ] {
            assert!(!taken(Some(host), None, "127.0.0.1"), "{host}");
            assert!(!taken(Some("localhost"), Some(&format!("https://{host}")), "127.0.0.1"));
        }
        assert!(!taken(None, None, "127.0.0.1"));
        assert!(!taken(Some("localhost"), Some("null"), "127.0.0.1"));
        assert!(!taken(Some("localhost"), None, "192.0.2.1"));
    }
}
