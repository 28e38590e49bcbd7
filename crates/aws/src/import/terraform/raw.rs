//! One resource instance as a source shows it, before anything is resolved.
//!
//! Only the attributes that the model reads are kept (see [`schema`]); what is marked sensitive
//! is dropped on the way in, so that it is nowhere to be printed from.

use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::Refusal;
use super::super::detect::Name;
use super::address::Index;
use super::config::Config;
use super::graph::family;
use crate::model::{Location, SourceKind, Warning};

/// How many resource instances one source may hold.
const MOST_RESOURCES: usize = 200_000;

/// What stands in the place of `true` among the unknown for what is known but sensitive.
pub(super) const SENSITIVE: &str = "sensitive";

/// What the plan does with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Action {
    /// It exists and stays so (also everything in a state).
    Keep,
    Create,
    Update,
    /// Deleted and made again, in whatever order.
    Replace,
    /// A data source read during apply.
    Read,
}

/// One resource instance of one source.
#[derive(Debug, Clone)]
pub(in super::super) struct Raw {
    pub(in super::super) address: String,
    pub(in super::super) previous: Option<String>,
    pub(in super::super) data: bool,
    pub(in super::super) kind: String,
    pub(in super::super) name: String,
    pub(in super::super) module: String,
    pub(in super::super) index: Option<Index>,
    pub(in super::super) action: Action,
    pub(in super::super) after: Map<String, Value>,
    /// `true` wherever `after` has yet to be computed, in the same shape; [`SENSITIVE`] wherever
    /// a value was dropped; any other text is the reason why it is not known, as a predicate of the
    /// attribute: `is the parameter VpcId, which has no default`.
    pub(in super::super) unknown: Value,
    /// What it was before, for an update or a replacement.
    pub(in super::super) before: Map<String, Value>,
    /// Where it and its parts are written: the path in the resource (`ingress[0]`; empty for the
    /// whole) and the place in a file.
    pub(in super::super) locations: Vec<(String, Location)>,
    /// Attributes that `after` will hold.
    pub(in super::super) packed: Packed,
}

/// Attributes that may be by far the most of a resource, kept as JSON text until they are read: a tree
/// takes ten times as much.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Packed(Vec<(&'static str, Box<str>)>);

/// What is packed: lists that are read once, by one reader.
const LARGE: [&str; 3] = ["ingress", "egress", "container_definitions"];

impl Packed {
    /// Takes the large attributes of a resource.
    pub(in super::super) fn take(after: &mut Map<String, Value>) -> Self {
        let pack = |name: &'static str| {
            let list = after.get(name)?.as_array().filter(|list| !list.is_empty())?;
            let text = serde_json::to_string(list).ok()?;
            after.swap_remove(name);
            Some((name, text.into_boxed_str()))
        };
        Self(LARGE.into_iter().filter_map(pack).collect())
    }

    /// Gives them back.
    pub(super) fn give(&mut self, after: &mut Map<String, Value>) {
        for (name, text) in std::mem::take(&mut self.0) {
            // It was printed from what had been read, and so lies no deeper than may be read.
            if let Ok(value) = serde_json::from_str(&text) {
                after.insert(name.to_owned(), value);
            }
        }
    }
}

/// One source, read but not resolved.
#[derive(Debug)]
pub(in super::super) struct Parsed {
    pub(in super::super) name: String,
    pub(in super::super) kind: SourceKind,
    pub(in super::super) resources: Vec<Raw>,
    pub(super) config: Option<Config>,
    /// Addresses that the plan deletes, and the things that it deletes or replaces as [`thing`]
    /// names them.
    pub(in super::super) gone: Vec<String>,
    pub(in super::super) managed: usize,
    pub(in super::super) warnings: Vec<Warning>,
}

/// `TYPE ID`, which no address is.
pub(super) fn thing(kind: &str, id: &str) -> String {
    format!("{} {id}", family(kind))
}

impl Parsed {
    /// A source without a configuration, which holds nothing yet.
    pub(in super::super) fn empty(name: &str, kind: SourceKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            resources: Vec::new(),
            config: None,
            gone: Vec::new(),
            managed: 0,
            warnings: Vec::new(),
        }
    }
}

/// Counts what a source holds, to refuse what is no AWS source at all.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) managed: usize,
    any: usize,
    aws: bool,
    providers: HashSet<String>,
}

impl Census {
    /// Counts one resource instance.
    pub(super) fn add(&mut self, kind: &str, data: bool, provider: &str) -> Result<(), Refusal> {
        self.any += 1;
        if self.any > MOST_RESOURCES {
            return Err(Refusal::new(
                "too-many-resources",
                format!("it holds more than {MOST_RESOURCES} resources"),
            )
            .help("give the plans of its parts one by one"));
        }
        self.managed += usize::from(!data);
        self.aws |= kind.starts_with("aws_");
        if self.providers.len() < 20 && !provider.contains("terraform.io/builtin/") {
            let short = provider.rsplit('/').next().unwrap_or(provider);
            let short = short.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            self.providers.insert(short.to_owned());
        }
        Ok(())
    }

    /// Whether there is something to read at all; `what` is "plan" or "state".
    pub(super) fn check(&self, what: &str) -> Result<(), Refusal> {
        if self.any == 0 {
            return Err(Refusal::new("no-resources", format!("the {what} holds no resources"))
                .help("is it the right folder, or the right workspace?"));
        }
        if self.aws {
            return Ok(());
        }
        let mut names: Vec<&str> = self.providers.iter().map(String::as_str).collect();
        names.sort_unstable();
        let names = if names.is_empty() { "no provider".to_owned() } else { names.join(", ") };
        Err(Refusal::new(
            "no-aws-resources",
            format!("the {what} holds no AWS resources; its providers are {names}"),
        )
        .help("farmgate reads AWS networks only"))
    }
}

/// The members of an object whose names are wanted; everything else is skipped unparsed.
pub(super) fn pick(raw: Option<&RawValue>, wanted: &[&str]) -> Result<Value, serde_json::Error> {
    let Some(raw) = raw else {
        return Ok(Value::Null);
    };
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    Picked(wanted).deserialize(&mut reader)
}

struct Picked<'s>(&'s [&'s str]);

impl<'de> DeserializeSeed<'de> for Picked<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Picked<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(Name(name)) = members.next_key::<Name<'de>>()? {
            if self.0.contains(&name.as_ref()) {
                kept.insert(name.into_owned(), members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }
}

/// The object that a picked value is, or none.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Drops from `value` what `mark` calls sensitive, and returns `unknown` with a note of it.
/// Booleans and the shape of lists and objects stay: they hold no secret that is worth anything.
pub(super) fn hide(value: &mut Value, unknown: Value, mark: &Value) -> Value {
    if !holds_mark(mark) || unknown == Value::Bool(true) {
        return unknown;
    }
    match value {
        Value::String(_) | Value::Number(_) => {
            *value = Value::Null;
            Value::String(SENSITIVE.to_owned())
        }
        Value::Object(members) => {
            let mut below = object(unknown);
            for (name, member) in members {
                let inner = match mark {
                    Value::Object(marks) => marks.get(name),
                    whole => Some(whole),
                };
                let Some(inner) = inner else { continue };
                let before = below.get_mut(name).map_or(Value::Bool(false), Value::take);
                below.insert(name.clone(), hide(member, before, inner));
            }
            Value::Object(below)
        }
        Value::Array(items) => {
            let mut below = match unknown {
                Value::Array(below) => below,
                _ => Vec::new(),
            };
            below.resize(items.len().max(below.len()), Value::Bool(false));
            for (at, (item, slot)) in items.iter_mut().zip(&mut below).enumerate() {
                let inner = match mark {
                    Value::Array(marks) => marks.get(at),
                    whole => Some(whole),
                };
                let Some(inner) = inner else { continue };
                let before = slot.take();
                *slot = hide(item, before, inner);
            }
            Value::Array(below)
        }
        Value::Null | Value::Bool(_) => unknown,
    }
}

fn holds_mark(mark: &Value) -> bool {
    match mark {
        Value::Bool(marked) => *marked,
        Value::Object(members) => members.values().any(holds_mark),
        Value::Array(items) => items.iter().any(holds_mark),
        _ => false,
    }
}
