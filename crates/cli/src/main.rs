//! The binary `farmgate`: arguments in, exit code out. All else is in the library beside it.

use std::process::ExitCode;

use clap::Parser as _;
use farmgate_cli::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let exit = farmgate_cli::run(&args).unwrap_or_else(|failure| failure.tell(args.color));
    exit.into()
}
