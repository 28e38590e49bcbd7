//! The arguments of `builtin`.

use std::net::SocketAddr;

use clap::ValueEnum;

/// The arguments of `builtin`.
#[derive(Debug, clap::Args)]
pub struct Builtin {
    /// Which server.
    #[arg(value_enum)]
    pub server: BuiltinServer,

    /// Serve HTTP on this address, at any path. It takes only requests that name a loopback host.
    #[arg(long, value_name = "ADDR", required_unless_present = "stdio")]
    pub listen: Option<SocketAddr>,

    /// Serve one client on the standard input and output.
    #[arg(long, conflicts_with = "listen")]
    pub stdio: bool,
}

/// The servers that come with farmgate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BuiltinServer {
    /// Every kind of tool, prompt and resource.
    Everything,
}
