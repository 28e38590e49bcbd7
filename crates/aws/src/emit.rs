//! Emitters: Terraform modules, as text.
//!
//! Pure as the rest of the crate: what is emitted is returned, and whoever asked writes the files.

pub mod complete;
pub mod hcl;
pub mod moves;
pub mod names;
pub mod terraform;

mod access_logs;
mod alarms;
mod balancers;
mod containers;
mod databases;
mod deploy_policy;
mod detection;
mod dns;
mod endpoints;
mod gate;
mod iam;
mod iam_documents;
mod ingress;
mod json;
mod logs;
mod members;
mod network;
mod outputs;
mod policies;
mod probe;
mod readme;
mod repositories;
mod rules;
pub(crate) mod scaling;
mod secrets;
mod security_groups;
mod servers;
mod services;
mod tasks;
mod versions;
mod waf;
