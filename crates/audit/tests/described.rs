//! What `aws` prints of a farm that follows a runbook to the letter: each of its defects is found, on
//! the right resource; and with less of it shown, what can't be decided is unknown by its name.
//!
//! `examples/mem-brain-as-documented` is a folder of our own. The other inputs are not in this
//! repository: they are read from the folder that `FARMGATE_REAL_INPUTS` names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::path::{Path, PathBuf};

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Finding, Report, Severity, Statement, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::Model;

const MCP: &str = "arn:aws:ecs:ap-south-1:123456789012:service/membrain/membrain-mcp";

fn model(folder: &Path, keep: impl Fn(&str) -> bool) -> Model {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.retain(|path| keep(path.file_name().unwrap().to_str().unwrap()));
    let files: Vec<(String, Vec<u8>)> = names
        .iter()
        .map(|path| (path.display().to_string(), std::fs::read(path).unwrap()))
        .collect();
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    import(&inputs).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mem-brain-as-documented/described")
}

fn report(keep: impl Fn(&str) -> bool) -> Report {
    check(&model(&folder(), keep), &Options::default()).unwrap()
}

fn found<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn statement<'r>(report: &'r Report, kind: &str) -> &'r Statement {
    let mut all = report.statements.iter().filter(|s| s.id.starts_with(kind) && s.on[0] == MCP);
    all.next().unwrap_or_else(|| panic!("no statement {kind}"))
}

#[test]
fn the_egress_table_is_false_and_putting_it_right_stops_the_tasks() {
    let report = report(|_| true);
    // Defects 20 and 21.
    let [finding] = found(&report, "egress-never-revoked")[..] else { panic!("one finding") };
    assert!(
        finding.title.contains("its 2 narrower egress rules mean nothing"),
        "{}",
        finding.title
    );
    let [revoke, allow] = &finding.fix.tried[..] else { panic!("{:?}", finding.fix) };
    assert!(
        !revoke.works && revoke.outcome.contains("pulls its image from ECR and S3"),
        "{revoke:?}"
    );
    assert!(allow.works && allow.change.contains("tcp 443"), "{allow:?}");
}

#[test]
fn rules_for_groups_do_not_match_calls_by_a_public_name() {
    let report = report(|_| true);
    // Defect 22.
    let call = statement(&report, "reaches-what-it-names:");
    assert_eq!(call.verdict, Verdict::Refuted);
    assert!(call.on[1].contains("loadbalancer/app/membrain-api-alb/"));
    assert!(call.because.iter().any(|cause| cause.code == "SG_REFERENCES_NOT_PRESERVED"));
    let [finding] = found(&report, "reference-never-matches")[..] else { panic!("one finding") };
    assert_eq!(finding.severity, Severity::High);
    // Both rules of the API's group, and both of the tasks'.
    assert_eq!(finding.title.matches("gress[").count(), 4, "{}", finding.title);
    let [internal] = &finding.fix.tried[..] else { panic!("{:?}", finding.fix) };
    assert!(internal.works, "{internal:?}");
}

#[test]
fn tls_that_is_not_there_and_public_addresses_in_private_subnets() {
    let report = report(|_| true);
    // Defect 23.
    let [finding] = found(&report, "port-without-listener")[..] else { panic!("one finding") };
    assert!(finding.title.contains("admits tcp 443"), "{}", finding.title);
    assert!(finding.title.contains("do so in plain text"), "{}", finding.title);
    assert_eq!(statement(&report, "encrypted:").verdict, Verdict::Refuted);
    assert!(found(&report, "plaintext-hop")[0].title.contains("membrain-mcp is plain text"));
    // Defect 24.
    let public = found(&report, "public-address");
    assert_eq!(public.len(), 2);
    assert!(public.iter().any(|finding| finding.origins == [MCP]));
    assert!(!found(&report, "no-endpoint-for-service").is_empty());
}

#[test]
fn all_is_decided_and_closed() {
    let model = model(&folder(), |_| true);
    assert!(model.vpcs.values().all(|vpc| vpc.open.is_none()), "{:?}", model.vpcs);
    assert!(model.instances.is_empty());
    let report = check(&model, &Options::default()).unwrap();
    let unknown: Vec<&Statement> =
        report.statements.iter().filter(|s| s.verdict == Verdict::Unknown).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_is_missing_makes_the_verdicts_that_need_it_unknown() {
    let names = |missing: &str, kind: &str, call: &str| {
        let report = self::report(|name| !name.starts_with(missing));
        let statement = statement(&report, kind);
        assert_eq!(statement.verdict, Verdict::Unknown, "without {missing}: {statement:?}");
        let named = statement.missing.iter().any(|note| note.contains(call));
        assert!(named, "without {missing}: {:?}", statement.missing);
        assert!(report.findings.iter().all(|f| !f.statements.contains(&statement.id)));
    };
    names("route-tables", "pulls-image:", "aws ec2 describe-route-tables");
    names("network-acls", "pulls-image:", "aws ec2 describe-network-acls");
    names("task-definition", "reaches-what-it-names:", "the task definition of");
    names("vpc-enable", "pulls-image:", "describe-vpc-attribute");
    // A call that no group admits fails whatever the routes are.
    let without = self::report(|name| name != "route-tables.json");
    assert_eq!(statement(&without, "reaches-what-it-names:").verdict, Verdict::Refuted);
    // Without a group's rules.
    let report = report(|name| name != "security-groups.json");
    assert_eq!(statement(&report, "pulls-image:").verdict, Verdict::Unknown);
}

#[test]
fn the_documents_as_they_are_show_what_they_show_and_no_more() {
    let Some(inputs) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return;
    };
    let inputs = PathBuf::from(inputs).join("mem-brain");
    let model = model(&inputs, |name| name.starts_with("describe-"));
    let report = check(&model, &Options::default()).unwrap();
    // Defect 20, and 21 of the group alone.
    let [finding] = found(&report, "egress-never-revoked")[..] else { panic!("one finding") };
    assert_eq!(finding.origins, ["sg-ae81b271b2af0cc0f"]);
    assert!(
        finding.fix.text.contains("no way to ECR, S3 and CloudWatch Logs"),
        "{}",
        finding.fix.text
    );
    // Defect 23.
    let [finding] = found(&report, "port-without-listener")[..] else { panic!("one finding") };
    assert!(
        finding.title.contains("sg-40a7478084fe85e76 ingress[1] admits tcp 443"),
        "{}",
        finding.title
    );
    // Defect 22 can't be decided: no task is shown, nor the API's load balancer.
    assert!(found(&report, "reference-never-matches").is_empty());
    let missing = model.warnings.iter().find(|warning| warning.code == "describe-missing").unwrap();
    for call in ["aws ecs describe-services", "aws ec2 describe-route-tables"] {
        assert!(missing.text.contains(call), "{}", missing.text);
    }
}
