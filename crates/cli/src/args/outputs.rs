//! How `check` prints its report.

use clap::ValueEnum;

/// How to print the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, as docs/json.md describes it.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For a comment on a pull request.
    Markdown,
}
