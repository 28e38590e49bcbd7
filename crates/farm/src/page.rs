//! `docs/farm-file.md`: the page about the farm file, made from the shapes of the types.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::farm::Farm;
use crate::record::{Field, Read, Record, Shape};
use crate::schema::paragraphs;

/// What is before the keys.
const BEGINNING: &str = include_str!("page/beginning.md");

/// The example on the page.
pub const EXAMPLE: &str = include_str!("page/example.yaml");

/// A record, and the places where it is written.
struct Section {
    record: Record,
    places: Vec<String>,
    /// Whether it has exactly one of its keys.
    one_key: bool,
}

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = BEGINNING.replace("{example}", EXAMPLE);
    let mut order = Vec::new();
    let mut sections = BTreeMap::new();
    collect(&Farm::shape(), "", &mut order, &mut sections);
    let sections: Vec<&Section> = order.iter().filter_map(|name| sections.get(name)).collect();
    let written: Vec<String> = sections.into_iter().map(section).collect();
    page.push_str(&written.join("\n"));
    page
}

/// The records of a shape, each once, in the order in which a reader meets them.
fn collect(
    shape: &Shape,
    place: &str,
    order: &mut Vec<&'static str>,
    sections: &mut BTreeMap<&'static str, Section>,
) {
    match shape {
        Shape::Record(record) | Shape::OneKey(record) => {
            if let Some(known) = sections.get_mut(record.name) {
                known.places.push(place.to_owned());
                return;
            }
            order.push(record.name);
            let one_key = matches!(shape, Shape::OneKey(_));
            let places = vec![place.to_owned()];
            sections.insert(record.name, Section { record: record.clone(), places, one_key });
            for field in &record.fields {
                let dot = if place.is_empty() { "" } else { "." };
                collect(&field.shape, &format!("{place}{dot}{}", field.key), order, sections);
            }
        }
        Shape::List(items) => collect(items, &format!("{place}[]"), order, sections),
        Shape::Map { values, .. } => collect(values, &format!("{place}.NAME"), order, sections),
        Shape::AnyOf(shapes) => {
            shapes.iter().for_each(|shape| collect(shape, place, order, sections));
        }
        Shape::Text { .. } | Shape::Choice(_) | Shape::Integer { .. } | Shape::Boolean => {}
    }
}

fn section(section: &Section) -> String {
    let Section { record, places, one_key } = section;
    let mut text = format!("### {}\n\n", heading(record.name));
    let places: Vec<String> =
        places.iter().filter(|place| !place.is_empty()).map(|place| format!("`{place}`")).collect();
    if !places.is_empty() {
        // Writing to a string doesn't fail.
        let _ = writeln!(text, "At {}.\n", places.join(", "));
    }
    let _ = writeln!(text, "{}\n", paragraphs(record.doc));
    if *one_key {
        text.push_str("It has exactly one of these keys.\n\n");
    }
    text.push_str("| key | takes | if absent | |\n| --- | --- | --- | --- |\n");
    for field in &record.fields {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            field.key,
            cell(&takes(&field.shape)),
            cell(&absent(field, *one_key)),
            cell(&meaning(field))
        );
    }
    text
}

/// Names that are written otherwise than a type's are.
const SPELT: [(&str, &str); 7] = [
    ("Api keys", "API keys"),
    ("Apigw iam", "API Gateway with IAM"),
    ("Oauth", "OAuth"),
    ("Sig v4 issued keys", "SigV4 issued keys"),
    ("Sts proof", "STS proof"),
    ("Tls", "TLS"),
    ("Waf", "WAF"),
];

/// A record's name as a heading: `ExistingNetwork` is `Existing network`.
fn heading(name: &str) -> String {
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            text.push(' ');
            text.push(c.to_ascii_lowercase());
        } else {
            text.push(c);
        }
    }
    let spelt = SPELT.iter().find(|(name, _)| *name == text);
    spelt.map_or(text, |(_, spelt)| (*spelt).to_owned())
}

fn takes(shape: &Shape) -> String {
    match shape {
        Shape::Text { what, examples, .. } => match examples.iter().find(|it| it.len() <= 40) {
            Some(example) => format!("{what}: `{example}`"),
            None => (*what).to_owned(),
        },
        Shape::Choice(words) => {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            words.join(", ")
        }
        Shape::Integer { min, max } => format!("{min} to {max}"),
        Shape::Boolean => "`true`, `false`".to_owned(),
        Shape::List(items) => format!("a list; each {}", takes(items)),
        Shape::Map { keys, values } => {
            let keys = match &**keys {
                Shape::Text { what, .. } => what,
                _ => "a text",
            };
            format!("a map; each key {keys}, each value {}", takes(values))
        }
        Shape::Record(record) | Shape::OneKey(record) => {
            let heading = heading(record.name);
            let anchor = heading.to_ascii_lowercase().replace(' ', "-");
            format!("[{heading}](#{anchor})")
        }
        Shape::AnyOf(shapes) => {
            let shapes: Vec<String> = shapes.iter().map(takes).collect();
            shapes.join("; or ")
        }
    }
}

fn absent(field: &Field, one_key: bool) -> String {
    match &field.default {
        _ if one_key => String::new(),
        _ if field.required => "**needed**".to_owned(),
        Some(default) => format!("`{default}`"),
        None => String::new(),
    }
}

/// What it means, with the meaning of each word.
fn meaning(field: &Field) -> String {
    let mut text = paragraphs(field.doc).replace("\n\n", " ");
    for (word, doc) in words(&field.shape) {
        let _ = write!(text, "<br>`{word}`: {}", doc.trim());
    }
    text
}

fn words(shape: &Shape) -> Vec<(&'static str, &'static str)> {
    match shape {
        Shape::Choice(words) => words.to_vec(),
        Shape::AnyOf(shapes) => shapes.iter().flat_map(words).collect(),
        Shape::List(items) => words(items),
        _ => Vec::new(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
