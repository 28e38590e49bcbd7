//! A state in JSON: as `terraform show -json` writes it, or a state file of version 4.
//!
//! See <https://developer.hashicorp.com/terraform/internals/json-format#state-representation>; the
//! state file's own form is not documented, and read as Terraform 0.12 to 1.x write it.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::Refusal;
use super::super::detect::{Members, Name};
use super::address::Index;
use super::plan::malformed;
use super::raw::{Action, Census, Packed, Parsed, Raw, hide, object, pick};
use super::schema;
use crate::model::SourceKind;

/// A refusal, or JSON of another shape.
pub(super) enum Failure {
    Refused(Refusal),
    Malformed(serde_json::Error),
}

impl Failure {
    pub(super) fn into_refusal(self, part: &str) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Malformed(error) => malformed(part, &error),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[derive(Deserialize)]
struct StateText<'a> {
    #[serde(borrow, default)]
    values: Option<ValuesText<'a>>,
}

#[derive(Deserialize)]
struct ValuesText<'a> {
    #[serde(borrow, default)]
    root_module: ModuleText<'a>,
}

#[derive(Deserialize, Default)]
struct ModuleText<'a> {
    #[serde(borrow, default)]
    address: Option<Name<'a>>,
    #[serde(borrow, default)]
    resources: Vec<ResourceText<'a>>,
    #[serde(borrow, default)]
    child_modules: Vec<ModuleText<'a>>,
}

#[derive(Deserialize)]
struct ResourceText<'a> {
    #[serde(borrow)]
    address: Name<'a>,
    #[serde(borrow)]
    mode: Name<'a>,
    #[serde(borrow, rename = "type")]
    kind: Name<'a>,
    #[serde(borrow)]
    name: Name<'a>,
    #[serde(default)]
    index: Value,
    #[serde(borrow, default)]
    provider_name: Option<Name<'a>>,
    #[serde(borrow, default)]
    deposed_key: Option<Name<'a>>,
    #[serde(borrow, default)]
    values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sensitive_values: Option<&'a RawValue>,
}

/// Reads `terraform show -json` of a state.
pub(super) fn parse_shown(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    let mut census = Census::default();
    let values = members.get("values").map_or("null", |raw| raw.get());
    let values: Option<ValuesText<'_>> =
        serde_json::from_str(values).map_err(|error| malformed("values", &error))?;
    let mut resources = Vec::new();
    if let Some(values) = values {
        collect(&values.root_module, &mut census, &|_| true, &mut resources)
            .map_err(|error| error.into_refusal("values"))?;
    }
    census.check("state")?;
    Ok(parsed(name, resources, &census))
}

fn parsed(name: &str, resources: Vec<Raw>, census: &Census) -> Parsed {
    Parsed {
        name: name.to_owned(),
        kind: SourceKind::TerraformState,
        resources,
        config: None,
        gone: Vec::new(),
        managed: census.managed,
        warnings: Vec::new(),
    }
}

/// The resources of a shown state whose address is wanted.
pub(super) fn shown(
    raw: &RawValue,
    census: &mut Census,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<Raw>, Failure> {
    let state: Option<StateText<'_>> = serde_json::from_str(raw.get())?;
    let mut resources = Vec::new();
    if let Some(values) = state.and_then(|state| state.values) {
        collect(&values.root_module, census, wanted, &mut resources)?;
    }
    Ok(resources)
}

fn collect(
    module: &ModuleText<'_>,
    census: &mut Census,
    wanted: &dyn Fn(&str) -> bool,
    into: &mut Vec<Raw>,
) -> Result<(), Failure> {
    let path = module.address.as_ref().map_or("", |name| &name.0);
    for text in &module.resources {
        if text.deposed_key.is_some() || !wanted(&text.address.0) {
            continue;
        }
        let data = text.mode.0 == "data";
        let provider = text.provider_name.as_ref().map_or("", |name| &name.0);
        census.add(&text.kind.0, data, provider)?;
        let Some(attributes) = schema::attributes(&text.kind.0, data) else {
            continue;
        };
        let mut value = pick(text.values, attributes)?;
        let unknown = hide(&mut value, Value::Null, &pick(text.sensitive_values, attributes)?);
        into.push(Raw {
            address: text.address.0.clone().into_owned(),
            previous: None,
            data,
            kind: text.kind.0.clone().into_owned(),
            name: text.name.0.clone().into_owned(),
            module: path.to_owned(),
            index: Index::of(&text.index),
            action: Action::Keep,
            after: object(value),
            unknown,
            before: Map::new(),
            locations: Vec::new(),
            packed: Packed::default(),
        });
    }
    for child in &module.child_modules {
        collect(child, census, wanted, into)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct FileResource<'a> {
    #[serde(borrow, default)]
    module: Option<Name<'a>>,
    #[serde(borrow)]
    mode: Name<'a>,
    #[serde(borrow, rename = "type")]
    kind: Name<'a>,
    #[serde(borrow)]
    name: Name<'a>,
    #[serde(borrow, default)]
    provider: Option<Name<'a>>,
    #[serde(borrow, default)]
    instances: Vec<FileInstance<'a>>,
}

#[derive(Deserialize)]
struct FileInstance<'a> {
    #[serde(default)]
    index_key: Value,
    #[serde(borrow, default)]
    deposed: Option<Name<'a>>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(default)]
    sensitive_attributes: Value,
}

/// Reads a state file.
pub(super) fn parse_file(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    let mut census = Census::default();
    let mut resources = Vec::new();
    let text = members.get("resources").map_or("null", |raw| raw.get());
    let list: Option<Vec<FileResource<'_>>> =
        serde_json::from_str(text).map_err(|error| malformed("resources", &error))?;
    for resource in list.unwrap_or_default() {
        for instance in &resource.instances {
            if instance.deposed.is_some() {
                continue;
            }
            let provider = resource.provider.as_ref().map_or("", |name| &name.0);
            census.add(&resource.kind.0, resource.mode.0 == "data", provider)?;
            let read = file_instance(&resource, instance)
                .map_err(|error| malformed("resources", &error))?;
            resources.extend(read);
        }
    }
    census.check("state")?;
    Ok(parsed(name, resources, &census))
}

fn file_instance(
    resource: &FileResource<'_>,
    instance: &FileInstance<'_>,
) -> Result<Option<Raw>, serde_json::Error> {
    let data = resource.mode.0 == "data";
    let kind = resource.kind.0.as_ref();
    let Some(attributes) = schema::attributes(kind, data) else {
        return Ok(None);
    };
    let mut value = pick(instance.attributes, attributes)?;
    let marks = marks(&instance.sensitive_attributes);
    let unknown = hide(&mut value, Value::Null, &marks);
    let module = resource.module.as_ref().map_or("", |name| &name.0);
    let index = Index::of(&instance.index_key);
    let separator = if module.is_empty() { "" } else { "." };
    let prefix = if data { "data." } else { "" };
    let suffix = index.as_ref().map_or_else(String::new, ToString::to_string);
    Ok(Some(Raw {
        address: format!("{module}{separator}{prefix}{kind}.{}{suffix}", resource.name.0),
        previous: None,
        data,
        kind: kind.to_owned(),
        name: resource.name.0.clone().into_owned(),
        module: module.to_owned(),
        index,
        action: Action::Keep,
        after: object(value),
        unknown,
        before: Map::new(),
        locations: Vec::new(),
        packed: Packed::default(),
    }))
}

/// The paths of sensitive attributes, in the form that `show -json` has: `true` at each.
fn marks(paths: &Value) -> Value {
    let mut marks = Value::Object(Map::new());
    let paths = paths.as_array().map_or(&[][..], Vec::as_slice);
    if paths.len() > MOST_PATHS {
        return Value::Bool(true);
    }
    for path in paths {
        let steps = path.as_array().map_or(&[][..], Vec::as_slice);
        // A shorter path marks more.
        mark(&mut marks, steps.get(..DEEPEST_PATH).unwrap_or(steps));
    }
    marks
}

fn mark(at: &mut Value, steps: &[Value]) {
    let Some((step, rest)) = steps.split_first() else {
        *at = Value::Bool(true);
        return;
    };
    if *at == Value::Bool(true) {
        return;
    }
    // `{"type":"get_attr","value":"a"}`, `{"type":"index","value":{"value":0,"type":"number"}}`
    let value = step.get("value").unwrap_or(&Value::Null);
    match value.get("value").unwrap_or(value) {
        Value::String(name) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            if let Value::Object(members) = at {
                mark(members.entry(name.clone()).or_insert(Value::Bool(false)), rest);
            }
        }
        Value::Number(number) => {
            let place = number.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let Value::Array(items) = at else { return };
            if place < MOST_ITEMS {
                items.resize(items.len().max(place + 1), Value::Bool(false));
            }
            match items.get_mut(place) {
                Some(item) => mark(item, rest),
                None => *at = Value::Bool(true),
            }
        }
        // A member of a set has no place: the whole set is marked.
        _ => *at = Value::Bool(true),
    }
}

/// How long a list may be whose items are marked one by one.
const MOST_ITEMS: usize = 256;
/// How many paths are marked one by one.
const MOST_PATHS: usize = 200;
/// How deep a path may lead.
const DEEPEST_PATH: usize = 8;
