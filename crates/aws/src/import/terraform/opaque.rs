//! What is not modelled, and may matter all the same: things that join networks, and things that
//! hold an interface.

use serde_json::Value;

use super::graph::{Graph, Resource};
use super::place::Place;
use super::references::follow;
use super::schema;
use super::wanted::TOUCHED;
use crate::model::{EndpointKind, Key, Model, Opaque};

/// Lists what is not modelled.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.all().iter().filter(|resource| !resource.data) {
        let joins = schema::joins_networks(&resource.kind);
        let holds = schema::holds_interfaces(&resource.kind) || runs_tasks(graph, resource);
        if !joins && !holds {
            continue;
        }
        add(graph, model, resource, joins);
    }
    let others: Vec<Key> = model
        .endpoints
        .values()
        .filter(|endpoint| endpoint.kind == EndpointKind::Other)
        .map(|endpoint| endpoint.key.clone())
        .collect();
    for key in others {
        if let Some(resource) = graph.get(&key) {
            add(graph, model, resource, true);
        }
    }
}

/// Whether it starts ECS tasks by itself, which have interfaces of their own.
fn runs_tasks(graph: &Graph, resource: &Resource) -> bool {
    let place = Place::top(graph, resource);
    match resource.kind.as_str() {
        "aws_cloudwatch_event_target" => !place.blocks("ecs_target").list.is_empty(),
        "aws_scheduler_schedule" => {
            let mut targets = place.blocks("target").list.into_iter();
            targets.any(|target| !target.blocks("ecs_parameters").list.is_empty())
        }
        _ => false,
    }
}

fn add(graph: &Graph, model: &mut Model, resource: &Resource, joins: bool) {
    model.unmodelled.entry(resource.kind.clone()).or_default().push(resource.key.clone());
    if joins {
        let touches = touches(graph, resource);
        model.opaque.push(Opaque {
            key: resource.key.clone(),
            kind: resource.kind.clone(),
            touches,
        });
    }
}

/// Every VPC, subnet or group that it names, known or by reference.
fn touches(graph: &Graph, resource: &Resource) -> Vec<Key> {
    let mut found = Vec::new();
    collect(graph, &Value::Object(resource.value.clone()), &mut found);
    let place = Place::top(graph, resource);
    for name in [
        "vpc_id",
        "peer_vpc_id",
        "accepter_vpc_id",
        "subnet_id",
        "subnet_ids",
        "subnets",
        "subnet_mapping",
        "vpc_config",
        "transit_gateway_id",
        "network_interface_id",
        "security_group_id",
    ] {
        let attribute = place.attribute(name);
        found.extend(follow(graph, resource, &attribute.expressions, &TOUCHED).keys);
    }
    found.sort();
    found.dedup();
    found.retain(|key| *key != resource.key);
    found
}

fn collect(graph: &Graph, value: &Value, found: &mut Vec<Key>) {
    match value {
        Value::String(text) if TOUCHED.looks_like(text) => {
            found.push(graph.resolve(&TOUCHED, text))
        }
        Value::Array(items) => items.iter().for_each(|item| collect(graph, item, found)),
        Value::Object(members) => members.values().for_each(|item| collect(graph, item, found)),
        _ => {}
    }
}
