//! The listener and the client as their peers meet them: over sockets on loopback, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod agreement;
mod certificates;
mod client;
mod drain;
mod endings;
mod faults;
mod framing;
mod http2;
mod limits;
mod long;
mod support;
mod versions;
mod workers;
