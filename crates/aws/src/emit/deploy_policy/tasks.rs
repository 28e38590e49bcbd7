//! Tasks, and what is logged and told of them.

use super::Table;
use super::scopes::Scope::{
    Alarms, AllAlarms, Any, ConfigPolicy, Ecs, LinkedRoles, Logs, PassRoles, Roles, Scaling,
    ScalingAlarms, Topics,
};

pub(super) const TABLE: Table = &[
    (
        "aws_ecs_cluster",
        &[
            (
                Ecs,
                "ecs",
                "CreateCluster DescribeClusters UpdateCluster UpdateClusterSettings DeleteCluster \
                 TagResource UntagResource ListTagsForResource",
            ),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_ecs_task_definition",
        &[
            (Any, "ecs", "DescribeTaskDefinition"),
            (Ecs, "ecs", "RegisterTaskDefinition TagResource UntagResource ListTagsForResource"),
            (PassRoles, "iam", "PassRole"),
        ],
    ),
    (
        "aws_ecs_service",
        &[(
            Ecs,
            "ecs",
            "CreateService DescribeServices UpdateService DeleteService TagResource \
                 UntagResource ListTagsForResource",
        )],
    ),
    (
        "aws_iam_role",
        &[(
            Roles,
            "iam",
            "CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy \
                 DeleteRole TagRole UntagRole ListRolePolicies GetRolePolicy \
                 ListAttachedRolePolicies ListInstanceProfilesForRole",
        )],
    ),
    ("aws_iam_role_policy", &[(Roles, "iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy")]),
    (
        "aws_iam_role_policy_attachment",
        &[
            (Roles, "iam", "ListAttachedRolePolicies"),
            (ConfigPolicy, "iam", "AttachRolePolicy DetachRolePolicy"),
        ],
    ),
    (
        "aws_appautoscaling_target",
        &[
            (Any, "application-autoscaling", "DescribeScalableTargets"),
            (
                Scaling,
                "application-autoscaling",
                "RegisterScalableTarget DeregisterScalableTarget ListTagsForResource TagResource \
                 UntagResource",
            ),
            (Ecs, "ecs", "DescribeServices UpdateService"),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_appautoscaling_policy",
        &[
            (Any, "application-autoscaling", "DescribeScalingPolicies"),
            (AllAlarms, "cloudwatch", "DescribeAlarms"),
            (Scaling, "application-autoscaling", "PutScalingPolicy DeleteScalingPolicy"),
            (ScalingAlarms, "cloudwatch", "PutMetricAlarm DeleteAlarms"),
        ],
    ),
    (
        "aws_cloudwatch_log_group",
        &[
            (Any, "logs", "DescribeLogGroups"),
            (
                Logs,
                "logs",
                "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy \
                 ListTagsForResource TagResource UntagResource",
            ),
        ],
    ),
    (
        "aws_cloudwatch_log_metric_filter",
        &[(Logs, "logs", "PutMetricFilter DescribeMetricFilters DeleteMetricFilter")],
    ),
    (
        "aws_cloudwatch_log_resource_policy",
        &[(Any, "logs", "PutResourcePolicy DescribeResourcePolicies DeleteResourcePolicy")],
    ),
    (
        "aws_cloudwatch_metric_alarm",
        &[
            (AllAlarms, "cloudwatch", "DescribeAlarms"),
            (
                Alarms,
                "cloudwatch",
                "PutMetricAlarm DeleteAlarms ListTagsForResource TagResource UntagResource",
            ),
        ],
    ),
    (
        "aws_sns_topic",
        &[(
            Topics,
            "sns",
            "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes ListTagsForResource \
                 TagResource UntagResource",
        )],
    ),
    ("aws_sns_topic_policy", &[(Topics, "sns", "GetTopicAttributes SetTopicAttributes")]),
    (
        "aws_sns_topic_subscription",
        &[
            (Any, "sns", "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe"),
            (Topics, "sns", "Subscribe"),
        ],
    ),
];
