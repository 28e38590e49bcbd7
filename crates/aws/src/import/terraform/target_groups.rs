//! Target groups, their health checks, and targets registered one by one.
//!
//! Defaults are those of
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_target_group> and
//! of `CreateTargetGroup` in the Elastic Load Balancing API.

use super::attribute::Doubt;
use super::graph::Graph;
use super::place::Place;
use super::routes::no_block;
use super::wanted::{TARGET, TARGET_GROUP, VPC};
use crate::model::{Attachment, HealthCheck, Key, Model, TargetGroup, Val};

/// Reads target groups.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_lb_target_group", "aws_alb_target_group"]) {
        let group = target_group(&Place::top(graph, resource));
        model.target_groups.insert(group.key.clone(), group);
    }
    for resource in graph.of(&["aws_lb_target_group_attachment", "aws_alb_target_group_attachment"])
    {
        let place = Place::top(graph, resource);
        let attachment = Attachment {
            origin: place.origin(),
            target: target(&place),
            port: place.attribute("port").known_number(),
        };
        let keys: Vec<Key> = match place.attribute("target_group_arn").needed(&TARGET_GROUP) {
            Val::Known(key) | Val::Assumed(key, _) => vec![key],
            Val::OneOf(keys, _) => keys,
            Val::Unknown(_) => Vec::new(),
        };
        for key in keys {
            if let Some(group) = model.target_groups.get_mut(&key) {
                group.attachments.push(attachment.clone());
            }
        }
    }
}

/// An instance, a load balancer or a function; or an address as it is written.
fn target(place: &Place<'_>) -> Val<Key> {
    place.attribute("target_id").needed(&TARGET)
}

fn target_group(place: &Place<'_>) -> TargetGroup {
    let vpc = place.attribute("vpc_id");
    let protocol = place.attribute("protocol").text_or("HTTP");
    let protocol_version = place.attribute("protocol_version");
    let preserves = place.attribute("preserve_client_ip");
    let sticky = match place.only("stickiness") {
        // A written block without `enabled` is on.
        Some(block) => block.attribute("enabled").flag(true),
        None => absent(place, "stickiness", false),
    };
    TargetGroup {
        key: place.resource.key.clone(),
        name: place.attribute("name").text(),
        vpc: if vpc.is_left_out() { Val::Known(None) } else { vpc.key(&VPC) },
        port: place.attribute("port").number(),
        protocol_version: protocol_version.known_text(),
        target_type: place.attribute("target_type").text_or("instance"),
        preserve_client_ip: if preserves.is_left_out() {
            Val::Known(None)
        } else {
            preserves.flag(false).map(Some)
        },
        health: health(place, protocol.get().map_or("HTTP", String::as_str)),
        sticky,
        attachments: Vec::new(),
        protocol,
    }
}

/// What stands without a block: for certain, or as far as it shows.
pub(super) fn absent<T>(place: &Place<'_>, name: &'static str, default: T) -> Val<T> {
    match place.attribute(name) {
        attribute if attribute.doubt == Doubt::None => Val::Known(default),
        attribute if attribute.unwritten => {
            Val::Assumed(default, no_block(&place.resource.key, name))
        }
        attribute => Val::Unknown(attribute.pending()),
    }
}

fn health(group: &Place<'_>, group_protocol: &str) -> HealthCheck {
    let balances_http = matches!(group_protocol, "HTTP" | "HTTPS");
    let Some(check) = group.only("health_check") else {
        let protocol = if balances_http { "HTTP" } else { "TCP" };
        return HealthCheck {
            enabled: true,
            protocol: Some(protocol.to_owned()),
            port: None,
            path: balances_http.then(|| "/".to_owned()),
            codes: balances_http.then(|| "200".to_owned()),
            interval: Some(30),
            timeout: Some(if balances_http { 5 } else { 10 }),
            healthy: Some(5),
            unhealthy: Some(2),
        };
    };
    let protocol = check.attribute("protocol").text_or(if balances_http { "HTTP" } else { "TCP" });
    let protocol = protocol.known().cloned();
    let speaks_http = protocol.as_deref().is_some_and(|protocol| protocol != "TCP");
    let or = |name, default: &str| {
        let attribute = check.attribute(name);
        let default = speaks_http.then(|| default.to_owned());
        if attribute.is_left_out() { default } else { attribute.known_text() }
    };
    HealthCheck {
        enabled: check.attribute("enabled").flag(true) != Val::Known(false),
        // `traffic-port` is no number.
        port: check.attribute("port").known_text().and_then(|port| port.parse().ok()),
        path: or("path", "/"),
        codes: or("matcher", if balances_http { "200" } else { "200-399" }),
        interval: check.attribute("interval").known_number().or(Some(30)),
        timeout: check.attribute("timeout").known_number(),
        healthy: check.attribute("healthy_threshold").known_number().or(Some(3)),
        unhealthy: check.attribute("unhealthy_threshold").known_number().or(Some(3)),
        protocol,
    }
}
