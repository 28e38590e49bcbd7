//! Starts and supervises the processes of a farm on this machine, and leaves none behind.
//!
//! Reading order: `start` (what is to be started), `child` (one that runs), `keeper` (the small
//! process between us and it, which sees to it that nothing survives us), `orphans` (what comes to
//! us when a keeper is killed), `figures` (what it uses), `supervise` (restarts, readiness, output).
//! `isolation` says honestly what is kept apart, and what isn't yet.
//!
//! It knows neither farms nor MCP, and opens no connection but to probe whether a server is ready.
//! This is the only crate with `unsafe`: what is done between fork and exec, and namespaces.

pub mod child;
pub mod figures;
pub mod isolation;
pub mod keeper;
pub mod lines;
pub mod orphans;
pub mod probe;
pub mod start;
pub mod supervise;

mod table;

pub use child::Child;
pub use figures::Figures;
pub use isolation::{Enforced, isolation};
pub use probe::{Codes, Ready};
pub use start::Start;
pub use supervise::{Handle, NotReady, Settings, State, Stream, Supervisor};
