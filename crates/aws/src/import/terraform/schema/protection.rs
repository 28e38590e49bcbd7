//! Types that watch an account, hold data for Timestream, or move the number of tasks.

use super::Table;

/// Detection, scaling policies, time series.
pub(super) const PROTECTION: Table = &[
    (
        "aws_cloudtrail",
        &[
            "id",
            "arn",
            "name",
            "is_multi_region_trail",
            "include_global_service_events",
            "enable_log_file_validation",
            "enable_logging",
            "kms_key_id",
            "event_selector",
            "advanced_event_selector",
        ],
    ),
    ("aws_guardduty_detector", &["id", "arn", "enable"]),
    ("aws_securityhub_account", &["id", "arn", "enable_default_standards"]),
    ("aws_securityhub_standards_subscription", &["id", "standards_arn"]),
    ("aws_config_configuration_recorder", &["id", "name"]),
    ("aws_config_configuration_recorder_status", &["id", "name", "is_enabled"]),
    (
        "aws_appautoscaling_policy",
        &[
            "id",
            "arn",
            "resource_id",
            "service_namespace",
            "policy_type",
            "target_tracking_scaling_policy_configuration",
        ],
    ),
    ("aws_appautoscaling_scheduled_action", &["id", "arn", "resource_id", "service_namespace"]),
    ("aws_timestreamwrite_database", &["id", "arn"]),
    ("aws_timestreamwrite_table", &["id", "arn"]),
];
