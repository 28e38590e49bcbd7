//! The gate, mistreated: faults of servers, of clients and of the machine, and the incidents of
//! others (`incidents`), each by name. Everything goes through a whole gate on loopback; what may
//! not get through is looked for at the backend, which counts what it sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod backends;
mod change;
mod clients;
mod disk;
mod framing;
mod http2;
mod incidents;
#[allow(dead_code, reason = "others use the rest")]
mod support;
