//! A template as a tree in which everything has its place: JSON and YAML in one form.
//!
//! Knows nothing of what sections or functions mean. Short tags (`!Ref`) become the functions that
//! they stand for.

use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::yaml::{Dialect, Node, Style, Value, parse};

use super::super::detect::Name;

/// A part of a template.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) form: Form,
}

/// What a part holds.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Item>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key is, in bytes.
    pub(super) at: usize,
    pub(super) item: Item,
}

impl Item {
    /// Its entries, if it is a map.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.form {
            Form::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list.
    pub(super) fn list(&self) -> Option<&[Item]> {
        match &self.form {
            Form::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.item)
    }

    /// A text as it is written.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.form {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The members of a JSON object in their order, unparsed.
pub(super) struct Members<'a>(pub(super) Vec<(Name<'a>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members<'de>, A::Error> {
        let mut found = Vec::new();
        while let Some(member) = members.next_entry()? {
            found.push(member);
        }
        Ok(Members(found))
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> serde::Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_seq(Each)
    }
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Elements<'de>, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element()? {
            found.push(item);
        }
        Ok(Elements(found))
    }
}

/// Where a part of `whole` begins in it.
pub(super) fn offset(whole: &str, part: &str) -> usize {
    let at = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    if at <= whole.len() { at } else { 0 }
}

/// The members of a JSON object; none of what is no object.
pub(super) fn members(raw: &RawValue) -> Members<'_> {
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    reader.deserialize_map(InOrder).unwrap_or(Members(Vec::new()))
}

/// A part of a JSON text. The text was seen to be JSON of bounded depth; what can't be read all
/// the same is `null`.
pub(super) fn json(whole: &str, raw: &RawValue) -> Item {
    let text = raw.get();
    let form = match text.as_bytes().first() {
        Some(b'{') => {
            let entry = |(name, value): (Name<'_>, &RawValue)| {
                let item = json(whole, value);
                // A name with escapes is a copy: its value tells where it is.
                let at = match &name.0 {
                    std::borrow::Cow::Borrowed(key) => offset(whole, key).saturating_sub(1),
                    std::borrow::Cow::Owned(_) => item.at,
                };
                Entry { key: name.0.into_owned(), at, item }
            };
            Form::Map(members(raw).0.into_iter().map(entry).collect())
        }
        Some(b'[') => {
            let items = serde_json::from_str::<Elements<'_>>(text);
            let items = items.map(|found| found.0).unwrap_or_default();
            Form::List(items.into_iter().map(|item| json(whole, item)).collect())
        }
        Some(b'"') => Form::Text(match text.get(1..text.len() - 1) {
            Some(inner) if !inner.contains('\\') => inner.to_owned(),
            _ => serde_json::from_str(text).unwrap_or_default(),
        }),
        Some(b't') => Form::Bool(true),
        Some(b'f') => Form::Bool(false),
        Some(b'n') | None => Form::Null,
        Some(_) => serde_json::from_str(text).map_or(Form::Null, Form::Number),
    };
    Item { at: offset(whole, text), form }
}

/// A YAML text.
pub(super) fn yaml(text: &str) -> Result<Item, Vec<Diagnostic>> {
    let parsed = parse(text, Dialect::CloudFormation);
    let mut problems = parsed.problems;
    let root = parsed.root.map(|root| of_node(&root, &mut problems));
    match root {
        Some(root) if problems.is_empty() => Ok(root),
        _ => Err(problems),
    }
}

fn of_node(node: &Node, problems: &mut Vec<Diagnostic>) -> Item {
    let at = node.span.start;
    let form = match &node.value {
        Value::Scalar(scalar) => scalar_form(&scalar.text, scalar.style, node.tag.is_some()),
        Value::Sequence(items) => {
            Form::List(items.iter().map(|item| of_node(item, problems)).collect())
        }
        Value::Mapping(entries) => {
            let entry = |(key, value): &(Node, Node)| Entry {
                key: key.scalar().map(|scalar| scalar.text.clone()).unwrap_or_default(),
                at: key.span.start,
                item: of_node(value, problems),
            };
            Form::Map(entries.iter().map(entry).collect())
        }
        Value::Refused => Form::Null,
    };
    let item = Item { at, form };
    match &node.tag {
        Some(tag) => tagged(&tag.text, tag.span.clone(), item, problems),
        None => item,
    }
}

/// A plain scalar is what YAML's core schema says, but a number with a leading zero is a text, as
/// account ids are.
fn scalar_form(text: &str, style: Style, tagged: bool) -> Form {
    if style == Style::Quoted || tagged {
        return Form::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Form::Null,
        "true" | "True" | "TRUE" => Form::Bool(true),
        "false" | "False" | "FALSE" => Form::Bool(false),
        _ => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let number = digits.len() == 1 || !digits.starts_with('0');
            match text.parse::<i64>() {
                Ok(whole) if number => Form::Number(whole.into()),
                _ => Form::Text(text.to_owned()),
            }
        }
    }
}

/// The functions that have short forms. See
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>.
const SHORT: [&str; 26] = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ForEach",
    "GetStackOutput",
    // Of assertions in `Rules`.
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "RefAll",
    "ValueOf",
    "ValueOfAll",
];

/// `!Ref X` is `{Ref: X}`, `!GetAtt A.B` is `{Fn::GetAtt: [A, B]}`.
fn tagged(
    tag: &str,
    span: std::ops::Range<usize>,
    item: Item,
    problems: &mut Vec<Diagnostic>,
) -> Item {
    let name = tag.trim_start_matches('!');
    let at = item.at;
    let key = match name {
        "Ref" | "Condition" => name.to_owned(),
        _ if SHORT.contains(&name) => format!("Fn::{name}"),
        // Tags of YAML itself say only what the value is.
        _ if tag.starts_with("!!") || tag.starts_with("tag:") => return item,
        _ => {
            let words = SHORT.iter().copied().chain(["Ref", "Condition"]);
            let near = farmgate_farm::diagnostic::nearest(name, words);
            let mut problem =
                Diagnostic::error("unknown-function", format!("CloudFormation has no tag `{tag}`"))
                    .at(&span, "");
            if let Some(near) = near {
                problem = problem.help(format!("did you mean `!{near}`?"));
            }
            problems.push(problem);
            return item;
        }
    };
    Item { at: span.start.min(at), form: Form::Map(vec![Entry { key, at: span.start, item }]) }
}
