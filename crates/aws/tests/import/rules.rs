//! Security group rules: inline, separate, dynamic, removed.

use farmgate_aws::model::{Direction, Model, RuleList, Val};
use farmgate_net::service::{ICMP, ServiceSet, TCP};
use serde_json::{Value, json};

use crate::plans::{Plan, key, literal, maybe, read, refs, shown_state, sure};

fn block(port: u16, cidrs: &[&str], groups: &[&str]) -> Value {
    json!({
        "cidr_blocks": cidrs, "description": "", "from_port": port, "to_port": port,
        "ipv6_cidr_blocks": [], "prefix_list_ids": [], "protocol": "tcp",
        "security_groups": groups, "self": false,
    })
}

fn group_plan(after: Value, unknown: Value, expressions: Value) -> Plan {
    Plan::new().both("aws_security_group.g", after, unknown, expressions)
}

fn ingress(model: &Model) -> &RuleList {
    &model.security_groups[&key("aws_security_group.g")].ingress
}

#[test]
fn absent_blocks_are_no_rules_by_assumption() {
    let plan = group_plan(json!({}), json!({ "ingress": true, "egress": true }), json!({}));
    let model = plan.model();
    let group = &model.security_groups[&key("aws_security_group.g")];
    for list in [&group.ingress, &group.egress] {
        assert!(list.rules.is_empty() && list.open.is_none() && !list.inline);
    }
    assert_eq!(
        group.egress.assumed.as_deref(),
        Some(
            "no `egress` block is written in aws_security_group.g; a dynamic block whose content \
             is not known yet would look the same"
        )
    );
}

#[test]
fn blocks_from_an_unknown_expression_are_open() {
    let written = json!({ "ingress": refs(&["var.rules"]) });
    let plan = group_plan(json!({}), json!({ "ingress": true }), written);
    let model = plan.model();
    assert!(ingress(&model).open.is_some() && ingress(&model).assumed.is_none());
}

#[test]
fn a_known_empty_list_is_known() {
    let plan =
        group_plan(json!({ "ingress": [] }), json!({}), json!({ "ingress": literal(json!([])) }));
    let model = plan.model();
    assert!(ingress(&model).open.is_none() && ingress(&model).assumed.is_none());
}

#[test]
fn a_dynamic_block_leaves_its_unknown_parts_open() {
    let after = json!({ "ingress": [{ "from_port": 22, "to_port": 22, "protocol": "tcp",
        "security_groups": [], "ipv6_cidr_blocks": [] }] });
    let plan = group_plan(after, json!({ "ingress": [{ "cidr_blocks": true }] }), json!({}));
    let model = plan.model();
    let [rule] = ingress(&model).rules.as_slice() else { panic!("one rule") };
    assert!(rule.peers.cidrs.open);
    assert_eq!(
        rule.peers.cidrs.unknown.as_deref(),
        Some("`ingress[0].cidr_blocks` of aws_security_group.g is known only after apply")
    );
    assert_eq!(rule.services, Val::Known(ServiceSet::tcp(22)));
    assert!(ingress(&model).inline);
}

/// Blocks written as attributes have one expression for all: with two unknown lists of groups and
/// two groups named, it does not show which block names which.
#[test]
fn blocks_that_share_an_expression_share_its_references() {
    let unknown_groups = |port: u16| {
        let mut block = block(port, &[], &[]);
        block.as_object_mut().expect("an object").remove("security_groups");
        block
    };
    let both = refs(&[
        "aws_security_group.a.id",
        "aws_security_group.a",
        "aws_security_group.b.id",
        "aws_security_group.b",
    ]);
    let others = |plan: Plan| {
        plan.both("aws_security_group.a", json!({}), json!({ "id": true }), json!({})).both(
            "aws_security_group.b",
            json!({}),
            json!({ "id": true }),
            json!({}),
        )
    };
    let mark = json!({ "security_groups": true });
    let one = others(group_plan(
        json!({ "ingress": [unknown_groups(80)] }),
        json!({ "ingress": [mark] }),
        json!({ "ingress": both }),
    ))
    .model();
    let groups = &ingress(&one).rules[0].peers.groups;
    assert_eq!(sure(groups), ["aws_security_group.a", "aws_security_group.b"]);
    let two = others(group_plan(
        json!({ "ingress": [unknown_groups(80), unknown_groups(443)] }),
        json!({ "ingress": [mark, mark] }),
        json!({ "ingress": both }),
    ))
    .model();
    for rule in &ingress(&two).rules {
        assert!(rule.peers.groups.sure.is_empty() && !rule.peers.groups.open);
        assert_eq!(maybe(&rule.peers.groups), ["aws_security_group.a", "aws_security_group.b"]);
    }
}

#[test]
fn self_is_the_group_s_own_key() {
    let mut own = block(9, &[], &[]);
    own["self"] = json!(true);
    let model = group_plan(json!({ "ingress": [own] }), json!({}), json!({})).model();
    assert_eq!(sure(&ingress(&model).rules[0].peers.groups), ["aws_security_group.g"]);
}

#[test]
fn protocols_and_ports() {
    let rule = |protocol: &str, from: i64, to: i64| {
        let mut block = block(0, &["10.0.0.0/8"], &[]);
        block["protocol"] = json!(protocol);
        block["from_port"] = json!(from);
        block["to_port"] = json!(to);
        let model = group_plan(json!({ "ingress": [block] }), json!({}), json!({})).model();
        ingress(&model).rules[0].services.clone()
    };
    assert_eq!(rule("-1", 0, 0), Val::Known(ServiceSet::all()));
    assert_eq!(rule("all", 0, 0), Val::Known(ServiceSet::all()));
    assert_eq!(rule("6", 80, 90), Val::Known(ServiceSet::ports(TCP, 80, 90)));
    assert_eq!(rule("TCP", 0, 65535), Val::Known(ServiceSet::protocol(TCP)));
    assert_eq!(rule("icmp", 8, 0), Val::Known(ServiceSet::protocol(ICMP)));
    assert_eq!(rule("58", -1, -1), Val::Known(ServiceSet::protocol(58)));
    assert!(matches!(rule("tcp", 90, 80), Val::Unknown(_)));
    assert!(matches!(rule("nonsense", 0, 0), Val::Unknown(_)));
}

/// A group with an inline rule, and a separate rule on it.
fn both_kinds() -> Plan {
    let of = refs(&["aws_security_group.g.id", "aws_security_group.g"]);
    group_plan(
        json!({ "ingress": [block(80, &["10.0.0.0/8"], &[])] }),
        json!({ "id": true }),
        json!({ "ingress": literal(json!([])) }),
    )
    .both(
        "aws_security_group_rule.r",
        json!({ "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80,
            "cidr_blocks": ["192.168.0.0/16"], "self": false }),
        json!({ "id": true, "security_group_id": true, "source_security_group_id": true }),
        json!({ "security_group_id": of }),
    )
}

#[test]
fn on_the_first_apply_inline_and_separate_rules_both_hold() {
    let model = both_kinds().model();
    let list = ingress(&model);
    assert!(list.inline);
    let origins: Vec<&str> = list.rules.iter().map(|rule| rule.origin.key.as_str()).collect();
    assert_eq!(origins, ["aws_security_group.g", "aws_security_group_rule.r"]);
    assert!(matches!(list.rules[1].services, Val::Assumed(..)));
    assert!(list.rules[1].peers.groups.is_settled());
    assert!(model.removed_rules.is_empty());
}

fn separate_rule(cidr: &str) -> Value {
    json!({ "id": "sgrule-1", "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80,
        "cidr_blocks": [cidr], "self": false, "security_group_id": "sg-1" })
}

#[test]
fn the_next_apply_removes_the_separate_rule() {
    let before = json!({ "id": "sg-1", "ingress":
        [block(80, &["10.0.0.0/8"], &[]), block(80, &["192.168.0.0/16"], &[])] });
    let after = json!({ "id": "sg-1", "ingress": [block(80, &["10.0.0.0/8"], &[])] });
    let change = json!({ "actions": ["update"], "before": before, "after": after,
        "after_unknown": {} });
    let plan = Plan::new().change("", "aws_security_group.g", change).keep(
        "",
        "aws_security_group_rule.r",
        separate_rule("192.168.0.0/16"),
    );
    let model = plan.model();
    assert_eq!(ingress(&model).rules.len(), 1);
    let [removed] = model.removed_rules.as_slice() else { panic!("one removed rule") };
    assert_eq!(removed.group, key("aws_security_group.g"));
    assert_eq!(removed.declared_by, key("aws_security_group_rule.r"));
    assert_eq!(removed.direction, Direction::Ingress);
}

#[test]
fn a_state_s_copy_of_a_separate_rule_is_listed_once() {
    let merged = block(80, &["10.0.0.0/8", "192.168.0.0/16"], &[]);
    let state = shown_state(&[
        ("aws_security_group.g", json!({ "id": "sg-1", "ingress": [merged] })),
        ("aws_security_group_rule.r", separate_rule("192.168.0.0/16")),
    ]);
    let model = read(&[("state.json", &state)]);
    let rules = &ingress(&model).rules;
    assert_eq!(rules.len(), 2);
    assert_eq!(
        rules[0].peers.cidrs.sure.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["10.0.0.0/8"]
    );
    assert_eq!(rules[1].origin.key, key("aws_security_group_rule.r"));

    let only = shown_state(&[
        (
            "aws_security_group.g",
            json!({ "id": "sg-1", "ingress":
            [block(80, &["192.168.0.0/16"], &[])] }),
        ),
        ("aws_security_group_rule.r", separate_rule("192.168.0.0/16")),
    ]);
    let model = read(&[("state.json", &only)]);
    assert_eq!(ingress(&model).rules.len(), 1);
    assert!(!ingress(&model).inline);
}

#[test]
fn a_rule_of_one_of_several_groups_is_a_possible_rule_of_each() {
    let plan = Plan::new()
        .create("", "aws_security_group.g", json!({ "ingress": [] }), json!({ "id": true }))
        .written("", "aws_security_group.g", json!({}))
        .both(
            "aws_vpc_security_group_ingress_rule.r",
            json!({ "ip_protocol": "tcp", "from_port": 22, "to_port": 22,
                "cidr_ipv4": "0.0.0.0/0" }),
            json!({ "security_group_id": true, "id": true }),
            json!({ "security_group_id": refs(&["local.group"]),
                "cidr_ipv4": literal("0.0.0.0/0") }),
        );
    let model = plan.model();
    let [rule] = ingress(&model).rules.as_slice() else { panic!("one rule") };
    assert!(rule.peers.cidrs.sure.is_empty() && !rule.peers.cidrs.open);
    assert_eq!(rule.peers.cidrs.maybe.len(), 1);
    assert!(rule.peers.cidrs.unknown.as_deref().expect("a note").contains("local.group"));
}

#[test]
fn new_style_rules_name_groups_and_prefix_lists() {
    let given = |name: &str, expression: Value| {
        json!({ "security_group_id": refs(&["aws_security_group.g.id", "aws_security_group.g"]),
            name: expression })
    };
    let unknown = |name: &str| json!({ "security_group_id": true, name: true });
    let plan = group_plan(json!({ "ingress": [] }), json!({ "id": true }), json!({}))
        .both(
            "aws_vpc_security_group_ingress_rule.a",
            json!({ "ip_protocol": "-1" }),
            unknown("referenced_security_group_id"),
            given(
                "referenced_security_group_id",
                refs(&["aws_security_group.g.id", "aws_security_group.g"]),
            ),
        )
        .both(
            "aws_vpc_security_group_ingress_rule.b",
            json!({ "ip_protocol": "tcp", "from_port": 443, "to_port": 443 }),
            unknown("prefix_list_id"),
            given(
                "prefix_list_id",
                refs(&["aws_vpc_endpoint.s3.prefix_list_id", "aws_vpc_endpoint.s3"]),
            ),
        )
        .both(
            "aws_vpc_endpoint.s3",
            json!({ "service_name": "com.amazonaws.eu-west-1.s3", "vpc_endpoint_type": "Gateway" }),
            json!({ "id": true, "prefix_list_id": true }),
            json!({ "vpc_endpoint_type": literal("Gateway") }),
        );
    let model = plan.model();
    let rules = &ingress(&model).rules;
    assert_eq!(sure(&rules[0].peers.groups), ["aws_security_group.g"]);
    assert_eq!(sure(&rules[1].peers.prefix_lists), ["com.amazonaws.eu-west-1.s3"]);
    let list = &model.prefix_lists[&key("com.amazonaws.eu-west-1.s3")];
    assert!(list.aws_managed && list.entries.open);
}

#[test]
fn a_state_names_a_gateway_endpoint_s_prefix_list_by_its_id() {
    let endpoint = json!({ "id": "vpce-1", "vpc_endpoint_type": "Gateway",
        "service_name": "com.amazonaws.eu-west-1.s3", "prefix_list_id": "pl-1" });
    let rule = json!({ "id": "sgr-1", "security_group_id": "sg-1", "ip_protocol": "tcp",
        "from_port": 443, "to_port": 443, "prefix_list_id": "pl-1" });
    let state = |more: &[(&str, Value)]| {
        let all = [
            ("aws_security_group.g", json!({ "id": "sg-1" })),
            ("aws_vpc_endpoint.s3", endpoint.clone()),
            ("aws_vpc_security_group_egress_rule.r", rule.clone()),
        ];
        read(&[("state.json", &shown_state(&[&all, more].concat()))])
    };
    let lists = |model: &Model| {
        let rules = &model.security_groups[&key("aws_security_group.g")].egress.rules;
        let named: Vec<String> =
            sure(&rules[0].peers.prefix_lists).into_iter().map(str::to_owned).collect();
        (named, model.resolve("pl-1"), model.prefix_lists.len())
    };
    let service = "com.amazonaws.eu-west-1.s3";
    let model = state(&[]);
    assert_eq!(lists(&model), (vec![service.to_owned()], key(service), 1));
    assert!(model.prefix_lists[&key(service)].aws_managed);
    assert_eq!(model.resolve("vpce-1"), key("aws_vpc_endpoint.s3"));
    // Where a source shows the list itself, it is that.
    let list = (
        "data.aws_prefix_list.s3",
        json!({ "id": "pl-1", "name": service, "cidr_blocks": ["192.0.2.0/24"] }),
    );
    let (named, alias, _) = lists(&state(&[list]));
    assert_eq!(named, ["data.aws_prefix_list.s3"]);
    assert_eq!(alias, key("data.aws_prefix_list.s3"));
}
