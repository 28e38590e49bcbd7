//! The embedded MCP server: the tools, prompts and resources that the conformance suite asks for,
//! and a few that people try first (`echo`, `add`).
//!
//! It stands behind the quickstart, so that a first `farmgate up` needs nothing but farmgate, and
//! behind the tests, which so need no Node. It is written with the official SDK (`rmcp`), serves
//! both eras of MCP on one endpoint (2025-11-25 and older with sessions, 2026-07-28 without), and
//! takes HTTP requests at any path.
//!
//! It deliberately has no authentication and no TLS, and only takes requests that name a loopback
//! host: the gate stands before it.

#![expect(
    deprecated,
    reason = "logging, sampling and subscriptions of the older era are served as long as it is spoken"
)]

mod ask;
mod hang_up;
mod prompts;
mod resources;
mod serve;
mod server;
mod shared;
mod tools;

pub use serve::{http, stdio};
