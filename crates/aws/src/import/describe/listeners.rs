//! Listeners and their rules.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::balancers::{BALANCERS, action};
use super::folder::Region;
use super::made::{Made, Making};
use super::value::{list, text, words};

const LISTENERS: &str = "elbv2 describe-listeners";
const RULES: &str = "elbv2 describe-rules";

/// Reads listeners and rules.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let with_rules = rules(region, making);
    let mut shown: BTreeSet<String> = asked(region, LISTENERS, "LoadBalancerArn");
    for item in region.items(LISTENERS) {
        let Some(arn) = text(&item.value, "ListenerArn") else { continue };
        let balancer = text(&item.value, "LoadBalancerArn");
        shown.extend(balancer.map(str::to_owned));
        let mut made = Made::new("aws_lb_listener", arn, &item);
        made.copy(&item.value, &[("port", "Port"), ("protocol", "Protocol")]);
        made.set("arn", arn).set("load_balancer_arn", balancer);
        // Some print a policy where there is no TLS.
        let secure = matches!(text(&item.value, "Protocol"), Some("HTTPS" | "TLS"));
        made.set("ssl_policy", text(&item.value, "SslPolicy").filter(|_| secure));
        let actions: Vec<Value> = list(&item.value, "DefaultActions").map(action).collect();
        made.set("default_action", actions);
        if let Some(mode) = item.value.get("MutualAuthentication").and_then(|m| text(m, "Mode")) {
            made.set("mutual_authentication", json!([{ "mode": mode }]));
        }
        // Only application load balancers have further rules.
        if arn.contains(":listener/app/") && (region.is_cut(RULES) || !with_rules.contains(arn)) {
            made.unsaid("rule", region.missing_of(RULES, &format!("--listener-arn {arn}")));
        }
        making.add(made);
    }
    not_shown(region, &shown, making);
}

/// The things for which an operation was asked, whatever it answered.
fn asked(region: &Region<'_>, operation: &str, parameter: &str) -> BTreeSet<String> {
    let pages = region.pages(operation).iter();
    pages.filter_map(|page| page.request.parameter(parameter)).map(str::to_owned).collect()
}

/// Load balancers of which no document shows the listeners. One empty document is that of the only
/// load balancer left; more than one load balancer left, and nobody knows whose it is.
fn not_shown(region: &Region<'_>, shown: &BTreeSet<String>, making: &mut Making) {
    let left: Vec<String> = making
        .of("aws_lb")
        .map(|(arn, _)| arn.to_owned())
        .filter(|arn| !arn.contains(":loadbalancer/gwy/"))
        .filter(|arn| region.is_cut(LISTENERS) || !shown.contains(arn))
        .collect();
    let empty = region.pages(LISTENERS).iter().filter(|page| {
        page.request.parameter("LoadBalancerArn").is_none()
            && super::folder::items_of(page).next().is_none()
    });
    if empty.count() >= left.len() && !region.is_cut(LISTENERS) {
        return;
    }
    for item in region.items(BALANCERS) {
        let Some(arn) = text(&item.value, "LoadBalancerArn") else { continue };
        if !left.iter().any(|left| left == arn) {
            continue;
        }
        let reason = region.missing_of(LISTENERS, &format!("--load-balancer-arn {arn}"));
        let made = || {
            let mut made = Made::new("aws_lb_listener", &format!("the listeners of {arn}"), &item);
            made.set("load_balancer_arn", arn)
                .unsaid("port", reason.clone())
                .unsaid("protocol", reason.clone())
                .unsaid("rule", reason.clone());
            made
        };
        // It is known to which target groups some listener of it leads.
        let groups = region
            .items("elbv2 describe-target-groups")
            .filter(|group| words(&group.value, "LoadBalancerArns").iter().any(|one| one == arn));
        let actions: Vec<Value> = groups
            .filter_map(|group| {
                let group = text(&group.value, "TargetGroupArn")?.to_owned();
                Some(json!({ "type": "forward", "target_group_arn": group }))
            })
            .collect();
        let mut made = made();
        made.set("default_action", actions);
        making.add(made);
    }
}

/// Adds the rules, and returns the listeners whose rules are shown.
fn rules(region: &Region<'_>, making: &mut Making) -> BTreeSet<String> {
    let mut shown = asked(region, RULES, "ListenerArn");
    for item in region.items(RULES) {
        let Some(arn) = text(&item.value, "RuleArn") else { continue };
        let Some(listener) = listener_of(arn) else { continue };
        shown.insert(listener.clone());
        let Some(priority) =
            text(&item.value, "Priority").and_then(|text| text.parse::<u32>().ok())
        else {
            continue;
        };
        let mut made = Made::new("aws_lb_listener_rule", arn, &item);
        made.set("arn", arn).set("listener_arn", listener).set("priority", priority);
        let actions: Vec<Value> = list(&item.value, "Actions").map(action).collect();
        let conditions: Vec<Value> = list(&item.value, "Conditions").map(condition).collect();
        made.set("action", actions).set("condition", conditions);
        making.add(made);
    }
    shown
}

/// `...:listener-rule/app/NAME/LB/LISTENER/RULE` is a rule of `...:listener/app/NAME/LB/LISTENER`.
fn listener_of(rule: &str) -> Option<String> {
    let (listener, _) = rule.rsplit_once('/')?;
    Some(listener.replacen(":listener-rule/", ":listener/", 1))
}

fn condition(condition: &Value) -> Value {
    const KINDS: [(&str, &str, &str); 6] = [
        ("path-pattern", "path_pattern", "PathPatternConfig"),
        ("host-header", "host_header", "HostHeaderConfig"),
        ("source-ip", "source_ip", "SourceIpConfig"),
        ("http-header", "http_header", "HttpHeaderConfig"),
        ("http-request-method", "http_request_method", "HttpRequestMethodConfig"),
        ("query-string", "query_string", "QueryStringConfig"),
    ];
    let field = text(condition, "Field").unwrap_or_default();
    let Some((_, ours, theirs)) = KINDS.into_iter().find(|(word, _, _)| *word == field) else {
        return json!({});
    };
    let config = condition.get(theirs).filter(|config| config.is_object());
    let mut block = Map::new();
    if ours == "query_string" {
        let pairs = config.into_iter().flat_map(|config| list(config, "Values"));
        let pairs: Vec<Value> = pairs
            .map(|pair| json!({ "key": text(pair, "Key"), "value": text(pair, "Value") }))
            .collect();
        return json!({ ours: pairs });
    }
    let values = match config {
        Some(config) => words(config, "Values"),
        None => words(condition, "Values"),
    };
    // Patterns may be regular expressions since 2025-11: those are conditions of another kind.
    let regular = config.map(|config| words(config, "RegexValues")).unwrap_or_default();
    if !regular.is_empty() {
        block
            .insert("http_header_name".to_owned(), format!("{field} by regular expression").into());
        return json!({ "http_header": [block] });
    }
    block.insert("values".to_owned(), values.into());
    if let Some(name) = config.and_then(|config| text(config, "HttpHeaderName")) {
        block.insert("http_header_name".to_owned(), name.into());
    }
    json!({ ours: [block] })
}
