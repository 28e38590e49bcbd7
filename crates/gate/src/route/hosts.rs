//! Which hosts a request may name in `Host` and `Origin`: the check against DNS rebinding.
//!
//! A page in a browser can make its own name resolve to the gate's address, and then call it with
//! the browser's place in the network. It can't choose what `Host` and `Origin` say (CVE-2025-64443
//! and CVE-2026-42559 are servers that didn't look). MCP 2025-11-25, "Security Warning", demands the
//! check of `Origin`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use farmgate_farm::gate::Config;
use http::{HeaderMap, HeaderValue, Uri, header};

/// The hosts by which the gate may be called.
#[derive(Debug)]
pub struct Hosts {
    /// Names, in lower case.
    names: Vec<String>,
    /// What stands after the `*` of wildcards, in lower case, beginning with a dot.
    endings: Vec<String>,
    addresses: Vec<IpAddr>,
    /// Whether `localhost` and loopback addresses are taken: if the gate itself listens on loopback.
    loopback: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// No host, several, or one that is none of the gate's: 421 (RFC 9110, 15.5.20), or 403.
    Host,
    /// An origin that is none of the gate's hosts: 403 (MCP 2025-11-25).
    Origin,
}

/// A host as requests name it, without its port.
enum Name<'a> {
    Text(&'a str),
    Address(IpAddr),
}

// === impl Hosts ===

impl Hosts {
    /// The hosts of a configuration. Loopback's names and addresses are among them if `listen` is a
    /// loopback address.
    ///
    /// # Errors
    /// If a host is neither a name, nor a name after `*.`, nor an address.
    pub fn new(config: &Config) -> Result<Self, String> {
        let loopback = config.listen.is_some_and(|address| address.ip().is_loopback());
        let mut hosts =
            Self { names: Vec::new(), endings: Vec::new(), addresses: Vec::new(), loopback };
        for host in &config.hosts {
            if let Ok(address) = host.parse() {
                hosts.addresses.push(address);
                continue;
            }
            let bare = host.strip_prefix("*.");
            match (name(bare.unwrap_or(host)), bare) {
                (Some((Name::Address(address), "")), None) => hosts.addresses.push(address),
                (Some((Name::Text(text), "")), None) => hosts.names.push(text.to_ascii_lowercase()),
                (Some((Name::Text(text), "")), Some(_)) => {
                    hosts.endings.push(format!(".{}", text.to_ascii_lowercase()));
                }
                _ => return Err(format!("`{host}` in `hosts` is neither a name nor an address")),
            }
        }
        Ok(hosts)
    }

    /// Whether a request may name these hosts. There must be exactly one `Host`, in the header or
    /// (HTTP/2, and absolute targets) in the target; if both are there, both must do. An `Origin` may
    /// be absent.
    ///
    /// # Errors
    /// If it may not.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let written = hosts.next();
        let authority = uri.authority();
        let good = written.is_none_or(|host| host.to_str().is_ok_and(|host| self.knows_host(host)))
            && authority.is_none_or(|authority| self.knows_host(authority.as_str()));
        if !good || hosts.next().is_some() || (written.is_none() && authority.is_none()) {
            return Err(Foreign::Host);
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let good = origins.next().is_none_or(|origin| self.knows_origin(origin));
        if good && origins.next().is_none() { Ok(()) } else { Err(Foreign::Origin) }
    }

    /// Whether a `Host` is one of the gate's. Its port doesn't matter.
    #[must_use]
    pub fn knows_host(&self, host: &str) -> bool {
        match name(host) {
            Some((name, port)) => is_port(port) && self.names_gate(&name),
            None => false,
        }
    }

    /// Whether an `Origin` is a page of one of the gate's hosts: `https://example.com:8443`. The
    /// origin `null` is none.
    #[must_use]
    pub fn knows_origin(&self, origin: &HeaderValue) -> bool {
        let text = origin.to_str().unwrap_or_default();
        let host = ["https://", "http://"].iter().find_map(|scheme| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        host.is_some_and(|host| self.knows_host(host))
    }

    fn names_gate(&self, name: &Name<'_>) -> bool {
        match name {
            Name::Address(address) => {
                let loopback = self.loopback && address.to_canonical().is_loopback();
                loopback || self.addresses.contains(address)
            }
            Name::Text(text) => {
                let ends = |ending: &String| {
                    let at = text.len().checked_sub(ending.len()).filter(|at| *at > 0);
                    at.and_then(|at| text.get(at..))
                        .is_some_and(|end| end.eq_ignore_ascii_case(ending))
                };
                (self.loopback && text.eq_ignore_ascii_case("localhost"))
                    || self.names.iter().any(|name| name.eq_ignore_ascii_case(text))
                    || self.endings.iter().any(ends)
            }
        }
    }
}

/// A host, and what comes after it: nothing, or `:` and a port. None if it is no host: other forms
/// of addresses (`0x7f.1`, `2130706433`) are names that nobody has.
fn name(text: &str) -> Option<(Name<'_>, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address = address.parse::<Ipv6Addr>().ok()?;
        return Some((Name::Address(address.into()), port));
    }
    let end = text.find(':').unwrap_or(text.len());
    let (host, port) = text.split_at_checked(end)?;
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some((Name::Address(address), port));
    }
    let label = |label: &str| {
        let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        !label.is_empty() && label.len() < 64 && label.bytes().all(fits)
    };
    (host.len() < 254 && host.split('.').all(label)).then_some((Name::Text(host), port))
}

/// Whether what comes after a host is nothing, or a port.
fn is_port(text: &str) -> bool {
    let digits =
        |port: &str| port.bytes().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok();
    text.is_empty() || text.strip_prefix(':').is_some_and(digits)
}

// === impl Foreign ===

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "the host is none of this gate's",
            Self::Origin => "the origin is none of this gate's",
        })
    }
}

impl std::error::Error for Foreign {}
