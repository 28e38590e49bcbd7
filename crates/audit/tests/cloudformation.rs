//! The MCP farm's real templates, joined: what is wrong with it is decided from the templates
//! alone. And a small farm of our own that CDK wrote.
//!
//! The former are other people's and not in this repository: they are read from the folder that
//! `FARMGATE_REAL_INPUTS` names.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Finding, Report, Severity, Statement, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Key, Model, Val};

const STACKS: [&str; 4] = [
    "ChatbotStack.template.json",
    "McpFarmAlbStack.template.json",
    "nova-act-mcp-fargate.template.json",
    "python-mcp-fargate.template.json",
];
const VARIANT: &str = "McpFarmAlbStack-envexample-0.0.0.0.template.json";
const BALANCER: &str = "McpFarmAlbStack/McpFarmAlb6BFFA867";
const NOVA: &str = "nova-act-mcp-fargate/NovaActMcpService95221EB2";
const PYTHON: &str = "python-mcp-fargate/PythonMcpServiceACC6E85C";

fn read(folder: &Path, names: &[&str]) -> Model {
    let bytes: Vec<Vec<u8>> =
        names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect();
    let inputs: Vec<Input<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| Input { name, bytes }).collect();
    import(&inputs).unwrap()
}

fn farm(names: &[&str]) -> Option<Model> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return None;
    };
    Some(read(&PathBuf::from(folder).join("mcp-farm"), names))
}

fn report(model: &Model) -> Report {
    check(model, &Options::default()).unwrap()
}

fn findings<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn statement<'r>(report: &'r Report, part: &str) -> &'r Statement {
    let mut all = report.statements.iter().filter(|it| it.text.contains(part));
    all.next().unwrap_or_else(|| panic!("no statement with {part}"))
}

/// 28, 29, 30: callers from the internet, whom nothing verifies.
#[test]
fn anybody_on_the_internet_calls_the_servers() {
    let Some(model) = farm(&STACKS) else { return };
    let report = report(&model);
    let authenticates = statement(&report, &format!("{BALANCER} authenticates callers"));
    assert_eq!(authenticates.verdict, Verdict::Refuted);
    let [open] = findings(&report, "unauthenticated-path")[..] else { panic!("one") };
    assert_eq!(open.severity, Severity::High);
    assert!(open.title.contains(NOVA) && open.title.contains(PYTHON), "{}", open.title);
    assert!(open.title.contains("tcp 80 from the internet"), "{}", open.title);
    let world = findings(&report, "listener-open-to-world");
    let titles: Vec<&str> = world.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles.iter().any(|title| title.contains(BALANCER)));
    assert!(titles.iter().any(|title| {
        title.contains("ChatbotStack/ChatbotALB4F5C7305, past ChatbotStack/ChatbotCloudFront")
    }));
}

/// 31: the whole VPC opens the servers' ports; and here that rule can be dropped.
#[test]
fn the_rule_for_the_network_can_be_dropped() {
    let Some(model) = farm(&STACKS) else { return };
    let report = report(&model);
    let open = findings(&report, "target-open-to-network");
    assert_eq!(open.len(), 2);
    for finding in open {
        assert_eq!(finding.severity, Severity::High);
        let [tried] = &finding.fix.tried[..] else { panic!("one trial: {:?}", finding.fix) };
        assert!(tried.works, "{tried:?}");
        assert!(tried.change.contains("SecurityGroup") && tried.change.contains("ingress[0]"));
    }
}

/// 35, 37, 39, 40.
#[test]
fn settings_are_read_as_they_are() {
    let Some(model) = farm(&STACKS) else { return };
    let report = report(&model);
    let balancer = &model.load_balancers[&Key::new(BALANCER)];
    assert_eq!(balancer.access_logs, Val::Known(false));
    assert_eq!(balancer.idle_timeout, Val::Known(Some(3600)));
    for cluster in model.clusters.values() {
        assert_eq!(cluster.container_insights, Val::Known(None));
    }
    assert_eq!(findings(&report, "session-affinity-missing").len(), 2);
    let [out] = findings(&report, "egress-unrestricted")[..] else { panic!("one") };
    assert!(out.title.starts_with("4 services"), "{}", out.title);
    let plain = findings(&report, "plaintext-hop");
    assert_eq!(plain.len(), 2);
    let balances = |group: &str| model.target_groups[&Key::new(group)].health.codes.clone();
    let nova = "nova-act-mcp-fargate/NovaActMcpTargetGroup67901151";
    assert_eq!(balances(nova).as_deref(), Some("200,400,406"));
    for (key, most) in [
        ("nova-act-mcp-fargate/NovaActMcpServiceTaskCountTarget5206BD93", 5),
        ("python-mcp-fargate/PythonMcpServiceTaskCountTarget19F97793", 10),
    ] {
        assert_eq!(model.scaling_targets[&Key::new(key)].max, Val::Known(most));
    }
}

/// Nothing that a person could read in the templates is unknown.
#[test]
fn nothing_is_unknown() {
    let Some(model) = farm(&STACKS) else { return };
    assert_eq!(model.region.as_deref(), Some("us-west-2"));
    assert_eq!(model.account.as_deref(), Some("111122223333"));
    let report = report(&model);
    let unknown: Vec<&str> = report
        .statements
        .iter()
        .filter(|it| it.verdict == Verdict::Unknown)
        .map(|it| it.text.as_str())
        .collect();
    // What AWS's own policies of the chatbot's role allow, no template says.
    let by_aws = |text: &&str| text.contains("ChatbotBackend") && text.contains("read no secret");
    assert!(unknown.iter().all(by_aws), "{unknown:?}");
    for part in ["pulls its image", "ships its logs", "fetches its parameters"] {
        assert_eq!(statement(&report, &format!("{NOVA} {part}")).verdict, Verdict::Proved);
    }
    for definition in model.task_definitions.values() {
        for container in definition.containers.known().unwrap() {
            assert!(container.unknown.is_empty(), "{:?}", container.unknown);
        }
    }
}

/// Two versions of one stack export the same: one is taken, and that is said.
#[test]
fn two_versions_of_a_stack_are_told() {
    let names: Vec<&str> = [VARIANT].into_iter().chain(STACKS).collect();
    let Some(model) = farm(&names) else { return };
    let told: BTreeSet<&str> = model.warnings.iter().map(|warning| warning.code).collect();
    assert!(told.contains("export-twice"), "{told:?}");
    let report = report(&model);
    let [open] = findings(&report, "unauthenticated-path")[..] else { panic!("one") };
    assert!(open.title.contains(BALANCER), "{}", open.title);
}

fn our_own() -> Model {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("../aws/tests/import/fixtures/cdk");
    let names = [
        "manifest.json",
        "Net.template.json",
        "Farm.template.json",
        "FarmDataAC6D4B82.nested.template.json",
    ];
    read(&folder, &names)
}

#[test]
fn a_farm_of_cdk_is_decided() {
    let report = report(&our_own());
    let verdict = |part: &str| statement(&report, part).verdict;
    let (tools, worker) = ("Farm/ToolsServiceADB752FB", "Farm/WorkerService9FFC549A");
    assert_eq!(verdict(&format!("the internet does not reach {tools}")), Verdict::Proved);
    assert_eq!(verdict(&format!("{tools} pulls its image")), Verdict::Proved);
    assert_eq!(verdict(&format!("{tools} fetches its secrets")), Verdict::Proved);
    // A group that lets nothing out: the task gets neither its image nor its logs anywhere.
    assert_eq!(verdict(&format!("{worker} pulls its image")), Verdict::Refuted);
    assert_eq!(verdict(&format!("{worker} ships its logs")), Verdict::Refuted);
    let database = "MemoriesE52D0152 on tcp 5432, which its environment names";
    assert_eq!(verdict(database), Verdict::Proved);
    assert!(findings(&report, "egress-never-revoked").is_empty());
    let over = findings(&report, "no-endpoint-for-service");
    let titles: Vec<&str> = over.iter().map(|finding| finding.title.as_str()).collect();
    assert!(titles.iter().all(|title| !title.contains("ecr.")), "{titles:?}");
    assert!(
        titles.iter().any(|title| {
            title.starts_with(&format!("{tools} reaches secretsmanager over the internet"))
        }),
        "{titles:?}"
    );
}
