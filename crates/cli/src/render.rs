//! What people read in a terminal, as text with colours; `output` takes these away where need be.
//!
//! Everything hangs from a gutter of tags (`refuted`, `high`, `proved`), so that the eye runs down
//! the left edge. Texts are wrapped; addresses are never broken. Whatever comes from a file is
//! made harmless to terminals by [`words::visible`].

mod assumptions;
mod build;
mod check;
pub mod drift;
mod explanation;
mod findings;
mod markdown;
mod markdown_report;
mod page;
mod places;
pub mod probe;
mod reaches;
mod rules;
mod sarif;
mod statements;
pub mod style;
mod totals;
pub mod up;
pub mod words;

pub use build::{built, comparison};
pub use check::report;
pub use explanation::explanation;
pub use markdown::markdown;
pub use markdown_report::markdown_report;
pub use rules::catalogue;
pub use sarif::sarif;

use std::time::Duration;

/// How to look at a report.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The columns there are.
    pub width: usize,
    /// Whether to show everything.
    pub verbose: bool,
    /// How long it took.
    pub time: Option<Duration>,
}
