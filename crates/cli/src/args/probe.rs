//! The arguments of `probe`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Format;

/// The arguments of `probe`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("how").multiple(false))]
#[command(group = clap::ArgGroup::new("proof").multiple(false))]
pub struct Probe {
    /// The farm file, of which the public URL is probed, or a URL [default: ./farm.yaml].
    #[arg(value_name = "FARM|URL")]
    pub target: Option<String>,

    /// The overlay to merge: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Probe the farm that `farmgate up` runs on this machine.
    ///
    /// Keys of two principals are made in its stores for it, hold for minutes, and are revoked at the
    /// end, on Ctrl-C too.
    #[arg(long, group = "how")]
    pub local: bool,

    /// Print the command that starts the probe's task once inside the farm's network, and the one
    /// that reads its log back.
    #[arg(long, group = "how")]
    pub from_task: bool,

    /// Probe from inside the network, as FARMGATE_PROBE says: what the task runs.
    #[arg(long, group = "how", conflicts_with = "target")]
    pub task: bool,

    /// Read the log of the probe's task, and print what it found; `-` is the standard input.
    #[arg(long, group = "how", value_name = "FILE", conflicts_with = "target")]
    pub task_log: Option<PathBuf>,

    /// List the controls.
    #[arg(long, group = "how", conflicts_with = "target")]
    pub controls: bool,

    /// Show a control's page.
    #[arg(long, group = "how", value_name = "CONTROL", conflicts_with = "target")]
    pub about: Option<String>,

    /// The farm file of a URL: it says what has to hold, and its domain may be asked.
    #[arg(long, value_name = "FARM")]
    pub farm: Option<PathBuf>,

    /// The API key is in this environment variable.
    #[arg(long, value_name = "VAR")]
    pub api_key_env: Option<String>,

    /// The group of the API key.
    #[arg(long, value_name = "NAME", requires = "api_key_env")]
    pub group: Option<String>,

    /// An API key of another principal is in this environment variable.
    #[arg(long, value_name = "VAR", requires = "api_key_env")]
    pub other_api_key_env: Option<String>,

    /// The group of the other API key.
    #[arg(long, value_name = "NAME", requires = "other_api_key_env")]
    pub other_group: Option<String>,

    /// Sign with the access key of the farm that is in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, group = "proof")]
    pub sigv4: bool,

    /// Make proofs for STS with the credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
    /// AWS_SESSION_TOKEN.
    #[arg(long, group = "proof")]
    pub sts_proof: bool,

    /// The region to sign for [default: the farm's, or AWS_REGION].
    #[arg(long)]
    pub region: Option<String>,

    /// The service to sign for [default: the farm's, or execute-api].
    #[arg(long, requires = "sigv4")]
    pub service: Option<String>,

    /// Believe these authorities alone (PEM), rather than the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The address that the farm sees of this machine, which NAT may have changed.
    #[arg(long, value_name = "IP")]
    pub address: Option<IpAddr>,

    /// Show all that was sent and all that came.
    #[arg(long, short)]
    pub verbose: bool,

    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

// === impl Probe ===

impl Probe {
    /// The farm file that is named, as the target or beside a URL.
    #[must_use]
    pub fn named(&self) -> Option<&Path> {
        let target = self.target.as_deref().filter(|target| !target.contains("://"));
        target.map(Path::new).or(self.farm.as_deref())
    }
}
