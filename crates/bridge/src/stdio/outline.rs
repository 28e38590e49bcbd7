//! Answers that aren't strictly messages: whose they are is found out nevertheless, since somebody
//! waits for them.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An answer, as far as its outermost level.
#[derive(Deserialize)]
struct LooseAnswer<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

/// The id of an answer that isn't strictly a message: a key comes twice somewhere, or it lies deeper
/// than usual. What a server answers is its client's to read; here only whose it is matters.
pub(super) fn answer_id(line: &[u8]) -> Option<&str> {
    let answer: LooseAnswer<'_> = serde_json::from_slice(line).ok()?;
    (answer.result.is_some() != answer.error.is_some()).then(|| answer.id.get())
}

/// What the start of a line that was cut off says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It answers this request.
    Answer(String),
    /// It answers nothing.
    Other,
    /// It may answer any request.
    Unknown,
}

/// Looks at the start of a line.
pub(super) fn cut(start: &[u8]) -> Cut {
    let seen = Seen::default();
    // It has no end, so this fails; what matters was seen before.
    let _no_end = (&seen).deserialize(&mut serde_json::Deserializer::from_slice(start));
    match (seen.method.get(), seen.id.take()) {
        (true, _) => Cut::Other,
        (false, Some(id)) => Cut::Answer(id),
        (false, None) => Cut::Unknown,
    }
}

#[derive(Default)]
struct Seen {
    id: RefCell<Option<String>>,
    method: Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for &Seen {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Seen {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => {
                    let id: &RawValue = map.next_value()?;
                    *self.id.borrow_mut() = Some(id.get().to_owned());
                }
                "method" => {
                    self.method.set(true);
                    map.next_value::<IgnoredAny>()?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_line_may_say_whose_it_is() {
        for (start, expected) in [
            (r#"{"jsonrpc":"2.0","id":"a","result":{"x":"yyy"#, Cut::Answer("\"a\"".to_owned())),
            (r#"{"id":7,"error":{"id":8,"x":["#, Cut::Answer("7".to_owned())),
            (r#"{"result":{"id":8,"x":"yyy"#, Cut::Unknown),
            (r#"{"jsonrpc":"2.0","method":"x","params":{"id":8"#, Cut::Other),
            (r#"{"id":7,"method":"x","params":["#, Cut::Other),
            ("xxxx", Cut::Unknown),
            ("", Cut::Unknown),
        ] {
            assert_eq!(cut(start.as_bytes()), expected, "{start}");
        }
    }

    #[test]
    fn an_answer_is_told_from_everything_else() {
        for (line, expected) in [
            (r#"{"id": 7 ,"result":{"a":1,"a":2}}"#, Some("7")),
            (r#"{"error":null,"id":"x","result":1}"#, Some("\"x\"")),
            (r#"{"id":7}"#, None),
            (r#"{"id":7,"result":1,"error":{}}"#, None),
            (r#"{"id":7,"id":8,"result":1}"#, None),
            ("[]", None),
        ] {
            assert_eq!(answer_id(line.as_bytes()), expected, "{line}");
        }
    }
}
