//! The model of an AWS network, the importers that build it, and its lowering to packets.
//!
//! Pure and synchronous: text in, model out; no file is opened here.

pub mod design;
pub mod emit;
pub mod iam;
pub mod import;
pub mod lower;
pub mod model;
pub mod network;
