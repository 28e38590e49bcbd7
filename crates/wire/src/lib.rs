//! HTTP as the gate and the bridge serve it: listeners, TLS, limits, framing; and one connection to
//! a target, as they call it.
//!
//! It knows nothing of MCP, of routes and of principals. One worker is one thread with tokio's
//! `current_thread` runtime and a [`tokio::task::LocalSet`]; it calls [`serve`] with a listener of
//! its own. What comes from outside is bounded in bytes, in time and in number, and what could be
//! read in two ways is refused and never repaired.

mod balance;
pub mod body;
mod bounds;
pub mod client;
mod connection;
mod counts;
mod drain;
pub mod framing;
mod hop;
mod incoming;
mod link;
mod listen;
mod stream;
mod tls;

pub use body::Body;
pub use bounds::Settings;
pub use counts::{Counts, Figures};
pub use drain::Drain;
pub use hop::strip_hop_by_hop;
pub use incoming::Incoming;
pub use listen::{Handler, Peer, TlsFacts, bind, serve};
pub use tls::{Authority, Certificate, CertificateError};

/// Why a body broke off, or why a connection could not be made: whatever lies beneath says.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
