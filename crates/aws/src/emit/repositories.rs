//! `repositories.tf`: the farm's own repositories of images.

use super::hcl::{Block, File, call, jsonencode, object, raw};
use crate::design::Design;

pub(super) fn file(design: &Design) -> File {
    let repositories = &design.farm.repositories;
    if repositories.create.is_empty() {
        return File::new();
    }
    let mut names: Vec<&str> = repositories.create.iter().map(|name| name.value.as_str()).collect();
    names.sort_unstable();
    File::new()
        .comment(
            "Repositories of images. Push the images before the rest is applied:\n\
             terraform apply -target=aws_ecr_repository.farm",
        )
        .blank()
        .block(
            Block::resource("aws_ecr_repository", "farm")
                .for_each(call("toset", [names]))
                .attr("name", raw("each.key"))
                .attr("image_tag_mutability", "IMMUTABLE")
                .attr("force_delete", false)
                .block(Block::new("image_scanning_configuration").attr("scan_on_push", true))
                .block(Block::new("encryption_configuration").attr("encryption_type", "AES256")),
        )
        .comment(
            "ECR doesn't know which images run: as many are kept as there may be until the farm \
             takes on a\nnew one.",
        )
        .block(
            Block::resource("aws_ecr_lifecycle_policy", "farm")
                .for_each(raw("aws_ecr_repository.farm"))
                .attr("repository", raw("each.value.name"))
                .attr(
                    "policy",
                    jsonencode(object().attr("rules", [keep(repositories.keep.get())])),
                ),
        )
}

fn keep(images: u64) -> super::hcl::Object {
    object()
        .attr("rulePriority", 1)
        .attr("description", format!("Keep {images} images"))
        .attr(
            "selection",
            object()
                .attr("tagStatus", "any")
                .attr("countType", "imageCountMoreThan")
                .attr("countNumber", images),
        )
        .attr("action", object().attr("type", "expire"))
}
