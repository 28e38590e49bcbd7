//! WAF: web ACLs, and what they protect.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::balancers::BALANCERS;
use super::document::WAF_CLASSIC;
use super::folder::{Item, Region, items_of};
use super::made::{Made, Making};
use super::value::{arn_part, block, list, text};

const OF_RESOURCE: &str = "wafv2 get-web-acl-for-resource";

/// Reads web ACLs and their associations.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for operation in ["wafv2 get-web-acl", OF_RESOURCE] {
        for item in region.items(operation) {
            if let Some(made) = acl(&item, true) {
                making.add(made);
            }
        }
    }
    for item in region.items("wafv2 list-web-acls") {
        let arn = text(&item.value, "ARN").unwrap_or_default();
        if making.has("aws_wafv2_web_acl", arn) {
            continue;
        }
        if let Some(mut made) = acl(&item, false) {
            let (name, id) = (text(&item.value, "Name"), text(&item.value, "Id"));
            let arguments =
                format!("--name {} --id {}", name.unwrap_or_default(), id.unwrap_or_default());
            let reason = region.missing_of("wafv2 get-web-acl", &arguments);
            made.unsaid("default_action", reason.clone()).unsaid("rule", reason);
            making.add(made);
        }
    }
    associations(region, making);
    classic(region, making);
}

fn acl(item: &Item<'_>, whole: bool) -> Option<Made> {
    let arn = text(&item.value, "ARN")?;
    let mut made = Made::new("aws_wafv2_web_acl", arn, item);
    made.set("arn", arn).set("id", text(&item.value, "Id").unwrap_or(arn));
    made.copy(&item.value, &[("name", "Name")]);
    // `arn:aws:wafv2:us-east-1:123456789012:global/webacl/...` is one for CloudFront.
    let global = arn.contains(":global/webacl/");
    made.set("scope", if global { "CLOUDFRONT" } else { "REGIONAL" });
    if whole {
        let action = item.value.get("DefaultAction").filter(|action| action.is_object());
        made.set("default_action", action.map(|action| json!([block(action)])));
        made.set("rule", list(&item.value, "Rules").map(rule).collect::<Vec<Value>>());
    }
    Some(made)
}

fn rule(rule: &Value) -> Value {
    let mut made = Map::new();
    for (ours, theirs) in [("name", "Name"), ("priority", "Priority")] {
        made.insert(ours.to_owned(), rule.get(theirs).cloned().unwrap_or(Value::Null));
    }
    for (ours, theirs) in
        [("action", "Action"), ("override_action", "OverrideAction"), ("statement", "Statement")]
    {
        if let Some(inner) = rule.get(theirs).filter(|inner| inner.is_object()) {
            made.insert(ours.to_owned(), json!([block(inner)]));
        }
    }
    Value::Object(made)
}

/// Web ACLs of AWS WAF Classic: that there is one, not what it does. Classic's end was 2025-09-30, so
/// that where it doesn't answer, nothing is said to be of it.
fn classic(region: &Region<'_>, making: &mut Making) {
    let balancers: Vec<Item<'_>> = region.items(BALANCERS).collect();
    for page in region.pages(WAF_CLASSIC) {
        let only = || match balancers.as_slice() {
            [only] => text(&only.value, "LoadBalancerArn"),
            _ => None,
        };
        let Some(resource) = page.request.parameter("ResourceArn").or_else(only) else { continue };
        for item in items_of(page) {
            let name = format!("the web ACL of {resource} in AWS WAF Classic");
            let mut made = Made::new("aws_wafv2_web_acl_association", &name, &item);
            made.set("resource_arn", resource)
                .unsaid("web_acl_arn", "is one of AWS WAF Classic, which isn't read");
            making.add(made);
        }
    }
    if region.shows(WAF_CLASSIC) && !region.is_refused(WAF_CLASSIC) {
        making.lists("aws_wafregional_web_acl_association");
    }
}

/// What a web ACL protects: by the request, or by the load balancers that are asked for.
fn associations(region: &Region<'_>, making: &mut Making) {
    let mut asked = BTreeSet::new();
    for page in region.pages(OF_RESOURCE) {
        let Some(resource) = page.request.parameter("ResourceArn") else {
            let text = format!(
                "{} doesn't say which resource the web ACL protects; `farmgate collect` writes that down",
                page.name
            );
            making.warn("document-not-told", text, None);
            continue;
        };
        asked.insert(resource.to_owned());
        for item in items_of(page) {
            if let Some(arn) = text(&item.value, "ARN") {
                let name = format!("the web ACL of {resource}");
                let mut made = Made::new("aws_wafv2_web_acl_association", &name, &item);
                made.set("resource_arn", resource).set("web_acl_arn", arn);
                making.add(made);
            }
        }
    }
    // Of the others nothing is known; only application load balancers can have one.
    for item in region.items(BALANCERS) {
        let Some(arn) = text(&item.value, "LoadBalancerArn") else { continue };
        if asked.contains(arn) || text(&item.value, "Type") != Some("application") {
            continue;
        }
        if arn_part(arn, 3).is_none() {
            continue;
        }
        let name = format!("the web ACL of {arn}");
        let mut made = Made::new("aws_wafv2_web_acl_association", &name, &item);
        made.set("resource_arn", arn).unsaid(
            "web_acl_arn",
            region.missing_of(OF_RESOURCE, &format!("--resource-arn {arn}")),
        );
        making.add(made);
    }
}
