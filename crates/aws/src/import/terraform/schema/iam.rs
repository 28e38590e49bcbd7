//! Types of IAM, and policies of resources. Policies hold no secrets.

use super::Table;

/// Roles and policies.
pub(super) const IAM: Table = &[
    (
        "aws_iam_role",
        &[
            "id",
            "arn",
            "name",
            "path",
            "region",
            "assume_role_policy",
            "inline_policy",
            "managed_policy_arns",
            "permissions_boundary",
        ],
    ),
    ("aws_iam_role_policy", &["id", "role", "name", "policy"]),
    ("aws_iam_role_policy_attachment", &["id", "role", "policy_arn"]),
    ("aws_iam_role_policy_attachments_exclusive", &["id", "role_name", "policy_arns"]),
    ("aws_iam_policy_attachment", &["id", "name", "roles", "policy_arn"]),
    ("aws_iam_policy", &["id", "arn", "name", "policy"]),
    ("aws_ecr_repository_policy", &["id", "repository", "policy"]),
    ("aws_secretsmanager_secret_policy", &["id", "secret_arn", "policy"]),
    // `key_manager` is what the data source says: `AWS`, or `CUSTOMER`.
    ("aws_kms_key", &["id", "arn", "key_id", "policy", "key_manager"]),
    ("aws_kms_alias", &["id", "arn", "name", "target_key_id"]),
    ("aws_kms_key_policy", &["id", "key_id", "policy"]),
];

/// Documents that Terraform writes.
pub(super) const IAM_DATA: Table = &[(
    "aws_iam_policy_document",
    &[
        "id",
        "json",
        "version",
        "statement",
        "source_policy_documents",
        "override_policy_documents",
        "source_json",
        "override_json",
    ],
)];
