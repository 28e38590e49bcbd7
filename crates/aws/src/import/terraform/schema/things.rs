//! Types that run, store or are only named, and data sources that differ from their resource.

use super::Table;

/// Data sources whose attributes differ from their resource's.
pub(super) const DATA_SOURCE: Table = &[
    ("aws_region", &["id", "name", "region"]),
    ("aws_caller_identity", &["id", "account_id"]),
    ("aws_subnets", &["id", "ids", "arns"]),
    ("aws_subnet_ids", &["id", "ids", "arns"]),
    ("aws_security_groups", &["id", "ids", "arns"]),
    ("aws_vpcs", &["id", "ids", "arns"]),
    ("aws_route_tables", &["id", "ids", "arns"]),
    ("aws_route_table", &["id", "arn", "route_table_id", "vpc_id", "routes", "associations"]),
    ("aws_prefix_list", &["id", "name", "cidr_blocks", "prefix_list_id"]),
    ("aws_ec2_managed_prefix_list", &["id", "arn", "name", "entries", "owner_id"]),
    ("aws_security_group", &["id", "arn", "name", "description", "vpc_id", "tags"]),
    ("aws_ecs_cluster", &["id", "arn", "cluster_name", "setting"]),
];

/// ECS, Lambda, EC2, RDS, Cloud Map.
pub(super) const COMPUTE: Table = &[
    ("aws_ecs_cluster", &["id", "arn", "name", "setting"]),
    (
        "aws_ecs_service",
        &[
            "id",
            "arn",
            "name",
            "cluster",
            "task_definition",
            "desired_count",
            "launch_type",
            "capacity_provider_strategy",
            "network_configuration",
            "load_balancer",
            "service_registries",
            "deployment_controller",
            "deployment_circuit_breaker",
            "alarms",
            "tags",
        ],
    ),
    (
        "aws_ecs_task_definition",
        &[
            "id",
            "arn",
            "arn_without_revision",
            "family",
            "network_mode",
            "container_definitions",
            "execution_role_arn",
            "task_role_arn",
            "volume",
            "requires_compatibilities",
        ],
    ),
    (
        "aws_appautoscaling_target",
        &["id", "arn", "resource_id", "min_capacity", "max_capacity", "service_namespace"],
    ),
    (
        "aws_lambda_function",
        &["id", "arn", "invoke_arn", "qualified_arn", "function_name", "vpc_config"],
    ),
    ("aws_lambda_function_url", &["id", "function_arn", "function_name", "authorization_type"]),
    ("aws_lambda_alias", &["id", "arn", "invoke_arn", "function_name"]),
    (
        "aws_instance",
        &[
            "id",
            "arn",
            "subnet_id",
            "vpc_security_group_ids",
            "security_groups",
            "associate_public_ip_address",
            "public_ip",
            "private_ip",
            "network_interface",
            "primary_network_interface_id",
            "tags",
        ],
    ),
    (
        "aws_network_interface",
        &["id", "arn", "subnet_id", "security_groups", "private_ip", "private_ips", "tags"],
    ),
    ("aws_service_discovery_service", &["id", "arn", "name", "namespace_id", "dns_config"]),
    ("aws_service_discovery_private_dns_namespace", &["id", "arn", "name"]),
    ("aws_service_discovery_public_dns_namespace", &["id", "arn", "name"]),
    ("aws_service_discovery_http_namespace", &["id", "arn", "name"]),
    (
        "aws_db_instance",
        &[
            "id",
            "arn",
            "identifier",
            "engine",
            "port",
            "db_subnet_group_name",
            "vpc_security_group_ids",
            "publicly_accessible",
            "storage_encrypted",
            "deletion_protection",
            "address",
            "tags",
        ],
    ),
    (
        "aws_rds_cluster",
        &[
            "id",
            "arn",
            "cluster_identifier",
            "engine",
            "port",
            "db_subnet_group_name",
            "vpc_security_group_ids",
            "storage_encrypted",
            "deletion_protection",
            "endpoint",
            "reader_endpoint",
            "tags",
        ],
    ),
    (
        "aws_rds_cluster_instance",
        &["id", "arn", "identifier", "cluster_identifier", "publicly_accessible"],
    ),
    ("aws_db_subnet_group", &["id", "arn", "name", "subnet_ids", "vpc_id"]),
];

/// What is known by name, or by where it is.
pub(super) const NAMED: Table = &[
    ("aws_ecr_repository", &["id", "arn", "name", "region", "repository_url"]),
    ("aws_secretsmanager_secret", &["id", "arn", "name", "region"]),
    ("aws_ssm_parameter", &["id", "arn", "name", "region"]),
    ("aws_cloudwatch_log_group", &["id", "arn", "name", "region"]),
    ("aws_efs_file_system", &["id", "arn"]),
    ("aws_cloudwatch_event_target", &["id", "arn", "ecs_target"]),
    ("aws_scheduler_schedule", &["id", "arn", "target"]),
    ("aws_efs_mount_target", &["id", "file_system_id", "subnet_id", "security_groups"]),
    ("aws_elb", &["id", "arn", "name", "subnets", "security_groups", "dns_name"]),
    ("aws_elasticache_cluster", &["id", "arn", "subnet_group_name", "security_group_ids"]),
];
