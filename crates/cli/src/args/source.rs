//! The argument that names Terraform's source.

use std::path::PathBuf;

/// Terraform's source beside a plan.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SourceArgs {
    /// The folder of the Terraform source from which the plans were made.
    ///
    /// Everything is told with its file and line, and what a plan leaves open is taken from the
    /// source where it computes it exactly. A source that says anything else than the plan settles
    /// nothing. docs/source.md says more.
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
}
