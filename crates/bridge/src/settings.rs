//! What a bridge is told: where it listens, what it stands before, whose requests it takes, bounds.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farmgate_keys::Verifier;
use farmgate_runner::Start;

/// The path of the bridge's own health: open, and without detail.
pub const PATH: &str = "/farmgate";

/// What a bridge is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens. Without a public key it has to be a loopback address.
    pub listen: SocketAddr,
    /// What it stands before.
    pub behind: Behind,
    /// The gate's public keys: only requests with a principal that one of them signed are taken.
    /// Without, only this machine's requests are.
    pub public_key: Option<Verifier>,
    /// The server's name, for which a principal must be signed; any, if absent.
    pub server: Option<String>,
    /// Whether it serves plain HTTP although it has a public key; only on a loopback address.
    pub plain: bool,
    /// Whether a server over HTTP gets the header with the signed principal. (A stdio server can't.)
    pub pass_principal: bool,
    /// Bytes of a request's body, and of a message that a stdio server prints.
    pub message_bytes: usize,
    /// How long requests that are under way may go on when the bridge is to end.
    pub drain_time: Duration,
    /// The bounds of a stdio server's processes.
    pub children: Children,
    /// Takes what happens, and what children print on their standard error.
    pub log: Log,
}

/// What a bridge stands before.
#[derive(Debug, Clone)]
pub enum Behind {
    /// A server over HTTP, on this machine.
    Upstream(SocketAddr),
    /// A command that speaks MCP on its standard streams.
    Command(Start),
}

/// The bounds of a stdio server's processes.
#[derive(Debug, Clone)]
pub struct Children {
    /// How many there may be.
    pub most: usize,
    /// How many of one principal.
    pub most_of_one: usize,
    /// How long one may go unused.
    pub idle: Duration,
    /// How long one may live.
    pub lifetime: Duration,
    /// How long one may take for its first answer. (`npx` may have to fetch a package.)
    pub start_time: Duration,
    /// How long a silent one is waited for before it is asked in the older way whether it knows the
    /// newer one.
    pub era_time: Duration,
    /// How long one may take to end after its standard input was closed, and again after SIGTERM.
    pub patience: Duration,
    /// Requests that a session, or a principal's shared process, may have under way.
    pub requests: usize,
    /// How long the answer in a session may take to begin before a stream is opened for it: from then
    /// on its client can come back for it. (A modern client can't, and its stream is opened when the
    /// first comment is due: until then the answer's status may say more.)
    pub stream_after: Duration,
    /// How often a silent stream gets a comment.
    pub keep_alive: Duration,
}

/// What happened, for a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of the child that it is about.
    pub child: Option<u64>,
    /// Whether the child printed it.
    pub printed: bool,
    /// What: one line, without control characters.
    pub text: String,
}

/// Takes entries.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(Entry) + Send + Sync>);

// === impl Settings ===

impl Settings {
    /// With the usual bounds.
    pub fn new(listen: SocketAddr, behind: Behind, log: Log) -> Self {
        Self {
            listen,
            behind,
            public_key: None,
            server: None,
            plain: false,
            pass_principal: false,
            message_bytes: 8 << 20,
            drain_time: Duration::from_secs(18),
            children: Children::default(),
            log,
        }
    }
}

// === impl Children ===

impl Default for Children {
    fn default() -> Self {
        Self {
            most: 32,
            most_of_one: 16,
            idle: Duration::from_secs(30 * 60),
            lifetime: Duration::from_secs(12 * 60 * 60),
            start_time: Duration::from_secs(60),
            era_time: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            requests: 64,
            stream_after: Duration::from_millis(500),
            keep_alive: Duration::from_secs(15),
        }
    }
}

// === impl Log ===

impl Log {
    /// A log that calls this.
    pub fn new(take: impl Fn(Entry) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }

    /// Something that whoever runs the bridge has to say.
    pub fn tell(&self, text: impl Into<String>) {
        self.say(None, text);
    }

    /// Something that the bridge has to say.
    pub(crate) fn say(&self, child: Option<u64>, text: impl Into<String>) {
        (self.0)(Entry { child, printed: false, text: text.into() });
    }

    /// Something that a child printed.
    pub(crate) fn printed(&self, child: u64, text: String) {
        (self.0)(Entry { child: Some(child), printed: true, text });
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
