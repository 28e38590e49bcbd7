//! What the README shows is what the program prints.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

use std::path::Path;
use std::process::Command;

/// Each `<!-- output: ARGUMENTS -->` is followed by a block that the program prints, as a whole or in
/// part, when it is called so.
#[test]
fn the_outputs_in_the_readme_are_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown: Vec<&str> = readme.split("<!-- output: ").skip(1).collect();
    assert!(shown.len() >= 2);
    for part in shown {
        let (arguments, rest) = part.split_once(" -->\n```text\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_farmgate"))
            .args(arguments.split(' '))
            .args(["--color", "never"])
            .current_dir(&root)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            !shown.trim().is_empty() && printed.contains(shown.trim_end()),
            "README.md is stale; `farmgate {arguments}` prints\n{printed}"
        );
    }
}
