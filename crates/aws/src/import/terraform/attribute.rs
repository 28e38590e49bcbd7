//! One attribute of a resource: what is known of it, and what its expression suggests.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde_json::Value;

use super::graph::{Graph, Resource};
use super::notes::Subject;
use super::raw::SENSITIVE;
use super::references::{Found, Missing, follow};
use super::wanted::Wanted;
use crate::model::{Key, Note, SetVal, Val};

/// How much of a value is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    /// Some of its parts.
    Parts,
    /// All of it.
    Whole,
    /// It is known to Terraform and marked sensitive.
    Hidden,
    /// A source takes it to be what stands there, and says why that may be wrong.
    Assumed,
}

impl Doubt {
    pub(super) fn of(unknown: Option<&Value>) -> Self {
        match unknown {
            Some(Value::Bool(true)) => Self::Whole,
            Some(Value::String(text)) if text == SENSITIVE => Self::Hidden,
            Some(Value::String(_)) => Self::Whole,
            Some(Value::Array(items))
                if items.iter().any(|item| Self::of(Some(item)) != Self::None) =>
            {
                Self::Parts
            }
            Some(Value::Object(members)) => {
                let any = members.values().any(|item| Self::of(Some(item)) != Self::None);
                if any { Self::Parts } else { Self::None }
            }
            _ => Self::None,
        }
    }
}

/// Whether a value stands beside every reason for doubt, and there is one: then it is assumed.
pub(super) fn is_assumed(value: &Value, unknown: &Value) -> bool {
    fn each(value: &Value, unknown: &Value, any: &mut bool) -> bool {
        match unknown {
            Value::String(reason) => {
                *any = true;
                reason != SENSITIVE && !value.is_null()
            }
            Value::Bool(doubt) => !doubt,
            Value::Array(doubts) => {
                let mut pairs = doubts.iter().enumerate();
                pairs.all(|(at, doubt)| each(value.get(at).unwrap_or(&Value::Null), doubt, any))
            }
            Value::Object(doubts) => {
                let mut pairs = doubts.iter();
                pairs.all(|(name, doubt)| each(value.get(name).unwrap_or(&Value::Null), doubt, any))
            }
            _ => true,
        }
    }
    let mut any = false;
    each(value, unknown, &mut any) && any
}

/// The first reason that is given for something that is not known.
fn reason(unknown: Option<&Value>) -> Option<&str> {
    match unknown? {
        Value::String(text) => (text != SENSITIVE).then_some(text),
        Value::Array(items) => items.iter().find_map(|item| reason(Some(item))),
        Value::Object(members) => members.values().find_map(|item| reason(Some(item))),
        _ => None,
    }
}

/// One attribute.
pub(super) struct Attribute<'g> {
    pub(super) graph: &'g Graph,
    pub(super) resource: &'g Resource,
    /// Its place in the resource: `ingress[0]`, or nothing.
    pub(super) path: String,
    pub(super) name: &'static str,
    /// What is known; never `null`.
    pub(super) value: Option<&'g Value>,
    pub(super) unknown: Option<&'g Value>,
    pub(super) doubt: Doubt,
    pub(super) expressions: Vec<&'g Value>,
    /// Whether the configuration is at hand and writes no such attribute.
    pub(super) unwritten: bool,
    /// Whether its expression stands for several blocks at once.
    pub(super) shared: bool,
}

impl Attribute<'_> {
    fn subject(&self) -> Subject<'_> {
        let reason = reason(self.unknown);
        Subject { path: &self.path, name: self.name, key: &self.resource.key, reason }
    }

    fn found(&self, wanted: &Wanted) -> Found {
        let mut found = follow(self.graph, self.resource, &self.expressions, wanted);
        found.loose |= self.shared && found.keys.len() > 1;
        found
    }

    /// That it is not known yet.
    pub(super) fn pending(&self) -> Note {
        if self.doubt == Doubt::Hidden {
            self.subject().sensitive()
        } else {
            self.subject().pending(&BTreeSet::new())
        }
    }

    /// That it is not what it should be.
    pub(super) fn odd(&self, what: &str) -> Note {
        self.subject().odd(what)
    }

    /// Whether it is known that there is no such value.
    pub(super) fn is_absent(&self) -> bool {
        self.doubt == Doubt::None && self.value.is_none_or(|value| *value == "")
    }

    /// Whether nobody gave a value: known to be absent, or left to AWS by not being written.
    pub(super) fn is_left_out(&self) -> bool {
        self.is_absent() || (self.doubt == Doubt::Whole && self.unwritten)
    }

    fn read<T>(&self, parse: impl FnOnce(&Value) -> Option<T>) -> Val<Option<T>> {
        match (self.doubt, self.value) {
            (Doubt::Whole | Doubt::Hidden, _) => Val::Unknown(self.pending()),
            (Doubt::Assumed, Some(value)) => match parse(value) {
                Some(value) => Val::Assumed(Some(value), self.pending()),
                None => Val::Unknown(self.odd("is of another type than the provider documents")),
            },
            (_, Some(value)) => match parse(value) {
                Some(value) => Val::Known(Some(value)),
                None if *value == "" => Val::Known(None),
                None => Val::Unknown(self.odd("is of another type than the provider documents")),
            },
            (_, None) => Val::Known(None),
        }
    }

    /// A text; numbers and booleans count as text.
    pub(super) fn text(&self) -> Val<Option<String>> {
        self.read(|value| match value {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        })
    }

    /// A text, if it is known.
    pub(super) fn known_text(&self) -> Option<String> {
        self.text().known().cloned().flatten()
    }

    /// A text that has a default: what stands if nobody writes another.
    pub(super) fn text_or(&self, default: &str) -> Val<String> {
        if self.is_left_out() {
            return Val::Known(default.to_owned());
        }
        self.text().map(|text| text.unwrap_or_else(|| default.to_owned()))
    }

    /// A boolean that has a default.
    pub(super) fn flag(&self, default: bool) -> Val<bool> {
        if self.is_left_out() {
            return Val::Known(default);
        }
        let read = self.read(|value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        read.map(|flag| flag.unwrap_or(default))
    }

    /// A whole number of any size that fits.
    pub(super) fn number<T: TryFrom<i64>>(&self) -> Val<Option<T>> {
        self.read(|value| {
            let number = match value {
                Value::Number(number) => number.as_i64()?,
                Value::String(text) => text.parse().ok()?,
                _ => return None,
            };
            T::try_from(number).ok()
        })
    }

    /// A number, if it is known.
    pub(super) fn known_number<T: TryFrom<i64> + Clone>(&self) -> Option<T> {
        self.number().known().cloned().flatten()
    }

    /// The one thing that it names.
    pub(super) fn key(&self, wanted: &Wanted) -> Val<Option<Key>> {
        match (self.doubt, self.value) {
            (Doubt::None, None) => Val::Known(None),
            (Doubt::None, Some(Value::String(text))) => {
                Val::Known((!text.is_empty()).then(|| self.graph.resolve(wanted, text)))
            }
            (Doubt::Assumed, Some(Value::String(text))) => {
                Val::Assumed(Some(self.graph.resolve(wanted, text)), self.pending())
            }
            (Doubt::None, Some(_)) => Val::Unknown(self.odd("is no text")),
            _ => self.suggested(wanted).map(Some),
        }
    }

    /// The only such thing in a module, where the expression names but local values of that module:
    /// what they are leaves no trace in a plan.
    fn lone(&self, wanted: &Wanted, found: &Found) -> Option<Val<Key>> {
        let (module, locals) = found.only_locals()?;
        let only = self.graph.lone(module, wanted)?;
        let own = module == self.resource.module;
        let note = self.subject().is_the_only(&only.key, &only.kind, own, &locals);
        Some(Val::Assumed(only.key.clone(), note))
    }

    /// The one thing that its expression suggests.
    pub(super) fn suggested(&self, wanted: &Wanted) -> Val<Key> {
        let found = self.found(wanted);
        let subject = self.subject();
        if let (true, Some(lone)) = (self.doubt == Doubt::Whole, self.lone(wanted, &found)) {
            return lone;
        }
        match found.keys.as_slice() {
            [] if self.doubt == Doubt::Hidden => Val::Unknown(subject.sensitive()),
            [] => Val::Unknown(subject.pending(&found.missing)),
            [only] => Val::Assumed(only.clone(), subject.is(&found.keys, false, &found.missing)),
            many => Val::OneOf(many.to_vec(), subject.is_one_of(many, &found.missing)),
        }
    }

    /// The one thing that it must name.
    pub(super) fn needed(&self, wanted: &Wanted) -> Val<Key> {
        match self.key(wanted) {
            Val::Known(Some(key)) => Val::Known(key),
            Val::Known(None) | Val::Assumed(None, _) => Val::Unknown(self.odd("is not given")),
            Val::Assumed(Some(key), note) => Val::Assumed(key, note),
            Val::OneOf(keys, note) => Val::OneOf(keys.into_iter().flatten().collect(), note),
            Val::Unknown(note) => Val::Unknown(note),
        }
    }

    /// The things that it names.
    pub(super) fn keys(&self, wanted: &Wanted) -> SetVal<Key> {
        let resolve = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Some(self.graph.resolve(wanted, text)),
            _ => None,
        };
        let known: BTreeSet<Key> = match (self.doubt, self.value) {
            (Doubt::Whole | Doubt::Hidden, _) | (_, None) => BTreeSet::new(),
            (_, Some(Value::Array(items))) => items.iter().filter_map(resolve).collect(),
            (_, Some(value)) => resolve(value).into_iter().collect(),
        };
        if self.doubt == Doubt::None {
            return SetVal::known(known);
        }
        if self.doubt == Doubt::Assumed {
            return SetVal::assumed(known, self.pending());
        }
        let places = match self.unknown {
            Some(Value::Array(items)) => {
                Some(items.iter().filter(|item| Doubt::of(Some(item)) != Doubt::None).count())
            }
            _ => None,
        };
        self.joined(known, places, &self.found(wanted))
    }

    /// What the same attribute of several blocks names, taken together: which block names which
    /// often does not show, but all of them name all of it.
    pub(super) fn keys_of_all(attributes: &[Self], wanted: &Wanted) -> SetVal<Key> {
        let Some(first) = attributes.first() else {
            return SetVal::default();
        };
        let mut known = BTreeSet::new();
        let mut expressions: Vec<&Value> = Vec::new();
        let mut places = 0_usize;
        let mut traceless = false;
        let mut assumed = None;
        for attribute in attributes {
            match (attribute.doubt, attribute.value) {
                (Doubt::None, Some(Value::String(text))) if !text.is_empty() => {
                    known.insert(first.graph.resolve(wanted, text));
                }
                (Doubt::None, _) => {}
                (Doubt::Assumed, Some(Value::String(text))) => {
                    known.insert(first.graph.resolve(wanted, text));
                    assumed.get_or_insert_with(|| attribute.pending());
                }
                _ => {
                    places += 1;
                    traceless |= attribute.expressions.is_empty();
                    for expression in &attribute.expressions {
                        if !expressions.iter().any(|other| std::ptr::eq(*other, *expression)) {
                            expressions.push(expression);
                        }
                    }
                }
            }
        }
        if places == 0 {
            return SetVal { assumed, ..SetVal::known(known) };
        }
        let mut found = follow(first.graph, first.resource, &expressions, wanted);
        if traceless {
            found.missing.insert(Missing::Other(
                "something that leaves no trace (a dynamic block)".to_owned(),
            ));
        }
        first.joined(known, Some(places), &found)
    }

    /// `known` members, and `places` further ones (any number, if `None`) out of what was found.
    fn joined(&self, known: BTreeSet<Key>, places: Option<usize>, found: &Found) -> SetVal<Key> {
        let subject = self.subject();
        let new: Vec<Key> =
            found.keys.iter().filter(|key| !known.contains(*key)).cloned().collect();
        if self.doubt == Doubt::Hidden && found.keys.is_empty() {
            return SetVal { sure: known, ..SetVal::unknown(subject.sensitive()) };
        }
        if found.keys.is_empty() || (new.is_empty() && places.is_some()) {
            return SetVal { sure: known, ..SetVal::unknown(subject.pending(&found.missing)) };
        }
        let crowded = places.is_some_and(|places| new.len() > places);
        if found.loose || crowded {
            let note = if found.missing.is_empty() {
                subject.is_some_of(&new)
            } else {
                subject.may_hold_more(&found.missing)
            };
            return SetVal {
                sure: known,
                maybe: new.into_iter().collect(),
                open: !found.missing.is_empty(),
                unknown: Some(note),
                assumed: None,
            };
        }
        let short = places.is_some_and(|places| new.len() < places);
        let open = short || !found.missing.is_empty();
        let unknown = open.then(|| subject.may_hold_more(&found.missing));
        let all: BTreeSet<Key> = known.into_iter().chain(new).collect();
        let named: Vec<Key> = all.iter().cloned().collect();
        let assumed = Some(subject.is(&named, true, &BTreeSet::new()));
        SetVal { sure: all, maybe: BTreeSet::new(), open, unknown, assumed }
    }

    /// The CIDR blocks that it lists.
    pub(super) fn networks(&self) -> SetVal<IpNet> {
        let mut set = SetVal::default();
        let items: &[Value] = match self.value {
            Some(Value::Array(items)) => items,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        for item in items {
            match item {
                Value::String(text) if text.is_empty() => {}
                Value::String(text) => match network(text) {
                    Some(net) => {
                        set.sure.insert(net);
                    }
                    None => {
                        set.open = true;
                        set.unknown = Some(self.odd("holds what is no CIDR block"));
                    }
                },
                _ => {}
            }
        }
        if self.doubt == Doubt::Assumed {
            set.assumed = Some(self.pending());
        } else if self.doubt != Doubt::None {
            set.open = true;
            set.unknown = Some(self.pending());
        }
        set
    }
}

/// A CIDR block, with its host bits cleared as AWS does; a bare address is a block of one.
pub(super) fn network(text: &str) -> Option<IpNet> {
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(net.trunc());
    }
    text.parse::<std::net::IpAddr>().ok().map(IpNet::from)
}
