//! Readers of scalars, lists and mappings, and of the two forms that no macro declares: a mapping
//! with one key, and a word of a few.

use std::collections::BTreeMap;

use super::{Bad, Number, Read, Shape, Spanned, Word};
use crate::diagnostic::{Diagnostic, quoted};
use crate::yaml::{Node, Style};

impl<T: Word> Read for T {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        // `60` is as good as `"60"` where a word is wanted: the word decides.
        let bare = node.scalar().filter(|s| s.style == Style::Plain && !node.is_nothing());
        let text = match bare {
            Some(scalar) if scalar.text.contains('\t') => {
                problems.push(crate::yaml::control_character(&node.mark()));
                return None;
            }
            Some(scalar) => scalar.text.as_str(),
            None if node.scalar().is_some_and(|s| s.style == Style::Quoted) => {
                node.text(problems)?
            }
            None => {
                problems.extend(node.wrong_type(T::WHAT));
                return None;
            }
        };
        match T::parse(text) {
            Ok(word) => Some(word),
            Err(Bad { code, title, help }) => {
                let problem = Diagnostic::error(code, title).at(&node.mark(), "");
                problems.push(if help.is_empty() { problem } else { problem.help(help) });
                None
            }
        }
    }

    fn shape() -> Shape {
        Shape::Text { what: T::WHAT, pattern: T::PATTERN, examples: T::EXAMPLES }
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn stand_in() -> Option<Self> {
        T::parse(T::EXAMPLES.first().copied().unwrap_or_default()).ok()
    }
}

impl Read for String {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.text(problems).map(str::to_owned)
    }

    fn shape() -> Shape {
        Shape::Text { what: "a text", pattern: None, examples: &[] }
    }

    fn show(&self) -> String {
        self.clone()
    }

    fn stand_in() -> Option<Self> {
        Some(Self::new())
    }
}

impl Read for bool {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.boolean(problems)
    }

    fn shape() -> Shape {
        Shape::Boolean
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn stand_in() -> Option<Self> {
        Some(false)
    }
}

impl<const MIN: i64, const MAX: i64> Read for Number<MIN, MAX> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.integer(MIN..=MAX, problems).map(Self)
    }

    fn shape() -> Shape {
        Shape::Integer { min: MIN, max: MAX }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn stand_in() -> Option<Self> {
        Some(Self(MIN))
    }
}

impl<T: Read> Read for Spanned<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        T::read(node, problems).map(|value| Self { value, span: node.mark() })
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn show(&self) -> String {
        self.value.show()
    }

    fn stand_in() -> Option<Self> {
        T::stand_in().map(|value| Self { value, span: 0..0 })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        T::read(node, problems).map(Some)
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn show(&self) -> String {
        self.as_ref().map(Read::show).unwrap_or_default()
    }

    fn stand_in() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let items = node.list(problems)?;
        Some(items.iter().filter_map(|item| T::read(item, problems)).collect())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Read::show).collect();
        format!("[{}]", items.join(", "))
    }

    fn stand_in() -> Option<Self> {
        Some(Self::new())
    }
}

impl<K: Word + Ord, T: Read> Read for BTreeMap<K, T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = node.mapping(problems)?;
        let mut all = Self::new();
        for (key, value) in entries {
            let key = K::read(key, problems);
            // Its name is known all the same, and others refer to it.
            let value = T::read(value, problems).or_else(T::stand_in);
            if let Some((key, value)) = key.zip(value) {
                all.insert(key, value);
            }
        }
        Some(all)
    }

    fn shape() -> Shape {
        Shape::Map { keys: Box::new(K::shape()), values: Box::new(T::shape()) }
    }

    fn show(&self) -> String {
        let items: Vec<String> =
            self.iter().map(|(key, value)| format!("{key}: {}", value.show())).collect();
        if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
    }

    fn stand_in() -> Option<Self> {
        Some(Self::new())
    }
}

/// Reads a mapping with exactly one key, which says what the value is.
pub(crate) fn one_key<'a>(
    node: &'a Node,
    known: &[&'static str],
    problems: &mut Vec<Diagnostic>,
) -> Option<(&'static str, &'a Node)> {
    let before = problems.len();
    let fields = node.fields(known, problems)?;
    let there: Vec<_> =
        known.iter().filter_map(|key| fields.entry(key).map(|entry| (*key, entry))).collect();
    match there.as_slice() {
        [(key, (_, value))] => Some((key, value)),
        [] => {
            if problems.len() == before {
                let names: Vec<String> = known.iter().map(|key| quoted(key)).collect();
                let title = format!("expected one of {}", names.join(", "));
                problems.push(Diagnostic::error("missing-key", title).at(&node.mark(), ""));
            }
            None
        }
        [_, (_, (second, _)), ..] => {
            let title = "an item has one key only";
            let problem = Diagnostic::error("several-keys", title).at(&second.mark(), "");
            problems.push(problem.help("write an item for each"));
            None
        }
    }
}

/// A field's key: Rust's keywords are written `r#in`.
pub(crate) fn bare(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// A mapping that isn't there.
pub(crate) fn absent() -> Node {
    Node::mapping_at(0..0)
}

/// The word of a node, if it is one of `words`.
pub(crate) fn choose(
    node: &Node,
    words: &'static [(&'static str, &'static str)],
    problems: &mut Vec<Diagnostic>,
) -> Option<&'static str> {
    let text = match node.scalar() {
        Some(scalar) if !node.is_nothing() => scalar.text.as_str(),
        _ => {
            let names: Vec<String> = words.iter().map(|(word, _)| quoted(word)).collect();
            problems.extend(node.wrong_type(&names.join(" or ")));
            return None;
        }
    };
    if let Some((word, _)) = words.iter().find(|(word, _)| *word == text) {
        return Some(word);
    }
    let title = format!("unknown word {}", quoted(text));
    let problem = Diagnostic::error("unknown-word", title).at(&node.mark(), "");
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let near = crate::diagnostic::nearest_or_begun(text, &known);
    problems.push(match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("known here: {}", crate::diagnostic::listed(known))),
    });
    None
}
