//! The binary, run as people run it: exit codes, what is said on wrong inputs, stale pages.
//!
//! Verdicts and findings are the libraries' business; only plumbing is tested here.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use farmgate_audit::report::{Report, VERSION};

/// Runs farmgate in an empty folder of its own.
fn farmgate(name: &str, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = command(name, args).spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("stdin is piped");
    // The program may end without reading; that is what some of these tests are about.
    let _ = input.write_all(stdin);
    drop(input);
    child.wait_with_output().expect("the binary ends")
}

fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command
        .args(args)
        .current_dir(folder(name))
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[track_caller]
fn fails(output: &Output, code: i32, said: &[&str]) {
    let err = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{err}");
    assert!(output.stdout.is_empty(), "{}", stdout(output));
    for words in said {
        assert!(err.contains(words), "`{words}` isn't in:\n{err}");
    }
}

// === The environment ===

#[test]
fn every_file_that_cannot_be_read_is_told() {
    let args = ["check", "no.json", "nor-this.json", "--expect", "e.yaml", "--baseline", "b.json"];
    let output = farmgate("missing", &args, b"");
    let each = ["no.json", "nor-this.json", "e.yaml", "b.json"]
        .map(|name| format!("error[cannot-read]: {name}: there is no such file"));
    fails(&output, 3, &each.each_ref().map(String::as_str));
}

#[test]
fn a_folder_without_a_source_is_no_input() {
    let said = "error[no-sources]: .: nothing in this folder is a source";
    fails(&farmgate("directory", &["check", "."], b""), 2, &[said]);
}

#[test]
fn a_folder_of_terraform_is_told_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("live/prod");
    std::fs::create_dir_all(&root).expect("made");
    std::fs::write(root.join("main.tf"), "").expect("written");
    let path = folder.path().to_string_lossy().into_owned();
    let said = format!("error[terraform-source]: {path}: this folder holds Terraform's source");
    let help = format!("`farmgate check {path}/live/prod/plan.json --source {path}/live/prod`");
    fails(&farmgate("terraform", &["check", &path], b""), 2, &[&said, &help]);
}

/// What is proved without a part of the sources is proved of something else.
#[test]
fn a_broken_source_in_a_folder_is_no_mere_other_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_string_lossy().into_owned();
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("vpcs.json", r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#);
    write("tsconfig.json", "{ // comments\n }");
    write("package.json", r#"{"name": "x"}"#);
    write("empty.json", "");
    let output = farmgate("folder", &["check", &path], b"");
    let out = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{out}{}", stderr(&output));
    assert!(out.contains("3 files of"), "{out}");
    for (name, text, code) in [
        ("groups.json", r#"{"SecurityGroups": [{"GroupId": "#, "truncated-json"),
        (
            "stack.json",
            r#"{"Description": "x", "AWSTemplateFormatVersion": "2010-09-09", }"#,
            "not-json",
        ),
        (
            "plan.json",
            r#"{"format_version": "1.2", "errored": true, "planned_values": {}}"#,
            "plan-errored",
        ),
        (
            "terraform.json",
            r#"{"version": 3, "terraform_version": "0.11", "serial": 1, "lineage": "x"}"#,
            "state-version",
        ),
        ("subnets.yaml", "Subnets:\n- SubnetId: subnet-1\n", "aws-output"),
    ] {
        write(name, text);
        let said = format!("error[{code}]: {path}/{name}: ");
        fails(&farmgate("folder", &["check", &path], b""), 2, &[&said]);
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
}

#[test]
fn an_acceptance_file_that_is_named_must_be_there() {
    let output = farmgate("accept", &["check", "-", "--accept", "a.yaml"], b"");
    fails(&output, 3, &["error[cannot-read]: a.yaml"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for args in [&["schema", "report"][..], &["docs", "cli"], &["rules"], &["--help"]] {
        let mut child = command("pipe", args).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut err).expect("UTF-8");
        let status = child.wait().expect("the binary ends");
        assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = command("full", &["schema", "report"]).stdout(full).output().expect("it runs");
    fails(&output, 3, &["error[cannot-write]"]);
}

// === Wrong inputs ===

#[test]
fn an_empty_input_is_wrong() {
    fails(&farmgate("empty", &["check", "-"], b""), 2, &["error[", "standard input: "]);
}

#[test]
fn every_wrong_input_is_told_at_once() {
    let folder = folder("wrong");
    fs::write(folder.join("plan.json"), "not JSON").expect("written");
    fs::write(folder.join("before.json"), r#"{"version": 99}"#).expect("written");
    fs::write(folder.join("expect.yaml"), b"\xff\xfe").expect("written");
    let args = ["check", "plan.json", "--baseline", "before.json", "--expect", "expect.yaml"];
    fails(
        &farmgate("wrong", &args, b""),
        2,
        &[
            "]: plan.json: ",
            "error[baseline-version]: before.json: a report of version 99",
            "help: make a new one",
            "error[not-utf-8]: expect.yaml: ",
        ],
    );
}

#[test]
fn the_standard_input_is_read_once() {
    fails(&farmgate("twice", &["check", "-", "-"], b"{}"), 2, &["error[stdin-twice]"]);
}

#[test]
fn explain_needs_a_file_and_two_words() {
    let output = farmgate("few", &["explain", "plan.json", "internet"], b"");
    fails(&output, 2, &["3", "farmgate explain [OPTIONS] <FILE>... <FROM> <TO>"]);
}

#[test]
fn explain_says_which_words_are_files() {
    let output = farmgate("many", &["explain", "internet", "the", "vpc"], b"");
    fails(&output, 3, &["internet: there is no such file", "help: the last two words are"]);
}

#[test]
fn an_unknown_rule_is_answered_with_the_nearest() {
    let output = farmgate("rule", &["rules", "port-mismatched"], b"");
    fails(&output, 2, &["error[unknown-rule]", "did you mean `port-mismatch`?"]);
}

#[test]
fn colours_are_for_those_who_want_them() {
    for (args, coloured) in [
        (&["rules"][..], false),
        (&["rules", "--color", "always"], true),
        (&["rules", "--color", "never"], false),
    ] {
        let output = farmgate("colour", args, b"");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(stdout(&output).contains('\u{1b}'), coloured, "{args:?}");
    }
    let forced = command("colour", &["rules"]).env("CLICOLOR_FORCE", "1").output().expect("runs");
    assert!(stdout(&forced).contains('\u{1b}'));
}

// === Rules ===

#[test]
fn every_rule_of_the_table_has_a_page() {
    let table = stdout(&farmgate("rules", &["rules"], b""));
    assert!(!table.is_empty());
    // A long title goes on in lines that begin with blanks.
    for line in table.lines().filter(|line| !line.starts_with(' ')) {
        let id = line.split_whitespace().next().expect("a line has an id");
        let page = farmgate("rules", &["rules", id], b"");
        assert!(stdout(&page).contains(id), "{id}");
    }
}

// === Committed pages ===

/// Compares a page that is made from the program with the committed one.
#[track_caller]
fn is_fresh(args: &[&str], file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let made = stdout(&farmgate("docs", args, b""));
    let args = args.join(" ");
    assert!(
        committed == made,
        "{file} is stale; refresh it with: cargo run -p farmgate -- {args} > {file}"
    );
}

#[test]
fn docs_cli_is_fresh() {
    is_fresh(&["docs", "cli"], "docs/cli.md");
}

#[test]
fn docs_rules_is_fresh() {
    is_fresh(&["docs", "rules"], "docs/rules/README.md");
}

#[test]
fn docs_report_schema_is_fresh() {
    is_fresh(&["schema", "report"], "docs/report.schema.json");
    is_fresh(&["schema", "gate"], "docs/gate.schema.json");
}

/// The example in `docs/json.md`, and the page itself.
fn json_page() -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    let page = fs::read_to_string(path).expect("docs/json.md is there");
    let example = page
        .split_once("```json\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(example, _)| example.to_owned())
        .expect("docs/json.md has an example");
    (example, page)
}

#[test]
fn the_example_in_docs_is_what_the_program_prints() {
    let (example, _) = json_page();
    let mut report: Report = serde_json::from_str(&example).expect("the example is a report");
    assert_eq!(report.version, VERSION);
    let again = serde_json::to_string_pretty(&report).expect("a report is JSON");
    assert_eq!(example.trim_end(), again);
    let totals = report.totals.clone();
    report.recount();
    assert_eq!(report.totals, totals);
}

#[test]
fn every_field_of_the_schema_is_in_docs() {
    let schema = stdout(&farmgate("schema", &["schema", "report"], b""));
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let (_, page) = json_page();
    let mut types = vec![&schema];
    types.extend(schema["$defs"].as_object().expect("definitions").values());
    let mut fields = 0;
    for field in types.iter().filter_map(|t| t["properties"].as_object()).flat_map(|p| p.keys()) {
        fields += 1;
        assert!(page.contains(&format!("`{field}`")), "docs/json.md doesn't say what `{field}` is");
    }
    assert!(fields > 30, "the schema has fields");
}
