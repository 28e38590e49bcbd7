//! What a run of the suite found, and how two runs differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The checks of a run: how often each was made with which result, by scenario.
#[derive(Debug, Default)]
pub(crate) struct Results {
    scenarios: BTreeMap<String, BTreeMap<String, Vec<Status>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Failure,
    Warning,
    Skipped,
    Info,
    Success,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    description: Option<String>,
    status: Status,
}

// === impl Results ===

impl Results {
    /// Reads the folder into which the suite wrote: a folder for each scenario, with its time at the
    /// end of its name.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut results = Self::default();
        for entry in fs::read_dir(folder).expect("the suite writes results") {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Ok(text) = fs::read_to_string(path.join("checks.json")) else { continue };
            let checks: Vec<Check> = serde_json::from_str(&text).expect("checks are JSON");
            let scenario = results.scenarios.entry(scenario(&name)).or_default();
            for check in checks {
                // Some ids stand for several checks, which differ in their words.
                let words = check.description.filter(|_| check.status != Status::Info);
                let key = format!("{} ({})", check.id, words.unwrap_or_default());
                scenario.entry(key).or_default().push(check.status);
            }
        }
        for statuses in results.scenarios.values_mut().flat_map(BTreeMap::values_mut) {
            statuses.sort_unstable();
        }
        results
    }

    /// How many checks pass, of how many.
    pub(crate) fn passed(&self) -> (usize, usize) {
        let all = || self.scenarios.values().flat_map(BTreeMap::values).flatten();
        let judged = |status: &&Status| **status != Status::Info;
        let good = all().filter(|status| **status == Status::Success).count();
        (good, all().filter(judged).count())
    }

    /// The checks that fail, of scenarios that count.
    pub(crate) fn failed(&self, counts: impl Fn(&str) -> bool) -> Vec<String> {
        let mut failed = Vec::new();
        for (scenario, checks) in self.scenarios.iter().filter(|(scenario, _)| counts(scenario)) {
            for (check, statuses) in checks {
                if statuses.contains(&Status::Failure) {
                    failed.push(format!("{scenario}: {check}"));
                }
            }
        }
        failed
    }

    /// What is otherwise in `other`, but for what is better there in scenarios where that is meant.
    pub(crate) fn differences(&self, other: &Self, better: &[&str]) -> Vec<String> {
        let mut differences = Vec::new();
        let names: BTreeSet<&String> =
            self.scenarios.keys().chain(other.scenarios.keys()).collect();
        for name in names {
            let empty = BTreeMap::new();
            let one = self.scenarios.get(name).unwrap_or(&empty);
            let two = other.scenarios.get(name).unwrap_or(&empty);
            let may_improve = better.contains(&name.as_str());
            let ids: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
            for id in ids {
                let (before, after) = (one.get(id), two.get(id));
                let improved = match (before, after) {
                    (Some(before), Some(after)) => {
                        before.len() == after.len() && before.iter().zip(after).all(|(b, a)| b <= a)
                    }
                    // A check that is only made once another passed.
                    (None, Some(after)) => !after.contains(&Status::Failure),
                    _ => false,
                };
                if before != after && !(may_improve && improved) {
                    differences.push(format!("{name}: {id}: {before:?} became {after:?}"));
                }
            }
        }
        differences
    }
}

/// `server-tools-list-2026-11-22T08-14-41-961Z` is of `tools-list`.
fn scenario(folder: &str) -> String {
    let name = folder.strip_prefix("server-").unwrap_or(folder);
    let time = "-2026-11-22T08-14-41-961Z".len();
    name.get(..name.len().saturating_sub(time)).unwrap_or(name).to_owned()
}

#[test]
fn a_lost_check_is_a_difference() {
    let read = |status| Results {
        scenarios: [("a".to_owned(), [("x".to_owned(), vec![status])].into())].into(),
    };
    let (good, bad) = (read(Status::Success), read(Status::Failure));
    assert!(good.differences(&read(Status::Success), &[]).is_empty());
    assert_eq!(good.differences(&bad, &["a"]).len(), 1, "worse is never meant");
    assert_eq!(bad.differences(&good, &[]).len(), 1, "better has to be meant");
    assert!(bad.differences(&good, &["a"]).is_empty());
    assert_eq!(good.differences(&Results::default(), &["a"]).len(), 1, "nothing may be missing");
    assert_eq!(scenario("server-tools-list-2026-11-22T08-14-41-961Z"), "tools-list");
}
