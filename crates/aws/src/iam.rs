//! IAM: policies as they are written, and what they come to for one question.
//!
//! Source: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements reference" and
//! "Grammar of the IAM JSON policy language". A question is decided exactly, or the answer is
//! *unknown* and names what is missing: a condition on a key whose value no source shows, a policy
//! that is known only after apply, a word that cannot be read. An explicit deny comes first, then
//! something has to allow.
//!
//! Not decided here: service control policies, resource control policies and session policies, which
//! no source shows. What is said of a role is said of its policies.

mod condition;
mod decide;
mod managed;
mod parse;
mod pattern;
mod request;
mod star_only;
mod tri;

use crate::model::Note;

pub use decide::{Decision, Identity, Outcome, Part, Side, decide};
pub use managed::{dated as managed_policy_date, document as managed_policy};
pub use pattern::Pattern;
pub use request::{Context, Held, Principal, Request};
pub use star_only::is_star_only;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever allows.
    Deny,
}

/// A word of a policy: a pattern of actions or of ARNs, a principal, a value of a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// As it is written, with `*`, `?` and variables.
    Known(String),
    /// It is not known, and this says why.
    Unknown(Note),
}

impl Word {
    /// The text, if it is known.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Unknown(_) => None,
        }
    }
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Whether everything is meant but these.
    pub except: bool,
    /// The words.
    pub list: Vec<Word>,
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// Whether everybody is meant but these.
    pub except: bool,
    /// The kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) with the word; anybody is
    /// `AWS` with `*`.
    pub list: Vec<(String, Word)>,
}

/// One key of one operator of a statement's `Condition`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator as it is written: `ForAllValues:StringLikeIfExists`.
    pub operator: String,
    /// The key: `aws:SourceVpc`.
    pub key: String,
    /// The values.
    pub values: Vec<Word>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`, if it has one.
    pub sid: Option<String>,
    /// Its place in the policy, from 0.
    pub index: usize,
    /// What it does.
    pub effect: Effect,
    /// For which actions.
    pub actions: Words,
    /// On which resources; none in a trust policy.
    pub resources: Option<Words>,
    /// For whom; none in a policy of a role.
    pub principals: Option<Principals>,
    /// When.
    pub conditions: Vec<Condition>,
    /// What of it could not be read: it may say less than is shown.
    pub odd: Option<Note>,
}

/// A policy document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether `${...}` are variables in it (version 2012-10-17).
    pub variables: bool,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// Why it may have statements besides, if it may.
    pub open: Option<Note>,
}

impl Statement {
    /// The statement in words: its `Sid`, or its number from 1.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement `{sid}`"),
            None => format!("statement {}", self.index + 1),
        }
    }
}

impl Policy {
    /// The policy in one form: equal forms are read alike by IAM. None if part of it is unknown.
    #[must_use]
    pub fn canonical(&self) -> Option<Vec<String>> {
        if self.open.is_some() {
            return None;
        }
        let mut all = self.statements.iter().map(canonical).collect::<Option<Vec<String>>>()?;
        all.sort_unstable();
        all.dedup();
        // The version says whether variables are read, if there are any.
        if self.variables && all.iter().any(|text| text.contains("${")) {
            all.push("variables".to_owned());
        }
        Some(all)
    }
}

fn canonical(statement: &Statement) -> Option<String> {
    let Statement { sid: _, index: _, effect, actions, resources, principals, conditions, odd } =
        statement;
    if odd.is_some() {
        return None;
    }
    let texts = |list: &[Word], lower: bool| -> Option<Vec<String>> {
        let form = |text: &str| if lower { text.to_ascii_lowercase() } else { text.to_owned() };
        let mut all: Vec<String> =
            list.iter().map(|word| word.text().map(form)).collect::<Option<_>>()?;
        all.sort_unstable();
        all.dedup();
        Some(all)
    };
    let words = |words: &Words, lower| Some((words.except, texts(&words.list, lower)?));
    let resources = match resources {
        Some(resources) => Some(words(resources, false)?),
        None => None,
    };
    let who = match principals {
        Some(principals) => {
            let mut all = Vec::new();
            for (kind, word) in &principals.list {
                all.push(format!("{kind}={}", word.text()?));
            }
            all.sort_unstable();
            all.dedup();
            Some((principals.except, all))
        }
        None => None,
    };
    let mut when = Vec::new();
    for Condition { operator, key, values } in conditions {
        when.push((operator.to_ascii_lowercase(), key.to_ascii_lowercase(), texts(values, false)?));
    }
    when.sort_unstable();
    Some(format!("{effect:?} {:?} {resources:?} {who:?} {when:?}", words(actions, true)?))
}
