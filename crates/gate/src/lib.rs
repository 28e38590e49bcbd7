//! The gate: every call of a farm goes through it. It authenticates, authorizes, limits, audits and
//! routes, and carries MCP as it is.

pub mod admin;
pub mod audit;
pub mod authz;
pub mod limit;
pub mod metrics;
pub mod route;
pub mod trace;
pub mod upstream;
