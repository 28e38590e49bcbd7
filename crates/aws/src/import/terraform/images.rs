//! Repositories of images, and what their registry scans.
//!
//! See <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>.

use super::graph::Graph;
use super::place::Place;
use super::rules::made_elsewhere;
use super::target_groups::absent;
use crate::model::{Model, RegistryScanning, Repository, Val};

/// Reads repositories and the scanning of registries.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    let others_run = graph.all().iter().any(|resource| runs_images(&resource.kind));
    for resource in graph.of_either(&["aws_ecr_repository"]) {
        let place = Place::top(graph, resource);
        let elsewhere = || Val::Unknown(made_elsewhere(&resource.key));
        let repository = Repository {
            key: resource.key.clone(),
            name: place.attribute("name").text(),
            url: resource.text("repository_url").map(str::to_owned),
            managed: !resource.data,
            others_run,
            immutable: if resource.data { elsewhere() } else { immutable(&place) },
            scan_on_push: if resource.data { elsewhere() } else { scan_on_push(&place) },
        };
        model.repositories.insert(repository.key.clone(), repository);
    }
    for resource in graph.of(&["aws_ecr_registry_scanning_configuration"]) {
        let scanning = RegistryScanning {
            key: resource.key.clone(),
            filters: filters(&Place::top(graph, resource)),
        };
        model.registry_scanning.insert(scanning.key.clone(), scanning);
    }
}

/// Whether things of this type run images, from wherever: which ones no reader looks at.
fn runs_images(kind: &str) -> bool {
    const PREFIXES: [&str; 11] = [
        "aws_apprunner_service",
        "aws_app_runner_service",
        "aws_batch_",
        "aws_bedrockagentcore_",
        "aws_bedrock_agent_core_",
        "aws_codebuild_project",
        "aws_code_build_project",
        "aws_eks_",
        "aws_imagebuilder_",
        "aws_lightsail_container_",
        "aws_sagemaker_",
    ];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
}

/// `IMMUTABLE`. With exclusions some tags can still be moved.
fn immutable(place: &Place<'_>) -> Val<bool> {
    let mutability = place.attribute("image_tag_mutability").text_or("MUTABLE");
    mutability.map(|mutability| mutability == "IMMUTABLE")
}

fn scan_on_push(place: &Place<'_>) -> Val<bool> {
    match place.only("image_scanning_configuration") {
        Some(block) => block.attribute("scan_on_push").flag(false),
        None => absent(place, "image_scanning_configuration", false),
    }
}

/// What is scanned without being asked. Where enhanced scanning has no rules nothing is.
fn filters(place: &Place<'_>) -> Val<Vec<String>> {
    let rules = place.blocks("rule");
    if let Some(note) = rules.open {
        return Val::Unknown(note);
    }
    let mut filters = Vec::new();
    for rule in rules.list {
        match rule.attribute("scan_frequency").text() {
            Val::Known(Some(frequency)) if frequency == "MANUAL" => continue,
            Val::Known(_) => {}
            _ => return Val::Unknown(rule.attribute("scan_frequency").pending()),
        }
        for filter in rule.blocks("repository_filter").list {
            match filter.attribute("filter").text() {
                Val::Known(Some(text)) => filters.push(text),
                Val::Known(None) => {}
                _ => return Val::Unknown(filter.attribute("filter").pending()),
            }
        }
    }
    Val::Known(filters)
}
