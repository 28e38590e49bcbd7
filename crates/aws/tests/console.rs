//! Asks a real `terraform console` for what the table of `src/import/source/tests` says of it.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test")]

use std::io::Write as _;
use std::process::{Command, Stdio};

/// One of how many lines is asked: a run takes a third of a second.
const EVERY: usize = 8;

#[test]
fn the_table_says_what_terraform_says() {
    let terraform = std::env::var("FARMGATE_TERRAFORM").unwrap_or_else(|_| "terraform".to_owned());
    if Command::new(&terraform).arg("version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: terraform not found");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let table = include_str!("../src/import/source/tests/console.txt");
    for line in table.lines().step_by(EVERY) {
        let (at, _) = line.match_indices(" => ").last().expect("an answer");
        let mut asked = Command::new(&terraform)
            .arg("console")
            .current_dir(folder.path())
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("terraform");
        let question = format!("jsonencode({})\n", &line[..at]);
        let mut input = asked.stdin.take().expect("an input");
        input.write_all(question.as_bytes()).expect("a question");
        drop(input);
        let answer = asked.wait_with_output().expect("an answer").stdout;
        let answer: String = serde_json::from_slice(&answer).expect("a text");
        assert_eq!(answer, line[at + 4..], "{}", &line[..at]);
    }
}
