//! What the rules about settings find beside their case in `cases/`, and when they are silent: edits
//! of the clean example, and what is found then.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "a test"
)]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use clean::{clean, findings, report};
use farmgate_audit::report::Report;
use mutation::Mutation;
use serde_json::{Value, json};

/// The report on the clean example after these edits.
#[track_caller]
fn edited(edits: Value) -> Report {
    let mutation = json!({ "about": "a test", "edits": edits });
    let mutation: Mutation = serde_json::from_value(mutation).expect("a mutation");
    let mut plan = clean();
    mutation.apply(&mut plan).expect("edits that fit");
    report(&plan).expect("a report")
}

#[track_caller]
fn found(edits: Value) -> String {
    findings(&edited(edits))
}

const DEFINITION: &str = "aws_ecs_task_definition.python";

/// The task definition with its container, and others beside it.
fn containers(changes: Value, others: Value) -> Value {
    let plan = clean();
    let resources = plan["planned_values"]["root_module"]["resources"].as_array().unwrap();
    let own = resources.iter().find(|it| it["address"] == DEFINITION).unwrap();
    let text = own["values"]["container_definitions"].as_str().unwrap();
    let mut list: Vec<Value> = serde_json::from_str(text).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        list[0][name] = value.clone();
    }
    list.extend(others.as_array().unwrap().clone());
    let text = serde_json::to_string(&list).unwrap();
    json!({ "resource": DEFINITION, "attribute": "container_definitions", "set": text })
}

// === root-user, writable-root-filesystem ===

#[test]
fn root_has_several_names() {
    for user in ["0", "root", "root:root", "0:10001"] {
        let found = found(json!([containers(json!({ "user": user }), json!([]))]));
        assert_eq!(found, "low root-user aws_ecs_task_definition.python\n", "{user}");
    }
}

#[test]
fn without_a_user_the_image_decides() {
    for user in [Value::Null, json!("")] {
        let found = found(json!([containers(json!({ "user": user }), json!([]))]));
        assert_eq!(found, "info root-user aws_ecs_task_definition.python\n");
    }
    let windows = json!([{ "operating_system_family": "WINDOWS_SERVER_2022_CORE" }]);
    let edits = json!([
        containers(json!({ "user": null, "readonlyRootFilesystem": false }), json!([])),
        { "resource": DEFINITION, "attribute": "runtime_platform", "set": windows },
    ]);
    assert_eq!(found(edits), "");
}

#[test]
fn what_prepares_a_volume_may_be_root() {
    let init = json!([{ "name": "init", "image": "x", "essential": false, "user": "0" }]);
    let found = found(json!([containers(json!({}), init)]));
    assert!(!found.contains("root"), "{found}");
    // `essential` is true unless it is written.
    let beside = json!([{ "name": "beside", "image": "x", "user": "0" }]);
    let report = edited(json!([containers(json!({}), beside)]));
    let titles: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.rule.contains("root"))
        .map(|finding| finding.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "the container `beside` of aws_ecs_service.python runs as root",
            "the container `beside` of aws_ecs_service.python may change the image's files",
        ]
    );
}

// === circuit-breaker-off ===

const SERVICE: &str = "aws_ecs_service.python";

#[test]
fn a_rollback_on_alarms_is_one() {
    let alarms = json!([{ "alarm_names": ["errors"], "enable": true, "rollback": true }]);
    let edits = json!([
        { "resource": SERVICE, "attribute": "deployment_circuit_breaker/0/enable", "set": false },
        { "resource": SERVICE, "attribute": "alarms", "set": alarms },
    ]);
    assert_eq!(found(edits), "");
}

#[test]
fn another_controller_has_its_own_way_back() {
    let controller = json!([{ "type": "CODE_DEPLOY" }]);
    let edits = json!([
        { "resource": SERVICE, "attribute": "deployment_circuit_breaker", "remove": true },
        { "resource": SERVICE, "attribute": "deployment_controller", "set": controller },
    ]);
    assert_eq!(found(edits), "");
}

#[test]
fn without_a_block_it_is_off() {
    let edits = json!([
        { "resource": SERVICE, "attribute": "deployment_circuit_breaker", "set": [] },
        { "configuration": SERVICE, "attribute": "deployment_circuit_breaker", "set": [] },
    ]);
    assert_eq!(found(edits), "low circuit-breaker-off aws_ecs_service.python\n");
}

// === flow-logs-off ===

#[test]
fn a_flow_log_of_a_subnet_is_none_of_the_vpc() {
    let subnet = json!({
        "add": "aws_flow_log.one",
        "values": { "traffic_type": "ALL", "vpc_id": null },
        "unknown": { "id": true, "subnet_id": true },
        "expressions": { "subnet_id": { "references": ["aws_subnet.private"] } },
    });
    let report = edited(json!([{ "delete": "aws_flow_log.rejected" }, subnet]));
    assert_eq!(findings(&report), "low flow-logs-off aws_vpc.farm\n");
    let assumed = "aws_vpc.farm has no flow log, since no source shows one";
    let finding = report.findings.first().unwrap();
    assert_eq!(finding.assumes, [assumed]);
}

// === unprotected-from-deletion, access-logs-off ===

#[test]
fn an_internal_load_balancer_needs_less() {
    let internal = json!({ "resource": "aws_lb.farm", "attribute": "internal", "set": true });
    let off =
        |attribute| json!({ "resource": "aws_lb.farm", "attribute": attribute, "set": false });
    let found =
        found(json!([internal, off("enable_deletion_protection"), off("access_logs/0/enabled")]));
    assert_eq!(found, "info access-logs-off aws_lb.farm\n");
}

// === quota-exceeded ===

/// A rule of the load balancer's group for these clients.
fn clients(name: &str, attribute: &str, blocks: &[String]) -> Value {
    json!({
        "add": format!("aws_security_group_rule.{name}"),
        "values": {
            "type": "ingress", attribute: blocks, "from_port": 443, "protocol": "tcp",
            "to_port": 443, "self": false,
        },
        "unknown": { "id": true, "security_group_id": true },
        "expressions": {
            "type": { "constant_value": "ingress" },
            attribute: { "constant_value": blocks },
            "from_port": { "constant_value": 443 },
            "protocol": { "constant_value": "tcp" },
            "to_port": { "constant_value": 443 },
            "security_group_id": {
                "references": ["aws_security_group.alb.id", "aws_security_group.alb"]
            },
        },
    })
}

#[test]
fn both_families_have_a_quota_of_their_own() {
    let v4: Vec<String> = (1..=50).map(|n| format!("198.51.100.{n}/32")).collect();
    let v6: Vec<String> = (1..=50).map(|n| format!("2001:db8:{n}::/48")).collect();
    let both = json!([clients("v4", "cidr_blocks", &v4), clients("v6", "ipv6_cidr_blocks", &v6)]);
    assert_eq!(found(both), "");
    let more: Vec<String> = (1..=60).map(|n| format!("2001:db8:{n}::/48")).collect();
    let report = edited(json!([clients("v6", "ipv6_cidr_blocks", &more)]));
    // The example's own two rules are for IPv4.
    assert_eq!(findings(&report), "");
    let more: Vec<String> = (1..=61).map(|n| format!("2001:db8:{n}::/48")).collect();
    let report = edited(json!([clients("v6", "ipv6_cidr_blocks", &more)]));
    let title = &report.findings.first().unwrap().title;
    assert_eq!(title, "aws_security_group.alb has 61 ingress rules, and the quota is 60");
}

// === egress-to-internet, rule-redundant ===

/// A rule of the server's group that lets HTTPS out to anywhere.
fn out() -> Value {
    json!({
        "add": "aws_vpc_security_group_egress_rule.python_out",
        "values": { "cidr_ipv4": "0.0.0.0/0", "from_port": 443, "ip_protocol": "tcp", "to_port": 443 },
        "unknown": { "id": true, "security_group_id": true },
        "expressions": {
            "cidr_ipv4": { "constant_value": "0.0.0.0/0" },
            "from_port": { "constant_value": 443 },
            "ip_protocol": { "constant_value": "tcp" },
            "to_port": { "constant_value": 443 },
            "security_group_id": {
                "references": ["aws_security_group.python.id", "aws_security_group.python"]
            },
        },
    })
}

#[test]
fn without_a_way_out_nobody_gets_there() {
    // And rules that name groups and lists beside it are what is meant.
    assert_eq!(found(json!([out()])), "");
}
