//! What the sources do not say makes verdicts unknown, and never proved or refuted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Family, Report, Statement, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Attachment, Model, Origin, RouteTarget, Val};

fn example(name: &str) -> Model {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let bytes = std::fs::read(root.join(name).join("plan.json")).unwrap();
    import(&[Input { name: "plan.json", bytes: &bytes }]).unwrap()
}

fn report(model: &Model) -> Report {
    check(model, &Options::default()).unwrap()
}

fn statement<'r>(report: &'r Report, id: &str) -> &'r Statement {
    report.statements.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no statement {id}"))
}

/// Everything outside goes by a transit gateway, and nothing has an endpoint.
fn by_transit_gateway() -> Model {
    let mut model = example("farm-with-a-hole");
    model.endpoints.clear();
    for table in model.route_tables.values_mut() {
        for route in &mut table.routes {
            if matches!(route.target.get(), Some(RouteTarget::NatGateway(_))) {
                route.target =
                    Val::Known(RouteTarget::Opaque("aws_ec2_transit_gateway.hub".into()));
            }
        }
    }
    model
}

#[test]
fn what_a_transit_gateway_carries_is_not_known() {
    let report = report(&by_transit_gateway());
    for id in ["pulls-image:aws_ecs_service.python", "ships-logs:aws_ecs_service.python"] {
        let found = statement(&report, id);
        assert_eq!(found.verdict, Verdict::Unknown, "{found:?}");
        assert!(found.missing.iter().any(|m| m.contains("transit_gateway.hub")), "{found:?}");
    }
    assert!(!report.findings.iter().any(|f| f.rule == "no-endpoint-for-service"));
}

#[test]
fn what_comes_in_by_a_transit_gateway_is_closed_by_the_groups_alone() {
    // The task's groups admit nothing from the internet, whatever the transit gateway carries.
    let mut model = by_transit_gateway();
    let id = "only-through-ingress:aws_ecs_service.python";
    assert_eq!(statement(&report(&model), id).verdict, Verdict::Proved);
    // With a rule for the whole world nobody can tell.
    let group = model.security_groups.get_mut("aws_security_group.python").unwrap();
    for rule in &mut group.ingress.rules {
        rule.peers.cidrs.sure.insert("0.0.0.0/0".parse().unwrap());
    }
    assert_eq!(statement(&report(&model), id).verdict, Verdict::Unknown);
}

#[test]
fn a_listener_of_an_unknown_load_balancer_may_be_anyones() {
    let mut model = example("clean-farm");
    for listener in model.listeners.values_mut() {
        listener.load_balancer = Val::Unknown("a local value".into());
    }
    let report = report(&model);
    let found = statement(&report, "only-through-ingress:aws_ecs_service.python");
    assert!(found.text.ends_with("only through aws_lb.farm"), "{}", found.text);
}

#[test]
fn an_endpoint_of_unknown_route_tables_leaves_the_rest_decided() {
    let mut model = example("clean-farm");
    for endpoint in model.endpoints.values_mut() {
        if endpoint.route_tables.sure.is_empty() {
            continue;
        }
        endpoint.route_tables.sure.clear();
        endpoint.route_tables.open = true;
        endpoint.route_tables.unknown = Some("which route tables".into());
    }
    let report = report(&model);
    let unknown: Vec<&str> = report
        .statements
        .iter()
        .filter(|s| s.verdict != Verdict::Proved)
        .map(|s| s.id.as_str())
        .collect();
    assert_eq!(unknown, ["pulls-image:aws_ecs_service.python"]);
}

#[test]
fn what_is_registered_in_a_target_group_may_be_anything_that_nobody_shows() {
    let text = "expect:\n  - cannot: { from: internet, to: aws_ecs_service.python }\n";
    let expectations = vec![farmgate_farm::expect::read(text).unwrap()];
    let options = Options { expectations };
    let asked = |model: &Model| {
        let report = check(model, &options).unwrap();
        let found = report.statements.iter().find(|s| s.family == Family::Expectation);
        found.unwrap().clone()
    };
    let mut model = example("farm-with-a-hole");
    assert_eq!(asked(&model).verdict, Verdict::Refuted, "by its load balancer");
    // The service is the group's no more, and something is that no source names.
    for service in model.services.values_mut() {
        service.load_balancers.clear();
    }
    assert_eq!(asked(&model).verdict, Verdict::Proved, "nothing is registered");
    for group in model.target_groups.values_mut() {
        let target = Val::Unknown("there is no `aws elbv2 describe-target-health`".into());
        let origin = Origin::of(&group.key);
        group.attachments.push(Attachment { origin, target, port: None });
    }
    let found = asked(&model);
    assert_eq!(found.verdict, Verdict::Unknown, "{found:?}");
    assert!(found.missing.iter().any(|m| m.contains("describe-target-health")), "{found:?}");
}

/// An example's plan, with its resources changed before it is read.
fn changed(name: &str, change: impl Fn(&mut serde_json::Value)) -> Model {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let bytes = std::fs::read(root.join(name).join("plan.json")).unwrap();
    let mut plan: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    plan["resource_changes"].as_array_mut().unwrap().iter_mut().for_each(change);
    let bytes = serde_json::to_vec(&plan).unwrap();
    import(&[Input { name: "plan.json", bytes: &bytes }]).unwrap()
}

#[test]
fn a_task_on_instances_has_their_groups_and_not_none() {
    // As in the mode `bridge`: the service names no network of its own.
    let model = changed("clean-farm", |resource| {
        if resource["type"] == "aws_ecs_service" {
            resource["change"]["after"]["network_configuration"] = serde_json::json!([]);
            let unknown = resource["change"]["after_unknown"].as_object_mut().unwrap();
            unknown.remove("network_configuration");
        }
    });
    let report = report(&model);
    let about = "aws_ecs_service.python";
    let reaches = report.statements.iter().filter(|statement| {
        statement.text.contains(&format!("reaches {about}")) && statement.family == Family::Life
    });
    let mut count = 0;
    for found in reaches {
        assert_eq!(found.verdict, Verdict::Unknown, "{found:?}");
        count += 1;
    }
    assert_eq!(count, 1);
    let note = format!("on which container instances {about} runs");
    let missing = |statement: &Statement| statement.missing.iter().any(|it| it.contains(&note));
    assert!(report.statements.iter().any(missing), "{:?}", report.statements);
}

#[test]
fn roles_for_tasks_are_unused_only_where_there_are_tasks() {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}"#;
    let plan = serde_json::json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": "aws_iam_role.tasks", "mode": "managed", "type": "aws_iam_role", "name": "tasks",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null,
                "after": {"name": "tasks", "assume_role_policy": trust},
                "after_unknown": {"id": true, "arn": true}},
        }],
        "configuration": {"root_module": {"resources": [{
            "address": "aws_iam_role.tasks", "mode": "managed", "type": "aws_iam_role", "name": "tasks",
            "expressions": {"name": {"constant_value": "tasks"}, "assume_role_policy": {"constant_value": trust}},
        }]}},
    });
    let read = |plan: &serde_json::Value| {
        let bytes = serde_json::to_vec(plan).unwrap();
        import(&[Input { name: "plan.json", bytes: &bytes }]).unwrap()
    };
    let found = |model: &Model| report(model).findings.iter().any(|f| f.rule == "iam-role-unused");
    // Others of the account use it, by its name.
    let mut model = read(&plan);
    assert!(!found(&model));
    // With a task that doesn't, nothing here uses it.
    model.task_definitions = example("clean-farm").task_definitions;
    assert!(found(&model));
}

#[test]
fn a_tag_that_no_call_shows_may_be_anybodys() {
    let balancer = serde_json::json!({ "LoadBalancers": [{
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1",
        "LoadBalancerName": "a", "Type": "application", "Scheme": "internal", "VpcId": "vpc-1",
        "SecurityGroups": ["sg-1"], "AvailabilityZones": [{ "SubnetId": "subnet-1" }],
        "State": { "Code": "active" } }] });
    let balancer = balancer.to_string();
    let input = Input { name: "lb.json", bytes: balancer.as_bytes() };
    let model = import(&[input]).unwrap();
    let expect = |text: &str| {
        let expectations = farmgate_farm::expect::read(text).unwrap();
        let options = Options { expectations: vec![expectations] };
        let report = check(&model, &options).unwrap();
        let found = report.statements.iter().find(|s| s.id.starts_with("expectation"));
        found.cloned().unwrap()
    };
    let found = expect("expect:\n  - cannot: { from: internet, to: \"tag:Team=data\" }\n");
    assert_eq!(found.verdict, Verdict::Unknown, "{found:#?}");
    assert!(found.missing[0].contains("loadbalancer/app/a/1"), "{found:#?}");
}
