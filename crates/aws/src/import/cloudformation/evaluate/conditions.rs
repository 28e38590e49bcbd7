//! Conditions, and what depends on them. One that can't be decided is unknown, never a guess.

use farmgate_farm::diagnostic::{Diagnostic, nearest};

use super::super::item::{Form, Item};
use super::super::value::{Evaluated, What};
use super::super::world::World;
use super::mark;

impl World<'_> {
    /// Whether a condition of the template holds.
    pub(in super::super) fn condition(&self, stack: usize, name: &str, depth: usize) -> Evaluated {
        let Some(template) = self.template(stack) else {
            return Evaluated::unknown("is nowhere");
        };
        let Some(item) = template.conditions.get(name) else {
            return self.no_condition(stack, name);
        };
        self.once(stack, "condition", name, || self.holds(stack, item, depth + 1))
    }

    fn no_condition(&self, stack: usize, name: &str) -> Evaluated {
        if let Some(template) = self.template(stack).filter(|it| it.macros.is_empty()) {
            let title = format!("the template has no condition `{name}`");
            let at = template.text.find(&format!("\"{name}\""));
            let at = at.map(|at| at + 1).or_else(|| template.text.find(name)).unwrap_or_default();
            let problem = Diagnostic::error("undeclared", title).at(&mark(at, name.len()), "");
            let all = template.conditions.entries().iter().map(|entry| entry.key.as_str());
            let problem = match nearest(name, all) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            };
            self.problem(stack, at, problem);
        }
        Evaluated::unknown(format!("depends on the condition `{name}`, which is not declared"))
    }

    /// A condition's expression.
    fn holds(&self, stack: usize, item: &Item, depth: usize) -> Evaluated {
        if depth > super::DEEPEST {
            return Evaluated::unknown("is more than is computed");
        }
        let value = match &item.form {
            Form::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Condition" => match only.item.text() {
                    Some(name) => self.condition(stack, name, depth + 1),
                    None => self.misused(stack, "Condition", item, "the name of a condition"),
                },
                _ => self.evaluate(stack, item, depth + 1),
            },
            _ => self.evaluate(stack, item, depth + 1),
        };
        match value.as_text().as_deref() {
            Some("true") if value.symbol.is_none() => What::Bool(true).into(),
            Some("false") if value.symbol.is_none() => What::Bool(false).into(),
            _ => match value.reason() {
                Some(reason) => Evaluated::unknown(reason.clone()),
                None => Evaluated::unknown("is no condition that can be decided"),
            },
        }
    }

    /// `Fn::And`, `Fn::Or`, `Fn::Not`, `Fn::Equals`.
    pub(super) fn logic(&self, stack: usize, name: &str, of: &Item, depth: usize) -> Evaluated {
        let Some(items) = of.list() else {
            return self.misused(stack, name, of, "a list");
        };
        if name == "Fn::Equals" {
            let [left, right] = items else {
                return self.misused(stack, name, of, "two values");
            };
            let left = self.evaluate(stack, left, depth + 1);
            return equal(&left, &self.evaluate(stack, right, depth + 1));
        }
        let mut unknown = None;
        for item in items {
            let value = self.holds(stack, item, depth + 1);
            match (&value.what, name) {
                (What::Bool(flag), "Fn::Not") => return What::Bool(!flag).into(),
                (What::Bool(false), "Fn::And") => return What::Bool(false).into(),
                (What::Bool(true), "Fn::Or") => return What::Bool(true).into(),
                (What::Bool(_), _) => {}
                _ => unknown = Some(value),
            }
        }
        unknown.unwrap_or_else(|| What::Bool(name == "Fn::And").into())
    }

    /// `Fn::If`. Of an undecided one that gives the same either way, that is the value.
    pub(super) fn if_(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([name, then, otherwise]) = of.list() else {
            return self.misused(stack, "Fn::If", of, "a condition and two values");
        };
        let Some(name) = name.text() else {
            return self.misused(stack, "Fn::If", of, "the name of a condition first");
        };
        let holds = self.condition(stack, name, depth + 1);
        match &holds.what {
            What::Bool(true) => self.evaluate(stack, then, depth + 1),
            What::Bool(false) => self.evaluate(stack, otherwise, depth + 1),
            _ => {
                let one = self.evaluate(stack, then, depth + 1);
                let two = self.evaluate(stack, otherwise, depth + 1);
                if matches!(equal(&one, &two).what, What::Bool(true)) {
                    return one;
                }
                Evaluated::unknown(undecided(name, &holds))
            }
        }
    }
}

/// Why what depends on a condition isn't known.
pub(in super::super) fn undecided(name: &str, holds: &Evaluated) -> String {
    let reason = holds.reason().map_or("is not known", |reason| reason);
    let reason = reason.strip_prefix("is ").unwrap_or(reason);
    format!("depends on the condition `{name}`, and that on what {}", in_words(reason))
}

/// `the parameter X, which ...` as the end of `depends on what ...`.
fn in_words(reason: &str) -> String {
    if reason.starts_with("depends on ") { reason.to_owned() } else { format!("is {reason}") }
}

/// Whether two values are equal: by their texts, as CloudFormation compares them. What stands for
/// something that only deployment gives is equal to itself, and to others perhaps.
fn equal(one: &Evaluated, two: &Evaluated) -> Evaluated {
    if let Some(reason) = one.reason().or(two.reason()) {
        return Evaluated::unknown(reason.clone());
    }
    let same = match (one.as_text(), two.as_text()) {
        (Some(one), Some(two)) => one == two,
        (None, None) => {
            let plain = |key: &str| key.to_owned();
            let (one, two) = (one.lower(&plain), two.lower(&plain));
            if one.1 != serde_json::Value::Bool(false) || two.1 != serde_json::Value::Bool(false) {
                return Evaluated::unknown("depends on what is not known");
            }
            one.0 == two.0
        }
        _ => false,
    };
    // Nothing that only deployment gives is an empty text.
    let is_empty = |value: &Evaluated| {
        value.symbol.is_none() && value.as_text().is_some_and(|text| text.is_empty())
    };
    if !same && (is_empty(one) || is_empty(two)) {
        return What::Bool(false).into();
    }
    match one.symbol.as_ref().or(two.symbol.as_ref()) {
        Some(symbol) if !same => Evaluated::unknown(symbol.reason.clone()),
        _ => What::Bool(same).into(),
    }
}
