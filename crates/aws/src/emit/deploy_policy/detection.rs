//! What watches the account.

use super::Table;
use super::scopes::Scope::{Any, Detector, Hub, LinkedRoles, PassRoles, Recorder, Trail};

pub(super) const TABLE: Table = &[
    (
        "aws_cloudtrail",
        &[
            (Any, "cloudtrail", "DescribeTrails"),
            (
                Trail,
                "cloudtrail",
                "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging GetTrailStatus \
                 GetEventSelectors ListTags AddTags RemoveTags",
            ),
        ],
    ),
    (
        "aws_config_configuration_recorder",
        &[
            (
                Recorder,
                "config",
                "PutConfigurationRecorder DescribeConfigurationRecorders \
                 DeleteConfigurationRecorder",
            ),
            (PassRoles, "iam", "PassRole"),
        ],
    ),
    (
        "aws_config_configuration_recorder_status",
        &[(
            Recorder,
            "config",
            "StartConfigurationRecorder StopConfigurationRecorder \
                 DescribeConfigurationRecorderStatus",
        )],
    ),
    (
        "aws_config_delivery_channel",
        &[(Any, "config", "PutDeliveryChannel DescribeDeliveryChannels DeleteDeliveryChannel")],
    ),
    (
        "aws_guardduty_detector",
        &[
            (Any, "guardduty", "CreateDetector"),
            (
                Detector,
                "guardduty",
                "GetDetector UpdateDetector DeleteDetector TagResource UntagResource",
            ),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_securityhub_account",
        &[
            (
                Hub,
                "securityhub",
                "EnableSecurityHub DisableSecurityHub DescribeHub UpdateSecurityHubConfiguration",
            ),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_securityhub_standards_subscription",
        &[(Hub, "securityhub", "BatchEnableStandards BatchDisableStandards GetEnabledStandards")],
    ),
];
