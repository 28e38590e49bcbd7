//! The exit codes, and which of them a report deserves.

use std::process::ExitCode;

use farmgate_audit::report::{Family, Report, Statement, Verdict};

use crate::args::FailOn;

/// How the program ends; of several reasons the last one in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing is wrong.
    Fine,
    /// Something is refuted, an expectation is unknown, or a finding is severe enough.
    Findings,
    /// An input is wrong.
    BadInput,
    /// A file can't be read, or the output can't be written.
    Environment,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::BadInput => 2,
            Exit::Environment => 3,
        })
    }
}

/// The exit code for a report. What a baseline knows doesn't count.
#[must_use]
pub fn exit_code(report: &Report, fail_on: FailOn) -> Exit {
    let statements = report.statements.iter().any(|s| !s.known && fails(s));
    let findings = fail_on.threshold().is_some_and(|threshold| {
        report.findings.iter().any(|f| !f.known && f.severity >= threshold)
    });
    if statements || findings { Exit::Findings } else { Exit::Fine }
}

/// An unknown built-in statement is no failure; an unknown expectation is: someone relies on it.
fn fails(statement: &Statement) -> bool {
    match statement.verdict {
        Verdict::Refuted => true,
        Verdict::Unknown => statement.family == Family::Expectation,
        Verdict::Proved => false,
    }
}
