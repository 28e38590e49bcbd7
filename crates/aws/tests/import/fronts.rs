//! Load balancers, APIs, distributions: what is read of each type, and the defaults.

use farmgate_aws::model::{
    Action, ApiKind, Authorization, IntegrationTarget, LoadBalancerKind, Val,
};
use serde_json::json;

use crate::plans::{Plan, key, names, read, shown_state, sure};

#[test]
fn load_balancers_listeners_and_targets() {
    let state = shown_state(&[
        (
            "aws_lb.l",
            json!({ "id": "arn:lb", "arn": "arn:lb", "name": "l", "internal": false,
            "load_balancer_type": "application", "subnets": ["subnet-1"], "idle_timeout": 3600,
            "security_groups": ["sg-1"], "dns_name": "l.elb.amazonaws.com" }),
        ),
        (
            "aws_lb_target_group.t",
            json!({ "id": "arn:tg", "arn": "arn:tg", "name": "t", "port": 80,
            "protocol": "HTTP", "protocol_version": "HTTP1", "target_type": "ip",
            "stickiness": [{ "enabled": false, "type": "lb_cookie" }],
            "health_check": [{ "enabled": true, "path": "/health", "port": "traffic-port",
                "protocol": "HTTP", "matcher": "200-299", "interval": 30, "timeout": 10,
                "healthy_threshold": 2, "unhealthy_threshold": 3 }] }),
        ),
        (
            "aws_lb_listener.h",
            json!({ "id": "arn:h", "arn": "arn:h", "load_balancer_arn": "arn:lb",
            "port": 80, "protocol": "HTTP", "ssl_policy": "",
            "default_action": [{ "type": "redirect", "order": 1,
                "redirect": [{ "protocol": "HTTPS", "port": "443" }] }] }),
        ),
        (
            "aws_lb_listener.s",
            json!({ "id": "arn:s", "arn": "arn:s", "load_balancer_arn": "arn:lb",
            "port": 443, "protocol": "HTTPS", "ssl_policy": "p",
            "mutual_authentication": [{ "mode": "verify" }],
            "default_action": [
                { "type": "forward", "order": 2, "target_group_arn": "arn:tg" },
                { "type": "authenticate-cognito", "order": 1,
                  "authenticate_cognito": [{ "on_unauthenticated_request": "allow" }] }] }),
        ),
        (
            "aws_lb_listener_rule.r",
            json!({ "id": "arn:r", "listener_arn": "arn:s", "priority": 5,
            "action": [{ "type": "fixed-response" }],
            "condition": [
                { "path_pattern": [{ "values": ["/mcp/*"] }], "host_header": [], "source_ip": [] },
                { "source_ip": [{ "values": ["10.0.0.0/8"] }], "path_pattern": [] },
                { "query_string": [{ "key": "a", "value": "b" }] }] }),
        ),
        (
            "aws_lb_target_group_attachment.a",
            json!({ "id": "x", "target_group_arn": "arn:tg",
            "target_id": "10.0.0.5", "port": 8080 }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let balancer = &model.load_balancers[&key("aws_lb.l")];
    assert_eq!(balancer.kind, LoadBalancerKind::Application);
    assert_eq!(balancer.idle_timeout, Val::Known(Some(3600)));
    assert_eq!(model.resolve("l.elb.amazonaws.com"), key("aws_lb.l"));
    let plain = &model.listeners[&key("aws_lb_listener.h")];
    assert_eq!(plain.rules[0].actions, [Action::Redirect { https: true }]);
    let secure = &model.listeners[&key("aws_lb_listener.s")];
    assert!(secure.verifies_clients);
    assert_eq!(secure.rules.len(), 2);
    let rule = &secure.rules[0];
    assert_eq!((rule.priority, rule.paths.as_slice()), (Some(5), &["/mcp/*".to_owned()][..]));
    assert_eq!(rule.sources.len(), 1);
    assert_eq!(rule.other_conditions, ["query-string a=b"]);
    let [first, Action::Forward(groups)] = secure.rules[1].actions.as_slice() else {
        panic!("actions")
    };
    assert_eq!(
        *first,
        Action::Authenticate { kind: "authenticate-cognito".into(), allows_anonymous: true }
    );
    assert_eq!(sure(groups), ["aws_lb_target_group.t"]);
    let group = &model.target_groups[&key("aws_lb_target_group.t")];
    assert_eq!(group.health.port, None);
    assert_eq!(group.health.codes.as_deref(), Some("200-299"));
    assert_eq!(group.attachments[0].target, Val::Known(key("10.0.0.5")));
    assert_eq!(group.attachments[0].port, Some(8080));
}

#[test]
fn an_application_load_balancer_without_groups_has_the_default_one() {
    let plan = Plan::new()
        .both("aws_vpc.v", json!({ "cidr_block": "10.0.0.0/16" }), json!({ "id": true }), json!({}))
        .both(
            "aws_default_security_group.d",
            json!({}),
            json!({ "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both(
            "aws_subnet.s",
            json!({}),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": names("aws_vpc.v.id") }),
        )
        .both(
            "aws_lb.l",
            json!({ "load_balancer_type": "application" }),
            json!({ "security_groups": true, "subnets": true, "internal": true }),
            json!({ "subnets": names("aws_subnet.s.id") }),
        );
    let model = plan.model();
    let balancer = &model.load_balancers[&key("aws_lb.l")];
    let groups = balancer.security_groups.as_ref().expect("groups");
    assert_eq!(sure(groups), ["aws_default_security_group.d"]);
    assert_eq!(balancer.internal, Val::Known(false));
}

#[test]
fn rest_apis_are_put_together_from_their_parts() {
    let state = shown_state(&[
        (
            "aws_api_gateway_rest_api.a",
            json!({ "id": "abc", "name": "a", "root_resource_id": "root",
            "endpoint_configuration": [{ "types": ["PRIVATE"] }], "policy": "{}" }),
        ),
        (
            "aws_api_gateway_resource.r",
            json!({ "id": "res", "rest_api_id": "abc", "parent_id": "root",
            "path_part": "mcp", "path": "/mcp" }),
        ),
        (
            "aws_api_gateway_method.m",
            json!({ "id": "m", "rest_api_id": "abc", "resource_id": "res",
            "http_method": "POST", "authorization": "AWS_IAM" }),
        ),
        (
            "aws_api_gateway_method.n",
            json!({ "id": "n", "rest_api_id": "abc", "resource_id": "root",
            "http_method": "GET", "authorization": "NONE", "api_key_required": true }),
        ),
        (
            "aws_api_gateway_integration.i",
            json!({ "id": "i", "rest_api_id": "abc", "resource_id": "res",
            "http_method": "POST", "type": "HTTP_PROXY", "connection_type": "VPC_LINK",
            "connection_id": "link", "uri": "https://n.elb.amazonaws.com/mcp",
            "response_transfer_mode": "STREAM", "timeout_milliseconds": 900000 }),
        ),
        ("aws_api_gateway_vpc_link.l", json!({ "id": "link", "target_arns": ["arn:nlb"] })),
        (
            "aws_lb.n",
            json!({ "id": "arn:nlb", "arn": "arn:nlb", "load_balancer_type": "network",
            "dns_name": "n.elb.amazonaws.com", "subnets": ["subnet-1"], "security_groups": [] }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let api = &model.apis[&key("aws_api_gateway_rest_api.a")];
    assert_eq!((api.kind, &api.private), (ApiKind::Rest, &Val::Known(true)));
    let post = &api.routes[0];
    assert_eq!(post.route, Val::Known("POST /mcp".into()));
    assert_eq!(post.authorization, Val::Known(Authorization::Iam));
    let Val::Known(Some(integration)) = &post.integration else { panic!("{:?}", post.integration) };
    assert!(integration.streams && integration.tls == Some(true));
    assert_eq!(
        integration.target,
        IntegrationTarget::VpcLink {
            link: Val::Known(key("aws_api_gateway_vpc_link.l")),
            to: Val::Known(key("aws_lb.n")),
        }
    );
    let get = &api.routes[1];
    assert_eq!(get.route, Val::Known("GET /".into()));
    assert_eq!(get.authorization, Val::Known(Authorization::ApiKeyOnly));
    assert_eq!(get.integration, Val::Known(None));
    assert_eq!(model.load_balancers[&key("aws_lb.n")].security_groups, None);
}

#[test]
fn http_apis_with_routes_and_quick_create() {
    let invoke = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:1:function:f/invocations";
    let state = shown_state(&[
        (
            "aws_apigatewayv2_api.a",
            json!({ "id": "abc", "name": "a", "protocol_type": "HTTP",
            "target": "https://example.com/x" }),
        ),
        (
            "aws_apigatewayv2_route.r",
            json!({ "id": "r", "api_id": "abc", "route_key": "POST /mcp",
            "authorization_type": "JWT", "authorizer_id": "auth", "target": "integrations/int" }),
        ),
        (
            "aws_apigatewayv2_authorizer.z",
            json!({ "id": "auth", "api_id": "abc", "authorizer_type": "JWT" }),
        ),
        (
            "aws_apigatewayv2_integration.i",
            json!({ "id": "int", "api_id": "abc",
            "integration_type": "AWS_PROXY", "integration_uri": invoke }),
        ),
        (
            "aws_lambda_function.f",
            json!({ "id": "f", "function_name": "f",
            "arn": "arn:aws:lambda:eu-west-1:1:function:f",
            "vpc_config": [{ "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"] }] }),
        ),
        (
            "aws_lambda_function_url.u",
            json!({ "id": "f", "function_name": "f", "authorization_type": "NONE" }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let api = &model.apis[&key("aws_apigatewayv2_api.a")];
    assert_eq!(api.routes.len(), 2);
    assert_eq!(api.routes[0].route, Val::Known("$default".into()));
    assert_eq!(api.routes[0].authorization, Val::Known(Authorization::None));
    let route = &api.routes[1];
    assert_eq!(
        route.authorization,
        Val::Known(Authorization::Jwt(Some(key("aws_apigatewayv2_authorizer.z"))))
    );
    let Val::Known(Some(integration)) = &route.integration else {
        panic!("{:?}", route.integration)
    };
    assert_eq!(
        integration.target,
        IntegrationTarget::Lambda(Val::Known(key("aws_lambda_function.f")))
    );
    let function = &model.functions[&key("aws_lambda_function.f")];
    assert_eq!(sure(&function.subnets), ["subnet-1"]);
    assert_eq!(function.urls, [Val::Known("NONE".to_owned())]);
}

#[test]
fn distributions_and_web_acls() {
    let plan = Plan::new()
        .both("aws_lb.l", json!({ "load_balancer_type": "application" }), json!({ "dns_name": true }), json!({}))
        .both(
            "aws_cloudfront_distribution.d",
            json!({
                "origin": [{ "origin_id": "a", "custom_origin_config": [{ "origin_protocol_policy": "http-only" }] }],
                "default_cache_behavior": [{ "viewer_protocol_policy": "redirect-to-https",
                    "function_association": [{ "event_type": "viewer-request" }] }],
                "ordered_cache_behavior": [{ "viewer_protocol_policy": "allow-all" }],
            }),
            json!({ "origin": [{ "domain_name": true }] }),
            json!({ "origin": [{ "domain_name": names("aws_lb.l.dns_name") }] }),
        )
        .both("aws_wafv2_web_acl.w", json!({ "name": "w" }), json!({ "arn": true }), json!({}))
        .both("aws_wafv2_web_acl_association.a", json!({}), json!({ "resource_arn": true, "web_acl_arn": true }),
            json!({ "resource_arn": names("aws_lb.l.arn"), "web_acl_arn": names("aws_wafv2_web_acl.w.arn") }));
    let model = plan.model();
    let distribution = &model.distributions[&key("aws_cloudfront_distribution.d")];
    assert_eq!(sure(&distribution.origins), ["aws_lb.l"]);
    assert_eq!(distribution.https_only, Val::Known(false));
    assert_eq!(distribution.origin_protocols, ["http-only"]);
    assert!(distribution.has_edge_function);
    let waf = &model.waf[&key("aws_wafv2_web_acl_association.a")];
    assert_eq!(waf.resource.get(), Some(&key("aws_lb.l")));
    assert_eq!(waf.web_acl.get(), Some(&key("aws_wafv2_web_acl.w")));
}
