//! Which resource types are read, and which of their attributes.
//!
//! An allow list: what is not named here is skipped unparsed, so that a password in a plan never
//! gets into memory under a name. Names are those of the AWS provider, versions 3 to 6; see
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>.

mod fronts;
mod iam;
mod protection;
mod things;
mod vpc;

/// Whether the source itself holds a parameter's value. No attribute of the provider: importers say
/// so in its place, and none keeps the value.
pub(super) const VALUE_WRITTEN: &str = "value_written";

/// Types, with the attributes of each that are read.
type Table = &'static [(&'static str, &'static [&'static str])];

const TABLES: [Table; 8] = [
    vpc::NETWORK,
    vpc::RULES,
    fronts::BALANCING,
    fronts::API,
    things::COMPUTE,
    things::NAMED,
    iam::IAM,
    protection::PROTECTION,
];

/// The attributes of a type that are read; `None` for types of other providers.
pub(super) fn attributes(kind: &str, data: bool) -> Option<&'static [&'static str]> {
    if !kind.starts_with("aws_") {
        return None;
    }
    let own = if data { things::DATA_SOURCE } else { &[] };
    let documents = if data { iam::IAM_DATA } else { &[] };
    let own = own.iter().chain(documents);
    let mut entries = own.chain(TABLES.into_iter().flatten());
    let known = entries.find(|(name, _)| *name == kind).map(|(_, attributes)| *attributes);
    let unmodelled = || joins_networks(kind) || holds_interfaces(kind);
    Some(match known {
        Some(attributes) => attributes,
        None if unmodelled() => &TOUCHES,
        None => &["id", "arn"],
    })
}

/// What things that are not modelled may say of where they are.
const TOUCHES: [&str; 25] = [
    "id",
    "arn",
    "vpc_id",
    "peer_vpc_id",
    "accepter_vpc_id",
    "subnet_id",
    "subnet_ids",
    "subnets",
    "subnet_mapping",
    "vpc_config",
    "vpc_options",
    "vpc_security_group_ids",
    "security_group_ids",
    "security_groups",
    "transit_gateway_id",
    "network_interface_id",
    "subnet_group_name",
    "cluster_subnet_group_name",
    "network_configuration",
    "vpc_zone_identifier",
    "vpc_endpoint_type",
    "broker_node_group_info",
    "availability_zones",
    "vpn_gateway_id",
    "security_group_id",
];

/// Unmodelled things that join networks, or change the groups of an interface elsewhere: what they
/// touch may talk to more than is modelled.
pub(super) fn joins_networks(kind: &str) -> bool {
    const PREFIXES: [&str; 14] = [
        "aws_ec2_transit_gateway",
        "aws_vpc_peering_connection",
        "aws_vpn_",
        "aws_customer_gateway",
        "aws_dx_",
        "aws_networkfirewall_",
        "aws_vpclattice_",
        "aws_globalaccelerator_",
        "aws_networkmanager_",
        "aws_ec2_client_vpn_",
        "aws_ec2_carrier_gateway",
        "aws_ec2_local_gateway",
        "aws_network_interface_sg_attachment",
        "aws_efs_mount_target",
    ];
    starts(kind, &PREFIXES)
}

/// Unmodelled things that hold an interface in a VPC, or carry traffic.
pub(super) fn holds_interfaces(kind: &str) -> bool {
    const PREFIXES: [&str; 42] = [
        "aws_apprunner_vpc_connector",
        "aws_appstream_",
        "aws_cloudhsm_v2_cluster",
        "aws_codebuild_project",
        "aws_datasync_",
        "aws_db_proxy",
        "aws_directory_service_directory",
        "aws_ec2_fleet",
        "aws_ec2_instance_connect_endpoint",
        "aws_ecs_task_set",
        "aws_glue_connection",
        "aws_glue_dev_endpoint",
        "aws_imagebuilder_infrastructure_configuration",
        "aws_mskconnect_connector",
        "aws_mwaa_environment",
        "aws_opensearchserverless_vpc_endpoint",
        "aws_quicksight_vpc_connection",
        "aws_route53_resolver_endpoint",
        "aws_sagemaker_",
        "aws_spot_",
        "aws_timestreaminfluxdb_",
        "aws_elasticache_",
        "aws_eks_",
        "aws_batch_",
        "aws_mq_",
        "aws_msk_",
        "aws_redshift",
        "aws_opensearch_domain",
        "aws_elasticsearch_domain",
        "aws_elb",
        "aws_autoscaling_group",
        "aws_launch_template",
        "aws_launch_configuration",
        "aws_docdb_",
        "aws_neptune_",
        "aws_memorydb_",
        "aws_dax_",
        "aws_emr_cluster",
        "aws_fsx_",
        "aws_dms_",
        "aws_workspaces_",
        "aws_transfer_server",
    ];
    // Parts of these that hold no interface of their own.
    const PARTS: [&str; 6] =
        ["_parameter_group", "_subnet_group", "_user", "_policy", "_option_group", "_snapshot"];
    starts(kind, &PREFIXES) && !PARTS.iter().any(|part| kind.contains(part))
}

fn starts(kind: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| kind.starts_with(prefix))
}
