//! The importer: joins by reference, merging of sources, refusals, and real inputs.

mod families;
mod joins;
mod merging;
mod plans;
mod real;
mod refusals;
mod robust;
mod rules;
