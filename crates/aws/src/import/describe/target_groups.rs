//! Target groups, and what is registered in them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::balancers::Attributes;
use super::folder::{Item, Page, Region, items_of};
use super::interfaces::Interfaces;
use super::made::{Made, Making};
use super::value::{scalar, text};

const GROUPS: &str = "elbv2 describe-target-groups";
const ATTRIBUTES: &str = "elbv2 describe-target-group-attributes";
pub(super) const HEALTH: &str = "elbv2 describe-target-health";

/// Reads target groups.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let total = region.items(GROUPS).count();
    let attributes = Attributes::new(region, ATTRIBUTES, "TargetGroupArn", total, making);
    for item in region.items(GROUPS) {
        let Some(arn) = text(&item.value, "TargetGroupArn") else { continue };
        let mut made = Made::new("aws_lb_target_group", arn, &item);
        made.copy(
            &item.value,
            &[
                ("name", "TargetGroupName"),
                ("vpc_id", "VpcId"),
                ("port", "Port"),
                ("protocol", "Protocol"),
                ("protocol_version", "ProtocolVersion"),
                ("target_type", "TargetType"),
            ],
        )
        .set("arn", arn)
        .set("health_check", json!([health_check(&item.value)]));
        match attributes.of(arn) {
            Some(known) => {
                made.set("preserve_client_ip", known.get("preserve_client_ip.enabled").cloned());
                if let Some(enabled) = known.get("stickiness.enabled") {
                    made.set("stickiness", json!([{ "enabled": enabled }]));
                }
            }
            None => {
                let reason = region.missing_of(ATTRIBUTES, &format!("--target-group-arn {arn}"));
                made.unsaid("stickiness", reason.clone());
                // Only of network load balancers is it a choice.
                if !matches!(text(&item.value, "Protocol"), Some("HTTP" | "HTTPS")) {
                    made.unsaid("preserve_client_ip", reason);
                }
            }
        }
        making.add(made);
    }
    attachments(region, making);
}

fn health_check(group: &Value) -> Value {
    let mut check = serde_json::Map::new();
    for (ours, theirs) in [
        ("enabled", "HealthCheckEnabled"),
        ("protocol", "HealthCheckProtocol"),
        ("port", "HealthCheckPort"),
        ("path", "HealthCheckPath"),
        ("interval", "HealthCheckIntervalSeconds"),
        ("timeout", "HealthCheckTimeoutSeconds"),
        ("healthy_threshold", "HealthyThresholdCount"),
        ("unhealthy_threshold", "UnhealthyThresholdCount"),
    ] {
        if let Some(value) = group.get(theirs).filter(|value| !value.is_null()) {
            check.insert(ours.to_owned(), value.clone());
        }
    }
    let matcher = group.get("Matcher");
    let codes =
        matcher.and_then(|matcher| text(matcher, "HttpCode").or_else(|| text(matcher, "GrpcCode")));
    if let Some(codes) = codes {
        check.insert("matcher".to_owned(), codes.into());
    }
    Value::Object(check)
}

/// The documents of health, by target group. Without a request, by the only group there is.
pub(super) fn health<'r, 'a>(region: &'r Region<'a>) -> BTreeMap<String, Vec<&'r Page<'a>>> {
    let groups: Vec<String> = region
        .items(GROUPS)
        .filter_map(|item| text(&item.value, "TargetGroupArn").map(str::to_owned))
        .collect();
    let mut found: BTreeMap<String, Vec<&Page<'_>>> = BTreeMap::new();
    for page in region.pages(HEALTH) {
        let named = page.request.parameter("TargetGroupArn").map(str::to_owned);
        let only = || match groups.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        if let Some(group) = named.or_else(only) {
            found.entry(group).or_default().push(page);
        }
    }
    found
}

/// Targets that no ECS service registers.
fn attachments(region: &Region<'_>, making: &mut Making) {
    let by_services: BTreeSet<String> = region
        .items("ecs describe-services")
        .flat_map(|item| super::value::texts(&item.value, "loadBalancers", "targetGroupArn"))
        .collect();
    let interfaces = Interfaces::new(region);
    let shown = health(region);
    for item in region.items(GROUPS) {
        let Some(arn) = text(&item.value, "TargetGroupArn") else { continue };
        let vpc = text(&item.value, "VpcId");
        match shown.get(arn) {
            Some(pages) => {
                for target in pages.iter().flat_map(|page| items_of(page)) {
                    let own = by_services.contains(arn);
                    attach(&target, (arn, vpc, own), &interfaces, making);
                }
            }
            None if by_services.contains(arn) => {}
            None => {
                let mut made = Made::new(
                    "aws_lb_target_group_attachment",
                    &format!("the targets of {arn}"),
                    &item,
                );
                let arguments = format!("--target-group-arn {arn}");
                made.set("target_group_arn", arn)
                    .unsaid("target_id", region.missing_of(HEALTH, &arguments));
                making.add(made);
            }
        }
    }
    for page in region.pages(HEALTH) {
        if page.request.parameter("TargetGroupArn").is_none() && region.items(GROUPS).count() != 1 {
            let text = format!(
                "{} doesn't say of which target group it is, so it is not used; `farmgate collect` \
                 writes that down",
                page.name
            );
            making.warn("document-not-told", text, None);
        }
    }
}

fn attach(
    item: &Item<'_>,
    (group, vpc, by_service): (&str, Option<&str>, bool),
    interfaces: &Interfaces,
    making: &mut Making,
) {
    let Some(target) = item.value.get("Target") else { return };
    let Some(id) = text(target, "Id") else { return };
    let by_address = interfaces.by_address(vpc, id);
    if by_service && by_address.is_none_or(|interface| interface.is_of_task()) {
        return;
    }
    let port = scalar(target, "Port");
    let name = format!("{id}:{} in {group}", port.as_deref().unwrap_or_default());
    let mut made = Made::new("aws_lb_target_group_attachment", &name, item);
    let target_id = by_address.map_or(id, |interface| interface.id.as_str());
    made.set("target_group_arn", group).set("target_id", target_id);
    made.set("port", target.get("Port").cloned().unwrap_or(Value::Null));
    making.add(made);
}
