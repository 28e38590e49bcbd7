//! The binary `farmgate`: arguments in, exit code out. All else is in the library beside it.

use std::process::ExitCode;

use clap::Parser as _;
use farmgate_cli::args::Args;

fn main() -> ExitCode {
    // A process that is to keep another does nothing else.
    farmgate_runner::keeper::serve_if_asked();
    let args = Args::parse();
    let exit = farmgate_cli::run(&args).unwrap_or_else(|failure| failure.tell(args.color));
    exit.into()
}
