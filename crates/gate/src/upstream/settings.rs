//! What the configuration says of a server's targets, checked and made ready: addresses, the way in
//! which they are reached, how they are probed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use farmgate_farm::gate;
use farmgate_wire::client::{TlsClient, Trust};
use http::{HeaderValue, Uri};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use super::address;

/// A server's settings.
#[derive(Debug)]
pub(super) struct Settings {
    /// Targets by address.
    pub(super) given: BTreeSet<SocketAddr>,
    /// The name whose addresses are targets too.
    pub(super) name: Option<Arc<str>>,
    /// The port of the name's addresses.
    pub(super) port: u16,
    /// Whether a target may be on this machine.
    pub(super) loopback: bool,
    /// The `Host` that targets take.
    pub(super) host: Arc<HeaderValue>,
    pub(super) dial: Arc<Dial>,
    pub(super) health: Arc<Health>,
    pub(super) drain: Duration,
}

/// How connections to targets are made. A target to which they are made in another way is another
/// target: those that it has are no use any more.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) tls: Option<TlsClient>,
    pub(super) bridge: bool,
    /// What it was made of, but for the addresses.
    source: gate::Upstream,
}

/// How targets are probed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) path: Uri,
    pub(super) codes: Codes,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) healthy: u32,
    pub(super) unhealthy: u32,
}

/// Status codes: `200,400-406`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codes(Vec<(u16, u16)>);

// === impl Settings ===

impl Settings {
    /// # Errors
    /// What is wrong; the caller says of which server.
    pub(super) fn new(server: &gate::Server, loopback: bool) -> Result<Self, String> {
        let upstream = &server.upstream;
        let host = upstream.host.trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<IpAddr>().ok();
        let mut given: BTreeSet<SocketAddr> = upstream.also.iter().map(canonical).collect();
        given.extend(address.map(|ip| canonical(&SocketAddr::new(ip, upstream.port))));
        for target in &given {
            // Who writes an address of this machine means it.
            address::check(target.ip(), true).map_err(|what| format!("`{target}` is {what}"))?;
        }
        // A name is asked for as it stands; only one without a dot is looked for in the domains
        // that the system searches.
        let name = address.is_none().then(|| Arc::from(host));
        if name.is_some() && (host.is_empty() || host.contains(|c: char| !is_host(c))) {
            return Err(format!("`{host}` is neither a name nor an address"));
        }
        if upstream.port == 0 || given.iter().any(|target| target.port() == 0) {
            return Err("a target's port is 0".to_owned());
        }
        Ok(Self {
            given,
            name,
            port: upstream.port,
            loopback: loopback || host.eq_ignore_ascii_case("localhost"),
            host: Arc::new(host_header(upstream, host)?),
            dial: Arc::new(Dial::new(upstream, host)?),
            health: Arc::new(Health::new(&server.health)?),
            drain: Duration::from_secs(server.drain),
        })
    }

    /// With what is the same as before shared with it, so that targets and probes are kept.
    pub(super) fn after(mut self, before: &Self) -> Self {
        if self.dial.source == before.dial.source {
            self.dial = Arc::clone(&before.dial);
        }
        if self.health == before.health {
            self.health = Arc::clone(&before.health);
        }
        self
    }
}

fn is_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// What targets are called: as it is written, or by the server's host and port.
fn host_header(upstream: &gate::Upstream, host: &str) -> Result<HeaderValue, String> {
    let bracketed = || match host.contains(':') {
        true => format!("[{host}]:{}", upstream.port),
        false => format!("{host}:{}", upstream.port),
    };
    let header = upstream.host_header.clone().unwrap_or_else(bracketed);
    HeaderValue::try_from(&header).map_err(|_| format!("`{header}` is no host"))
}

/// One form for one address: an IPv4 address inside an IPv6 one is an IPv4 address.
pub(super) fn canonical(address: &SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

// === impl Dial ===

impl Dial {
    fn new(upstream: &gate::Upstream, host: &str) -> Result<Self, String> {
        let tls = upstream.tls.then(|| TlsClient::new(trust(upstream, host)?).map_err(why));
        if tls.is_none() && (upstream.ca.is_some() || !upstream.pins.is_empty()) {
            return Err("`ca` and `pins` say whom to trust in TLS, and `tls` is off".to_owned());
        }
        // How a connection is made doesn't depend on where the targets are, but for the name that
        // an authority must have signed.
        let mut source = upstream.clone();
        source.also.clear();
        if source.ca.is_none() {
            source.host.clear();
            source.port = 0;
        }
        source.host_header = None;
        Ok(Self { tls: tls.transpose()?, bridge: upstream.bridge, source })
    }
}

fn why(failure: impl std::fmt::Display) -> String {
    format!("TLS to its targets can't be set up: {failure}")
}

fn trust(upstream: &gate::Upstream, host: &str) -> Result<Trust, String> {
    match (&upstream.ca, upstream.pins.as_slice()) {
        (None, []) => Ok(Trust::Any),
        (None, pins) => {
            let pins = pins.iter().map(|text| {
                pin(text).ok_or_else(|| {
                    format!(
                        "the pin `{text}` is not the SHA-256 of a certificate in hexadecimal digits"
                    )
                })
            });
            Ok(Trust::Pins(pins.collect::<Result<_, _>>()?))
        }
        (Some(pem), []) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| format!("`ca`: {error}"))?;
                roots.add(certificate).map_err(|error| format!("`ca`: {error}"))?;
            }
            if roots.is_empty() {
                return Err("`ca` holds no certificate".to_owned());
            }
            let name = ServerName::try_from(host.to_owned());
            let name = name.map_err(|_| format!("no certificate can name `{host}`"))?;
            Ok(Trust::Authority(Arc::new(roots), name))
        }
        (Some(_), _) => Err("it has both `ca` and `pins`: write one of them".to_owned()),
    }
}

/// A SHA-256 in hexadecimal digits, perhaps with colons between the bytes as OpenSSL prints them.
fn pin(text: &str) -> Option<[u8; 32]> {
    let mut digits = text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16));
    let mut pin = [0; 32];
    for byte in &mut pin {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(pin)
}

// === impl Health ===

impl Health {
    fn new(health: &gate::Health) -> Result<Self, String> {
        let path = health.path.parse::<Uri>().ok().filter(|uri| {
            uri.authority().is_none() && uri.path().starts_with('/') && health.path.starts_with('/')
        });
        let bad = |what: &str| Err(format!("its health check's {what} is 0"));
        match health {
            gate::Health { interval: 0, .. } => return bad("interval"),
            gate::Health { timeout: 0, .. } => return bad("timeout"),
            gate::Health { healthy: 0, .. } => return bad("number of successes"),
            gate::Health { unhealthy: 0, .. } => return bad("number of failures"),
            _ => {}
        }
        Ok(Self {
            path: path.ok_or_else(|| format!("`{}` is no path", health.path))?,
            codes: Codes::parse(&health.codes)?,
            interval: Duration::from_secs(health.interval),
            timeout: Duration::from_secs(health.timeout),
            healthy: health.healthy,
            unhealthy: health.unhealthy,
        })
    }
}

// === impl Codes ===

impl Codes {
    /// The codes in a text, as the farm file has them (`farmgate_farm::word::Codes`).
    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` are no status codes: write them as `200,400-406`");
        let code = |text: &str| {
            let digits = text.len() == 3 && text.bytes().all(|c| c.is_ascii_digit());
            text.parse::<u16>().ok().filter(|code| digits && (100..600).contains(code))
        };
        let part = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            code(low).zip(code(high)).filter(|(low, high)| low <= high).ok_or_else(bad)
        };
        Ok(Self(text.split(',').map(part).collect::<Result<_, _>>()?))
    }

    pub(super) fn has(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

#[cfg(test)]
mod tests;
