//! ECR: repositories, and what scans of their images found.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::folder::Region;
use super::made::{Made, Making};
use super::services::DEFINITIONS;
use super::value::{list, policy, text, texts, words};

/// Reads repositories and images.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ecr describe-repositories") {
        let (Some(name), Some(arn)) =
            (text(&item.value, "repositoryName"), text(&item.value, "repositoryArn"))
        else {
            continue;
        };
        let mut made = Made::new("aws_ecr_repository", arn, &item);
        made.set("arn", arn).set("name", name).copy(
            &item.value,
            &[("repository_url", "repositoryUri"), ("image_tag_mutability", "imageTagMutability")],
        );
        let scan =
            item.value.get("imageScanningConfiguration").and_then(|all| all.get("scanOnPush"));
        made.set(
            "image_scanning_configuration",
            scan.map(|scan| json!([{ "scan_on_push": scan }])),
        );
        making.add_named(made, name);
    }
    for item in region.items("ecr get-registry-scanning-configuration") {
        let Some(id) = text(&item.value, "registryId") else { continue };
        let Some(config) = item.value.get("scanningConfiguration") else { continue };
        let mut made = Made::new("aws_ecr_registry_scanning_configuration", id, &item);
        made.copy(config, &[("scan_type", "scanType")]);
        let rules: Vec<Value> = list(config, "rules")
            .map(|rule| {
                let filters: Vec<Value> = list(rule, "repositoryFilters")
                    .map(|one| json!({ "filter": text(one, "filter"), "filter_type": text(one, "filterType") }))
                    .collect();
                json!({ "scan_frequency": text(rule, "scanFrequency"), "repository_filter": filters })
            })
            .collect();
        made.set("rule", rules);
        making.add(made);
    }
    for item in region.items("ecr get-repository-policy") {
        let Some(name) = text(&item.value, "repositoryName") else { continue };
        let mut made =
            Made::new("aws_ecr_repository_policy", &format!("the policy of {name}"), &item);
        made.set("id", name)
            .set("repository", name)
            .set("policy", policy(item.value.get("policyText")));
        making.add(made);
    }
    findings(region, making);
}

/// Findings of scans, of the images that shown task definitions run.
fn findings(region: &Region<'_>, making: &mut Making) {
    let run: BTreeSet<String> = region
        .items(DEFINITIONS)
        .flat_map(|item| texts(&item.value, "containerDefinitions", "image"))
        .collect();
    for item in region.items("ecr describe-images") {
        let (Some(name), Some(digest)) =
            (text(&item.value, "repositoryName"), text(&item.value, "imageDigest"))
        else {
            continue;
        };
        let tags = words(&item.value, "imageTags");
        let is_it = |image: &&String| {
            let by_tag = tags.iter().any(|tag| image.ends_with(&format!("/{name}:{tag}")));
            let latest =
                tags.iter().any(|tag| tag == "latest") && image.ends_with(&format!("/{name}"));
            by_tag || latest || image.ends_with(&format!("/{name}@{digest}"))
        };
        let Some(image) = run.iter().find(is_it) else { continue };
        let counts = item
            .value
            .get("imageScanFindingsSummary")
            .and_then(|all| all.get("findingSeverityCounts"));
        let count = |word: &str| {
            counts.and_then(|counts| counts.get(word)).and_then(Value::as_u64).unwrap_or_default()
        };
        let (critical, high) = (count("CRITICAL"), count("HIGH"));
        if critical + high > 0 {
            let text = format!(
                "the scan of {image} found {critical} critical and {high} high vulnerabilities"
            );
            making.warn("image-vulnerable", text, None);
        }
    }
}
