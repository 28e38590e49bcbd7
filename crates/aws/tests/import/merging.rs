//! Several sources as one: what settles what, what contradicts what, and what never gets in.

use farmgate_aws::model::Val;
use serde_json::{Value, json};

use crate::plans::{Plan, key, literal, read, refs, shown_state, sure};

/// A plan in which an instance is created with a group that is created too.
fn plan() -> Plan {
    Plan::new()
        .both(
            "aws_security_group.g",
            json!({ "name": "g" }),
            json!({ "id": true, "arn": true }),
            json!({}),
        )
        .both(
            "aws_instance.i",
            json!({ "tags": {} }),
            json!({ "id": true, "vpc_security_group_ids": true }),
            json!({ "vpc_security_group_ids":
                refs(&["aws_security_group.g.id", "aws_security_group.g"]) }),
        )
}

fn group(id: &str) -> Value {
    json!({ "id": id, "arn": format!("arn:aws:ec2:eu-west-1:123456789012:security-group/{id}"),
        "name": "g", "ingress": [], "egress": [] })
}

#[test]
fn a_state_settles_what_a_plan_assumes() {
    let state = shown_state(&[
        ("aws_security_group.g", group("sg-1")),
        ("aws_instance.i", json!({ "id": "i-1", "vpc_security_group_ids": ["sg-1"] })),
    ]);
    for inputs in [
        [("plan.json", plan().bytes()), ("state.json", state.clone())],
        [("state.json", state), ("plan.json", plan().bytes())],
    ] {
        let inputs: Vec<(&str, &[u8])> =
            inputs.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        let model = read(&inputs);
        let groups = &model.instances[&key("aws_instance.i")].security_groups;
        assert_eq!(sure(groups), ["aws_security_group.g"]);
        assert_eq!(groups.assumed, None);
        assert_eq!(model.warnings, []);
        assert_eq!(model.resolve("sg-1"), key("aws_security_group.g"));
        assert_eq!(
            model.resolve("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1"),
            key("aws_security_group.g")
        );
        assert_eq!(model.account.as_deref(), Some("123456789012"));
        assert_eq!(model.sources.len(), 2);
    }
}

#[test]
fn a_state_file_is_read_like_a_shown_state() {
    let file = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "x", "outputs": {},
        "resources": [
            { "mode": "managed", "type": "aws_security_group", "name": "g",
              "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
              "instances": [{ "schema_version": 1, "attributes": group("sg-1") }] },
            { "module": "module.m[\"x\"]", "mode": "managed", "type": "aws_instance", "name": "i",
              "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
              "instances": [
                { "index_key": 0, "attributes": { "id": "i-1", "vpc_security_group_ids": ["sg-1"] } },
                { "index_key": 1, "deposed": "abcd", "attributes": { "id": "i-2" } },
              ] },
        ],
    });
    let model = read(&[("terraform.tfstate", &serde_json::to_vec(&file).expect("JSON"))]);
    assert_eq!(model.instances.len(), 1);
    let instance = &model.instances[&key("module.m[\"x\"].aws_instance.i[0]")];
    assert_eq!(sure(&instance.security_groups), ["aws_security_group.g"]);
}

#[test]
fn a_state_from_before_a_replacement_settles_nothing() {
    let change = json!({
        "actions": ["delete", "create"],
        "before": { "id": "i-1", "vpc_security_group_ids": ["sg-old"] },
        "after": {},
        "after_unknown": { "id": true, "vpc_security_group_ids": true },
    });
    let plan = Plan::new()
        .both("aws_security_group.g", json!({}), json!({ "id": true }), json!({}))
        .change("", "aws_instance.i", change)
        .written(
            "",
            "aws_instance.i",
            json!({ "vpc_security_group_ids":
                refs(&["aws_security_group.g.id", "aws_security_group.g"]) }),
        );
    let state = shown_state(&[(
        "aws_instance.i",
        json!({ "id": "i-1", "vpc_security_group_ids": ["sg-old"] }),
    )]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    let groups = &model.instances[&key("aws_instance.i")].security_groups;
    assert_eq!(sure(groups), ["aws_security_group.g"]);
    assert!(groups.assumed.is_some());
}

#[test]
fn blocks_of_a_set_are_completed_by_the_one_that_fits() {
    let block = |port: u16, groups: Value| {
        json!({ "cidr_blocks": [], "from_port": port, "to_port": port, "protocol": "tcp",
            "ipv6_cidr_blocks": [], "prefix_list_ids": [], "self": false, "description": "",
            "security_groups": groups })
    };
    let mut unknown = block(80, Value::Null);
    unknown.as_object_mut().expect("an object").remove("security_groups");
    let plan = Plan::new().both(
        "aws_security_group.g",
        json!({ "ingress": [block(443, json!([])), unknown] }),
        json!({ "id": true, "ingress": [{}, { "security_groups": true }] }),
        json!({ "ingress": refs(&["local.x"]) }),
    );
    let state = shown_state(&[(
        "aws_security_group.g",
        json!({ "id": "sg-1", "ingress": [block(80, json!(["sg-2"])), block(443, json!([]))] }),
    )]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    let rules = &model.security_groups[&key("aws_security_group.g")].ingress.rules;
    assert_eq!(sure(&rules[1].peers.groups), ["sg-2"]);
    assert_eq!(model.warnings, []);
}

#[test]
fn a_difference_is_told_and_the_plan_is_used() {
    let plan = Plan::new().keep(
        "",
        "aws_ecs_service.s",
        json!({ "id": "arn:aws:ecs:s", "name": "s", "desired_count": 1 }),
    );
    let state = shown_state(&[(
        "aws_ecs_service.s",
        json!({ "id": "arn:aws:ecs:s", "name": "s", "desired_count": 2 }),
    )]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    assert_eq!(model.services[&key("aws_ecs_service.s")].desired_count, Val::Known(Some(1)));
    let [warning] = model.warnings.as_slice() else { panic!("{:?}", model.warnings) };
    assert_eq!(warning.code, "sources-disagree");
    assert_eq!(
        warning.text,
        "`desired_count` of aws_ecs_service.s is 1 in plan.json and 2 in state.json; \
         the former is used"
    );
    assert_eq!(warning.on, Some(key("aws_ecs_service.s")));
}

#[test]
fn what_the_plan_itself_changes_is_no_difference() {
    let change = json!({
        "actions": ["update"],
        "before": { "id": "arn:aws:ecs:s", "desired_count": 2 },
        "after": { "id": "arn:aws:ecs:s", "desired_count": 1 },
        "after_unknown": {},
    });
    let plan = Plan::new().change("", "aws_ecs_service.s", change);
    let state =
        shown_state(&[("aws_ecs_service.s", json!({ "id": "arn:aws:ecs:s", "desired_count": 2 }))]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    assert_eq!(model.warnings, []);
}

#[test]
fn two_root_modules_meet_by_id() {
    let network = shown_state(&[
        ("aws_vpc.main", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" })),
        (
            "aws_subnet.main",
            json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" }),
        ),
    ]);
    let app = Plan::new()
        .data("data.aws_vpc.main", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))
        .both(
            "aws_instance.i",
            json!({ "subnet_id": "subnet-1" }),
            json!({ "id": true }),
            json!({ "subnet_id": refs(&["var.subnet"]) }),
        );
    let model = read(&[("app.json", &app.bytes()), ("network.json", &network)]);
    assert_eq!(
        model.instances[&key("aws_instance.i")].subnet,
        Val::Known(Some(key("aws_subnet.main")))
    );
    assert_eq!(model.subnets[&key("aws_subnet.main")].vpc, Val::Known(key("aws_vpc.main")));
    assert_eq!(model.vpcs.len(), 1);
    assert_eq!(model.resolve("vpc-1"), key("aws_vpc.main"));
}

#[test]
fn one_address_in_two_root_modules_is_two_resources() {
    let state = |id: &str| {
        shown_state(&[("aws_vpc.main", json!({ "id": id, "cidr_block": "10.0.0.0/16" }))])
    };
    let model = read(&[("one.json", &state("vpc-1")), ("two.json", &state("vpc-2"))]);
    let keys: Vec<&str> = model.vpcs.keys().map(farmgate_aws::model::Key::as_str).collect();
    assert_eq!(keys, ["aws_vpc.main", "aws_vpc.main (of two.json)"]);
    assert_eq!(model.resolve("vpc-2"), key("aws_vpc.main (of two.json)"));
    assert_eq!(
        keys[1]
            .parse::<String>()
            .ok()
            .map(|text| key(&text))
            .and_then(|key| key.resource_type().map(str::to_owned)),
        Some("aws_vpc".to_owned())
    );
}

#[test]
fn deleted_resources_are_gone_and_replaced_ones_are_what_comes() {
    let plan = Plan::new()
        .change(
            "",
            "aws_vpc.old",
            json!({ "actions": ["delete"], "before": { "id": "vpc-1", "cidr_block": "10.0.0.0/16" },
                "after": null, "after_unknown": {} }),
        )
        .change(
            "",
            "aws_vpc.new",
            json!({ "actions": ["create", "delete"],
                "before": { "id": "vpc-2", "cidr_block": "10.1.0.0/16" },
                "after": { "cidr_block": "10.2.0.0/16" }, "after_unknown": { "id": true } }),
        )
        .change(
            "",
            "aws_vpc.left",
            json!({ "actions": ["forget"],
                "before": { "id": "vpc-3", "cidr_block": "10.3.0.0/16" }, "after": null }),
        );
    let state =
        shown_state(&[("aws_vpc.old", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    let cidr = |name: &str| {
        let nets = model.vpcs[&key(name)].cidrs.sure.iter().map(ToString::to_string);
        nets.collect::<Vec<_>>()
    };
    assert_eq!(model.vpcs.len(), 2);
    assert_eq!(cidr("aws_vpc.new"), ["10.2.0.0/16"]);
    assert_eq!(cidr("aws_vpc.left"), ["10.3.0.0/16"]);
    assert_eq!(model.sources[0].resources, 2);
}

#[test]
fn an_incomplete_plan_is_read_with_a_warning_and_its_prior_state() {
    let plan = Plan::new()
        .keep("", "aws_vpc.v", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))
        .with("complete", json!(false))
        .with(
            "prior_state",
            json!({ "values": { "root_module": { "resources": [
                { "address": "aws_subnet.s", "mode": "managed", "type": "aws_subnet", "name": "s",
                  "values": { "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" } },
            ] } } }),
        );
    let model = plan.model();
    assert_eq!(model.warnings.len(), 1);
    assert_eq!(model.warnings[0].code, "plan-incomplete");
    assert_eq!(model.subnets[&key("aws_subnet.s")].vpc, Val::Known(key("aws_vpc.v")));
}

#[test]
fn moved_resources_answer_to_their_former_address() {
    let change =
        json!({ "actions": ["no-op"], "after": { "id": "vpc-1", "cidr_block": "10.0.0.0/16" } });
    let mut json = Plan::new().change("", "aws_vpc.new", change).json();
    json["resource_changes"][0]["previous_address"] = json!("aws_vpc.old");
    let state =
        shown_state(&[("aws_vpc.old", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))]);
    let plan = serde_json::to_vec(&json).expect("JSON");
    let model = read(&[("plan.json", &plan), ("state.json", &state)]);
    assert_eq!(model.vpcs.len(), 1);
    assert_eq!(model.resolve("aws_vpc.old"), key("aws_vpc.new"));
}

#[test]
fn nothing_sensitive_gets_into_the_model() {
    const SECRET: &str = "correct-horse";
    let sensitive = |after: Value, marks: Value| {
        json!({ "actions": ["create"], "before": null, "after": after, "after_unknown": {},
            "after_sensitive": marks })
    };
    let containers =
        format!(r#"[{{"name":"a","environment":[{{"name":"P","value":"{SECRET}"}}]}}]"#);
    let plan = Plan::new()
        .change(
            "",
            "aws_ecs_task_definition.t",
            sensitive(
                json!({ "family": "f", "container_definitions": containers }),
                json!({ "container_definitions": true }),
            ),
        )
        .change(
            "",
            "aws_db_instance.d",
            sensitive(
                json!({ "engine": "postgres", "password": SECRET, "identifier": SECRET,
                    "publicly_accessible": true, "tags": { "a": SECRET, "b": "plain" } }),
                json!({ "password": true, "identifier": true, "publicly_accessible": true,
                    "tags": { "a": true } }),
            ),
        )
        .change(
            "",
            "aws_security_group.g",
            sensitive(
                json!({ "ingress": [{ "cidr_blocks": [SECRET], "from_port": 1, "to_port": 1,
                    "protocol": "tcp", "self": false }] }),
                json!({ "ingress": [{ "cidr_blocks": [true] }] }),
            ),
        )
        .written("", "aws_db_instance.d", json!({ "password": literal(SECRET) }))
        .variable("secret", json!(SECRET));
    let model = plan.model();
    assert!(!format!("{model:?}").contains(SECRET));
    let database = &model.databases[&key("aws_db_instance.d")];
    assert_eq!(database.public, Val::Known(true));
    assert_eq!(database.tags.get("b").map(String::as_str), Some("plain"));
    let containers = &model.task_definitions[&key("aws_ecs_task_definition.t")].containers;
    assert_eq!(
        containers.missing().map(AsRef::as_ref),
        Some("`container_definitions` of aws_ecs_task_definition.t is sensitive and not read")
    );
    let rule = &model.security_groups[&key("aws_security_group.g")].ingress.rules[0];
    assert!(rule.peers.cidrs.open);
}

#[test]
fn a_state_file_s_sensitive_paths_are_followed() {
    const SECRET: &str = "correct-horse";
    let file = json!({
        "version": 4, "serial": 1, "lineage": "x",
        "resources": [{ "mode": "managed", "type": "aws_lb_listener", "name": "l",
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{
                "attributes": { "id": "arn:l", "port": 443, "protocol": "HTTPS",
                    "load_balancer_arn": "arn:lb", "ssl_policy": SECRET,
                    "default_action": [{ "type": "forward", "target_group_arn": "arn:tg" }] },
                "sensitive_attributes": [
                    [{ "type": "get_attr", "value": "ssl_policy" }],
                    [{ "type": "get_attr", "value": "default_action" },
                     { "type": "index", "value": { "value": 0, "type": "number" } },
                     { "type": "get_attr", "value": "authenticate_oidc" }],
                ],
            }] }],
    });
    let model = read(&[("s", &serde_json::to_vec(&file).expect("JSON"))]);
    let debug = format!("{model:?}");
    assert!(!debug.contains(SECRET) && debug.contains("arn:tg"));
}

/// The warnings of a plan and a state that show one resource, with this attribute in each.
fn warnings(resource: &str, attribute: &str, plan: &Value, state: &Value) -> Vec<String> {
    let shown = |value: &Value| json!({ "id": "x", attribute: value.to_string() });
    let plan = Plan::new().keep("", resource, shown(plan));
    let state = shown_state(&[(resource, shown(state))]);
    let model = read(&[("plan.json", &plan.bytes()), ("state.json", &state)]);
    model.warnings.into_iter().map(|warning| warning.text).collect()
}

#[test]
fn container_definitions_are_compared_as_they_are_read() {
    let written = json!([
        { "name": "b", "image": "i:1", "portMappings": [{ "containerPort": 8000 }],
          "environment": [{ "name": "ONE", "value": "1" }, { "name": "TWO", "value": "2" }] },
        { "name": "a", "image": "i:1" },
    ]);
    let of_aws = |image: &str| {
        json!([
            { "cpu": 0, "environment": [], "essential": true, "image": "i:1", "mountPoints": [],
              "name": "a", "portMappings": [], "systemControls": [], "volumesFrom": [] },
            { "cpu": 0, "image": image, "mountPoints": [], "name": "b", "essential": true,
              "environment": [{ "value": "2", "name": "TWO" }, { "value": "1", "name": "ONE" }],
              "portMappings": [{ "containerPort": 8000, "hostPort": 8000, "protocol": "tcp" }],
              "systemControls": [], "volumesFrom": [] },
        ])
    };
    let compare = |state: &Value| {
        let resource = "aws_ecs_task_definition.t";
        warnings(resource, "container_definitions", &written, state)
    };
    assert_eq!(compare(&of_aws("i:1")), [""; 0]);
    assert_eq!(
        compare(&of_aws("i:2")),
        ["`container_definitions` of aws_ecs_task_definition.t differs between plan.json and \
             state.json; the former is used"]
    );
}

#[test]
fn policies_are_compared_as_json() {
    let written = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["a", "b"], "Principal": "*",
          "Condition": { "Bool": { "aws:SecureTransport": true } } },
    ] });
    let of_aws = |action: &str| {
        json!({ "Statement": {
            "Action": action, "Condition": { "Bool": { "aws:SecureTransport": "true" } },
            "Effect": "Allow", "Principal": "*", "Resource": ["b", "a"], "Sid": "",
        }, "Version": "2012-10-17" })
    };
    let compare = |state: &Value| warnings("aws_vpc_endpoint.e", "policy", &written, state);
    assert_eq!(compare(&of_aws("s3:GetObject")), [""; 0]);
    assert_eq!(
        compare(&of_aws("s3:PutObject")),
        ["`policy` of aws_vpc_endpoint.e differs between plan.json and state.json; \
             the former is used"]
    );
}
