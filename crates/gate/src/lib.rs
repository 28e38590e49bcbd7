//! The gate: every call of a farm goes through it. It authenticates, authorizes, limits, audits and
//! routes, and carries MCP as it is.
//!
//! `exchange` is one request from head to last byte and shows the order of all steps; each step has
//! a room: `route` and `client_address` (for whom, from where), `authn` (who), `limit` (how often),
//! `authz` (what), `upstream` (to which task), `audit` and `metrics` (what is written down). `start`
//! makes threads of it, `state` is a configuration made ready, `reload` takes another.
//!
//! It reads configurations, keys and certificates; it does not make them. What is on the wire
//! (TLS, framing, bounds of connections) is `farmgate-wire`'s business.

pub mod admin;
pub mod audit;
pub mod authn;
pub mod authz;
mod client_address;
mod exchange;
pub mod limit;
mod media;
pub mod metrics;
mod principal;
mod refusal;
mod reload;
pub mod route;
mod secrets;
mod shared;
mod start;
mod state;
pub mod trace;
pub mod upstream;

pub use authn::Sts;
pub use reload::read as read_config;
pub use secrets::{SecretError, Secrets};
pub use start::{ADMIN_PORT, Gate, Notice, Notify, Options, StartError};
pub use state::{StateError, verifies};
