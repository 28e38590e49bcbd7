//! `versions.tf`: Terraform, the provider, and the account that it may work in.

use super::hcl::{Block, Body, File, Object, object};
use crate::design::Design;

/// The oldest Terraform that is tried.
const TERRAFORM: &str = ">= 1.9";

/// The provider's version. Major releases change arguments.
const PROVIDER: &str = "~> 5.100";

pub(super) fn file(design: &Design) -> File {
    let source = object().attr("source", "hashicorp/aws").attr("version", PROVIDER).tall();
    let providers = Block::new("required_providers").attr("aws", source);
    let terraform = Block::new("terraform")
        .attr("required_version", TERRAFORM)
        .block(providers)
        .extend(state());
    File::new()
        .comment(format!(
            "The farm {}. Made by farmgate of its farm file: change that file and build again, as what \
             is\nchanged here is gone with the next build.",
            design.farm.farm
        ))
        .blank()
        .block(terraform)
        .block(provider(design))
}

/// Where the state is kept isn't the farm's to say.
fn state() -> Body {
    Body::new().comment(
        "The state is kept here, in terraform.tfstate, until you say where else: add a file with\n\
         `terraform { backend \"s3\" { ... } }`. No secret's value gets into it.",
    )
}

fn provider(design: &Design) -> Block {
    let accounts = design.account.iter().map(|account| {
        Body::new()
            .blank()
            .comment("With credentials of another account nothing is planned or changed.")
            .attr("allowed_account_ids", [account])
    });
    accounts
        .fold(Block::provider("aws").attr("region", design.farm.region.as_str()), Block::extend)
        .block(Block::new("default_tags").attr("tags", tags(design)))
}

/// The tags of everything; the farm's own win over those that are written.
fn tags(design: &Design) -> Object {
    let farm = &design.farm;
    let mut tags: std::collections::BTreeMap<&str, &str> =
        farm.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    tags.insert("Farm", farm.farm.as_str());
    if let Some(stage) = &farm.stage {
        tags.insert("Stage", stage.as_str());
    }
    object().attrs(tags).tall()
}
