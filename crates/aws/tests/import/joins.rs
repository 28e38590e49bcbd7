//! How a reference becomes a resource: every mechanism once.

use farmgate_aws::model::{EcsService, Instance, Val};
use serde_json::{Value, json};

use crate::plans::{Plan, key, literal, maybe, refs, sure};

fn id() -> Value {
    json!({ "id": true, "arn": true })
}

/// Two groups and an instance whose `vpc_security_group_ids` is this expression.
fn instance_with(groups: Value) -> Plan {
    Plan::new()
        .both("aws_security_group.a", json!({ "name": "a" }), id(), json!({}))
        .both("aws_security_group.b", json!({ "name": "b" }), id(), json!({}))
        .both(
            "aws_instance.i",
            json!({}),
            json!({ "id": true, "vpc_security_group_ids": true, "subnet_id": true }),
            json!({ "vpc_security_group_ids": groups }),
        )
}

fn instance(plan: &Plan) -> Instance {
    plan.model().instances[&key("aws_instance.i")].clone()
}

#[test]
fn a_direct_reference_is_assumed_and_says_so() {
    let plan = instance_with(refs(&["aws_security_group.a.id", "aws_security_group.a"]));
    let groups = instance(&plan).security_groups;
    assert_eq!(sure(&groups), ["aws_security_group.a"]);
    assert!(!groups.open && groups.maybe.is_empty());
    assert_eq!(
        groups.assumed.as_deref(),
        Some(
            "`vpc_security_group_ids` of aws_instance.i is {aws_security_group.a}, \
             which its expression names"
        )
    );
}

#[test]
fn several_references_are_all_assumed() {
    let plan = instance_with(refs(&[
        "aws_security_group.a.id",
        "aws_security_group.a",
        "aws_security_group.b.id",
        "aws_security_group.b",
    ]));
    assert_eq!(
        sure(&instance(&plan).security_groups),
        ["aws_security_group.a", "aws_security_group.b"]
    );
}

#[test]
fn a_local_value_leaves_no_trace() {
    let groups = instance(&instance_with(refs(&["local.groups"]))).security_groups;
    assert!(groups.sure.is_empty() && groups.open);
    assert_eq!(
        groups.unknown.as_deref(),
        Some(
            "`vpc_security_group_ids` of aws_instance.i is known only after apply; \
             its expression names a local value (local.groups)"
        )
    );
}

#[test]
fn a_local_value_beside_a_reference_leaves_the_set_open() {
    let plan = instance_with(refs(&["aws_security_group.a.id", "aws_security_group.a", "local.x"]));
    let groups = instance(&plan).security_groups;
    assert_eq!(sure(&groups), ["aws_security_group.a"]);
    assert!(groups.open && groups.assumed.is_some());
    assert!(groups.unknown.expect("a note").contains("local value (local.x)"));
}

#[test]
fn a_selector_variable_contributes_nothing() {
    let plan =
        instance_with(refs(&["var.make", "aws_security_group.a.id", "aws_security_group.a"]))
            .variable("make", json!(true));
    let groups = instance(&plan).security_groups;
    assert_eq!(sure(&groups), ["aws_security_group.a"]);
    assert!(!groups.open);
}

#[test]
fn literal_ids_in_a_variable_count() {
    let plan =
        instance_with(refs(&["aws_security_group.a.id", "aws_security_group.a", "var.more"]))
            .variable("more", json!(["sg-0123456789abcdef0"]));
    let groups = instance(&plan).security_groups;
    assert_eq!(sure(&groups), ["aws_security_group.a", "sg-0123456789abcdef0"]);
    let model = plan.model();
    let unmanaged = &model.security_groups[&key("sg-0123456789abcdef0")];
    assert!(!unmanaged.managed);
    assert_eq!(
        unmanaged.ingress.open.as_deref(),
        Some("sg-0123456789abcdef0 is not in the sources")
    );
}

#[test]
fn a_sensitive_variable_is_not_looked_into() {
    let plan = instance_with(refs(&["var.more"]))
        .declare("", "more", json!({ "sensitive": true }))
        .variable("more", json!(["sg-0123456789abcdef0"]));
    let groups = instance(&plan).security_groups;
    assert!(groups.sure.is_empty() && groups.open);
}

#[test]
fn a_resource_without_instances_contributes_nothing() {
    let plan = instance_with(refs(&[
        "aws_security_group.none",
        "aws_security_group.a.id",
        "aws_security_group.a",
    ]))
    .written("", "aws_security_group.none", json!({}));
    assert_eq!(sure(&instance(&plan).security_groups), ["aws_security_group.a"]);
}

#[test]
fn a_data_source_that_is_not_read_yet_leaves_the_set_open() {
    let plan = instance_with(refs(&["data.aws_security_group.d.id", "data.aws_security_group.d"]))
        .change(
            "",
            "data.aws_security_group.d",
            json!({ "actions": ["read"], "after": {}, "after_unknown": { "id": true } }),
        );
    let groups = instance(&plan).security_groups;
    assert!(groups.sure.is_empty() && groups.open);
    assert!(groups.unknown.expect("a note").contains("read only during apply"));
}

#[test]
fn a_data_source_that_is_read_is_what_it_shows() {
    let plan = instance_with(refs(&["data.aws_security_group.d.id", "data.aws_security_group.d"]))
        .data("data.aws_security_group.d", json!({ "id": "sg-1", "name": "d" }));
    assert_eq!(sure(&instance(&plan).security_groups), ["data.aws_security_group.d"]);
    let model = plan.model();
    let group = &model.security_groups[&key("data.aws_security_group.d")];
    assert!(!group.managed && group.ingress.open.is_some());
}

#[test]
fn another_resource_s_attribute_is_followed() {
    let plan = Plan::new()
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), id(), json!({}))
        .both(
            "aws_subnet.s",
            json!({ "cidr_block": "10.0.0.0/24" }),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": refs(&["aws_vpc.v.id", "aws_vpc.v"]) }),
        )
        .both(
            "aws_security_group.g",
            json!({}),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": refs(&["aws_subnet.s.vpc_id", "aws_subnet.s"]) }),
        );
    let group = plan.model().security_groups[&key("aws_security_group.g")].clone();
    assert_eq!(group.vpc.get(), Some(&Some(key("aws_vpc.v"))));
}

#[test]
fn a_scalar_with_several_candidates_is_one_of_them() {
    let subnet = |at: u8| json!({ "cidr_block": format!("10.0.{at}.0/24") });
    let plan = Plan::new()
        .create("", "aws_subnet.p[0]", subnet(0), id())
        .create("", "aws_subnet.p[1]", subnet(1), id())
        .written("", "aws_subnet.p", json!({}))
        .both(
            "aws_nat_gateway.n",
            json!({}),
            json!({ "id": true, "subnet_id": true }),
            json!({ "subnet_id": refs(&["aws_subnet.p"]) }),
        );
    let nat = plan.model().nat_gateways[&key("aws_nat_gateway.n")].clone();
    let Val::OneOf(choices, note) = nat.subnet else { panic!("{:?}", nat.subnet) };
    assert_eq!(choices, [key("aws_subnet.p[0]"), key("aws_subnet.p[1]")]);
    assert!(note.contains("one of {aws_subnet.p[0], aws_subnet.p[1]}"));
}

#[test]
fn count_index_picks_the_instance_of_the_same_number() {
    let mut plan = Plan::new().written("", "aws_subnet.p", json!({})).written(
        "",
        "aws_nat_gateway.n",
        json!({ "subnet_id": refs(&["aws_subnet.p", "count.index"]) }),
    );
    for at in 0..3 {
        plan = plan.create("", &format!("aws_subnet.p[{at}]"), json!({}), id()).create(
            "",
            &format!("aws_nat_gateway.n[{at}]"),
            json!({}),
            json!({ "subnet_id": true }),
        );
    }
    let model = plan.model();
    for at in 0..3 {
        let nat = &model.nat_gateways[&key(&format!("aws_nat_gateway.n[{at}]"))];
        assert_eq!(nat.subnet.get(), Some(&key(&format!("aws_subnet.p[{at}]"))));
        assert!(nat.subnet.assumed().is_some());
    }
}

#[test]
fn each_key_picks_and_each_value_follows_for_each() {
    let plan = Plan::new()
        .create("", r#"aws_subnet.p["a"]"#, json!({}), id())
        .create("", r#"aws_subnet.p["b"]"#, json!({}), id())
        .written("", "aws_subnet.p", json!({}))
        .create("", r#"aws_nat_gateway.k["b"]"#, json!({}), json!({ "subnet_id": true }))
        .written(
            "",
            "aws_nat_gateway.k",
            json!({ "subnet_id": refs(&["aws_subnet.p", "each.key"]) }),
        )
        .create("", r#"aws_nat_gateway.v["a"]"#, json!({}), json!({ "subnet_id": true }))
        .written_with(
            "",
            "aws_nat_gateway.v",
            json!({ "subnet_id": refs(&["each.value.id", "each.value"]) }),
            json!({ "for_each_expression": refs(&["aws_subnet.p"]) }),
        );
    let model = plan.model();
    let of = |name: &str| model.nat_gateways[&key(name)].subnet.clone();
    assert_eq!(of(r#"aws_nat_gateway.k["b"]"#).get(), Some(&key(r#"aws_subnet.p["b"]"#)));
    assert_eq!(of(r#"aws_nat_gateway.v["a"]"#).get(), Some(&key(r#"aws_subnet.p["a"]"#)));
}

/// `aws_subnet.p[each.value.in]`: which it is, the value says, and not the key.
#[test]
fn a_value_that_indexes_is_not_the_own_key() {
    let plan = Plan::new()
        .create("", r#"aws_subnet.p["a"]"#, json!({}), id())
        .create("", r#"aws_subnet.p["b"]"#, json!({}), id())
        .written("", "aws_subnet.p", json!({}))
        .create("", r#"aws_nat_gateway.v["a"]"#, json!({}), json!({ "subnet_id": true }))
        .written(
            "",
            "aws_nat_gateway.v",
            json!({ "subnet_id": refs(&["aws_subnet.p", "each.value.in", "each.value"]) }),
        );
    let subnet = plan.model().nat_gateways[&key(r#"aws_nat_gateway.v["a"]"#)].subnet.clone();
    assert_eq!(subnet.get(), None, "{subnet:?}");
}

/// `route_table_id = aws_vpc.v.main_route_table_id`: a route of the VPC's own table, and of no other.
#[test]
fn a_route_of_the_main_table_leaves_the_others_alone() {
    let plan = |adopted: bool| {
        let open = || json!({ "id": true, "vpc_id": true, "default_route_table_id": true });
        let plan = Plan::new()
            .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), id(), json!({}))
            .both(
                "aws_route_table.own",
                json!({}),
                open(),
                json!({ "vpc_id": refs(&["aws_vpc.v.id", "aws_vpc.v"]) }),
            )
            .both(
                "aws_route.r",
                json!({ "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1" }),
                json!({ "id": true, "route_table_id": true }),
                json!({ "route_table_id": refs(&["aws_vpc.v.main_route_table_id", "aws_vpc.v"]) }),
            );
        if !adopted {
            return plan;
        }
        let of = refs(&["aws_vpc.v.default_route_table_id", "aws_vpc.v"]);
        let written = json!({ "default_route_table_id": of });
        plan.both("aws_default_route_table.d", json!({}), open(), written)
    };
    for adopted in [true, false] {
        let model = plan(adopted).model();
        let own = &model.route_tables[&key("aws_route_table.own")];
        assert!(own.open.is_none() && own.routes.is_empty(), "{own:?}");
        let name =
            if adopted { "aws_default_route_table.d" } else { "aws_vpc.v.main_route_table_id" };
        let main = &model.route_tables[&key(name)];
        assert_eq!(main.routes.len(), 1, "{main:?}");
        assert!(main.routes[0].target.assumed().is_some() && main.open.is_none(), "{main:?}");
        assert_eq!(model.vpcs[&key("aws_vpc.v")].main_route_table, Some(key(name)));
        assert_eq!(model.route_tables.len(), 2);
    }
}

/// A service in module `app`, whose subnets come through a variable from module `net`.
fn nested(passed: Value, output: Value) -> Plan {
    Plan::new()
        .call("", "net", json!({}))
        .call("", "app", json!({ "expressions": { "subnets": passed } }))
        .declare("app", "subnets", json!({}))
        .written("net", "aws_subnet.p", json!({}))
        .output("net", "ids", output)
        .create("module.net", "aws_subnet.p[0]", json!({}), id())
        .create("module.net", "aws_subnet.p[1]", json!({}), id())
        .written(
            "app",
            "aws_ecs_service.s",
            json!({ "network_configuration": [{ "subnets": refs(&["var.subnets"]) }] }),
        )
        .create(
            "module.app",
            "aws_ecs_service.s",
            json!({ "name": "s", "network_configuration": [{}] }),
            json!({ "network_configuration": [{ "subnets": true }] }),
        )
}

fn service(plan: &Plan) -> EcsService {
    plan.model().services[&key("module.app.aws_ecs_service.s")].clone()
}

#[test]
fn variables_and_outputs_lead_across_modules() {
    let plan = nested(refs(&["module.net.ids", "module.net"]), refs(&["aws_subnet.p"]));
    let subnets = service(&plan).subnets;
    assert_eq!(sure(&subnets), ["module.net.aws_subnet.p[0]", "module.net.aws_subnet.p[1]"]);
    assert!(!subnets.open);
    assert!(
        subnets.assumed.expect("a note").starts_with("`subnets` of module.app.aws_ecs_service.s")
    );
}

#[test]
fn an_element_of_an_output_is_that_instance() {
    let plan = nested(
        refs(&["module.net.ids[1]", "module.net.ids", "module.net"]),
        refs(&["aws_subnet.p"]),
    );
    assert_eq!(sure(&service(&plan).subnets), ["module.net.aws_subnet.p[1]"]);
}

#[test]
fn a_variable_that_is_not_passed_has_its_default() {
    let plan = nested(refs(&[]), json!({}));
    let without = {
        let mut json = plan.json();
        json["configuration"]["root_module"]["module_calls"]["app"]["expressions"] = json!({});
        json["configuration"]["root_module"]["module_calls"]["app"]["module"]["variables"] =
            json!({ "subnets": { "default": ["subnet-0abc"] } });
        serde_json::to_vec(&json).expect("JSON")
    };
    let model = crate::plans::read(&[("plan.json", &without)]);
    let service = &model.services[&key("module.app.aws_ecs_service.s")];
    assert_eq!(sure(&service.subnets), ["subnet-0abc"]);
}

#[test]
fn module_instances_are_kept_apart() {
    let mut plan = Plan::new()
        .call("", "farm", json!({ "for_each_expression": refs(&["var.farms"]) }))
        .written("farm", "aws_security_group.g", json!({}))
        .written(
            "farm",
            "aws_instance.i",
            json!({ "vpc_security_group_ids":
                refs(&["aws_security_group.g.id", "aws_security_group.g"]) }),
        )
        .variable("farms", json!({ "x": 1, "y": 2 }));
    for farm in ["x", "y"] {
        let module = format!("module.farm[\"{farm}\"]");
        plan = plan.create(&module, "aws_security_group.g", json!({}), id()).create(
            &module,
            "aws_instance.i",
            json!({}),
            json!({ "vpc_security_group_ids": true }),
        );
    }
    let model = plan.model();
    for farm in ["x", "y"] {
        let instance = &model.instances[&key(&format!("module.farm[\"{farm}\"].aws_instance.i"))];
        let group = format!("module.farm[\"{farm}\"].aws_security_group.g");
        assert_eq!(sure(&instance.security_groups), [group.as_str()]);
    }
}

#[test]
fn a_module_instance_picks_by_its_own_key() {
    let mut plan = Plan::new()
        .call(
            "",
            "app",
            json!({
                "expressions": { "subnet": refs(&["aws_subnet.p", "each.key"]) },
                "for_each_expression": refs(&["var.apps"]),
            }),
        )
        .declare("app", "subnet", json!({}))
        .variable("apps", json!(["a", "b"]))
        .written("", "aws_subnet.p", json!({}))
        .written("app", "aws_nat_gateway.n", json!({ "subnet_id": refs(&["var.subnet"]) }));
    for app in ["a", "b"] {
        plan = plan.create("", &format!("aws_subnet.p[\"{app}\"]"), json!({}), id()).create(
            &format!("module.app[\"{app}\"]"),
            "aws_nat_gateway.n",
            json!({}),
            json!({ "subnet_id": true }),
        );
    }
    let model = plan.model();
    let nat = &model.nat_gateways[&key("module.app[\"b\"].aws_nat_gateway.n")];
    assert_eq!(nat.subnet.get(), Some(&key("aws_subnet.p[\"b\"]")));
}

#[test]
fn a_module_picked_by_a_dynamic_key_is_the_output_that_fits() {
    let one = nested(refs(&["module.net"]), refs(&["aws_subnet.p"])).output(
        "net",
        "name",
        refs(&["aws_vpc.v.tags", "aws_vpc.v", "local.name"]),
    );
    let subnets = service(&one).subnets;
    assert_eq!(subnets.sure.len(), 2);
    assert!(!subnets.open && subnets.assumed.is_some());

    let first = refs(&["aws_subnet.p[0].id", "aws_subnet.p[0]", "aws_subnet.p"]);
    let subnets = service(&one.output("net", "first", first)).subnets;
    assert!(subnets.sure.is_empty());
    assert_eq!(maybe(&subnets), ["module.net.aws_subnet.p[0]", "module.net.aws_subnet.p[1]"]);
    assert!(!subnets.open && subnets.unknown.is_some());
}

/// `for_each = aws_subnet.p` with `each.value.vpc_id`, `for_each = module.net` with
/// `each.value.group`, and `var.net.group` with `net = module.net["x"]`.
#[test]
fn what_is_taken_of_a_whole_resource_or_module_is_followed() {
    let group = refs(&["aws_security_group.g.id", "aws_security_group.g"]);
    let vpc = refs(&["aws_vpc.v.id", "aws_vpc.v"]);
    let for_each = |of: &str| json!({ "for_each_expression": refs(&[of]) });
    let mut plan = Plan::new()
        .call("", "net", json!({ "for_each_expression": refs(&["local.nets"]) }))
        .call(
            "",
            "app",
            json!({ "expressions":
            { "net": refs(&["module.net[\"x\"]", "module.net"]) } }),
        )
        .declare("app", "net", json!({}))
        .output("net", "group", group)
        .output("net", "subnets", refs(&["aws_subnet.p"]))
        .written("net", "aws_security_group.g", json!({}))
        .written("net", "aws_vpc.v", json!({}))
        .written("net", "aws_subnet.p", json!({ "vpc_id": vpc }))
        .written_with(
            "net",
            "aws_route_table.t",
            json!({ "vpc_id": refs(&["each.value.vpc_id", "each.value"]) }),
            for_each("aws_subnet.p"),
        )
        .written_with(
            "",
            "aws_network_interface.n",
            json!({ "security_groups": refs(&["each.value.group", "each.value"]) }),
            for_each("module.net"),
        )
        .create("", "aws_network_interface.n[\"y\"]", json!({}), json!({ "security_groups": true }))
        .written(
            "app",
            "aws_instance.i",
            json!({ "vpc_security_group_ids": refs(&["var.net.group", "var.net"]) }),
        )
        .create(
            "module.app",
            "aws_instance.i",
            json!({}),
            json!({ "vpc_security_group_ids": true }),
        );
    for net in ["x", "y"] {
        let module = format!("module.net[\"{net}\"]");
        plan = plan
            .create(&module, "aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), id())
            .create(&module, "aws_security_group.g", json!({}), id())
            .create(
                &module,
                "aws_subnet.p[\"a\"]",
                json!({}),
                json!({ "id": true, "vpc_id": true }),
            )
            .create(&module, "aws_route_table.t[\"a\"]", json!({}), json!({ "vpc_id": true }));
    }
    let model = plan.model();
    let table = &model.route_tables[&key("module.net[\"y\"].aws_route_table.t[\"a\"]")];
    assert_eq!(table.vpc.get(), Some(&key("module.net[\"y\"].aws_vpc.v")));
    let interface = &model.instances[&key("aws_network_interface.n[\"y\"]")];
    assert_eq!(sure(&interface.security_groups), ["module.net[\"y\"].aws_security_group.g"]);
    assert!(!interface.security_groups.open);
    let instance = &model.instances[&key("module.app.aws_instance.i")];
    assert_eq!(sure(&instance.security_groups), ["module.net[\"x\"].aws_security_group.g"]);
    assert!(!instance.security_groups.open);
}

#[test]
fn a_member_of_an_object_is_what_fits_among_its_members() {
    let object = refs(&["module.net.ids", "module.net", "aws_vpc.v.id", "aws_vpc.v", "local.name"]);
    let plan = nested(object, refs(&["aws_subnet.p[0].id", "aws_subnet.p[0]", "aws_subnet.p"]));
    let mut json = plan.json();
    let app = &mut json["configuration"]["root_module"]["module_calls"]["app"]["module"];
    app["resources"][0]["expressions"]["network_configuration"][0]["subnets"] =
        refs(&["var.subnets.private", "var.subnets"]);
    let model = crate::plans::read(&[("plan.json", &serde_json::to_vec(&json).expect("JSON"))]);
    let subnets = &model.services[&key("module.app.aws_ecs_service.s")].subnets;
    assert_eq!(sure(subnets), ["module.net.aws_subnet.p[0]"]);
    assert!(!subnets.open);
}

#[test]
fn a_member_of_a_known_object_is_that_member() {
    let plan = instance_with(refs(&["var.net.groups", "var.net", "local.x"]))
        .variable("net", json!({ "groups": ["sg-0aaa"], "others": ["sg-0bbb"] }));
    assert_eq!(sure(&instance(&plan).security_groups), ["sg-0aaa"]);
}

#[test]
fn a_literal_that_the_plan_calls_unknown_is_known() {
    let plan = instance_with(literal(json!(["sg-0aaa"])));
    let groups = instance(&plan).security_groups;
    assert_eq!(sure(&groups), ["sg-0aaa"]);
    assert!(groups.assumed.is_none());
}

#[test]
fn a_list_known_in_part_takes_the_rest_from_its_references() {
    let plan = Plan::new().both("aws_subnet.a", json!({}), id(), json!({})).both(
        "aws_vpc_endpoint.e",
        json!({
            "service_name": "com.amazonaws.eu-west-1.logs", "vpc_endpoint_type": "Interface",
            "subnet_ids": ["subnet-0abc", null],
        }),
        json!({ "subnet_ids": [false, true] }),
        json!({ "subnet_ids": refs(&["aws_subnet.a.id", "aws_subnet.a"]) }),
    );
    let subnets = plan.model().endpoints[&key("aws_vpc_endpoint.e")].subnets.clone();
    assert_eq!(sure(&subnets), ["aws_subnet.a", "subnet-0abc"]);
    assert!(!subnets.open && subnets.assumed.is_some());
}

#[test]
fn cycles_and_endless_chains_end() {
    let plan =
        nested(refs(&["module.net.ids", "module.net"]), refs(&["module.net.ids", "var.subnets"]));
    let mut json = plan.json();
    let calls = &mut json["configuration"]["root_module"]["module_calls"];
    calls["net"]["module"]["outputs"]["ids"]["expression"] = refs(&["var.again"]);
    calls["net"]["expressions"] = json!({ "again": refs(&["module.net.ids", "module.net"]) });
    let model = crate::plans::read(&[("plan.json", &serde_json::to_vec(&json).expect("JSON"))]);
    let service = &model.services[&key("module.app.aws_ecs_service.s")];
    assert!(service.subnets.open);
}

#[test]
fn several_blocks_together_name_what_they_name_together() {
    let subnet = |at: u8| format!("aws_subnet.p[{at}]");
    let block = |at: u8| {
        json!({ "subnet_id": refs(&[
        &format!("aws_subnet.p[{at}].id"), &subnet(at), "aws_subnet.p",
    ]) })
    };
    let plan = Plan::new()
        .create("", "aws_subnet.p[0]", json!({}), id())
        .create("", "aws_subnet.p[1]", json!({}), id())
        .written("", "aws_subnet.p", json!({}))
        .both(
            "aws_lb.l",
            json!({ "load_balancer_type": "network", "subnet_mapping": [{}, {}] }),
            json!({ "subnets": true, "security_groups": true,
                "subnet_mapping": [{ "subnet_id": true }, { "subnet_id": true }] }),
            json!({ "subnet_mapping": [block(0), block(1)] }),
        );
    let balancer = plan.model().load_balancers[&key("aws_lb.l")].clone();
    assert_eq!(sure(&balancer.subnets), ["aws_subnet.p[0]", "aws_subnet.p[1]"]);
    assert!(balancer.subnets.maybe.is_empty() && !balancer.subnets.open);
    assert_eq!(balancer.security_groups, None);
}
