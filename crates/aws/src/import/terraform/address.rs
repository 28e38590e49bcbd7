//! Terraform addresses and references, taken apart: `module.a["x"].aws_lb.b[0].arn`.

use std::fmt;

use serde_json::Value;

/// The key of one instance of a resource or a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) enum Index {
    /// Of `count`.
    Number(u64),
    /// Of `for_each`.
    Text(String),
}

impl Index {
    /// The index as JSON writes it; `null` or anything odd is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().map(Self::Number),
            Value::String(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "[{number}]"),
            Self::Text(text) => {
                write!(f, "[\"{}\"]", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
        }
    }
}

/// A part of a reference: `.name` or `[index]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Name(String),
    Index(Index),
}

/// How many parts of one reference are read.
const MOST_PARTS: usize = 256;

/// Takes `a.b[0].c["k"]` apart. Text that is no reference gives what could be read of it.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && found.len() < MOST_PARTS {
        if let Some(inside) = rest.strip_prefix('[') {
            let Some((index, after)) = index(inside) else {
                break;
            };
            found.push(Part::Index(index));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (head, after) = name.split_at(end);
            if head.is_empty() && after.len() == name.len() {
                break;
            }
            found.push(Part::Name(head.to_owned()));
            rest = after;
        }
    }
    found
}

/// `0]...` or `"k"]...`: the index and what follows the bracket.
fn index(text: &str) -> Option<(Index, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (digits, after) = text.split_once(']')?;
        return digits.parse().ok().map(|number| (Index::Number(number), after));
    };
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => key.push(chars.next()?.1),
            '"' => {
                let after = quoted.get(at + 1..)?.strip_prefix(']')?;
                return Some((Index::Text(key), after));
            }
            _ => key.push(c),
        }
    }
    None
}

/// One step of a module path: `module.a["x"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) index: Option<Index>,
}

/// How deep modules may call each other; what is deeper is read as if it were here.
const DEEPEST_MODULE: usize = 64;

/// The steps of a module address, `module.a["x"].module.b`.
pub(super) fn module_steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut after_word = false;
    for part in parts(text) {
        match part {
            Part::Name(name) if after_word => {
                if steps.len() == DEEPEST_MODULE {
                    break;
                }
                steps.push(Step { name, index: None });
                after_word = false;
            }
            Part::Name(name) => after_word = name == "module",
            Part::Index(index) => {
                if let Some(last) = steps.last_mut() {
                    last.index = Some(index);
                }
            }
        }
    }
    steps
}

/// What a reference begins with, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    Variable {
        name: String,
        rest: Vec<Part>,
    },
    Local {
        name: String,
    },
    Module {
        name: String,
        index: Option<Index>,
        output: Option<String>,
        rest: Vec<Part>,
    },
    EachValue {
        rest: Vec<Part>,
    },
    /// `each.key`, `count.index`.
    EachKey,
    /// `path.module`, `terraform.workspace`, `self`.
    Surroundings,
    Resource {
        group: String,
        kind: String,
        data: bool,
        index: Option<Index>,
        rest: Vec<Part>,
    },
}

/// Reads one reference.
pub(super) fn head(text: &str) -> Option<Head> {
    let mut parts = parts(text).into_iter().peekable();
    let first = name(&mut parts)?;
    Some(match first.as_str() {
        "var" => Head::Variable { name: name(&mut parts)?, rest: parts.collect() },
        "local" => Head::Local { name: name(&mut parts)? },
        "each" => match name(&mut parts)?.as_str() {
            "value" => Head::EachValue { rest: parts.collect() },
            _ => Head::EachKey,
        },
        "count" => Head::EachKey,
        "path" | "terraform" | "self" => Head::Surroundings,
        "module" => {
            let called = name(&mut parts)?;
            let index = take_index(&mut parts);
            let output = name(&mut parts);
            Head::Module { name: called, index, output, rest: parts.collect() }
        }
        "data" => resource(name(&mut parts)?, true, &mut parts)?,
        _ => resource(first, false, &mut parts)?,
    })
}

type Parts = std::iter::Peekable<std::vec::IntoIter<Part>>;

fn resource(kind: String, data: bool, parts: &mut Parts) -> Option<Head> {
    let called = name(parts)?;
    let index = take_index(parts);
    let prefix = if data { "data." } else { "" };
    let group = format!("{prefix}{kind}.{called}");
    Some(Head::Resource { group, kind, data, index, rest: parts.collect() })
}

fn name(parts: &mut Parts) -> Option<String> {
    match parts.next_if(|part| matches!(part, Part::Name(_)))? {
        Part::Name(name) => Some(name),
        Part::Index(_) => None,
    }
}

fn take_index(parts: &mut Parts) -> Option<Index> {
    match parts.next_if(|part| matches!(part, Part::Index(_)))? {
        Part::Index(index) => Some(index),
        Part::Name(_) => None,
    }
}

/// The references of one expression, without the shorter forms that Terraform lists after each:
/// `a.b[0].id`, `a.b[0]`, `a.b` is one reference, the first.
pub(super) fn longest<'a>(references: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    let mut last: Option<&str> = None;
    for reference in references {
        let shorter = last.is_some_and(|before| {
            before.strip_prefix(reference).is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        if !shorter {
            kept.push(reference);
        }
        last = Some(reference);
    }
    kept
}

#[cfg(test)]
mod tests;
