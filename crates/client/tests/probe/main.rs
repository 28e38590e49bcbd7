//! A probe against a real gate: all controls hold; and with each one switched off in turn, exactly
//! that one fails. What switches them off is the gate's own configuration where it can, and else a
//! front before it, which undoes one control and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod backend;
mod bounds;
mod farm;
mod front;
mod hold;
mod pages;
mod signer;
mod sts;
mod weaken;
