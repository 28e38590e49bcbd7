//! The importer: joins by reference, merging of sources, refusals, and real inputs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod cloudformation;
mod described;
mod described_forms;
mod described_real;
mod described_robust;
mod described_workloads;
mod fronts;
mod gates;
mod joins;
mod locals;
mod merging;
mod network;
mod plans;
mod real;
mod refusals;
mod robust;
mod rules;
mod source;
mod templates;
mod workloads;
