//! Typed access to nodes: each accessor gives the value or says what is wrong with it.
//!
//! They know types only; bounds of meaning (a port, a date) are for the reader of the format.

use std::ops::{Range, RangeInclusive};

use super::{Node, Scalar, Style, Value};
use crate::diagnostic::{Diagnostic, listed, nearest_or_begun, quoted};

/// What a scalar is in YAML's core schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Boolean,
    Number,
    Text,
}

impl Scalar {
    pub(super) fn kind(&self) -> Kind {
        if self.style == Style::Quoted {
            return Kind::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Kind::Nothing,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Boolean,
            text if is_number(text) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |prefix, radix| {
        let digits = text.strip_prefix(prefix);
        digits.is_some_and(|digits: &str| {
            !digits.is_empty() && digits.chars().all(|c| char::is_digit(c, radix))
        })
    };
    let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    matches!(bare, ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
        || digits("0o", 8)
        || digits("0x", 16)
        || (bare.chars().all(decimal) && bare.parse::<f64>().is_ok())
}

impl Node {
    /// What it is, with an article.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => match scalar.kind() {
                Kind::Nothing => "nothing",
                Kind::Boolean => "a boolean",
                Kind::Number => "a number",
                Kind::Text => "a text",
            },
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Refused => "something that is not allowed",
        }
    }

    /// Whether nothing is written, or `null`.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.kind() == Kind::Nothing)
    }

    /// That it is not `expected` (with an article). `None` for what was reported already.
    #[must_use]
    pub fn wrong_type(&self, expected: &str) -> Option<Diagnostic> {
        if self.value == Value::Refused {
            return None;
        }
        let title = format!("expected {expected}, found {}", self.describe());
        Some(Diagnostic::error("wrong-type", title).at(&self.mark(), ""))
    }

    /// A text. Numbers, booleans and control characters are none.
    pub fn text(&self, problems: &mut Vec<Diagnostic>) -> Option<&str> {
        let scalar = self.scalar();
        match scalar.map(|scalar| (scalar.kind(), scalar.text.as_str())) {
            // They could forge lines or colours of a report in which the text appears.
            Some((Kind::Text, text)) if text.contains(|c: char| c.is_control() && c != '\n') => {
                problems.push(control_character(&self.mark()));
                None
            }
            Some((Kind::Text, text)) => Some(text),
            Some((Kind::Boolean | Kind::Number, text)) => {
                let problem = self.wrong_type("a text");
                let help = format!("put it in quotes: `\"{text}\"`");
                problems.extend(problem.map(|problem| problem.help(help)));
                None
            }
            _ => {
                problems.extend(self.wrong_type("a text"));
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn integer(
        &self,
        bounds: RangeInclusive<i64>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<i64> {
        let number = self.scalar().filter(|scalar| scalar.kind() == Kind::Number);
        let Some(number) = number else {
            problems.extend(self.wrong_type("a whole number"));
            return None;
        };
        let value: Option<i64> = number.text.parse().ok();
        // Other spellings (`007`, `+7`, `0x7`) mean different things to different readers.
        let plain = value.filter(|value| value.to_string() == number.text);
        match plain {
            Some(value) if bounds.contains(&value) => plain,
            Some(_) => {
                let (low, high) = bounds.into_inner();
                let title = format!("{} is not from {low} to {high}", quoted(&number.text));
                problems.push(Diagnostic::error("out-of-range", title).at(&self.mark(), ""));
                None
            }
            None => {
                let title = format!("{} is not a whole number", quoted(&number.text));
                let problem = Diagnostic::error("wrong-type", title).at(&self.mark(), "");
                problems.push(problem.help("write it with the digits 0 to 9 only"));
                None
            }
        }
    }

    /// A boolean: `true` or `false`, and no other word.
    pub fn boolean(&self, problems: &mut Vec<Diagnostic>) -> Option<bool> {
        let text = self.scalar().map(|scalar| scalar.text.as_str());
        match (self.scalar().map(|scalar| scalar.style), text) {
            (Some(Style::Plain), Some("true")) => return Some(true),
            (Some(Style::Plain), Some("false")) => return Some(false),
            _ => {}
        }
        let meant = match text.map(str::to_lowercase).as_deref() {
            Some("true" | "yes" | "on" | "y" | "1") => Some("true"),
            Some("false" | "no" | "off" | "n" | "0") => Some("false"),
            _ => None,
        };
        let problem = match (meant, text) {
            (Some(meant), Some(text)) => {
                let title = format!("{} is not a boolean", quoted(text));
                let problem = Diagnostic::error("wrong-type", title).at(&self.mark(), "");
                Some(problem.help(format!("write `{meant}`, without quotes")))
            }
            _ => self.wrong_type("`true` or `false`"),
        };
        problems.extend(problem);
        None
    }

    /// A list.
    pub fn list(&self, problems: &mut Vec<Diagnostic>) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => {
                let problem = self.wrong_type("a list");
                problems.extend(
                    problem.map(|it| it.help("write it as `[...]`, or with `- ` before each item")),
                );
                None
            }
        }
    }

    /// A mapping whose keys are free.
    pub fn mapping(&self, problems: &mut Vec<Diagnostic>) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => {
                problems.extend(self.wrong_type("a mapping"));
                None
            }
        }
    }

    /// A mapping whose keys are all among `known`.
    pub fn fields<'a>(
        &'a self,
        known: &[&'static str],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Fields<'a>> {
        let before = problems.len();
        let Some(entries) = self.mapping(problems) else {
            if let Some(problem) = problems.get_mut(before) {
                problem.help = Some(format!("its keys are {}", listed(known.iter().copied())));
            }
            return None;
        };
        let mut meant = Vec::new();
        for (key, _) in entries {
            let Some(text) = key.scalar().map(|key| key.text.as_str()) else {
                continue;
            };
            if known.contains(&text) {
                continue;
            }
            let near = nearest_or_begun(text, known);
            let near = near.and_then(|near| known.iter().find(|key| **key == near));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", listed(known.iter().copied())),
            };
            meant.extend(near);
            let title = format!("unknown key {}", quoted(text));
            let problem = Diagnostic::error("unknown-key", title).at(&key.mark(), "");
            problems.push(problem.help(help));
        }
        Some(Fields { node: self, entries, meant })
    }
}

/// That a text holds a control character.
pub(crate) fn control_character(at: &Range<usize>) -> Diagnostic {
    let title = "a text holds a control character";
    Diagnostic::error("control-character", title).at(at, "").help("remove it")
}

/// A mapping whose keys are known.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    node: &'a Node,
    entries: &'a [(Node, Node)],
    /// The keys that unknown ones are near to.
    meant: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// A key and its value, if it is there.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&'a Node, &'a Node)> {
        let is_key = |node: &Node| node.scalar().is_some_and(|scalar| scalar.text == key);
        let entry = self.entries.iter().find(|(node, _)| is_key(node));
        entry.map(|(key, value)| (key, value))
    }

    /// The value of a key, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The value of a key that has to be there.
    pub fn require(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<&'a Node> {
        let value = self.get(key);
        if value.is_none() && !self.misspelt(key) {
            let title = format!("the key {} is missing", quoted(key));
            let problem = Diagnostic::error("missing-key", title).at(&self.node.mark(), "");
            problems.push(problem);
        }
        value
    }

    /// Whether an unknown key was reported that seems to mean this one: saying that it is missing
    /// would be a second problem for one mistake.
    #[must_use]
    pub fn misspelt(&self, key: &str) -> bool {
        self.meant.contains(&key)
    }
}
