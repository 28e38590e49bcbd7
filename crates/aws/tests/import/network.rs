//! VPCs and what is in them: what is read of each type, and the defaults.

use farmgate_aws::model::{EndpointKind, RouteTarget, Val};
use serde_json::{Value, json};

use crate::plans::{Plan, key, literal, names, read, refs, shown_state, sure};

#[test]
fn a_vpc_with_what_belongs_to_it() {
    let plan = Plan::new()
        .both(
            "aws_vpc.v",
            json!({ "cidr_block": "10.0.0.7/16", "tags": { "Name": "v" } }),
            json!({ "id": true, "enable_dns_hostnames": true, "ipv6_cidr_block": true,
                "default_security_group_id": true }),
            json!({ "cidr_block": literal("10.0.0.7/16") }),
        )
        .both(
            "aws_vpc_ipv4_cidr_block_association.more",
            json!({ "cidr_block": "100.64.0.0/16" }),
            json!({ "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both(
            "aws_default_security_group.d",
            json!({}),
            json!({ "id": true, "vpc_id": true, "ingress": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both(
            "aws_default_route_table.d",
            json!({}),
            json!({ "id": true, "vpc_id": true, "route": true, "default_route_table_id": true }),
            json!({ "default_route_table_id": names("aws_vpc.v.default_route_table_id") }),
        )
        .both(
            "aws_subnet.s",
            json!({ "cidr_block": "10.0.1.0/24", "map_public_ip_on_launch": false }),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        );
    let model = plan.model();
    let vpc = &model.vpcs[&key("aws_vpc.v")];
    let cidrs: Vec<String> = vpc.cidrs.sure.iter().map(ToString::to_string).collect();
    assert_eq!(cidrs, ["10.0.0.0/16", "100.64.0.0/16"]);
    assert!(!vpc.cidrs.open && vpc.cidrs.assumed.is_some());
    assert_eq!((&vpc.dns_support, &vpc.dns_hostnames), (&Val::Known(true), &Val::Known(false)));
    assert_eq!(vpc.default_security_group, Some(key("aws_default_security_group.d")));
    assert_eq!(vpc.main_route_table, Some(key("aws_default_route_table.d")));
    assert_eq!(vpc.tags["Name"], "v");
    assert!(vpc.open.is_some());
    let subnet = &model.subnets[&key("aws_subnet.s")];
    assert_eq!(subnet.route_table, Val::Known(Some(key("aws_default_route_table.d"))));
    assert_eq!(subnet.network_acl, Val::Known(None));
    assert!(model.route_tables[&key("aws_default_route_table.d")].assumed.is_some());
    assert_eq!(model.region.as_deref(), Some("eu-west-1"));
}

#[test]
fn routes_lead_where_they_say() {
    let route = |name: &str, value: &str| json!({ "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "", "gateway_id": "", name: value });
    let table = |routes: Value| json!({ "id": "rtb-1", "vpc_id": "vpc-1", "route": routes });
    let target = |routes: Value| {
        let state = shown_state(&[
            ("aws_route_table.t", table(routes)),
            ("aws_nat_gateway.n", json!({ "id": "nat-1", "subnet_id": "subnet-1" })),
            (
                "aws_route.r",
                json!({ "id": "r-1", "route_table_id": "rtb-1",
                "destination_cidr_block": "10.9.0.0/16", "transit_gateway_id": "tgw-1" }),
            ),
        ]);
        let model = read(&[("s", &state)]);
        let routes = &model.route_tables[&key("aws_route_table.t")].routes;
        routes
            .iter()
            .map(|route| route.target.get().cloned().expect("a target"))
            .collect::<Vec<_>>()
    };
    let transit = RouteTarget::Opaque("a transit gateway tgw-1".into());
    assert_eq!(
        target(json!([route("nat_gateway_id", "nat-1")])),
        [RouteTarget::NatGateway(key("aws_nat_gateway.n")), transit.clone()]
    );
    assert_eq!(
        target(json!([route("gateway_id", "igw-9"), route("gateway_id", "local")])),
        [RouteTarget::InternetGateway(key("igw-9")), transit.clone()]
    );
    // A state lists the separate route among those of the table: it is one.
    let copy =
        json!({ "cidr_block": "10.9.0.0/16", "transit_gateway_id": "tgw-1", "gateway_id": "" });
    assert_eq!(target(json!([copy])), [transit]);
}

#[test]
fn network_acls_with_their_entries_and_subnets() {
    let state = shown_state(&[
        (
            "aws_subnet.a",
            json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" }),
        ),
        (
            "aws_subnet.b",
            json!({ "id": "subnet-2", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24" }),
        ),
        (
            "aws_network_acl.n",
            json!({ "id": "acl-1", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"],
            "egress": [], "ingress": [
                { "rule_no": 200, "action": "deny", "protocol": "6", "from_port": 22, "to_port": 22,
                  "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "" },
                { "rule_no": 100, "action": "allow", "protocol": "-1", "from_port": 0, "to_port": 0,
                  "cidr_block": "10.0.0.0/8", "ipv6_cidr_block": "" },
            ] }),
        ),
        (
            "aws_network_acl_rule.r",
            json!({ "id": "x", "network_acl_id": "acl-1", "egress": true,
            "rule_number": 50, "rule_action": "allow", "protocol": "-1", "from_port": 0, "to_port": 0,
            "cidr_block": "0.0.0.0/0" }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let list = &model.network_acls[&key("aws_network_acl.n")];
    let order: Vec<(u32, bool)> =
        list.entries.iter().map(|entry| (entry.number, entry.allow)).collect();
    assert_eq!(order, [(100, true), (200, false), (50, true)]);
    assert!(list.open.is_none() && list.assumed.is_none());
    assert_eq!(
        model.subnets[&key("aws_subnet.a")].network_acl,
        Val::Known(Some(key("aws_network_acl.n")))
    );
    assert_eq!(model.subnets[&key("aws_subnet.b")].network_acl, Val::Known(None));
}

#[test]
fn an_association_that_does_not_show_its_subnet_leaves_a_choice() {
    let plan = Plan::new()
        .both("aws_subnet.s", json!({}), json!({ "id": true }), json!({}))
        .both("aws_route_table.t", json!({ "route": [] }), json!({ "id": true }), json!({}))
        .both(
            "aws_route_table_association.a",
            json!({}),
            json!({ "subnet_id": true, "route_table_id": true }),
            json!({ "subnet_id": refs(&["local.s"]),
                "route_table_id": names("aws_route_table.t.id") }),
        );
    let Val::OneOf(choices, note) = plan.model().subnets[&key("aws_subnet.s")].route_table.clone()
    else {
        panic!("not a choice");
    };
    assert_eq!(choices, [None, Some(key("aws_route_table.t"))]);
    assert!(note.contains("local.s"));
}

#[test]
fn endpoints_and_their_associations() {
    let base = json!({ "service_name": "com.amazonaws.eu-west-1.ecr.api", "vpc_endpoint_type": "Interface" });
    let unknown = json!({ "id": true, "vpc_id": true, "policy": true, "private_dns_enabled": true,
        "security_group_ids": true, "subnet_ids": true, "route_table_ids": true });
    let plan = Plan::new()
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), json!({ "id": true }), json!({}))
        .both("aws_subnet.s", json!({}), json!({ "id": true }), json!({}))
        .both(
            "aws_default_security_group.d",
            json!({}),
            json!({ "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both("aws_vpc_endpoint.e", base, unknown, json!({ "vpc_id": names("aws_vpc.v.id") }))
        .both(
            "aws_vpc_endpoint_subnet_association.a",
            json!({}),
            json!({ "subnet_id": true, "vpc_endpoint_id": true }),
            json!({ "subnet_id": names("aws_subnet.s.id"),
                "vpc_endpoint_id": names("aws_vpc_endpoint.e.id") }),
        )
        .both(
            "aws_vpc_endpoint_policy.p",
            json!({ "policy": "{\"Statement\":[]}" }),
            json!({ "vpc_endpoint_id": true }),
            json!({ "vpc_endpoint_id": names("aws_vpc_endpoint.e.id") }),
        );
    let model = plan.model();
    let endpoint = &model.endpoints[&key("aws_vpc_endpoint.e")];
    assert_eq!(endpoint.kind, EndpointKind::Interface);
    assert_eq!(endpoint.private_dns, Val::Known(false));
    assert_eq!(sure(&endpoint.subnets), ["aws_subnet.s"]);
    assert_eq!(sure(&endpoint.security_groups), ["aws_default_security_group.d"]);
    assert_eq!(endpoint.policy, Val::Known(Some("{\"Statement\":[]}".into())));
}

#[test]
fn what_is_not_modelled_is_listed_with_what_it_touches() {
    let plan = Plan::new()
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), json!({ "id": true }), json!({}))
        .both(
            "aws_ec2_transit_gateway_vpc_attachment.t",
            json!({ "subnet_ids": ["subnet-1"] }),
            json!({ "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both("aws_elasticache_cluster.c", json!({}), json!({}), json!({}))
        .both("aws_elasticache_parameter_group.p", json!({}), json!({}), json!({}))
        .both("aws_iam_policy.p", json!({}), json!({}), json!({}));
    let model = plan.model();
    let kinds: Vec<&str> = model.unmodelled.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["aws_ec2_transit_gateway_vpc_attachment", "aws_elasticache_cluster"]);
    let [opaque] = model.opaque.as_slice() else { panic!("{:?}", model.opaque) };
    assert_eq!(opaque.touches, [key("aws_vpc.v"), key("subnet-1")]);
}

#[test]
fn names_that_must_be_unique() {
    let plan = Plan::new()
        .both("aws_cloudwatch_log_group.a", json!({ "name": "/ecs/x" }), json!({}), json!({}))
        .both("aws_iam_role.r", json!({ "name": "r" }), json!({}), json!({}))
        .both("aws_secretsmanager_secret.s", json!({}), json!({ "name": true }), json!({}))
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), json!({ "id": true }), json!({}))
        .both(
            "aws_security_group.g",
            json!({ "name": "g", "ingress": [] }),
            json!({ "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        );
    let model = plan.model();
    let named: Vec<(&str, &str, &str)> = model
        .named
        .iter()
        .map(|named| (named.kind, named.scope.as_str(), named.name.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("log group", "", "/ecs/x"),
            ("IAM role", "account", "r"),
            ("security group", "aws_vpc.v", "g")
        ]
    );
}
