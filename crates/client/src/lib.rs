//! What talks to a running farm: `connect` for MCP clients, `probe` for its controls.

pub mod connect;
pub mod probe;
