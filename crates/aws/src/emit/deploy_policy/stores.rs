//! Keys, images, secrets, databases, files.

use super::Table;
use super::scopes::Scope::{
    Aliases, AllDatabases, Any, Buckets, DatabaseKeys, DatabaseSecrets, Databases, Keys, KeysOwn,
    LinkedRoles, NewKeys, Parameters, Repositories, Rotated, Rotators,
};

pub(super) const TABLE: Table = &[
    (
        "aws_kms_key",
        &[
            (NewKeys, "kms", "CreateKey TagResource"),
            (
                Keys,
                "kms",
                "DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus ListResourceTags",
            ),
            (
                KeysOwn,
                "kms",
                "PutKeyPolicy UpdateKeyDescription ScheduleKeyDeletion TagResource UntagResource",
            ),
        ],
    ),
    (
        "aws_kms_alias",
        &[
            (Any, "kms", "ListAliases"),
            (Keys, "kms", "CreateAlias UpdateAlias DeleteAlias"),
            (Aliases, "kms", "CreateAlias UpdateAlias DeleteAlias"),
        ],
    ),
    (
        "aws_ecr_repository",
        &[(
            Repositories,
            "ecr",
            "CreateRepository DescribeRepositories PutImageTagMutability \
                 PutImageScanningConfiguration DeleteRepository ListTagsForResource TagResource \
                 UntagResource",
        )],
    ),
    (
        "aws_ecr_lifecycle_policy",
        &[(Repositories, "ecr", "PutLifecyclePolicy GetLifecyclePolicy DeleteLifecyclePolicy")],
    ),
    (
        "aws_ssm_parameter",
        &[
            (Any, "ssm", "DescribeParameters"),
            (
                Parameters,
                "ssm",
                "PutParameter GetParameter DeleteParameter ListTagsForResource AddTagsToResource \
                 RemoveTagsFromResource",
            ),
        ],
    ),
    (
        "aws_secretsmanager_secret_rotation",
        &[
            (Rotated, "secretsmanager", "DescribeSecret RotateSecret CancelRotateSecret"),
            (Rotators, "lambda", "InvokeFunction"),
        ],
    ),
    (
        "aws_db_instance",
        &[
            (AllDatabases, "rds", "DescribeDBInstances"),
            (
                Databases,
                "rds",
                "CreateDBInstance ModifyDBInstance RebootDBInstance DeleteDBInstance \
                 CreateDBSnapshot AddTagsToResource RemoveTagsFromResource ListTagsForResource",
            ),
            (DatabaseSecrets, "secretsmanager", "CreateSecret TagResource RotateSecret"),
            (Keys, "kms", "DescribeKey"),
            (DatabaseKeys, "kms", "CreateGrant"),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_db_parameter_group",
        &[(
            Databases,
            "rds",
            "CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup \
                 DeleteDBParameterGroup DescribeDBParameterGroups DescribeDBParameters \
                 AddTagsToResource RemoveTagsFromResource ListTagsForResource",
        )],
    ),
    (
        "aws_db_subnet_group",
        &[
            (Any, "ec2", "DescribeSubnets DescribeVpcs DescribeAvailabilityZones"),
            (
                Databases,
                "rds",
                "CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups \
                 AddTagsToResource RemoveTagsFromResource ListTagsForResource",
            ),
        ],
    ),
    (
        "aws_s3_bucket",
        &[(
            Buckets,
            "s3",
            "CreateBucket DeleteBucket ListBucket GetBucketTagging PutBucketTagging \
                 GetBucketAcl GetBucketCORS GetBucketLogging GetBucketPolicy \
                 GetBucketRequestPayment GetBucketVersioning GetBucketWebsite \
                 GetAccelerateConfiguration GetBucketObjectLockConfiguration \
                 GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration",
        )],
    ),
    (
        "aws_s3_bucket_lifecycle_configuration",
        &[(Buckets, "s3", "GetLifecycleConfiguration PutLifecycleConfiguration")],
    ),
    (
        "aws_s3_bucket_ownership_controls",
        &[(Buckets, "s3", "GetBucketOwnershipControls PutBucketOwnershipControls")],
    ),
    (
        "aws_s3_bucket_policy",
        &[(Buckets, "s3", "GetBucketPolicy PutBucketPolicy DeleteBucketPolicy")],
    ),
    (
        "aws_s3_bucket_public_access_block",
        &[(Buckets, "s3", "GetBucketPublicAccessBlock PutBucketPublicAccessBlock")],
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        &[(Buckets, "s3", "GetEncryptionConfiguration PutEncryptionConfiguration")],
    ),
    ("aws_s3_bucket_versioning", &[(Buckets, "s3", "GetBucketVersioning PutBucketVersioning")]),
];
