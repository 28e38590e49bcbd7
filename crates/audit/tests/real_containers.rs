//! What the rules of containers, images, logs and secrets say of the MCP farm's templates and of
//! Mem-Brain's descriptions, where the real inputs are at hand: `FARMGATE_REAL_INPUTS` names their
//! folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::path::PathBuf;

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Finding, Report, Severity};
use farmgate_aws::import::{Input, import};

/// The report on these files of a folder of the real inputs, joined.
fn report(folder: &str, files: &[&str]) -> Option<Report> {
    let Some(root) = std::env::var_os("FARMGATE_REAL_INPUTS").filter(|it| !it.is_empty()) else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return None;
    };
    let folder = PathBuf::from(root).join(folder);
    let read = |name: &&str| std::fs::read(folder.join(name)).unwrap();
    let bytes: Vec<Vec<u8>> = files.iter().map(read).collect();
    let pairs = files.iter().zip(&bytes);
    let inputs: Vec<Input<'_>> = pairs.map(|(name, bytes)| Input { name, bytes }).collect();
    let model = import(&inputs).unwrap();
    Some(check(&model, &Options::default()).unwrap())
}

fn farm() -> Option<Report> {
    let files = [
        "ChatbotStack.template.json",
        "McpFarmAlbStack.template.json",
        "nova-act-mcp-fargate.template.json",
        "python-mcp-fargate.template.json",
    ];
    report("mcp-farm", &files)
}

fn of<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn origins<'r>(report: &'r Report, rule: &str) -> Vec<&'r str> {
    of(report, rule).into_iter().flat_map(|it| &it.origins).map(String::as_str).collect()
}

/// Defect 33.
#[test]
fn the_api_key_is_plain_text_in_the_template() {
    let Some(report) = farm() else { return };
    let found = of(&report, "plaintext-parameter");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].severity, Severity::High);
    assert_eq!(found[0].origins, ["nova-act-mcp-fargate/NovaActApiKeyParameter0F18F0EA"]);
    assert!(found[0].title.contains("`NOVA_ACT_API_KEY`"), "{}", found[0].title);
    assert!(found[0].title.contains("its value is written in the source"), "{}", found[0].title);
    // Neither is the value, a placeholder, told.
    assert!(!serde_json::to_string(&report).unwrap().contains("your_nova_act_api_key_here"));
}

/// Defect 34.
#[test]
fn what_is_scanned_isnt_what_runs() {
    let Some(report) = farm() else { return };
    assert_eq!(
        origins(&report, "repository-unused"),
        [
            "nova-act-mcp-fargate/NovaActMcpRepository9CCDF80C",
            "python-mcp-fargate/PythonMcpRepository89AAFD6A",
        ]
    );
    let found = of(&report, "image-not-scanned");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].title.contains("cdk-hnb659fds-container-assets-"), "{}", found[0].title);
    assert!(found[0].title.contains("NovaActMcpService95221EB2"), "{}", found[0].title);
}

/// Defect 35.
#[test]
fn the_log_group_for_access_logs_receives_nothing() {
    let Some(report) = farm() else { return };
    let found = origins(&report, "log-group-unused");
    assert_eq!(found, ["McpFarmAlbStack/McpFarmAlbLogGroupE4474AD9"]);
    let clusters = [
        "ChatbotStack/ChatbotClusterC48598AB",
        "nova-act-mcp-fargate/NovaActMcpClusterDF34ADA2",
        "python-mcp-fargate/PythonMcpClusterE6BB497D",
    ];
    assert_eq!(origins(&report, "container-insights-off"), clusters);
}

/// Defect 40.
#[test]
fn no_user_and_no_read_only_root() {
    let Some(report) = farm() else { return };
    let definitions = [
        "ChatbotStack/ChatbotBackendTaskDef3CD684C8",
        "ChatbotStack/ChatbotFrontendTaskDef0ABBC569",
        "nova-act-mcp-fargate/NovaActMcpTaskDefinitionBA017871",
        "python-mcp-fargate/PythonMcpTaskDefinitionACE44CFA",
    ];
    assert_eq!(origins(&report, "writable-root-filesystem"), definitions);
    assert_eq!(origins(&report, "root-user"), definitions);
    assert!(of(&report, "root-user").iter().all(|it| it.severity == Severity::Info));
}

#[test]
fn nothing_is_found_that_isnt_there() {
    let Some(report) = farm() else { return };
    // The chatbot's two images are `latest`; the CDK's are named by what they hold.
    assert_eq!(
        origins(&report, "mutable-image-tag"),
        [
            "ChatbotStack/ChatbotBackendTaskDef3CD684C8",
            "ChatbotStack/ChatbotFrontendTaskDef0ABBC569",
        ]
    );
    assert_eq!(
        origins(&report, "log-group-without-retention"),
        [
            "ChatbotStack/ChatbotBackendTaskDefChatbotBackendContainerLogGroupE159F3A0",
            "ChatbotStack/ChatbotFrontendTaskDefChatbotFrontendContainerLogGroup23F67E4E",
        ]
    );
    for rule in [
        "secret-in-environment",
        "secret-without-rotation",
        "privileged-container",
        "stdio-without-bridge",
        "health-check-ignored",
        "dead-configuration",
    ] {
        assert_eq!(of(&report, rule).len(), 0, "{:#?}", of(&report, rule));
    }
}
