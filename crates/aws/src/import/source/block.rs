//! Blocks of Terraform's language with the places where they are written, out of HCL or its JSON form.
//!
//! Nothing is evaluated here. A block in JSON has no places inside, since its reader keeps none.

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::Expression;
use hcl_edit::repr::{Decorated, Span};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Element;
use serde_json::Value as Json;

use crate::model::Location;

/// How deep JSON may be nested to be read as expressions.
const DEEPEST_JSON: usize = 64;

/// One attribute: what is written, and where.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) expression: Rc<Expression>,
    pub(super) place: Option<Location>,
}

/// The content of a block.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) attributes: BTreeMap<String, Written>,
    pub(super) blocks: Vec<Inner>,
    pub(super) place: Option<Location>,
}

/// A block within another, or at the top of a file.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    pub(super) block: Block,
}

impl Block {
    /// What is written for an attribute.
    pub(super) fn expression(&self, name: &str) -> Option<&Rc<Expression>> {
        self.attributes.get(name).map(|written| &written.expression)
    }

    /// The blocks of a name.
    pub(super) fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Inner> {
        self.blocks.iter().filter(move |inner| inner.name == name)
    }

    /// What an override file says: its attributes, and its blocks instead of all of their names.
    pub(super) fn overlaid(&mut self, over: Self) {
        self.attributes.extend(over.attributes);
        self.blocks.retain(|own| !over.blocks.iter().any(|new| new.name == own.name));
        self.blocks.extend(over.blocks);
    }
}

/// The lines of a file, by which offsets become places.
pub(super) struct Lines<'a> {
    name: &'a str,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        let after =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { name, text, starts: std::iter::once(0).chain(after).collect() }
    }

    fn place(&self, offset: usize) -> Option<Location> {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let column = self.text.get(start..offset)?.chars().count() + 1;
        Some(Location {
            file: self.name.into(),
            line: u32::try_from(line).ok()?,
            column: u32::try_from(column).ok()?,
        })
    }
}

/// The blocks of a parsed file.
pub(super) fn of_body(body: Body, lines: &Lines<'_>) -> Block {
    let mut read = Block::default();
    for structure in body {
        let place = |span: Option<std::ops::Range<usize>>| lines.place(span?.start);
        match structure {
            Structure::Attribute(attribute) => {
                let written = Written {
                    place: place(attribute.key.span()),
                    expression: Rc::new(attribute.value),
                };
                read.attributes.insert(attribute.key.as_str().to_owned(), written);
            }
            Structure::Block(block) => {
                let at = place(block.ident.span());
                let labels = block.labels.iter().map(|label| label.as_str().to_owned()).collect();
                let name = block.ident.as_str().to_owned();
                let mut inner = of_body(block.body, lines);
                inner.place = at;
                read.blocks.push(Inner { name, labels, block: inner });
            }
        }
    }
    read
}

/// How many labels the blocks at the top of a file have.
fn labels_of(kind: &str) -> Option<usize> {
    Some(match kind {
        "resource" | "data" => 2,
        "module" | "variable" | "output" => 1,
        "locals" => 0,
        _ => return None,
    })
}

/// The blocks of a file in the JSON form, as far as they are read here.
///
/// See <https://developer.hashicorp.com/terraform/language/syntax/json>.
pub(super) fn of_json(json: &Json, file: &str) -> Block {
    let mut read = Block::default();
    let top = each(json).filter_map(Json::as_object).flatten();
    for (kind, value) in top {
        let Some(labels) = labels_of(kind) else { continue };
        labelled(kind, value, labels, &mut Vec::new(), &mut read.blocks);
    }
    for inner in &mut read.blocks {
        inner.block.place = Some(Location { file: file.into(), line: 1, column: 1 });
    }
    read
}

fn labelled(
    kind: &str,
    value: &Json,
    left: usize,
    labels: &mut Vec<String>,
    read: &mut Vec<Inner>,
) {
    for item in each(value) {
        let Some(members) = item.as_object() else { continue };
        if left > 0 {
            for (label, below) in members {
                labels.push(label.clone());
                labelled(kind, below, left - 1, labels, read);
                labels.pop();
            }
            continue;
        }
        let attributes = members.iter().filter(|(name, _)| *name != "//").map(|(name, value)| {
            let literal = kind == "variable" && name == "default";
            let expression = match value {
                Json::String(text) if kind == "variable" && name == "type" => text.parse().ok(),
                _ => None,
            };
            let expression = expression.unwrap_or_else(|| expression_of(value, literal, 0));
            (name.clone(), Written { expression: Rc::new(expression), place: None })
        });
        let block = Block { attributes: attributes.collect(), ..Block::default() };
        read.push(Inner { name: kind.to_owned(), labels: labels.clone(), block });
    }
}

/// The items of an array, or the thing itself.
fn each(json: &Json) -> impl Iterator<Item = &Json> {
    let (items, only): (&[Json], _) = match json {
        Json::Array(items) => (items, None),
        other => (&[], Some(other)),
    };
    items.iter().chain(only)
}

/// A JSON value as an expression: texts are templates, unless it is a literal.
fn expression_of(json: &Json, literal: bool, depth: usize) -> Expression {
    if depth > DEEPEST_JSON {
        return Expression::null();
    }
    match json {
        Json::Null => Expression::null(),
        Json::Bool(flag) => Expression::Bool(Decorated::new(*flag)),
        Json::Number(number) => number
            .to_string()
            .parse()
            .unwrap_or_else(|_| Expression::String(Decorated::new(number.to_string()))),
        Json::String(text) => of_text(text, literal),
        Json::Array(items) => Expression::Array(
            items.iter().map(|item| expression_of(item, literal, depth + 1)).collect(),
        ),
        Json::Object(members) => {
            let mut object = hcl_edit::expr::Object::new();
            for (name, value) in members {
                let key = hcl_edit::expr::ObjectKey::Expression(of_text(name, true));
                object.insert(key, expression_of(value, literal, depth + 1));
            }
            Expression::Object(object)
        }
    }
}

fn of_text(text: &str, literal: bool) -> Expression {
    let plain = || Expression::String(Decorated::new(text.to_owned()));
    if literal || !text.contains(['$', '%']) {
        return plain();
    }
    match super::hcl::template(text) {
        Some(template) if template.iter().all(Element::is_literal) => plain(),
        Some(template) => Expression::StringTemplate(template.into()),
        None => plain(),
    }
}
