//! CloudFormation templates: YAML and JSON, of CDK too, and several stacks joined by their exports.
//!
//! A template is taken apart ([`template`]), its expressions are evaluated as far as the given
//! templates decide them ([`evaluate`]), and each resource is said in the words of the Terraform
//! provider ([`translate`]), whose readers make the model. What is not decided stays unknown, with
//! the name of what is missing. Macros are not run.

mod environment;
mod evaluate;
mod globals;
mod item;
mod loops;
mod making;
mod manifest;
mod symbols;
mod template;
mod translate;
mod types;
mod value;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_farm::diagnostic::{Diagnostic, in_order};
use serde_json::{Map, Value, json};

use super::detect::Members;
use super::terraform::{Action, Packed, Parsed, Raw};
use super::{ImportError, Refusal};
use crate::model::{SourceKind, Warning};
use environment::Environment;
use manifest::Named;
use world::World;

/// One template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Template<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// The type that is this one of the provider's.
pub(super) fn type_of(kind: &str) -> Option<String> {
    types::named(kind)
}

/// CDK's `manifest.json`, or its list of assets: which templates are which stacks, and where these are deployed.
#[derive(Debug)]
pub(super) struct Manifest<'a> {
    pub(super) name: &'a str,
    pub(super) members: Members<'a>,
}

/// Reads all templates together.
pub(super) fn read(
    templates: &[Template<'_>],
    manifests: &[Manifest<'_>],
) -> Result<Vec<Parsed>, Vec<ImportError>> {
    let named: Vec<Named> = manifests.iter().flat_map(manifest::stacks).collect();
    let assets = manifests.iter().flat_map(manifest::assets).collect();
    let mut world = World::default();
    let mut errors = Vec::new();
    for given in templates {
        match template::Template::read(given.name, given.text) {
            Ok(template) => world.templates.push(template),
            Err(problems) => errors.push(refuse(given.name, problems)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let unresolved = world.deploy(&named, &assets);
    let mut resources: Vec<Vec<Raw>> = Vec::new();
    // Which stacks import from which shows on the way; then all know where they are.
    world.settle_environments();
    for stack in 0..world.stacks.len() {
        let mut own = Vec::new();
        translate::stack(&world, stack, &mut own);
        resources.push(own);
    }
    let problems = std::mem::take(&mut *world.problems.borrow_mut());
    if !problems.is_empty() {
        return Err(refusals(&world, problems));
    }
    let mut warnings = told(&world);
    warnings.extend(unresolved);
    Ok(sources(&world, resources, warnings))
}

/// One source for each template; a nested one is part of its parent's.
fn sources(world: &World<'_>, resources: Vec<Vec<Raw>>, warnings: Vec<Warning>) -> Vec<Parsed> {
    let mut parsed: BTreeMap<usize, Parsed> = BTreeMap::new();
    for (at, mut own) in resources.into_iter().enumerate() {
        let Some(stack) = world.stack(at) else { continue };
        let Some(template) = world.templates.get(stack.template) else { continue };
        let managed = own.len();
        own.extend(environment_data(&stack.prefix, &stack.environment));
        let source = parsed
            .entry(stack.template)
            .or_insert_with(|| Parsed::empty(template.file, SourceKind::CloudFormation));
        source.managed += managed;
        source.resources.extend(own);
    }
    let mut all: Vec<Parsed> = parsed.into_values().collect();
    if let Some(first) = all.first_mut() {
        first.warnings = warnings;
    }
    all
}

/// Region and account in the words of the provider's data sources.
fn environment_data(prefix: &str, environment: &Environment) -> Vec<Raw> {
    let data = |kind: &str, after: Map<String, Value>| Raw {
        address: format!("{prefix}/AWS.{kind}"),
        previous: None,
        data: true,
        kind: kind.to_owned(),
        name: kind.to_owned(),
        module: String::new(),
        index: None,
        action: Action::Keep,
        after,
        unknown: Value::Bool(false),
        before: Map::new(),
        locations: Vec::new(),
        packed: Packed::default(),
    };
    let members = |value: Value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut all = Vec::new();
    if let Some(region) = &environment.region {
        all.push(data("aws_region", members(json!({ "id": region, "name": region }))));
    }
    if let Some(account) = &environment.account {
        let after = json!({ "id": account, "account_id": account });
        all.push(data("aws_caller_identity", members(after)));
    }
    all
}

/// What the reader must know.
fn told(world: &World<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut tell = |code, text| warnings.push(Warning { code, text, on: None });
    let mut by_stack: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (stack, name) in world.defaults.borrow().iter() {
        by_stack.entry(*stack).or_default().push(name.clone());
    }
    for (at, stack) in world.stacks.iter().enumerate() {
        let loops = world.templates.get(stack.template).map(|template| &template.looped);
        for name in loops.into_iter().flatten() {
            let names = by_stack.entry(at).or_default();
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    for (stack, names) in by_stack {
        let prefix = world.stack(stack).map_or("", |stack| stack.prefix.as_str());
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let text = format!("{prefix} is read with the defaults of {}", names.join(", "));
        tell("parameter-defaults", text);
    }
    for (name, stacks) in world.rivals.borrow().iter() {
        let text = format!(
            "`{name}` is exported by {stacks}, of which a region can hold only one; the last is taken"
        );
        tell("export-twice", text);
    }
    let macros: BTreeSet<(&str, &str)> = world
        .templates
        .iter()
        .flat_map(|it| it.macros.iter().map(|name| (it.file, name.as_str())))
        .filter(|(_, name)| !HARMLESS.contains(name))
        .collect();
    for (file, name) in macros {
        let text = format!(
            "the macro `{name}` changes {file} when it is deployed; what it adds is not in the model"
        );
        tell("macro-not-run", text);
    }
    warnings
}

/// Macros whose work is done here, or that add nothing that is read.
const HARMLESS: [&str; 3] =
    ["AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23", "AWS::Serverless-2016-10-31"];

fn refusals(
    world: &World<'_>,
    problems: BTreeMap<(usize, usize, String), Diagnostic>,
) -> Vec<ImportError> {
    let mut by_template: BTreeMap<usize, Vec<Diagnostic>> = BTreeMap::new();
    for ((template, ..), problem) in problems {
        by_template.entry(template).or_default().push(problem);
    }
    let file = |template: usize| world.templates.get(template).map_or("", |it| it.file);
    by_template.into_iter().map(|(at, problems)| refuse(file(at), problems)).collect()
}

/// One refusal of a template, with every problem in its place.
fn refuse(name: &str, problems: Vec<Diagnostic>) -> ImportError {
    let problems = in_order(problems);
    let first = problems.first();
    let code = first.map_or("cloudformation", |problem| problem.code);
    let title = first
        .map_or_else(|| "this template can't be read".to_owned(), |problem| problem.title.clone());
    let mut refusal = Refusal::new(code, title);
    if let Some(help) = first.and_then(|problem| problem.help.clone()) {
        refusal = refusal.help(help);
    }
    ImportError { diagnostics: problems, ..refusal.of(name) }
}
