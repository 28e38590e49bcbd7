//! Local values, which leave no trace in a plan; and a VPC in the style of
//! terraform-aws-modules/vpc, which writes `vpc_id = local.vpc_id` everywhere. Reduced from the plan
//! that terraform 1.11 makes of such a module.

use farmgate_aws::model::{Key, Model, RouteTarget, Val};
use serde_json::{Value, json};

use crate::plans::{Plan, key, refs, sure};

const LOCAL_VPC: &[&str] = &["local.vpc_id"];

fn id() -> Value {
    json!({ "id": true, "arn": true, "vpc_id": true, "default_network_acl_id": true })
}

/// So many instances of a resource of the module `vpc`, with the attributes that its expression
/// writes not known yet.
fn counted(plan: Plan, resource: &str, count: usize, expressions: Value) -> Plan {
    let mut unknown = id();
    let members = unknown.as_object_mut().expect("an object");
    for (name, expression) in expressions.as_object().expect("an object") {
        if expression.get("references").is_some() {
            members.insert(name.clone(), json!(true));
        }
    }
    let all = (0..count).fold(plan, |plan, at| {
        let after = json!({ "destination_cidr_block": "0.0.0.0/0" });
        let instance = format!("{resource}[{at}]");
        plan.create("module.vpc", &instance, after, unknown.clone())
    });
    all.written("vpc", resource, expressions)
}

/// The references of `aws_vpc.this[0].ATTRIBUTE`.
fn vpc(attribute: &str) -> Value {
    let one = format!("aws_vpc.this[0].{attribute}");
    refs(&[one.as_str(), "aws_vpc.this[0]", "aws_vpc.this"])
}

/// What the module makes: resources, how many of each, and their expressions.
fn resources(gateways: usize) -> Vec<(&'static str, usize, Value)> {
    let counts = |one: &'static str| refs(&[one, "count.index"]);
    let selects = |one: &'static str| refs(&[one, "var.single_nat_gateway", "count.index"]);
    let local = || json!({ "vpc_id": refs(LOCAL_VPC) });
    vec![
        ("aws_vpc.this", 1, json!({})),
        ("aws_internet_gateway.this", 1, local()),
        ("aws_subnet.public", 3, local()),
        ("aws_subnet.private", 5, local()),
        ("aws_route_table.public", 1, local()),
        ("aws_route_table.private", gateways, local()),
        (
            "aws_network_acl.private",
            1,
            json!({ "vpc_id": refs(LOCAL_VPC),
            "subnet_ids": refs(&["aws_subnet.private"]) }),
        ),
        ("aws_default_security_group.this", 1, json!({ "vpc_id": vpc("id") })),
        (
            "aws_default_network_acl.this",
            1,
            json!({ "default_network_acl_id":
            vpc("default_network_acl_id"),
            "subnet_ids": { "constant_value": null } }),
        ),
        (
            "aws_default_route_table.default",
            1,
            json!({ "default_route_table_id":
            vpc("default_route_table_id") }),
        ),
        (
            "aws_route_table_association.public",
            3,
            json!({
            "subnet_id": counts("aws_subnet.public"),
            "route_table_id": refs(&["aws_route_table.public", "var.multiple", "count.index"]) }),
        ),
        (
            "aws_route_table_association.private",
            5,
            json!({
            "subnet_id": counts("aws_subnet.private"),
            "route_table_id": selects("aws_route_table.private") }),
        ),
        (
            "aws_nat_gateway.this",
            gateways,
            json!({ "subnet_id": selects("aws_subnet.public"),
            "allocation_id": refs(&["local.nat_gateway_ips", "var.single_nat_gateway", "count.index"]) }),
        ),
        (
            "aws_route.private_nat_gateway",
            gateways,
            json!({
            "route_table_id": counts("aws_route_table.private"),
            "nat_gateway_id": counts("aws_nat_gateway.this") }),
        ),
        (
            "aws_route.public_internet_gateway",
            1,
            json!({
            "route_table_id": counts("aws_route_table.public"),
            "gateway_id": refs(&["aws_internet_gateway.this[0].id", "aws_internet_gateway.this[0]",
                "aws_internet_gateway.this"]) }),
        ),
    ]
}

/// The module: 3 public subnets with one table, 5 private ones with 3 tables and gateways.
fn module(single: bool) -> Plan {
    let gateways = if single { 1 } else { 3 };
    let mut plan = Plan::new()
        .call("", "vpc", json!({ "expressions": {} }))
        .declare("vpc", "single_nat_gateway", json!({ "default": single }))
        .output("vpc", "vpc_id", vpc("id"))
        .output("vpc", "public_subnets", refs(&["aws_subnet.public"]))
        .output("vpc", "private_subnets", refs(&["aws_subnet.private"]));
    for (resource, count, expressions) in resources(gateways) {
        plan = counted(plan, resource, count, expressions);
    }
    plan.declare("vpc", "multiple", json!({ "default": false }))
}

fn of(text: &str) -> Key {
    key(&format!("module.vpc.{text}"))
}

fn is(value: &Val<Key>, text: &str) -> bool {
    matches!(value, Val::Assumed(found, _) if *found == of(text))
}

/// Where the default route of a subnet leads.
fn way(model: &Model, subnet: &str) -> RouteTarget {
    let table = model.subnets[&of(subnet)].route_table.get().cloned();
    let table = &model.route_tables[&table.flatten().expect("a table")];
    let [route] = table.routes.as_slice() else { panic!("{table:?}") };
    assert!(table.open.is_none() && route.target.assumed().is_some());
    route.target.get().expect("a target").clone()
}

#[test]
fn a_vpc_that_a_local_value_stands_for() {
    let model = module(false).model();
    assert_eq!(
        model.subnets[&of("aws_subnet.private[0]")].vpc,
        Val::Assumed(
            of("aws_vpc.this[0]"),
            "`vpc_id` of module.vpc.aws_subnet.private[0] is module.vpc.aws_vpc.this[0], the only \
             aws_vpc in its module; its expression names local.vpc_id, which leaves no trace in a \
             plan"
                .into()
        )
    );
    let vpc = "aws_vpc.this[0]";
    assert!(model.subnets.values().all(|subnet| is(&subnet.vpc, vpc)));
    assert!(model.route_tables.values().all(|table| is(&table.vpc, vpc)));
    assert!(model.network_acls.values().all(|list| is(&list.vpc, vpc)));
    let gateway = &model.internet_gateways[&of("aws_internet_gateway.this[0]")];
    assert_eq!(gateway.vpc.get(), Some(&Some(of(vpc))));
    let vpc = &model.vpcs[&of(vpc)];
    let expected = [
        (&vpc.main_route_table, "aws_default_route_table.default[0]"),
        (&vpc.default_network_acl, "aws_default_network_acl.this[0]"),
        (&vpc.default_security_group, "aws_default_security_group.this[0]"),
    ];
    for (found, text) in expected {
        assert_eq!(*found, Some(of(text)));
    }
}

#[test]
fn subnets_share_tables_and_gateways_as_element_deals_them() {
    let model = module(false).model();
    let nat = |at: usize| RouteTarget::NatGateway(of(&format!("aws_nat_gateway.this[{at}]")));
    for at in 0..5 {
        let subnet = format!("aws_subnet.private[{at}]");
        assert_eq!(way(&model, &subnet), nat(at % 3));
        assert_eq!(
            model.subnets[&of(&subnet)].network_acl.get(),
            Some(&Some(of("aws_network_acl.private[0]")))
        );
    }
    for at in 0..3 {
        let subnet = format!("aws_subnet.public[{at}]");
        assert!(is(
            &model.nat_gateways[&of(&format!("aws_nat_gateway.this[{at}]"))].subnet,
            &subnet
        ));
        assert_eq!(
            way(&model, &subnet),
            RouteTarget::InternetGateway(of("aws_internet_gateway.this[0]"))
        );
        assert_eq!(
            model.subnets[&of(&subnet)].network_acl.get(),
            Some(&Some(of("aws_default_network_acl.this[0]")))
        );
    }
    let single = module(true).model();
    assert!((0..5).all(|at| way(&single, &format!("aws_subnet.private[{at}]")) == nat(0)));
    assert!(is(
        &single.nat_gateways[&of("aws_nat_gateway.this[0]")].subnet,
        "aws_subnet.public[0]"
    ));
}

#[test]
fn a_service_behind_a_load_balancer_by_outputs_and_local_values() {
    let unknown = |name: &str| json!({ "id": true, "arn": true, name: true });
    let model = module(false)
        .both("aws_ecs_cluster.this", json!({}), id(), json!({}))
        .both(
            "aws_lb.this",
            json!({}),
            unknown("subnets"),
            json!({ "subnets": refs(&["module.vpc.public_subnets", "module.vpc"]) }),
        )
        .both(
            "aws_lb_listener.this",
            json!({ "port": 443 }),
            unknown("load_balancer_arn"),
            json!({ "load_balancer_arn": refs(&["local.lb_arn"]) }),
        )
        .both(
            "aws_security_group.task",
            json!({ "name": "task" }),
            id(),
            json!({ "vpc_id": refs(&["module.vpc.vpc_id", "module.vpc"]) }),
        )
        .both(
            "aws_ecs_service.this",
            json!({ "network_configuration": [{}] }),
            json!({ "id": true, "cluster": true, "network_configuration": [{ "subnets": true }] }),
            json!({
                "cluster": refs(&["local.cluster_id", "var.x"]),
                "network_configuration": [{
                    "subnets": refs(&["module.vpc.private_subnets", "module.vpc"]) }],
            }),
        )
        .variable("x", json!(true))
        .model();
    let service = &model.services[&key("aws_ecs_service.this")];
    assert_eq!(service.cluster.get(), Some(&Some(key("aws_ecs_cluster.this"))));
    assert_eq!(
        service.cluster.assumed().map(|note| &**note),
        Some(
            "`cluster` of aws_ecs_service.this is aws_ecs_cluster.this, the only aws_ecs_cluster \
             in its module; its expression names local.cluster_id, which leaves no trace in a plan"
        )
    );
    assert_eq!(sure(&service.subnets).len(), 5);
    assert!(service.subnets.is_settled() && service.subnets.assumed.is_some());
    let listener = &model.listeners[&key("aws_lb_listener.this")];
    assert!(matches!(&listener.load_balancer, Val::Assumed(lb, _) if *lb == key("aws_lb.this")));
    assert_eq!(sure(&model.load_balancers[&key("aws_lb.this")].subnets).len(), 3);
    let group = &model.security_groups[&key("aws_security_group.task")];
    assert_eq!(group.vpc.get(), Some(&Some(of("aws_vpc.this[0]"))));
}

/// A VPC and a subnet of the root module whose `vpc_id` is this.
fn subnet_of(vpc: Value) -> Plan {
    Plan::new().both("aws_vpc.a", json!({}), id(), json!({})).both(
        "aws_subnet.s",
        json!({}),
        id(),
        json!({ "vpc_id": vpc }),
    )
}

fn vpc_of(plan: &Plan, subnet: &str) -> Val<Key> {
    plan.model().subnets[&key(subnet)].vpc.clone()
}

#[test]
fn several_candidates_are_none() {
    let plan = subnet_of(refs(LOCAL_VPC));
    assert_eq!(vpc_of(&plan, "aws_subnet.s").get(), Some(&key("aws_vpc.a")));
    let two = plan.clone().both("aws_default_vpc.b", json!({}), id(), json!({}));
    assert!(matches!(vpc_of(&two, "aws_subnet.s"), Val::Unknown(_)));
    let looked_up = plan.data("data.aws_vpc.b", json!({ "id": "vpc-1" }));
    assert!(matches!(vpc_of(&looked_up, "aws_subnet.s"), Val::Unknown(_)));
}

#[test]
fn a_local_value_beside_what_cannot_be_followed_is_nothing() {
    let plan = subnet_of(refs(&["local.vpc_id", "data.http_x.y", "data.http_x"]));
    assert!(matches!(vpc_of(&plan, "aws_subnet.s"), Val::Unknown(_)));
}

#[test]
fn a_local_value_of_the_calling_module() {
    let plan = subnet_of(refs(LOCAL_VPC))
        .call("", "m", json!({ "expressions": { "vpc": refs(LOCAL_VPC) } }))
        .declare("m", "vpc", json!({}))
        .create("module.m", "aws_subnet.t", json!({}), id())
        .written("m", "aws_subnet.t", json!({ "vpc_id": refs(&["var.vpc"]) }));
    assert_eq!(
        vpc_of(&plan, "module.m.aws_subnet.t"),
        Val::Assumed(
            key("aws_vpc.a"),
            "`vpc_id` of module.m.aws_subnet.t is aws_vpc.a, the only aws_vpc in the module of \
             local.vpc_id, to which its expression leads and which leaves no trace in a plan"
                .into()
        )
    );
}

#[test]
fn groups_and_subnets_are_never_taken_for_a_local_value() {
    let plan = Plan::new()
        .both("aws_security_group.g", json!({}), id(), json!({}))
        .both("aws_subnet.s", json!({}), id(), json!({}))
        .both(
            "aws_nat_gateway.n",
            json!({}),
            json!({ "id": true, "subnet_id": true }),
            json!({ "subnet_id": refs(&["local.subnet"]) }),
        )
        .both(
            "aws_vpc_security_group_egress_rule.r",
            json!({ "ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/8" }),
            json!({ "security_group_id": true }),
            json!({ "security_group_id": refs(&["local.group"]) }),
        )
        .both(
            "aws_instance.i",
            json!({}),
            json!({ "id": true, "vpc_security_group_ids": true }),
            json!({ "vpc_security_group_ids": refs(&["local.groups"]) }),
        );
    let model = plan.model();
    assert!(matches!(model.nat_gateways[&key("aws_nat_gateway.n")].subnet, Val::Unknown(_)));
    let groups = &model.instances[&key("aws_instance.i")].security_groups;
    assert!(groups.sure.is_empty() && groups.open);
    let [rule] = model.security_groups[&key("aws_security_group.g")].egress.rules.as_slice() else {
        panic!("one rule that it may have")
    };
    assert!(rule.peers.cidrs.sure.is_empty() && rule.peers.cidrs.maybe.len() == 1);
}
