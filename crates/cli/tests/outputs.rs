//! Reports for code scanning (SARIF) and for pull requests (Markdown), made of reports by hand and
//! of the examples.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmgate_audit::baseline;
use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Location, Report, Verdict};
use farmgate_aws::import::{Input, import};
use farmgate_cli::render::{markdown_report, sarif};
use serde_json::Value;

/// Some of everything.
fn full() -> Report {
    serde_json::from_str(include_str!("render/report.json")).unwrap()
}

/// The report of an example's plan.
fn example(name: &str) -> Report {
    let path = format!("{}/../../examples/{name}/plan.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let model = import(&[Input { name: "plan.json", bytes: &bytes }]).unwrap();
    check(&model, &Options::default()).unwrap()
}

/// The report with places, as sources with lines have them.
fn placed(mut report: Report) -> Report {
    let origins: Vec<String> =
        report.findings.iter().flat_map(|f| f.origins.iter().cloned()).collect();
    for (line, origin) in (11..).zip(origins) {
        let place = Location { file: "infra/main.tf".to_owned(), line, column: 3 };
        report.locations.insert(origin, place);
    }
    report
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// SARIF's schema, which is OASIS's and no part of the repository: where the variable says, or where
/// cargo keeps the crate that carries it.
fn schema() -> Option<PathBuf> {
    let named = std::env::var_os("FARMGATE_SARIF_SCHEMA").map(PathBuf::from);
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let crates = registries.filter_map(|registry| std::fs::read_dir(registry.path()).ok());
    let carries = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("serde-sarif-"))
    };
    let paths = crates.flatten().flatten().map(|entry| entry.path()).filter(carries);
    named.into_iter().chain(paths.map(|path| path.join("src/schema.json"))).find(|p| p.is_file())
}

/// A Python that has `jsonschema`.
fn python() -> Option<String> {
    let named = std::env::var("FARMGATE_PYTHON").ok();
    named.into_iter().chain(["python3".to_owned()]).find(|python| {
        Command::new(python)
            .args(["-c", "import jsonschema"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

#[test]
fn sarif_is_valid_against_its_schema() {
    let Some(schema) = schema() else {
        println!("skipped: SARIF's schema not found");
        return;
    };
    let Some(python) = python() else {
        println!("skipped: a Python with jsonschema not found");
        return;
    };
    let mut compared = placed(full());
    baseline::compare(&mut compared, &full());
    for report in [full(), placed(full()), compared, example("farm-with-a-hole")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sarif");
        std::fs::write(&path, sarif(&report, None).to_string()).unwrap();
        let program = "import json, sys, jsonschema\n\
                       log, schema = (json.load(open(name)) for name in sys.argv[1:])\n\
                       jsonschema.validate(log, schema)";
        let out =
            Command::new(&python).args(["-c", program]).args([&path, &schema]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn every_result_has_what_code_scanning_needs() {
    for report in [full(), placed(full()), example("farm-with-a-hole")] {
        let log = sarif(&report, None);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len(), "a rule is listed twice");
        for rule in rules {
            for text in ["/shortDescription/text", "/fullDescription/text", "/help/text"] {
                assert!(!rule.pointer(text).unwrap().as_str().unwrap().is_empty());
            }
        }
        assert!(!results(&log).is_empty());
        let mut fingerprints = BTreeSet::new();
        for result in results(&log) {
            if let Some(index) = result["ruleIndex"].as_u64() {
                assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"]);
            }
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let place = &result["locations"][0]["physicalLocation"];
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().is_empty());
            assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
            let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
            assert!(fingerprints.insert(print.to_owned()), "{print} stands for two");
        }
    }
}

#[test]
fn results_are_what_may_fail_and_what_is_accepted() {
    let report = full();
    let log = sarif(&report, None);
    let of = |state: &dyn Fn(&Value) -> bool| results(&log).iter().filter(|r| state(r)).count();
    let suppressed = of(&|r| r.get("suppressions").is_some());
    assert_eq!(suppressed, report.accepted.len());
    let statements = of(&|r| r["ruleId"].as_str().unwrap().starts_with("statement/"));
    let refuted = report.statements.iter().filter(|s| s.verdict == Verdict::Refuted).count();
    assert!(statements >= refuted && refuted > 0);
    assert_eq!(results(&log).len(), statements + report.findings.len() + suppressed);
    assert_eq!(of(&|r| r.get("baselineState").is_some()), 0, "there is no baseline");
    let justified =
        results(&log).iter().find_map(|r| r["suppressions"][0]["justification"].as_str());
    assert!(justified.unwrap().contains(&report.accepted[0].why));
}

#[test]
fn a_result_is_known_again_wherever_it_is_written() {
    let (before, moved) = (sarif(&full(), None), sarif(&placed(full()), None));
    let prints = |log: &Value| -> Vec<Value> {
        results(log).iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    assert_eq!(prints(&before), prints(&moved));
    let at = |log: &Value| {
        let finding = results(log).iter().find(|r| r["properties"].get("severity").is_some());
        finding.unwrap()["locations"][0].clone()
    };
    assert_ne!(at(&before), at(&moved));
}

#[test]
fn a_place_in_a_file_is_told_with_line_and_column() {
    let report = placed(full());
    let finding = &report.findings[0];
    let log = sarif(&report, None);
    let found = results(&log)
        .iter()
        .find(|result| {
            result["ruleId"] == finding.rule.as_str() && result.get("suppressions").is_none()
        })
        .unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/main.tf");
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(place["region"]["startColumn"], 3);
    let markdown = markdown_report(&report);
    let line = report.locations[&finding.origins[0]].line;
    assert!(markdown.contains(&format!("infra/main.tf:{line}:3")), "{markdown}");
}

#[test]
fn a_baseline_is_told_apart() {
    let (mut report, mut before) = (full(), full());
    let new = before.findings.remove(0);
    baseline::compare(&mut report, &before);
    let log = sarif(&report, None);
    let states: Vec<&str> =
        results(&log).iter().map(|r| r["baselineState"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "new").count(), 1, "{states:?}");
    let markdown = markdown_report(&report);
    assert!(markdown.contains("new findings: "), "{markdown}");
    let (open, folded) = markdown.split_once("<details>").unwrap();
    assert!(open.contains(&new.rule) && !folded.contains("#### "));
    assert!(folded.contains("Known from the baseline"), "{folded}");
}

#[test]
fn markdown_of_a_whole_report() {
    insta::assert_snapshot!(markdown_report(&placed(full())));
}

#[test]
fn names_from_files_stay_names() {
    let mut report = full();
    let evil = "aws_lb.x[\"</details><script>|`@org/all`|[a](https://e.example)\"]";
    for finding in &mut report.findings {
        finding.origins = vec![evil.to_owned()];
        finding.title = format!("{evil} is open");
    }
    for statement in &mut report.statements {
        statement.text = format!("`{evil}` is closed");
    }
    let markdown = markdown_report(&report);
    assert!(!markdown.contains("<script"), "{markdown}");
    assert!(!markdown.replace("\\]", "").contains("](https://e.example"), "{markdown}");
    let opened = markdown.matches("<details>").count();
    assert_eq!(markdown.matches("</details>").count(), opened);
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        // A cell ends at a bar that nothing escapes.
        let bars = row.replace("\\|", "").matches('|').count();
        assert!(bars == 3 || bars == 5 || bars == 6, "{row}");
    }
}

#[test]
fn a_comment_is_never_too_long() {
    let mut report = full();
    let many = report.findings[0].clone();
    for number in 0..3000 {
        let mut finding = many.clone();
        finding.origins = vec![format!("module.m[{number}].aws_security_group.g")];
        report.findings.push(finding);
    }
    let markdown = markdown_report(&report);
    assert!(markdown.len() <= 65_536);
    assert!(markdown.contains("lines are left out"), "it says that something is missing");
}

#[test]
fn files_below_the_folder_are_named_from_it() {
    let mut report = full();
    report.sources[0].name = "/repo/infra/plan.json".to_owned();
    let log = sarif(&report, Some(Path::new("/repo")));
    let uri = &log["runs"][0]["artifacts"][0]["location"]["uri"];
    assert_eq!(uri, "infra/plan.json");
}
