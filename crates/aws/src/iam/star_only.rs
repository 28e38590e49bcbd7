//! Actions that no resource limits: a statement that names a resource for one of them does nothing.
//!
//! Source: Service Authorization Reference, as of 2026-11: actions whose column "Resource types" is
//! empty. Only those that tasks and their roles are given; of several more AWS's services take ARNs
//! that the reference does not list (`logs:DescribeLogGroups`), and those are left out.

/// A service's prefix, and its actions.
const ALL: [(&str, &[&str]); 24] = [
    ("bedrock", &["ListFoundationModels"]),
    ("cloudwatch", &["GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData"]),
    ("dynamodb", &["DescribeLimits", "ListTables"]),
    (
        "ec2",
        &[
            "DescribeAvailabilityZones",
            "DescribeInstances",
            "DescribeNetworkInterfaces",
            "DescribeRegions",
            "DescribeRouteTables",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeTags",
            "DescribeVolumes",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
        ],
    ),
    (
        "ec2messages",
        &[
            "AcknowledgeMessage",
            "DeleteMessage",
            "FailMessage",
            "GetEndpoint",
            "GetMessages",
            "SendReply",
        ],
    ),
    (
        "ecr",
        &[
            "DescribeRegistry",
            "GetAuthorizationToken",
            "GetRegistryPolicy",
            "GetRegistryScanningConfiguration",
        ],
    ),
    ("ecr-public", &["GetAuthorizationToken"]),
    (
        "ecs",
        &[
            "DeregisterTaskDefinition",
            "DescribeTaskDefinition",
            "DiscoverPollEndpoint",
            "ListClusters",
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
        ],
    ),
    (
        "elasticloadbalancing",
        &[
            "DescribeListeners",
            "DescribeLoadBalancers",
            "DescribeRules",
            "DescribeTags",
            "DescribeTargetGroups",
            "DescribeTargetHealth",
        ],
    ),
    ("events", &["ListEventBuses"]),
    ("iam", &["ListPolicies", "ListRoles", "ListUsers"]),
    ("kms", &["CreateKey", "GenerateRandom", "ListAliases", "ListKeys"]),
    ("lambda", &["GetAccountSettings", "ListFunctions"]),
    ("logs", &["DescribeResourcePolicies", "PutResourcePolicy"]),
    ("s3", &["ListAllMyBuckets"]),
    ("secretsmanager", &["BatchGetSecretValue", "GetRandomPassword", "ListSecrets"]),
    ("servicediscovery", &["ListNamespaces"]),
    ("sns", &["ListSubscriptions", "ListTopics"]),
    ("sqs", &["ListQueues"]),
    ("ssm", &["DescribeParameters"]),
    (
        "ssmmessages",
        &["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"],
    ),
    ("sts", &["DecodeAuthorizationMessage", "GetCallerIdentity", "GetSessionToken"]),
    ("timestream", &["CancelQuery", "DescribeEndpoints", "ListDatabases", "SelectValues"]),
    (
        "xray",
        &[
            "GetSamplingRules",
            "GetSamplingStatisticSummaries",
            "GetSamplingTargets",
            "PutTelemetryRecords",
            "PutTraceSegments",
        ],
    ),
];

/// Whether it is known that no resource limits an action.
#[must_use]
pub fn is_star_only(action: &str) -> bool {
    let Some((service, name)) = action.split_once(':') else { return false };
    let own = ALL.iter().find(|(prefix, _)| prefix.eq_ignore_ascii_case(service));
    own.is_some_and(|(_, actions)| actions.iter().any(|known| known.eq_ignore_ascii_case(name)))
}
