//! A stdio MCP server that is a farm: what an MCP client writes goes to the farm over HTTP, with a proof
//! of who calls, and what the farm answers is written back.
//!
//! Both eras of MCP are carried (2025-11-25 and older with sessions, 2026-07-28 without). Messages are
//! carried as they came, byte for byte: what has to be known of them is read and never written anew.
//! Nothing is kept between runs, no redirect is followed, and no secret is said to anyone but the farm.
//!
//! `scope`, `params`, `heard`, `wait` and `explain` are pure; `exchange` is one request over HTTP;
//! `carry` is one message from line to line; `front` is the order among them.

mod carry;
mod exchange;
mod explain;
mod front;
mod heard;
mod identity;
mod link;
mod listen;
mod messages;
mod params;
mod pool;
mod scope;
mod session;
mod stdio;
mod trouble;
mod wait;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_live::{Chain, Url};
use rustls::RootCertStore;
use tokio::sync::mpsc::{Receiver, Sender};

use front::Front;
use link::Link;

pub use identity::{Identity, StsProof};
pub use scope::{Named, of_host};
pub use stdio::{Line, read, write};

/// What to connect to, and how.
pub struct Settings {
    /// Where the farm's server is.
    pub target: Target,
    /// Who calls.
    pub identity: Identity,
    /// Whom TLS believes; the system's authorities if there are none.
    pub roots: Option<Arc<RootCertStore>>,
    /// Bounds.
    pub limits: Limits,
    /// Gets one line for people for everything that goes wrong. No secret is in it.
    pub log: Box<dyn Fn(&str)>,
}

/// Where a farm's server is.
#[derive(Debug, Clone)]
pub enum Target {
    /// At a URL.
    Url(Url),
    /// At the URL in a parameter of AWS Systems Manager, which is read at the first request.
    Parameter {
        /// Its name.
        name: String,
        /// Whose credentials read it.
        chain: Rc<Chain>,
    },
}

/// Bounds of time and number.
#[derive(Debug, Clone)]
pub struct Limits {
    /// To connect to one address, TLS included.
    pub connect: Duration,
    /// To try to connect, for a request in the middle of a session.
    pub patience: Duration,
    /// To try to connect, for the first request.
    pub patience_at_start: Duration,
    /// To the head of an answer.
    pub answer: Duration,
    /// Without a byte in the stream that answers a request.
    pub silence: Duration,
    /// Without a byte in a stream that nobody asked for.
    pub silence_unasked: Duration,
    /// For what is short: a refusal's text, the end of a session.
    pub small: Duration,
    /// The longest `Retry-After` that is waited out.
    pub longest_wait: Duration,
    /// How often one request waits so.
    pub most_waits: u32,
    /// Requests that are sent at the same time.
    pub at_once: usize,
    /// For what is under way when the client has closed its end.
    pub finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            patience: Duration::from_secs(5),
            patience_at_start: Duration::from_secs(20),
            answer: Duration::from_secs(15 * 60),
            silence: Duration::from_secs(5 * 60),
            silence_unasked: Duration::from_secs(10 * 60),
            small: Duration::from_secs(5),
            longest_wait: Duration::from_secs(30),
            most_waits: 3,
            at_once: 64,
            finish: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("target", &self.target)
            .field("identity", &self.identity)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Carries messages until the client closes its end, nobody reads the answers any more, or `stop` is
/// there. What the client asked before it closed its end is answered; then the session is ended. Must
/// run within a [`tokio::task::LocalSet`].
pub async fn run(
    settings: Settings,
    mut lines: Receiver<Line>,
    out: Sender<Bytes>,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let finish = settings.limits.finish;
    let link = Rc::new(Link::new(settings, out));
    let mut front = Front::new(&link);
    let closed = loop {
        tokio::select! {
            biased;
            () = &mut stop => break false,
            () = link.out.closed() => break false,
            line = lines.recv() => match line {
                Some(line) => front.take(line).await,
                None => break true,
            },
        }
    };
    if closed {
        tokio::select! {
            () = &mut stop => {}
            () = link.out.closed() => {}
            _ = tokio::time::timeout(finish, front.finish()) => {}
        }
    }
    front.abort();
    link.ending.set(true);
    link.delete().await;
}
