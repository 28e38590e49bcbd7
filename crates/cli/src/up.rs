//! `farmgate up`: a farm on this machine. The farm is checked as `check` does; its servers are
//! started as `local` says, with the bridge before those on standard input and output, as on
//! Fargate; the gate runs in this process, with the farm's own configuration.
//!
//! What it doesn't do: keep servers apart from each other and from this machine's files and network.
//! It says so when it starts.

mod access;
mod config;
mod connect;
pub(crate) mod find;
mod log;
mod plan;
mod programs;
pub(crate) mod running;
mod serve;
mod servers;
mod signed;
mod start;
mod stores;

pub use servers::Condition;

use std::path::PathBuf;

use farmgate_audit::report::Report;
use farmgate_farm::gate::Config;

use crate::args::{Color, FailOn, Up};
use crate::check::check_farm;
use crate::exit::{Exit, exit_code};
use crate::farm::FarmFile;
use crate::output;
use crate::problem::{Failure, environment};
use crate::render::{self, View};
use crate::secrets::Local;

/// All that was decided before anything is started.
struct Prepared {
    farm: String,
    file: PathBuf,
    embedded: bool,
    report: Report,
    config: Config,
    plan: plan::Plan,
    key: access::RunKey,
    header: String,
    state: Local,
    /// The stores of keys, by the names that the configuration has for them.
    secrets: farmgate_gate::Secrets,
    signed: signed::Signed,
    /// The group of the key for this run.
    group: String,
    notes: Vec<String>,
    /// Whether a program reads what is said.
    json: bool,
}

/// Runs a farm until a signal ends it.
///
/// # Errors
/// If the farm is wrong, a secret is missing, the gate can't listen, or nothing can be started.
pub fn run(args: &Up, color: Color) -> Result<Exit, Failure> {
    let found = find::farm(args.farm.as_deref())?;
    let farm = FarmFile::open(&found.path, args.env.as_deref())?;
    let (farm, _, _, report) = check_farm(farm)?;
    if exit_code(&report, FailOn::Never) != Exit::Fine {
        let view = View { width: output::width(), verbose: false, time: None };
        output::text(&render::report(&report, &view), color)?;
        return Ok(Exit::Findings);
    }
    let prepared = start::prepare(args, found, &farm, report)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| environment("no-runtime", error.to_string()))?;
    let exit = runtime.block_on(serve::serve(prepared, color));
    runtime.shutdown_background();
    exit
}
