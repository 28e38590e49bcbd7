//! The few colours there are, and what each is for.

use anstyle::{AnsiColor, Style};
use farmgate_audit::report::{Severity, Verdict};

/// Ordinary text.
pub const PLAIN: Style = Style::new();
/// What is looked for first: rule ids, headings.
pub const BOLD: Style = Style::new().bold();
/// What is looked up later: codes, origins, numbers.
pub const DIM: Style = Style::new().dimmed();
/// What is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What isn't known, or may be wrong.
pub const DOUBT: Style = AnsiColor::Yellow.on_default().bold();
/// What is right.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The word `error`.
pub const ERROR: Style = BAD;
/// The word `help`.
pub const HELP: Style = AnsiColor::Cyan.on_default().bold();

pub(crate) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Refuted => BAD,
        Verdict::Unknown => DOUBT,
        Verdict::Proved => GOOD,
    }
}

pub(crate) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => DOUBT,
        Severity::Low | Severity::Info => BOLD,
    }
}
