//! The words for what is assumed and what is missing. A person reads them beside a verdict.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use super::references::Missing;
use crate::model::{Key, Note};

/// How many things one note names.
const MOST: usize = 6;

/// `` `subnets` of aws_lb.a ``: the subject of every note.
pub(super) struct Subject<'a> {
    pub(super) path: &'a str,
    pub(super) name: &'a str,
    pub(super) key: &'a Key,
    /// Why it is not known, as a predicate, where the source says so.
    pub(super) reason: Option<&'a str>,
}

impl Subject<'_> {
    fn text(&self) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("`{}{dot}{}` of {}", self.path, self.name, self.key)
    }

    /// The value is exactly this, as far as the expression's references tell.
    pub(super) fn is(&self, keys: &[Key], many: bool, missing: &BTreeSet<Missing>) -> Note {
        let named = if many { set(keys) } else { list(keys) };
        format!("{} is {named}, which its expression names{}", self.text(), also(missing)).into()
    }

    /// The value is the only thing of its kind in the module that names these local values.
    pub(super) fn is_the_only(&self, only: &Key, kind: &str, own: bool, locals: &[&str]) -> Note {
        let names = locals.iter().map(|name| format!("local.{name}"));
        let names = joined(names, locals.len());
        let leave = if locals.len() == 1 { "leaves" } else { "leave" };
        let of = if own {
            format!("in its module; its expression names {names}")
        } else {
            format!("in the module of {names}, to which its expression leads")
        };
        let and = if own { "," } else { " and" };
        let text = self.text();
        format!("{text} is {only}, the only {kind} {of}{and} which {leave} no trace in a plan")
            .into()
    }

    /// The value is one of these.
    pub(super) fn is_one_of(&self, keys: &[Key], missing: &BTreeSet<Missing>) -> Note {
        let named = set(keys);
        format!("{} is one of {named}, which its expression names{}", self.text(), also(missing))
            .into()
    }

    /// The value is some of these.
    pub(super) fn is_some_of(&self, keys: &[Key]) -> Note {
        format!("{} is some of {}, which its expression names", self.text(), set(keys)).into()
    }

    /// Nothing is known of the value.
    pub(super) fn pending(&self, missing: &BTreeSet<Missing>) -> Note {
        if let Some(reason) = self.reason {
            return self.odd(reason);
        }
        let mut text = format!("{} is known only after apply", self.text());
        if !missing.is_empty() {
            let _ = write!(text, "; its expression names {}", these(missing));
        }
        text.into()
    }

    /// The value may hold more than what its references name.
    pub(super) fn may_hold_more(&self, missing: &BTreeSet<Missing>) -> Note {
        if let Some(reason) = self.reason {
            return self.odd(&format!("may hold more: part of it {reason}"));
        }
        if missing.is_empty() {
            return format!("{} may hold more than its expression names", self.text()).into();
        }
        format!("{} may hold more: its expression also names {}", self.text(), these(missing))
            .into()
    }

    /// The value is known to Terraform, which hides it.
    pub(super) fn sensitive(&self) -> Note {
        format!("{} is sensitive and not read", self.text()).into()
    }

    /// The value is not what it should be.
    pub(super) fn odd(&self, what: &str) -> Note {
        format!("{} {what}", self.text()).into()
    }
}

fn also(missing: &BTreeSet<Missing>) -> String {
    if missing.is_empty() { String::new() } else { format!("; it also names {}", these(missing)) }
}

fn these(missing: &BTreeSet<Missing>) -> String {
    joined(missing.iter(), missing.len())
}

fn list(keys: &[Key]) -> String {
    joined(keys.iter(), keys.len())
}

/// `{a, b}`
pub(super) fn set(keys: &[Key]) -> String {
    format!("{{{}}}", list(keys))
}

fn joined(items: impl Iterator<Item = impl Display>, count: usize) -> String {
    let shown: Vec<String> = items.take(MOST).map(|item| item.to_string()).collect();
    let mut text = shown.join(", ");
    if count > MOST {
        let _ = write!(text, " and {} more", count - MOST);
    }
    text
}
