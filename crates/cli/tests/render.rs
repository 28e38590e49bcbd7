//! What reports made by hand look like, and which exit codes they deserve.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::time::Duration;

use farmgate_audit::explain::{Explanation, PathView, Step};
use farmgate_audit::report::{Report, Severity, Verdict};
use farmgate_audit::{baseline, report};
use farmgate_cli::args::FailOn;
use farmgate_cli::exit::{Exit, exit_code};
use farmgate_cli::render::{self, View};
use insta::assert_snapshot;

/// Some of everything.
fn full() -> Report {
    let json = include_str!("render/report.json");
    serde_json::from_str(json).expect("tests/render/report.json is a report")
}

/// The same with everything proved.
fn proved() -> Report {
    let mut report = full();
    report.warnings.clear();
    report.findings.clear();
    report.accepted.clear();
    report.unmodelled.clear();
    report.sources.truncate(1);
    for statement in &mut report.statements {
        statement.verdict = Verdict::Proved;
        statement.missing.clear();
        statement.witness = None;
    }
    report.recount();
    report
}

/// Nothing at all.
fn empty() -> Report {
    let mut report = proved();
    report.sources[0].resources = 1;
    report.statements.clear();
    report.recount();
    report
}

fn text(report: &Report, width: usize, verbose: bool) -> String {
    let view = View { width, verbose, time: Some(Duration::from_micros(9_400)) };
    plain(&render::report(report, &view))
}

/// Without colours; no line ends with a blank.
fn plain(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    assert!(text.lines().all(|line| line == line.trim_end()), "blanks at the end of a line");
    text
}

// === Reports ===

#[test]
fn everything_at_80_columns() {
    assert_snapshot!(text(&full(), 80, false), @"
    plan.json             terraform plan, 180 resources
    network.tfstate.json  terraform state, 12 resources

    warning   plan-incomplete: the plan says `complete: false`: another plan will
              follow it, and what that one changes is not in here
    warning   acceptance-expired: module.mcp_server.aws_lb.mcp: `plaintext-hop` was
              accepted until 2026-10-31
    warning   not modelled, so that what depends on it is unknown:
              aws_ec2_transit_gateway_vpc_attachment (2), aws_vpn_connection (1)

    refuted   module.mcp_server.aws_ecs_service.mcp_server is reached only through
                its ingress module.mcp_server.aws_lb.mcp
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) ->
                module.mcp_server.aws_ecs_service.mcp_server:tcp 8080
              SG_EGRESS_ALLOWS   module.supporting.aws_security_group.fargate[0]:
                                 all traffic to 0.0.0.0/0 may leave
              ROUTE_LOCAL        module.supporting.aws_vpc.main[0]: 10.0.0.0/16 is
                                 local to the VPC
              SG_INGRESS_ALLOWS  module.supporting.aws_security_group.mcp_server[0]:
                                 tcp 8080 from 10.0.0.0/16 is admitted, which holds
                                 every address of the VPC

    refuted   module.fargate.aws_ecs_service.* cannot reach the internet (expected)
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) ->
                1.1.1.1 (internet):tcp 443
              NAT_ROUTE  module.supporting.aws_route_table.private[0]: 0.0.0.0/0
                         goes to module.supporting.aws_nat_gateway.main[0]

    unknown   module.fargate.aws_ecs_service.sensors_feeder can start (expected)
              module.fargate.aws_ecs_service.sensors_feeder reaches the registry of
                its image
              module.fargate.aws_ecs_service.sensors_feeder reaches its secrets
              not known: the container definitions of
                module.fargate.aws_ecs_task_definition.sensors_feeder (known after
                apply)

    high      target-open-to-network: the MCP server admits tcp 8080 from the whole
              VPC, 10.0.0.0/16
              module.supporting.aws_security_group.mcp_server[0]
              why    Whatever runs in the VPC can call it past the API's authorizer.
              fix    give module.mcp_server.aws_lb.mcp a security group that admits
                     module.supporting.aws_security_group.vpc_link[0], and admit
                     only that group here
              tried  drop the rule for 10.0.0.0/16: cuts off
                     module.mcp_server.aws_lb.mcp: a network load balancer without a
                     group keeps no group for the VPC link's rule to match
              tried  a group for the load balancer, and a rule that admits it:
                     nothing is cut off

    medium    plaintext-hop: two hops from the internet to the MCP server are in
              plain text
              module.mcp_server.aws_apigatewayv2_integration.mcp
              module.mcp_server.aws_lb_listener.mcp
              module.mcp_server.aws_lb_target_group.mcp
              fix    use TLS on the listener and in the container

    low       egress-unrestricted: five groups let everything out
              module.supporting.aws_security_group.fargate[0]
              module.supporting.aws_security_group.mcp_server[0]
              module.supporting.aws_security_group.vpc_endpoints[0]
              module.supporting.aws_security_group.vpc_link[0]
              and 1 more; --verbose lists them
              fix    allow tcp 443 to the endpoints' group and to the prefix list of
                     S3

    accepted  streaming-behind-http-api on
              module.mcp_server.aws_apigatewayv2_api.mcp: no tool takes longer than
              10 s (until 2027-06-30)

    proved    life 1, trust 1

    assumed   2 joins, since a plan names references and not values; --verbose lists
              them

    2 refuted, 3 unknown, 2 proved; findings: 1 high, 1 medium, 1 low; 1 accepted;
    9 ms
    ");
}

#[test]
fn everything_at_120_columns() {
    assert_snapshot!(text(&full(), 120, false), @"
    plan.json             terraform plan, 180 resources
    network.tfstate.json  terraform state, 12 resources

    warning   plan-incomplete: the plan says `complete: false`: another plan will follow it, and what that one changes is
              not in here
    warning   acceptance-expired: module.mcp_server.aws_lb.mcp: `plaintext-hop` was accepted until 2026-10-31
    warning   not modelled, so that what depends on it is unknown: aws_ec2_transit_gateway_vpc_attachment (2),
              aws_vpn_connection (1)

    refuted   module.mcp_server.aws_ecs_service.mcp_server is reached only through its ingress module.mcp_server.aws_lb.mcp
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) ->
                module.mcp_server.aws_ecs_service.mcp_server:tcp 8080
              SG_EGRESS_ALLOWS   module.supporting.aws_security_group.fargate[0]     all traffic to 0.0.0.0/0 may leave
              ROUTE_LOCAL        module.supporting.aws_vpc.main[0]                   10.0.0.0/16 is local to the VPC
              SG_INGRESS_ALLOWS  module.supporting.aws_security_group.mcp_server[0]  tcp 8080 from 10.0.0.0/16 is admitted,
                                                                                     which holds every address of the VPC

    refuted   module.fargate.aws_ecs_service.* cannot reach the internet (expected)
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) -> 1.1.1.1 (internet):tcp 443
              NAT_ROUTE  module.supporting.aws_route_table.private[0]  0.0.0.0/0 goes to
                                                                       module.supporting.aws_nat_gateway.main[0]

    unknown   module.fargate.aws_ecs_service.sensors_feeder can start (expected)
              module.fargate.aws_ecs_service.sensors_feeder reaches the registry of its image
              module.fargate.aws_ecs_service.sensors_feeder reaches its secrets
              not known: the container definitions of module.fargate.aws_ecs_task_definition.sensors_feeder (known after
                apply)

    high      target-open-to-network: the MCP server admits tcp 8080 from the whole VPC, 10.0.0.0/16
              module.supporting.aws_security_group.mcp_server[0]
              why    Whatever runs in the VPC can call it past the API's authorizer.
              fix    give module.mcp_server.aws_lb.mcp a security group that admits
                     module.supporting.aws_security_group.vpc_link[0], and admit only that group here
              tried  drop the rule for 10.0.0.0/16: cuts off module.mcp_server.aws_lb.mcp: a network load balancer without a
                     group keeps no group for the VPC link's rule to match
              tried  a group for the load balancer, and a rule that admits it: nothing is cut off

    medium    plaintext-hop: two hops from the internet to the MCP server are in plain text
              module.mcp_server.aws_apigatewayv2_integration.mcp
              module.mcp_server.aws_lb_listener.mcp
              module.mcp_server.aws_lb_target_group.mcp
              fix    use TLS on the listener and in the container

    low       egress-unrestricted: five groups let everything out
              module.supporting.aws_security_group.fargate[0]
              module.supporting.aws_security_group.mcp_server[0]
              module.supporting.aws_security_group.vpc_endpoints[0]
              module.supporting.aws_security_group.vpc_link[0]
              and 1 more; --verbose lists them
              fix    allow tcp 443 to the endpoints' group and to the prefix list of S3

    accepted  streaming-behind-http-api on module.mcp_server.aws_apigatewayv2_api.mcp: no tool takes longer than 10 s
              (until 2027-06-30)

    proved    life 1, trust 1

    assumed   2 joins, since a plan names references and not values; --verbose lists them

    2 refuted, 3 unknown, 2 proved; findings: 1 high, 1 medium, 1 low; 1 accepted; 9 ms
    ");
}

#[test]
fn everything_verbose() {
    assert_snapshot!(text(&full(), 100, true), @"
    plan.json             terraform plan, 180 resources
    network.tfstate.json  terraform state, 12 resources

    warning   plan-incomplete: the plan says `complete: false`: another plan will follow it, and what
              that one changes is not in here
    warning   acceptance-expired: module.mcp_server.aws_lb.mcp: `plaintext-hop` was accepted until
              2026-10-31
    warning   not modelled, so that what depends on it is unknown:
              aws_ec2_transit_gateway_vpc_attachment (2), aws_vpn_connection (1)

    refuted   module.mcp_server.aws_ecs_service.mcp_server is reached only through its ingress
                module.mcp_server.aws_lb.mcp [1][2]
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) ->
                module.mcp_server.aws_ecs_service.mcp_server:tcp 8080
              SG_EGRESS_ALLOWS   module.supporting.aws_security_group.fargate[0]: all traffic to
                                 0.0.0.0/0 may leave
              ROUTE_LOCAL        module.supporting.aws_vpc.main[0]: 10.0.0.0/16 is local to the VPC
              SG_INGRESS_ALLOWS  module.supporting.aws_security_group.mcp_server[0]: tcp 8080 from
                                 10.0.0.0/16 is admitted, which holds every address of the VPC

    refuted   module.fargate.aws_ecs_service.* cannot reach the internet (expected)
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) -> 1.1.1.1 (internet):tcp 443
              NAT_ROUTE  module.supporting.aws_route_table.private[0]: 0.0.0.0/0 goes to
                         module.supporting.aws_nat_gateway.main[0]

    unknown   module.fargate.aws_ecs_service.sensors_feeder can start (expected)
              module.fargate.aws_ecs_service.sensors_feeder reaches the registry of its image
              module.fargate.aws_ecs_service.sensors_feeder reaches its secrets
              not known: the container definitions of
                module.fargate.aws_ecs_task_definition.sensors_feeder (known after apply)

    high      target-open-to-network: the MCP server admits tcp 8080 from the whole VPC, 10.0.0.0/16 [1]
              module.supporting.aws_security_group.mcp_server[0]
              why    Whatever runs in the VPC can call it past the API's authorizer. The group's
                     description says otherwise.
              fix    give module.mcp_server.aws_lb.mcp a security group that admits
                     module.supporting.aws_security_group.vpc_link[0], and admit only that group here
              tried  drop the rule for 10.0.0.0/16: cuts off module.mcp_server.aws_lb.mcp: a network
                     load balancer without a group keeps no group for the VPC link's rule to match
              tried  a group for the load balancer, and a rule that admits it: nothing is cut off

    medium    plaintext-hop: two hops from the internet to the MCP server are in plain text
              module.mcp_server.aws_apigatewayv2_integration.mcp
              module.mcp_server.aws_lb_listener.mcp
              module.mcp_server.aws_lb_target_group.mcp
              why    Whoever can listen in the VPC reads the tokens.
              fix    use TLS on the listener and in the container

    low       egress-unrestricted: five groups let everything out
              module.supporting.aws_security_group.fargate[0]
              module.supporting.aws_security_group.mcp_server[0]
              module.supporting.aws_security_group.vpc_endpoints[0]
              module.supporting.aws_security_group.vpc_link[0]
              module.supporting.aws_default_security_group.main[0]
              why    A server that is taken over can send whatever it reads anywhere.
              fix    allow tcp 443 to the endpoints' group and to the prefix list of S3

    accepted  streaming-behind-http-api on module.mcp_server.aws_apigatewayv2_api.mcp: no tool takes
              longer than 10 s (until 2027-06-30)

    proved    life 1
                module.mcp_server.aws_ecs_service.mcp_server reaches CloudWatch Logs [3]

    proved    trust 1
                every route of module.mcp_server.aws_apigatewayv2_api.mcp but GET /health authenticates

    assumed, since a plan names references and not values:
    [1]  the security groups of module.mcp_server.aws_ecs_service.mcp_server are
         {module.supporting.aws_security_group.mcp_server[0]}
    [2]  the subnets of module.mcp_server.aws_ecs_service.mcp_server are
         {module.supporting.aws_subnet.private[0], module.supporting.aws_subnet.private[1]}
    [3]  the subnets of module.supporting.aws_vpc_endpoint.logs[0] are
         {module.supporting.aws_subnet.private[0], module.supporting.aws_subnet.private[1]}

    2 refuted, 3 unknown, 2 proved; findings: 1 high, 1 medium, 1 low; 1 accepted; 9 ms
    ");
}

#[test]
fn everything_proved() {
    assert_snapshot!(text(&proved(), 80, false), @"
    plan.json  terraform plan, 180 resources

    proved    expectation 2, isolation 1, life 3, trust 1

    0 refuted, 0 unknown, 7 proved; findings: none; 0 accepted; 9 ms
    ");
    assert_eq!(text(&proved(), 80, false), text(&proved(), 120, false));
}

#[test]
fn an_empty_model() {
    assert_snapshot!(text(&empty(), 80, false), @"
    plan.json  terraform plan, 1 resource

    nothing to prove: no service, database or endpoint, and no front that forwards
    0 refuted, 0 unknown, 0 proved; findings: none; 0 accepted; 9 ms
    ");
}

#[test]
fn what_the_baseline_knows_is_only_counted() {
    let mut report = full();
    let mut before = full();
    before.statements.remove(1);
    before.findings.remove(0);
    baseline::compare(&mut report, &before);
    assert_snapshot!(text(&report, 100, false), @"
    plan.json             terraform plan, 180 resources
    network.tfstate.json  terraform state, 12 resources

    warning   plan-incomplete: the plan says `complete: false`: another plan will follow it, and what
              that one changes is not in here
    warning   acceptance-expired: module.mcp_server.aws_lb.mcp: `plaintext-hop` was accepted until
              2026-10-31
    warning   not modelled, so that what depends on it is unknown:
              aws_ec2_transit_gateway_vpc_attachment (2), aws_vpn_connection (1)

    refuted   module.fargate.aws_ecs_service.* cannot reach the internet (expected)
              10.0.10.7 (module.fargate.aws_ecs_service.sensors_feeder) -> 1.1.1.1 (internet):tcp 443
              NAT_ROUTE  module.supporting.aws_route_table.private[0]: 0.0.0.0/0 goes to
                         module.supporting.aws_nat_gateway.main[0]

    high      target-open-to-network: the MCP server admits tcp 8080 from the whole VPC, 10.0.0.0/16
              module.supporting.aws_security_group.mcp_server[0]
              why    Whatever runs in the VPC can call it past the API's authorizer.
              fix    give module.mcp_server.aws_lb.mcp a security group that admits
                     module.supporting.aws_security_group.vpc_link[0], and admit only that group here
              tried  drop the rule for 10.0.0.0/16: cuts off module.mcp_server.aws_lb.mcp: a network
                     load balancer without a group keeps no group for the VPC link's rule to match
              tried  a group for the load balancer, and a rule that admits it: nothing is cut off

    accepted  streaming-behind-http-api on module.mcp_server.aws_apigatewayv2_api.mcp: no tool takes
              longer than 10 s (until 2027-06-30)

    proved    life 1, trust 1

    assumed   1 join, since a plan names references and not values; --verbose shows it

    1 refuted, 0 unknown, 2 proved; findings: 1 high; 1 accepted; 6 known from the baseline; 9 ms
    ");
}

#[test]
fn many_of_a_kind_are_cut_short() {
    let mut report = full();
    report.warnings.clear();
    report.unmodelled.clear();
    report.accepted.clear();
    report.findings.clear();
    report.statements.retain(|s| s.verdict == Verdict::Unknown);
    let one = report.statements[0].clone();
    for n in 0..9 {
        let mut next = one.clone();
        next.text = format!("aws_ecs_service.s[{n}] reaches CloudWatch Logs");
        next.assumes = vec![format!("the subnets of aws_ecs_service.s[{n}] are {{aws_subnet.a}}")];
        next.missing.clear();
        report.statements.push(next);
    }
    report.recount();
    for statement in &mut report.statements {
        statement.missing = one.missing.clone();
        statement.assumes.extend((0..8).map(|n| format!("the groups of aws_lb.a[{n}] are {{}}")));
    }
    assert_snapshot!(text(&report, 80, false), @"
    plan.json             terraform plan, 180 resources
    network.tfstate.json  terraform state, 12 resources

    unknown   module.fargate.aws_ecs_service.sensors_feeder can start (expected)
              module.fargate.aws_ecs_service.sensors_feeder reaches the registry of
                its image
              module.fargate.aws_ecs_service.sensors_feeder reaches its secrets
              aws_ecs_service.s[0] reaches CloudWatch Logs
              and 8 more; --verbose lists them
              not known: the container definitions of
                module.fargate.aws_ecs_task_definition.sensors_feeder (known after
                apply)

    assumed   9 joins, since a plan names references and not values; --verbose lists
              them

    0 refuted, 12 unknown, 0 proved; findings: none; 0 accepted; 9 ms
    ");
}

#[test]
fn addresses_are_whole_at_any_width() {
    let report = full();
    let words: Vec<String> = report.statements.iter().flat_map(|s| s.on.clone()).collect();
    for width in 10..130 {
        let text = text(&report, width, true);
        for word in &words {
            assert!(text.contains(word.as_str()), "`{word}` at {width} columns");
        }
    }
}

#[test]
fn no_line_is_wider_than_its_widest_word_needs() {
    let column = "          SG_INGRESS_ALLOWS  ".len();
    for width in 20..130 {
        for line in text(&full(), width, true).lines() {
            let widest = line.split_whitespace().map(str::len).max().unwrap_or(0);
            let needed = column + widest + "\u{20}(internet):tcp 443".len();
            assert!(line.len() <= width.max(needed), "{} > {width}: {line}", line.len());
        }
    }
}

#[test]
fn what_a_file_says_cannot_steer_the_terminal() {
    let mut report = full();
    report.sources[0].name = "\u{1b}]0;a\u{7}.json".to_owned();
    report.findings[0].origins[0] = "aws_lb.a[\"\u{1b}[2J\"]".to_owned();
    report.statements[0].text = "a\u{9b}1mb\u{202e}c".to_owned();
    let view = View { width: 80, verbose: true, time: None };
    let text = render::report(&report, &view);
    assert!(!text.contains("\u{1b}]") && !text.contains("\u{1b}[2J"));
    assert!(!text.contains('\u{9b}') && !text.contains('\u{202e}'));
    assert!(text.contains(r#"aws_lb.a["\u{1b}[2J"]"#));
}

// === Explanations ===

fn step(ok: Option<bool>, code: &str, origin: &str, text: &str) -> Step {
    let owned = str::to_owned;
    Step { ok, code: owned(code), origin: owned(origin), text: owned(text) }
}

fn explanation() -> Explanation {
    Explanation {
        question: "can internet open tcp 8080 of module.mcp_server.aws_ecs_service.mcp_server?"
            .to_owned(),
        verdict: Verdict::Refuted,
        answer: "both ways are closed".to_owned(),
        paths: vec![
            PathView {
                title: "internet -> module.supporting.aws_internet_gateway.main[0] -> task"
                    .to_owned(),
                open: false,
                steps: vec![
                    step(
                        Some(false),
                        "NO_PUBLIC_IP",
                        "module.mcp_server.aws_ecs_service.mcp_server",
                        "the tasks have no public address (`assign_public_ip = false`)",
                    ),
                    step(
                        Some(true),
                        "ACL_ALLOWS",
                        "aws_default_network_acl.main",
                        "all traffic is admitted",
                    ),
                    step(
                        Some(false),
                        "SG_INGRESS_DENIES",
                        "module.supporting.aws_security_group.mcp_server[0]",
                        "no rule admits tcp 8080 from 0.0.0.0/0",
                    ),
                ],
            },
            PathView {
                title: "internet -> module.mcp_server.aws_apigatewayv2_api.mcp -> task".to_owned(),
                open: true,
                steps: vec![
                    step(Some(true), "ROUTE", "aws_apigatewayv2_route.a", "POST /mcp"),
                    step(None, "AUTHORIZER", "aws_apigatewayv2_authorizer.a", "a function decides"),
                ],
            },
        ],
        assumes: vec!["the subnets of aws_lb.a are {aws_subnet.a}".to_owned()],
        missing: vec!["the code of aws_lambda_function.authorizer".to_owned()],
    }
}

#[test]
fn an_explanation_at_80_columns() {
    assert_snapshot!(plain(&render::explanation(&explanation(), 80)), @"
    can internet open tcp 8080 of module.mcp_server.aws_ecs_service.mcp_server?

    no        both ways are closed [1]
              not known: the code of aws_lambda_function.authorizer

    closed    internet -> module.supporting.aws_internet_gateway.main[0] -> task (2
              settings would have to change)
              NO  NO_PUBLIC_IP       module.mcp_server.aws_ecs_service.mcp_server:
                                     the tasks have no public address
                                     (`assign_public_ip = false`)
              ok  ACL_ALLOWS         aws_default_network_acl.main: all traffic is
                                     admitted
              NO  SG_INGRESS_DENIES  module.supporting.aws_security_group.mcp_server[0]:
                                     no rule admits tcp 8080 from 0.0.0.0/0

    open      internet -> module.mcp_server.aws_apigatewayv2_api.mcp -> task
              ok  ROUTE       aws_apigatewayv2_route.a: POST /mcp
              ??  AUTHORIZER  aws_apigatewayv2_authorizer.a: a function decides

    assumed, since a plan names references and not values:
    [1]  the subnets of aws_lb.a are {aws_subnet.a}
    ");
}

#[test]
fn an_explanation_at_120_columns() {
    assert_snapshot!(plain(&render::explanation(&explanation(), 120)), @"
    can internet open tcp 8080 of module.mcp_server.aws_ecs_service.mcp_server?

    no        both ways are closed [1]
              not known: the code of aws_lambda_function.authorizer

    closed    internet -> module.supporting.aws_internet_gateway.main[0] -> task (2 settings would have to change)
              NO  NO_PUBLIC_IP       module.mcp_server.aws_ecs_service.mcp_server        the tasks have no public address
                                                                                         (`assign_public_ip = false`)
              ok  ACL_ALLOWS         aws_default_network_acl.main                        all traffic is admitted
              NO  SG_INGRESS_DENIES  module.supporting.aws_security_group.mcp_server[0]  no rule admits tcp 8080 from
                                                                                         0.0.0.0/0

    open      internet -> module.mcp_server.aws_apigatewayv2_api.mcp -> task
              ok  ROUTE       aws_apigatewayv2_route.a       POST /mcp
              ??  AUTHORIZER  aws_apigatewayv2_authorizer.a  a function decides

    assumed, since a plan names references and not values:
    [1]  the subnets of aws_lb.a are {aws_subnet.a}
    ");
}

// === Exit codes ===

#[test]
fn refuted_fails_whatever_its_family() {
    let mut report = full();
    report.findings.clear();
    assert_eq!(exit_code(&report, FailOn::Never), Exit::Findings);
    report.statements.retain(|s| s.verdict != Verdict::Refuted);
    report.statements.retain(|s| s.family != report::Family::Expectation);
    assert_eq!(exit_code(&report, FailOn::Never), Exit::Fine, "unknown, but nobody's expectation");
}

#[test]
fn an_unknown_expectation_fails() {
    let mut report = full();
    report.findings.clear();
    report.statements.retain(|s| s.verdict == Verdict::Unknown);
    assert_eq!(exit_code(&report, FailOn::Never), Exit::Findings);
}

#[test]
fn a_finding_fails_from_the_threshold_on() {
    let all = [
        (FailOn::Critical, Severity::Critical),
        (FailOn::High, Severity::High),
        (FailOn::Medium, Severity::Medium),
        (FailOn::Low, Severity::Low),
        (FailOn::Info, Severity::Info),
    ];
    let mut report = proved();
    report.findings = full().findings;
    report.findings.truncate(1);
    for (_, severity) in all {
        report.findings[0].severity = severity;
        for (fail_on, threshold) in all {
            let expected = if severity >= threshold { Exit::Findings } else { Exit::Fine };
            assert_eq!(exit_code(&report, fail_on), expected, "{severity} for {fail_on:?}");
        }
        assert_eq!(exit_code(&report, FailOn::Never), Exit::Fine);
    }
}

#[test]
fn what_the_baseline_knows_does_not_fail() {
    let mut report = full();
    baseline::compare(&mut report, &full());
    assert_eq!(report.totals.known_before, Some(8));
    assert_eq!(exit_code(&report, FailOn::Info), Exit::Fine);

    let mut before = full();
    before.statements.remove(0);
    let mut report = full();
    baseline::compare(&mut report, &before);
    assert_eq!(exit_code(&report, FailOn::Never), Exit::Findings);
}

#[test]
fn the_sample_counts_itself() {
    let mut report = full();
    let totals = report.totals.clone();
    report.recount();
    assert_eq!(report.totals, totals);
}
