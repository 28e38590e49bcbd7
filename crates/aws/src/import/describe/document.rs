//! What a document is: the operation of the `aws` command that printed it.
//!
//! Told by its members, since people name their files as they like; where `farmgate collect` wrote
//! the request into it, by that. Member names are those of the service models of AWS's SDKs
//! (`botocore/data/*/service-2.json`).

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::detect::Members;

/// Where in a document its items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In a list.
    List,
    /// In a list of texts, which name things without showing them.
    Names,
    /// It is one object.
    One,
    /// In the list `Items` of an object.
    Inner,
    /// The document itself is the item.
    Whole,
}

/// What one operation prints.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) operation: &'static str,
    /// The member that holds its items.
    pub(super) member: &'static str,
    pub(super) form: Form,
    /// Members of which an item has one, where the member's name is not enough.
    marks: &'static [&'static str],
}

impl Shape {
    /// Whether it belongs to no region.
    pub(super) fn is_global(&self) -> bool {
        ["iam ", "cloudfront ", "sts "].iter().any(|service| self.operation.starts_with(service))
    }
}

use Form::{Inner, List, Names, One, Whole};

macro_rules! shapes {
    ($($operation:literal $member:literal $form:ident [$($mark:literal)*];)*) => {
        [$(Shape { operation: $operation, member: $member, form: $form, marks: &[$($mark),*] }),*]
    };
}

/// Web ACLs before AWS WAF's second version.
pub(super) const WAF_CLASSIC: &str = "waf-regional get-web-acl-for-resource";

static SHAPES: [Shape; 101] = shapes! {
    "ec2 describe-vpcs" "Vpcs" List [];
    "ec2 describe-vpc-attribute" "VpcId" Whole ["EnableDnsSupport" "EnableDnsHostnames"];
    "ec2 describe-subnets" "Subnets" List [];
    "ec2 describe-route-tables" "RouteTables" List [];
    "ec2 describe-internet-gateways" "InternetGateways" List [];
    "ec2 describe-egress-only-internet-gateways" "EgressOnlyInternetGateways" List [];
    "ec2 describe-nat-gateways" "NatGateways" List [];
    "ec2 describe-addresses" "Addresses" List ["AllocationId" "PublicIp"];
    "ec2 describe-security-groups" "SecurityGroups" List [];
    "ec2 describe-security-group-rules" "SecurityGroupRules" List [];
    "ec2 describe-network-acls" "NetworkAcls" List [];
    "ec2 describe-vpc-endpoints" "VpcEndpoints" List [];
    "ec2 describe-managed-prefix-lists" "PrefixLists" List ["PrefixListArn" "MaxEntries" "AddressFamily" "OwnerId"];
    "ec2 describe-prefix-lists" "PrefixLists" List ["Cidrs"];
    "ec2 get-managed-prefix-list-entries" "Entries" List ["Cidr"];
    "ec2 describe-network-interfaces" "NetworkInterfaces" List [];
    "ec2 describe-instances" "Reservations" List [];
    "ec2 describe-flow-logs" "FlowLogs" List [];
    "ec2 describe-vpc-peering-connections" "VpcPeeringConnections" List [];
    "ec2 describe-transit-gateway-vpc-attachments" "TransitGatewayVpcAttachments" List [];
    "ec2 describe-transit-gateway-attachments" "TransitGatewayAttachments" List [];
    "ec2 describe-vpn-gateways" "VpnGateways" List [];
    "elbv2 describe-load-balancers" "LoadBalancers" List [];
    "elbv2 describe-load-balancer-attributes" "Attributes" List ["Key"];
    "elbv2 describe-target-group-attributes" "Attributes" List ["Key"];
    "elbv2 describe-listeners" "Listeners" List [];
    "elbv2 describe-rules" "Rules" List ["RuleArn"];
    "elbv2 describe-target-groups" "TargetGroups" List [];
    "elbv2 describe-target-health" "TargetHealthDescriptions" List [];
    "elbv2 describe-tags" "TagDescriptions" List ["ResourceArn"];
    "resourcegroupstaggingapi get-resources" "ResourceTagMappingList" List ["ResourceARN"];
    "ecs describe-clusters" "clusters" List ["clusterArn"];
    "ecs list-clusters" "clusterArns" Names [];
    "ecs list-services" "serviceArns" Names [];
    "ecs list-tasks" "taskArns" Names [];
    "ecs list-task-definitions" "taskDefinitionArns" Names [];
    "ecs describe-services" "services" List ["serviceArn"];
    "ecs describe-task-definition" "taskDefinition" One [];
    "ecs describe-tasks" "tasks" List ["taskArn"];
    "application-autoscaling describe-scalable-targets" "ScalableTargets" List [];
    "application-autoscaling describe-scaling-policies" "ScalingPolicies" List ["ScalableDimension"];
    "apigatewayv2 get-routes" "Items" List ["RouteKey"];
    "apigatewayv2 get-integrations" "Items" List ["IntegrationType"];
    "apigatewayv2 get-authorizers" "Items" List ["AuthorizerType"];
    "apigatewayv2 get-stages" "Items" List ["StageName"];
    "apigatewayv2 get-vpc-links" "Items" List ["VpcLinkId"];
    "apigatewayv2 get-apis" "Items" List ["ProtocolType"];
    "apigateway get-resources" "items" List ["path"];
    "apigateway get-authorizers" "items" List ["authType" "authorizerUri" "providerARNs"];
    "apigateway get-vpc-links" "items" List ["targetArns"];
    "apigateway get-stages" "item" List ["stageName"];
    "apigateway get-rest-apis" "items" List ["endpointConfiguration" "apiKeySource" "rootResourceId"];
    "servicediscovery list-namespaces" "Namespaces" List ["Type" "Arn"];
    "servicediscovery list-services" "Services" List ["DnsConfig" "InstanceCount" "Arn"];
    "iam get-account-authorization-details" "RoleDetailList" Whole [];
    "iam list-roles" "Roles" List ["AssumeRolePolicyDocument" "RoleName"];
    "iam get-role" "Role" One [];
    "iam get-role-policy" "PolicyDocument" Whole ["RoleName"];
    "iam list-attached-role-policies" "AttachedPolicies" List [];
    "iam get-policy-version" "PolicyVersion" One [];
    "ssm describe-parameters" "Parameters" List ["Type"];
    "secretsmanager list-secrets" "SecretList" List [];
    "secretsmanager get-resource-policy" "ResourcePolicy" Whole ["ARN"];
    "logs describe-log-groups" "logGroups" List [];
    "ecr describe-repositories" "repositories" List ["repositoryArn"];
    "ecr get-registry-scanning-configuration" "scanningConfiguration" Whole ["registryId"];
    "ecr describe-images" "imageDetails" List [];
    "ecr get-repository-policy" "policyText" Whole [];
    "wafv2 list-web-acls" "WebACLs" List ["ARN"];
    "wafv2 get-web-acl" "WebACL" One [];
    "wafv2 get-web-acl-for-resource" "WebACL" One [];
    "wafv2 list-resources-for-web-acl" "ResourceArns" Names [];
    "waf-regional get-web-acl-for-resource" "WebACLSummary" One [];
    "rds describe-db-instances" "DBInstances" List [];
    "rds describe-db-clusters" "DBClusters" List [];
    "rds describe-db-subnet-groups" "DBSubnetGroups" List [];
    "lambda list-functions" "Functions" List ["FunctionArn"];
    "lambda get-function" "Configuration" One ["FunctionArn"];
    "lambda list-function-url-configs" "FunctionUrlConfigs" List [];
    "lambda get-function-url-config" "FunctionUrl" Whole ["AuthType"];
    "cloudfront list-distributions" "DistributionList" Inner [];
    "cloudfront get-distribution" "Distribution" One [];
    "cloudtrail describe-trails" "trailList" List [];
    "cloudtrail get-trail-status" "IsLogging" Whole [];
    "cloudtrail get-event-selectors" "TrailARN" Whole ["EventSelectors" "AdvancedEventSelectors"];
    "guardduty list-detectors" "DetectorIds" Names [];
    "guardduty get-detector" "FindingPublishingFrequency" Whole ["Status"];
    "securityhub describe-hub" "HubArn" Whole [];
    "configservice describe-configuration-recorders" "ConfigurationRecorders" List [];
    "configservice describe-configuration-recorder-status" "ConfigurationRecordersStatus" List [];
    "timestream-write list-databases" "Databases" List ["TableCount"];
    "kms get-key-policy" "Policy" Whole ["PolicyName"];
    "kms describe-key" "KeyMetadata" One [];
    "kms get-key-rotation-status" "KeyRotationEnabled" Whole [];
    "efs describe-file-systems" "FileSystems" List ["FileSystemId"];
    "efs describe-mount-targets" "MountTargets" List [];
    "elb describe-load-balancers" "LoadBalancerDescriptions" List [];
    "elasticache describe-cache-clusters" "CacheClusters" List [];
    "iam list-role-policies" "PolicyNames" Names [];
    "sts get-caller-identity" "Account" Whole ["UserId"];
    "ec2 describe-transit-gateways" "TransitGateways" List [];
};

/// What was asked, as far as the document says.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// Service and operation, as the `aws` command names them.
    pub(super) operation: Option<String>,
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
    /// Names in the API's spelling; every value as a list of texts.
    pub(super) parameters: BTreeMap<String, Vec<String>>,
}

impl Request {
    pub(super) fn of(members: &Members<'_>) -> Self {
        let Some(value) = members.get("farmgateRequest").and_then(|raw| parsed(raw)) else {
            // The account is what this one document is for.
            let account = members.get("Account").and_then(|raw| parsed(raw));
            let account = account.filter(|_| members.contains_key("UserId"));
            let account = account.and_then(|value| value.as_str().map(str::to_owned));
            return Self { account, ..Self::default() };
        };
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut parameters = BTreeMap::new();
        if let Some(Value::Object(given)) = value.get("parameters") {
            for (name, value) in given {
                parameters.insert(name.clone(), flat(value));
            }
        }
        let operation = text("service").zip(text("operation"));
        Self {
            operation: operation.map(|(service, operation)| format!("{service} {operation}")),
            region: text("region")
                .filter(|region| !matches!(region.as_str(), "" | "global" | "aws-global")),
            account: text("account"),
            parameters,
        }
    }

    /// Whether a request is at hand, and asked for everything.
    pub(super) fn is_whole(&self) -> bool {
        self.operation.is_some() && !self.narrows()
    }

    /// Whether it asked for a part only.
    pub(super) fn narrows(&self) -> bool {
        let harmless = |name: &str| {
            matches!(name, "MaxResults" | "maxResults" | "PageSize" | "Limit" | "include")
        };
        self.parameters.keys().any(|name| !harmless(name))
    }

    /// The one value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        match self.parameters.get(name).map(Vec::as_slice) {
            Some([only]) => Some(only),
            _ => None,
        }
    }
}

fn flat(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

fn parsed(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

/// The code with which AWS refused.
pub(super) fn error(members: &Members<'_>) -> Option<String> {
    let value = members.get("farmgateError").and_then(|raw| parsed(raw))?;
    let code = value.get("code").and_then(Value::as_str).unwrap_or("an error");
    Some(format!("`{}`", cut(code)))
}

/// Refusals that say that there is nothing: the operation and AWS's code.
const ABSENT: [(&str, &str); 13] = [
    ("ecr get-repository-policy", "RepositoryPolicyNotFoundException"),
    ("ecr get-repository-policy", "RepositoryNotFoundException"),
    ("securityhub describe-hub", "InvalidAccessException"),
    ("securityhub describe-hub", "ResourceNotFoundException"),
    ("wafv2 get-web-acl-for-resource", "WAFNonexistentItemException"),
    (WAF_CLASSIC, "WAFNonexistentItemException"),
    (WAF_CLASSIC, "WAFUnavailableEntityException"),
    // Where the service isn't there any more; the first is `farmgate collect`'s own word.
    (WAF_CLASSIC, "Unreachable"),
    (WAF_CLASSIC, "Http404"),
    (WAF_CLASSIC, "UnknownOperationException"),
    (WAF_CLASSIC, "SubscriptionRequiredException"),
    ("secretsmanager get-resource-policy", "ResourceNotFoundException"),
    ("lambda get-function-url-config", "ResourceNotFoundException"),
];

/// Whether a refusal is an answer: that there is no such thing.
pub(super) fn is_absence(operation: &str, code: &str) -> bool {
    ABSENT.iter().any(|(own, said)| *own == operation && *said == code.trim_matches('`'))
}

/// Whether an answer is one page of several, and not the last.
pub(super) fn has_next(members: &Members<'_>) -> bool {
    let says = |members: &Members<'_>, name: &str, none: &[&str]| {
        members.get(name).is_some_and(|raw| !none.contains(&raw.get().trim()))
    };
    let tokens = ["NextToken", "nextToken", "NextMarker", "PaginationToken", "position"];
    if tokens.iter().any(|name| says(members, name, &["null", "\"\""])) {
        return true;
    }
    let inner = members.get("DistributionList");
    let inner = inner.and_then(|raw| serde_json::from_str::<Members<'_>>(raw.get()).ok());
    inner.iter().chain([members]).any(|all| says(all, "IsTruncated", &["false", "null"]))
}

/// Whether this is the member of an answer that holds its items.
pub(in super::super) fn is_member(name: &str) -> bool {
    SHAPES.iter().any(|shape| shape.member == name)
}

/// Whether a JSON object is something that the `aws` command prints, read or not.
pub(in super::super) fn is_described(members: &Members<'_>) -> bool {
    members.contains_key("farmgateRequest")
        || SHAPES.iter().any(|shape| {
            let marked = shape.form != Whole
                || shape.marks.is_empty()
                || shape.marks.iter().any(|mark| members.contains_key(*mark));
            members.contains_key(shape.member) && marked
        })
}

/// What a document is. `Ok(None)`: nothing that is read; an error: it can't be told.
pub(super) fn shape(
    members: &Members<'_>,
    request: &Request,
) -> Result<Option<&'static Shape>, String> {
    if let Some(operation) = &request.operation {
        return Ok(SHAPES.iter().find(|shape| shape.operation == operation));
    }
    let fits: Vec<&Shape> =
        SHAPES.iter().filter(|shape| members.contains_key(shape.member)).collect();
    let marked: Vec<&Shape> =
        fits.iter().copied().filter(|shape| is_marked(members, shape)).collect();
    match (marked.as_slice(), fits.as_slice()) {
        ([], []) => Ok(None),
        ([first, ..], _) if first.member == "Attributes" => Ok(Some(attributes(members, first))),
        ([first, ..], _) => Ok(Some(first)),
        ([], [only]) if is_empty(members, only) => Ok(Some(only)),
        ([], [first, ..]) if is_empty(members, first) => Err(format!(
            "`{}` is empty, so that it can't be told what it is of; `farmgate collect` writes down \
             what was asked",
            first.member
        )),
        _ => Ok(None),
    }
}

fn is_marked(members: &Members<'_>, shape: &Shape) -> bool {
    if shape.form == Whole {
        return shape.marks.is_empty()
            || shape.marks.iter().any(|mark| members.contains_key(*mark));
    }
    if shape.marks.is_empty() {
        return true;
    }
    let first = members.get(shape.member).and_then(|raw| match shape.form {
        List => serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok()?.first().copied(),
        _ => Some(*raw),
    });
    let first = first.and_then(|raw| serde_json::from_str::<Members<'_>>(raw.get()).ok());
    first.is_some_and(|first| shape.marks.iter().any(|mark| first.contains_key(*mark)))
}

fn is_empty(members: &Members<'_>, shape: &Shape) -> bool {
    let text = members.get(shape.member).map_or("", |raw| raw.get());
    text.chars().filter(|c| !c.is_whitespace()).eq("[]".chars())
}

/// The attributes of a load balancer, or those of a target group.
fn attributes(members: &Members<'_>, first: &'static Shape) -> &'static Shape {
    let text = members.get("Attributes").map_or("", |raw| raw.get());
    let of_group = [
        "\"deregistration_delay.",
        "\"stickiness.enabled\"",
        "\"proxy_protocol_v2.",
        "\"preserve_client_ip.",
    ];
    let of_balancer = ["\"deletion_protection.", "\"access_logs.", "\"idle_timeout."];
    let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
    if has(&of_group) && !has(&of_balancer) {
        let group = SHAPES.iter().find(|s| s.operation == "elbv2 describe-target-group-attributes");
        return group.unwrap_or(first);
    }
    first
}

/// The texts of a document's items; `None` if it is not of the shape.
pub(super) fn items<'a>(
    text: &'a str,
    members: &Members<'a>,
    shape: &Shape,
) -> Option<Vec<&'a str>> {
    let member = members.get(shape.member).copied();
    let list = |raw: &'a RawValue| -> Option<Vec<&'a str>> {
        let items = serde_json::from_str::<Vec<&'a RawValue>>(raw.get()).ok()?;
        Some(items.into_iter().map(RawValue::get).collect())
    };
    match (shape.form, member) {
        (Whole, _) => Some(vec![text]),
        // What has nothing to show may leave the member out.
        (_, None) => Some(Vec::new()),
        // Texts are no items that show anything; but whether there are any is seen.
        (Names | List, Some(raw)) => list(raw),
        (One, Some(raw)) => raw.get().starts_with('{').then(|| vec![raw.get()]),
        (Inner, Some(raw)) => {
            let inner = serde_json::from_str::<Members<'a>>(raw.get()).ok()?;
            match inner.get("Items") {
                Some(items) => list(items),
                None => Some(Vec::new()),
            }
        }
    }
}

/// That a document is none that is read.
pub(super) fn unread(name: &str, members: &Members<'_>) -> String {
    let shown: Vec<String> =
        members.keys().take(4).map(|member| format!("`{}`", cut(&member.0))).collect();
    format!("{name} is not read: nothing that is looked at is in {}", shown.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
