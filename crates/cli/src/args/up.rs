//! The arguments of `up`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Format;

/// The arguments of `up`.
#[derive(Debug, clap::Args)]
pub struct Up {
    /// The farm file, or the folder that has it [default: ./farm.yaml; the blueprint quickstart if
    /// there is none].
    #[arg(value_name = "FARM")]
    pub farm: Option<PathBuf>,

    /// The overlay to merge: `dev` for farm.dev.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Where the gate listens. If the port is taken, it takes another and says so.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,

    /// The group of the key that is made for this run, for the rules of `tools`.
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub group: String,

    /// Take the key from this environment variable in place of one that is made for this run.
    ///
    /// It has to be written as `farmgate key add` writes keys. It is not shown.
    #[arg(long, value_name = "NAME")]
    pub key_env: Option<String>,

    /// How to say what is there: text, or one line of JSON as soon as every server is ready or has
    /// failed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
