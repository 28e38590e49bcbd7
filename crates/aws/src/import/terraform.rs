//! Terraform's JSON: plans and states, as `terraform show -json` and state files write them.
//!
//! Two stages. First every source becomes a list of resource instances with what is known of
//! their attributes ([`raw`], [`plan`], [`state`]), and a plan also a tree of expressions
//! ([`config`]). Then all sources are merged ([`graph`]) and each family of resources is read into
//! the model, resolving what is not known yet through the references of its expression
//! ([`references`], [`place`]).
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
mod ecs;
mod edge;
mod elb;
mod endpoints;
mod gates;
mod graph;
mod groups;
mod integrations;
mod listeners;
mod merge;
mod modules;
mod names;
mod notes;
mod opaque;
mod place;
mod plan;
mod raw;
mod references;
mod region;
mod routes;
mod rules;
mod schema;
mod services;
mod state;
mod subnets;
mod target_groups;
mod vpc;
mod wanted;

use crate::model::{Model, Source};

use super::Refusal;
use super::detect::Found;

pub(super) use raw::Parsed;

/// Reads one recognized source.
pub(super) fn parse(name: &str, found: Found<'_>) -> Result<Parsed, Refusal> {
    match found {
        Found::Plan(members) => plan::parse(name, &members),
        Found::ShownState(members) => state::parse_shown(name, &members),
        Found::StateFile(members) => state::parse_file(name, &members),
    }
}

/// Builds one model of all sources.
pub(super) fn build(mut sources: Vec<Parsed>) -> Model {
    let mut model = Model::default();
    for source in &mut sources {
        model.sources.push(Source {
            name: source.name.clone(),
            kind: source.kind,
            resources: source.managed,
        });
        model.warnings.append(&mut source.warnings);
    }
    (model.region, model.account) = region::of(&sources);
    let (graph, warnings) = merge::merge(sources);
    model.warnings.extend(warnings);
    model.aliases = std::sync::Arc::new(graph.aliases());

    vpc::read(&graph, &mut model);
    subnets::read(&graph, &mut model);
    groups::read(&graph, &mut model);
    routes::read(&graph, &mut model);
    acl::read(&graph, &mut model);
    endpoints::read(&graph, &mut model);
    elb::read(&graph, &mut model);
    target_groups::read(&graph, &mut model);
    listeners::read(&graph, &mut model);
    api_http::read(&graph, &mut model);
    api_rest::read(&graph, &mut model);
    edge::read(&graph, &mut model);
    ecs::read(&graph, &mut model);
    compute::read(&graph, &mut model);
    data::read(&graph, &mut model);
    opaque::read(&graph, &mut model);
    names::read(&graph, &mut model);
    groups::add_mentioned(&mut model);
    gates::read(&mut model);
    model
}
