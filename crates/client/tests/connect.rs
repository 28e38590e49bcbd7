//! `connect` as a library, against servers that answer as they like: sessions that die, streams that
//! break off, redirects, refusals, both eras. What is tested is what the client reads and what the
//! server sees, byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "connect/bounds.rs"]
mod bounds;
#[path = "connect/client.rs"]
mod client;
#[path = "connect/messages.rs"]
mod messages;
#[path = "connect/modern.rs"]
mod modern;
#[path = "connect/refusals.rs"]
mod refusals;
#[path = "connect/sessions.rs"]
mod sessions;
#[path = "connect/streams.rs"]
mod streams;
#[path = "connect/stub.rs"]
mod stub;
