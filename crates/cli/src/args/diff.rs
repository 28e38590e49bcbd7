//! The arguments of `diff`.

use std::path::PathBuf;

use clap::ValueEnum;

/// The arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// What to compare with: what was, or what is meant to be. `-` is the standard input.
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,

    /// What is, or is going to be.
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,

    /// Two names of one thing, where no source shows that it is one: `aws_vpc.main=vpc-0123`.
    #[arg(long, value_name = "BEFORE=AFTER")]
    pub same: Vec<String>,

    /// The overlay to merge over a farm file: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// How to print what changed.
    #[arg(long, value_enum, default_value_t)]
    pub format: DiffFormat,

    /// What makes the exit code 1.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub fail_on: DiffFailOn,

    /// Show everything: each change by itself, and how things were matched.
    #[arg(long, short)]
    pub verbose: bool,
}

/// How to print what changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, as docs/json.md describes it.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// Which changes make the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFailOn {
    /// Any, and what may have changed.
    #[default]
    Unknown,
    /// Any that is known.
    Changed,
    /// What is let through now and wasn't.
    Opened,
    /// None.
    Never,
}
