//! A trail of CloudTrail: all management events of all regions, in an encrypted bucket, with digests
//! by which a change to its files is seen.

use super::super::hcl::{Block, Expr, File, Object, object, raw};
use super::super::policies::{self, account, service};
use super::{bucket, bucket_arn, within};
use crate::design::Design;

const SERVICE: &str = "cloudtrail.amazonaws.com";

pub(super) fn add(design: &Design, file: File) -> File {
    let label = "trail";
    let prefix = format!("/AWSLogs/{}/*", account(design));
    let statements = vec![
        service("ReadAcl", SERVICE, "s3:GetBucketAcl", bucket_arn(label))
            .attr("Condition", of_trail(design)),
        service("WriteLogs", SERVICE, "s3:PutObject", within(label, &prefix))
            .attr("Condition", of_trail(design)),
    ];
    let file = file
        .comment("CloudTrail: who did what in the account. Its files are kept until someone deletes them.")
        .block(
            Block::resource("aws_kms_key", label)
                .attr("description", format!("CloudTrail's files, of {}", design.farm.farm))
                .attr("enable_key_rotation", true)
                .attr("deletion_window_in_days", 30)
                .attr("policy", key_policy(design)),
        )
        .block(
            Block::resource("aws_kms_alias", label)
                .attr("name", format!("alias/{}-trail", design.farm.farm))
                .attr("target_key_id", raw("aws_kms_key.trail.key_id")),
        );
    let encryption = Block::new("apply_server_side_encryption_by_default")
        .attr("sse_algorithm", "aws:kms")
        .attr("kms_master_key_id", raw("aws_kms_key.trail.arn"));
    bucket(design, label, statements, file)
        .block(
            Block::resource("aws_s3_bucket_server_side_encryption_configuration", label)
                .attr("bucket", raw("aws_s3_bucket.trail.id"))
                .block(Block::new("rule").attr("bucket_key_enabled", true).block(encryption)),
        )
        .block(
            Block::resource("aws_cloudtrail", "farm")
                .attr("name", design.farm.farm.as_str())
                .attr("s3_bucket_name", raw("aws_s3_bucket.trail.id"))
                .attr("kms_key_id", raw("aws_kms_key.trail.arn"))
                .attr("is_multi_region_trail", true)
                .attr("include_global_service_events", true)
                .attr("enable_log_file_validation", true)
                .depends_on(["aws_s3_bucket_policy.trail"]),
        )
}

/// The trail's ARN, written out: key and bucket are made before it.
fn arn(design: &Design) -> String {
    design.arns().of("cloudtrail", &format!("trail/{}", design.farm.farm))
}

fn of_trail(design: &Design) -> Object {
    object().attr("StringEquals", object().attr("aws:SourceArn", arn(design)))
}

fn key_policy(design: &Design) -> Expr {
    let trails = format!("arn:{}:cloudtrail:*:{}:trail/*", design.partition, account(design));
    let context = object().attr("kms:EncryptionContext:aws:cloudtrail:arn", trails);
    let encrypt = service("Encrypt", SERVICE, "kms:GenerateDataKey*", "*")
        .attr("Condition", of_trail(design).attr("StringLike", context));
    let describe =
        service("Describe", SERVICE, "kms:DescribeKey", "*").attr("Condition", of_trail(design));
    policies::document([policies::key_owner(design), encrypt, describe])
}
