//! `mutable-image-tag`: images that are named by a tag which may mean another image tomorrow.
//!
//! A tag of a repository whose tags can't be moved is as good as a digest, and so is the name that
//! the CDK gives an image of its own.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Container, Key, Model, TaskDefinition};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::image::{Image, is_known};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "mutable-image-tag",
        severity: Severity::Medium,
        title: "an image is named by a tag that may be moved",
        why: "Whoever may push moves the tag, and the next deployment runs what they pushed, with the \
              roles, secrets and network of the server; nobody sees a change in the sources, and \
              going back gets the same. A digest names one image for ever.",
        page: include_str!("../../../../docs/rules/mutable-image-tag.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter();
    definitions.filter_map(|(key, it)| finding(model, key, it)).collect()
}

fn finding(model: &Model, key: &Key, definition: &TaskDefinition) -> Option<Finding> {
    let mut worst = Severity::Info;
    let mut images: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut assumes: BTreeSet<String> = BTreeSet::new();
    let named = |it: &&Container| is_known(it) && !it.unknown.contains_key("image.digest");
    let containers = definition.containers.get()?.iter().filter(named);
    for container in containers {
        let text = container.image.as_deref().unwrap_or_default();
        let Some((severity, assumed)) = judged(model, text) else { continue };
        worst = worst.max(severity);
        assumes.extend(assumed);
        images.entry(text.to_owned()).or_default().insert(format!("`{}`", container.name));
    }
    if images.is_empty() {
        return None;
    }
    let who = services_of(model, key);
    let told = images.into_iter().map(|(image, of)| format!("{} from `{image}`", listed(of)));
    let title = format!("{who} runs what a tag means at the time: {}", listed(told));
    let fix = "name the image by its digest (`repository@sha256:...`), or make the repository's tags \
               immutable and deploy a new tag each time";
    let mut finding = RULE.info.finding(worst, [key.clone()], title, fix);
    finding.assumes.extend(assumes);
    Some(finding)
}

/// How bad an image's name is, and what that assumes.
fn judged(model: &Model, text: &str) -> Option<(Severity, Option<String>)> {
    let image = Image::of(text);
    if image.digest.is_some() || image.repository.is_empty() || is_named_by_content(&image) {
        return None;
    }
    let latest = image.tag.is_none_or(|tag| tag == "latest");
    let severity = if latest { Severity::Medium } else { Severity::Low };
    if !image.is_in_ecr() {
        return Some((severity, None));
    }
    match image.repository_in(model) {
        Some(repository) => match repository.immutable.get() {
            Some(false) => {
                Some((severity, repository.immutable.assumed().map(ToString::to_string)))
            }
            _ => None,
        },
        None => {
            let repository = image.repository;
            let note =
                format!("the tags of `{repository}` may be moved, since no source shows otherwise");
            Some((if latest { severity } else { Severity::Info }, Some(note)))
        }
    }
}

/// An image that the CDK built: its tag is the hash of what it was built from, in a repository whose
/// tags can't be moved (CDK v2 Developer Guide, bootstrap template version 13).
fn is_named_by_content(image: &Image<'_>) -> bool {
    let is_hash = |tag: &str| tag.len() == 64 && tag.chars().all(|c| c.is_ascii_hexdigit());
    image.repository.starts_with("cdk-")
        && image.repository.contains("-container-assets-")
        && image.tag.is_some_and(is_hash)
}
