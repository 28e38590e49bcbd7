//! The verifier against AWS's published test suite, and against signers that others wrote: AWS's own
//! crate, botocore and curl. What they sign verifies; what is changed afterwards doesn't.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

mod changes;
mod gate;
mod oracles;
mod rules;
mod signers;
mod sts;
mod suite;
