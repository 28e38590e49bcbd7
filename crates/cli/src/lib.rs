//! The command line of farmgate: reads files, calls the libraries, writes what they say.
//!
//! It decides no verdict and knows no AWS. It is a library so that its tests can render reports
//! made by hand; nothing else may depend on it.

pub mod args;
pub mod audit;
pub mod bridge;
pub mod build;
pub mod builtin;
pub mod check;
pub mod collect;
pub mod connect;
pub mod diff;
pub mod docs;
pub mod exit;
pub mod explain;
pub mod farm;
pub mod gate;
pub mod init;
pub mod input;
pub mod key;
pub mod output;
pub mod print;
pub mod probe;
pub mod problem;
pub mod render;
pub mod rules;
pub mod secrets;
mod signals;
pub mod source;
mod staged;
pub mod up;

use args::{Args, Command};
use exit::Exit;
use problem::Failure;

/// Does what the arguments ask for.
///
/// # Errors
/// If an input is wrong or missing, or if the output can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Up(up) => up::run(up, args.color),
        Command::Init(init) => init::run(init, args.color),
        Command::Build(build) => build::run(build, args.color),
        Command::Print(print) => print::run(print),
        Command::Gate(gate) => gate::run(gate),
        Command::Bridge(bridge) => bridge::run(bridge),
        Command::Connect(connect) => connect::run(connect),
        Command::Check(check) => check::run(check, args.color),
        Command::Collect(collect) => collect::run(collect, args.color),
        Command::Diff(diff) => diff::run(diff, args.color),
        Command::Explain(explain) => explain::run(explain, args.color),
        Command::Builtin(builtin) => builtin::run(builtin),
        Command::Audit(audit) => audit::run(audit, args.color),
        Command::Key(key) => key::run(key, args.color),
        Command::Probe(probe) => probe::run(probe, args.color),
        Command::Rules(rules) => rules::run(rules, args.color),
        Command::Schema(schema) => docs::schema(schema),
        Command::Docs(docs) => docs::run(docs),
    }
}
