//! `access_logs.tf`: the bucket of the load balancers' access logs.

use super::hcl::{Block, Expr, File, Template, jsonencode, list, object, raw};
use super::{balancers, names};
use crate::design::Design;

/// The folder of the logs of the load balancer in front.
pub(super) const INGRESS: &str = "ingress";

/// The folder in which those of services have their own.
pub(super) const SERVICES: &str = "services";

/// Who writes the logs (Elastic Load Balancing User Guide, "Enable access logs").
const WRITER: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

/// Days for which a log is kept that was overwritten or deleted.
const DELETED_DAYS: u64 = 7;

pub(super) fn file(design: &Design) -> File {
    if !design.farm.ingress.access_logs.enabled {
        return File::new();
    }
    let id = || raw("aws_s3_bucket.access_logs.id");
    let part = |kind: &str| Block::resource(kind, "access_logs").attr("bucket", id());
    let closed = part("aws_s3_bucket_public_access_block")
        .blank()
        .attr("block_public_acls", true)
        .attr("block_public_policy", true)
        .attr("ignore_public_acls", true)
        .attr("restrict_public_buckets", true);
    let owner = part("aws_s3_bucket_ownership_controls")
        .block(Block::new("rule").attr("object_ownership", "BucketOwnerEnforced"));
    let encryption = Block::new("apply_server_side_encryption_by_default");
    let encryption = part("aws_s3_bucket_server_side_encryption_configuration")
        .block(Block::new("rule").block(encryption.attr("sse_algorithm", "AES256")));
    let versions = part("aws_s3_bucket_versioning")
        .block(Block::new("versioning_configuration").attr("status", "Enabled"));
    File::new()
        .comment("Access logs of the load balancers: who asked for what, and what was answered.")
        .block(Block::resource("aws_s3_bucket", "access_logs").attr("bucket", bucket(design)))
        .block(closed)
        .block(owner)
        .comment("Load balancers write to buckets that are encrypted with S3's own keys, and to no others.")
        .block(encryption)
        .comment("Who can write a log can't make an earlier one vanish.")
        .block(versions)
        .block(part("aws_s3_bucket_lifecycle_configuration").block(expiry(design)).depends_on([
            "aws_s3_bucket_versioning.access_logs",
        ]))
        .block(part("aws_s3_bucket_policy").attr("policy", jsonencode(policy(design))).depends_on([
            "aws_s3_bucket_public_access_block.access_logs",
        ]))
}

/// The bucket's name. Names of buckets are the whole world's, so the account is in it.
pub(super) fn bucket(design: &Design) -> String {
    let account = design.account.as_deref();
    let words: Vec<&str> = account.into_iter().chain(["access-logs"]).collect();
    names::physical(design, &words)
}

fn expiry(design: &Design) -> Block {
    let days = design.farm.ingress.access_logs.retention.as_days();
    let after = |kind: &str, name: &str, days: u64| Block::new(kind).attr(name, days);
    Block::new("rule")
        .attr("id", "expire")
        .attr("status", "Enabled")
        .block(Block::new("filter"))
        .block(after("expiration", "days", days))
        .block(after("noncurrent_version_expiration", "noncurrent_days", DELETED_DAYS))
        .block(after("abort_incomplete_multipart_upload", "days_after_initiation", 1))
}

fn policy(design: &Design) -> Expr {
    let arn = || raw("aws_s3_bucket.access_logs.arn");
    let account = design.account.as_deref().unwrap_or(crate::design::NO_ACCOUNT);
    let folder = |folder: &str| -> Expr {
        let path = format!("/{folder}/AWSLogs/{account}/*");
        Template::new().value(arn()).text(path).into()
    };
    let services = format!("{SERVICES}/*");
    let folders = std::iter::once(INGRESS)
        .chain((!balancers::of(design).is_empty()).then_some(services.as_str()));
    let write = object()
        .attr("Sid", "LoadBalancersOfThisAccountWrite")
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("Service", WRITER))
        .attr("Action", "s3:PutObject")
        .attr("Resource", list(folders.map(folder)));
    let secure = object().attr("Bool", object().attr("aws:SecureTransport", "false"));
    let refuse = object()
        .attr("Sid", "NothingWithoutTls")
        .attr("Effect", "Deny")
        .attr("Principal", "*")
        .attr("Action", "s3:*")
        .attr("Resource", list([arn(), Template::new().value(arn()).text("/*").into()]))
        .attr("Condition", secure);
    object().attr("Version", "2012-10-17").attr("Statement", list([write, refuse])).tall().into()
}
