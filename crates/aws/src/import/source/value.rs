//! What an expression comes to: a value, a name of something that exists only after apply, or the
//! reason why it can't be told from the source.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::number::Number;
use crate::import::terraform::NAME_MARKS;

/// Why something isn't known, as a predicate: "names `var.image`, which has no value".
pub(super) type Why = Rc<str>;

/// An attribute of a resource instance that exists only after apply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The whole address: `module.vpc.aws_subnet.private[0]`.
    pub(super) address: String,
    /// The type of the resource.
    pub(super) kind: String,
    /// The attribute: `id`.
    pub(super) attribute: String,
}

impl Reference {
    /// `${aws_lb.a.arn}`: how it is written where a text is expected.
    pub(super) fn text(&self) -> String {
        format!("${{{}.{}}}", self.address, self.attribute)
    }

    /// How it is written within a longer text: where it begins and ends can be told from all else,
    /// since no text holds these characters (they are no characters to Unicode).
    pub(super) fn marked(&self) -> String {
        let [open, close] = NAME_MARKS;
        format!("{open}{}.{}{close}", self.address, self.attribute)
    }

    /// Whether it is a text by which the resource is found again.
    pub(super) fn is_text(&self) -> bool {
        crate::import::terraform::NAMES.contains(&self.attribute.as_str())
    }

    /// Whether it is something that AWS gives to each resource anew: never empty, and never the same
    /// for two resources of one type.
    pub(super) fn is_identity(&self) -> bool {
        matches!(self.attribute.as_str(), "id" | "arn")
    }
}

/// A resource instance or a module instance as a whole, whose attributes are read when asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// By its index among the instances of the plan.
    Instance(usize),
    /// By its scope.
    Module(usize),
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(Rc<str>),
    /// A list or a tuple.
    List(Rc<Vec<Value>>),
    /// A set: in order, each member once. Its members are known, or all different for certain.
    Set(Rc<Vec<Value>>),
    /// An object or a map.
    Object(Rc<BTreeMap<String, Value>>),
    /// Known only after apply, and then exactly this.
    Reference(Rc<Reference>),
    /// A text with marked names in it of what exists only after apply: see [`Reference::marked`].
    Made(Rc<str>),
    /// The JSON text of a value of which not everything is known.
    Encoded(Rc<Value>),
    Thing(Thing),
    /// Terraform would know it; it isn't evaluated here, or not known before apply.
    Unknown(Why),
    /// Terraform refuses it: what `try` and `can` look for.
    Failed(Why),
}

impl Value {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    pub(super) fn list(items: Vec<Value>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(super) fn object(members: BTreeMap<String, Value>) -> Self {
        Self::Object(Rc::new(members))
    }

    pub(super) fn unknown(why: impl AsRef<str>) -> Self {
        Self::Unknown(Rc::from(why.as_ref()))
    }

    pub(super) fn failed(why: impl AsRef<str>) -> Self {
        Self::Failed(Rc::from(why.as_ref()))
    }

    pub(super) fn whole(number: i128) -> Self {
        Self::Number(Number::whole(number))
    }

    /// Why nothing can be made of it: it is unknown, or refused.
    pub(super) fn hole(&self) -> Option<Value> {
        match self {
            Self::Unknown(_) | Self::Failed(_) => Some(self.clone()),
            _ => None,
        }
    }

    /// The members of a list or set.
    pub(super) fn items(&self) -> Option<&Rc<Vec<Value>>> {
        match self {
            Self::List(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// As a number, as HCL converts.
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => Number::parse(text),
            _ => None,
        }
    }

    /// As a boolean, as HCL converts.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Text(text) => match text.as_ref() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// As a text, as HCL converts: numbers and booleans are written out.
    pub(super) fn as_text(&self) -> Option<Rc<str>> {
        match self {
            Self::Text(text) => Some(Rc::clone(text)),
            Self::Bool(flag) => Some(Rc::from(if *flag { "true" } else { "false" })),
            Self::Number(number) => number.text().map(Rc::from),
            _ => None,
        }
    }

    /// As a part of a longer text: as [`Self::as_text`], and names of what exists only after apply are
    /// marked.
    pub(super) fn as_part(&self) -> Option<Rc<str>> {
        match self {
            Self::Made(text) => Some(Rc::clone(text)),
            Self::Reference(of) if of.is_text() => Some(Rc::from(of.marked())),
            other => other.as_text(),
        }
    }

    /// A text that was made of parts, if there are names in it or not.
    pub(super) fn of_parts(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let [open, _] = NAME_MARKS;
        if text.contains(open) { Self::Made(Rc::from(text)) } else { Self::text(text) }
    }

    /// Whether this is one of two kinds for certain: `Some(true)`, equal; `Some(false)`, different.
    ///
    /// As in HCL, values of different types are different.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            // A text of parts is a text, whatever the parts are.
            (Self::Made(_) | Self::Encoded(_), Self::Null)
            | (Self::Null, Self::Made(_) | Self::Encoded(_)) => Some(false),
            (Self::Made(made), Self::Text(text)) | (Self::Text(text), Self::Made(made))
                if text.is_empty() && !made.starts_with(NAME_MARKS) =>
            {
                Some(false)
            }
            (Self::Unknown(_) | Self::Failed(_) | Self::Encoded(_) | Self::Made(_), _)
            | (_, Self::Unknown(_) | Self::Failed(_) | Self::Encoded(_) | Self::Made(_)) => None,
            (Self::Reference(one), Self::Reference(two)) => {
                if one == two {
                    return Some(true);
                }
                let apart = one.kind == two.kind && one.attribute == two.attribute;
                (apart && one.is_identity()).then_some(false)
            }
            (Self::Reference(of), Self::Null) | (Self::Null, Self::Reference(of)) => {
                of.is_identity().then_some(false)
            }
            (Self::Reference(of), Self::Text(text)) | (Self::Text(text), Self::Reference(of)) => {
                (of.is_identity() && text.is_empty()).then_some(false)
            }
            (Self::Reference(_), _) | (_, Self::Reference(_)) => None,
            (Self::Null, Self::Null) => Some(true),
            (Self::Bool(one), Self::Bool(two)) => Some(one == two),
            (Self::Number(one), Self::Number(two)) => Some(one == two),
            (Self::Text(one), Self::Text(two)) => Some(one == two),
            (Self::Thing(one), Self::Thing(two)) => (one == two).then_some(true),
            (Self::Thing(_), Self::Null) | (Self::Null, Self::Thing(_)) => Some(false),
            (Self::Thing(_), _) | (_, Self::Thing(_)) => None,
            (Self::List(one) | Self::Set(one), Self::List(two) | Self::Set(two)) => {
                if one.len() != two.len() {
                    return Some(false);
                }
                all(one.iter().zip(two.iter()).map(|(one, two)| one.equals(two)))
            }
            (Self::Object(one), Self::Object(two)) => {
                if !one.keys().eq(two.keys()) {
                    return Some(false);
                }
                all(one.values().zip(two.values()).map(|(one, two)| one.equals(two)))
            }
            _ => Some(false),
        }
    }

    /// What a source in JSON says.
    pub(super) fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match Number::parse(&number.to_string()) {
                Some(number) => Self::Number(number),
                None => Self::unknown("is a number that isn't read"),
            },
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::list(items.iter().map(Self::of_json).collect()),
            Json::Object(members) => Self::object(
                members.iter().map(|(name, value)| (name.clone(), Self::of_json(value))).collect(),
            ),
        }
    }
}

/// All of them, if it is known of each, or one is false.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = None,
        }
    }
    known
}
