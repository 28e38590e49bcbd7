//! `repository-unused`: repositories that are made and from which nothing runs.
//!
//! Only where every image that the sources run is known.

use farmgate_aws::model::{Model, Repository};

use super::waf_missing::fronts::only_described;
use super::{Facts, Rule, RuleInfo};
use crate::image::{Image, is_known};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "repository-unused",
        severity: Severity::Low,
        title: "a repository is made, and nothing runs its images",
        why: "Its scanning, its immutable tags and its policy protect images that nobody runs, while \
              what runs comes from somewhere with other settings. Either a deployment goes past what \
              was meant, or the repository is left over.",
        page: include_str!("../../../../docs/rules/repository-unused.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    unused(facts.model()).into_iter().map(finding).collect()
}

/// The repositories that a source makes and from which no image of the sources comes.
pub(super) fn unused(model: &Model) -> Vec<&Repository> {
    let definitions = model.task_definitions.values();
    let mut images: Vec<&str> = Vec::new();
    for definition in definitions {
        let Some(containers) = definition.containers.get() else { return Vec::new() };
        if !containers.iter().all(is_known) {
            return Vec::new();
        }
        images.extend(containers.iter().filter_map(|container| container.image.as_deref()));
    }
    // Where no task definition is in the sources, these are the repositories' own.
    if images.is_empty() {
        return Vec::new();
    }
    for function in model.functions.values() {
        match function.image.get() {
            Some(image) => images.extend(image.as_deref()),
            None => return Vec::new(),
        }
    }
    // In an account there is much that runs images, and not all of it is asked for.
    let made = model.repositories.values().filter(|it| it.managed && !it.others_run);
    let made = made.filter(|it| !only_described(model, &it.key));
    made.filter(|repository| !images.iter().any(|image| may_come_from(model, image, repository)))
        .collect()
}

/// Whether an image may be in a repository: unless both are known, and differ.
fn may_come_from(model: &Model, image: &str, repository: &Repository) -> bool {
    let image = Image::of(image);
    let name = repository.name.get().and_then(Option::as_deref);
    match (name, image.repository_in(model)) {
        (_, Some(found)) => found.key == repository.key,
        (Some(name), None) => image.repository == name,
        // A name that is known only after apply, and an image that is known before: not its own,
        // unless the name is another resource's to choose.
        (None, None) => true,
    }
}

fn finding(repository: &Repository) -> Finding {
    let key = &repository.key;
    let title = format!("nothing runs an image from {key}");
    let fix = "run the images from there (push them, and name the repository in the task \
               definition), or drop the repository";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.push(format!("nothing outside of the sources runs images from {key}"));
    finding
}
