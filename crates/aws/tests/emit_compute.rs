//! The half of the Terraform emitter that is about tasks, databases, secrets and alarms.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use farmgate_aws::design::Design;
use farmgate_aws::emit::terraform;
use farmgate_farm::farm;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit_compute").join(name)
}

/// The module of a farm file's text.
fn module(text: &str) -> BTreeMap<String, String> {
    let farm = farm::read(text, &["listener-open-to-world"]).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(|p| format!("{p:?}")).collect();
        panic!("{}", problems.join("\n"))
    });
    terraform::module(&Design::of(&farm))
}

fn everything() -> String {
    std::fs::read_to_string(here("farm.yaml")).expect("the farm")
}

/// Writes the module of the farm file `FARM` into the folder `OUT`, for a look at it.
#[test]
#[ignore = "writes what it is told to"]
fn dump() {
    let source = std::env::var("FARM").expect("FARM");
    let out = PathBuf::from(std::env::var("OUT").expect("OUT"));
    let text = std::fs::read_to_string(source).expect("a farm file");
    std::fs::create_dir_all(&out).expect("a folder");
    for (name, text) in module(&text) {
        std::fs::write(out.join(name), text).expect("a file");
    }
}
