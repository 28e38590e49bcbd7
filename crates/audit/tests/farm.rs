//! Farms that are checked: everything that farmgate makes is proved, and what a person opens up is
//! found.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::fmt::Write as _;
use std::path::Path;

use farmgate_audit::accept::{Words, apply};
use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Report, Statement, Verdict};
use farmgate_aws::design::{Design, keys};
use farmgate_aws::lower;
use farmgate_aws::model::{Model, RouteTarget, Val};
use farmgate_farm::farm::Farm;

fn source(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/farms");
    std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap()
}

fn farm(source: &str) -> Farm {
    let ids: Vec<&str> = farmgate_audit::rules::catalogue().map(|rule| rule.id).collect();
    let farm = farmgate_farm::farm::read(source, &ids);
    farm.unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn model(source: &str) -> Model {
    let line = |at: usize| ("farm.yaml".to_owned(), source[..at].matches('\n').count() + 1);
    lower::model(&Design::of(&farm(source)), &line)
}

fn checked(source: &str, model: &Model) -> Report {
    let options = Options { expectations: vec![farm(source).expect] };
    check(model, &options).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn report(source: &str) -> Report {
    checked(source, &model(source))
}

fn statement<'r>(report: &'r Report, id: &str) -> &'r Statement {
    let found = report.statements.iter().find(|statement| statement.id == id);
    found.unwrap_or_else(|| {
        let ids: Vec<&str> = report.statements.iter().map(|s| s.id.as_str()).collect();
        panic!("no {id} in {ids:#?}")
    })
}

/// What is found, a line a finding.
fn findings(report: &Report) -> String {
    let mut lines = String::new();
    for finding in &report.findings {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let origins = finding.origins.join(" ");
        writeln!(lines, "{severity} {} {origins}", finding.rule).unwrap();
    }
    lines
}

/// Everything is proved, and this is found.
#[track_caller]
fn proved(name: &str, found: &str) -> Report {
    let report = report(&source(name));
    let others: Vec<&Statement> =
        report.statements.iter().filter(|s| s.verdict != Verdict::Proved).collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(findings(&report), found);
    report
}

// === What farmgate makes ===

#[test]
fn the_smallest_farm_is_right() {
    let report = proved("smallest", "");
    let text = |id: &str| statement(&report, id).text.clone();
    assert_eq!(
        text("closed-to-network:servers.hello"),
        "in its network only gate opens connections to servers.hello"
    );
    assert_eq!(
        text("encrypted:servers.hello"),
        "every hop from the internet to servers.hello is encrypted"
    );
    assert_eq!(
        text("pulls-image:servers.hello"),
        "servers.hello pulls its image from ECR and S3, by endpoints.ecr.api, endpoints.ecr.dkr and \
         endpoints.s3"
    );
    // Nothing was guessed.
    assert!(report.statements.iter().all(|s| s.assumes.is_empty()), "{report:#?}");
}

#[test]
fn a_farm_with_everything_is_right() {
    let report = proved("whole", "low timestream-closed endpoints.timestream.query-cell1\n");
    for id in [
        "authenticates:gate",
        "only-through-ingress:services.api",
        "only-through-ingress:databases.memories",
        "reaches-targets:services.search.alb->services.search",
        "reaches-targets:gate->servers.own-tls",
        "reaches-what-it-names:servers.python->services.search.alb",
        "reaches-verifiers:gate",
        "fetches-ssm:servers.nova-act",
        "fetches-secretsmanager:services.api",
        "endpoint-answers:endpoints.timestream.query-cell1",
        "expectation:servers.* can start",
    ] {
        statement(&report, id);
    }
}

#[test]
fn an_internal_farm_is_right() {
    let report = proved("internal", "");
    let text = &statement(&report, "reaches-verifiers:gate").text;
    assert_eq!(text, "gate reaches STS, with which it verifies callers, by endpoints.sts");
}

#[test]
fn what_exists_is_assumed() {
    let report = proved("existing", "");
    let reaches = statement(&report, "reaches-what-it-names:servers.mcp->services.api");
    assert_eq!(
        reaches.text,
        "servers.mcp reaches services.api on tcp 443, which its environment names"
    );
    let note = "services.api is in the farm's private subnets, as the farm file says";
    assert!(reaches.assumes.iter().any(|it| it.contains(note)), "{:?}", reaches.assumes);
    let starts = statement(&report, "pulls-image:servers.mcp");
    let note = "vpc-0123456789abcdef0 is as the farm file describes it";
    assert!(starts.assumes.iter().any(|it| it == note), "{:?}", starts.assumes);
}

#[test]
fn what_no_endpoint_leads_to_goes_by_nat() {
    let found = "low no-endpoint-for-service gate network\n\
                 info egress-to-internet gate\n\
                 info egress-to-internet servers.fetch\n\
                 info flow-logs-rejects-only network\n";
    let report = proved("lists", found);
    let nat = "network.nat-a and network.nat-b";
    for (id, by) in [
        (
            "pulls-image:servers.fetch",
            "the internet (network.nat-a) and the internet (network.nat-b)",
        ),
        ("reaches-verifiers:gate", "the internet (network.nat-a) and the internet (network.nat-b)"),
        ("pulls-image:gate", "endpoints.s3"),
    ] {
        let text = &statement(&report, id).text;
        assert!(text.ends_with(by), "{text}");
    }
    assert!(
        report.findings[0].title.contains(&format!("secretsmanager over the internet by {nat}"))
    );
}

#[test]
fn causes_name_lines_of_the_file() {
    let source = source("whole");
    let report = report(&source);
    let statement = statement(&report, "reaches-targets:gate->servers.nova-act");
    let origins: Vec<&str> = statement.because.iter().map(|b| b.origin.as_str()).collect();
    let at = 1 + source.lines().position(|line| line == "  nova-act:").unwrap();
    // A mapping is where its first key is.
    let wanted = format!("groups.gate farm.yaml:{} tcp 8443 to servers.nova-act", at + 1);
    let known = [format!("groups.gate farm.yaml:{at} tcp 8443 to servers.nova-act"), wanted];
    assert!(origins.iter().any(|it| known.iter().any(|known| known == it)), "{origins:?}");
}

// === What a person opens up ===

#[test]
fn what_is_opened_is_found() {
    let found = "medium listener-open-to-world groups.ingress ingress.443\n\
                 low no-endpoint-for-service gate network servers.python\n\
                 low root-user servers.python.task\n\
                 low writable-root-filesystem servers.python.task\n\
                 low access-logs-off ingress\n\
                 low flow-logs-off network\n\
                 low unprotected-from-deletion databases.notes\n\
                 low circuit-breaker-off servers.python\n\
                 low waf-missing ingress\n\
                 info egress-to-internet gate\n\
                 info egress-to-internet servers.python\n\
                 info unprotected-from-deletion ingress\n\
                 info nat-in-one-zone network.nat-a\n";
    proved("open", found);
}

#[test]
fn what_is_opened_can_be_accepted_in_the_words_of_the_file() {
    let mut source = source("open");
    source.push_str("accept:\n");
    for (rule, on) in [
        ("listener-open-to-world", "ingress"),
        ("root-user", "servers.python"),
        ("writable-root-filesystem", "\"servers.*\""),
        ("flow-logs-off", "network"),
    ] {
        writeln!(source, "  - {{ rule: {rule}, on: {on}, why: \"it is meant\" }}").unwrap();
    }
    let report = report(&source);
    let today = jiff::civil::date(2026, 11, 22);
    let applied = apply(&farm(&source).accept, report.findings, Words::Farm, today);
    assert_eq!(applied.accepted.len(), 4);
    assert!(applied.warnings.is_empty(), "{:?}", applied.warnings);
    assert!(applied.findings.iter().all(|it| it.rule != "root-user"));
}

/// A farm of so many servers.
fn many(servers: usize) -> String {
    let mut source = source("smallest");
    for number in 0..servers {
        writeln!(source, "  s{number}:\n    route: /s{number}/mcp").unwrap();
    }
    source
}

#[test]
fn quotas_that_a_large_farm_exceeds_are_named() {
    assert_eq!(findings(&report(&many(50))), "");
    let report = report(&many(100));
    let found = "medium quota-exceeded groups.endpoints\n\
                 medium quota-exceeded groups.gate\n\
                 medium quota-exceeded ingress\n";
    assert_eq!(findings(&report), found);
    let gate = &report.findings[1];
    assert!(gate.title.contains("egress rules, and the quota is 60"), "{}", gate.title);
    assert!(gate.fix.text.contains("L-0EA8095F"), "{}", gate.fix.text);
}

// === What could go wrong ===

/// The model of a farm, changed in one place.
fn changed(name: &str, change: impl FnOnce(&mut Model)) -> Report {
    let source = source(name);
    let mut model = model(&source);
    change(&mut model);
    checked(&source, &model)
}

#[track_caller]
fn refuted(report: &Report, id: &str, code: &str) {
    let statement = statement(report, id);
    assert_eq!(statement.verdict, Verdict::Refuted, "{statement:#?}");
    assert!(statement.because.iter().any(|b| b.code == code), "{statement:#?}");
}

/// Replaces a word in the policy of an endpoint.
fn policy(model: &mut Model, service: &str, from: &str, to: &str) {
    let endpoint = model.endpoints.get_mut(&keys::endpoint(service)).unwrap();
    let Val::Known(Some(text)) = &endpoint.policy else { panic!("a policy") };
    assert!(text.contains(from), "{text}");
    endpoint.policy = Val::Known(Some(text.replace(from, to)));
}

#[test]
fn an_endpoint_that_lets_too_little_through_is_found() {
    for (service, from, to, id) in [
        ("ecr.dkr", "repository/nova-act", "repository/other", "pulls-image:servers.nova-act"),
        ("ecr.api", "ecr:GetAuthorizationToken", "ecr:Describe*", "pulls-image:gate"),
        ("s3", "prod-us-west-2-starport", "prod-us-east-1-starport", "pulls-image:gate"),
        ("logs", "log-group:/ecs/whole/", "log-group:/ecs/other/", "ships-logs:servers.python"),
        ("logs", "logs:CreateLogStream", "logs:DescribeLogStreams", "ships-logs:gate"),
        ("secretsmanager", "whole/gate-keys", "whole/other", "fetches-secretsmanager:gate"),
        ("secretsmanager", "rds!db-*", "rds!cluster-*", "fetches-secretsmanager:services.api"),
        ("ssm", "/nova-act-mcp/api-key", "/nova-act-mcp/key", "fetches-ssm:servers.nova-act"),
        ("sts", "sts:GetCallerIdentity", "sts:AssumeRole", "reaches-verifiers:gate"),
    ] {
        let report = changed("whole", |model| policy(model, service, from, to));
        refuted(&report, id, "ENDPOINT_POLICY_DENIES");
    }
}

#[test]
fn without_the_account_a_policy_that_names_one_is_taken_to_name_it() {
    let report = changed("smallest", |model| model.account = None);
    let statement = statement(&report, "ships-logs:gate");
    assert_eq!(statement.verdict, Verdict::Proved, "{statement:#?}");
    let note = "the account is 123456789012, which the policy of endpoints.logs names";
    assert_eq!(statement.assumes, [note]);
}

#[test]
fn a_gate_that_does_not_reach_its_issuer_is_found() {
    let report = changed("lists", |model| {
        for table in model.route_tables.values_mut() {
            table
                .routes
                .retain(|route| !matches!(route.target.get(), Some(RouteTarget::NatGateway(_))));
        }
    });
    refuted(&report, "reaches-verifiers:gate", "NO_WAY_TO_SERVICE");
    refuted(&report, "pulls-image:servers.fetch", "NO_WAY_TO_SERVICE");
}

#[test]
fn a_neighbour_that_is_named_but_not_reached_is_found() {
    let source = source("whole")
        .replace("reaches: [services.api, services.search, ", "reaches: [services.api, ");
    let report = report(&source);
    let id = "reaches-what-it-names:servers.python->services.search.alb";
    refuted(&report, id, "ENI_SG_RULES_MISMATCH");
    // By the name of its tasks, too.
    let source =
        source.replace("https://search.internal.example.com", "http://own-tls.whole.local:9443/");
    let report = self::report(&source);
    refuted(
        &report,
        "reaches-what-it-names:servers.python->servers.own-tls",
        "ENI_SG_RULES_MISMATCH",
    );
}

// === SigV4 on a load balancer ===

const GATEWAY: &str = "apigw_iam: { secret: \"secretsmanager:FARM/gateway\", principals: \
                       [\"arn:aws:sts::123456789012:assumed-role/agents/*\"] }";

/// A farm whose only way in is SigV4 on a bare load balancer, which verifies none: that is refuted, so
/// that nothing of it is built.
#[test]
fn sigv4_on_a_bare_load_balancer_is_refuted() {
    let api_keys = "api_keys: { store: \"secretsmanager:smallest/api-keys\" }";
    let source = source("smallest").replace(api_keys, &GATEWAY.replace("FARM", "smallest"));
    let report = report(&source);
    for id in ["authenticates:gate", "authenticates:ingress"] {
        let found = statement(&report, id);
        assert_eq!(found.verdict, Verdict::Refuted, "{found:#?}");
        let because = found.because.iter().find(|because| because.code == "SIGV4_UNVERIFIED");
        let text = &because.unwrap_or_else(|| panic!("{found:#?}")).text;
        assert!(text.contains("ingress, which verifies no SigV4"), "{text}");
    }
    let finding = report.findings.iter().find(|it| it.rule == "unauthenticated-path").unwrap();
    assert!(
        finding.title.starts_with("nobody verifies SigV4 on `/hello/mcp`"),
        "{}",
        finding.title
    );
    for words in ["`sigv4_issued_keys` or `sts_proof`", "a load balancer verifies no SigV4"] {
        assert!(finding.fix.text.contains(words), "{}", finding.fix.text);
    }
    // With keys that the farm issued, the gate verifies it, and all is proved.
    let issued = "sigv4_issued_keys: { store: \"secretsmanager:smallest/access-keys\" }";
    let source = self::source("smallest").replace(api_keys, issued);
    let report = self::report(&source);
    assert!(report.statements.iter().all(|it| it.verdict == Verdict::Proved));
}

/// Behind a load balancer without a public address, an API Gateway of somebody's own may verify.
#[test]
fn an_api_gateway_before_an_internal_farm_is_assumed_and_said() {
    let sts = "sts_proof: { principals: [\"arn:aws:sts::123456789012:assumed-role/agents/*\"] }";
    let source = source("internal").replace(sts, &GATEWAY.replace("FARM", "internal"));
    assert!(source.contains("apigw_iam"));
    let report = report(&source);
    let found = statement(&report, "authenticates:gate");
    assert_eq!(found.verdict, Verdict::Proved, "{found:#?}");
    assert!(found.assumes.iter().any(|it| it.contains("an API Gateway")), "{:?}", found.assumes);
    assert!(report.statements.iter().all(|it| it.verdict == Verdict::Proved));
}
