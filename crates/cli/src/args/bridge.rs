//! The arguments of `bridge`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

/// The arguments of `bridge`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
#[command(override_usage = "farmgate bridge --listen ADDR --upstream URL\n       \
    farmgate bridge --listen ADDR -- COMMAND...\n       \
    farmgate bridge --check URL [--codes CODES]\n       \
    farmgate bridge --install DIR\n       \
    farmgate bridge --own UID:GID DIR...")]
pub struct Bridge {
    /// Where to listen. Without FARMGATE_PUBLIC_KEY it has to be a loopback address.
    #[arg(long, value_name = "ADDR", group = "what")]
    pub listen: Option<SocketAddr>,

    /// The server to stand before, over HTTP on this machine: http://127.0.0.1:8000.
    #[arg(long, value_name = "URL", requires = "listen", conflicts_with = "command")]
    pub upstream: Option<String>,

    /// The command of a server that speaks on its standard streams.
    #[arg(last = true, value_name = "COMMAND", requires = "listen")]
    pub command: Vec<OsString>,

    /// Serve plain HTTP although FARMGATE_PUBLIC_KEY is set; only on a loopback address.
    #[arg(long, requires = "listen")]
    pub plain: bool,

    /// Leave the header with the signed principal in requests to the server.
    #[arg(long, requires = "upstream")]
    pub pass_principal: bool,

    /// How many of the command's processes there may be.
    #[arg(long, value_name = "N", default_value_t = 32, requires = "command")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub processes: u16,

    /// How many of them one caller may have.
    #[arg(long, value_name = "N", default_value_t = 16, requires = "command")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub processes_per_caller: u16,

    /// Seconds after which a process that nobody uses is ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, requires = "command")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub idle: u64,

    /// Seconds after which a process is ended in any case.
    #[arg(long, value_name = "SECONDS", default_value_t = 43200, requires = "command")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub lifetime: u64,

    /// Seconds that requests under way get when the bridge is to end.
    #[arg(long, value_name = "SECONDS", default_value_t = 18, requires = "listen")]
    pub drain: u64,

    /// How to write what happens: auto, text or json. Auto means text on a terminal.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", hide_possible_values = true)]
    pub log: LogFormat,

    /// Ask a URL on this machine, with whatever certificate: exit code 0 if its status counts.
    #[arg(long, value_name = "URL", group = "what")]
    pub check: Option<String>,

    /// The status codes that count: 200, 200,400,406, 200-299.
    #[arg(long, value_name = "CODES", default_value = "200", requires = "check")]
    pub codes: String,

    /// Copy this program to DIR/farmgate.
    #[arg(long, value_name = "DIR", group = "what")]
    pub install: Option<PathBuf>,

    /// Give folders to a user and a group, by number.
    #[arg(long, num_args = 2.., value_names = ["UID:GID", "DIR"], group = "what")]
    pub own: Vec<String>,
}

/// How to write what happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One object a line.
    Json,
}
