//! CloudFormation's resource types: which type of the Terraform provider is the same thing, and
//! what `Ref` of it gives.

/// What `Ref` of a resource gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// An id that AWS makes up.
    Id,
    /// Such an id that is also the first part of a host name.
    Label,
    Arn,
    /// The physical name.
    Name,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    /// The provider's name of it.
    pub(super) kind: String,
    pub(super) reference: Reference,
    /// The property that gives its physical name; empty if it has none.
    pub(super) name: &'static str,
    /// The form of its ARN: `{p}`artition, `{r}`egion, `{a}`ccount, `{name}`, `{path}`.
    pub(super) arn: Option<&'static str>,
}

/// CloudFormation's name, the provider's, what `Ref` gives, the property of its name, its ARN.
type Row = (&'static str, &'static str, Reference, &'static str, &'static str);

use Reference::{Arn, Id, Label, Name};

/// Types whose names follow no rule, or of which more is known.
const TYPES: &[Row] = &[
    ("EC2::VPC", "aws_vpc", Id, "", "arn:{p}:ec2:{r}:{a}:vpc/{name}"),
    ("EC2::VPCCidrBlock", "aws_vpc_ipv4_cidr_block_association", Id, "", ""),
    ("EC2::Subnet", "aws_subnet", Id, "", ""),
    ("EC2::RouteTable", "aws_route_table", Id, "", ""),
    ("EC2::Route", "aws_route", Id, "", ""),
    ("EC2::SubnetRouteTableAssociation", "aws_route_table_association", Id, "", ""),
    ("EC2::GatewayRouteTableAssociation", "aws_route_table_association", Id, "", ""),
    ("EC2::InternetGateway", "aws_internet_gateway", Id, "", ""),
    ("EC2::VPCGatewayAttachment", "aws_internet_gateway_attachment", Id, "", ""),
    ("EC2::EgressOnlyInternetGateway", "aws_egress_only_internet_gateway", Id, "", ""),
    ("EC2::NatGateway", "aws_nat_gateway", Id, "", ""),
    ("EC2::EIP", "aws_eip", Id, "", ""),
    ("EC2::EIPAssociation", "aws_eip_association", Id, "", ""),
    ("EC2::SecurityGroup", "aws_security_group", Id, "GroupName", ""),
    ("EC2::SecurityGroupIngress", "aws_vpc_security_group_ingress_rule", Id, "", ""),
    ("EC2::SecurityGroupEgress", "aws_vpc_security_group_egress_rule", Id, "", ""),
    ("EC2::NetworkAcl", "aws_network_acl", Id, "", ""),
    ("EC2::NetworkAclEntry", "aws_network_acl_rule", Id, "", ""),
    ("EC2::SubnetNetworkAclAssociation", "aws_network_acl_association", Id, "", ""),
    ("EC2::PrefixList", "aws_ec2_managed_prefix_list", Id, "", ""),
    ("EC2::VPCEndpoint", "aws_vpc_endpoint", Id, "", ""),
    ("EC2::Instance", "aws_instance", Id, "", ""),
    ("EC2::NetworkInterface", "aws_network_interface", Id, "", ""),
    ("EC2::FlowLog", "aws_flow_log", Id, "", ""),
    ("EC2::VPCPeeringConnection", "aws_vpc_peering_connection", Id, "", ""),
    ("EC2::VPNGateway", "aws_vpn_gateway", Id, "", ""),
    ("EC2::VPNConnection", "aws_vpn_connection", Id, "", ""),
    ("EC2::CustomerGateway", "aws_customer_gateway", Id, "", ""),
    ("EC2::LaunchTemplate", "aws_launch_template", Id, "", ""),
    ("EC2::TransitGatewayAttachment", "aws_ec2_transit_gateway_vpc_attachment", Id, "", ""),
    ("AutoScaling::AutoScalingGroup", "aws_autoscaling_group", Name, "AutoScalingGroupName", ""),
    ("AutoScaling::LaunchConfiguration", "aws_launch_configuration", Name, "", ""),
    ("ElasticLoadBalancing::LoadBalancer", "aws_elb", Name, "LoadBalancerName", ""),
    ("ElasticLoadBalancingV2::LoadBalancer", "aws_lb", Arn, "Name", ""),
    ("ElasticLoadBalancingV2::Listener", "aws_lb_listener", Arn, "", ""),
    ("ElasticLoadBalancingV2::ListenerRule", "aws_lb_listener_rule", Arn, "", ""),
    ("ElasticLoadBalancingV2::ListenerCertificate", "aws_lb_listener_certificate", Id, "", ""),
    ("ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group", Arn, "Name", ""),
    ("ECS::Cluster", "aws_ecs_cluster", Name, "ClusterName", "arn:{p}:ecs:{r}:{a}:cluster/{name}"),
    (
        "ECS::Service",
        "aws_ecs_service",
        Arn,
        "ServiceName",
        "arn:{p}:ecs:{r}:{a}:service/{cluster}/{name}",
    ),
    ("ECS::TaskDefinition", "aws_ecs_task_definition", Arn, "", ""),
    ("ApplicationAutoScaling::ScalableTarget", "aws_appautoscaling_target", Id, "", ""),
    ("ApplicationAutoScaling::ScalingPolicy", "aws_appautoscaling_policy", Arn, "PolicyName", ""),
    ("ServiceDiscovery::Service", "aws_service_discovery_service", Id, "Name", ""),
    (
        "ServiceDiscovery::PrivateDnsNamespace",
        "aws_service_discovery_private_dns_namespace",
        Id,
        "Name",
        "",
    ),
    (
        "ServiceDiscovery::PublicDnsNamespace",
        "aws_service_discovery_public_dns_namespace",
        Id,
        "Name",
        "",
    ),
    ("ServiceDiscovery::HttpNamespace", "aws_service_discovery_http_namespace", Id, "Name", ""),
    ("ApiGatewayV2::Api", "aws_apigatewayv2_api", Label, "Name", ""),
    ("ApiGatewayV2::Route", "aws_apigatewayv2_route", Label, "", ""),
    ("ApiGatewayV2::Integration", "aws_apigatewayv2_integration", Label, "", ""),
    ("ApiGatewayV2::Authorizer", "aws_apigatewayv2_authorizer", Label, "", ""),
    ("ApiGatewayV2::Stage", "aws_apigatewayv2_stage", Name, "StageName", ""),
    ("ApiGatewayV2::VpcLink", "aws_apigatewayv2_vpc_link", Label, "", ""),
    ("ApiGateway::RestApi", "aws_api_gateway_rest_api", Label, "Name", ""),
    ("ApiGateway::Resource", "aws_api_gateway_resource", Label, "", ""),
    ("ApiGateway::Method", "aws_api_gateway_method", Label, "", ""),
    ("ApiGateway::Authorizer", "aws_api_gateway_authorizer", Label, "", ""),
    ("ApiGateway::Stage", "aws_api_gateway_stage", Name, "StageName", ""),
    ("ApiGateway::Deployment", "aws_api_gateway_deployment", Label, "", ""),
    ("ApiGateway::DomainName", "aws_api_gateway_domain_name", Name, "DomainName", ""),
    ("ApiGatewayV2::DomainName", "aws_apigatewayv2_domain_name", Name, "DomainName", ""),
    ("ApiGateway::VpcLink", "aws_api_gateway_vpc_link", Label, "", ""),
    (
        "Lambda::Function",
        "aws_lambda_function",
        Name,
        "FunctionName",
        "arn:{p}:lambda:{r}:{a}:function:{name}",
    ),
    (
        "Serverless::Function",
        "aws_lambda_function",
        Name,
        "FunctionName",
        "arn:{p}:lambda:{r}:{a}:function:{name}",
    ),
    ("Serverless::Api", "aws_api_gateway_rest_api", Label, "Name", ""),
    ("Serverless::HttpApi", "aws_apigatewayv2_api", Label, "Name", ""),
    ("Lambda::Url", "aws_lambda_function_url", Id, "", ""),
    ("Lambda::Alias", "aws_lambda_alias", Arn, "Name", ""),
    ("CloudFront::Distribution", "aws_cloudfront_distribution", Id, "", ""),
    ("WAFv2::WebACL", "aws_wafv2_web_acl", Id, "Name", ""),
    ("WAFv2::WebACLAssociation", "aws_wafv2_web_acl_association", Id, "", ""),
    (
        "Logs::LogGroup",
        "aws_cloudwatch_log_group",
        Name,
        "LogGroupName",
        "arn:{p}:logs:{r}:{a}:log-group:{name}",
    ),
    ("SSM::Parameter", "aws_ssm_parameter", Name, "Name", "arn:{p}:ssm:{r}:{a}:parameter/{name}"),
    (
        "SecretsManager::Secret",
        "aws_secretsmanager_secret",
        Arn,
        "Name",
        "arn:{p}:secretsmanager:{r}:{a}:secret:{name}-AbCdEf",
    ),
    ("SecretsManager::RotationSchedule", "aws_secretsmanager_secret_rotation", Id, "", ""),
    ("SecretsManager::ResourcePolicy", "aws_secretsmanager_secret_policy", Id, "", ""),
    (
        "ECR::Repository",
        "aws_ecr_repository",
        Name,
        "RepositoryName",
        "arn:{p}:ecr:{r}:{a}:repository/{name}",
    ),
    ("ECR::RegistryScanningConfiguration", "aws_ecr_registry_scanning_configuration", Id, "", ""),
    ("IAM::Role", "aws_iam_role", Name, "RoleName", "arn:{p}:iam::{a}:role{path}{name}"),
    (
        "IAM::ManagedPolicy",
        "aws_iam_policy",
        Arn,
        "ManagedPolicyName",
        "arn:{p}:iam::{a}:policy{path}{name}",
    ),
    ("IAM::User", "aws_iam_user", Name, "UserName", "arn:{p}:iam::{a}:user{path}{name}"),
    ("IAM::Group", "aws_iam_group", Name, "GroupName", "arn:{p}:iam::{a}:group{path}{name}"),
    ("KMS::Key", "aws_kms_key", Label, "", "arn:{p}:kms:{r}:{a}:key/{name}"),
    ("S3::Bucket", "aws_s3_bucket", Name, "BucketName", "arn:{p}:s3:::{name}"),
    ("SNS::Topic", "aws_sns_topic", Arn, "TopicName", "arn:{p}:sns:{r}:{a}:{name}"),
    ("SQS::Queue", "aws_sqs_queue", Id, "QueueName", "arn:{p}:sqs:{r}:{a}:{name}"),
    (
        "DynamoDB::Table",
        "aws_dynamodb_table",
        Name,
        "TableName",
        "arn:{p}:dynamodb:{r}:{a}:table/{name}",
    ),
    ("RDS::DBInstance", "aws_db_instance", Name, "DBInstanceIdentifier", ""),
    ("RDS::DBCluster", "aws_rds_cluster", Name, "DBClusterIdentifier", ""),
    ("RDS::DBSubnetGroup", "aws_db_subnet_group", Name, "DBSubnetGroupName", ""),
    (
        "EFS::FileSystem",
        "aws_efs_file_system",
        Id,
        "",
        "arn:{p}:elasticfilesystem:{r}:{a}:file-system/{name}",
    ),
    ("EFS::MountTarget", "aws_efs_mount_target", Id, "", ""),
    (
        "CloudTrail::Trail",
        "aws_cloudtrail",
        Name,
        "TrailName",
        "arn:{p}:cloudtrail:{r}:{a}:trail/{name}",
    ),
    ("GuardDuty::Detector", "aws_guardduty_detector", Id, "", ""),
    ("SecurityHub::Hub", "aws_securityhub_account", Arn, "", ""),
    ("Config::ConfigurationRecorder", "aws_config_configuration_recorder", Name, "Name", ""),
    ("Timestream::Database", "aws_timestreamwrite_database", Name, "DatabaseName", ""),
    ("Scheduler::Schedule", "aws_scheduler_schedule", Name, "Name", ""),
    ("OpenSearchService::Domain", "aws_opensearch_domain", Name, "DomainName", ""),
    ("DocDB::DBCluster", "aws_docdb_cluster", Name, "DBClusterIdentifier", ""),
    ("AmazonMQ::Broker", "aws_mq_broker", Id, "", ""),
    ("RDS::DBProxy", "aws_db_proxy", Name, "DBProxyName", ""),
    ("Cognito::UserPool", "aws_cognito_user_pool", Id, "UserPoolName", ""),
    ("Route53::RecordSet", "aws_route53_record", Name, "Name", ""),
    ("Cloud9::EnvironmentEC2", "aws_cloud9_environment_ec2", Id, "", ""),
];

/// The type of this name in a template.
pub(super) fn of(name: &str) -> Type {
    let short = name.strip_prefix("AWS::").unwrap_or(name);
    if let Some((_, kind, reference, property, arn)) = TYPES.iter().find(|row| row.0 == short) {
        return Type {
            kind: (*kind).to_owned(),
            reference: *reference,
            name: property,
            arn: Some(*arn).filter(|arn| !arn.is_empty()),
        };
    }
    Type { kind: provider(short), reference: Id, name: "", arn: None }
}

/// The type in a template that is this one of the provider's; the first, where several are.
pub(super) fn named(kind: &str) -> Option<String> {
    let row = TYPES.iter().find(|row| row.1 == kind && !row.0.starts_with("Serverless::"));
    row.map(|row| format!("AWS::{}", row.0))
}

/// The provider's name of a type by the rule that most follow: service and thing in snake case.
fn provider(short: &str) -> String {
    let mut parts = short.split("::");
    let service = parts.next().unwrap_or_default();
    let rest: Vec<String> = parts.map(snake).collect();
    let service = match service {
        "ElastiCache" => "elasticache".to_owned(),
        "NetworkFirewall" => "networkfirewall".to_owned(),
        "VpcLattice" => "vpclattice".to_owned(),
        "GlobalAccelerator" => "globalaccelerator".to_owned(),
        "MemoryDB" => "memorydb".to_owned(),
        "SageMaker" => "sagemaker".to_owned(),
        "WorkSpaces" => "workspaces".to_owned(),
        "FSx" => "fsx".to_owned(),
        "MSK" => "msk".to_owned(),
        "MWAA" => "mwaa".to_owned(),
        "AppRunner" => "apprunner".to_owned(),
        other => snake(other),
    };
    let name = format!("aws_{service}_{}", rest.join("_"));
    name.trim_end_matches('_').to_owned()
}

/// `VpcSecurityGroupIds` as `vpc_security_group_ids`, `KMSKeyId` as `kms_key_id`.
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().take(200).collect();
    let mut text = String::with_capacity(name.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() && before.is_ascii_alphanumeric()
                    || (before.is_ascii_uppercase()
                        && after.is_some_and(|after| after.is_ascii_lowercase()))
            });
        if starts {
            text.push('_');
        }
        let plain = letter.to_ascii_lowercase();
        text.push(if plain.is_ascii_alphanumeric() { plain } else { '_' });
    }
    text
}
