//! `farmgate connect`, as an MCP client starts it: through the real gate in both eras, with other
//! people's clients, with signatures and with credentials that change while it runs.
//!
//! Clients that come from PyPI are in the folder that `FARMGATE_NODE_TOOLS` names, and tests say so if
//! there is none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "connect/blueprint.rs"]
mod blueprint;
#[path = "connect/farm.rs"]
mod farm;
#[path = "up/https.rs"]
#[allow(dead_code, reason = "another test's support")]
mod https;
#[path = "support/moto.rs"]
#[allow(dead_code, reason = "other tests' support")]
mod moto;
#[path = "connect/pipe.rs"]
mod pipe;
#[path = "support/process.rs"]
#[allow(dead_code, reason = "other tests' support")]
mod process;
#[path = "up/running.rs"]
#[allow(dead_code, reason = "another test's support")]
mod running;
#[path = "connect/signed.rs"]
mod signed;
#[path = "../../client/tests/connect/stub.rs"]
#[allow(dead_code, reason = "another test's support")]
mod stub;
#[path = "support/terraform.rs"]
#[allow(dead_code, reason = "other tests' support")]
mod terraform;
