//! The only list of what is asked of an account: every call, with the IAM action that it needs.
//!
//! A test holds that every action only lists, describes or gets, and that none gives a value of a
//! secret or a parameter. What is not in this list is never called; `shapes/generate.py` reads this
//! file to know whose shapes to write.

use super::each::{self, Each};

/// A call that is made of an account.
#[derive(Debug)]
pub struct Operation {
    /// The service, as the `aws` command names it: `elbv2`.
    pub service: &'static str,
    /// The operation, as the `aws` command names it: `describe-listeners`.
    pub name: &'static str,
    /// The IAM actions that it needs.
    pub actions: &'static [&'static str],
    /// Parameters that are always the same.
    pub(super) fixed: &'static [(&'static str, Fixed)],
    /// For what each it is made; once if for nothing.
    pub(super) per: Option<Per>,
    /// Whether it is asked once for all regions.
    pub global: bool,
    /// Whether its service is on its way out: it is asked once, and where it can't be reached, it isn't
    /// there any more.
    pub(super) ending: bool,
}

/// A parameter that is always the same.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fixed {
    Text(&'static str),
    List(&'static [&'static str]),
}

/// For what each a call is made.
#[derive(Debug)]
pub(super) struct Per {
    /// One of them, in words.
    pub(super) what: &'static str,
    /// The calls whose answers name them: service and operation.
    pub(super) of: &'static [&'static str],
    /// The parameters that an answer gives.
    pub(super) each: Each,
}

const fn op(
    service: &'static str,
    name: &'static str,
    actions: &'static [&'static str],
) -> Operation {
    Operation { service, name, actions, fixed: &[], per: None, global: false, ending: false }
}

// === impl Operation ===

impl Operation {
    const fn global(mut self) -> Self {
        self.global = true;
        self
    }

    const fn ending(mut self) -> Self {
        self.ending = true;
        self
    }

    const fn with(mut self, fixed: &'static [(&'static str, Fixed)]) -> Self {
        self.fixed = fixed;
        self
    }

    const fn per(mut self, what: &'static str, of: &'static [&'static str], each: Each) -> Self {
        self.per = Some(Per { what, of, each });
        self
    }

    /// For what each it is made, in words: `load balancer`.
    #[must_use]
    pub fn per_what(&self) -> Option<&'static str> {
        self.per.as_ref().map(|per| per.what)
    }

    /// Parameters that are always the same, as the command line would say them: `--scope REGIONAL`.
    #[must_use]
    pub fn fixed_words(&self) -> String {
        let word = |(name, value): &(&str, Fixed)| match value {
            Fixed::Text(text) => format!("{name}={text}"),
            Fixed::List(list) => format!("{name}={}", list.join(",")),
        };
        self.fixed.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

const ECS_ONLY: &[(&str, Fixed)] = &[("ServiceNamespace", Fixed::Text("ecs"))];
const IN_USE: &[(&str, Fixed)] =
    &[("Filter", Fixed::List(&["Role", "LocalManagedPolicy", "AWSManagedPolicy"]))];

/// Every call, in the order in which they are begun.
pub const OPERATIONS: &[Operation] = &[
    op("sts", "get-caller-identity", &["sts:GetCallerIdentity"]).global(),
    op("ec2", "describe-vpcs", &["ec2:DescribeVpcs"]),
    op("ec2", "describe-vpc-attribute", &["ec2:DescribeVpcAttribute"])
        .with(&[("Attribute", Fixed::Text("enableDnsSupport"))])
        .per("VPC", &["ec2 describe-vpcs"], each::vpc),
    op("ec2", "describe-vpc-attribute", &["ec2:DescribeVpcAttribute"])
        .with(&[("Attribute", Fixed::Text("enableDnsHostnames"))])
        .per("VPC", &["ec2 describe-vpcs"], each::vpc),
    op("ec2", "describe-subnets", &["ec2:DescribeSubnets"]),
    op("ec2", "describe-route-tables", &["ec2:DescribeRouteTables"]),
    op("ec2", "describe-internet-gateways", &["ec2:DescribeInternetGateways"]),
    op(
        "ec2",
        "describe-egress-only-internet-gateways",
        &["ec2:DescribeEgressOnlyInternetGateways"],
    ),
    op("ec2", "describe-nat-gateways", &["ec2:DescribeNatGateways"]),
    op("ec2", "describe-security-groups", &["ec2:DescribeSecurityGroups"]),
    op("ec2", "describe-security-group-rules", &["ec2:DescribeSecurityGroupRules"]),
    op("ec2", "describe-network-acls", &["ec2:DescribeNetworkAcls"]),
    op("ec2", "describe-vpc-endpoints", &["ec2:DescribeVpcEndpoints"]),
    op("ec2", "describe-managed-prefix-lists", &["ec2:DescribeManagedPrefixLists"]),
    op("ec2", "get-managed-prefix-list-entries", &["ec2:GetManagedPrefixListEntries"]).per(
        "prefix list",
        &["ec2 describe-managed-prefix-lists"],
        each::prefix_list,
    ),
    op("ec2", "describe-network-interfaces", &["ec2:DescribeNetworkInterfaces"]),
    op("ec2", "describe-instances", &["ec2:DescribeInstances"]),
    op("ec2", "describe-flow-logs", &["ec2:DescribeFlowLogs"]),
    op("ec2", "describe-vpc-peering-connections", &["ec2:DescribeVpcPeeringConnections"]),
    op("ec2", "describe-transit-gateway-attachments", &["ec2:DescribeTransitGatewayAttachments"]),
    op(
        "ec2",
        "describe-transit-gateway-vpc-attachments",
        &["ec2:DescribeTransitGatewayVpcAttachments"],
    ),
    op("ec2", "describe-vpn-gateways", &["ec2:DescribeVpnGateways"]),
    op("ec2", "describe-addresses", &["ec2:DescribeAddresses"]),
    op("elbv2", "describe-load-balancers", &["elasticloadbalancing:DescribeLoadBalancers"]),
    op(
        "elbv2",
        "describe-load-balancer-attributes",
        &["elasticloadbalancing:DescribeLoadBalancerAttributes"],
    )
    .per("load balancer", &["elbv2 describe-load-balancers"], each::load_balancer),
    op("elbv2", "describe-listeners", &["elasticloadbalancing:DescribeListeners"]).per(
        "load balancer",
        &["elbv2 describe-load-balancers"],
        each::load_balancer,
    ),
    op("elbv2", "describe-rules", &["elasticloadbalancing:DescribeRules"]).per(
        "listener",
        &["elbv2 describe-listeners"],
        each::listener,
    ),
    op("elbv2", "describe-target-groups", &["elasticloadbalancing:DescribeTargetGroups"]),
    op(
        "elbv2",
        "describe-target-group-attributes",
        &["elasticloadbalancing:DescribeTargetGroupAttributes"],
    )
    .per("target group", &["elbv2 describe-target-groups"], each::target_group),
    op("elbv2", "describe-target-health", &["elasticloadbalancing:DescribeTargetHealth"]).per(
        "target group",
        &["elbv2 describe-target-groups"],
        each::target_group,
    ),
    op("ecs", "list-clusters", &["ecs:ListClusters"]),
    op("ecs", "describe-clusters", &["ecs:DescribeClusters"])
        .with(&[("include", Fixed::List(&["SETTINGS", "CONFIGURATIONS"]))])
        .per("100 clusters", &["ecs list-clusters"], each::clusters),
    op("ecs", "list-services", &["ecs:ListServices"]).per(
        "cluster",
        &["ecs list-clusters"],
        each::cluster,
    ),
    op("ecs", "describe-services", &["ecs:DescribeServices"]).per(
        "10 services",
        &["ecs list-services"],
        each::services,
    ),
    op("ecs", "list-tasks", &["ecs:ListTasks"]).per(
        "cluster",
        &["ecs list-clusters"],
        each::cluster,
    ),
    op("ecs", "describe-tasks", &["ecs:DescribeTasks"]).per(
        "100 tasks",
        &["ecs list-tasks"],
        each::tasks,
    ),
    op("ecs", "describe-task-definition", &["ecs:DescribeTaskDefinition"]).per(
        "task definition in use",
        &["ecs describe-services", "ecs describe-tasks"],
        each::task_definition,
    ),
    op(
        "application-autoscaling",
        "describe-scalable-targets",
        &["application-autoscaling:DescribeScalableTargets"],
    )
    .with(ECS_ONLY),
    op(
        "application-autoscaling",
        "describe-scaling-policies",
        &["application-autoscaling:DescribeScalingPolicies"],
    )
    .with(ECS_ONLY),
    op("apigatewayv2", "get-apis", &["apigateway:GET"]),
    op("apigatewayv2", "get-routes", &["apigateway:GET"]).per(
        "HTTP or WebSocket API",
        &["apigatewayv2 get-apis"],
        each::api,
    ),
    op("apigatewayv2", "get-integrations", &["apigateway:GET"]).per(
        "HTTP or WebSocket API",
        &["apigatewayv2 get-apis"],
        each::api,
    ),
    op("apigatewayv2", "get-authorizers", &["apigateway:GET"]).per(
        "HTTP or WebSocket API",
        &["apigatewayv2 get-apis"],
        each::api,
    ),
    op("apigatewayv2", "get-stages", &["apigateway:GET"]).per(
        "HTTP or WebSocket API",
        &["apigatewayv2 get-apis"],
        each::api,
    ),
    op("apigatewayv2", "get-vpc-links", &["apigateway:GET"]),
    op("apigateway", "get-rest-apis", &["apigateway:GET"]),
    op("apigateway", "get-resources", &["apigateway:GET"])
        .with(&[("embed", Fixed::List(&["methods"]))])
        .per("REST API", &["apigateway get-rest-apis"], each::rest_api),
    op("apigateway", "get-authorizers", &["apigateway:GET"]).per(
        "REST API",
        &["apigateway get-rest-apis"],
        each::rest_api,
    ),
    op("apigateway", "get-stages", &["apigateway:GET"]).per(
        "REST API",
        &["apigateway get-rest-apis"],
        each::rest_api,
    ),
    op("apigateway", "get-vpc-links", &["apigateway:GET"]),
    op("servicediscovery", "list-namespaces", &["servicediscovery:ListNamespaces"]),
    op("servicediscovery", "list-services", &["servicediscovery:ListServices"]),
    op("iam", "get-account-authorization-details", &["iam:GetAccountAuthorizationDetails"])
        .with(IN_USE)
        .global(),
    op("ssm", "describe-parameters", &["ssm:DescribeParameters"]),
    op("secretsmanager", "list-secrets", &["secretsmanager:ListSecrets"]),
    op("secretsmanager", "get-resource-policy", &["secretsmanager:GetResourcePolicy"]).per(
        "secret",
        &["secretsmanager list-secrets"],
        each::secret,
    ),
    op("kms", "describe-key", &["kms:DescribeKey"]).per(
        "key of secrets and parameters",
        &["secretsmanager list-secrets", "ssm describe-parameters"],
        each::key_in_use,
    ),
    op("kms", "get-key-policy", &["kms:GetKeyPolicy"])
        .with(&[("PolicyName", Fixed::Text("default"))])
        .per("such key of the account's own", &["kms describe-key"], each::own_key),
    op("logs", "describe-log-groups", &["logs:DescribeLogGroups"]),
    op("ecr", "describe-repositories", &["ecr:DescribeRepositories"]),
    op("ecr", "get-registry-scanning-configuration", &["ecr:GetRegistryScanningConfiguration"]),
    op("ecr", "describe-images", &["ecr:DescribeImages"]).per(
        "repository",
        &["ecr describe-repositories"],
        each::repository,
    ),
    op("ecr", "get-repository-policy", &["ecr:GetRepositoryPolicy"]).per(
        "repository",
        &["ecr describe-repositories"],
        each::repository,
    ),
    op("wafv2", "list-web-acls", &["wafv2:ListWebACLs"])
        .with(&[("Scope", Fixed::Text("REGIONAL"))]),
    op("wafv2", "list-web-acls", &["wafv2:ListWebACLs"])
        .with(&[("Scope", Fixed::Text("CLOUDFRONT"))])
        .global(),
    op("wafv2", "get-web-acl", &["wafv2:GetWebACL"]).per(
        "web ACL",
        &["wafv2 list-web-acls"],
        each::web_acl,
    ),
    op("wafv2", "get-web-acl-for-resource", &["wafv2:GetWebACLForResource"]).per(
        "application load balancer, and for every stage of a REST API",
        &["elbv2 describe-load-balancers", "apigateway get-stages"],
        each::protected,
    ),
    // AWS WAF Classic, whose end was 2025-09-30.
    op("waf-regional", "get-web-acl-for-resource", &["waf-regional:GetWebACLForResource"])
        .per("application load balancer", &["elbv2 describe-load-balancers"], each::protected)
        .ending(),
    op("rds", "describe-db-instances", &["rds:DescribeDBInstances"]),
    op("rds", "describe-db-clusters", &["rds:DescribeDBClusters"]),
    op("rds", "describe-db-subnet-groups", &["rds:DescribeDBSubnetGroups"]),
    op("lambda", "list-functions", &["lambda:ListFunctions"]),
    op("lambda", "list-function-url-configs", &["lambda:ListFunctionUrlConfigs"]).per(
        "function",
        &["lambda list-functions"],
        each::function,
    ),
    op("cloudfront", "list-distributions", &["cloudfront:ListDistributions"]).global(),
    op("cloudtrail", "describe-trails", &["cloudtrail:DescribeTrails"]),
    op("cloudtrail", "get-trail-status", &["cloudtrail:GetTrailStatus"]).per(
        "trail",
        &["cloudtrail describe-trails"],
        each::trail,
    ),
    op("cloudtrail", "get-event-selectors", &["cloudtrail:GetEventSelectors"]).per(
        "trail",
        &["cloudtrail describe-trails"],
        each::trail_by_its_name,
    ),
    op("guardduty", "list-detectors", &["guardduty:ListDetectors"]),
    op("guardduty", "get-detector", &["guardduty:GetDetector"]).per(
        "detector",
        &["guardduty list-detectors"],
        each::detector,
    ),
    op("securityhub", "describe-hub", &["securityhub:DescribeHub"]),
    op(
        "configservice",
        "describe-configuration-recorders",
        &["config:DescribeConfigurationRecorders"],
    ),
    op(
        "configservice",
        "describe-configuration-recorder-status",
        &["config:DescribeConfigurationRecorderStatus"],
    ),
];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn everything_only_reads_and_nothing_gives_a_secret() {
        for operation in OPERATIONS {
            assert!(!operation.actions.is_empty(), "{}", operation.name);
            for action in operation.actions {
                let (service, verb) = action.split_once(':').unwrap();
                let reads = ["Describe", "List", "Get"].iter().any(|it| verb.starts_with(it));
                assert!(reads || (service, verb) == ("apigateway", "GET"), "{action}");
                // What gives values of secrets or parameters, code, passwords or contents.
                let gives = [
                    "GetSecretValue",
                    "GetParameter",
                    "GetFunction",
                    "GetPasswordData",
                    "GetConsole",
                    "GetObject",
                    "GetLogEvents",
                    "GetLaunchTemplateData",
                    "DescribeInstanceAttribute",
                    "GetAuthorizationToken",
                    "GetSessionToken",
                ];
                assert!(!gives.iter().any(|it| verb.starts_with(it)), "{action}");
            }
            let reads =
                ["describe-", "list-", "get-"].iter().any(|it| operation.name.starts_with(it));
            assert!(reads, "{}", operation.name);
        }
    }

    #[test]
    fn what_names_others_is_asked_itself() {
        let asked: Vec<String> =
            OPERATIONS.iter().map(|it| format!("{} {}", it.service, it.name)).collect();
        for (index, operation) in OPERATIONS.iter().enumerate() {
            for of in operation.per.iter().flat_map(|per| per.of) {
                assert!(asked[..index].iter().any(|it| it == of), "{of}");
            }
        }
    }
}
