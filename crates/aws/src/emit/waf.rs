//! `waf.tf`: the web ACL before the load balancer, and what is logged of it.

use std::collections::BTreeSet;

use farmgate_farm::farm::{Auth, ManagedRules, Waf};
use farmgate_farm::record::Spanned;
use farmgate_farm::waf::{WafPriorities, priorities};
use farmgate_farm::word::Text;

use super::hcl::{Block, File, List, Template, jsonencode, list, object, raw};
use crate::design::{Design, NO_ACCOUNT};

pub(super) fn file(design: &Design) -> File {
    let Some(waf) = &design.farm.ingress.waf else { return File::new() };
    let association = Block::resource("aws_wafv2_web_acl_association", "ingress")
        .attr("resource_arn", raw("aws_lb.ingress.arn"))
        .attr("web_acl_arn", raw("aws_wafv2_web_acl.ingress.arn"));
    let file = File::new().block(acl(design, waf)).block(association);
    logging(design, file)
}

fn acl(design: &Design, waf: &Waf) -> Block {
    let order = priorities(waf);
    let mut rules: Vec<(u64, Block)> = countries(waf, &order).into_iter().collect();
    for (group, priority) in waf.managed.iter().zip(&order.managed) {
        rules.push((*priority, managed(waf, group, *priority)));
    }
    rules.extend(order.rate.and_then(|priority| Some((priority, rate(waf, priority)?))));
    rules.sort_by_key(|(priority, _)| *priority);
    let farm = design.farm.farm.as_str();
    Block::resource("aws_wafv2_web_acl", "ingress")
        .attr("name", farm)
        .attr("description", format!("Before the load balancer of {farm}"))
        .attr("scope", "REGIONAL")
        .comment("What no rule blocks goes on to the load balancer, and to the gate.")
        .block(Block::new("default_action").block(Block::new("allow")))
        .blocks(rules.into_iter().map(|(_, rule)| rule))
        .block(visibility(waf, farm))
}

/// Where its metrics go, and whether samples are kept.
fn visibility(waf: &Waf, metric: &str) -> Block {
    Block::new("visibility_config")
        .attr("metric_name", metric)
        .attr("cloudwatch_metrics_enabled", waf.metrics)
        .attr("sampled_requests_enabled", waf.samples)
}

fn rule(name: &str, priority: u64) -> Block {
    Block::new("rule").attr("name", name).attr("priority", priority)
}

fn blocking(name: &str, priority: u64, waf: &Waf, statement: Block) -> Block {
    rule(name, priority)
        .block(Block::new("action").block(Block::new("block")))
        .block(Block::new("statement").block(statement))
        .block(visibility(waf, name))
}

/// The rule about countries: all but those that are allowed, or those that are blocked.
fn countries(waf: &Waf, order: &WafPriorities) -> Option<(u64, Block)> {
    let (geo, priority) = (waf.geo.as_ref()?, order.geo?);
    let from = |codes: &[Spanned<Text>]| {
        let codes = list(codes.iter().map(|code| code.value.as_str()));
        Block::new("geo_match_statement").attr("country_codes", codes)
    };
    let statement = if geo.allow.is_empty() {
        from(&geo.block)
    } else {
        let inside = Block::new("statement").block(from(&geo.allow));
        Block::new("not_statement").block(inside)
    };
    Some((priority, blocking("countries", priority, waf, statement)))
}

/// A rule group that AWS keeps.
fn managed(waf: &Waf, rules: &ManagedRules, priority: u64) -> Block {
    let mut group = Block::new("managed_rule_group_statement")
        .attr("vendor_name", "AWS")
        .attr("name", rules.group.aws_name());
    if rules.count.iter().any(|name| name == "SizeRestrictions_BODY") {
        group =
            group.blank().comment("It would block messages over 8 KiB, as those with code are.");
    }
    for name in &rules.count {
        let action = Block::new("action_to_use").block(Block::new("count"));
        group = group.block(Block::new("rule_action_override").attr("name", name).block(action));
    }
    let name = rules.group.word();
    rule(name, priority)
        .block(Block::new("override_action").block(Block::new("none")))
        .block(Block::new("statement").block(group))
        .block(visibility(waf, name))
}

/// So many requests of one address in a time, and no more.
fn rate(waf: &Waf, priority: u64) -> Option<Block> {
    let rate = waf.rate?;
    let statement = Block::new("rate_based_statement")
        .attr("aggregate_key_type", "IP")
        .attr("limit", rate.count)
        .attr("evaluation_window_sec", rate.per.as_seconds());
    Some(blocking("rate", priority, waf, statement))
}

/// The name of the log group; WAF writes to none that is called otherwise.
pub(super) fn log_group(design: &Design) -> String {
    format!("aws-waf-logs-{}", design.farm.farm)
}

fn logging(design: &Design, file: File) -> File {
    let name = log_group(design);
    let settings = design.logs.get(&name);
    let group = Block::resource("aws_cloudwatch_log_group", "waf")
        .attr("name", name)
        .maybe("retention_in_days", settings.map(|it| it.retention))
        .maybe("kms_key_id", settings.and_then(|it| it.kms_key.as_deref()));
    let keep = |action: &str| {
        let action = Block::new("action_condition").attr("action", action);
        Block::new("condition").block(action)
    };
    let filter = Block::new("filter")
        .attr("behavior", "KEEP")
        .attr("requirement", "MEETS_ANY")
        .block(keep("BLOCK"))
        .block(keep("COUNT"));
    let filters = Block::new("logging_filter").attr("default_behavior", "DROP").block(filter);
    let redacted = credentials(design).into_iter().map(|header| {
        let header = Block::new("single_header").attr("name", header);
        Block::new("redacted_fields").block(header)
    });
    let configuration = Block::resource("aws_wafv2_web_acl_logging_configuration", "ingress")
        .attr("resource_arn", raw("aws_wafv2_web_acl.ingress.arn"))
        .attr("log_destination_configs", [raw("aws_cloudwatch_log_group.waf.arn")])
        .comment("What it lets through is in the load balancer's access logs.")
        .block(filters)
        .comment("Callers' credentials are nobody's to read.")
        .blocks(redacted)
        .depends_on(["aws_cloudwatch_log_resource_policy.waf"]);
    file.comment("What the web ACL blocked or counted.")
        .block(group)
        .comment("Made here, as the policy that WAF would make by itself is shared by all of the account's web ACLs.")
        .block(log_policy(design))
        .block(configuration)
}

/// Headers that hold credentials, in lower case.
fn credentials(design: &Design) -> BTreeSet<String> {
    let farm = &design.farm;
    let own = farm.servers.values().filter_map(|server| server.auth.as_ref());
    let keys = std::iter::once(&farm.auth).chain(own).flatten().filter_map(|auth| match auth {
        Auth::ApiKeys(keys) => Some(keys.header.as_str().to_ascii_lowercase()),
        _ => None,
    });
    let always = ["authorization", "cookie", "x-amz-security-token"];
    keys.chain(always.map(str::to_owned)).collect()
}

/// Who may write to the log group: the delivery of logs, on behalf of this account.
fn log_policy(design: &Design) -> Block {
    let account = design.account.as_deref().unwrap_or(NO_ACCOUNT);
    let source = object()
        .attr("StringEquals", object().attr("aws:SourceAccount", account))
        .attr("ArnLike", object().attr("aws:SourceArn", design.arns().of("logs", "*")));
    let streams = Template::new().value(raw("aws_cloudwatch_log_group.waf.arn")).text(":*");
    let statement = object()
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("Service", "delivery.logs.amazonaws.com"))
        .attr("Action", ["logs:CreateLogStream", "logs:PutLogEvents"])
        .attr("Resource", streams)
        .attr("Condition", source);
    let policy =
        object().attr("Version", "2012-10-17").attr("Statement", List::new().item(statement));
    Block::resource("aws_cloudwatch_log_resource_policy", "waf")
        .attr("policy_name", log_group(design))
        .attr("policy_document", jsonencode(policy.tall()))
}
