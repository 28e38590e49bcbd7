//! What an expression of a template comes to: a value, or why it is not known.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

/// Why something is not known, as a predicate: `is the parameter VpcId, which has no default`.
pub(super) type Reason = Arc<str>;

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Evaluated {
    /// Where it is written, in bytes; none if it was computed.
    pub(super) at: Option<usize>,
    pub(super) what: What,
    /// Set if it stands for a value that AWS gives on deployment (an id, the region): equal texts
    /// are equal values, but different texts may be equal, too.
    pub(super) symbol: Option<Symbol>,
    /// Under which assumption it is so.
    pub(super) assumed: Option<Reason>,
}

/// What kind of stand-in a text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Why it is not known.
    pub(super) reason: Reason,
    /// Whether nothing is known of its inner form, so that it can't be taken apart.
    pub(super) opaque: bool,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// Not there: `null`, `AWS::NoValue`.
    Nothing,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Evaluated>),
    /// Keys with their places.
    Map(Vec<(String, Option<usize>, Evaluated)>),
    Unknown(Reason),
}

impl From<What> for Evaluated {
    fn from(what: What) -> Self {
        Self { at: None, what, symbol: None, assumed: None }
    }
}

impl Evaluated {
    pub(super) fn nothing() -> Self {
        What::Nothing.into()
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        What::Text(text.into()).into()
    }

    pub(super) fn unknown(reason: impl Into<Reason>) -> Self {
        What::Unknown(reason.into()).into()
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        What::List(items).into()
    }

    /// A map of these members, without those that are not there.
    pub(super) fn map<'k>(members: impl IntoIterator<Item = (&'k str, Option<Self>)>) -> Self {
        let members = members.into_iter();
        let there = members.filter_map(|(key, value)| Some((key.to_owned(), None, value?)));
        What::Map(there.collect()).into()
    }

    /// A stand-in for what only deployment gives.
    pub(super) fn symbol(text: impl Into<String>, reason: &str, opaque: bool) -> Self {
        let symbol = Some(Symbol { reason: reason.into(), opaque });
        Self { symbol, ..Self::text(text) }
    }

    pub(super) fn at(mut self, at: usize) -> Self {
        self.at.get_or_insert(at);
        self
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.what, What::Nothing)
    }

    /// Why all of it is unknown.
    pub(super) fn reason(&self) -> Option<&Reason> {
        match &self.what {
            What::Unknown(reason) => Some(reason),
            _ => None,
        }
    }

    /// A scalar as text.
    pub(super) fn as_text(&self) -> Option<String> {
        match &self.what {
            What::Text(text) => Some(text.clone()),
            What::Number(number) => Some(number.to_string()),
            What::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// The items of a list; a scalar is a list of one, as CloudFormation takes it.
    pub(super) fn items(&self) -> &[Self] {
        match &self.what {
            What::List(items) => items,
            What::Nothing | What::Unknown(_) => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// A member of a map, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.what {
            What::Map(members) => {
                let found = members.iter().find(|(name, ..)| name == key);
                found.map(|(.., value)| value).filter(|value| !value.is_nothing())
            }
            _ => None,
        }
    }

    /// A member at the end of a path; what is unknown on the way is unknown at its end.
    pub(super) fn path(&self, keys: &[&str]) -> Option<&Self> {
        let mut here = self;
        for key in keys {
            if here.reason().is_some() {
                return Some(here);
            }
            here = here.get(key)?;
        }
        Some(here)
    }

    /// The same under what else it depends on.
    pub(super) fn depending_on(mut self, other: &Self) -> Self {
        if let Some(symbol) = &other.symbol {
            let own = self.symbol.get_or_insert_with(|| symbol.clone());
            own.opaque |= symbol.opaque;
        }
        if self.assumed.is_none() {
            self.assumed.clone_from(&other.assumed);
        }
        self
    }

    /// The value as JSON, and beside it what of it is not known, in the same shape; keys as
    /// `rename` says them.
    pub(super) fn lower(&self, rename: &dyn Fn(&str) -> String) -> (Value, Value) {
        if let Some(note) = &self.assumed {
            let plain = Self { assumed: None, ..self.clone() };
            let (value, unknown) = plain.lower(rename);
            if unknown == Value::Bool(false) {
                return (value, Value::String(note.to_string()));
            }
            return (value, unknown);
        }
        let known = |value| (value, Value::Bool(false));
        match &self.what {
            What::Nothing => known(Value::Null),
            What::Bool(flag) => known(Value::Bool(*flag)),
            What::Number(number) => known(Value::Number(number.clone())),
            What::Text(text) => known(Value::String(text.clone())),
            What::Unknown(reason) => (Value::Null, Value::String(reason.to_string())),
            What::List(items) => {
                let there = items.iter().filter(|item| !item.is_nothing());
                let (values, unknown): (Vec<_>, Vec<_>) =
                    there.map(|item| item.lower(rename)).unzip();
                let any = unknown.iter().any(|it| *it != Value::Bool(false));
                let unknown = if any { Value::Array(unknown) } else { Value::Bool(false) };
                (Value::Array(values), unknown)
            }
            What::Map(members) => {
                // Most of a large model is such maps: none takes more room than it needs.
                let there = members.iter().filter(|(.., it)| !it.is_nothing()).count();
                let (mut values, mut unknown) = (Map::with_capacity(there), Map::new());
                for (key, _, member) in members.iter().filter(|(.., it)| !it.is_nothing()) {
                    let (value, doubt) = member.lower(rename);
                    let key = rename(key);
                    if doubt != Value::Bool(false) {
                        unknown.insert(key.clone(), doubt);
                    }
                    values.insert(key, value);
                }
                let doubt =
                    if unknown.is_empty() { Value::Bool(false) } else { Value::Object(unknown) };
                (Value::Object(values), doubt)
            }
        }
    }
}
