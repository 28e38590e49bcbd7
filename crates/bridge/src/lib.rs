//! The bridge: secretless, beside one server, it takes only what the gate signed.
//!
//! Reading order: `settings` (what it is told), `serve` (its listener), `front` (what happens to a
//! request), `admit` (whose requests it takes), `upstream` (a server over HTTP beside it), `stdio`
//! (a server that speaks on its standard streams, one process a session). `check`, `install` and
//! `own` are what containers need beside it, since a server's image may hold nothing but the server.
//!
//! It holds no secret: it verifies with the gate's public key and serves a certificate that it makes
//! at its start. Who may call what is the gate's to decide; here only what came through the gate is
//! told from what didn't.

mod admit;
mod answer;
pub mod check;
mod front;
pub mod install;
pub mod own;
mod serve;
mod settings;
mod stdio;
mod upstream;

pub use check::upstream;
pub use serve::{Bridge, BridgeError, run};
pub use settings::{Behind, Children, Entry, Log, PATH, Settings};
