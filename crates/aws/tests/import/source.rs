//! Terraform's source beside a plan: what it settles, where everything is written, and that what it
//! evaluates is what the plan knows.

use std::fs;
use std::path::{Path, PathBuf};

use farmgate_aws::import::{Input, Settings, import, import_with};
use farmgate_aws::model::{Model, Origin};

/// The files of a folder, by their paths in it.
fn files(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let own = path.file_name().expect("a name").to_string_lossy().into_owned();
        let name = if below.is_empty() { own.clone() } else { format!("{below}/{own}") };
        if path.is_dir() {
            files(&path, &name, found);
        } else if !own.ends_with(".tfstate") {
            found.push((name, fs::read(&path).expect("a file")));
        }
    }
}

fn example(name: &str) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let mut found = Vec::new();
    files(&folder, "", &mut found);
    (fs::read(folder.join("plan.json")).expect("a plan"), found)
}

fn with(plan: &[u8], source: &[(String, Vec<u8>)]) -> Model {
    let source: Vec<Input<'_>> = source.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    import_with(&[Input { name: "plan.json", bytes: plan }], &Settings { source: &source })
        .expect("a model")
}

fn without(plan: &[u8]) -> Model {
    import(&[Input { name: "plan.json", bytes: plan }]).expect("a model")
}

/// How many values of a model are assumed.
fn assumed(model: &Model) -> usize {
    let text = format!("{model:?}");
    text.matches("Assumed(").count() + text.matches("assumed: Some(").count()
}

#[test]
fn examples_have_no_assumption_left() {
    for name in ["farm-with-a-hole", "gated-farm", "clean-farm"] {
        let (plan, source) = example(name);
        let (before, after) = (without(&plan), with(&plan, &source));
        println!("{name}: {} assumed, {} with the source", assumed(&before), assumed(&after));
        println!("{:?}", after.warnings);
        let text = format!("{after:#?}");
        for line in text.lines().filter(|line| {
            line.contains("its expression names") || line.contains("would look the same")
        }) {
            println!("{line}");
        }
    }
}
