//! Several answers as one verdict, with everything that caused it.

use std::collections::BTreeSet;

use farmgate_aws::model::Key;
use farmgate_net::reach::{Alternative, Answer, Verdict as Reached};

use crate::report::{Because, Family, Statement, Verdict, Witness};

/// Whether a connection should get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Open,
    Closed,
}

/// A verdict in the making: the worst of what was added.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    verdict: Verdict,
    because: Vec<Because>,
    assumes: BTreeSet<String>,
    missing: BTreeSet<String>,
    witness: Option<Witness>,
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "keys, notes and texts are handed over as they come"
)]
impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            verdict: Verdict::Proved,
            because: Vec::new(),
            assumes: BTreeSet::new(),
            missing: BTreeSet::new(),
            witness: None,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Takes a verdict over; causes of a better one are dropped for those of a worse one.
    fn take(&mut self, verdict: Verdict, because: Vec<Because>, witness: Option<Witness>) {
        if verdict < self.verdict {
            self.verdict = verdict;
            self.because.clear();
            self.witness = None;
        }
        if verdict == self.verdict {
            for cause in because {
                if !self.because.contains(&cause) {
                    self.because.push(cause);
                }
            }
            if self.witness.is_none() {
                self.witness = witness;
            }
        }
    }

    pub(crate) fn fact(
        &mut self,
        verdict: Verdict,
        code: &str,
        origin: impl ToString,
        text: impl Into<String>,
    ) {
        let cause =
            Because { code: code.to_owned(), origin: origin.to_string(), text: text.into() };
        self.take(verdict, vec![cause], None);
    }

    /// Takes another tally over.
    pub(crate) fn merge(&mut self, other: Self) {
        self.take(other.verdict, other.because, other.witness);
        self.assumes.extend(other.assumes);
        self.missing.extend(other.missing);
    }

    /// Takes a statement over that was proved before.
    pub(crate) fn adopt(&mut self, statement: &Statement) {
        self.take(statement.verdict, statement.because.clone(), statement.witness.clone());
        self.assumes.extend(statement.assumes.iter().cloned());
        self.missing.extend(statement.missing.iter().cloned());
    }

    pub(crate) fn unknown(&mut self, missing: impl ToString) {
        if self.verdict > Verdict::Unknown {
            self.take(Verdict::Unknown, Vec::new(), None);
        }
        self.missing.insert(missing.to_string());
    }

    pub(crate) fn assume(&mut self, note: impl ToString) {
        self.assumes.insert(note.to_string());
    }

    pub(crate) fn assume_all<'n>(
        &mut self,
        notes: impl IntoIterator<Item = &'n farmgate_aws::model::Note>,
    ) {
        self.assumes.extend(notes.into_iter().map(ToString::to_string));
    }

    /// Takes an answer over.
    pub(crate) fn answer(&mut self, answer: &Answer, wanted: Wanted, from: &str, to: &str) {
        let verdict = match (answer.verdict, wanted) {
            (Reached::Unknown, _) => Verdict::Unknown,
            (Reached::Yes, Wanted::Open) | (Reached::No, Wanted::Closed) => Verdict::Proved,
            (Reached::Yes, Wanted::Closed) | (Reached::No, Wanted::Open) => Verdict::Refuted,
        };
        if verdict == Verdict::Unknown {
            self.missing.extend(answer.deciders.iter().map(ToString::to_string));
        }
        self.assumes.extend(answer.assumes.iter().map(ToString::to_string));
        let telling = answer.alternatives.first();
        let open = answer.verdict != Reached::No;
        let because = telling.map(|way| causes(way, open)).unwrap_or_default();
        let witness = telling.filter(|_| open).and_then(|way| witness(way, from, to));
        self.take(verdict, because, witness);
    }

    pub(crate) fn witness(&mut self, witness: Option<Witness>) {
        if self.witness.is_none() {
            self.witness = witness;
        }
    }

    pub(crate) fn statement(
        self,
        kind: &str,
        family: Family,
        on: &[&Key],
        text: String,
    ) -> Statement {
        let names: Vec<String> = on.iter().map(ToString::to_string).collect();
        let missing = match self.verdict {
            Verdict::Unknown => self.missing.into_iter().collect(),
            _ => Vec::new(),
        };
        Statement {
            id: format!("{kind}:{}", names.join("->")),
            family,
            on: names,
            text,
            verdict: self.verdict,
            assumes: self.assumes.into_iter().collect(),
            missing,
            because: self.because,
            witness: self.witness.filter(|_| self.verdict != Verdict::Proved),
            known: false,
        }
    }
}

/// The steps of a way as causes: all of them if it is open, only the closed ones if it is not.
pub(crate) fn causes(way: &Alternative, open: bool) -> Vec<Because> {
    way.steps
        .iter()
        .filter(|step| open || step.ok != Some(true))
        .map(|step| Because {
            code: step.code.to_owned(),
            origin: step.setting.clone(),
            text: step.text.clone(),
        })
        .collect()
}

/// A way's packet, with the names of its ends.
pub(crate) fn witness(way: &Alternative, from: &str, to: &str) -> Option<Witness> {
    let packet = way.witness?;
    Some(Witness {
        from: format!("{} ({from})", packet.peer),
        to: match way.witness_to {
            Some(address) => format!("{address} ({to})"),
            None => to.to_owned(),
        },
        service: packet.service.to_string(),
    })
}
