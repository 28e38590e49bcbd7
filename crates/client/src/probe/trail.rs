//! What a control tried, and what follows from all of it.

use super::answer::Came;
use super::report::{Attempt, Finding, Verdict};

/// The attempts of one control, in their order.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    attempts: Vec<Attempt>,
    /// Why something wasn't tried.
    because: Option<String>,
}

// === impl Trail ===

impl Trail {
    /// A control of which nothing can be tried.
    pub(crate) fn not_testable(because: impl Into<String>) -> Self {
        Self { attempts: Vec::new(), because: Some(because.into()) }
    }

    pub(crate) fn held(&mut self, sent: impl Into<String>, came: impl Into<String>) {
        self.add(Verdict::Held, sent, came);
    }

    pub(crate) fn failed(&mut self, sent: impl Into<String>, came: impl Into<String>) {
        self.add(Verdict::Failed, sent, came);
    }

    pub(crate) fn judge(&mut self, held: bool, sent: impl Into<String>, came: impl Into<String>) {
        self.add(if held { Verdict::Held } else { Verdict::Failed }, sent, came);
    }

    /// An answer holds or fails a control, and an end of the connection may hold it. What else may
    /// come, or may not, says nothing of it.
    pub(crate) fn weigh(
        &mut self,
        held: bool,
        sent: impl Into<String>,
        came: &Came,
        told: impl Into<String>,
    ) {
        match came {
            Came::Answer(answer) if answer.status == 429 => {
                self.unclear(sent, told, "the farm's limit of rates is reached already");
            }
            Came::Answer(_) => self.judge(held, sent, told),
            Came::Closed if held => self.held(sent, told),
            Came::Spent => self.unclear(sent, told, "the probe's bounds are used up"),
            _ => self.unclear(sent, told, "nothing was answered that says whether it is refused"),
        }
    }

    /// Something was sent, and what came says nothing.
    pub(crate) fn unclear(
        &mut self,
        sent: impl Into<String>,
        came: impl Into<String>,
        because: impl Into<String>,
    ) {
        self.add(Verdict::NotTestable, sent, came);
        self.lacks(because);
    }

    /// Something wasn't tried; the first reason is told.
    pub(crate) fn lacks(&mut self, because: impl Into<String>) {
        self.because.get_or_insert(because.into());
    }

    fn add(&mut self, verdict: Verdict, sent: impl Into<String>, came: impl Into<String>) {
        self.attempts.push(Attempt { sent: sent.into(), came: came.into(), verdict });
    }

    /// One failure fails the control. What held holds it, though more could not be tested; then it
    /// is said what.
    pub(crate) fn conclude(self, control: &str) -> Finding {
        let Self { attempts, because } = self;
        let first = |verdict| attempts.iter().find(|attempt| attempt.verdict == verdict);
        let deciding = first(Verdict::Failed).or_else(|| first(Verdict::Held));
        let verdict = deciding.map_or(Verdict::NotTestable, |attempt| attempt.verdict);
        let shown = deciding.or_else(|| attempts.first());
        let alike = attempts.iter().filter(|attempt| attempt.verdict == verdict).count();
        let more = match (verdict, alike) {
            (Verdict::Held, 2..) => format!(" (and {} more)", alike - 1),
            _ => String::new(),
        };
        let (sent, came) = match shown {
            Some(attempt) => (format!("{}{more}", attempt.sent), attempt.came.clone()),
            None => ("nothing".to_owned(), "nothing".to_owned()),
        };
        let because = because.filter(|_| verdict != Verdict::Failed);
        let because = because.or_else(|| {
            (verdict == Verdict::NotTestable).then(|| "nothing of it could be tried".to_owned())
        });
        Finding { control: control.to_owned(), verdict, because, sent, came, attempts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_and_nothing_tried_is_not_testable() {
        let mut trail = Trail::default();
        trail.held("a", "401");
        trail.failed("b", "200");
        trail.held("c", "401");
        let found = trail.conclude("x");
        assert_eq!((found.verdict, found.sent.as_str()), (Verdict::Failed, "b"));

        let mut trail = Trail::default();
        trail.held("a", "401");
        trail.held("b", "401");
        trail.lacks("no key");
        let found = trail.conclude("x");
        assert_eq!((found.verdict, found.sent.as_str()), (Verdict::Held, "a (and 1 more)"));
        assert_eq!(found.because.as_deref(), Some("no key"));

        let found = Trail::not_testable("no key").conclude("x");
        assert_eq!((found.verdict, found.sent.as_str()), (Verdict::NotTestable, "nothing"));
        let mut trail = Trail::default();
        trail.unclear("a", "502", "the server is down");
        let found = trail.conclude("x");
        assert_eq!((found.verdict, found.came.as_str()), (Verdict::NotTestable, "502"));
    }
}
