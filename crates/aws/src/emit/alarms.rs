//! `alarms.tf`: alarms of CloudWatch, and the topic of SNS that they tell.

use farmgate_farm::farm::Alarms;
use farmgate_farm::word::Rate;

use super::hcl::{Block, Expr, File, Object, call, object, raw};
use super::{names, network, policies};
use crate::design::Design;

/// The longest period of an alarm, in seconds (CloudWatch API Reference, `PutMetricAlarm`).
const LONGEST_PERIOD: u64 = 86_400;

const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

pub(super) fn file(design: &Design) -> File {
    let Some(alarms) = &design.farm.alarms else {
        return File::new();
    };
    let mut file =
        File::new().comment("Alarms. They tell when they begin, and when they are over.").blank();
    if alarms.topic.is_none() {
        file = topic(design, alarms, file);
    }
    if let Some(rate) = &alarms.errors {
        file.push(errors(design, alarms, rate));
    }
    if alarms.unhealthy {
        file.push(unhealthy(design, alarms));
    }
    if let Some(rate) = alarms.rejected.as_ref().filter(|_| has_flow_logs(design)) {
        file = file
            .comment(
                "Connections that no security group admits. What is open to the internet is scanned \
                 without pause;\nthe alarm is about more than that.",
            )
            .block(rejected_filter(design))
            .block(rejected(design, alarms, rate));
    }
    file
}

/// Whether the module makes flow logs: not of a VPC that exists.
fn has_flow_logs(design: &Design) -> bool {
    design.farm.network.existing.is_none() && network::flow_group(design).is_some()
}

/// The topic's ARN.
pub(super) fn topic_arn(alarms: &Alarms) -> Expr {
    alarms
        .topic
        .as_ref()
        .map_or_else(|| raw("aws_sns_topic.alarms.arn"), |topic| topic.as_str().into())
}

// === The topic ===

fn topic(design: &Design, alarms: &Alarms, file: File) -> File {
    let name = names::physical(design, &["alarms"]);
    let file = file
        .comment(
            "A key of the farm's own: with AWS's key for SNS, CloudWatch could not publish, as that \
             key's policy\nadmits no other service and can't be changed.",
        )
        .block(
            Block::resource("aws_kms_key", "alarms")
                .attr("description", format!("Alarms of {}", design.farm.farm))
                .attr("enable_key_rotation", true)
                .attr("deletion_window_in_days", 30)
                .attr("policy", key_policy(design)),
        )
        .block(
            Block::resource("aws_kms_alias", "alarms")
                .attr("name", format!("alias/{name}"))
                .attr("target_key_id", raw("aws_kms_key.alarms.key_id")),
        )
        .block(
            Block::resource("aws_sns_topic", "alarms")
                .attr("name", name)
                .attr("kms_master_key_id", raw("aws_kms_key.alarms.arn")),
        )
        .block(
            Block::resource("aws_sns_topic_policy", "alarms")
                .attr("arn", raw("aws_sns_topic.alarms.arn"))
                .attr("policy", topic_policy(design)),
        );
    if alarms.email.is_empty() {
        return file;
    }
    let mut addresses: Vec<&str> = alarms.email.iter().map(|email| email.as_str()).collect();
    addresses.sort_unstable();
    file.comment("Each address gets a message first, and has to confirm.").block(
        Block::resource("aws_sns_topic_subscription", "email")
            .for_each(call("toset", [addresses]))
            .attr("topic_arn", raw("aws_sns_topic.alarms.arn"))
            .attr("protocol", "email")
            .attr("endpoint", raw("each.key")),
    )
}

fn key_policy(design: &Design) -> Expr {
    let actions = ["kms:Decrypt", "kms:GenerateDataKey*"];
    let publish = policies::service("CloudWatch", CLOUDWATCH, actions, "*")
        .attr("Condition", policies::for_account(design));
    policies::document([policies::key_owner(design), publish])
}

fn topic_policy(design: &Design) -> Expr {
    let topic = || raw("aws_sns_topic.alarms.arn");
    let ours = format!("alarm:{}", names::physical(design, &["*"]));
    let ours = object().attr("aws:SourceArn", design.arns().of("cloudwatch", &ours));
    let publish = policies::service("CloudWatch", CLOUDWATCH, "sns:Publish", topic())
        .attr("Condition", object().attr("ArnLike", ours));
    policies::document([publish, policies::only_tls("sns:Publish", topic())])
}

// === Alarms ===

/// The period of a rate: alarms count whole minutes, up to a day.
fn period(rate: &Rate) -> u64 {
    (rate.per.as_seconds().div_ceil(60) * 60).min(LONGEST_PERIOD)
}

fn alarm(design: &Design, alarms: &Alarms, label: &str, about: &str) -> Block {
    Block::resource("aws_cloudwatch_metric_alarm", label)
        .attr("alarm_name", names::physical(design, &[label]))
        .attr("alarm_description", format!("{}: {about}", design.farm.farm))
        .attr("alarm_actions", [topic_arn(alarms)])
        .attr("ok_actions", [topic_arn(alarms)])
        .blank()
        .attr("comparison_operator", "GreaterThanThreshold")
}

fn balancer() -> Object {
    object().attr("LoadBalancer", raw("aws_lb.ingress.arn_suffix"))
}

fn errors(design: &Design, alarms: &Alarms, rate: &Rate) -> Block {
    let counted = |id: &str, label: &str, metric: &str| {
        Block::new("metric_query").attr("id", id).attr("label", label).block(
            Block::new("metric")
                .attr("namespace", "AWS/ApplicationELB")
                .attr("metric_name", metric)
                .attr("dimensions", balancer())
                .attr("stat", "Sum")
                .attr("period", period(rate)),
        )
    };
    alarm(design, alarms, "errors", &format!("answers with a 5xx status, more than {rate}"))
        .attr("threshold", rate.count)
        .attr("evaluation_periods", 1)
        .comment("There is no count while there is no error.")
        .attr("treat_missing_data", "notBreaching")
        .block(
            Block::new("metric_query")
                .attr("id", "errors")
                .attr("label", "5xx")
                .attr("expression", "FILL(balancer, 0) + FILL(gate, 0)")
                .attr("return_data", true),
        )
        .block(counted("balancer", "5xx by the load balancer", "HTTPCode_ELB_5XX_Count"))
        .block(counted("gate", "5xx by the gate", "HTTPCode_Target_5XX_Count"))
}

fn unhealthy(design: &Design, alarms: &Alarms) -> Block {
    let dimensions = balancer().attr("TargetGroup", raw("aws_lb_target_group.gate.arn_suffix"));
    alarm(design, alarms, "unhealthy", "a task of the gate is unhealthy, or there is none")
        .attr("threshold", 0)
        .attr("evaluation_periods", 5)
        .comment("Without any target there is no count.")
        .attr("treat_missing_data", "breaching")
        .blank()
        .attr("namespace", "AWS/ApplicationELB")
        .attr("metric_name", "UnHealthyHostCount")
        .attr("dimensions", dimensions)
        .attr("statistic", "Maximum")
        .attr("period", 60)
}

/// The namespace of what is counted in flow logs.
fn namespace(design: &Design) -> String {
    format!("farmgate/{}", design.farm.farm)
}

fn rejected_filter(design: &Design) -> Block {
    Block::resource("aws_cloudwatch_log_metric_filter", "rejected")
        .attr("name", names::physical(design, &["rejected"]))
        .attr("log_group_name", raw("aws_cloudwatch_log_group.flow.name"))
        .attr("pattern", REJECTED)
        .block(
            Block::new("metric_transformation")
                .attr("namespace", namespace(design))
                .attr("name", "RejectedFlows")
                .attr("value", "1")
                .attr("default_value", "0"),
        )
}

/// Flow logs in their default format.
const REJECTED: &str = "[version, account, interface, source, destination, source_port, \
                        destination_port, protocol, packets, bytes, start, end, \
                        action = \"REJECT\", status]";

fn rejected(design: &Design, alarms: &Alarms, rate: &Rate) -> Block {
    let metric = |attribute: &str| {
        let filter = raw("aws_cloudwatch_log_metric_filter.rejected.metric_transformation");
        filter.index(0).dot(attribute)
    };
    alarm(
        design,
        alarms,
        "rejected",
        &format!("flows that no security group admits, more than {rate}"),
    )
    .attr("threshold", rate.count)
    .attr("evaluation_periods", 1)
    .attr("treat_missing_data", "notBreaching")
    .blank()
    .attr("namespace", metric("namespace"))
    .attr("metric_name", metric("name"))
    .attr("statistic", "Sum")
    .attr("period", period(rate))
}
