//! Log groups: how long they keep what is logged, and whether anything else names them.

use super::graph::{Graph, Resource};
use super::place::Place;
use super::rules::made_elsewhere;
use crate::model::{LogGroup, Model, Note, Val};

/// Reads log groups.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_cloudwatch_log_group"]) {
        let place = Place::top(graph, resource);
        let group = LogGroup {
            key: resource.key.clone(),
            name: place.attribute("name").text(),
            retention: retention(&place),
            named: named(graph, resource),
        };
        model.log_groups.insert(group.key.clone(), group);
    }
}

/// Days. 0, like nothing, stands for ever.
fn retention(place: &Place<'_>) -> Val<Option<u32>> {
    if place.resource.data {
        return Val::Unknown(made_elsewhere(&place.resource.key));
    }
    let days = place.attribute("retention_in_days");
    if days.is_left_out() {
        return Val::Known(None);
    }
    days.number().map(|days| days.filter(|days| *days > 0))
}

/// Whether any expression of the configuration names it, outputs included: somebody may log to what
/// is handed on. A state and a template show no expressions.
fn named(graph: &Graph, resource: &Resource) -> Val<bool> {
    let module = resource.config.and_then(|config| graph.module(config, resource.module));
    match module {
        Some(module) => Val::Known(module.log_groups.contains(&resource.group)),
        None => {
            let note: Note = format!("what else names {}", resource.key).into();
            Val::Unknown(note)
        }
    }
}
