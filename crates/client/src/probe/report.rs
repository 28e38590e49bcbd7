//! What a probe found: of each control whether it held, what was sent, and what came.

use serde::{Deserialize, Serialize};

/// The version of the report's format.
const VERSION: u32 = 1;

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// The farm, or the host if its name isn't known.
    pub farm: String,
    /// Its URL.
    pub url: String,
    /// From where it was probed.
    pub from: From,
    /// How many controls held, failed, or couldn't be tested.
    pub totals: Totals,
    /// The controls, in the order of the catalogue.
    pub controls: Vec<Finding>,
}

/// From where a farm was probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// From where clients are.
    Outside,
    /// From a task in the farm's own network.
    Network,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Controls that held.
    pub held: usize,
    /// Controls that failed.
    pub failed: usize,
    /// Controls that can't be tested from here.
    pub not_testable: usize,
}

/// What was found of one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The control: its page is `docs/controls/CONTROL.md`.
    pub control: String,
    /// Whether it held.
    pub verdict: Verdict,
    /// Why it can't be tested from here, or only in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What was sent, in a line.
    pub sent: String,
    /// What came, in a line.
    pub came: String,
    /// All that was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What was sent.
    pub sent: String,
    /// What came.
    pub came: String,
    /// What that says of the control.
    pub verdict: Verdict,
}

/// Whether a control held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did what it is there for.
    Held,
    /// It didn't.
    Failed,
    /// It can't be told from here.
    NotTestable,
}

// === impl Report ===

impl Report {
    pub(crate) fn new(farm: &str, url: &str, from: From, controls: Vec<Finding>) -> Self {
        let count = |verdict| controls.iter().filter(|it| it.verdict == verdict).count();
        let totals = Totals {
            held: count(Verdict::Held),
            failed: count(Verdict::Failed),
            not_testable: count(Verdict::NotTestable),
        };
        let (farm, url) = (farm.to_owned(), url.to_owned());
        Self { version: VERSION, farm, url, from, totals, controls }
    }
}

// === impl Verdict ===

impl Verdict {
    /// It, in words: `held`, `failed`, `not testable`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::NotTestable => "not testable",
        }
    }
}
