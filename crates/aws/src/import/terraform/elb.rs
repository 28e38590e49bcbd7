//! Load balancers of the second generation.

use super::endpoints::default_group_at;
use super::graph::Graph;
use super::place::Place;
use super::rules::made_elsewhere;
use super::target_groups::absent;
use super::vpc::{join, tags};
use super::wanted::{GROUP, SUBNET};
use crate::model::{Key, LoadBalancer, LoadBalancerKind, Model, SetVal, Val};

/// Reads load balancers.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_lb", "aws_alb"]) {
        let balancer = load_balancer(&Place::top(graph, resource), model);
        model.load_balancers.insert(balancer.key.clone(), balancer);
    }
}

fn load_balancer(place: &Place<'_>, model: &Model) -> LoadBalancer {
    let kind = match place.attribute("load_balancer_type").text_or("application") {
        Val::Known(kind) if kind == "network" => LoadBalancerKind::Network,
        Val::Known(kind) if kind == "gateway" => LoadBalancerKind::Gateway,
        _ => LoadBalancerKind::Application,
    };
    let subnets = subnets(place);
    let groups = place.attribute("security_groups");
    let none_given = groups.is_left_out() || groups.keys(&GROUP) == SetVal::default();
    let security_groups = match kind {
        // A network load balancer made without groups can never get any.
        LoadBalancerKind::Network | LoadBalancerKind::Gateway if none_given => None,
        LoadBalancerKind::Application if none_given => Some(default_group_at(model, &subnets)),
        _ => Some(groups.keys(&GROUP)),
    };
    let idle = place.attribute("idle_timeout");
    let idle_timeout = match kind {
        LoadBalancerKind::Application if idle.is_left_out() => Val::Known(Some(60)),
        LoadBalancerKind::Application => idle.number(),
        _ => Val::Known(None),
    };
    LoadBalancer {
        key: place.resource.key.clone(),
        kind,
        name: place.attribute("name").text(),
        internal: place.attribute("internal").flag(false),
        subnets,
        security_groups,
        idle_timeout,
        access_logs: access_logs(place),
        deletion_protection: if place.resource.data {
            Val::Unknown(made_elsewhere(&place.resource.key))
        } else {
            place.attribute("enable_deletion_protection").flag(false)
        },
        tags: tags(place.resource),
    }
}

fn access_logs(place: &Place<'_>) -> Val<bool> {
    match place.only("access_logs") {
        _ if place.resource.data => Val::Unknown(made_elsewhere(&place.resource.key)),
        Some(block) => block.attribute("enabled").flag(false),
        None => absent(place, "access_logs", false),
    }
}

fn subnets(place: &Place<'_>) -> SetVal<Key> {
    let attribute = place.attribute("subnets");
    let mut subnets =
        if attribute.is_left_out() { SetVal::default() } else { attribute.keys(&SUBNET) };
    join(&mut subnets, place.blocks("subnet_mapping").keys("subnet_id", &SUBNET));
    if subnets.mentioned().next().is_none() {
        // Neither is written: by a `dynamic` block, if at all.
        subnets.open = true;
        subnets.unknown.get_or_insert_with(|| attribute.pending());
    }
    subnets
}
