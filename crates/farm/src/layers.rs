//! A farm file in layers: `farm.yaml`, and over it what differs in an environment.
//!
//! Layers are merged as trees, before anything is read: maps are merged key by key, lists and
//! scalars are replaced. Nothing can be removed: a key without a value is an error. Positions stay
//! exact: they are counted as if the layers' texts were one, and [`Sources`] tells which file a
//! position is in.

mod sources;

use crate::diagnostic::{Diagnostic, Located, in_order, quoted};
use crate::farm::Farm;
use crate::yaml::{self, Dialect, Node, Value};

pub use sources::{Place, Sources};

/// A file of a farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer<'a> {
    /// Its name, as it is shown.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What is wrong with a farm, and the files in which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The files.
    pub sources: Sources,
    /// What is wrong, in order.
    pub list: Vec<Diagnostic>,
}

/// Reads a farm from layers; the first is `farm.yaml`, and each is merged over those before.
/// `rule_ids` are those of all rules.
///
/// # Errors
/// All problems of all files.
pub fn read(layers: &[Layer<'_>], rule_ids: &[&str]) -> Result<Farm, Problems> {
    let (root, mut problems) = merged(layers);
    let farm = root.and_then(|root| crate::farm::from_node(&root, rule_ids, &mut problems));
    match farm {
        Some(farm) if problems.is_empty() => Ok(farm),
        _ => Err(Problems { sources: Sources::new(layers), list: in_order(problems) }),
    }
}

/// The layers as one file: without comments, in the order of the first.
///
/// # Errors
/// What can't be read as YAML or can't be merged. Whether it is a farm isn't asked.
pub fn print(layers: &[Layer<'_>]) -> Result<String, Problems> {
    let (root, problems) = merged(layers);
    match root {
        Some(root) if problems.is_empty() => Ok(root.to_yaml()),
        _ => Err(Problems { sources: Sources::new(layers), list: in_order(problems) }),
    }
}

/// The merged tree; none if a layer could not be read to its end, as what it says is missing then.
fn merged(layers: &[Layer<'_>]) -> (Option<Node>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut merged: Option<Node> = None;
    let mut whole = true;
    for (layer, start) in layers.iter().zip(sources::starts(layers)) {
        let parsed = yaml::parse(layer.text, Dialect::Farmgate);
        problems.extend(parsed.problems.into_iter().map(|mut problem| {
            if problem.labels.is_empty() {
                problem = problem.at(&(0..0), "");
            }
            problem.shift(start);
            problem
        }));
        let Some(mut root) = parsed.root else {
            whole = false;
            continue;
        };
        root.shift(start);
        match &mut merged {
            None => merged = Some(root),
            Some(merged) => match &root.value {
                Value::Mapping(_) => merge(merged, root, &mut problems),
                _ => problems.extend(root.wrong_type("a mapping")),
            },
        }
    }
    (merged.filter(|_| whole), problems)
}

/// Merges a node over another.
fn merge(base: &mut Node, mut over: Node, problems: &mut Vec<Diagnostic>) {
    let Value::Mapping(known) = &mut base.value else {
        without_nothing(&mut over, problems);
        *base = over;
        return;
    };
    let Value::Mapping(entries) = over.value else {
        *base = over;
        return;
    };
    for (key, mut value) in entries {
        if value.is_nothing() {
            problems.push(nothing(&key));
            continue;
        }
        let text = key.scalar().map(|key| key.text.as_str());
        let found = known
            .iter_mut()
            .find(|(other, _)| other.scalar().map(|other| other.text.as_str()) == text);
        match found {
            Some((_, old)) if is_mapping(old) && is_mapping(&value) => merge(old, value, problems),
            Some(entry) => {
                without_nothing(&mut value, problems);
                *entry = (key, value);
            }
            None => {
                without_nothing(&mut value, problems);
                known.push((key, value));
            }
        }
    }
}

fn is_mapping(node: &Node) -> bool {
    matches!(node.value, Value::Mapping(_))
}

/// Refuses keys without a value in what a layer brings whole.
fn without_nothing(node: &mut Node, problems: &mut Vec<Diagnostic>) {
    if let Value::Mapping(entries) = &mut node.value {
        entries.retain_mut(|(key, value)| {
            if value.is_nothing() {
                problems.push(nothing(key));
                return false;
            }
            without_nothing(value, problems);
            true
        });
    }
}

/// That a key has no value in a layer.
fn nothing(key: &Node) -> Diagnostic {
    let name = key.scalar().map(|key| key.text.as_str()).unwrap_or_default();
    Diagnostic::error("nothing-in-layer", format!("{} has no value", quoted(name)))
        .at(&key.mark(), "")
        .help("a layer removes nothing: write a value, or `enabled: false` in it")
}

// === impl Problems ===

impl Problems {
    /// As the terminal has them, one after another.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let drawn: Vec<String> =
            self.list.iter().map(|problem| self.sources.render(problem, colour)).collect();
        drawn.join("\n\n")
    }

    /// As JSON has them.
    #[must_use]
    pub fn located(&self) -> Vec<Located> {
        self.list.iter().map(|problem| self.sources.located(problem)).collect()
    }
}
