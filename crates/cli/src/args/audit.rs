//! The arguments of `audit`.

use std::path::PathBuf;

use clap::Subcommand;
use farmgate_gate::audit::Head;

use super::Format;

/// The arguments of `audit`.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// What to do.
    #[command(subcommand)]
    pub action: AuditAction,
}

/// What to do with an audit.
#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// Say whether an audit's lines are those that were written
    ///
    /// Reads files in any order, or what a log group was exported to; lines of other programs are
    /// passed over. A line that was changed, removed, added or moved shows. That the end was not cut
    /// off is proved only by a chain's last line, which a gate writes when it ends, or by a head
    /// that was kept elsewhere. docs/audit.md says what this proves and what not.
    ///
    /// Exit code: 0 if nothing is wrong; 1 if something is; 2 if there is no line of an audit or a
    /// head can't be read; 3 if a file can't be read or the output can't be written.
    Verify(AuditVerify),
}

/// The arguments of `audit verify`.
#[derive(Debug, clap::Args)]
pub struct AuditVerify {
    /// A file with lines, or `-` for the standard input.
    #[arg(required = true, value_name = "LOG")]
    pub files: Vec<PathBuf>,

    /// A head that was kept: `/audit/head` of the gate's admin address shows the last one.
    #[arg(long = "head", value_name = "CHAIN:LINE:HASH")]
    pub heads: Vec<Head>,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
