//! What an expression may mention without its value being one of the ids that are wanted.

/// Providers whose resources hold random text, keys or files, never an AWS id.
pub(super) fn provider(kind: &str) -> bool {
    const PREFIXES: [&str; 6] = ["random_", "tls_", "local_", "archive_", "null_", "template_"];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
}

/// Types that tell about the surroundings.
pub(super) fn kind(kind: &str) -> bool {
    matches!(
        kind,
        "aws_availability_zones"
            | "aws_availability_zone"
            | "aws_region"
            | "aws_regions"
            | "aws_caller_identity"
            | "aws_partition"
            | "aws_ip_ranges"
            | "aws_iam_policy_document"
            | "aws_default_tags"
            | "aws_ami"
            | "aws_ami_ids"
            | "aws_acm_certificate"
    )
}

/// Attributes that name the resource itself, or describe it: `id` of another type cannot be the
/// id that is wanted, it is there to decide something or to make a name.
pub(super) fn attribute(name: &str) -> bool {
    matches!(
        name,
        "id" | "arn"
            | "name"
            | "names"
            | "tags"
            | "tags_all"
            | "description"
            | "cidr_block"
            | "cidr_blocks"
            | "availability_zone"
            | "availability_zones"
            | "account_id"
            | "owner_id"
            | "partition"
            | "region"
            | "port"
            | "protocol"
            | "family"
            | "function_name"
            | "bucket"
            | "zone_id"
            | "dns_name"
            | "json"
    )
}
