//! The arguments of `gate`.

use std::path::PathBuf;

/// The arguments of `gate`.
#[derive(Debug, clap::Args)]
pub struct Gate {
    /// The configuration, as JSON. It is read again when it changes, and on SIGHUP
    /// [default: the value of FARMGATE_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How many threads serve requests [default: one for each processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Write counts of requests for CloudWatch to the standard output, once a minute, as embedded
    /// metric format. It is on by itself in a task of ECS.
    #[arg(long)]
    pub emf: bool,
}
