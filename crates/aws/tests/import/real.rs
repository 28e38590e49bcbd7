//! Plans and a state that real Terraform made of a real system, which are no part of the project:
//! `FARMGATE_REAL_INPUTS` names their folder.

use std::path::PathBuf;

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{
    ApiKind, Authorization, EndpointKind, LoadBalancerKind, Model, RouteTarget, Val,
};

use crate::plans::{key, read, sure};

const ENDPOINT_GROUP: &str = "module.supporting.aws_security_group.vpc_endpoints[0]";

/// The bytes of a file of the bus simulator, if the folder is given.
fn file(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS").filter(|folder| !folder.is_empty())
    else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return None;
    };
    let folder = PathBuf::from(folder);
    let inner = folder.join("bus-simulator");
    let folder = if inner.is_dir() { inner } else { folder };
    Some(std::fs::read(folder.join(name)).expect("a readable file"))
}

fn model(names: &[&str]) -> Option<Model> {
    let files: Option<Vec<(&str, Vec<u8>)>> =
        names.iter().map(|name| Some((*name, file(name)?))).collect();
    let files = files?;
    let inputs: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    Some(read(&inputs))
}

#[test]
fn the_plan_s_network() {
    let Some(model) = model(&["plan.json"]) else {
        return;
    };
    assert_eq!(model.region.as_deref(), Some("eu-west-1"));
    assert_eq!(model.warnings, []);
    assert_eq!((model.vpcs.len(), model.subnets.len()), (1, 4));
    for (name, target) in [
        ("private", RouteTarget::NatGateway(key("module.supporting.aws_nat_gateway.main[0]"))),
        (
            "public",
            RouteTarget::InternetGateway(key("module.supporting.aws_internet_gateway.main[0]")),
        ),
    ] {
        let table = key(&format!("module.supporting.aws_route_table.{name}[0]"));
        let [route] = model.route_tables[&table].routes.as_slice() else { panic!("one route") };
        assert!(matches!(&route.target, Val::Assumed(to, _) if *to == target));
        for at in 0..2 {
            let subnet =
                &model.subnets[&key(&format!("module.supporting.aws_subnet.{name}[{at}]"))];
            assert_eq!(subnet.route_table.get(), Some(&Some(table.clone())));
            assert!(subnet.route_table.assumed().is_some());
            assert_eq!(subnet.maps_public_ip, Val::Known(name == "public"));
        }
    }
    let endpoints: Vec<_> = model.endpoints.values().collect();
    assert_eq!(endpoints.len(), 4);
    for endpoint in endpoints {
        assert_eq!(endpoint.kind, EndpointKind::Interface);
        assert_eq!(endpoint.private_dns, Val::Known(true));
        assert_eq!(sure(&endpoint.security_groups), [ENDPOINT_GROUP]);
        assert_eq!(endpoint.subnets.sure.len(), 2);
        assert_eq!(endpoint.policy, Val::Known(None));
    }
    let server = &model.security_groups[&key("module.supporting.aws_security_group.mcp_server[0]")];
    let origins: Vec<&str> =
        server.ingress.rules.iter().map(|rule| rule.origin.key.as_str()).collect();
    assert_eq!(
        origins,
        [
            "module.supporting.aws_security_group.mcp_server[0]",
            "module.supporting.aws_security_group_rule.mcp_from_vpc_link[0]",
        ]
    );
    assert!(server.ingress.inline && model.removed_rules.is_empty());
}

#[test]
fn the_plan_s_services() {
    let Some(model) = model(&["plan.json"]) else {
        return;
    };
    assert_eq!(model.services.len(), 4);
    let service = &model.services[&key("module.mcp_server.aws_ecs_service.mcp_server")];
    assert_eq!(
        sure(&service.security_groups),
        ["module.supporting.aws_security_group.mcp_server[0]"]
    );
    assert_eq!(
        service.security_groups.assumed.as_deref(),
        Some(
            "`security_groups` of module.mcp_server.aws_ecs_service.mcp_server is \
             {module.supporting.aws_security_group.mcp_server[0]}, which its expression names"
        )
    );
    assert_eq!(service.fargate, Val::Known(true));
    assert_eq!(service.load_balancers[0].port, Val::Known(8080));
    let [balancer] = model.load_balancers.values().collect::<Vec<_>>()[..] else { panic!("one") };
    assert_eq!(balancer.kind, LoadBalancerKind::Network);
    assert_eq!(balancer.security_groups, None);
    assert_eq!(balancer.internal, Val::Known(true));
    let task =
        &model.task_definitions[&key("module.mcp_server.aws_ecs_task_definition.mcp_server")];
    assert!(task.containers.missing().is_some());
    assert!(task.mentions.contains(&key("module.fargate.aws_ecr_repository.feeders")));
    let twice = model.named.iter().filter(|named| named.kind == "log group");
    let mut names: Vec<&str> = twice.map(|named| named.name.as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() < all, "log groups declared twice");
}

#[test]
fn the_plan_s_apis() {
    let Some(model) = model(&["plan.json"]) else {
        return;
    };
    let http = &model.apis[&key("module.mcp_server.aws_apigatewayv2_api.mcp")];
    assert_eq!((http.kind, http.routes.len()), (ApiKind::Http, 5));
    for route in &http.routes {
        let open = route.route == Val::Known("GET /health".into());
        let authorizer = key("module.mcp_server.aws_apigatewayv2_authorizer.mcp");
        let expected =
            if open { Authorization::None } else { Authorization::Lambda(Some(authorizer)) };
        assert_eq!(route.authorization.get(), Some(&expected));
        let Some(Some(integration)) = route.integration.get() else { panic!("no integration") };
        assert_eq!(integration.tls, Some(false));
    }
    let rest = &model.apis[&key("module.api_gateway.aws_api_gateway_rest_api.main")];
    assert_eq!((rest.kind, rest.routes.len()), (ApiKind::Rest, 8));
    let mut paths: Vec<&str> =
        rest.routes.iter().filter_map(|route| route.route.get()).map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths[0], "GET /bus-position/line/{line_id}");
    assert_eq!(paths[1], "GET /bus-position/{bus_id}");
    let socket = &model.apis[&key("module.api_gateway.aws_apigatewayv2_api.websocket")];
    assert_eq!(socket.kind, ApiKind::WebSocket);
    let connect = socket.routes.iter().find(|route| route.route == Val::Known("$connect".into()));
    assert!(matches!(
        connect.expect("$connect").authorization.get(),
        Some(Authorization::Lambda(Some(_)))
    ));
}

#[test]
fn other_plans() {
    let Some(without) = model(&["plan-no-endpoints.json"]) else {
        return;
    };
    assert!(without.endpoints.is_empty());
    let errored = file("plan-errored.json").expect("a file");
    let errors = import(&[Input { name: "e", bytes: &errored }]).expect_err("an error");
    assert_eq!(errors[0].code, "plan-errored");
}

#[test]
fn the_plan_after_apply_removes_a_rule() {
    let Some(model) = model(&["plan-after-apply.json"]) else {
        return;
    };
    assert_eq!(model.warnings.len(), 1);
    assert_eq!(model.warnings[0].code, "plan-incomplete");
    let [removed] = model.removed_rules.as_slice() else { panic!("{:?}", model.removed_rules) };
    assert_eq!(removed.group, key("module.supporting.aws_security_group.mcp_server[0]"));
    assert_eq!(
        removed.declared_by,
        key("module.supporting.aws_security_group_rule.mcp_from_vpc_link[0]")
    );
    assert_eq!(
        sure(&removed.rule.peers.groups),
        ["module.supporting.aws_security_group.vpc_link[0]"]
    );
    let group = &model.security_groups[&removed.group];
    assert_eq!(group.ingress.rules.len(), 1);
    assert!(!format!("{:?}", model.subnets).contains("Assumed"));
}

#[test]
fn the_state_knows_and_settles_the_plan() {
    let Some(state) = model(&["state.json"]) else {
        return;
    };
    let table = Val::Known(Some(key("module.supporting.aws_route_table.private[0]")));
    let private = key("module.supporting.aws_subnet.private[0]");
    assert_eq!(state.subnets[&private].route_table, table);
    assert_eq!(state.account.as_deref(), Some("123456789012"));
    let Some(both) = model(&["plan.json", "state.json"]) else {
        return;
    };
    assert_eq!(both.warnings, []);
    assert_eq!(both.subnets[&private].route_table, table);
    assert!(!format!("{:?}", both.subnets).contains("Assumed"));
    assert_eq!(both.endpoints.len(), 4);
    assert!(both.endpoints.values().all(|endpoint| endpoint.security_groups.assumed.is_none()));
    let service = &both.services[&key("module.mcp_server.aws_ecs_service.mcp_server")];
    assert!(service.security_groups.assumed.is_some());
}
