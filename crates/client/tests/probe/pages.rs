//! Every control has its page, and every page its control; the list of them is made from the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use farmgate_client::probe::{catalogue, index};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls")
}

#[test]
fn every_control_has_its_page_and_every_page_its_control() {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let pages: BTreeSet<String> = names
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".md")?.to_owned()))
        .filter(|name| name != "README")
        .collect();
    let controls: BTreeSet<String> = catalogue().map(|control| control.id.to_owned()).collect();
    assert_eq!(pages, controls);
    for control in catalogue() {
        let begin = format!("# {}\n\n", control.id);
        assert!(control.page.starts_with(&begin), "{}", control.id);
        for part in
            ["## What is sent", "## Held, failed", "## How to mend it", "## Where it comes from"]
        {
            assert!(control.page.contains(part), "{}: {part}", control.id);
        }
    }
}

#[test]
fn the_list_of_the_controls_is_fresh() {
    let file = folder().join("README.md");
    if std::env::var_os("FARMGATE_BLESS").is_some() {
        fs::write(&file, index()).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == index(), "docs/controls/README.md is stale: run this with FARMGATE_BLESS=1");
}
