//! The bus simulator's real plans and state: every defect that a plan can show is shown, on the
//! right resource, and nothing else is.
//!
//! The inputs are other people's and not in this repository: they are read from the folder that
//! `FARMGATE_REAL_INPUTS` names.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use farmgate_audit::check::{Options, check};
use farmgate_audit::explain::explain;
use farmgate_audit::report::{Finding, Report, Severity, Statement, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::Model;

const SERVICE: &str = "module.mcp_server.aws_ecs_service.mcp_server";
const BALANCER: &str = "module.mcp_server.aws_lb.mcp";
const API: &str = "module.mcp_server.aws_apigatewayv2_api.mcp";
const GROUP: &str = "module.supporting.aws_security_group.mcp_server[0]";
const LINK_RULE: &str = "module.supporting.aws_security_group_rule.mcp_from_vpc_link[0]";

fn folder() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return None;
    };
    Some(PathBuf::from(folder).join("bus-simulator"))
}

fn model(names: &[&str]) -> Option<Model> {
    let folder = folder()?;
    let bytes: Vec<Vec<u8>> =
        names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect();
    let inputs: Vec<Input<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| Input { name, bytes }).collect();
    Some(import(&inputs).unwrap())
}

fn report(names: &[&str]) -> Option<Report> {
    Some(check(&model(names)?, &Options::default()).unwrap())
}

fn statement<'r>(report: &'r Report, id: &str) -> &'r Statement {
    report.statements.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no statement {id}"))
}

fn finding<'r>(report: &'r Report, rule: &str) -> &'r Finding {
    let mut all = report.findings.iter().filter(|f| f.rule == rule);
    let one = all.next().unwrap_or_else(|| panic!("no finding of {rule}"));
    assert!(all.next().is_none(), "more than one finding of {rule}");
    one
}

#[test]
fn the_target_is_open_to_its_network_and_the_naive_fix_cuts_it_off() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    // Defect 8.
    let open = statement(&report, &format!("closed-to-network:{SERVICE}"));
    assert_eq!(open.verdict, Verdict::Refuted);
    assert_eq!(open.witness.as_ref().unwrap().service, "tcp 8080");
    assert!(open.because.iter().any(|b| b.origin == format!("{GROUP} ingress[0]")));
    let found = finding(&report, "target-open-to-network");
    assert_eq!(
        (found.severity, found.origins.as_slice()),
        (Severity::High, &[GROUP.to_owned()][..])
    );
    let [naive, better] = found.fix.tried.as_slice() else { panic!("{:?}", found.fix) };
    assert!(naive.change.starts_with("drop ") && !naive.works, "{naive:?}");
    assert!(naive.outcome.contains("cuts the service off"), "{naive:?}");
    assert!(better.works && better.change.contains(BALANCER), "{better:?}");
    assert!(found.title.contains(LINK_RULE), "the useless rule is named: {}", found.title);
}

#[test]
fn the_load_balancer_lets_the_authorizer_be_passed_by() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    // Defect 9.
    let passed = statement(&report, &format!("not-passed-by:{BALANCER}"));
    assert_eq!(passed.verdict, Verdict::Refuted);
    let found = finding(&report, "load-balancer-without-security-group");
    assert_eq!(found.origins, [BALANCER]);
    assert!(found.fix.tried.iter().all(|t| t.works), "{:?}", found.fix);
}

#[test]
fn rules_in_two_places_are_found_before_and_after_the_apply() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    // Defect 10.
    let found = finding(&report, "security-group-rules-in-two-places");
    assert_eq!(found.origins, [GROUP, LINK_RULE]);
    let after = self::report(&["plan-after-apply.json"]).unwrap();
    let found = finding(&after, "rule-removed-by-next-apply");
    assert_eq!(
        (found.severity, found.origins.as_slice()),
        (Severity::High, &[GROUP.to_owned(), LINK_RULE.to_owned()][..])
    );
    assert!(after.warnings.iter().any(|w| w.code == "plan-incomplete"));
}

#[test]
fn plain_text_names_endpoints_and_streaming() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    // Defect 11.
    let plain = statement(&report, &format!("encrypted:{SERVICE}"));
    assert_eq!((plain.verdict, plain.because.len()), (Verdict::Refuted, 2));
    finding(&report, "plaintext-hop");
    // Defect 12: images come over NAT, while secrets and logs have endpoints.
    let pulls = statement(&report, &format!("pulls-image:{SERVICE}"));
    assert_eq!(pulls.verdict, Verdict::Proved);
    assert!(pulls.text.contains("aws_nat_gateway.main[0]"), "{}", pulls.text);
    let missing = finding(&report, "no-endpoint-for-service");
    assert!(missing.title.contains("ecr.api, ecr.dkr and s3"), "{}", missing.title);
    let secrets = statement(&report, &format!("fetches-secretsmanager:{SERVICE}"));
    assert!(secrets.text.contains("aws_vpc_endpoint.secrets_manager[0]"), "{}", secrets.text);
    // Defect 17.
    assert_eq!(finding(&report, "duplicate-name").origins.len(), 8);
    // Defect 19.
    assert_eq!(finding(&report, "streaming-behind-http-api").origins, [API]);
}

#[test]
fn the_authorizer_is_on_every_route_but_health() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    let trust = statement(&report, &format!("authenticates:{API}"));
    assert_eq!(trust.verdict, Verdict::Proved);
    assert!(trust.text.contains("every route but `GET /health`"), "{}", trust.text);
    assert!(trust.text.contains("aws_apigatewayv2_authorizer.mcp"), "{}", trust.text);
    // A WebSocket API authorizes at `$connect`: its other routes are no finding.
    let socket = "module.api_gateway.aws_apigatewayv2_api.websocket";
    assert_eq!(statement(&report, &format!("authenticates:{socket}")).verdict, Verdict::Proved);
    let found = finding(&report, "unauthenticated-path");
    assert_eq!((found.severity, found.origins.len()), (Severity::Low, 1));
}

#[test]
fn a_role_that_nothing_uses_and_a_log_that_containers_need_not_write_are_found() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    // Defect 16, but for the policy of ECR: its text is in no JSON of this plan.
    let orphan = finding(&report, "iam-role-unused");
    assert_eq!(orphan.title, "nothing uses module.iam.aws_iam_role.mcp_task");
    let log = finding(&report, "same-execution-and-task-role");
    assert!(log.title.contains("aws_iam_policy.cloudwatch_logs_write"), "{}", log.title);
    assert!(log.assumes.iter().any(|it| it.contains("aws_iam_policy_document")), "{log:?}");
    for kind in ["may-take-roles", "may-pull-image", "may-write-logs"] {
        let may = statement(&report, &format!("{kind}:{SERVICE}"));
        assert_eq!(may.verdict, Verdict::Proved, "{may:?}");
    }
}

#[test]
fn there_is_no_noise() {
    let Some(report) = report(&["plan.json"]) else {
        return;
    };
    assert!(report.findings.len() <= 30, "{}", report.findings.len());
    let rules: BTreeSet<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    let expected = BTreeSet::from([
        "access-logs-off",
        "circuit-breaker-off",
        "duplicate-name",
        "egress-unrestricted",
        "endpoint-cost",
        "flow-logs-off",
        "iam-role-unused",
        "load-balancer-without-security-group",
        "nat-in-one-zone",
        "no-endpoint-for-service",
        "plaintext-hop",
        "rate-limit-missing",
        "same-execution-and-task-role",
        "secret-without-rotation",
        "security-group-rules-in-two-places",
        "streaming-behind-http-api",
        "target-open-to-network",
        "timestream-closed",
        "unauthenticated-path",
        "waf-missing",
    ]);
    assert_eq!(rules, expected);
    // What needs the containers is unknown, and nothing else is.
    for unknown in report.statements.iter().filter(|s| s.verdict == Verdict::Unknown) {
        assert!(unknown.missing.iter().all(|m| m.contains("container_definitions")), "{unknown:?}");
    }
    assert_eq!(report.totals.refuted, 3);
}

#[test]
fn without_endpoints_secrets_and_logs_go_by_nat_too() {
    let Some(report) = report(&["plan-no-endpoints.json"]) else {
        return;
    };
    let title = &finding(&report, "no-endpoint-for-service").title;
    for service in ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"] {
        assert!(title.contains(service), "{title}");
    }
    let logs = statement(&report, &format!("ships-logs:{SERVICE}"));
    assert_eq!(logs.verdict, Verdict::Proved);
    assert!(logs.text.contains("aws_nat_gateway.main[0]"), "{}", logs.text);
}

#[test]
fn an_errored_plan_is_one_clear_sentence() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join("plan-errored.json")).unwrap();
    let errors = import(&[Input { name: "plan-errored.json", bytes: &bytes }]).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "plan-errored");
}

#[test]
fn a_state_agrees_with_the_plan_and_decides_what_it_assumed() {
    let Some(plan) = report(&["plan.json"]) else {
        return;
    };
    let both = report(&["plan.json", "state.json"]).unwrap();
    let ids = |report: &Report| -> Vec<(String, Verdict)> {
        let mut all: Vec<_> = report.statements.iter().map(|s| (s.id.clone(), s.verdict)).collect();
        all.sort();
        all
    };
    assert_eq!(ids(&plan), ids(&both));
    assert!(!both.warnings.iter().any(|w| w.code == "sources-disagree"), "{:?}", both.warnings);
    let notes = |report: &Report| -> BTreeSet<String> {
        report.statements.iter().flat_map(|s| s.assumes.iter().cloned()).collect()
    };
    let (before, after) = (notes(&plan), notes(&both));
    assert!(after.len() < before.len(), "{} {}", after.len(), before.len());
    assert!(before.iter().any(|n| n.contains("aws_route_table_association")));
    assert!(!after.iter().any(|n| n.contains("aws_route_table_association")), "{after:?}");
}

#[test]
fn a_question_is_answered_with_every_hop() {
    let Some(model) = model(&["plan.json"]) else {
        return;
    };
    let answer = explain(&model, "internet", &format!("{SERVICE}:8080")).unwrap();
    assert_eq!(answer.verdict, Verdict::Proved);
    let open = answer.paths.iter().find(|p| p.open).unwrap();
    let hops: Vec<&str> = open.steps.iter().map(|s| s.origin.as_str()).collect();
    for hop in [API, "module.mcp_server.aws_lb_listener.mcp", BALANCER] {
        assert!(hops.contains(&hop), "{hops:?}");
    }
    // The direct way lacks a public address, a route and a rule: all three are named.
    let direct = answer.paths.iter().find(|p| p.title == "directly").unwrap();
    let closed: Vec<&str> =
        direct.steps.iter().filter(|s| s.ok == Some(false)).map(|s| s.code.as_str()).collect();
    assert_eq!(
        closed,
        ["IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "CANNOT_ROUTE", "ENI_SG_RULES_MISMATCH"]
    );
    let ecr = explain(&model, SERVICE, "ecr").unwrap();
    assert_eq!((ecr.verdict, ecr.paths.len()), (Verdict::Proved, 3));
}
