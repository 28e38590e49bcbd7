//! Writing a generated module to a folder: all or nothing, and never over a person's changes.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use farmgate_cli::build::folder::{self, MANIFEST, Written};
use farmgate_cli::exit::Exit;
use farmgate_cli::problem::Problem;

fn module(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn read(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

/// Code and file of each problem.
fn refusals(folder: &Path, files: &BTreeMap<String, String>) -> Vec<String> {
    let failure = folder::write(folder, files, false).unwrap_err();
    assert_eq!(failure.exit, Exit::BadInput);
    let problems = failure.problems.iter().map(|problem| match problem {
        Problem::Plain { code, file, .. } => {
            let file = file.as_deref().unwrap_or_default();
            format!("{code} {}", file.rsplit('/').next().unwrap_or_default())
        }
        Problem::Rendered(text) => text.clone(),
    });
    problems.collect()
}

#[test]
fn a_module_is_written_once_and_then_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("deep/out");
    let files = module(&[("a.tf", "a\n"), ("b.tf", "b\n")]);
    let first = folder::write(&folder, &files, false).unwrap();
    assert_eq!(first, Written { written: 2, ..Written::default() });
    assert_eq!(read(&folder, "a.tf").as_deref(), Some("a\n"));
    let times = |name: &str| fs::metadata(folder.join(name)).unwrap().modified().unwrap();
    let before = (times("a.tf"), times(MANIFEST));
    let second = folder::write(&folder, &files, false).unwrap();
    assert_eq!((second.written, second.unchanged, second.removed), (0, 2, 0));
    assert_eq!(before, (times("a.tf"), times(MANIFEST)));
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no temporary file is left: {names:?}");
}

#[test]
fn what_the_farm_no_longer_needs_is_removed_and_the_persons_own_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    folder::write(folder, &module(&[("a.tf", "a"), ("b.tf", "b")]), false).unwrap();
    fs::write(folder.join("backend.tf"), "mine").unwrap();
    let done = folder::write(folder, &module(&[("a.tf", "a2")]), false).unwrap();
    assert_eq!((done.written, done.removed), (1, 1));
    assert_eq!(read(folder, "a.tf").as_deref(), Some("a2"));
    assert_eq!(read(folder, "b.tf"), None);
    assert_eq!(read(folder, "backend.tf").as_deref(), Some("mine"));
}

#[test]
fn changes_by_hand_are_refused_all_at_once_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let old = module(&[("a.tf", "a"), ("b.tf", "b"), ("c.tf", "c")]);
    folder::write(folder, &old, false).unwrap();
    fs::write(folder.join("a.tf"), "by hand").unwrap();
    fs::write(folder.join("b.tf"), "by hand").unwrap();
    fs::write(folder.join("d.tf"), "mine").unwrap();
    // `b.tf` would be removed, `d.tf` is nobody's but the person's.
    let new = module(&[("a.tf", "a"), ("c.tf", "c2"), ("d.tf", "d")]);
    let expected = ["changed-by-hand a.tf", "changed-by-hand b.tf", "changed-by-hand d.tf"];
    assert_eq!(refusals(folder, &new), expected);
    assert_eq!(read(folder, "c.tf").as_deref(), Some("c"));
    assert_eq!(read(folder, "a.tf").as_deref(), Some("by hand"));
    let done = folder::write(folder, &new, true).unwrap();
    assert_eq!((done.written, done.removed), (3, 1));
    assert_eq!(read(folder, "d.tf").as_deref(), Some("d"));
}

#[test]
fn a_list_that_leads_out_of_the_folder_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("out");
    fs::create_dir(&folder).unwrap();
    fs::write(root.path().join("victim"), "x").unwrap();
    let list = r#"{"version":1,"farmgate":"0","files":{"../victim":"00"}}"#;
    fs::write(folder.join(MANIFEST), list).unwrap();
    let files = module(&[("a.tf", "a")]);
    assert_eq!(refusals(&folder, &files), [format!("bad-manifest {MANIFEST}")]);
    folder::write(&folder, &files, true).unwrap();
    assert_eq!(read(root.path(), "victim").as_deref(), Some("x"));
}
