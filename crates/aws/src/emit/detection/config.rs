//! A recorder of AWS Config: how every resource is and was configured.

use super::super::hcl::{Block, Expr, File, object, raw};
use super::super::names;
use super::super::policies::{self, account, service};
use super::{bucket, bucket_arn, bucket_name, within};
use crate::design::Design;

const SERVICE: &str = "config.amazonaws.com";

pub(super) fn add(design: &Design, file: File) -> File {
    let label = "config";
    let prefix = format!("/AWSLogs/{}/Config/*", account(design));
    let ours = || policies::for_account(design);
    let statements = vec![
        service("ReadAcl", SERVICE, "s3:GetBucketAcl", bucket_arn(label)).attr("Condition", ours()),
        service("List", SERVICE, "s3:ListBucket", bucket_arn(label)).attr("Condition", ours()),
        service("WriteHistory", SERVICE, "s3:PutObject", within(label, &prefix))
            .attr("Condition", ours()),
    ];
    let file = file.comment("Config: how every resource is configured, and was.");
    let file = bucket(design, label, statements, file).block(
        Block::resource("aws_s3_bucket_server_side_encryption_configuration", label)
            .attr("bucket", raw("aws_s3_bucket.config.id"))
            .block(
                Block::new("rule").block(
                    Block::new("apply_server_side_encryption_by_default")
                        .attr("sse_algorithm", "AES256"),
                ),
            ),
    );
    recorder(design, role(design, file))
}

fn role(design: &Design, file: File) -> File {
    let managed = format!("arn:{}:iam::aws:policy/service-role/AWS_ConfigRole", design.partition);
    file.block(
        Block::resource("aws_iam_role", "config")
            .attr("name", names::physical(design, &["config"]))
            .attr(
                "description",
                format!("{}: reads configurations for AWS Config", design.farm.farm),
            )
            .attr("assume_role_policy", trust(design)),
    )
    .comment("AWS's own policy: it has to name every service that Config records.")
    .block(
        Block::resource("aws_iam_role_policy_attachment", "config")
            .attr("role", raw("aws_iam_role.config.name"))
            .attr("policy_arn", managed),
    )
    .block(
        Block::resource("aws_iam_role_policy", "config")
            .attr("name", "deliver")
            .attr("role", raw("aws_iam_role.config.id"))
            .attr("policy", delivery(design)),
    )
}

fn trust(design: &Design) -> Expr {
    let statement = object()
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("Service", SERVICE))
        .attr("Action", "sts:AssumeRole")
        .attr("Condition", policies::for_account(design));
    policies::document([statement])
}

fn delivery(design: &Design) -> Expr {
    let allow = |action: Expr, resource: Expr| {
        object().attr("Effect", "Allow").attr("Action", action).attr("Resource", resource)
    };
    // By its name, so that a plan shows what the role may do.
    let bucket = format!("arn:{}:s3:::{}", design.partition, bucket_name(design, "config"));
    let objects = format!("{bucket}/AWSLogs/{}/Config/*", account(design));
    policies::document([
        allow(Expr::from(["s3:GetBucketAcl", "s3:ListBucket"]), bucket.into()),
        allow("s3:PutObject".into(), objects.into()),
    ])
}

fn recorder(design: &Design, file: File) -> File {
    let name = design.farm.farm.as_str();
    file.block(
        Block::resource("aws_config_configuration_recorder", "farm")
            .attr("name", name)
            .attr("role_arn", raw("aws_iam_role.config.arn"))
            .block(
                Block::new("recording_group")
                    .attr("all_supported", true)
                    .attr("include_global_resource_types", true),
            ),
    )
    .block(
        Block::resource("aws_config_delivery_channel", "farm")
            .attr("name", name)
            .attr("s3_bucket_name", raw("aws_s3_bucket.config.id"))
            .depends_on([
                "aws_config_configuration_recorder.farm",
                "aws_iam_role_policy.config",
                "aws_s3_bucket_policy.config",
            ]),
    )
    .block(
        Block::resource("aws_config_configuration_recorder_status", "farm")
            .attr("name", raw("aws_config_configuration_recorder.farm.name"))
            .attr("is_enabled", true)
            .depends_on(["aws_config_delivery_channel.farm"]),
    )
}
