//! `docs/diagnostics.md`: a section for each code that the sources use, with an example that is
//! really said; and a case for each code.
//!
//! `FARMGATE_BLESS=1 cargo test -p farmgate-farm` takes fresh examples from the cases.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Codes whose cases aren't in `tests/cases`, and where they are.
const ELSEWHERE: [(&str, &str); 7] = [
    ("bad-json", "tests/carry.rs"),
    ("more-problems", "tests/farm.rs"),
    ("no-match", "tests/expect.rs"),
    ("nothing-in-layer", "tests/layers.rs"),
    ("nothing-to-carry", "tests/carry.rs"),
    ("too-large", "tests/yaml.rs"),
    ("too-many", "tests/farm.rs"),
];

/// What is before a code in the sources.
const BEFORE: [&str; 5] = [
    "Diagnostic::error(",
    "Diagnostic::warning(",
    "Bad::new(",
    "code: ",
    "NOT_A_REFERENCE: &str = ",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|it| it == "rs") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// All codes that the sources use.
fn codes() -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    let mut codes = BTreeSet::new();
    for text in &texts {
        for before in BEFORE {
            for (at, _) in text.match_indices(before) {
                let rest = text[at + before.len()..].trim_start();
                let Some(code) = rest.strip_prefix('"').and_then(|it| it.split('"').next()) else {
                    continue;
                };
                if !code.is_empty() {
                    codes.insert(code.to_owned());
                }
            }
        }
    }
    assert!(codes.len() > 80, "{codes:?}");
    codes
}

/// What is said in the cases, by code, shortest first.
fn said() -> BTreeMap<String, Vec<String>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "txt") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for drawn in text.split("\nerror[").skip(1) {
            let code = drawn.split(']').next().unwrap().to_owned();
            said.entry(code).or_default().push(format!("error[{}", drawn.trim_end()));
        }
    }
    for drawn in said.values_mut() {
        drawn.sort_by_key(|it| (it.lines().map(str::len).max() > Some(110), it.len(), it.clone()));
    }
    said
}

#[test]
fn every_code_has_a_case() {
    let said = said();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let without: Vec<String> = codes()
        .into_iter()
        .filter(|code| !said.contains_key(code) && !elsewhere.contains(code.as_str()))
        .collect();
    assert!(without.is_empty(), "without a case: {without:?}");
    for (code, place) in ELSEWHERE {
        let text = fs::read_to_string(root().join(place)).unwrap();
        assert!(text.contains(code), "{place} has no case of {code}");
    }
}

#[test]
fn every_code_has_a_section_with_a_true_example() {
    let path = root().join("../../docs/diagnostics.md");
    let page = fs::read_to_string(&path).unwrap();
    let said = said();
    let mut parts = page.split("\n## ");
    let mut fresh = parts.next().unwrap().to_owned();
    let mut sections = Vec::new();
    for part in parts {
        let (code, body) = part.split_once('\n').unwrap();
        sections.push(code.to_owned());
        assert!(body.trim().len() > 40, "{code} says nothing");
        let examples = said.get(code).map(Vec::as_slice).unwrap_or_default();
        let blocks: Vec<&str> = body.split("```").collect();
        let body = match (blocks.as_slice(), examples) {
            ([before, block, after], [shortest, ..]) => {
                let shown = block.strip_prefix("text\n").unwrap().trim_end();
                let shown = examples.iter().find(|it| *it == shown).unwrap_or(shortest);
                format!("{before}```text\n{shown}\n```{after}")
            }
            ([_], []) => body.to_owned(),
            _ => panic!("{code} has no example, or one that is in no case"),
        };
        fresh.push_str(&format!("\n## {code}\n{body}"));
    }
    assert_eq!(sections, codes().into_iter().collect::<Vec<_>>());
    if std::env::var_os("FARMGATE_BLESS").is_some() {
        fs::write(path, fresh).unwrap();
    } else {
        assert!(fresh == page, "docs/diagnostics.md is stale: FARMGATE_BLESS=1 takes new examples");
    }
}
