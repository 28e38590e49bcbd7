//! Which resource types are read, and which of their attributes.
//!
//! An allow list: what is not named here is skipped unparsed, so that a password in a plan never
//! gets into memory under a name. Names are those of the AWS provider, versions 3 to 6; see
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>.

/// The attributes of a type that are read; `None` for types of other providers.
pub(super) fn attributes(kind: &str, data: bool) -> Option<&'static [&'static str]> {
    if !kind.starts_with("aws_") {
        return None;
    }
    let known = if data { data_source(kind) } else { None };
    Some(
        known
            .or_else(|| network(kind))
            .or_else(|| rules(kind))
            .or_else(|| balancing(kind))
            .or_else(|| api(kind))
            .or_else(|| compute(kind))
            .or_else(|| named(kind))
            .unwrap_or_else(|| if joins_networks(kind) || holds_interfaces(kind) { &TOUCHES } else { &["id", "arn"] }),
    )
}

/// What things that are not modelled may say of where they are.
const TOUCHES: [&str; 25] = [
    "id", "arn", "vpc_id", "peer_vpc_id", "accepter_vpc_id", "subnet_id", "subnet_ids", "subnets",
    "subnet_mapping", "vpc_config", "vpc_options", "vpc_security_group_ids", "security_group_ids",
    "security_groups", "transit_gateway_id", "network_interface_id", "subnet_group_name",
    "cluster_subnet_group_name", "network_configuration", "vpc_zone_identifier", "vpc_endpoint_type",
    "broker_node_group_info", "availability_zones", "vpn_gateway_id", "security_group_id",
];

/// Unmodelled things that join networks, or change the groups of an interface elsewhere: what they
/// touch may talk to more than is modelled.
pub(super) fn joins_networks(kind: &str) -> bool {
    const PREFIXES: [&str; 14] = [
        "aws_ec2_transit_gateway", "aws_vpc_peering_connection", "aws_vpn_", "aws_customer_gateway",
        "aws_dx_", "aws_networkfirewall_", "aws_vpclattice_", "aws_globalaccelerator_",
        "aws_networkmanager_", "aws_ec2_client_vpn_", "aws_ec2_carrier_gateway", "aws_ec2_local_gateway",
        "aws_network_interface_sg_attachment", "aws_efs_mount_target",
    ];
    starts(kind, &PREFIXES)
}

/// Unmodelled things that hold an interface in a VPC, or carry traffic.
pub(super) fn holds_interfaces(kind: &str) -> bool {
    const PREFIXES: [&str; 21] = [
        "aws_elasticache_", "aws_eks_", "aws_batch_", "aws_mq_", "aws_msk_", "aws_redshift",
        "aws_opensearch_domain", "aws_elasticsearch_domain", "aws_elb", "aws_autoscaling_group",
        "aws_launch_template", "aws_launch_configuration", "aws_docdb_",
        "aws_neptune_", "aws_memorydb_", "aws_dax_", "aws_emr_cluster", "aws_fsx_", "aws_dms_",
        "aws_workspaces_", "aws_transfer_server",
    ];
    // Parts of these that hold no interface of their own.
    const PARTS: [&str; 6] =
        ["_parameter_group", "_subnet_group", "_user", "_policy", "_option_group", "_snapshot"];
    starts(kind, &PREFIXES) && !PARTS.iter().any(|part| kind.contains(part))
}

fn starts(kind: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| kind.starts_with(prefix))
}

fn data_source(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_region" => &["id", "name", "region"],
        "aws_caller_identity" => &["id", "account_id"],
        "aws_subnets" | "aws_subnet_ids" | "aws_security_groups" | "aws_vpcs" | "aws_route_tables" => {
            &["id", "ids", "arns"]
        }
        "aws_route_table" => &["id", "arn", "route_table_id", "vpc_id", "routes", "associations"],
        "aws_prefix_list" => &["id", "name", "cidr_blocks", "prefix_list_id"],
        "aws_ec2_managed_prefix_list" => &["id", "arn", "name", "entries", "owner_id"],
        "aws_security_group" => &["id", "arn", "name", "description", "vpc_id", "tags"],
        "aws_ecs_cluster" => &["id", "arn", "cluster_name", "setting"],
        _ => return None,
    })
}

fn network(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_vpc" | "aws_default_vpc" => &[
            "id", "arn", "cidr_block", "ipv6_cidr_block", "assign_generated_ipv6_cidr_block",
            "cidr_block_associations", "enable_dns_support", "enable_dns_hostnames",
            "main_route_table_id", "default_route_table_id", "default_security_group_id",
            "default_network_acl_id", "tags",
        ],
        "aws_vpc_ipv4_cidr_block_association" => &["id", "vpc_id", "cidr_block"],
        "aws_vpc_ipv6_cidr_block_association" => &["id", "vpc_id", "ipv6_cidr_block"],
        "aws_subnet" | "aws_default_subnet" => &[
            "id", "arn", "vpc_id", "cidr_block", "ipv6_cidr_block", "availability_zone",
            "map_public_ip_on_launch", "tags",
        ],
        "aws_route_table" => &["id", "arn", "vpc_id", "route", "propagating_vgws"],
        "aws_default_route_table" => {
            &["id", "arn", "vpc_id", "route", "propagating_vgws", "default_route_table_id"]
        }
        "aws_main_route_table_association" => &["id", "vpc_id", "route_table_id"],
        "aws_route_table_association" => &["id", "subnet_id", "gateway_id", "route_table_id"],
        "aws_route" => &[
            "id", "route_table_id", "destination_cidr_block", "destination_ipv6_cidr_block",
            "destination_prefix_list_id", "carrier_gateway_id", "core_network_arn",
            "egress_only_gateway_id", "gateway_id", "instance_id", "nat_gateway_id",
            "local_gateway_id", "network_interface_id", "transit_gateway_id", "vpc_endpoint_id",
            "vpc_peering_connection_id", "state", "origin",
        ],
        "aws_internet_gateway" | "aws_egress_only_internet_gateway" => &["id", "arn", "vpc_id"],
        "aws_internet_gateway_attachment" => &["id", "vpc_id", "internet_gateway_id"],
        "aws_nat_gateway" => &[
            "id", "allocation_id", "connectivity_type", "private_ip", "public_ip", "subnet_id",
        ],
        "aws_eip" => &["id", "arn", "allocation_id", "public_ip", "network_interface", "instance"],
        "aws_eip_association" => {
            &["id", "allocation_id", "public_ip", "network_interface_id", "instance_id"]
        }
        "aws_ec2_managed_prefix_list" => &["id", "arn", "name", "entry"],
        "aws_ec2_managed_prefix_list_entry" => &["id", "cidr", "prefix_list_id"],
        "aws_vpc_endpoint" => &[
            "id", "arn", "vpc_id", "service_name", "vpc_endpoint_type", "private_dns_enabled",
            "subnet_ids", "security_group_ids", "route_table_ids", "policy", "prefix_list_id",
            "subnet_configuration", "dns_entry", "tags",
        ],
        "aws_vpc_endpoint_policy" => &["id", "vpc_endpoint_id", "policy"],
        "aws_vpc_endpoint_private_dns" => &["vpc_endpoint_id", "private_dns_enabled"],
        "aws_vpc_endpoint_security_group_association" => {
            &["id", "vpc_endpoint_id", "security_group_id", "replace_default_association"]
        }
        "aws_vpc_endpoint_subnet_association" => &["id", "vpc_endpoint_id", "subnet_id"],
        "aws_vpc_endpoint_route_table_association" => {
            &["id", "vpc_endpoint_id", "route_table_id"]
        }
        _ => return None,
    })
}

fn rules(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_security_group" | "aws_default_security_group" => {
            &["id", "arn", "name", "description", "vpc_id", "ingress", "egress", "tags"]
        }
        "aws_security_group_rule" => &[
            "id", "security_group_id", "security_group_rule_id", "type", "protocol", "from_port",
            "to_port", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids",
            "source_security_group_id", "self", "description",
        ],
        "aws_vpc_security_group_ingress_rule" | "aws_vpc_security_group_egress_rule" => &[
            "id", "arn", "security_group_id", "ip_protocol", "from_port", "to_port", "cidr_ipv4",
            "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "description",
        ],
        "aws_network_acl" => &["id", "arn", "vpc_id", "subnet_ids", "ingress", "egress"],
        "aws_default_network_acl" => &[
            "id", "arn", "vpc_id", "subnet_ids", "ingress", "egress", "default_network_acl_id",
        ],
        "aws_network_acl_rule" => &[
            "id", "network_acl_id", "rule_number", "egress", "protocol", "rule_action",
            "cidr_block", "ipv6_cidr_block", "from_port", "to_port",
        ],
        "aws_network_acl_association" => &["id", "network_acl_id", "subnet_id"],
        _ => return None,
    })
}

fn balancing(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_lb" | "aws_alb" => &[
            "id", "arn", "name", "internal", "load_balancer_type", "subnets", "subnet_mapping",
            "security_groups", "idle_timeout", "dns_name", "vpc_id", "tags",
        ],
        "aws_lb_listener" | "aws_alb_listener" => &[
            "id", "arn", "load_balancer_arn", "port", "protocol", "ssl_policy", "default_action",
            "mutual_authentication",
        ],
        "aws_lb_listener_rule" | "aws_alb_listener_rule" => {
            &["id", "arn", "listener_arn", "priority", "action", "condition"]
        }
        "aws_lb_target_group" | "aws_alb_target_group" => &[
            "id", "arn", "name", "vpc_id", "port", "protocol", "protocol_version", "target_type",
            "preserve_client_ip", "health_check", "stickiness",
        ],
        "aws_lb_target_group_attachment" | "aws_alb_target_group_attachment" => {
            &["id", "target_group_arn", "target_id", "port"]
        }
        "aws_wafv2_web_acl_association" => &["id", "resource_arn", "web_acl_arn"],
        "aws_wafv2_web_acl" => &["id", "arn", "name"],
        "aws_cloudfront_distribution" => &[
            "id", "arn", "domain_name", "origin", "default_cache_behavior",
            "ordered_cache_behavior", "web_acl_id",
        ],
        _ => return None,
    })
}

fn api(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_apigatewayv2_api" => {
            &["id", "arn", "name", "protocol_type", "body", "target", "route_key", "api_endpoint"]
        }
        "aws_apigatewayv2_route" => &[
            "id", "api_id", "route_key", "target", "authorization_type", "authorizer_id",
            "api_key_required",
        ],
        "aws_apigatewayv2_integration" => &[
            "id", "api_id", "connection_type", "connection_id", "integration_type",
            "integration_subtype", "integration_uri", "timeout_milliseconds", "tls_config",
        ],
        "aws_apigatewayv2_authorizer" => &["id", "api_id", "authorizer_type", "name"],
        "aws_apigatewayv2_stage" => &["id", "arn", "api_id", "name", "invoke_url"],
        "aws_apigatewayv2_vpc_link" => &["id", "arn", "name", "subnet_ids", "security_group_ids"],
        "aws_api_gateway_rest_api" => &[
            "id", "arn", "name", "body", "policy", "endpoint_configuration", "root_resource_id",
        ],
        "aws_api_gateway_rest_api_policy" => &["id", "rest_api_id", "policy"],
        "aws_api_gateway_resource" => &["id", "rest_api_id", "parent_id", "path_part", "path"],
        "aws_api_gateway_method" => &[
            "id", "rest_api_id", "resource_id", "http_method", "authorization", "authorizer_id",
            "api_key_required",
        ],
        "aws_api_gateway_integration" => &[
            "id", "rest_api_id", "resource_id", "http_method", "type", "uri", "connection_type",
            "connection_id", "timeout_milliseconds", "tls_config", "response_transfer_mode",
            "integration_target",
        ],
        "aws_api_gateway_authorizer" => &["id", "arn", "rest_api_id", "type", "name"],
        "aws_api_gateway_stage" => &["id", "arn", "rest_api_id", "stage_name", "invoke_url"],
        "aws_api_gateway_deployment" => &["id", "rest_api_id", "stage_name"],
        "aws_api_gateway_vpc_link" => &["id", "arn", "name", "target_arns"],
        _ => return None,
    })
}

fn compute(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_ecs_cluster" => &["id", "arn", "name", "setting"],
        "aws_ecs_service" => &[
            "id", "arn", "name", "cluster", "task_definition", "desired_count", "launch_type",
            "capacity_provider_strategy", "network_configuration", "load_balancer",
            "service_registries", "tags",
        ],
        "aws_ecs_task_definition" => &[
            "id", "arn", "arn_without_revision", "family", "network_mode", "container_definitions",
            "execution_role_arn", "task_role_arn", "volume", "requires_compatibilities",
        ],
        "aws_appautoscaling_target" => {
            &["id", "arn", "resource_id", "min_capacity", "max_capacity", "service_namespace"]
        }
        "aws_lambda_function" => {
            &["id", "arn", "invoke_arn", "qualified_arn", "function_name", "vpc_config"]
        }
        "aws_lambda_function_url" => &["id", "function_arn", "function_name", "authorization_type"],
        "aws_lambda_alias" => &["id", "arn", "invoke_arn", "function_name"],
        "aws_instance" => &[
            "id", "arn", "subnet_id", "vpc_security_group_ids", "security_groups",
            "associate_public_ip_address", "public_ip", "private_ip", "network_interface",
            "primary_network_interface_id", "tags",
        ],
        "aws_network_interface" => {
            &["id", "arn", "subnet_id", "security_groups", "private_ip", "private_ips", "tags"]
        }
        "aws_service_discovery_service" => {
            &["id", "arn", "name", "namespace_id", "dns_config"]
        }
        "aws_service_discovery_private_dns_namespace"
        | "aws_service_discovery_public_dns_namespace"
        | "aws_service_discovery_http_namespace" => &["id", "arn", "name"],
        "aws_db_instance" => &[
            "id", "arn", "identifier", "engine", "port", "db_subnet_group_name",
            "vpc_security_group_ids", "publicly_accessible", "storage_encrypted", "address", "tags",
        ],
        "aws_rds_cluster" => &[
            "id", "arn", "cluster_identifier", "engine", "port", "db_subnet_group_name",
            "vpc_security_group_ids", "storage_encrypted", "endpoint", "reader_endpoint", "tags",
        ],
        "aws_rds_cluster_instance" => {
            &["id", "arn", "identifier", "cluster_identifier", "publicly_accessible"]
        }
        "aws_db_subnet_group" => &["id", "arn", "name", "subnet_ids", "vpc_id"],
        _ => return None,
    })
}

fn named(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_ecr_repository" => &["id", "arn", "name", "repository_url"],
        "aws_secretsmanager_secret" | "aws_ssm_parameter" | "aws_cloudwatch_log_group"
        | "aws_iam_role" => &["id", "arn", "name"],
        "aws_efs_file_system" => &["id", "arn"],
        "aws_efs_mount_target" => &["id", "file_system_id", "subnet_id", "security_groups"],
        "aws_elb" | "aws_alb_classic" => {
            &["id", "arn", "name", "subnets", "security_groups", "dns_name"]
        }
        "aws_elasticache_cluster" => &["id", "arn", "subnet_group_name", "security_group_ids"],
        _ => return None,
    })
}
