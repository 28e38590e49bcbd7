//! Whatever the bytes are, the importer answers.

use farmgate_aws::import::{Input, import};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::plans::{Plan, refs, shown_state};

fn try_all(bytes: &[u8]) {
    let state =
        shown_state(&[("aws_vpc.v", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))]);
    let mutated = Input { name: "mutated", bytes };
    let _ = import(&[mutated]);
    let _ = import(&[Input { name: "state", bytes: &state }, mutated]);
}

/// A plan with something of most families, nested modules and every kind of expression.
fn rich() -> Value {
    let of = |reference: &str| {
        let resource = reference.rsplit_once('.').map_or(reference, |(head, _)| head);
        refs(&[reference, resource])
    };
    Plan::new()
        .variable("ids", json!(["sg-1"]))
        .call("", "m", json!({ "expressions": { "s": refs(&["aws_subnet.s", "each.key"]) },
            "for_each_expression": refs(&["var.ids"]) }))
        .declare("m", "s", json!({ "default": null }))
        .output("m", "out", refs(&["var.s", "aws_lb.l.arn", "aws_lb.l"]))
        .create("module.m[\"x\"]", "aws_lb.l", json!({ "subnet_mapping": [{}] }),
            json!({ "arn": true, "subnet_mapping": [{ "subnet_id": true }] }))
        .written("m", "aws_lb.l", json!({ "subnet_mapping": [{ "subnet_id": refs(&["var.s"]) }] }))
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), json!({ "id": true }), json!({}))
        .create("", "aws_subnet.s[\"x\"]", json!({ "cidr_block": "10.0.0.0/24" }),
            json!({ "id": true, "vpc_id": true }))
        .written("", "aws_subnet.s", json!({ "vpc_id": of("aws_vpc.v.id") }))
        .both("aws_security_group.g",
            json!({ "ingress": [{ "from_port": 1, "to_port": 2, "protocol": "tcp", "self": true,
                "cidr_blocks": ["10.0.0.0/8"] }] }),
            json!({ "id": true, "ingress": [{ "security_groups": true }] }),
            json!({ "ingress": of("aws_security_group.g.id") }))
        .both("aws_security_group_rule.r",
            json!({ "type": "egress", "protocol": "-1", "from_port": 0, "to_port": 0 }),
            json!({ "security_group_id": true }), json!({ "security_group_id": refs(&["local.x"]) }))
        .both("aws_route_table.t", json!({ "route": [{ "cidr_block": "0.0.0.0/0" }] }),
            json!({ "route": [{ "gateway_id": true }] }), json!({ "route": refs(&["module.m"]) }))
        .both("aws_ecs_service.e",
            json!({ "name": "e", "network_configuration": [{ "subnets": [null] }],
                "load_balancer": [{ "container_port": 80 }] }),
            json!({ "network_configuration": [{ "subnets": [true] }],
                "load_balancer": [{ "target_group_arn": true }] }),
            json!({ "network_configuration": [{ "subnets": refs(&["module.m[\"x\"].out[0]"]) }] }))
        .both("aws_ecs_task_definition.d", json!({ "container_definitions": "[{\"name\":\"a\"}]" }),
            json!({}), json!({}))
        .both("aws_lb_listener.h", json!({ "port": 80, "default_action": [{ "type": "forward" }] }),
            json!({ "default_action": [{ "target_group_arn": true }] }), json!({}))
        .both("aws_api_gateway_resource.p", json!({ "path_part": "a" }), json!({ "parent_id": true }),
            json!({ "parent_id": of("aws_api_gateway_resource.p.id") }))
        .both("aws_api_gateway_method.m", json!({ "http_method": "GET", "authorization": "NONE" }),
            json!({ "resource_id": true, "rest_api_id": true }),
            json!({ "resource_id": of("aws_api_gateway_resource.p.id") }))
        .keep("", "aws_network_acl.n", json!({ "id": "acl-1", "ingress": [{ "rule_no": 1 }] }))
        .change("", "aws_security_group.u", json!({ "actions": ["update"],
            "before": { "ingress": [{ "protocol": "tcp", "from_port": 1, "to_port": 1 }] },
            "after": { "ingress": [] }, "after_unknown": {}, "after_sensitive": { "ingress": true } }))
        .json()
}

/// Every place in a document, as a path of steps.
pub(crate) fn places(value: &Value, here: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(here.clone());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                here.push(name.clone());
                places(member, here, all);
                here.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                here.push(at.to_string());
                places(item, here, all);
                here.pop();
            }
        }
        _ => {}
    }
}

pub(crate) fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!(u64::MAX)),
        Just(json!("")),
        Just(json!("module.m[\"x\"].aws_lb.l")),
        Just(json!("::/0")),
        Just(json!([])),
        Just(json!([[["deep"]]])),
        Just(json!({})),
        Just(
            json!({ "references": ["each.value", "var.s", "module.m", "aws_subnet.s[9]", "[[", ""] })
        ),
        Just(json!({ "constant_value": [1, "sg-9", null] })),
        "[\\PC]{0,12}".prop_map(Value::String),
    ]
}

#[test]
fn the_rich_plan_is_read() {
    let bytes = serde_json::to_vec(&rich()).expect("JSON");
    assert!(import(&[Input { name: "rich", bytes: &bytes }]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn values_of_other_types_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), odd()), 1..6)) {
        let mut document = rich();
        for (place, value) in changes {
            let mut all = Vec::new();
            places(&document, &mut Vec::new(), &mut all);
            let path = place.get(&all);
            let mut here = &mut document;
            for step in path {
                here = match here {
                    Value::Array(items) => &mut items[step.parse::<usize>().expect("a number")],
                    other => &mut other[step.as_str()],
                };
            }
            *here = value;
        }
        try_all(&serde_json::to_vec(&document).expect("JSON"));
    }

    #[test]
    fn cut_and_flipped_bytes_do_no_harm(cut in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8)) {
        let mut bytes = serde_json::to_vec(&rich()).expect("JSON");
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let end = cut.index(bytes.len() + 1);
        try_all(&bytes[..end]);
        try_all(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        try_all(&bytes);
    }
}
