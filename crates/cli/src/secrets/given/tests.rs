//! What `farm.secrets` and the environment give, and what is said of what they don't.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::exit::Exit;

fn secret(text: &str) -> SecretRef {
    SecretRef::parse(text).map_err(|bad| bad.title).expect("a reference")
}

/// What a file of this text gives.
fn given(text: &str) -> Result<Given, Failure> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("farm.secrets");
    fs::write(&file, text).expect("written");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("changed");
    Given::read(&file)
}

/// Every problem of a file, as it is printed.
fn said(text: &str) -> String {
    let failure = given(text).map(drop).expect_err("refused");
    assert_eq!(failure.exit, Exit::BadInput);
    failure.problems.iter().map(Problem::render).collect()
}

#[track_caller]
fn gives(given: &Given, reference: &str, value: &str) {
    let found = given.secret(&secret(reference)).expect("given");
    assert_eq!(found.expose_secret(), value, "{reference}");
}

#[test]
fn references_are_answered_from_the_file() {
    let text = r#"
# What the farm's servers need on this machine.
"secretsmanager:tools/nova-act": "plain"
"secretsmanager:tools/nova-act#api_key": "of a key"
secretsmanager:tools/json: '{"user": "me", "port": 5432, "nested": {"a": 1}, "empty": ""}'
"ssm:/tools/token": |-
  two
  lines
"databases.memories#password": "hunter2"
"#;
    let given = given(text).unwrap();
    gives(&given, "secretsmanager:tools/nova-act", "plain");
    gives(&given, "secretsmanager:tools/nova-act#api_key", "of a key");
    gives(&given, "secretsmanager:tools/json#user", "me");
    gives(&given, "secretsmanager:tools/json#port", "5432");
    gives(&given, "ssm:/tools/token", "two\nlines");
    gives(&given, "databases.memories#password", "hunter2");
    for (reference, words) in [
        ("secretsmanager:tools/other", "is not given on this machine"),
        ("secretsmanager:tools/other#key", "is not given on this machine"),
        ("secretsmanager:tools/json#nobody", "has no text under its key"),
        ("secretsmanager:tools/json#nested", "has no text under its key"),
        ("secretsmanager:tools/json#empty", "is empty"),
        ("secretsmanager:tools/nova-act#user", "is no JSON object"),
    ] {
        let missing = given.secret(&secret(reference)).map(drop).unwrap_err();
        let said = format!("{missing} {}", missing.help());
        assert!(said.contains(words) && said.contains(reference), "{said}");
    }
    assert!(!format!("{given:?}").contains("hunter2"));
}

#[test]
fn a_file_that_is_not_there_or_holds_comments_gives_nothing() {
    for text in ["", "\n", "# nothing yet\n\n   # nothing\n"] {
        let given = given(text).map_err(|failure| failure.problems).unwrap();
        assert!(given.secret(&secret("ssm:/a")).is_err());
    }
    let folder = tempfile::tempdir().expect("a folder");
    assert!(Given::read(&folder.path().join("farm.secrets")).is_ok());
}

/// No mistake makes a value appear.
#[test]
fn what_is_wrong_is_told_with_its_place_and_without_values() {
    for (text, places) in [
        ("\"ssm:/a\": hunter2: hunter2\n", &[":1:18", "a `:` is not expected here"][..]),
        ("\"ssm:/a\": 271828\n", &[":1:11", "expected a text, found a number", "in quotes"]),
        ("\"ssm:/a\": [hunter2]\n", &[":1:11", "expected a text, found a list"]),
        ("\"ssm:/a\": { hunter2: 1 }\n", &[":1:11", "expected a text, found a mapping"]),
        ("\"ssm:/a\":\n", &["expected a text, found nothing"]),
        ("\"ssm:/a\": \"hunter2\n", &["a text in quotes is not closed"]),
        ("\"ssm:/a\": *hunter2\n", &[":1:11", "error[alias]"]),
        ("\"ssm:/a\": &hunter2 x\n", &["error[anchor]"]),
        ("\"ssm:/a\": !hunter2 x\n", &["error["]),
        ("\"ssm:/a\": \"\\hunter2\"\n", &["the escape is not known"]),
        ("\"ssm:/a\": \"hunter2\"\n\"ssm:/a\": \"hunter2\"\n", &[":2:1", "error[duplicate-key]"]),
        ("\"ssm:/a\": \"hunter2\"\n\tx: hunter2\n", &["error[tab]"]),
        ("hunter2: \"ssm:/a\"\n", &[":1:1", "error[not-a-reference]"]),
        ("hunter2hunter2\n", &[":1:1", "expected a mapping"]),
        ("- hunter2\n", &[":1:1", "expected a mapping"]),
        ("secretmanager:hunter2: hunter2\n", &[":1:1", "error[not-a-reference]"]),
        ("\"ssm:/a\": \"hunter2\"\n---\n\"ssm:/b\": \"hunter2\"\n", &["error["]),
        ("%hunter2\n", &["error["]),
        ("\"ssm:/a\": `hunter2\n", &["error["]),
        ("? hunter2\n: hunter2\n", &["error["]),
    ] {
        let said = said(text);
        assert!(said.contains("farm.secrets:"), "{text}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("271828"), "{text}: {said}");
        for place in places {
            assert!(said.contains(place), "{text}: {place}: {said}");
        }
    }
}

#[test]
fn all_problems_come_at_once() {
    let said = said("a: \"1\"\n\"ssm:/a\": 1\nb: \"2\"\n");
    assert_eq!(said.matches("farm.secrets:").count(), 3, "{said}");
}

#[test]
fn all_missing_secrets_come_at_once() {
    let given = given("\"ssm:/a\": \"x\"\n").unwrap();
    let wanted = ["ssm:/a", "ssm:/b", "secretsmanager:c#d", "ssm:/b"].map(secret);
    let failure = given.secrets(&wanted).map(drop).unwrap_err();
    assert_eq!(failure.exit, Exit::BadInput);
    let said: String = failure.problems.iter().map(Problem::render).collect();
    for words in [
        "`ssm:/b` is not given",
        "\"ssm:/b\": \"...\"",
        "or set FARMGATE_SECRET_SSM__B",
        "`secretsmanager:c#d` is not given",
        "or set FARMGATE_SECRET_SECRETSMANAGER_C_D",
        "farm.secrets (chmod 600)",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let values = given.secrets(&[secret("ssm:/a")]).unwrap();
    assert_eq!(values.len(), 1);
}

#[test]
fn variables_are_named_after_references() {
    for (reference, name) in [
        ("secretsmanager:nova-act#api_key", "FARMGATE_SECRET_SECRETSMANAGER_NOVA_ACT_API_KEY"),
        ("ssm:/nova-act-mcp/api-key", "FARMGATE_SECRET_SSM__NOVA_ACT_MCP_API_KEY"),
        ("databases.memories#password", "FARMGATE_SECRET_DATABASES_MEMORIES_PASSWORD"),
    ] {
        assert_eq!(variable(&secret(reference)), name);
    }
}

/// An environment with two secrets.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "FARMGATE_SECRET_SSM__A_B" => "of the environment",
        "FARMGATE_SECRET_SECRETSMANAGER_JSON" => r#"{"user":"me"}"#,
        _ => return None,
    };
    Some(value.to_owned())
}

#[test]
fn the_environment_answers_what_the_file_does_not() {
    let from_file = given("\"ssm:/a/b\": \"of the file\"\n").unwrap();
    gives(&Given { environment, ..from_file }, "ssm:/a/b", "of the file");
    let given = Given { environment, ..given("").unwrap() };
    gives(&given, "ssm:/a/b", "of the environment");
    gives(&given, "secretsmanager:json#user", "me");
    assert!(given.secret(&secret("secretsmanager:json#password")).is_err());
}

#[test]
fn one_variable_does_not_answer_two_references() {
    let given = Given { environment, ..given("").unwrap() };
    let both = ["ssm:/a/b", "ssm:/a-b"].map(secret);
    let failure = given.secrets(&both).map(drop).unwrap_err();
    let said: String = failure.problems.iter().map(Problem::render).collect();
    assert!(said.contains("would answer both `ssm:/a/b` and `ssm:/a-b`"), "{said}");
    assert_eq!(given.secrets(&both[..1]).map(|values| values.len()).unwrap(), 1);
}

#[test]
fn what_others_can_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("farm.secrets");
    fs::write(&file, "\"ssm:/a\": \"hunter2\"\n").expect("written");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("changed");
        let failure = Given::read(&file).map(drop).unwrap_err();
        assert_eq!(failure.exit, Exit::Environment);
        let said = failure.problems[0].render();
        assert!(said.contains(&format!("mode {mode:04o}")), "{said}");
        assert!(said.contains("chmod 600 "), "{said}");
    }
    fs::set_permissions(&file, Permissions::from_mode(0o400)).expect("changed");
    gives(&Given::read(&file).unwrap(), "ssm:/a", "hunter2");
}
