//! Every rule against one clean example: nothing is found in it, and one mutation per rule yields
//! exactly that rule's finding.
//!
//! `cases/<rule>/mutation.json` says what is changed in `examples/clean-farm/plan.json` (see
//! `cases/mutation.rs`), `cases/<rule>/expected.txt` what is found then, one line a finding:
//! severity, rule, origins. Statements may be refuted as well. `UPDATE_CASES=1` writes what is
//! found, `DUMP_CASES=FOLDER` the mutated plans.

#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clean::{clean, findings, here, report};
use farmgate_audit::report::Verdict;
use farmgate_audit::rules::catalogue;
use mutation::Mutation;

/// What a rule's case yields instead of what it should, if it does.
fn failure(rule: &str, update: bool) -> Result<(), String> {
    let folder = here("tests/cases").join(rule);
    let text = std::fs::read_to_string(folder.join("mutation.json"))
        .map_err(|error| format!("no mutation.json: {error}"))?;
    let mutation: Mutation =
        serde_json::from_str(&text).map_err(|error| format!("mutation.json: {error}"))?;
    let mut plan = clean();
    mutation.apply(&mut plan)?;
    if let Some(dump) = std::env::var_os("DUMP_CASES") {
        let path = Path::new(&dump).join(format!("{rule}.json"));
        std::fs::write(path, plan.to_string()).map_err(|error| error.to_string())?;
    }
    let found = findings(&report(&plan)?);
    if update {
        std::fs::write(folder.join("expected.txt"), &found).map_err(|error| error.to_string())?;
    }
    let expected = std::fs::read_to_string(folder.join("expected.txt"))
        .map_err(|error| format!("no expected.txt: {error}\nfound:\n{found}"))?;
    let of_rule = |line: &str| line.split(' ').nth(1) == Some(rule);
    if found.lines().count() != 1 || !found.lines().all(of_rule) {
        return Err(format!("not exactly one finding of the rule:\n{found}"));
    }
    if found != expected {
        return Err(format!("expected:\n{expected}found:\n{found}"));
    }
    Ok(())
}

#[test]
fn the_clean_example_is_clean() {
    let report = report(&clean()).expect("a report");
    let findings = findings(&report);
    assert!(findings.is_empty(), "found in the clean example:\n{findings}");
    let refuted = report.statements.iter().filter(|s| s.verdict == Verdict::Refuted);
    let refuted: Vec<&str> = refuted.map(|statement| statement.id.as_str()).collect();
    assert!(refuted.is_empty(), "refuted in the clean example: {refuted:#?}");
}

#[test]
fn each_rule_finds_its_mutation() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut failures = String::new();
    for rule in catalogue() {
        if let Err(failure) = failure(rule.id, update) {
            let _ = writeln!(failures, "--- {}: {failure}", rule.id);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn each_folder_is_a_rules() {
    let rules: BTreeSet<String> = catalogue().map(|rule| rule.id.to_owned()).collect();
    let entries = std::fs::read_dir(here("tests/cases")).expect("the cases");
    let folders: BTreeSet<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, rules, "one folder in tests/cases for each rule");
}
