//! What is known of the farm that is probed, before anything is sent: where it is, what it is meant
//! to do, and with which credentials it may be asked.

use std::net::{IpAddr, SocketAddr};

use farmgate_farm::gate::{Answer, Rate};
use ipnet::IpNet;
use secrecy::SecretString;

use super::Trust;

/// A farm, as a probe sees it. What isn't known is absent, and what hangs on it isn't testable.
#[derive(Debug, Clone)]
pub struct Target {
    /// The farm's name, or the host if that isn't known.
    pub farm: String,
    /// The host, as `Host` and the certificate name it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The host's addresses, each of which may be asked (see [`super::permit`]); at least one.
    pub addresses: Vec<IpAddr>,
    /// Whose certificates are trusted; none if the farm is asked in plain HTTP, which only a
    /// loopback address is.
    pub trust: Option<Trust>,
    /// Its servers, at least one.
    pub servers: Vec<Server>,
    /// From where clients may come: from anywhere if the list is empty.
    pub allow: Option<Vec<IpNet>>,
    /// The address that the farm sees of this machine. On loopback it is known without.
    pub own_address: Option<IpAddr>,
    /// What is answered where no server's path matches.
    pub default: Option<Answer>,
    /// The bounds of one gate.
    pub bounds: Option<Bounds>,
    /// How many gates there may be, each of which counts for itself.
    pub gates: u32,
    /// Where its metrics are meant to be, on loopback, or would be.
    pub admin: Option<SocketAddr>,
    /// What nobody may be told.
    pub secrets: Vec<Secret>,
}

/// What a gate takes at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of a head.
    pub head_bytes: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Requests of one address.
    pub per_address: Rate,
}

/// A server of the farm.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// The path at which clients find it.
    pub path: String,
    /// The pattern that leads to it; the path itself, if no other is known.
    pub route: String,
    /// Its own ports, past the gate.
    pub addresses: Vec<SocketAddr>,
    /// How callers may prove who they are, and with what.
    pub ways: Vec<Way>,
}

/// A way to prove who calls.
#[derive(Debug, Clone)]
pub enum Way {
    /// API keys.
    ApiKey {
        /// The header with the key.
        header: String,
        /// The header in which clients name their group, if they must.
        group_header: Option<String>,
        /// Keys of up to two different principals.
        keys: Vec<ApiKey>,
    },
    /// SigV4 with keys that the farm issued.
    Signature {
        /// The region of the credential scope.
        region: String,
        /// The service of the credential scope.
        service: String,
        /// Key pairs of up to two different principals.
        keys: Vec<AccessKey>,
    },
    /// A proof that STS verifies.
    StsProof {
        /// The region whose STS verifies it.
        region: String,
        /// The farm, as a proof has to name it.
        audience: String,
        /// Credentials of AWS.
        key: Option<AccessKey>,
    },
    /// Something that a probe can't bring.
    Other(String),
}

/// An API key.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// It.
    pub key: SecretString,
    /// Its group.
    pub group: Option<String>,
}

/// An access key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
    /// The session token that belongs to it.
    pub token: Option<SecretString>,
}

/// What nobody may be told.
#[derive(Debug, Clone)]
pub struct Secret {
    /// What it is, in a word or two.
    pub what: String,
    /// It. Texts of fewer than eight bytes are not looked for: they are found everywhere.
    pub text: SecretString,
}

// === impl Target ===

impl Target {
    /// A farm of which no more is known than its host: plain HTTP, nowhere, with no server.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        Self {
            farm: host.to_owned(),
            host: host.to_owned(),
            port: 443,
            addresses: Vec::new(),
            trust: None,
            servers: Vec::new(),
            allow: None,
            own_address: None,
            default: None,
            bounds: None,
            gates: 1,
            admin: None,
            secrets: Vec::new(),
        }
    }

    /// The farm's URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.trust.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// What `Host` says.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        };
        let usual = if self.trust.is_some() { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.addresses.iter().all(|address| address.to_canonical().is_loopback())
    }

    /// The address that the farm sees of this machine, if it is known.
    #[must_use]
    pub fn seen_from(&self) -> Option<IpAddr> {
        let loopback = self.addresses.first().filter(|_| self.is_local());
        self.own_address.or_else(|| loopback.copied())
    }
}
