//! `duplicate-name`: two resources with one physical name cannot both be made.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Named};

use super::waf_missing::fronts::only_described;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "duplicate-name",
        severity: Severity::Medium,
        title: "two resources want the same physical name",
        why: "AWS makes the first and refuses the second (it already exists), so the apply stops \
              half-way and every later one stops there again. Whichever was made first wins, with \
              its retention, encryption and policy, and that may differ from run to run.",
        page: include_str!("../../../../docs/rules/duplicate-name.md"),
    },
    run,
};

/// How many names a title spells out.
const MOST_NAMED: usize = 4;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    // Several sources that do not agree on a region may each have the name to themselves.
    if facts.model().sources.len() > 1 && facts.model().region.is_none() {
        return Vec::new();
    }
    let mut names: BTreeMap<(&str, &str, &str), BTreeSet<&Key>> = BTreeMap::new();
    for Named {
        key,
        kind,
        scope,
        name,
    } in facts.model().named.iter()
    {
        names.entry((*kind, scope, name)).or_default().insert(key);
    }
    // What exists side by side can.
    let exist = |keys: &BTreeSet<&Key>| keys.iter().all(|key| only_described(facts.model(), key));
    names.retain(|_, keys| keys.len() > 1 && !exist(keys));
    let mut kinds: BTreeMap<&str, BTreeMap<&str, BTreeSet<&Key>>> = BTreeMap::new();
    for ((kind, _, name), keys) in names {
        kinds
            .entry(kind)
            .or_default()
            .entry(name)
            .or_default()
            .extend(keys);
    }
    kinds
        .into_iter()
        .map(|(kind, names)| finding(kind, &names))
        .collect()
}

fn finding(kind: &str, names: &BTreeMap<&str, BTreeSet<&Key>>) -> Finding {
    let keys: BTreeSet<&Key> = names.values().flatten().copied().collect();
    let mut spelled: Vec<String> = names
        .keys()
        .take(MOST_NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    if let Some(more) = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        spelled.push(format!("{more} more"));
    }
    let title = match names.len() {
        1 => format!(
            "{kind} {} is made by {} resources",
            listed(spelled),
            keys.len()
        ),
        many => format!(
            "{many} {kind}s are made by {} resources: {}",
            keys.len(),
            listed(spelled)
        ),
    };
    let first = names.values().next().into_iter().flatten();
    let mut example: Vec<String> = first.map(|key| format!("`{key}`")).collect();
    let kept = if example.is_empty() {
        String::new()
    } else {
        example.remove(0)
    };
    let fix = format!(
        "declare each {kind} once and hand its name on as an output (keep {kept} and remove {}), or \
         give each a name of its own",
        listed(example)
    );
    RULE.info
        .finding(Severity::Medium, keys.into_iter().cloned(), title, fix)
}
