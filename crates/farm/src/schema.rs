//! The JSON Schema of the farm file, for editors: made from the shapes of the types.
//!
//! It accepts whatever the reader accepts; what holds between fields is not in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::farm::Farm;
use crate::record::{Field, Read, Record, Shape};

/// Where the schema is published.
const ID: &str = "https://raw.githubusercontent.com/farmgate/farmgate/main/docs/farm.schema.json";

/// The schema, in draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut defs = BTreeMap::new();
    let root = of(&Farm::shape(), &mut defs);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "farm.yaml",
    });
    if let (Value::Object(schema), Value::Object(root)) = (&mut schema, root) {
        schema.extend(root);
        schema.insert("$defs".to_owned(), Value::Object(defs.into_iter().collect()));
    }
    schema
}

/// The schema as the text of a file.
#[must_use]
pub fn text() -> String {
    // A tree of texts, numbers and lists can always be written.
    let mut text = serde_json::to_string_pretty(&schema()).unwrap_or_default();
    text.push('\n');
    text
}

fn of(shape: &Shape, defs: &mut BTreeMap<String, Value>) -> Value {
    match shape {
        Shape::Text { what, pattern, examples } => text_of(what, *pattern, examples),
        Shape::Choice(words) => {
            let words =
                words.iter().map(|(word, doc)| json!({ "const": word, "description": doc.trim() }));
            json!({ "oneOf": words.collect::<Vec<_>>() })
        }
        Shape::Integer { min, max } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::List(items) => json!({ "type": "array", "items": of(items, defs) }),
        Shape::Map { keys, values } => {
            let mut schema = json!({ "type": "object", "additionalProperties": of(values, defs) });
            if let (Shape::Text { pattern: Some(pattern), .. }, Some(schema)) =
                (&**keys, schema.as_object_mut())
            {
                schema.insert("propertyNames".to_owned(), json!({ "pattern": pattern }));
            }
            schema
        }
        Shape::Record(record) => reference(record, false, defs),
        Shape::OneKey(record) => reference(record, true, defs),
        Shape::AnyOf(shapes) => {
            let any: Vec<Value> = shapes.iter().map(|shape| of(shape, defs)).collect();
            json!({ "anyOf": any })
        }
    }
}

/// A text; where a bare number would be one too, as YAML has it, a number as well.
fn text_of(what: &str, pattern: Option<&str>, examples: &[&str]) -> Value {
    let numbers = examples.iter().any(|it| it.chars().all(|c| c.is_ascii_digit()));
    let kind = match (pattern, numbers) {
        (None, _) => json!(["string", "number", "boolean"]),
        (Some(_), true) => json!(["string", "integer"]),
        (Some(_), false) => json!("string"),
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), kind);
    schema.insert("title".to_owned(), json!(what));
    if let Some(pattern) = pattern {
        schema.insert("pattern".to_owned(), json!(pattern));
    }
    if !examples.is_empty() {
        schema.insert("examples".to_owned(), json!(examples));
    }
    Value::Object(schema)
}

/// A reference to a record, which is described once.
fn reference(record: &Record, one_key: bool, defs: &mut BTreeMap<String, Value>) -> Value {
    if !defs.contains_key(record.name) {
        defs.insert(record.name.to_owned(), Value::Null);
        let schema = self::record(record, one_key, defs);
        defs.insert(record.name.to_owned(), schema);
    }
    json!({ "$ref": format!("#/$defs/{}", record.name) })
}

fn record(record: &Record, one_key: bool, defs: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in &record.fields {
        properties.insert(field.key.to_owned(), property(field, defs));
    }
    let required: Vec<&str> =
        record.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let mut schema = json!({
        "type": "object",
        "description": paragraphs(record.doc),
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(schema) = schema.as_object_mut() {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if one_key {
            schema.insert("minProperties".to_owned(), json!(1));
            schema.insert("maxProperties".to_owned(), json!(1));
        }
    }
    schema
}

fn property(field: &Field, defs: &mut BTreeMap<String, Value>) -> Value {
    let mut schema = of(&field.shape, defs);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(paragraphs(field.doc)));
        let default = field.default.as_ref().and_then(|text| default(text, &field.shape));
        schema.extend(default.map(|default| ("default".to_owned(), default)));
    }
    schema
}

/// A default as JSON, where it is a single value.
fn default(text: &str, shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Text { .. } | Shape::Choice(_) | Shape::AnyOf(_) => Some(json!(text)),
        Shape::Integer { .. } | Shape::Boolean | Shape::List(_) | Shape::Map { .. } => {
            serde_json::from_str(text).ok()
        }
        Shape::Record(_) | Shape::OneKey(_) => None,
    }
}

/// The lines of a doc comment as text: a blank one separates paragraphs.
pub(crate) fn paragraphs(doc: &[&str]) -> String {
    let mut text = String::new();
    for line in doc.iter().map(|line| line.trim()) {
        match line {
            "" => text.push_str("\n\n"),
            line => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push(' ');
                }
                text.push_str(line);
            }
        }
    }
    text
}
