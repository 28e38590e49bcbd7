//! Terraform's JSON: plans and states, as `terraform show -json` and state files write them.
//!
//! Two stages. First every source becomes a list of resource instances with what is known of
//! their attributes ([`raw`], [`plan`], [`state`]), and a plan also a tree of expressions
//! ([`config`]). Then all sources are merged ([`graph`]) and each family of resources is read into
//! the model, resolving what is not known yet through the references of its expression
//! ([`references`], [`place`]).
//!
//! The AWS provider's types and attributes are also the words in which templates and the output of
//! `aws` are read: [`super::cloudformation`] and [`super::describe`] make [`Parsed`] sources of theirs,
//! so that every family of resources has one reader, whatever it came from.
//!
//! Everything that an expression's references suggest is an assumption: they name what an
//! expression mentions, not what it computes.

mod acl;
mod address;
mod api_http;
mod api_rest;
mod attribute;
mod authorization;
mod compute;
mod config;
mod data;
mod detection;
mod ecs;
mod edge;
mod elb;
mod endpoints;
mod gates;
mod graph;
mod groups;
mod iam;
mod images;
mod integrations;
mod kms;
mod listeners;
mod literals;
mod logs;
mod mentions;
mod merge;
mod modules;
mod names;
mod notes;
mod opaque;
mod openapi;
mod place;
mod plan;
mod raw;
mod references;
mod region;
mod routes;
mod rules;
mod run;
mod scaling;
mod schema;
mod secrets;
mod services;
mod settle;
mod stages;
mod state;
mod subnets;
mod target_groups;
mod vpc;
mod waf;
mod wanted;
mod written;

use crate::model::{Model, Source};

use super::Refusal;
use super::detect::Members;
use super::source;

pub(super) use address::Index;
pub(super) use detection::LISTED;
pub(super) use ecs::NAME_MARKS;
pub(super) use graph::NAMES;
pub(super) use raw::{Action, Packed, Parsed, Raw};

/// Reads a plan.
pub(super) fn plan(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    plan::parse(name, members)
}

/// Reads what `terraform show -json` prints of a state.
pub(super) fn shown_state(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    state::parse_shown(name, members)
}

/// Reads a state file.
pub(super) fn state_file(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    state::parse_file(name, members)
}

/// The attributes of a managed type that are read; none for types of other providers.
pub(super) fn attributes(kind: &str) -> Option<&'static [&'static str]> {
    schema::attributes(kind, false)
}

/// The port on which a database engine listens unless another is given.
pub(super) fn default_port(engine: &str) -> Option<u16> {
    data::default_port(engine)
}

/// The steps of a module's address: names and indexes.
pub(super) fn module_path(address: &str) -> impl Iterator<Item = (String, Option<Index>)> {
    address::module_steps(address).into_iter().map(|step| (step.name, step.index))
}

/// Builds one model of all sources, with Terraform's source beside them.
pub(super) fn build(mut sources: Vec<Parsed>, source: Option<&source::Source>) -> Model {
    let mut model = Model::default();
    let settled = source.map(|source| settle::settle(&mut sources, source)).unwrap_or_default();
    openapi::expand(&mut sources);
    for source in &mut sources {
        model.sources.push(Source {
            name: source.name.clone(),
            kind: source.kind,
            resources: source.managed,
        });
        model.warnings.append(&mut source.warnings);
    }
    (model.region, model.account) = region::of(&sources);
    let (mut graph, warnings) = merge::merge(sources, settled);
    model.warnings.extend(warnings);
    model.aliases = std::sync::Arc::new(graph.aliases());
    model.locations = graph.take_locations();

    vpc::read(&graph, &mut model);
    subnets::read(&graph, &mut model);
    groups::read(&mut graph, &mut model);
    literals::read(&graph, &mut model);
    routes::read(&graph, &mut model);
    acl::read(&graph, &mut model);
    endpoints::read(&graph, &mut model);
    elb::read(&graph, &mut model);
    target_groups::read(&graph, &mut model);
    listeners::read(&graph, &mut model);
    api_http::read(&graph, &mut model);
    api_rest::read(&graph, &mut model);
    edge::read(&graph, &mut model);
    waf::read(&graph, &mut model);
    stages::read(&graph, &mut model);
    detection::read(&graph, &mut model);
    ecs::read(&mut graph, &mut model);
    scaling::read(&graph, &mut model);
    compute::read(&graph, &mut model);
    data::read(&graph, &mut model);
    images::read(&graph, &mut model);
    logs::read(&graph, &mut model);
    secrets::read(&graph, &mut model);
    kms::read(&graph, &mut model);
    iam::read(&graph, &mut model);
    opaque::read(&graph, &mut model);
    names::read(&graph, &mut model);
    groups::add_mentioned(&mut model);
    gates::read(&mut model);
    model
}
