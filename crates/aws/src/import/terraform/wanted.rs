//! What an attribute may refer to: the resource types, and what their ids look like.

/// The kind of thing that an attribute names.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Managed types.
    pub(super) types: &'static [&'static str],
    /// Data sources of one such thing.
    pub(super) data: &'static [&'static str],
    /// How its ids or ARNs begin.
    pub(super) ids: &'static [&'static str],
    /// Whether a module that makes one as a rule makes no other, so that a local value which stands
    /// for one stands for that.
    pub(super) lone: bool,
}

macro_rules! wanted {
    (@ lone) => { true };
    (@) => { false };
    ($($(#[$doc:meta])* $name:ident: [$($kind:literal),*], data [$($data:literal),*], ids [$($id:literal),*] $(, $lone:ident)?;)*) => {$(
        $(#[$doc])*
        pub(super) const $name: Wanted =
            Wanted { types: &[$($kind),*], data: &[$($data),*], ids: &[$($id),*], lone: wanted!(@ $($lone)?) };
    )*};
}

wanted! {
    VPC: ["aws_vpc", "aws_default_vpc"], data ["aws_vpc"], ids ["vpc-"], lone;
    SUBNET: ["aws_subnet", "aws_default_subnet"], data ["aws_subnet"], ids ["subnet-"];
    GROUP: ["aws_security_group", "aws_default_security_group"], data ["aws_security_group"], ids ["sg-"];
    ROUTE_TABLE: ["aws_route_table", "aws_default_route_table"], data ["aws_route_table"], ids ["rtb-"];
    INTERNET_GATEWAY: ["aws_internet_gateway"], data ["aws_internet_gateway"], ids ["igw-"], lone;
    /// What `gateway_id` of a route takes.
    GATEWAY: ["aws_internet_gateway", "aws_vpn_gateway", "aws_vpc_endpoint"],
        data ["aws_internet_gateway", "aws_vpn_gateway", "aws_vpc_endpoint"],
        ids ["igw-", "vgw-", "vpce-"], lone;
    EGRESS_ONLY: ["aws_egress_only_internet_gateway"], data [], ids ["eigw-"];
    NAT: ["aws_nat_gateway"], data ["aws_nat_gateway"], ids ["nat-"];
    ENDPOINT: ["aws_vpc_endpoint"], data ["aws_vpc_endpoint"], ids ["vpce-"];
    PREFIX_LIST: ["aws_ec2_managed_prefix_list"], data ["aws_ec2_managed_prefix_list", "aws_prefix_list"], ids ["pl-"];
    ACL: ["aws_network_acl", "aws_default_network_acl"], data [], ids ["acl-"];
    EIP: ["aws_eip"], data ["aws_eip"], ids ["eipalloc-"];
    INTERFACE: ["aws_network_interface", "aws_instance"], data ["aws_network_interface", "aws_instance"], ids ["eni-", "i-"];
    LOAD_BALANCER: ["aws_lb", "aws_alb"], data ["aws_lb", "aws_alb"], ids ["arn:"], lone;
    LISTENER: ["aws_lb_listener", "aws_alb_listener"], data ["aws_lb_listener", "aws_alb_listener"], ids ["arn:"];
    TARGET_GROUP: ["aws_lb_target_group", "aws_alb_target_group"], data ["aws_lb_target_group", "aws_alb_target_group"], ids ["arn:"];
    /// What a target group's single target may be.
    TARGET: ["aws_instance", "aws_lb", "aws_alb", "aws_lambda_function", "aws_lambda_alias", "aws_network_interface"],
        data ["aws_instance", "aws_lb", "aws_lambda_function", "aws_network_interface"], ids ["i-", "arn:"];
    /// What a private integration leads to.
    PRIVATE: ["aws_lb_listener", "aws_alb_listener", "aws_lb", "aws_alb", "aws_service_discovery_service"],
        data ["aws_lb_listener", "aws_alb_listener", "aws_lb", "aws_alb", "aws_service_discovery_service"], ids ["arn:"];
    HTTP_API: ["aws_apigatewayv2_api"], data ["aws_apigatewayv2_api"], ids [];
    INTEGRATION: ["aws_apigatewayv2_integration"], data [], ids [];
    AUTHORIZER: ["aws_apigatewayv2_authorizer"], data [], ids [];
    VPC_LINK: ["aws_apigatewayv2_vpc_link"], data ["aws_apigatewayv2_vpc_link"], ids [];
    REST_API: ["aws_api_gateway_rest_api"], data ["aws_api_gateway_rest_api"], ids [];
    /// A REST resource or, for the root, the API itself.
    REST_RESOURCE: ["aws_api_gateway_resource", "aws_api_gateway_rest_api"],
        data ["aws_api_gateway_resource", "aws_api_gateway_rest_api"], ids [];
    REST_STAGE: ["aws_api_gateway_stage"], data [], ids [];
    REST_AUTHORIZER: ["aws_api_gateway_authorizer"], data ["aws_api_gateway_authorizer"], ids [];
    REST_LINK: ["aws_api_gateway_vpc_link"], data ["aws_api_gateway_vpc_link"], ids [];
    FUNCTION: ["aws_lambda_function", "aws_lambda_alias"], data ["aws_lambda_function", "aws_lambda_alias"], ids ["arn:"];
    SCALING_TARGET: ["aws_appautoscaling_target"], data [], ids [];
    CLUSTER: ["aws_ecs_cluster"], data ["aws_ecs_cluster"], ids ["arn:"], lone;
    SERVICE: ["aws_ecs_service"], data ["aws_ecs_service"], ids ["arn:"];
    TASK_DEFINITION: ["aws_ecs_task_definition"], data ["aws_ecs_task_definition"], ids ["arn:"], lone;
    ROLE: ["aws_iam_role"], data ["aws_iam_role"], ids ["arn:"];
    /// A policy of the account's own.
    POLICY: ["aws_iam_policy"], data ["aws_iam_policy"], ids ["arn:"];
    REPOSITORY: ["aws_ecr_repository"], data ["aws_ecr_repository"], ids [];
    SECRET: ["aws_secretsmanager_secret"], data ["aws_secretsmanager_secret"], ids ["arn:"];
    KMS_KEY: ["aws_kms_key", "aws_kms_alias", "aws_kms_external_key", "aws_kms_replica_key"], data ["aws_kms_key", "aws_kms_alias"], ids ["arn:"];
    /// What a policy may be about.
    SUBJECT: ["aws_ecr_repository", "aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cloudwatch_log_group", "aws_kms_key", "aws_db_instance", "aws_rds_cluster"],
        data ["aws_ecr_repository", "aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cloudwatch_log_group", "aws_kms_key"], ids ["arn:"];
    DISCOVERY: ["aws_service_discovery_service"], data ["aws_service_discovery_service"], ids ["arn:"];
    NAMESPACE: ["aws_service_discovery_private_dns_namespace", "aws_service_discovery_public_dns_namespace", "aws_service_discovery_http_namespace"],
        data ["aws_service_discovery_dns_namespace"], ids ["ns-"];
    FILE_SYSTEM: ["aws_efs_file_system"], data ["aws_efs_file_system"], ids ["fs-"];
    DB_SUBNET_GROUP: ["aws_db_subnet_group"], data ["aws_db_subnet_group"], ids [];
    DB_CLUSTER: ["aws_rds_cluster"], data ["aws_rds_cluster"], ids [];
    WEB_ACL: ["aws_wafv2_web_acl"], data ["aws_wafv2_web_acl"], ids ["arn:"];
    /// What a web ACL may protect.
    PROTECTED: ["aws_lb", "aws_alb", "aws_api_gateway_stage", "aws_cloudfront_distribution", "aws_cognito_user_pool"],
        data ["aws_lb", "aws_alb"], ids ["arn:"];
    /// What a distribution forwards to.
    ORIGIN: ["aws_lb", "aws_alb", "aws_apigatewayv2_api", "aws_apigatewayv2_stage", "aws_api_gateway_stage", "aws_api_gateway_rest_api", "aws_s3_bucket", "aws_lambda_function_url"],
        data ["aws_lb", "aws_alb", "aws_s3_bucket"], ids [];
    /// What a container definition may mention that matters to it.
    CONTAINER: ["aws_ecr_repository", "aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cloudwatch_log_group", "aws_db_instance", "aws_rds_cluster", "aws_lb", "aws_alb", "aws_service_discovery_service"],
        data ["aws_ecr_repository", "aws_secretsmanager_secret", "aws_ssm_parameter", "aws_cloudwatch_log_group", "aws_lb"], ids ["arn:"];
    /// What something unmodelled may touch.
    TOUCHED: ["aws_vpc", "aws_default_vpc", "aws_subnet", "aws_default_subnet", "aws_security_group", "aws_ec2_transit_gateway", "aws_network_interface", "aws_db_subnet_group"],
        data ["aws_vpc", "aws_subnet", "aws_security_group"], ids ["vpc-", "subnet-", "sg-", "tgw-", "eni-"];
}

/// Whether resources of this type are counted by module.
pub(super) fn is_lone(kind: &str) -> bool {
    const ALL: [Wanted; 5] = [VPC, GATEWAY, LOAD_BALANCER, CLUSTER, TASK_DEFINITION];
    ALL.iter().any(|wanted| wanted.types.contains(&kind))
}

impl Wanted {
    /// Whether a resource of this type can be what is wanted.
    pub(super) fn takes(&self, kind: &str, data: bool) -> bool {
        if data { self.data.contains(&kind) } else { self.types.contains(&kind) }
    }

    /// Whether it is the same kind of thing.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.types == other.types
    }

    /// Whether a text looks like an id of what is wanted.
    pub(super) fn looks_like(&self, text: &str) -> bool {
        self.ids.iter().any(|prefix| text.starts_with(prefix))
    }
}
