//! The arguments with which an account is asked: those of `collect`, and `--live`.

use std::path::PathBuf;

/// Which account is asked, and where.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Account {
    /// A region to ask; may be given several times [default: the environment's or the profile's].
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,

    /// The profile of AWS's configuration files whose credentials are used [default: as AWS's own
    /// tools find them].
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// The account itself as a source.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Live {
    /// Ask the account itself what there is, with calls that only read.
    ///
    /// It asks what `farmgate collect` saves (`farmgate collect --dry-run` lists the calls), and keeps
    /// nothing. --region and --profile go with it. docs/live.md says more.
    #[arg(long)]
    pub live: bool,

    /// The account.
    #[command(flatten)]
    pub account: Account,
}

/// The arguments of `collect`.
#[derive(Debug, clap::Args)]
pub struct Collect {
    /// The folder to write to; it must not be there, or be empty.
    #[arg(
        long,
        short,
        value_name = "DIR",
        required_unless_present_any = ["dry_run", "policy"]
    )]
    pub out: Option<PathBuf>,

    /// The account.
    #[command(flatten)]
    pub account: Account,

    /// Replace a folder that `collect` wrote before.
    #[arg(long)]
    pub force: bool,

    /// List the calls, and make none.
    #[arg(long, conflicts_with = "policy")]
    pub dry_run: bool,

    /// Print the IAM policy that allows the calls and nothing else, and make none.
    #[arg(long)]
    pub policy: bool,
}
