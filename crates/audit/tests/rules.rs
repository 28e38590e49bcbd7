//! What single rules find beside their case in `cases/`, and when they are silent: edits of the
//! clean example, and what is found then.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

#[path = "support/model.rs"]
mod build;
#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use build::{
    PRIVATE, VPC, api, forward, group, ingress, integration, key, keys, listener, load_balancer,
    network, route, service,
};
use clean::{clean, findings, report};
use farmgate_audit::check::{Options, check};
use farmgate_aws::model::{ApiKind, Authorization, IntegrationTarget, Model, SetVal, Val, VpcLink};
use farmgate_net::service::ServiceSet;
use mutation::Mutation;
use serde_json::{Value, json};

/// What is found in the clean example after these edits, a line a finding.
#[track_caller]
fn found(edits: Value) -> String {
    let mutation = json!({ "about": "a test", "edits": edits });
    let mutation: Mutation = serde_json::from_value(mutation).expect("a mutation");
    let mut plan = clean();
    mutation.apply(&mut plan).expect("edits that fit");
    findings(&report(&plan).expect("a report"))
}

/// The title of the only finding after these edits.
#[track_caller]
fn title(edits: Value) -> String {
    let mutation = json!({ "about": "a test", "edits": edits });
    let mutation: Mutation = serde_json::from_value(mutation).expect("a mutation");
    let mut plan = clean();
    mutation.apply(&mut plan).expect("edits that fit");
    let report = report(&plan).expect("a report");
    let titles: Vec<&str> = report.findings.iter().map(|f| f.title.as_str()).collect();
    titles.join("\n")
}

/// The titles of a rule's findings in a model that is built by hand.
fn titles(model: &Model, rule: &str) -> Vec<String> {
    let report = check(model, &Options::default()).expect("a report");
    let findings = report.findings.into_iter().filter(|finding| finding.rule == rule);
    findings.map(|finding| finding.title).collect()
}

/// A rule of a security group as a resource of its own.
fn rule(name: &str, group: &str, protocol: &str, ports: (i32, i32), cidr: &str) -> Value {
    json!({
        "add": format!("aws_vpc_security_group_{name}"),
        "values": {
            "cidr_ipv4": cidr, "from_port": ports.0, "ip_protocol": protocol, "to_port": ports.1,
        },
        "unknown": { "id": true, "security_group_id": true },
        "expressions": {
            "cidr_ipv4": { "constant_value": cidr },
            "from_port": { "constant_value": ports.0 },
            "ip_protocol": { "constant_value": protocol },
            "security_group_id": { "references": [format!("{group}.id"), group] },
            "to_port": { "constant_value": ports.1 },
        },
    })
}

/// A network ACL of the private subnets that admits all out, and in what is given.
fn acl(ingress: &Value) -> Value {
    let all = json!({
        "action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 0, "protocol": "-1",
        "rule_no": 1000, "to_port": 0,
    });
    let mut entries = ingress.as_array().cloned().unwrap_or_default();
    entries.push(all.clone());
    let written = |entry: &Value| -> Value {
        let members = entry.as_object().cloned().unwrap_or_default();
        members
            .into_iter()
            .map(|(name, value)| (name, json!({ "constant_value": value })))
            .collect()
    };
    json!({
        "add": "aws_network_acl.private",
        "values": { "ingress": entries, "egress": [all] },
        "unknown": { "id": true, "subnet_ids": true, "vpc_id": true },
        "expressions": {
            "vpc_id": { "references": ["aws_vpc.farm.id", "aws_vpc.farm"] },
            "subnet_ids": { "references": ["aws_subnet.private"] },
            "ingress": entries.iter().map(written).collect::<Vec<_>>(),
            "egress": [written(&all)],
        },
    })
}

/// An entry of a network ACL.
fn entry(number: u32, action: &str, protocol: &str, ports: (i32, i32), cidr: &str) -> Value {
    json!({
        "action": action, "cidr_block": cidr, "from_port": ports.0, "protocol": protocol,
        "rule_no": number, "to_port": ports.1,
    })
}

// === rule-shadowed ===

#[test]
fn two_entries_shadow_one_together() {
    let entries = json!([
        entry(100, "allow", "tcp", (0, 32767), "0.0.0.0/0"),
        entry(110, "allow", "tcp", (32768, 65535), "0.0.0.0/0"),
        entry(120, "allow", "tcp", (1024, 65535), "203.0.113.0/24"),
    ]);
    let title = title(json!([acl(&entries)]));
    assert!(title.contains("ingress 120"), "{title}");
    assert!(title.ends_with("behind 100 and 110"), "{title}");
}

#[test]
fn an_entry_for_a_type_of_icmp_shadows_nothing() {
    let echo = |number, kind| {
        json!({
            "action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 0, "icmp_code": -1,
            "icmp_type": kind, "protocol": "icmp", "rule_no": number, "to_port": 0,
        })
    };
    assert_eq!(found(json!([acl(&json!([echo(100, 8), echo(110, 0)]))])), "");
}

#[test]
fn an_entry_for_a_type_of_icmp_is_shadowed_by_one_for_all() {
    let entries = json!([
        entry(100, "allow", "-1", (0, 0), "0.0.0.0/0"),
        entry(110, "deny", "icmp", (0, 0), "0.0.0.0/0"),
    ]);
    let title = title(json!([acl(&entries)]));
    assert!(title.contains("ingress 110 (deny icmp from 0.0.0.0/0) behind 100"), "{title}");
    // The last entry of the list is hidden as well, and admits what the first does.
    assert!(title.contains("2 entries"), "{title}");
}

// === rule-redundant ===

#[test]
fn a_rule_for_the_network_covers_rules_for_its_groups() {
    let wide = rule(
        "ingress_rule.endpoints_from_vpc",
        "aws_security_group.endpoints",
        "tcp",
        (443, 443),
        "10.20.0.0/16",
    );
    let expected = "low rule-redundant aws_security_group.endpoints \
        aws_vpc_security_group_ingress_rule.endpoints_from_python \
        aws_vpc_security_group_ingress_rule.endpoints_from_rotation\n";
    assert_eq!(found(json!([wide])), expected);
}

#[test]
fn a_rule_for_some_of_the_network_covers_no_rule_for_a_group() {
    let half = rule(
        "ingress_rule.endpoints_from_half",
        "aws_security_group.endpoints",
        "tcp",
        (443, 443),
        "10.20.0.0/17",
    );
    assert_eq!(found(json!([half])), "");
}

#[test]
fn rules_for_types_of_icmp_cover_nothing() {
    let group = "aws_security_group.alb";
    let ping = rule("ingress_rule.alb_ping", group, "icmp", (8, 0), "203.0.113.0/24");
    let size = rule("ingress_rule.alb_size", group, "icmp", (3, 4), "203.0.113.0/24");
    assert_eq!(found(json!([ping, size])), "");
}

#[test]
fn a_rule_that_is_not_known_yet_is_not_covered() {
    let group = "aws_security_group.alb";
    let mut office = rule("ingress_rule.alb_office", group, "tcp", (443, 443), "203.0.113.0/25");
    office["values"]["cidr_ipv4"] = Value::Null;
    office["unknown"]["cidr_ipv4"] = json!(true);
    office["expressions"]["cidr_ipv4"] =
        json!({ "references": ["aws_eip.office.public_ip", "aws_eip.office"] });
    assert_eq!(found(json!([office])), "");
}

#[test]
fn in_a_closed_network_members_are_where_their_carriers_are() {
    let mut model = network();
    group(&mut model, "aws_security_group.server");
    group(&mut model, "aws_security_group.client");
    service(&mut model, "aws_ecs_service.client", PRIVATE, &["aws_security_group.client"]);
    let subnet = model.subnets[PRIVATE].cidrs.sure.first().expect("a block").to_string();
    let services = ServiceSet::tcp(443);
    ingress(
        &mut model,
        "aws_security_group.server",
        services.clone(),
        &["aws_security_group.client"],
    );
    ingress(&mut model, "aws_security_group.server", services, &[&subnet]);
    assert_eq!(titles(&model, "rule-redundant").len(), 1);
    let open = "other states may put interfaces into it".into();
    model.vpcs.get_mut(VPC).expect("the VPC").open = Some(open);
    assert_eq!(titles(&model, "rule-redundant"), Vec::<String>::new());
}

// === unused-security-group ===

fn old_group() -> Value {
    json!({
        "add": "aws_security_group.old",
        "values": { "name": "farm-old" },
        "unknown": { "egress": true, "id": true, "ingress": true, "vpc_id": true },
        "expressions": {
            "name": { "constant_value": "farm-old" },
            "vpc_id": { "references": ["aws_vpc.farm.id", "aws_vpc.farm"] },
        },
    })
}

#[test]
fn a_group_that_a_rule_of_another_names_is_used() {
    let from_old = json!({
        "resource": "aws_vpc_security_group_ingress_rule.endpoints_from_rotation",
        "attribute": "referenced_security_group_id",
        "references": ["aws_security_group.old.id", "aws_security_group.old"],
    });
    assert_eq!(found(json!([old_group(), from_old])), "");
}

#[test]
fn something_unmodelled_may_carry_any_group() {
    let template = json!({
        "add": "aws_launch_template.workers",
        "values": { "name": "workers" },
        "unknown": { "id": true, "vpc_security_group_ids": true },
        "expressions": { "vpc_security_group_ids": { "references": ["aws_security_group.old.id", "aws_security_group.old"] } },
    });
    assert_eq!(found(json!([old_group(), template])), "");
}

#[test]
fn an_interface_whose_groups_are_not_known_may_carry_any_group() {
    let groups = json!({
        "resource": "aws_lambda_function.rotation", "attribute": "vpc_config/0/security_group_ids",
        "references": ["local.groups"],
    });
    assert_eq!(found(json!([old_group(), groups])), "");
}

#[test]
fn a_task_that_a_schedule_starts_may_carry_any_group() {
    let nightly = json!({
        "add": "aws_cloudwatch_event_target.nightly",
        "values": { "ecs_target": [{ "launch_type": "FARGATE", "network_configuration": [{ "assign_public_ip": false }] }] },
        "unknown": { "arn": true, "id": true },
        "expressions": { "ecs_target": [{ "launch_type": { "constant_value": "FARGATE" } }] },
    });
    assert_eq!(found(json!([old_group(), nightly])), "");
}

// === session-affinity-missing ===

fn scaled(max: u64) -> Value {
    json!({
        "add": "aws_appautoscaling_target.python",
        "values": {
            "max_capacity": max, "min_capacity": 1, "resource_id": "service/farm/python",
            "scalable_dimension": "ecs:service:DesiredCount", "service_namespace": "ecs",
        },
        "unknown": { "id": true },
        "expressions": {
            "max_capacity": { "constant_value": max }, "min_capacity": { "constant_value": 1 },
            "resource_id": { "references": ["aws_ecs_cluster.farm.name", "aws_ecs_cluster.farm", "aws_ecs_service.python.name", "aws_ecs_service.python"] },
            "scalable_dimension": { "constant_value": "ecs:service:DesiredCount" },
            "service_namespace": { "constant_value": "ecs" },
        },
    })
}

#[test]
fn a_service_that_scales_out_needs_affinity() {
    let expected = "medium session-affinity-missing aws_appautoscaling_target.python \
        aws_ecs_service.python aws_lb_target_group.python\n\
        low scaling-without-bound aws_appautoscaling_target.python\n";
    assert_eq!(found(json!([scaled(5)])), expected);
    assert_eq!(found(json!([scaled(1)])), "");
}

#[test]
fn a_sticky_target_group_has_affinity() {
    let sticky = json!({
        "resource": "aws_lb_target_group.python", "attribute": "stickiness",
        "set": [{ "cookie_duration": 86400, "cookie_name": null, "enabled": true, "type": "lb_cookie" }],
    });
    let written = json!({
        "configuration": "aws_lb_target_group.python", "attribute": "stickiness",
        "set": [{ "type": { "constant_value": "lb_cookie" } }],
    });
    // Nothing moves the number, which is another matter.
    let expected = "low scaling-without-bound aws_appautoscaling_target.python\n";
    assert_eq!(found(json!([scaled(5), sticky, written])), expected);
}

// === port-mismatch ===

#[test]
fn a_group_that_admits_another_port_is_named_with_it() {
    let edits = json!([
        { "resource": "aws_vpc_security_group_ingress_rule.python_from_alb", "attribute": "from_port", "set": 3001 },
        { "resource": "aws_vpc_security_group_ingress_rule.python_from_alb", "attribute": "to_port", "set": 3001 },
    ]);
    assert_eq!(
        title(edits.clone()),
        "aws_ecs_service.python: aws_security_group.python admits tcp 3001 from aws_lb.farm, not 8443"
    );
    let expected = "high port-mismatch aws_ecs_service.python aws_lb.farm \
        aws_lb_target_group.python aws_security_group.python\n";
    assert_eq!(found(edits), expected);
}

#[test]
fn a_health_check_asks_a_port_that_nobody_declares() {
    let edits = json!([{ "resource": "aws_lb_target_group.python", "attribute": "health_check/0/port", "set": "9000" }]);
    let title = title(edits);
    assert!(
        title.contains(
            "the health check of aws_lb_target_group.python asks port 9000, the task has port 8443"
        ),
        "{title}"
    );
    assert!(
        title.contains("aws_security_group.python admits tcp 8443 from aws_lb.farm, not 9000"),
        "{title}"
    );
}

#[test]
fn containers_that_are_not_known_disagree_with_nothing() {
    let edits = json!([
        { "resource": "aws_ecs_task_definition.python", "attribute": "container_definitions", "references": ["local.containers"] },
        { "resource": "aws_ecs_service.python", "attribute": "load_balancer/0/container_name", "set": "server" },
    ]);
    assert_eq!(found(edits), "");
}

#[test]
fn a_container_that_is_not_there_is_named() {
    let edits = json!([{ "resource": "aws_ecs_service.python", "attribute": "load_balancer/0/container_name", "set": "server" }]);
    assert_eq!(
        title(edits),
        "aws_ecs_service.python: its `load_balancer` block names container `server`, the task has `python`"
    );
}

#[test]
fn an_integration_names_a_port_on_which_nobody_listens() {
    let mut model = network();
    load_balancer(&mut model, "aws_lb.main", true, true, &[]);
    let to = forward("aws_lb_target_group.main");
    listener(&mut model, "aws_lb_listener.main", "aws_lb.main", ("TCP", 8080), to);
    let link = VpcLink {
        key: key("aws_api_gateway_vpc_link.main"),
        subnets: SetVal::default(),
        security_groups: SetVal::default(),
        targets: keys(&["aws_lb.main"]),
        v1: true,
    };
    let target = IntegrationTarget::VpcLink {
        link: Val::Known(link.key.clone()),
        to: Val::Known(key("aws_lb.main")),
    };
    model.vpc_links.insert(link.key.clone(), link);
    let mut integration = integration("aws_api_gateway_integration.main", target);
    integration.port = Some(8081);
    api(&mut model, "aws_api_gateway_rest_api.main", ApiKind::Rest);
    let ends = ("aws_api_gateway_rest_api.main", "aws_api_gateway_method.main");
    route(&mut model, ends, "POST /mcp", Authorization::Iam, Some(integration));
    assert_eq!(
        titles(&model, "port-mismatch"),
        [
            "aws_api_gateway_integration.main: it leads to port 8081 of aws_lb.main, which listens on 8080"
        ]
    );
}

// === duplicate-name ===

#[test]
fn one_name_in_two_regions_is_no_duplicate() {
    let second = json!({
        "add": "aws_cloudwatch_log_group.tasks",
        "values": { "name": "/ecs/python", "region": "us-east-1", "retention_in_days": 30 },
        "unknown": { "arn": true, "id": true },
        "expressions": { "name": { "constant_value": "/ecs/python" } },
    });
    assert_eq!(found(json!([second])), "");
}

// === default-security-group-open ===

/// An instance in a private subnet that names no group.
fn without_group() -> Value {
    json!({
        "add": "aws_instance.bastion",
        "values": { "associate_public_ip_address": false, "instance_type": "t4g.nano" },
        "unknown": { "id": true, "security_groups": true, "subnet_id": true, "vpc_security_group_ids": true },
        "expressions": {
            "associate_public_ip_address": { "constant_value": false },
            "instance_type": { "constant_value": "t4g.nano" },
            "subnet_id": { "references": ["aws_subnet.private[\"a\"].id", "aws_subnet.private[\"a\"]", "aws_subnet.private"] },
        },
    })
}

#[test]
fn whatever_names_no_group_carries_the_default_one() {
    let edits = json!([without_group(), { "delete": "aws_default_security_group.farm" }]);
    assert_eq!(
        title(edits.clone()),
        "aws_instance.bastion carries the default group of aws_vpc.farm, which no source manages"
    );
    assert_eq!(found(edits), "low default-security-group-open aws_instance.bastion\n");
}

#[test]
fn a_default_group_without_rules_may_be_carried() {
    assert_eq!(found(json!([without_group()])), "");
}

#[test]
fn a_default_group_that_nobody_shows_is_no_finding() {
    assert_eq!(found(json!([{ "delete": "aws_default_security_group.farm" }])), "");
}
