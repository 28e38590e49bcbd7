//! Policies of Application Auto Scaling, and scheduled actions.

use super::ecs::scaled;
use super::graph::Graph;
use super::place::Place;
use crate::model::{Model, ScalingPolicy, Val};

/// Reads scaling policies of ECS services.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    let kinds = ["aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action"];
    for resource in graph.of(&kinds) {
        let place = Place::top(graph, resource);
        if place.attribute("service_namespace").known_text().is_some_and(|name| name != "ecs") {
            continue;
        }
        let policy = policy(&place, model);
        model.scaling_policies.insert(policy.key.clone(), policy);
    }
}

fn policy(place: &Place<'_>, model: &Model) -> ScalingPolicy {
    let scheduled = place.resource.kind == "aws_appautoscaling_scheduled_action";
    let tracking = place.only("target_tracking_scaling_policy_configuration");
    let metric = tracking.as_ref().and_then(|it| it.only("predefined_metric_specification"));
    let seconds = |name| match &tracking {
        Some(block) => block.attribute(name).number(),
        None => Val::Known(None),
    };
    ScalingPolicy {
        key: place.resource.key.clone(),
        service: scaled(place, model),
        kind: match scheduled {
            true => Val::Known("Scheduled".to_owned()),
            false => place.attribute("policy_type").text_or("StepScaling"),
        },
        metric: metric.map_or(Val::Known(None), |it| it.attribute("predefined_metric_type").text()),
        target: tracking
            .as_ref()
            .map_or(Val::Known(None), |it| it.attribute("target_value").text()),
        cooldown_in: seconds("scale_in_cooldown"),
        cooldown_out: seconds("scale_out_cooldown"),
        only_out: match &tracking {
            Some(block) => block.attribute("disable_scale_in").flag(false),
            None => Val::Known(false),
        },
    }
}
