//! `detection.tf`: what watches the whole account, where the farm switches it on. An account has each
//! of these once, so they are off otherwise.

mod config;
mod trail;

use super::hcl::{Block, Expr, File, Object, Template, raw};
use super::{names, policies};
use crate::design::Design;

/// Days for which a file is kept that was overwritten or deleted.
const KEPT_DAYS: u64 = 90;

pub(super) fn file(design: &Design) -> File {
    let detection = &design.farm.detection;
    if !(detection.cloudtrail || detection.guardduty || detection.security_hub || detection.config)
    {
        return File::new();
    }
    let mut file = File::new()
        .comment("Detection for the whole account, which has each of these once.")
        .blank();
    if detection.cloudtrail {
        file = trail::add(design, file);
    }
    if detection.config {
        file = config::add(design, file);
    }
    if detection.guardduty {
        file.push(
            Block::resource("aws_guardduty_detector", "farm")
                .attr("enable", true)
                .attr("finding_publishing_frequency", "FIFTEEN_MINUTES"),
        );
    }
    if detection.security_hub {
        file = security_hub(design, file);
    }
    file
}

fn security_hub(design: &Design, file: File) -> File {
    let (partition, region) = (design.partition, &design.farm.region);
    let standard = format!(
        "arn:{partition}:securityhub:{region}::standards/aws-foundational-security-best-practices/v/1.0.0"
    );
    file.comment("Most of its controls read what Config records.")
        .block(
            Block::resource("aws_securityhub_account", "farm")
                .attr("enable_default_standards", false)
                .attr("control_finding_generator", "SECURITY_CONTROL"),
        )
        .block(
            Block::resource("aws_securityhub_standards_subscription", "foundational")
                .attr("standards_arn", standard)
                .depends_on(["aws_securityhub_account.farm"]),
        )
}

/// A bucket's name: unique in the world, thanks to the account's number.
fn bucket_name(design: &Design, what: &str) -> String {
    names::physical(design, &[policies::account(design), what])
}

/// A bucket that is closed to the public and keeps versions; `policy` are its statements besides
/// that on TLS.
fn bucket(design: &Design, label: &'static str, statements: Vec<Object>, mut file: File) -> File {
    let of = |kind: &str| {
        Block::resource(kind, label).attr("bucket", raw(format!("aws_s3_bucket.{label}.id")))
    };
    file.push(Block::resource("aws_s3_bucket", label).attr("bucket", bucket_name(design, label)));
    file.push(
        of("aws_s3_bucket_public_access_block")
            .attr("block_public_acls", true)
            .attr("block_public_policy", true)
            .attr("ignore_public_acls", true)
            .attr("restrict_public_buckets", true),
    );
    file.push(
        of("aws_s3_bucket_ownership_controls")
            .block(Block::new("rule").attr("object_ownership", "BucketOwnerEnforced")),
    );
    file.push(
        of("aws_s3_bucket_versioning")
            .block(Block::new("versioning_configuration").attr("status", "Enabled")),
    );
    file = file.comment("What is deleted or overwritten can be had back for a while.");
    file.push(
        of("aws_s3_bucket_lifecycle_configuration")
            .block(old_versions())
            .depends_on([format!("aws_s3_bucket_versioning.{label}")]),
    );
    let everything = [bucket_arn(label), within(label, "/*").into()];
    let statements = statements.into_iter().chain([policies::only_tls("s3:*", everything)]);
    // S3 refuses two changes of a bucket's access at once.
    file.push(
        of("aws_s3_bucket_policy")
            .attr("policy", policies::document(statements))
            .depends_on([format!("aws_s3_bucket_public_access_block.{label}")]),
    );
    file
}

fn old_versions() -> Block {
    Block::new("rule")
        .attr("id", "old-versions")
        .attr("status", "Enabled")
        .block(Block::new("filter"))
        .block(Block::new("noncurrent_version_expiration").attr("noncurrent_days", KEPT_DAYS))
        .block(Block::new("abort_incomplete_multipart_upload").attr("days_after_initiation", 1))
}

fn bucket_arn(label: &str) -> Expr {
    raw(format!("aws_s3_bucket.{label}.arn"))
}

fn within(label: &str, path: &str) -> Template {
    Template::new().value(bucket_arn(label)).text(path)
}
