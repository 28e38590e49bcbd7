//! The README's example says what the program prints.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_output_in_the_readme_is_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let marker = "<!-- output: check examples/farm-with-a-hole/plan.json -->\n```text\n";
    let (_, after) = readme.split_once(marker).unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_farmgate"))
        .args(["check", "examples/farm-with-a-hole/plan.json", "--color", "never"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        !shown.trim().is_empty() && printed.starts_with(shown.trim_end()),
        "README.md is stale; the program prints\n{printed}"
    );
}
