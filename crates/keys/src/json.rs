//! JSON that holds secrets: it is read strictly, and what is wrong is said without its words.
//!
//! serde's messages quote what they found, which may be a key; so only what was expected is kept of
//! them.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// What is wrong with a text that should be JSON of some shape, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFault {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
    /// What is wrong; never what stands there.
    pub what: String,
}

/// Reads a whole text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonFault> {
    serde_json::from_str(text).map_err(|error| JsonFault {
        line: error.line(),
        column: error.column(),
        what: words(&error),
    })
}

/// Reads a whole text whose faults nobody is told, with words that stay in it.
pub(crate) fn read_borrowed<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// The part of a message that is ours: the names of our fields, and what was expected.
fn words(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => return "the text ends too soon".to_owned(),
        Category::Syntax | Category::Io => return "this is not JSON".to_owned(),
        Category::Data => {}
    }
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    for ours in ["missing field `", "duplicate field `"] {
        if text.starts_with(ours) {
            return text.to_owned();
        }
    }
    let what = if text.starts_with("unknown field") { "an unknown field" } else { "a wrong value" };
    // The last one: what was found comes before it.
    match text.rsplit_once("expected ") {
        Some((_, expected)) => format!("{what}, expected {expected}"),
        None => what.to_owned(),
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Two {
        #[serde(rename = "one")]
        _one: String,
        #[serde(rename = "two")]
        _two: u8,
    }

    #[test]
    fn faults_do_not_quote_what_they_found() {
        for (text, says) in [
            (r#"{"one":"a","hunter2":1}"#, "an unknown field, expected `one` or `two`"),
            (r#"{"one":"a","two":"hunter2"}"#, "a wrong value, expected u8"),
            (r#"{"one":"a","two":"hunter2, expected hunter2 at line 3"}"#, "expected u8"),
            (r#"{"one":"hunter2","one":"hunter2"}"#, "duplicate field `one`"),
            (r#"{"one":"hunter2"}"#, "missing field `two`"),
            (r#"{"one":"hunter2"#, "the text ends too soon"),
            ("hunter2", "this is not JSON"),
            (r#"{"one":"hunter2","two":1} hunter2"#, "this is not JSON"),
        ] {
            let fault = read::<Two>(text).unwrap_err();
            let text = format!("{fault} {fault:?}");
            assert!(fault.to_string().contains(says), "{text}");
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}
