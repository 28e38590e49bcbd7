//! JSON as editors and clients write it: comments and trailing commas are taken, duplicate keys are
//! not.
//!
//! Comments and trailing commas are overwritten with blanks, so that the line and column of what is
//! wrong stay those of the file. What is wrong is told without the line itself: such files hold
//! tokens.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Refusal;
use crate::diagnostic::quoted;

/// Reads a file.
pub(super) fn read(source: &str) -> Result<Value, Refusal> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let plain = plain(source)?;
    match serde_json::from_str::<Strict>(&plain) {
        Ok(Strict(value)) => Ok(value),
        Err(error) => {
            let message = error.to_string();
            // The place is told apart from the words.
            let words = message.split(" at line ").next().unwrap_or_default();
            let at = (error.line().max(1), column(source, error.line(), error.column()));
            Err(Refusal {
                code: "bad-json",
                at: Some(at),
                message: format!("this is not JSON: {words}"),
                help: None,
            })
        }
    }
}

/// A column in characters, from one in bytes. Both count from 1.
fn column(source: &str, line: usize, bytes: usize) -> usize {
    let text = source.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = bytes.saturating_sub(1).min(text.len());
    let characters = text.char_indices().take_while(|(at, _)| *at < before).count();
    characters + 1
}

/// The source with blanks for comments and trailing commas.
fn plain(source: &str) -> Result<String, Refusal> {
    let mut text = String::with_capacity(source.len());
    // Where in `text` a comma stands after which nothing but blanks came.
    let mut comma = None;
    let mut rest = source.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match c {
            '"' => {
                comma = None;
                text.push('"');
                copy_string(&mut rest, &mut text);
            }
            '/' if next == Some('/') => {
                text.push(' ');
                while let Some((_, c)) = rest.next_if(|(_, c)| *c != '\n') {
                    blank(&mut text, c);
                }
            }
            '/' if next == Some('*') => {
                text.push(' ');
                if !skip_comment(&mut rest, &mut text) {
                    return Err(unclosed(source, at));
                }
            }
            ',' => {
                comma = Some(text.len());
                text.push(',');
            }
            '}' | ']' => {
                if let Some(comma) = comma.take() {
                    text.replace_range(comma..=comma, " ");
                }
                text.push(c);
            }
            c => {
                if !c.is_whitespace() {
                    comma = None;
                }
                text.push(c);
            }
        }
    }
    Ok(text)
}

/// Copies what is left of a string, its end with it.
fn copy_string(rest: &mut impl Iterator<Item = (usize, char)>, text: &mut String) {
    let mut escaped = false;
    for (_, c) in rest {
        text.push(c);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return,
            _ => {}
        }
    }
}

/// Blanks what is left of a comment, from its star on; says whether it ends.
fn skip_comment(rest: &mut impl Iterator<Item = (usize, char)>, text: &mut String) -> bool {
    let mut starred = false;
    for (place, (_, c)) in rest.enumerate() {
        blank(text, c);
        if starred && c == '/' {
            return true;
        }
        // The star that opens the comment doesn't close it.
        starred = c == '*' && place > 0;
    }
    false
}

/// As many blanks as the character has bytes; line breaks stay.
fn blank(text: &mut String, c: char) {
    if c == '\n' {
        text.push('\n');
    } else {
        (0..c.len_utf8()).for_each(|_| text.push(' '));
    }
}

fn unclosed(source: &str, at: usize) -> Refusal {
    let before = source.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Refusal {
        code: "bad-json",
        at: Some((line, column)),
        message: "this comment is never closed".to_owned(),
        help: Some("end it with `*/`".to_owned()),
    }
}

/// A value in which every key is there once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Self)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if all.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {} is there twice", quoted(&key))));
            }
            let Strict(value) = entries.next_value()?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}
