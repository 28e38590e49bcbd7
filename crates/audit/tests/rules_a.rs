//! The rules that look at the way in and at the way out: each fires once where it should, and not
//! where it nearly should.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/model.rs"]
mod build;

use build::{
    PRIVATE, PUBLIC, api, database, egress, forward, group, ingress, instance, integration, key,
    keys, linked, listener, load_balancer, network, route, service, target_group, verify,
};
use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Finding, Severity, Verdict};
use farmgate_aws::model::{
    Action, ApiKind, Authorization, Distribution, IntegrationTarget, LoadBalancerKind, Model,
    SetVal, Val,
};
use farmgate_net::service::{ServiceSet, TCP};

const LB: &str = "aws_lb.farm";
const LB_GROUP: &str = "aws_security_group.lb";
const SERVER: &str = "aws_ecs_service.server";
const SERVER_GROUP: &str = "aws_security_group.server";
const TARGETS: &str = "aws_lb_target_group.server";
const API: &str = "aws_apigatewayv2_api.mcp";
const HTTPS: &str = "aws_lb_listener.https";
const HTTP: &str = "aws_lb_listener.http";

fn found(model: &Model, rule: &str) -> Vec<Finding> {
    let report = check(model, &Options::default()).unwrap();
    report.findings.into_iter().filter(|finding| finding.rule == rule).collect()
}

#[track_caller]
fn one(model: &Model, rule: &str) -> Finding {
    let mut all = found(model, rule);
    assert_eq!(all.len(), 1, "{rule}: {all:#?}");
    all.remove(0)
}

#[track_caller]
fn silent(model: &Model, rule: &str) {
    let all = found(model, rule);
    assert!(all.is_empty(), "{rule}: {all:#?}");
}

#[track_caller]
fn origins(finding: &Finding, wanted: &[&str]) {
    assert_eq!(finding.origins, wanted, "{}", finding.title);
}

/// An internet-facing ALB with TLS that verifies callers -> a server in a private subnet, TLS too.
fn alb_farm() -> Model {
    let mut model = network();
    group(&mut model, LB_GROUP);
    group(&mut model, SERVER_GROUP);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["203.0.113.0/24"]);
    egress(&mut model, LB_GROUP, ServiceSet::tcp(8080), &[SERVER_GROUP]);
    ingress(&mut model, SERVER_GROUP, ServiceSet::tcp(8080), &[LB_GROUP]);
    egress(&mut model, SERVER_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    service(&mut model, SERVER, PRIVATE, &[SERVER_GROUP]);
    load_balancer(&mut model, LB, false, false, &[LB_GROUP]);
    target_group(&mut model, TARGETS, "HTTPS", SERVER);
    listener(&mut model, HTTPS, LB, ("HTTPS", 443), forward(TARGETS));
    default_actions(&mut model, HTTPS, vec![verify(), forward(TARGETS)]);
    model
}

fn default_actions(model: &mut Model, listener: &str, actions: Vec<Action>) {
    model.listeners.get_mut(listener).unwrap().rules[0].actions = actions;
}

/// An HTTP API with an authorizer -> VPC link -> internal NLB with a group -> a server; no TLS.
fn api_farm(kind: ApiKind) -> Model {
    let mut model = network();
    for name in [LB_GROUP, SERVER_GROUP, "aws_security_group.link"] {
        group(&mut model, name);
    }
    egress(&mut model, "aws_security_group.link", ServiceSet::tcp(80), &[LB_GROUP]);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(80), &["aws_security_group.link"]);
    egress(&mut model, LB_GROUP, ServiceSet::tcp(8080), &[SERVER_GROUP]);
    ingress(&mut model, SERVER_GROUP, ServiceSet::tcp(8080), &[LB_GROUP]);
    egress(&mut model, SERVER_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    service(&mut model, SERVER, PRIVATE, &[SERVER_GROUP]);
    load_balancer(&mut model, LB, true, true, &[LB_GROUP]);
    target_group(&mut model, TARGETS, "TCP", SERVER);
    listener(&mut model, HTTP, LB, ("TCP", 80), forward(TARGETS));
    api(&mut model, API, kind);
    let to =
        linked(&mut model, "aws_apigatewayv2_integration.mcp", "aws_security_group.link", HTTP);
    let name = if kind == ApiKind::WebSocket { "$connect" } else { "POST /mcp" };
    route(&mut model, (API, "aws_apigatewayv2_route.mcp"), name, Authorization::Iam, Some(to));
    model
}

fn set_authorization(model: &mut Model, how: Authorization) {
    model.apis.get_mut(API).unwrap().routes[0].authorization = Val::Known(how);
}

fn add_route(model: &mut Model, name: &str, how: Authorization) {
    let to = model.apis[API].routes[0].integration.get().unwrap().clone();
    route(model, (API, "aws_apigatewayv2_route.new"), name, how, to);
}

#[test]
fn a_sound_farm_has_no_finding_of_these_rules() {
    for rule in [
        "plaintext-hop",
        "unauthenticated-path",
        "listener-open-to-world",
        "egress-unrestricted",
        "egress-never-revoked",
        "public-address",
        "streaming-behind-http-api",
    ] {
        silent(&alb_farm(), rule);
    }
}

// === plaintext-hop ===

#[test]
fn hops_behind_an_api_in_plain_text_are_one_finding() {
    let finding = one(&api_farm(ApiKind::Http), "plaintext-hop");
    assert_eq!(finding.severity, Severity::Medium);
    origins(&finding, &["aws_apigatewayv2_integration.mcp", TARGETS]);
    assert_eq!(finding.title, format!("{API} -> {LB} -> {SERVER} is plain text"));
}

#[test]
fn a_plain_listener_on_the_internet_is_high_and_said_once_for_its_servers() {
    let mut model = alb_farm();
    let second = "aws_ecs_service.second";
    service(&mut model, second, PRIVATE, &[SERVER_GROUP]);
    target_group(&mut model, "aws_lb_target_group.second", "HTTP", second);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(80), &["0.0.0.0/0"]);
    listener(&mut model, HTTP, LB, ("HTTP", 80), forward(TARGETS));
    default_actions(
        &mut model,
        HTTP,
        vec![forward(TARGETS), forward("aws_lb_target_group.second")],
    );
    let finding = one(&model, "plaintext-hop");
    assert_eq!(finding.severity, Severity::High);
    origins(&finding, &[HTTP, "aws_lb_target_group.second"]);
    assert_eq!(finding.title, format!("the internet -> {LB} -> {second} is plain text"));
}

#[test]
fn plain_target_groups_of_one_load_balancer_are_one_finding() {
    let mut model = alb_farm();
    model.target_groups.get_mut(TARGETS).unwrap().protocol = Val::Known("HTTP".to_owned());
    let second = "aws_ecs_service.second";
    service(&mut model, second, PRIVATE, &[SERVER_GROUP]);
    target_group(&mut model, "aws_lb_target_group.second", "HTTP", second);
    default_actions(
        &mut model,
        HTTPS,
        vec![forward(TARGETS), forward("aws_lb_target_group.second")],
    );
    let finding = one(&model, "plaintext-hop");
    assert_eq!(finding.severity, Severity::Medium);
    origins(&finding, &["aws_lb_target_group.second", TARGETS]);
    assert_eq!(finding.title, format!("{LB} -> {second} or {SERVER} is plain text"));
}

#[test]
fn plain_text_that_only_redirects_is_no_finding() {
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(80), &["0.0.0.0/0"]);
    listener(&mut model, HTTP, LB, ("HTTP", 80), Action::Redirect { https: true });
    silent(&model, "plaintext-hop");
}

#[test]
fn a_plain_listener_that_the_internet_may_not_reach_is_no_finding() {
    let mut model = alb_farm();
    listener(&mut model, HTTP, LB, ("HTTP", 80), forward(TARGETS));
    silent(&model, "plaintext-hop");
    model.load_balancers.get_mut(LB).unwrap().security_groups =
        Some(SetVal::unknown("the groups of the load balancer".into()));
    silent(&model, "plaintext-hop");
}

#[test]
fn a_stream_that_comes_encrypted_is_carried_on_so() {
    let mut model = alb_farm();
    let lb = model.load_balancers.get_mut(LB).unwrap();
    lb.kind = LoadBalancerKind::Network;
    listener(&mut model, HTTPS, LB, ("TCP", 443), forward(TARGETS));
    model.target_groups.get_mut(TARGETS).unwrap().protocol = Val::Known("TCP".to_owned());
    silent(&model, "plaintext-hop");
}

// === unauthenticated-path ===

#[test]
fn an_open_route_into_the_network_is_critical() {
    let mut model = api_farm(ApiKind::Http);
    silent(&model, "unauthenticated-path");
    set_authorization(&mut model, Authorization::None);
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::Critical);
    origins(&finding, &["aws_apigatewayv2_route.mcp"]);
    let title =
        format!("`POST /mcp` of {API} leads from the internet to {SERVER} without authorization");
    assert_eq!(finding.title, title);
    assert!(finding.fix.tried[0].works, "{:?}", finding.fix);
    assert_eq!(finding.statements, [format!("authenticates:{API}")]);
}

#[test]
fn an_api_key_alone_is_no_authorization_and_a_function_is_high() {
    let mut model = network();
    api(&mut model, API, ApiKind::Rest);
    let function = IntegrationTarget::Lambda(Val::Known(key("aws_lambda_function.tool")));
    let to = integration("aws_api_gateway_integration.tool", function);
    let at = (API, "aws_api_gateway_method.tool");
    route(&mut model, at, "POST /tool", Authorization::ApiKeyOnly, Some(to));
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.title.ends_with("to aws_lambda_function.tool with an API key alone"));
}

#[test]
fn all_open_health_routes_of_an_api_are_one_low_finding() {
    let mut model = api_farm(ApiKind::Http);
    add_route(&mut model, "GET /health", Authorization::None);
    add_route(&mut model, "GET /ping", Authorization::None);
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::Low);
    origins(&finding, &["aws_apigatewayv2_route.new"]);
}

#[test]
fn open_routes_that_lead_nowhere_are_no_finding() {
    let mut model = api_farm(ApiKind::Http);
    add_route(&mut model, "GET /health", Authorization::None);
    add_route(&mut model, "GET /nothing", Authorization::None);
    for route in &mut model.apis.get_mut(API).unwrap().routes[1..] {
        route.integration = Val::Known(None);
    }
    silent(&model, "unauthenticated-path");
}

#[test]
fn preflights_and_oauth_metadata_are_meant_to_be_open() {
    let mut model = api_farm(ApiKind::Http);
    add_route(&mut model, "OPTIONS /{proxy+}", Authorization::None);
    add_route(&mut model, "GET /.well-known/oauth-protected-resource", Authorization::None);
    silent(&model, "unauthenticated-path");
    add_route(&mut model, "POST /.well-known/mcp", Authorization::None);
    one(&model, "unauthenticated-path");
}

#[test]
fn of_a_websocket_api_only_connect_counts() {
    let mut model = api_farm(ApiKind::WebSocket);
    add_route(&mut model, "$default", Authorization::None);
    silent(&model, "unauthenticated-path");
    set_authorization(&mut model, Authorization::None);
    origins(&one(&model, "unauthenticated-path"), &["aws_apigatewayv2_route.mcp"]);
}

#[test]
fn what_is_not_known_of_a_route_is_no_finding() {
    let mut model = api_farm(ApiKind::Http);
    model.apis.get_mut(API).unwrap().routes[0].authorization =
        Val::Unknown("the authorizer".into());
    silent(&model, "unauthenticated-path");
    set_authorization(&mut model, Authorization::None);
    model.apis.get_mut(API).unwrap().private = Val::Known(true);
    silent(&model, "unauthenticated-path");
}

#[test]
fn a_load_balancer_behind_an_open_route_may_verify() {
    let mut model = api_farm(ApiKind::Http);
    set_authorization(&mut model, Authorization::None);
    default_actions(&mut model, HTTP, vec![verify(), forward(TARGETS)]);
    silent(&model, "unauthenticated-path");
}

#[test]
fn a_load_balancer_that_verifies_nobody_is_high_and_medium_behind_a_list_of_callers() {
    let mut model = alb_farm();
    default_actions(&mut model, HTTPS, vec![forward(TARGETS)]);
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::Medium);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::High);
    origins(&finding, &[HTTPS]);
    assert!(finding.fix.text.contains("verifies no SigV4"));
    assert!(finding.fix.tried[0].works);
}

/// Seen: servers that are told that their callers sign, behind a load balancer that looks at nothing.
#[test]
fn servers_that_speak_of_sigv4_behind_a_load_balancer_are_quoted() {
    let mut model = alb_farm();
    default_actions(&mut model, HTTPS, vec![forward(TARGETS)]);
    let id = format!("authenticates:{LB}");
    let because = |model: &Model| {
        let report = check(model, &Options::default()).unwrap();
        let found = report.statements.into_iter().find(|statement| statement.id == id).unwrap();
        assert_eq!(found.verdict, Verdict::Refuted);
        found.because.into_iter().map(|because| because.text).collect::<Vec<_>>().join("; ")
    };
    assert!(!because(&model).contains("SigV4"));
    for (name, value) in [("AUTH_MODE", "aws-sigv4"), ("REQUIRE_SIG_V4", "true")] {
        let definition = model.task_definitions.values_mut().next().unwrap();
        let Val::Known(containers) = &mut definition.containers else { panic!("not known") };
        containers[0].environment = [(name.to_owned(), value.to_owned())].into();
        let text = because(&model);
        let wanted =
            format!("`{name}` of {SERVER} speaks of SigV4, and a load balancer verifies no SigV4");
        assert!(text.contains(&wanted), "{text}");
    }
}

#[test]
fn a_load_balancer_that_the_internet_may_not_reach_is_no_finding() {
    let mut model = alb_farm();
    default_actions(&mut model, HTTPS, vec![forward(TARGETS)]);
    model.load_balancers.get_mut(LB).unwrap().security_groups =
        Some(SetVal::unknown("the groups of the load balancer".into()));
    silent(&model, "unauthenticated-path");
    silent(&model, "listener-open-to-world");
}

#[test]
fn a_resource_policy_that_may_stop_callers_is_believed() {
    let mut model = api_farm(ApiKind::Rest);
    set_authorization(&mut model, Authorization::None);
    let mut with_policy = |text: &str| {
        model.apis.get_mut(API).unwrap().policy = Val::Known(Some(text.to_owned()));
        found(&model, "unauthenticated-path").len()
    };
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}"#;
    assert_eq!(with_policy(&format!(r#"{{"Statement":[{allow}]}}"#)), 1);
    let limited =
        allow.replace('}', r#","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}"#);
    assert_eq!(with_policy(&format!(r#"{{"Statement":[{limited}]}}"#)), 0);
    let deny = limited.replace("Allow", "Deny").replace("IpAddress", "NotIpAddress");
    assert_eq!(with_policy(&format!(r#"{{"Statement":[{allow},{deny}]}}"#)), 0);
}

// === listener-open-to-world ===

#[test]
fn two_halves_are_the_whole_internet() {
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["0.0.0.0/1"]);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["128.0.0.0/1"]);
    let finding = one(&model, "listener-open-to-world");
    assert_eq!(finding.severity, Severity::Medium);
    origins(&finding, &[HTTPS, LB_GROUP]);
    assert_eq!(finding.title, format!("the whole internet opens tcp 443 to {LB}"));
    assert!(
        finding.fix.text.contains("`aws_security_group.lb ingress[1]`"),
        "{}",
        finding.fix.text
    );
    assert!(
        finding.fix.text.contains("`aws_security_group.lb ingress[2]`"),
        "{}",
        finding.fix.text
    );
    assert!(!finding.fix.text.contains("ingress[0]"), "{}", finding.fix.text);
    assert!(finding.fix.tried[0].works);
}

#[test]
fn a_list_of_callers_is_not_the_world() {
    silent(&alb_farm(), "listener-open-to-world");
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["3.0.0.0/8", "52.0.0.0/8"]);
    silent(&model, "listener-open-to-world");
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(8443), &["0.0.0.0/0"]);
    silent(&model, "listener-open-to-world");
}

#[test]
fn a_port_that_only_redirects_is_not_meant() {
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(80), &["0.0.0.0/0"]);
    listener(&mut model, HTTP, LB, ("HTTP", 80), Action::Redirect { https: true });
    silent(&model, "listener-open-to-world");
}

#[test]
fn an_open_listener_is_high_if_nothing_verifies_or_a_front_is_passed_by() {
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    let mut open = model.clone();
    default_actions(&mut open, HTTPS, vec![forward(TARGETS)]);
    assert_eq!(one(&open, "listener-open-to-world").severity, Severity::High);
    let name = key("aws_cloudfront_distribution.web");
    let front = Distribution {
        key: name.clone(),
        origins: keys(&[LB]),
        https_only: Val::Known(true),
        origin_protocols: vec!["https-only".to_owned()],
        has_edge_function: true,
        minimum_tls: Val::Known("TLSv1.2_2021".to_owned()),
    };
    model.distributions.insert(name, front);
    let finding = one(&model, "listener-open-to-world");
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.title.ends_with(", past aws_cloudfront_distribution.web"), "{}", finding.title);
    assert!(finding.fix.text.contains("cloudfront.origin-facing"));
}

#[test]
fn an_open_load_balancer_behind_an_api_should_be_internal() {
    let mut model = api_farm(ApiKind::Http);
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(80), &["0.0.0.0/0"]);
    silent(&model, "listener-open-to-world");
    let lb = model.load_balancers.get_mut(LB).unwrap();
    lb.internal = Val::Known(false);
    lb.subnets = keys(&[PUBLIC]);
    let finding = one(&model, "listener-open-to-world");
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.fix.text.starts_with("set `internal = true`"));
    assert!(finding.fix.tried[0].works, "{:?}", finding.fix);
    assert_eq!(finding.statements, [format!("not-passed-by:{LB}")]);
}

#[test]
fn an_internal_load_balancer_is_open_to_nobody_outside() {
    let mut model = alb_farm();
    ingress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    model.load_balancers.get_mut(LB).unwrap().internal = Val::Known(true);
    silent(&model, "listener-open-to-world");
}

// === egress-unrestricted ===

#[test]
fn groups_that_let_everything_out_are_one_finding() {
    let mut model = alb_farm();
    let other = "aws_security_group.other";
    group(&mut model, other);
    service(&mut model, "aws_ecs_service.other", PRIVATE, &[other]);
    egress(&mut model, other, ServiceSet::protocol(TCP), &["0.0.0.0/1", "128.0.0.0/1"]);
    model.security_groups.get_mut(SERVER_GROUP).unwrap().egress.rules.clear();
    egress(&mut model, SERVER_GROUP, ServiceSet::all(), &["0.0.0.0/0"]);
    let finding = one(&model, "egress-unrestricted");
    assert_eq!(finding.severity, Severity::Low);
    origins(&finding, &[other, SERVER_GROUP]);
    assert!(finding.fix.tried[0].works, "{:?}", finding.fix);
}

#[test]
fn egress_on_one_port_or_of_a_load_balancer_is_not_unrestricted() {
    let mut model = alb_farm();
    egress(&mut model, LB_GROUP, ServiceSet::all(), &["0.0.0.0/0"]);
    egress(&mut model, SERVER_GROUP, ServiceSet::all(), &["10.0.0.0/16"]);
    egress(&mut model, SERVER_GROUP, ServiceSet::ports(TCP, 1024, 65535), &["0.0.0.0/0"]);
    silent(&model, "egress-unrestricted");
}

// === egress-never-revoked ===

/// A server whose groups have the default egress rule beside a narrow one.
fn never_revoked() -> Model {
    let mut model = alb_farm();
    model.security_groups.get_mut(SERVER_GROUP).unwrap().egress.rules.clear();
    egress(&mut model, SERVER_GROUP, ServiceSet::all(), &["0.0.0.0/0"]);
    egress(&mut model, SERVER_GROUP, ServiceSet::tcp(5432), &["10.0.0.0/16"]);
    model
}

#[test]
fn an_egress_rule_never_revoked_makes_the_others_mean_nothing() {
    let model = never_revoked();
    silent(&model, "egress-unrestricted");
    let finding = one(&model, "egress-never-revoked");
    assert_eq!(finding.severity, Severity::Medium);
    origins(&finding, &[SERVER_GROUP]);
    let outcomes: Vec<bool> = finding.fix.tried.iter().map(|trial| trial.works).collect();
    assert_eq!(outcomes, [false, true], "{:?}", finding.fix);
    assert!(finding.fix.tried[0].outcome.contains("pulls its image"), "{:?}", finding.fix);
    assert!(finding.fix.tried[1].change.contains("tcp 443"));
}

#[test]
fn revoking_is_enough_where_the_narrow_rules_suffice() {
    let mut model = never_revoked();
    egress(&mut model, SERVER_GROUP, ServiceSet::tcp(443), &["0.0.0.0/0"]);
    let finding = one(&model, "egress-never-revoked");
    assert_eq!(finding.fix.tried.len(), 1);
    assert!(finding.fix.tried[0].works);
    assert!(finding.title.contains("2 narrower"), "{}", finding.title);
}

#[test]
fn default_egress_alone_or_in_two_families_is_another_rules_business() {
    let mut model = alb_farm();
    model.security_groups.get_mut(SERVER_GROUP).unwrap().egress.rules.clear();
    egress(&mut model, SERVER_GROUP, ServiceSet::all(), &["0.0.0.0/0"]);
    egress(&mut model, SERVER_GROUP, ServiceSet::all(), &["::/0"]);
    silent(&model, "egress-never-revoked");
    one(&model, "egress-unrestricted");
    egress(&mut model, LB_GROUP, ServiceSet::all(), &["0.0.0.0/0"]);
    egress(&mut model, LB_GROUP, ServiceSet::tcp(443), &["2001:db8::/32"]);
    model.security_groups.get_mut(LB_GROUP).unwrap().egress.rules.remove(0);
    silent(&model, "egress-never-revoked");
}

// === public-address ===

#[test]
fn a_public_address_that_the_internet_reaches_is_high_and_taking_it_away_may_cut_off() {
    let mut model = alb_farm();
    let found = model.services.get_mut(SERVER).unwrap();
    found.subnets = keys(&[PUBLIC]);
    found.assign_public_ip = Val::Known(true);
    let low = one(&model, "public-address");
    assert_eq!(low.severity, Severity::Low);
    ingress(&mut model, SERVER_GROUP, ServiceSet::tcp(8080), &["0.0.0.0/0"]);
    let finding = one(&model, "public-address");
    assert_eq!(finding.severity, Severity::High);
    origins(&finding, &[SERVER]);
    assert!(finding.title.ends_with("the internet opens tcp 8080 to it"), "{}", finding.title);
    let outcomes: Vec<bool> = finding.fix.tried.iter().map(|trial| trial.works).collect();
    assert_eq!(outcomes, [false, true], "{:?}", finding.fix);
    assert!(finding.fix.tried[1].change.contains("endpoints for ecr.api"), "{:?}", finding.fix);
    let task = model.task_definitions.get_mut("aws_ecs_service.server_task").unwrap();
    let Val::Known(containers) = &mut task.containers else { panic!("not known") };
    containers[0].image = Some("docker.io/library/server:1".to_owned());
    let finding = one(&model, "public-address");
    let outcomes: Vec<bool> = finding.fix.tried.iter().map(|trial| trial.works).collect();
    assert_eq!(outcomes, [false, false, true], "{:?}", finding.fix);
}

#[test]
fn a_public_address_that_nothing_needs_is_just_taken_away() {
    let mut model = alb_farm();
    model.services.get_mut(SERVER).unwrap().assign_public_ip = Val::Known(true);
    let finding = one(&model, "public-address");
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(finding.fix.tried.len(), 1);
    assert!(finding.fix.tried[0].works, "{:?}", finding.fix);
}

#[test]
fn a_public_database_is_critical_if_it_is_open_and_instances_are_low_together() {
    let mut model = alb_farm();
    group(&mut model, "aws_security_group.db");
    database(&mut model, "aws_db_instance.memories", PUBLIC, "aws_security_group.db");
    silent(&model, "database-public");
    model.databases.get_mut("aws_db_instance.memories").unwrap().public = Val::Known(true);
    silent(&model, "public-address");
    assert_eq!(one(&model, "database-public").severity, Severity::Low);
    ingress(&mut model, "aws_security_group.db", ServiceSet::tcp(5432), &["198.51.100.0/24"]);
    let finding = one(&model, "database-public");
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.title.ends_with("198.51.100.0/24 opens tcp 5432 to it"), "{}", finding.title);
    assert!(finding.fix.tried[0].works);
    model.databases.clear();
    instance(&mut model, "aws_instance.a", LB_GROUP, true);
    instance(&mut model, "aws_instance.b", LB_GROUP, true);
    instance(&mut model, "aws_instance.c", LB_GROUP, false);
    let finding = one(&model, "public-address");
    assert_eq!(finding.severity, Severity::Low);
    origins(&finding, &["aws_instance.a", "aws_instance.b"]);
}

#[test]
fn an_address_that_is_not_known_is_no_finding() {
    let mut model = alb_farm();
    model.services.get_mut(SERVER).unwrap().assign_public_ip = Val::Unknown("var.public".into());
    silent(&model, "public-address");
}

// === streaming-behind-http-api ===

#[test]
fn a_server_behind_an_http_api_is_cut_off() {
    let finding = one(&api_farm(ApiKind::Http), "streaming-behind-http-api");
    assert_eq!(finding.severity, Severity::Medium);
    origins(&finding, &[API]);
    assert!(finding.title.contains(SERVER));
}

#[test]
fn a_rest_api_is_low_until_it_streams_and_a_websocket_api_is_not_meant() {
    let mut model = api_farm(ApiKind::Rest);
    assert_eq!(one(&model, "streaming-behind-http-api").severity, Severity::Low);
    let route = &mut model.apis.get_mut(API).unwrap().routes[0];
    let Val::Known(Some(to)) = &mut route.integration else { panic!("not known") };
    to.streams = true;
    silent(&model, "streaming-behind-http-api");
    silent(&api_farm(ApiKind::WebSocket), "streaming-behind-http-api");
}

#[test]
fn an_http_api_before_functions_or_for_health_alone_is_not_meant() {
    let mut model = api_farm(ApiKind::Http);
    model.apis.get_mut(API).unwrap().routes[0].route = Val::Known("GET /health".to_owned());
    silent(&model, "streaming-behind-http-api");
    let function = IntegrationTarget::Lambda(Val::Known(key("aws_lambda_function.tool")));
    let to = integration("aws_apigatewayv2_integration.tool", function);
    let at = (API, "aws_apigatewayv2_route.tool");
    route(&mut model, at, "POST /tool", Authorization::Iam, Some(to));
    silent(&model, "streaming-behind-http-api");
}
