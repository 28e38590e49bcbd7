//! A part of a document, and beside it what of it isn't known.

use serde_json::{Map, Value};

/// A value with the mask of what is unknown in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    value: &'a Value,
    unknown: &'a Value,
}

impl<'a> Part<'a> {
    pub(super) fn new(value: &'a Value, unknown: &'a Value) -> Self {
        Self { value, unknown }
    }

    pub(super) fn value(self) -> &'a Value {
        self.value
    }

    /// A member that is there.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let unknown = self.unknown.get(key).unwrap_or(&Value::Null);
        let value = self.value.get(key).unwrap_or(&Value::Null);
        let found = Self { value, unknown };
        (!value.is_null() || found.is_doubtful()).then_some(found)
    }

    /// The items of a list.
    pub(super) fn items(self) -> Option<impl Iterator<Item = Self>> {
        let items = self.value.as_array()?.iter().enumerate();
        Some(items.map(move |(at, value)| {
            let unknown = self.unknown.get(at).unwrap_or(&Value::Null);
            Self { value, unknown }
        }))
    }

    pub(super) fn members(self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    pub(super) fn text(self) -> Option<&'a str> {
        self.value.as_str().filter(|_| !self.is_doubtful())
    }

    /// Why all of it is unknown: `true`, or a reason.
    pub(super) fn doubt(self) -> Option<&'a Value> {
        self.is_doubtful().then_some(self.unknown)
    }

    pub(super) fn is_doubtful(self) -> bool {
        matches!(self.unknown, Value::Bool(true) | Value::String(_))
    }
}
