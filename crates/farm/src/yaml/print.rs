//! A tree as YAML again: block style, texts in quotes only where they need them, no comments.

use std::fmt::Write as _;

use super::read::Kind;
use super::{Node, Scalar, Style, Value};

/// The characters of a text without quotes, besides letters and digits; a colon or a space among
/// them has its own rules.
const BARE: &str = " _./:@+=,*-";

impl Node {
    /// As YAML. What was refused is left out.
    #[must_use]
    pub(crate) fn to_yaml(&self) -> String {
        let mut out = String::new();
        match &self.value {
            Value::Mapping(entries) if !entries.is_empty() => mapping(entries, 0, &mut out),
            Value::Sequence(items) if !items.is_empty() => sequence(items, 0, &mut out),
            _ => {
                inline(self, &mut out);
                out.push('\n');
            }
        }
        out
    }
}

/// Entries, of which the first begins where the line is.
fn mapping(entries: &[(Node, Node)], depth: usize, out: &mut String) {
    for (at, (key, value)) in entries.iter().enumerate() {
        if at > 0 {
            indent(depth, out);
        }
        inline(key, out);
        out.push(':');
        match &value.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                out.push('\n');
                indent(depth + 1, out);
                mapping(entries, depth + 1, out);
            }
            Value::Sequence(items) if !items.is_empty() => {
                out.push('\n');
                indent(depth + 1, out);
                sequence(items, depth + 1, out);
            }
            _ => {
                out.push(' ');
                inline(value, out);
                out.push('\n');
            }
        }
    }
}

/// Items, of which the first begins where the line is.
fn sequence(items: &[Node], depth: usize, out: &mut String) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            indent(depth, out);
        }
        out.push_str("- ");
        match &item.value {
            Value::Mapping(entries) if !entries.is_empty() => mapping(entries, depth + 1, out),
            Value::Sequence(items) if !items.is_empty() => sequence(items, depth + 1, out),
            _ => {
                inline(item, out);
                out.push('\n');
            }
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// What fits on a line.
fn inline(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => self::scalar(scalar, out),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
        Value::Refused => out.push_str("null"),
    }
}

fn scalar(scalar: &Scalar, out: &mut String) {
    let Scalar { text, style } = scalar;
    match scalar.kind() {
        Kind::Nothing => out.push_str("null"),
        Kind::Boolean | Kind::Number if *style == Style::Plain => out.push_str(text),
        _ if is_bare(text) => out.push_str(text),
        _ => quote(text, out),
    }
}

/// Whether a text is read as the same text without quotes.
fn is_bare(text: &str) -> bool {
    let plain = Scalar { text: text.to_owned(), style: Style::Plain };
    let begins = |c: char| c.is_ascii_alphanumeric() || "_/.".contains(c);
    plain.kind() == Kind::Text
        && text.starts_with(begins)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || BARE.contains(c))
        && !text.ends_with([':', ' '])
        && !text.contains(": ")
        && !text.starts_with("...")
}

fn quote(text: &str, out: &mut String) {
    // A text with double quotes in it, as JSON, reads better in single ones.
    if text.contains('"') && !text.contains('\'') && text.chars().all(|c| matches!(c, ' '..='~')) {
        let _ = write!(out, "'{text}'");
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            // Writing to a string doesn't fail.
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
}
