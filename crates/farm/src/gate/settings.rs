//! What a gate's configuration says besides its servers: limits, audit, certificate, default answer.
//!
//! All of it has defaults, which are left out when a configuration is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Files with the gate's certificate. They are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those that lead to its authority, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// What is answered where no server's path matches, as a load balancer's fixed response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body: JSON.
    pub body: String,
}

/// What the gate takes from clients, and how much. Rates and bounds are those of one gate process:
/// with N replicas, a client that reaches all of them gets N times as much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's head: the request line and all headers.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of an answer that is not a stream of events and has to be read as a whole, as a list of
    /// tools that is filtered.
    pub answer_bytes: usize,
    /// Seconds for TLS's handshake and for a request's head, each.
    pub head_seconds: u64,
    /// Seconds for a request's body.
    pub body_seconds: u64,
    /// Seconds to the first byte of a server's answer.
    pub answer_seconds: u64,
    /// Seconds between keep-alive comments in a stream of events that says nothing.
    pub keep_alive_seconds: u64,
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address. A trusted proxy is not counted.
    pub connections_per_address: usize,
    /// Requests of one principal.
    pub per_principal: Rate,
    /// Requests of one client address, authenticated or not.
    pub per_address: Rate,
    /// Requests to one server; none if absent.
    pub per_server: Option<Rate>,
    /// Requests at a time.
    pub concurrency: Concurrency,
}

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests.
    pub requests: u32,
    /// Seconds.
    pub seconds: u64,
}

/// How many requests are under way at a time. Streams of events count until they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Concurrency {
    /// To one server.
    pub per_server: usize,
    /// Of one principal.
    pub per_principal: usize,
    /// Requests to one server that may wait for their turn; principals take turns.
    pub queue: usize,
    /// Milliseconds that a request may wait; then it is answered with 503.
    pub queue_milliseconds: u64,
}

/// What the gate writes down of every request: one line of JSON each, chained by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Whether lines go to the standard output.
    pub stdout: bool,
    /// The file to which they go, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<AuditFile>,
    /// What happens to requests while lines can't be written.
    pub fail: OnFailure,
    /// Whether the arguments of tools are written down, with what looks like a secret blacked out.
    pub arguments: bool,
}

/// A file that is rotated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditFile {
    /// The file. Older ones stand beside it, with the time of their end in their names.
    pub path: PathBuf,
    /// Bytes at which it is rotated.
    #[serde(default = "AuditFile::rotate_bytes")]
    pub rotate_bytes: u64,
    /// Days for which older ones are kept.
    #[serde(default = "AuditFile::keep_days")]
    pub keep_days: u32,
}

/// What happens to requests while the audit can't be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// They are answered with 503.
    #[default]
    Closed,
    /// They go on; how many went unwritten is in the metrics and in the next line.
    Open,
}

// === defaults ===

impl Default for Answer {
    fn default() -> Self {
        Self { status: 404, body: r#"{"error":"not found"}"#.to_owned() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 32 << 10,
            headers: 100,
            body_bytes: 4 << 20,
            answer_bytes: 16 << 20,
            head_seconds: 10,
            body_seconds: 30,
            answer_seconds: 300,
            keep_alive_seconds: 15,
            connections: 10_000,
            connections_per_address: 1_000,
            per_principal: Rate::default(),
            per_address: Rate::default(),
            per_server: None,
            concurrency: Concurrency::default(),
        }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self { requests: 2000, seconds: 300 }
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { per_server: 1024, per_principal: 256, queue: 256, queue_milliseconds: 2000 }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { stdout: true, file: None, fail: OnFailure::default(), arguments: false }
    }
}

impl AuditFile {
    fn rotate_bytes() -> u64 {
        64 << 20
    }

    fn keep_days() -> u32 {
        7
    }
}
