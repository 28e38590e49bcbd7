//! Policies that AWS publishes, of which sources show the ARN alone: the few that farms on ECS use.
//!
//! Source: AWS Managed Policy Reference Guide, each with the version and its date. AWS may publish a
//! later version; where it matters that one of these does *not* allow something, its date is named.

use super::Policy;
use crate::model::Note;

/// Path and name, version, date of that version, statements.
type Entry = (&'static str, &'static str, &'static str, &'static str);

const TOKEN_AND_PULL: &str = r#""ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage""#;

const ALL: [Entry; 14] = [
    (
        "service-role/AmazonECSTaskExecutionRolePolicy",
        "v1",
        "2017-11-16",
        r#"{"Effect":"Allow","Action":[PULL,"logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}"#,
    ),
    (
        "AmazonEC2ContainerRegistryReadOnly",
        "v3",
        "2019-12-10",
        r#"{"Effect":"Allow","Action":[PULL,"ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}"#,
    ),
    (
        "AmazonEC2ContainerRegistryPullOnly",
        "v1",
        "2024-10-04",
        r#"{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchImportUpstreamImage"],"Resource":"*"}"#,
    ),
    (
        "AmazonEC2ContainerRegistryPowerUser",
        "v3",
        "2019-12-10",
        r#"{"Effect":"Allow","Action":[PULL,"ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}"#,
    ),
    (
        "AmazonEC2ContainerRegistryFullAccess",
        "v3",
        "2020-12-05",
        r#"{"Effect":"Allow","Action":["ecr:*","cloudtrail:LookupEvents"],"Resource":"*"},{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":"replication.ecr.amazonaws.com"}}}"#,
    ),
    (
        "CloudWatchLogsFullAccess",
        "v8",
        "2026-02-12",
        r#"{"Sid":"CloudWatchLogsFullAccess","Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery","cloudwatch:GenerateQueryResultsSummary","observabilityadmin:GetS3TableIntegration","observabilityadmin:ListS3TableIntegrations","observabilityadmin:ListTelemetryPipelines"],"Resource":"*"}"#,
    ),
    (
        "SecretsManagerReadWrite",
        "v5",
        "2024-02-22",
        r#"{"Sid":"BasePermissions","Effect":"Allow","Action":["secretsmanager:*","cloudformation:CreateChangeSet","cloudformation:DescribeChangeSet","cloudformation:DescribeStackResource","cloudformation:DescribeStacks","cloudformation:ExecuteChangeSet","docdb-elastic:GetCluster","docdb-elastic:ListClusters","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","rds:DescribeDBClusters","rds:DescribeDBInstances","redshift:DescribeClusters","redshift-serverless:ListWorkgroups","redshift-serverless:GetNamespace","tag:GetResources"],"Resource":"*"},{"Sid":"LambdaPermissions","Effect":"Allow","Action":["lambda:AddPermission","lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],"Resource":"arn:aws:lambda:*:*:function:SecretsManager*"},{"Sid":"SARPermissions","Effect":"Allow","Action":["serverlessrepo:CreateCloudFormationChangeSet","serverlessrepo:GetApplication"],"Resource":"arn:aws:serverlessrepo:*:*:applications/SecretsManager*"},{"Sid":"S3Permissions","Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::awsserverlessrepo-changesets*","arn:aws:s3:::secrets-manager-rotation-apps-*/*"]}"#,
    ),
    (
        "AmazonSSMReadOnlyAccess",
        "v1",
        "2015-05-29",
        r#"{"Effect":"Allow","Action":["ssm:Describe*","ssm:Get*","ssm:List*"],"Resource":"*"}"#,
    ),
    (
        "AdministratorAccess",
        "v1",
        "2015-02-06",
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
    ),
    (
        "PowerUserAccess",
        "v12",
        "2026-02-12",
        r#"{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetGovCloudAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}"#,
    ),
    (
        "service-role/AWSLambdaBasicExecutionRole",
        "v1",
        "2015-04-09",
        r#"{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}"#,
    ),
    (
        "service-role/AWSLambdaVPCAccessExecutionRole",
        "v3",
        "2024-01-05",
        r#"{"Sid":"AWSLambdaVPCAccessExecutionPermissions","Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSubnets","ec2:DeleteNetworkInterface","ec2:AssignPrivateIpAddresses","ec2:UnassignPrivateIpAddresses"],"Resource":"*"}"#,
    ),
    (
        "AWSXRayDaemonWriteAccess",
        "v2",
        "2024-02-13",
        r#"{"Sid":"AWSXRayDaemonWriteAccess","Effect":"Allow","Action":["xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Resource":"*"}"#,
    ),
    (
        "CloudWatchAgentServerPolicy",
        "v3",
        "2024-02-06",
        r#"{"Sid":"CWACloudWatchServerPermissions","Effect":"Allow","Action":["cloudwatch:PutMetricData","ec2:DescribeVolumes","ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy","logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup","xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Resource":"*"},{"Sid":"CWASSMServerPermissions","Effect":"Allow","Action":"ssm:GetParameter","Resource":"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}"#,
    ),
];

/// `AdministratorAccess` of `arn:aws:iam::aws:policy/AdministratorAccess`.
fn entry(arn: &str) -> Option<&'static Entry> {
    let (_, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    let name = rest.strip_prefix("iam::aws:policy/")?;
    ALL.iter().find(|(known, ..)| *known == name)
}

/// What a policy of AWS says, by its ARN, if it is one of those that are known here.
#[must_use]
pub fn document(arn: &str) -> Option<Policy> {
    let (_, _, _, statements) = entry(arn)?;
    let statements = statements.replace("PULL", TOKEN_AND_PULL);
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    Policy::from_text(&text, arn).ok()
}

/// Of which version and day it is, in words.
#[must_use]
pub fn dated(arn: &str) -> Option<Note> {
    let (_, version, date, _) = entry(arn)?;
    Some(format!("{arn} is as AWS published it on {date} ({version})").into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::{ALL, document};

    #[test]
    fn every_document_is_read_whole() {
        for (name, version, date, _) in ALL {
            let policy = document(&format!("arn:aws:iam::aws:policy/{name}")).unwrap();
            assert!(policy.canonical().is_some(), "{name}");
            assert!(!policy.statements.is_empty(), "{name}");
            assert!(version.starts_with('v') && date.len() == 10, "{name}");
        }
    }

    #[test]
    fn what_is_not_of_aws_or_not_known_is_none() {
        assert!(document("arn:aws:iam::123456789012:policy/AdministratorAccess").is_none());
        assert!(document("arn:aws:iam::aws:policy/ReadOnlyAccess").is_none());
        assert!(document("arn:aws-us-gov:iam::aws:policy/AdministratorAccess").is_some());
    }
}
