//! Farms with a gate: everything is proved of the example, and each change that makes it unsafe is
//! told where it is made.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/model.rs"]
mod build;

use std::path::Path;

use build::{
    PRIVATE, PUBLIC, api, egress, forward, group, ingress, key, keys, linked, listener,
    load_balancer, network, route, service, target_group,
};
use farmgate_audit::check::{Options, check};
use farmgate_audit::explain::explain;
use farmgate_audit::report::{Finding, Report, Severity, Statement, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{
    ApiKind, Authorization, Direction, Gate, GateRoute, Model, Origin, ServiceTarget, SetVal, Val,
};
use farmgate_net::service::ServiceSet;
use serde_json::Value;

const GATE: &str = "aws_ecs_service.gate";
const PYTHON: &str = r#"aws_ecs_service.server["python"]"#;
const BROWSER: &str = r#"aws_ecs_service.server["browser"]"#;
const PYTHON_GROUP: &str = r#"aws_security_group.server["python"]"#;
const BROWSER_GROUP: &str = r#"aws_security_group.server["browser"]"#;

fn plan() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gated-farm/plan.json");
    serde_json::from_slice(&std::fs::read(path).expect("the plan")).expect("a plan in JSON")
}

fn read(plan: &Value) -> Model {
    let bytes = serde_json::to_vec(plan).unwrap();
    import(&[Input { name: "plan.json", bytes: &bytes }]).expect("a model")
}

/// The model of the example, whose gate's configuration is changed.
fn configured(change: impl Fn(&mut Value)) -> Model {
    let mut plan = plan();
    let resources = plan["resource_changes"].as_array_mut().unwrap();
    let definition = resources.iter_mut().find(|r| r["address"] == "aws_ecs_task_definition.gate");
    let text = &mut definition.unwrap()["change"]["after"]["container_definitions"];
    let mut containers: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let variable = &mut containers[0]["environment"][0];
    assert_eq!(variable["name"], "FARMGATE_CONFIG");
    let mut config: Value = serde_json::from_str(variable["value"].as_str().unwrap()).unwrap();
    change(&mut config);
    variable["value"] = config.to_string().into();
    *text = containers.to_string().into();
    read(&plan)
}

fn report(model: &Model) -> Report {
    check(model, &Options::default()).expect("a report")
}

#[track_caller]
fn statement<'r>(report: &'r Report, id: &str) -> &'r Statement {
    let found = report.statements.iter().find(|s| s.id == id);
    found.unwrap_or_else(|| panic!("no {id}: {:#?}", ids(report)))
}

fn ids(report: &Report) -> Vec<&str> {
    report.statements.iter().map(|s| s.id.as_str()).collect()
}

#[track_caller]
fn verdict(model: &Model, id: &str, wanted: Verdict) -> Statement {
    let report = report(model);
    let found = statement(&report, id);
    assert_eq!(found.verdict, wanted, "{found:#?}");
    found.clone()
}

#[track_caller]
fn because(statement: &Statement, code: &str, origin: &str) {
    let found = statement.because.iter().any(|b| b.code == code && b.origin == origin);
    assert!(found, "{code} at {origin}: {:#?}", statement.because);
}

#[track_caller]
fn one(model: &Model, rule: &str) -> Finding {
    let report = report(model);
    let mut all: Vec<Finding> = report.findings.into_iter().filter(|f| f.rule == rule).collect();
    assert_eq!(all.len(), 1, "{rule}: {all:#?}");
    all.remove(0)
}

fn expected(model: &Model, text: &str) -> Vec<(String, Verdict)> {
    let expectations = farmgate_farm::expect::read(text).expect("expectations");
    let options = Options { expectations: vec![expectations] };
    let report = check(model, &options).expect("a report");
    let told = report.statements.into_iter().filter(|s| s.id.starts_with("expectation:"));
    told.map(|s| (s.id, s.verdict)).collect()
}

#[test]
fn the_example_is_proved_as_a_whole() {
    let model = read(&plan());
    let report = report(&model);
    let open: Vec<&Statement> =
        report.statements.iter().filter(|s| s.verdict != Verdict::Proved).collect();
    assert!(open.is_empty(), "{open:#?}");
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.warnings.is_empty(), "{:#?}", report.warnings);

    let text = |id: &str| statement(&report, id).text.clone();
    assert_eq!(
        text(&format!("only-through-ingress:{PYTHON}")),
        format!("the internet reaches {PYTHON} only through aws_lb.farm")
    );
    assert_eq!(
        text(&format!("closed-to-network:{PYTHON}")),
        format!("in its network only {GATE} opens connections to {PYTHON}")
    );
    assert_eq!(
        text(&format!("reaches-targets:{GATE}->{PYTHON}")),
        format!("{GATE} reaches {PYTHON} on tcp 8443 (traffic and health check)")
    );
    assert_eq!(
        text("authenticates:aws_lb.farm"),
        format!("aws_lb.farm forwards to {GATE}, which authenticates callers")
    );
    because(
        statement(&report, "authenticates:aws_lb.farm"),
        "AUTHORIZED",
        "aws_ecs_task_definition.gate FARMGATE_CONFIG",
    );
    // All three hops, each with what says so.
    let encrypted = statement(&report, &format!("encrypted:{PYTHON}"));
    for named in ["aws_lb_listener.https", "aws_lb_target_group.gate", "service_registries"] {
        assert!(encrypted.assumes.iter().any(|a| a.contains(named)), "{:#?}", encrypted.assumes);
    }
    assert!(!encrypted.assumes.iter().any(|a| a.contains("browser")), "{:#?}", encrypted.assumes);
}

#[test]
fn the_state_is_proved_without_its_plan_and_with_it() {
    let file = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gated-farm");
        std::fs::read(folder.join(name)).expect("a file of the example")
    };
    let (plan, state) = (file("plan.json"), file("state.json"));
    let state = Input { name: "state.json", bytes: &state };
    let plan = Input { name: "plan.json", bytes: &plan };
    for inputs in [vec![state], vec![plan, state]] {
        let report = report(&import(&inputs).expect("a model"));
        assert!(report.statements.iter().all(|s| s.verdict == Verdict::Proved), "{report:#?}");
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let trust = statement(&report, "authenticates:aws_lb.farm");
        assert_eq!(
            trust.assumes,
            ["the container that is given the gate's configuration in \
              aws_ecs_task_definition.gate runs farmgate's gate"]
        );
    }
}

#[test]
fn a_public_listener_before_a_gate_is_no_open_door() {
    let mut model = read(&plan());
    admit(
        &mut model,
        "aws_security_group.alb",
        Direction::Ingress,
        ServiceSet::tcp(443),
        "0.0.0.0/0",
    );
    let finding = one(&model, "listener-open-to-world");
    assert_eq!(finding.severity, Severity::Medium);
    assert!(!finding.title.contains("nothing there verifies"), "{}", finding.title);
}

#[test]
fn expectations_name_the_gate() {
    let model = read(&plan());
    let all = expected(
        &model,
        "expect:
           - cannot: { from: internet, to: aws_ecs_service.server*, except_through: aws_ecs_service.gate }
           - cannot: { from: internet, to: aws_ecs_service.server*, except_through: '*ecs_service.gate' }
           - cannot: { from: internet, to: aws_ecs_service.server*, except_through: ingress }
           - cannot: { from: internet, to: aws_ecs_service.server* }
           - can: { from: aws_ecs_service.gate, to: aws_ecs_service.server*, ports: [8443] }
           - cannot: { from: aws_ecs_service.server*, to: aws_ecs_service.gate }
        ",
    );
    let refuted: Vec<&str> =
        all.iter().filter(|(_, v)| *v != Verdict::Proved).map(|(id, _)| id.as_str()).collect();
    assert_eq!(all.len(), 6);
    assert_eq!(refuted.len(), 1, "{all:#?}");
    assert!(!refuted[0].contains("except"), "{refuted:?}");
}

#[test]
fn explain_shows_every_hop_and_who_authenticates() {
    let model = read(&plan());
    let told = explain(&model, "internet", &format!("{PYTHON}:8443")).expect("an explanation");
    assert_eq!(told.verdict, Verdict::Proved);
    let open: Vec<_> = told.paths.iter().filter(|path| path.open).collect();
    assert_eq!(open.len(), 1, "{:#?}", told.paths);
    assert_eq!(open[0].title, format!("through aws_lb.farm, {GATE}"));
    let codes = open[0].steps.iter().filter(|s| s.code != "ADMITTED");
    let codes: Vec<(&str, &str)> = codes.map(|s| (s.code.as_str(), s.origin.as_str())).collect();
    let wanted =
        [("FORWARDED", "aws_lb_listener.https"), ("AUTHORIZED", GATE), ("FORWARDED", GATE)];
    assert_eq!(codes, wanted);
}

#[test]
fn a_route_without_authentication_is_for_anyone() {
    let model = configured(|config| {
        config["servers"]["python"]["authentication"] = Value::Array(Vec::new());
    });
    let route = "aws_ecs_task_definition.gate FARMGATE_CONFIG servers.python";
    for id in ["authenticates:aws_lb.farm".to_owned(), format!("authenticates:{GATE}")] {
        because(&verdict(&model, &id, Verdict::Refuted), "NO_AUTHORIZATION", route);
    }
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(
        finding.title,
        format!(
            "`/python/mcp` of the gate {GATE} leads from the addresses that are admitted to \
             {PYTHON} for anyone"
        )
    );
    assert!(finding.fix.tried[0].works, "{:#?}", finding.fix);
    let told = explain(&model, "internet", PYTHON).expect("an explanation");
    let step = told.paths[0].steps.iter().find(|s| s.code == "NO_AUTHORIZATION").expect("a step");
    assert_eq!((step.origin.as_str(), step.ok), (GATE, Some(false)));
}

#[test]
fn a_health_route_may_be_open() {
    let model = configured(|config| {
        config["servers"]["python"]["authentication"] = Value::Array(Vec::new());
        config["servers"]["python"]["route"] = "/python/health".into();
    });
    verdict(&model, "authenticates:aws_lb.farm", Verdict::Proved);
}

#[test]
fn a_server_without_tls_is_a_plain_hop() {
    let model = configured(|config| {
        config["servers"]["python"]["upstream"]["tls"] = false.into();
    });
    let route = "aws_ecs_task_definition.gate FARMGATE_CONFIG servers.python";
    let id = format!("encrypted:{PYTHON}");
    because(&verdict(&model, &id, Verdict::Refuted), "PLAINTEXT", route);
    verdict(&model, &format!("encrypted:{BROWSER}"), Verdict::Proved);
    let finding = one(&model, "plaintext-hop");
    assert_eq!(finding.title, format!("{GATE} -> {PYTHON} is plain text"));
    assert!(finding.fix.text.contains("`tls` of its upstream"), "{}", finding.fix.text);
}

fn admit(model: &mut Model, group: &str, way: Direction, services: ServiceSet, peer: &str) {
    build::rule(model, group, way, services, &[peer]);
}

#[test]
fn a_rule_for_the_whole_network_opens_a_way_past_the_gate() {
    let mut model = read(&plan());
    admit(&mut model, PYTHON_GROUP, Direction::Ingress, ServiceSet::tcp(8443), "10.30.0.0/16");
    let id = format!("closed-to-network:{PYTHON}");
    let refuted = verdict(&model, &id, Verdict::Refuted);
    assert_eq!(refuted.text, format!("in its network only {GATE} opens connections to {PYTHON}"));
    let finding = one(&model, "target-open-to-network");
    assert!(finding.title.contains(&format!("past {GATE}")), "{}", finding.title);
    assert!(finding.fix.tried[0].works, "the gate's own rule is enough: {:#?}", finding.fix);

    // Without the gate's own rule, dropping the wide one cuts the gate off: its group takes its place.
    let own = model.security_groups.get_mut(PYTHON_GROUP).unwrap().rules_mut(Direction::Ingress);
    own.rules.retain(|rule| rule.peers.groups.mentioned().next().is_none());
    let finding = one(&model, "target-open-to-network");
    let [drop, replace] = finding.fix.tried.as_slice() else { panic!("{:#?}", finding.fix) };
    assert!(!drop.works && drop.outcome.contains(&format!("{GATE} reaches {PYTHON}")), "{drop:?}");
    assert!(replace.works && replace.change.contains("aws_security_group.gate"), "{replace:?}");
}

#[test]
fn another_service_that_is_let_in_passes_by_the_gate() {
    let mut model = read(&plan());
    let services = || ServiceSet::tcp(8443);
    admit(&mut model, PYTHON_GROUP, Direction::Ingress, services(), BROWSER_GROUP);
    let id = format!("closed-to-network:{PYTHON}");
    // The browser's own group does not let it out yet.
    verdict(&model, &id, Verdict::Proved);
    admit(&mut model, BROWSER_GROUP, Direction::Egress, services(), PYTHON_GROUP);
    because(&verdict(&model, &id, Verdict::Refuted), "PAST_THE_GATE", BROWSER);
    verdict(&model, &format!("closed-to-network:{BROWSER}"), Verdict::Proved);
}

#[test]
fn a_load_balancer_that_leads_past_the_gate_verifies_nobody() {
    let mut model = read(&plan());
    let python = model.services.get_mut(PYTHON).unwrap();
    python.load_balancers.push(ServiceTarget {
        origin: Origin::at(&key(PYTHON), "load_balancer[0]"),
        target_group: Val::Known(key("aws_lb_target_group.gate")),
        container: "python".to_owned(),
        port: Val::Known(8443),
    });
    let refuted = verdict(&model, "authenticates:aws_lb.farm", Verdict::Refuted);
    because(&refuted, "NO_AUTHORIZATION", r#"aws_lb_listener_rule.server["python"]"#);
    let finding = one(&model, "unauthenticated-path");
    assert!(finding.title.contains(PYTHON), "{}", finding.title);
}

#[test]
fn a_gate_that_may_be_passed_by_is_not_known_to_verify() {
    let mut model = read(&plan());
    let python = model.services.get_mut(PYTHON).unwrap();
    python.load_balancers.push(ServiceTarget {
        origin: Origin::at(&key(PYTHON), "load_balancer[0]"),
        target_group: Val::Unknown("where it is registered".into()),
        container: "python".to_owned(),
        port: Val::Known(8443),
    });
    let unknown = verdict(&model, "authenticates:aws_lb.farm", Verdict::Unknown);
    assert_eq!(unknown.missing, ["where it is registered"]);
}

#[test]
fn a_port_that_the_server_does_not_admit_is_told() {
    let model = configured(|config| {
        config["servers"]["python"]["upstream"]["port"] = 8000.into();
    });
    verdict(&model, &format!("reaches-targets:{GATE}->{PYTHON}"), Verdict::Refuted);
    let finding = one(&model, "port-mismatch");
    let says = format!("{PYTHON_GROUP} admits tcp 8443 from {GATE}, not 8000");
    assert!(finding.title.contains(&says), "{}", finding.title);
}

#[test]
fn a_host_that_nobody_answers_to_is_told() {
    let model = configured(|config| {
        config["servers"]["python"]["upstream"]["host"] = "snake.gated.local".into();
    });
    let unknown = verdict(&model, &format!("reaches-targets:{GATE}"), Verdict::Unknown);
    assert!(unknown.missing[0].contains("`snake.gated.local`"), "{:?}", unknown.missing);
    assert_eq!(unknown.text, format!("{GATE} reaches what its routes `/python/mcp` lead to"));
    // It may be any service; the other route still leads where it did.
    let report = report(&model);
    let known = statement(&report, &format!("reaches-targets:{GATE}->{BROWSER}"));
    assert_eq!(known.verdict, Verdict::Proved);
}

/// client -> HTTP API -> internal load balancer -> gate -> server
fn behind_an_api() -> Model {
    let mut model = network();
    for name in ["link", "lb", "gate", "server"] {
        group(&mut model, &format!("aws_security_group.{name}"));
    }
    for (from, to, port) in [("link", "lb", 443), ("lb", "gate", 8443), ("gate", "server", 8443)] {
        let (from, to) = (format!("aws_security_group.{from}"), format!("aws_security_group.{to}"));
        egress(&mut model, &from, ServiceSet::tcp(port), &[&to]);
        ingress(&mut model, &to, ServiceSet::tcp(port), &[&from]);
    }
    service(&mut model, GATE, PRIVATE, &["aws_security_group.gate"]);
    service(&mut model, "aws_ecs_service.server", PRIVATE, &["aws_security_group.server"]);
    load_balancer(&mut model, "aws_lb.farm", false, true, &["aws_security_group.lb"]);
    target_group(&mut model, "aws_lb_target_group.gate", "HTTPS", GATE);
    model.services.get_mut(GATE).unwrap().load_balancers[0].port = Val::Known(8443);
    listener(
        &mut model,
        "aws_lb_listener.https",
        "aws_lb.farm",
        ("HTTPS", 443),
        forward("aws_lb_target_group.gate"),
    );
    api(&mut model, "aws_apigatewayv2_api.mcp", ApiKind::Http);
    let to = linked(&mut model, "integration", "aws_security_group.link", "aws_lb_listener.https");
    let ends = ("aws_apigatewayv2_api.mcp", "aws_apigatewayv2_route.mcp");
    route(&mut model, ends, "ANY /mcp", Authorization::None, Some(to));
    let origin = Origin::at(&key("farm.yaml"), "servers.server");
    let gate = Gate {
        key: key(GATE),
        origin: Origin::of(&key("farm.yaml")),
        port: 8443,
        routes: vec![GateRoute {
            origin,
            path: "/mcp".to_owned(),
            to: Val::Known(key("aws_ecs_service.server")),
            port: 8443,
            tls: true,
            health_path: "/health".to_owned(),
            authentication: vec!["OAuth tokens".to_owned()],
            vouched: false,
        }],
    };
    model.gates.insert(key(GATE), gate);
    model
}

#[test]
fn an_api_may_leave_it_to_the_gate() {
    let mut model = behind_an_api();
    let proved = verdict(&model, "authenticates:aws_apigatewayv2_api.mcp", Verdict::Proved);
    assert!(proved.text.ends_with(&format!("by {GATE}")), "{}", proved.text);
    assert!(proved.assumes.is_empty(), "{:?}", proved.assumes);
    let all = report(&model);
    assert!(!all.findings.iter().any(|f| f.rule == "unauthenticated-path"), "{:#?}", all.findings);
    // What is buffered is what the server streams.
    let finding = one(&model, "streaming-behind-http-api");
    assert!(finding.title.contains("aws_ecs_service.server"), "{}", finding.title);

    model.gates.get_mut(GATE).unwrap().routes[0].authentication.clear();
    verdict(&model, "authenticates:aws_apigatewayv2_api.mcp", Verdict::Refuted);
    let finding = one(&model, "unauthenticated-path");
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.title.contains("`/mcp` of the gate"), "{}", finding.title);
    model.gates.clear();
    let finding = one(&model, "unauthenticated-path");
    assert!(finding.title.contains("`ANY /mcp` of aws_apigatewayv2_api.mcp"), "{}", finding.title);
}

/// A gate that takes an API Gateway's word has one before it that verifies.
#[test]
fn who_vouches_for_callers_verifies_them() {
    let id = format!("authenticates:{GATE}");
    let mut model = behind_an_api();
    let own = &mut model.gates.get_mut(GATE).unwrap().routes[0];
    own.authentication = vec!["SigV4 that API Gateway verified".to_owned()];
    own.vouched = true;
    // The API lets in anybody, and then nobody verifies.
    let refuted = verdict(&model, &id, Verdict::Refuted);
    because(&refuted, "SIGV4_UNVERIFIED", "farm.yaml servers.server");
    verdict(&model, "authenticates:aws_apigatewayv2_api.mcp", Verdict::Refuted);
    let finding = one(&model, "unauthenticated-path");
    assert!(finding.title.starts_with("nobody verifies SigV4 on `/mcp`"), "{}", finding.title);
    assert!(finding.fix.text.contains("`sts_proof`"), "{}", finding.fix.text);

    let routes = &mut model.apis.get_mut("aws_apigatewayv2_api.mcp").unwrap().routes;
    routes[0].authorization = Val::Known(Authorization::Iam);
    let proved = verdict(&model, &id, Verdict::Proved);
    assert!(
        proved.because.iter().any(|it| it.text.contains("aws_apigatewayv2_api.mcp verifies SigV4"))
    );
    assert!(proved.assumes.is_empty(), "{:?}", proved.assumes);

    let routes = &mut model.apis.get_mut("aws_apigatewayv2_api.mcp").unwrap().routes;
    routes[0].authorization = Val::Unknown("how callers are authorized".into());
    verdict(&model, &id, Verdict::Unknown);

    // Without it in these sources, somebody has to know of one.
    model.apis.clear();
    let proved = verdict(&model, &id, Verdict::Proved);
    assert!(proved.assumes[0].contains("API Gateway that these sources don't show"));
    model.services.get_mut(GATE).unwrap().subnets = keys(&[PUBLIC]);
    model.services.get_mut(GATE).unwrap().assign_public_ip = Val::Known(true);
    ingress(&mut model, "aws_security_group.gate", ServiceSet::tcp(8443), &["0.0.0.0/0"]);
    verdict(&model, &id, Verdict::Refuted);
}

#[test]
fn a_gate_needs_no_stickiness_and_a_server_does() {
    let mut model = behind_an_api();
    model.services.get_mut(GATE).unwrap().desired_count = Val::Known(Some(4));
    let silent =
        |model: &Model| report(model).findings.iter().all(|f| f.rule != "session-affinity-missing");
    assert!(silent(&model));
    model.gates.clear();
    assert!(!silent(&model));
}

#[test]
fn a_gate_on_the_internet_serves_tls_itself() {
    let mut model = behind_an_api();
    model.services.get_mut(GATE).unwrap().subnets = keys(&[PUBLIC]);
    model.services.get_mut(GATE).unwrap().assign_public_ip = Val::Known(true);
    model.apis.clear();
    ingress(&mut model, "aws_security_group.gate", ServiceSet::tcp(8443), &["0.0.0.0/0"]);
    let proved = verdict(&model, "encrypted:aws_ecs_service.server", Verdict::Proved);
    assert_eq!(proved.text, "every hop from the internet to aws_ecs_service.server is encrypted");
    let told = explain(&model, "internet", "aws_ecs_service.server").expect("an explanation");
    assert_eq!(told.paths[0].title, format!("through {GATE}"));
}

#[test]
fn a_route_to_one_of_several_may_lead_to_each() {
    let mut model = behind_an_api();
    service(&mut model, "aws_ecs_service.other", PRIVATE, &["aws_security_group.server"]);
    let both = ["aws_ecs_service.server", "aws_ecs_service.other"];
    let to = Val::OneOf(both.map(key).to_vec(), "which of the two".into());
    model.gates.get_mut(GATE).unwrap().routes[0].to = to;
    let all = expected(
        &model,
        "expect: [{ can: { from: internet, to: aws_ecs_service.other, ports: [8443] } }]",
    );
    assert_eq!(all[0].1, Verdict::Unknown);
    assert_eq!(
        verdict(&model, &format!("reaches-targets:{GATE}"), Verdict::Unknown).missing,
        ["which of the two"]
    );
}

#[test]
fn the_part_around_a_server_holds_its_gate_and_what_stands_before_it() {
    let model = read(&plan());
    let part = model.around(&[key(PYTHON)].into());
    assert!(part.gates.contains_key(GATE) && part.services.contains_key(GATE));
    assert!(part.load_balancers.contains_key("aws_lb.farm"));
    assert!(part.security_groups.contains_key("aws_security_group.gate"));
    assert!(!part.services.contains_key(BROWSER));
    let part = model.around(&[key(GATE)].into());
    assert!(part.services.contains_key(PYTHON) && part.services.contains_key(BROWSER));
    let part = model.around(&[key("aws_lb.farm")].into());
    assert!(part.gates.contains_key(GATE));
    let around: SetVal<_> = keys(&[PYTHON]);
    assert_eq!(model.around(&around.sure).gates.len(), 1);
}
