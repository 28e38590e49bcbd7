//! The gate and those who sign: each kind of SigV4 through a whole gate on loopback, with signers
//! that aren't ours: `aws-sigv4`, botocore, curl and mcp-proxy-for-aws. What may not get through is
//! looked for at the backend, which counts what it sees.
//!
//! Canonicalization itself is tested in `farmgate-sigv4`; here is what a gate makes of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod clients;
mod gateway;
mod issued;
mod presigned;
mod proofs;
mod replays;
mod rotation;
mod sessions;
mod signer;
mod sts;
#[allow(dead_code, reason = "others use the rest")]
#[path = "../faults/support.rs"]
mod support;
mod tampered;
