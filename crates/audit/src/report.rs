//! What `farmgate check` says, as data. The terminal output and the JSON are two views of it.
//!
//! The JSON is versioned: a field is only ever added within one [`VERSION`]. `docs/json.md`
//! describes it, `docs/report.schema.json` is generated from these types.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Not;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the report's format.
pub const VERSION: u32 = 1;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this format.
    pub version: u32,
    /// The inputs, in the order given.
    pub sources: Vec<Source>,
    /// What the reader must know of the inputs: an incomplete plan, a disagreement between two.
    pub warnings: Vec<Warning>,
    /// What was to be proved: refuted ones first, then unknown, then proved.
    pub statements: Vec<Statement>,
    /// What the rules found and nobody accepted, most severe first.
    pub findings: Vec<Finding>,
    /// What the rules found and somebody accepted.
    pub accepted: Vec<Accepted>,
    /// Of a farm: every flow that it admits, who reaches whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<Reaches>,
    /// Resource types that can carry traffic and are not modelled, with their number.
    pub unmodelled: BTreeMap<String, usize>,
    /// Where in which file what is mentioned is written, by the origins that statements and findings
    /// name; only of sources that have lines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locations: BTreeMap<String, Location>,
    /// Counts.
    pub totals: Totals,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// The file's name, as given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its name, as given.
    pub name: String,
    /// What it was found to be: `terraform plan`, `terraform state`.
    pub kind: String,
    /// How many resources it holds.
    pub resources: usize,
}

/// A flow that a farm admits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaches {
    /// Whence: `ingress`, `servers.python`, a CIDR block.
    pub from: String,
    /// Where to.
    pub to: String,
    /// The ports, as `tcp 443`.
    pub ports: String,
    /// What for.
    pub why: String,
}

/// Something to know of the inputs, or of the acceptances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable code.
    pub code: String,
    /// The resource in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// One sentence.
    pub text: String,
}

/// The verdict on a statement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is false; `because` and `witness` show how.
    Refuted,
    /// It depends on what no source says; `missing` names it.
    Unknown,
    /// It is true, given what `assumes` lists.
    Proved,
}

/// The family of a statement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// A user's expectation.
    Expectation,
    /// Who reaches what.
    Isolation,
    /// What a service needs in order to start and to be healthy.
    Life,
    /// Who authenticates, and which hops are encrypted.
    Trust,
}

/// A statement and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// Stable across runs: kind and resource, as `only-through-ingress:module.a.aws_ecs_service.b`.
    pub id: String,
    /// Its family.
    pub family: Family,
    /// The resources it is about.
    pub on: Vec<String>,
    /// The statement, as a sentence.
    pub text: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What was taken from references, since the sources do not say it.
    pub assumes: Vec<String>,
    /// What decides an unknown verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Every setting that causes the verdict, in the order of the path.
    pub because: Vec<Because>,
    /// A concrete packet that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// Whether the baseline has it with the same verdict; never said of a proved one.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known: bool,
}

/// One cause of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// A stable code in capitals: AWS's where Reachability Analyzer has one.
    pub code: String,
    /// Where it is written.
    pub origin: String,
    /// One sentence.
    pub text: String,
}

/// A concrete packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// The source: an address, and whose it is.
    pub from: String,
    /// The destination.
    pub to: String,
    /// Protocol and port, as `tcp 8080`.
    pub service: String,
}

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Untidy, or a defence in depth that is missing.
    Low,
    /// A weakness that needs something else to be used.
    Medium,
    /// A way in, or a service that fails.
    High,
    /// A way in from the internet without authentication.
    Critical,
}

/// A rule's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The resources that cause it together.
    pub origins: Vec<String>,
    /// One line: what is wrong here.
    pub title: String,
    /// Two sentences: why it matters.
    pub why: String,
    /// What to do.
    pub fix: Fix,
    /// The statements that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
    /// What was taken from references, since the sources do not say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumes: Vec<String>,
    /// Whether the baseline has it.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub known: bool,
}

/// A fix, tried on a copy of the model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What to do.
    pub text: String,
    /// What was tried on a copy of the model before it was advised, and what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Trial>,
}

/// A change that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// The change, in words.
    pub change: String,
    /// Whether everything that held before still holds, and the finding is gone.
    pub works: bool,
    /// What came of it, in words: what is cut off, or that nothing is.
    pub outcome: String,
}

/// A finding that somebody took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// The reason given.
    pub why: String,
    /// The last day on which it holds (ISO 8601).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Statements proved.
    pub proved: usize,
    /// Statements refuted.
    pub refuted: usize,
    /// Statements unknown.
    pub unknown: usize,
    /// Findings by severity.
    pub findings: BTreeMap<String, usize>,
    /// Findings accepted.
    pub accepted: usize,
    /// Resources read.
    pub resources: usize,
    /// With a baseline: how many refuted and unknown statements and findings it already had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_before: Option<usize>,
}

// === impl Report ===

impl Report {
    /// Counts the statements, findings and acceptances anew, after one of these lists was changed.
    pub fn recount(&mut self) {
        let with = |verdict| self.statements.iter().filter(|s| s.verdict == verdict).count();
        let mut findings = BTreeMap::new();
        for finding in &self.findings {
            *findings.entry(finding.severity.to_string()).or_default() += 1;
        }
        self.totals = Totals {
            proved: with(Verdict::Proved),
            refuted: with(Verdict::Refuted),
            unknown: with(Verdict::Unknown),
            findings,
            accepted: self.accepted.len(),
            resources: self.totals.resources,
            known_before: self.totals.known_before,
        };
    }
}

// === impl Display: the words of the JSON ===

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Refuted => "refuted",
            Verdict::Unknown => "unknown",
            Verdict::Proved => "proved",
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Family::Expectation => "expectation",
            Family::Isolation => "isolation",
            Family::Life => "life",
            Family::Trust => "trust",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        })
    }
}
