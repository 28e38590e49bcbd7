//! The gate's configuration: a plain type, derived from the farm, read by the gate.
//!
//! It is carried as JSON in an environment variable ([`CONFIG_VARIABLE`]) on Fargate and in a file
//! elsewhere. It holds no secret: stores and keys are named by the environment variables into which
//! ECS, or `farmgate up`, injects them.

mod derive;
mod probe;
mod settings;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use probe::{PROBE_VARIABLE, PROBE_VERSION, ProbeTask};
pub use settings::{Answer, Audit, AuditFile, Concurrency, Limits, OnFailure, Rate, Tls};

pub use derive::{audience, auth, config, enabled, health_path, stores, sts_regions, url};

/// The version of this format.
pub const VERSION: u32 = 1;

/// The environment variable that holds the configuration.
pub const CONFIG_VARIABLE: &str = "FARMGATE_CONFIG";

/// The environment variable that holds the private keys: Ed25519 for the principal header, and the
/// AEAD keys that seal session ids. `farmgate key init` makes its value.
pub const KEYS_VARIABLE: &str = "FARMGATE_KEYS";

/// The environment variable of a bridge that holds the public key of the gate that it stands
/// behind. It is no secret.
pub const PUBLIC_KEY_VARIABLE: &str = "FARMGATE_PUBLIC_KEY";

/// The environment variable of a bridge that names its server: what the gate signed for another one
/// is refused.
pub const SERVER_VARIABLE: &str = "FARMGATE_SERVER";

/// The service in the credential scope of SigV4, where nobody names another: for the gate, for
/// `connect` and for `build`. (The service of API Gateway, which clients of AWS sign for if the
/// address is one of `execute-api`.)
pub const SIGV4_SERVICE: &str = "execute-api";

/// The header with a proof that STS verifies: a signed `sts:GetCallerIdentity`.
pub const STS_PROOF_HEADER: &str = "farmgate-sts-proof";

/// The header that is signed in a proof for STS, and names the farm that it is for.
pub const STS_AUDIENCE_HEADER: &str = "x-farmgate-audience";

/// The header in which an API Gateway that verified a signature says whose it was: the ARN in
/// `$context.identity.userArn`.
pub const GATEWAY_CALLER_HEADER: &str = "farmgate-caller";

/// The header with the secret by which the gate knows that API Gateway.
pub const GATEWAY_SECRET_HEADER: &str = "farmgate-gateway";

/// The port on which the gate serves HTTPS, and a bridge does.
pub const PORT: u16 = 8443;

/// The path at which the gate says that it is up: open, and without detail.
pub const HEALTH_PATH: &str = "/health";

/// The whole configuration of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The version of this format.
    pub version: u32,
    /// The farm's name.
    pub farm: String,
    /// The port on which it serves HTTPS, with a certificate that it makes itself if it is given
    /// none.
    pub port: u16,
    /// The address on which it listens, in place of every address and `port`: `127.0.0.1:8443`.
    /// With port 0 it picks a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// Whether it serves plain HTTP and no HTTPS: only on loopback, where something else ends TLS.
    #[serde(default, skip_serializing_if = "is_default")]
    pub plain: bool,
    /// The address of its metrics and readiness; port 9464 on loopback if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub admin: Option<SocketAddr>,
    /// Its certificate; one that it makes at its start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Hosts that a request may name in `Host` and `Origin`.
    pub hosts: Vec<String>,
    /// CIDRs whose `X-Forwarded-For` is believed: the load balancer's subnets.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// CIDRs from which clients may come; empty if from anywhere.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<IpNet>,
    /// Seconds for which a stream may be idle.
    pub idle_timeout: u64,
    /// What it answers where no server's path matches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Answer,
    /// What it takes from clients, and how much.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// What it writes down of every request.
    #[serde(default, skip_serializing_if = "is_default")]
    pub audit: Audit,
    /// The servers by name.
    pub servers: BTreeMap<String, Server>,
    /// Who may call which tool: the first rule that matches decides, and what none allows is
    /// refused. Empty: whoever may reach a server may call its tools.
    pub tools: Vec<ToolRule>,
}

/// A server behind the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The path pattern that leads to it, with the wildcards of an ALB.
    pub route: String,
    /// Lower comes first.
    pub priority: u32,
    /// Where its tasks are.
    pub upstream: Upstream,
    /// Any one of these suffices.
    pub authentication: Vec<Authentication>,
    /// How it is probed.
    pub health: Health,
    /// Seconds for which requests may finish on a target that goes away.
    pub drain: u64,
}

/// Where a server's tasks are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// A name whose A and AAAA records are the tasks, or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether the farm's bridge answers there, and wants the signed principal.
    pub bridge: bool,
    /// Targets beside `host`, which is then one of them: addresses with ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub also: Vec<SocketAddr>,
    /// Certificates in PEM: of the authority that signs the targets' certificates, which must then
    /// name `host`. Without it, and without `pins`, any certificate is taken, as a load balancer
    /// takes it: the connection is encrypted, and the network says who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// SHA-256 of certificates (DER), as hex: a target must show one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    /// The `Host` that is sent to the targets; `host` and `port` if absent. (An MCP server takes
    /// only hosts that it knows, against DNS rebinding.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_header: Option<String>,
}

/// How a server is probed, in ECS's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The path.
    pub path: String,
    /// The status codes that are healthy, as `200,400-406`.
    pub codes: String,
    /// Seconds between probes.
    pub interval: u64,
    /// Seconds to wait for an answer.
    pub timeout: u64,
    /// Successes in a row to be healthy.
    pub healthy: u32,
    /// Failures in a row to be unhealthy.
    pub unhealthy: u32,
}

/// A way to prove who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Authentication {
    /// A key of the farm's store, in a header, with the group to which it belongs.
    ApiKeys {
        /// The environment variable that holds the store.
        store: String,
        /// The header with the key.
        header: String,
        /// The header in which a client names its group; it must be the key's own.
        group_header: Option<String>,
    },
    /// A SigV4 signature by a key pair that the farm issued.
    Sigv4IssuedKeys {
        /// The environment variable that holds the store.
        store: String,
        /// The region in the credential scope.
        region: String,
        /// The service in the credential scope.
        service: String,
        /// What becomes of a request that comes twice.
        #[serde(default, skip_serializing_if = "is_default")]
        replay: Replay,
        /// Whether a signature may leave out the body (`UNSIGNED-PAYLOAD`).
        #[serde(default, skip_serializing_if = "is_default")]
        unsigned_payload: bool,
    },
    /// A signed `sts:GetCallerIdentity` that the gate replays to STS.
    StsProof {
        /// ARNs of the callers, with wildcards.
        principals: Vec<String>,
        /// The regions of STS to which it is replayed.
        regions: Vec<String>,
        /// The farm that a proof must be for, as its signed [`STS_AUDIENCE_HEADER`] says.
        audience: String,
    },
    /// An API Gateway before this gate verified the signature, and says whose it was.
    ApigwIam {
        /// The environment variable that holds the secret by which the gateway is known.
        secret: String,
        /// ARNs of the callers, with wildcards.
        principals: Vec<String>,
    },
    /// A bearer token of an OAuth 2.0 authorization server.
    Oauth {
        /// The issuer.
        issuer: String,
        /// The audience that a token must name: the server's own URL.
        audience: String,
        /// Scopes that a token must have.
        scopes: Vec<String>,
    },
}

/// What becomes of a signed request that comes twice while its signature is valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// It is taken as often as it comes: the signature's time bounds that.
    #[default]
    Window,
    /// It is refused: each replica remembers the signatures that it took while they are valid.
    Refuse,
}

/// Who may call which tools of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolRule {
    /// Whether it allows or forbids.
    pub allow: bool,
    /// Principals (`group:researchers`), with wildcards.
    pub principals: Vec<String>,
    /// The server, with wildcards.
    pub server: String,
    /// Tools, with wildcards.
    pub tools: Vec<String>,
}

/// Whether a value need not be written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

// === impl Upstream ===

impl Upstream {
    /// One target, in plain HTTP.
    #[must_use]
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
            tls: false,
            bridge: false,
            also: Vec::new(),
            ca: None,
            pins: Vec::new(),
            host_header: None,
        }
    }
}

// === impl Server ===

impl Server {
    /// Whether its callers prove nothing to the gate itself: all that it takes is the word of an API
    /// Gateway.
    #[must_use]
    pub fn is_vouched(&self) -> bool {
        let word = |way: &Authentication| matches!(way, Authentication::ApigwIam { .. });
        !self.authentication.is_empty() && self.authentication.iter().all(word)
    }
}

// === impl Authentication ===

impl Authentication {
    /// What it is, in a word or two: `API keys`.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::ApiKeys { .. } => "API keys",
            Self::Sigv4IssuedKeys { .. } => "SigV4 with keys of the farm",
            Self::StsProof { .. } => "a proof that STS verifies",
            Self::ApigwIam { .. } => "SigV4 that API Gateway verified",
            Self::Oauth { .. } => "OAuth tokens",
        }
    }
}

// === impl Config ===

impl Config {
    /// The configuration in a text of [`CONFIG_VARIABLE`].
    ///
    /// # Errors
    /// If it isn't JSON of this format and version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if config.version == VERSION {
            return Ok(config);
        }
        Err(format!("version {} of the gate's configuration is not known", config.version))
    }

    /// As the text of [`CONFIG_VARIABLE`]: on one line, keys in the order of this type.
    #[must_use]
    pub fn text(&self) -> String {
        // A tree of texts, numbers and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
