//! One template: its sections, and the places of what it declares.
//!
//! Resources stay unparsed until they are evaluated, so that a large template is never held as a
//! whole tree.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::value::RawValue;

use farmgate_farm::diagnostic::{Diagnostic, nearest};

use super::environment::{self, Environment};
use super::globals;
use super::item::{self, Entry, Form, Item};
use super::loops::{FOR_EACH, Loops};
use crate::model::Location;

/// How many resources one template may hold. CloudFormation takes 500; tools write more.
const MOST_RESOURCES: usize = 100_000;

/// A template, taken apart.
#[derive(Debug)]
pub(super) struct Template<'a> {
    /// The file's name, as given.
    pub(super) file: &'a str,
    /// The same, for all places in it.
    shared: Arc<str>,
    pub(super) text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    pub(super) parameters: Item,
    pub(super) mappings: Item,
    pub(super) conditions: Item,
    pub(super) outputs: Item,
    pub(super) globals: Option<Item>,
    pub(super) resources: Vec<Declared<'a>>,
    by_name: HashMap<String, usize>,
    /// The macros that change it on deployment.
    pub(super) macros: Vec<String>,
    /// The parameters over whose defaults its loops go.
    pub(super) looped: BTreeSet<String>,
    /// Whether there may be loops in it at all.
    has_loops: bool,
    /// Loops that make resources, by name and place.
    loops: Vec<Entry>,
    /// What it says of where it is deployed.
    pub(super) environment: Environment,
}

/// A resource as it is declared.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub(super) name: String,
    /// Where its name is, in bytes.
    pub(super) at: usize,
    pub(super) kind: String,
    pub(super) condition: Option<String>,
    properties: Body<'a>,
    /// The file of a nested stack, as CDK notes it.
    pub(super) asset: Option<String>,
}

#[derive(Debug)]
enum Body<'a> {
    Json(&'a RawValue),
    Tree(Item),
}

/// What a path in a resource's properties leads to.
pub(super) enum One {
    There(Item),
    Absent,
}

impl Declared<'_> {
    /// Its properties.
    pub(super) fn properties(&self, whole: &str) -> Item {
        match &self.properties {
            Body::Json(raw) => item::json(whole, raw),
            Body::Tree(item) => item.clone(),
        }
    }
}

impl<'a> Template<'a> {
    /// Takes a template apart.
    pub(super) fn read(file: &'a str, text: &'a str) -> Result<Self, Vec<Diagnostic>> {
        let mut template = Self {
            file,
            shared: Arc::from(file),
            text,
            lines: lines(text),
            parameters: nothing(),
            mappings: nothing(),
            conditions: nothing(),
            outputs: nothing(),
            globals: None,
            resources: Vec::new(),
            by_name: HashMap::new(),
            macros: Vec::new(),
            looped: BTreeSet::new(),
            has_loops: false,
            loops: Vec::new(),
            environment: environment::said(text),
        };
        let mut problems = Vec::new();
        if text.trim_start().starts_with('{') {
            template.read_json(&mut problems);
        } else {
            match item::yaml(text) {
                Ok(root) => template.read_tree(root, &mut problems),
                Err(found) => return Err(found),
            }
        }
        template.write_out(&mut problems);
        for (at, resource) in template.resources.iter().enumerate() {
            template.by_name.insert(resource.name.clone(), at);
        }
        if problems.is_empty() && template.resources.is_empty() && template.macros.is_empty() {
            let problem = Diagnostic::error("no-resources", "the template declares no resources");
            problems.push(problem.help("is it the right file?"));
        }
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// Writes out what `Fn::ForEach` repeats.
    fn write_out(&mut self, problems: &mut Vec<Diagnostic>) {
        let pending = std::mem::take(&mut self.loops);
        self.has_loops = !pending.is_empty() || self.text.contains(FOR_EACH);
        if !self.has_loops {
            return;
        }
        let mut loops = Loops::new(&self.parameters, &self.mappings);
        let outputs = loops.all(std::mem::replace(&mut self.outputs, nothing()), 0);
        let conditions = loops.all(std::mem::replace(&mut self.conditions, nothing()), 0);
        let made: Vec<_> = pending.iter().map(|it| (it, loops.entries(&it.item, 0))).collect();
        self.looped.append(&mut loops.defaults);
        (self.outputs, self.conditions) = (outputs, conditions);
        for (of, made) in made {
            // Of a collection that isn't known, it may make anything.
            let Some(made) = made else {
                self.macros.push(of.key.clone());
                continue;
            };
            for Entry { key, item, .. } in made {
                self.declare_item(key, of.at, item, problems);
            }
        }
    }

    fn read_json(&mut self, problems: &mut Vec<Diagnostic>) {
        let Ok(sections) = serde_json::from_str::<item::Members<'a>>(self.text) else {
            return;
        };
        for (name, raw) in sections.0 {
            if name.0 != "Resources" {
                let item = item::json(self.text, raw);
                let at = item.at;
                self.section(&name.0, at, item, problems);
                continue;
            }
            for (name, raw) in item::members(raw).0 {
                let at = match &name.0 {
                    std::borrow::Cow::Borrowed(key) => {
                        item::offset(self.text, key).saturating_sub(1)
                    }
                    std::borrow::Cow::Owned(_) => item::offset(self.text, raw.get()),
                };
                if name.0.starts_with(FOR_EACH) {
                    let item = item::json(self.text, raw);
                    self.loops.push(Entry { key: name.0.into_owned(), at, item });
                    continue;
                }
                let mut shell = Vec::new();
                let mut properties = None;
                for (key, raw) in item::members(raw).0 {
                    if key.0 == "Properties" {
                        properties = Some(raw);
                    } else if key.0 == "Metadata" {
                        shell.push(("Metadata", asset_only(self.text, raw)));
                    } else if let Some(known) = SHELL.into_iter().find(|known| *known == key.0) {
                        shell.push((known, item::json(self.text, raw)));
                    }
                }
                let body = properties.map_or_else(|| Body::Tree(nothing()), Body::Json);
                self.declare(name.0.into_owned(), at, &shell, body, problems);
            }
        }
    }

    fn read_tree(&mut self, root: Item, problems: &mut Vec<Diagnostic>) {
        let Form::Map(sections) = root.form else {
            let title = "a template is a mapping with `Resources`";
            problems.push(Diagnostic::error("no-template", title).at(&(root.at..root.at), ""));
            return;
        };
        for Entry { key, at, item } in sections {
            if key != "Resources" {
                self.section(&key, at, item, problems);
                continue;
            }
            let Form::Map(resources) = item.form else { continue };
            for Entry { key, at, item } in resources {
                if key.starts_with(FOR_EACH) {
                    self.loops.push(Entry { key, at, item });
                    continue;
                }
                self.declare_item(key, at, item, problems);
            }
        }
    }

    fn declare_item(&mut self, key: String, at: usize, item: Item, problems: &mut Vec<Diagnostic>) {
        let Form::Map(members) = item.form else {
            self.declare(key, at, &[], Body::Tree(nothing()), problems);
            return;
        };
        let mut shell = Vec::new();
        let mut body = nothing();
        for Entry { key, item, .. } in members {
            if key == "Properties" {
                body = item;
            } else if let Some(known) = SHELL.into_iter().find(|known| *known == key) {
                shell.push((known, item));
            }
        }
        self.declare(key, at, &shell, Body::Tree(body), problems);
    }

    fn section(&mut self, name: &str, at: usize, item: Item, problems: &mut Vec<Diagnostic>) {
        match name {
            "Parameters" => self.parameters = item,
            "Mappings" => self.mappings = item,
            "Conditions" => self.conditions = item,
            "Outputs" => self.outputs = item,
            "Globals" => self.globals = Some(item),
            "Transform" => {
                let list = item.list().map_or_else(|| vec![&item], |list| list.iter().collect());
                let named = list
                    .iter()
                    .filter_map(|one| one.text().or_else(|| one.get("Name").and_then(Item::text)));
                self.macros.extend(named.map(str::to_owned));
            }
            "AWSTemplateFormatVersion" | "Description" | "Metadata" | "Rules" | "Hooks" => {}
            other => {
                let span = at..at + other.len().min(self.text.len().saturating_sub(at));
                let title = format!("a template has no section `{other}`");
                let problem = Diagnostic::error("unknown-section", title).at(&span, "");
                problems.push(match nearest(other, SECTIONS) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help(format!("its sections are {}", SECTIONS.join(", "))),
                });
            }
        }
    }

    fn declare(
        &mut self,
        name: String,
        at: usize,
        shell: &[(&str, Item)],
        properties: Body<'a>,
        problems: &mut Vec<Diagnostic>,
    ) {
        let find = |key: &str| shell.iter().find(|(name, _)| *name == key).map(|(_, item)| item);
        if name.starts_with("Fn::") {
            self.macros.push(name);
            return;
        }
        let span = at..at + name.len();
        let Some(kind) = find("Type").and_then(Item::text) else {
            let title = format!("the resource `{name}` has no `Type`");
            problems.push(Diagnostic::error("no-type", title).at(&span, ""));
            return;
        };
        if self.resources.len() == MOST_RESOURCES {
            let title = format!("it declares more than {MOST_RESOURCES} resources");
            problems.push(Diagnostic::error("too-many-resources", title).at(&span, ""));
        }
        if self.resources.len() >= MOST_RESOURCES {
            return;
        }
        let asset = find("Metadata").and_then(|it| it.get("aws:asset:path")).and_then(Item::text);
        self.resources.push(Declared {
            at,
            kind: kind.to_owned(),
            condition: find("Condition").and_then(Item::text).map(str::to_owned),
            properties,
            asset: asset.map(str::to_owned),
            name,
        });
    }

    /// The properties of a resource, with those that SAM's `Globals` give it.
    pub(super) fn properties(&self, of: &Declared<'_>) -> Item {
        let own = globals::joined(self.globals.as_ref(), &of.kind, of.properties(self.text));
        if !self.has_loops {
            return own;
        }
        Loops::new(&self.parameters, &self.mappings).all(own, 0)
    }

    /// The one of a resource's properties that a path leads to, without reading the others; none
    /// where it takes all of them to tell.
    pub(super) fn property(&self, of: &Declared<'_>, path: &[&str]) -> Option<One> {
        let Body::Json(mut here) = of.properties else { return None };
        if self.has_loops || self.globals.is_some() {
            return None;
        }
        for key in path {
            let members = item::members(here).0;
            match members.iter().find(|(name, _)| name.0 == *key) {
                Some((_, raw)) => here = raw,
                None if members.iter().any(|(name, _)| name.0.starts_with("Fn::")) => return None,
                None => return Some(One::Absent),
            }
        }
        Some(One::There(item::json(self.text, here)))
    }

    /// A resource of this name.
    pub(super) fn resource(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The line and the column of a byte.
    pub(super) fn place(&self, at: usize) -> Location {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let column = super::super::column(self.text.get(start..at).unwrap_or_default());
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Location { file: Arc::clone(&self.shared), line, column }
    }
}

/// What of a resource is read besides its properties.
const SHELL: [&str; 3] = ["Type", "Condition", "Metadata"];

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// Of what tools note about a resource only the path of an asset: the rest may be large.
fn asset_only(whole: &str, raw: &RawValue) -> Item {
    let members = item::members(raw).0.into_iter();
    let kept = members.filter(|(name, _)| name.0 == "aws:asset:path");
    let entry = |(name, raw): (super::super::detect::Name<'_>, &RawValue)| {
        let item = item::json(whole, raw);
        Entry { key: name.0.into_owned(), at: item.at, item }
    };
    Item { at: 0, form: Form::Map(kept.map(entry).collect()) }
}

fn nothing() -> Item {
    Item { at: 0, form: Form::Null }
}

fn lines(text: &str) -> Vec<usize> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}
