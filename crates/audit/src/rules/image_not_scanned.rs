//! `image-not-scanned`: repositories whose images nothing looks through, and images that come from
//! elsewhere than from the repositories that are scanned.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, Repository};
use wildmatch::WildMatch;

use super::repository_unused::unused;
use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::image::{Image, is_known};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "image-not-scanned",
        severity: Severity::Medium,
        title: "nothing scans the images that run",
        why: "An MCP server brings an interpreter and hundreds of packages, and runs what a model \
              asks for: a flaw in any of them is a way in. A scan when an image is pushed costs \
              nothing with ECR, and says so before the image runs.",
        page: include_str!("../../../../docs/rules/image-not-scanned.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let made = model.repositories.values().filter(|repository| repository.managed);
    let unscanned = made.filter_map(|repository| unscanned(model, repository));
    unscanned.chain(elsewhere(model)).collect()
}

/// What a repository's registry does with what is pushed to it.
enum Registry<'m> {
    /// It scans it, or nobody knows.
    May,
    /// It doesn't, as these say.
    Not(Vec<&'m Key>),
    /// No source shows what it does.
    Unseen,
}

fn registry<'m>(model: &'m Model, repository: &Repository) -> Registry<'m> {
    let mut shown = Vec::new();
    for scanning in model.registry_scanning.values() {
        let (Some(filters), Some(Some(name))) = (scanning.filters.get(), repository.name.get())
        else {
            return Registry::May;
        };
        if filters.iter().any(|filter| fits(filter, name)) {
            return Registry::May;
        }
        shown.push(&scanning.key);
    }
    if shown.is_empty() { Registry::Unseen } else { Registry::Not(shown) }
}

/// `prod-*`; without a `*` a filter fits what contains it (Amazon ECR User Guide, "Filters to choose
/// which repositories are scanned").
fn fits(filter: &str, name: &str) -> bool {
    if filter.contains('*') { WildMatch::new(filter).matches(name) } else { name.contains(filter) }
}

fn unscanned(model: &Model, repository: &Repository) -> Option<Finding> {
    if repository.scan_on_push.get() != Some(&false) {
        return None;
    }
    let key = &repository.key;
    let mut origins = vec![key.clone()];
    let mut assumes: Vec<String> =
        repository.scan_on_push.assumed().map(ToString::to_string).into_iter().collect();
    match registry(model, repository) {
        Registry::May => return None,
        Registry::Not(shown) => origins.extend(shown.into_iter().cloned()),
        Registry::Unseen => assumes.push(format!(
            "the registry scans nothing in {key}, since no source shows that it does"
        )),
    }
    let title = format!("nothing scans what is pushed to {key}");
    let fix =
        "turn on `scan_on_push`, or let the registry scan all repositories (basic or enhanced)";
    let mut finding = RULE.info.finding(Severity::Medium, origins, title, fix);
    finding.assumes.extend(assumes);
    Some(finding)
}

/// The images that come from repositories which no source shows, where the sources make others that
/// are scanned and from which nothing runs: somebody believes that what runs is scanned.
fn elsewhere(model: &Model) -> Option<Finding> {
    let idle: Vec<&Repository> =
        unused(model).into_iter().filter(|it| it.scan_on_push.get() == Some(&true)).collect();
    if idle.is_empty() {
        return None;
    }
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut origins: BTreeSet<Key> = idle.iter().map(|repository| repository.key.clone()).collect();
    for (key, definition) in &model.task_definitions {
        for container in definition.containers.get().into_iter().flatten().filter(|it| is_known(it))
        {
            let image = Image::of(container.image.as_deref().unwrap_or_default());
            if image.is_in_ecr() && image.repository_in(model).is_none() {
                let of = users.entry(format!("`{}`", image.repository)).or_default();
                of.insert(services_of(model, key));
                origins.insert(key.clone());
            }
        }
    }
    if users.is_empty() {
        return None;
    }
    let told = users.iter().map(|(repository, of)| {
        let verb = if of.len() == 1 { "comes" } else { "come" };
        format!("the image of {} {verb} from {repository}", listed(of))
    });
    let scanned = listed(idle.iter().map(|repository| repository.key.to_string()));
    let title = format!("{}, and not from what is scanned ({scanned})", listed(told));
    let fix = "push the images to the repositories that are scanned and run them from there, or turn \
               on scanning for the whole registry and drop these repositories";
    let mut finding = RULE.info.finding(Severity::Low, origins, title, fix);
    finding.assumes.extend(
        users
            .keys()
            .map(|it| format!("nothing scans {it}, since no source shows that anything does")),
    );
    Some(finding)
}
