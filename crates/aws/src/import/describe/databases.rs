//! RDS, and others that hold data in a VPC.

use std::collections::BTreeSet;

use serde_json::Value;

use super::folder::{Item, Region};
use super::made::{Made, Making};
use super::value::{list, scalar, text, texts};

/// Reads databases.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items("rds describe-db-subnet-groups") {
        subnet_group(&item.value, &item, making);
    }
    let clusters: BTreeSet<String> = region
        .items("rds describe-db-clusters")
        .filter_map(|item| text(&item.value, "DBClusterIdentifier").map(str::to_owned))
        .collect();
    for item in region.items("rds describe-db-instances") {
        if let Some(group) = item.value.get("DBSubnetGroup").filter(|group| group.is_object()) {
            subnet_group(group, &item, making);
        }
        instance(&item, &clusters, making);
    }
    for item in region.items("rds describe-db-clusters") {
        cluster(region, &item, making);
    }
    for item in region.items("timestream-write list-databases") {
        if let Some(arn) = text(&item.value, "Arn") {
            let mut made = Made::new("aws_timestreamwrite_database", arn, &item);
            made.set("arn", arn).copy(&item.value, &[("database_name", "DatabaseName")]);
            making.add(made);
        }
    }
    others(region, making);
}

fn subnet_group(group: &Value, item: &Item<'_>, making: &mut Making) {
    let Some(name) = text(group, "DBSubnetGroupName") else { return };
    let address = text(group, "DBSubnetGroupArn").unwrap_or(name).to_owned();
    if making
        .of("aws_db_subnet_group")
        .any(|(_, said)| said.get("name").and_then(Value::as_str) == Some(name))
    {
        return;
    }
    let mut made = Made::new("aws_db_subnet_group", &address, item);
    made.set("name", name)
        .copy(group, &[("arn", "DBSubnetGroupArn"), ("vpc_id", "VpcId")])
        .set("subnet_ids", texts(group, "Subnets", "SubnetIdentifier"));
    making.add_named(made, name);
}

fn instance(item: &Item<'_>, clusters: &BTreeSet<String>, making: &mut Making) {
    let Some(identifier) = text(&item.value, "DBInstanceIdentifier") else { return };
    let arn = text(&item.value, "DBInstanceArn").unwrap_or(identifier);
    let cluster = text(&item.value, "DBClusterIdentifier").filter(|of| clusters.contains(*of));
    if let Some(cluster) = cluster {
        let mut made = Made::new("aws_rds_cluster_instance", arn, item);
        made.set("identifier", identifier).set("cluster_identifier", cluster).copy(
            &item.value,
            &[("arn", "DBInstanceArn"), ("publicly_accessible", "PubliclyAccessible")],
        );
        making.add_named(made, identifier);
        return;
    }
    let mut made = Made::new("aws_db_instance", arn, item);
    made.set("identifier", identifier).copy(
        &item.value,
        &[
            ("arn", "DBInstanceArn"),
            ("engine", "Engine"),
            ("publicly_accessible", "PubliclyAccessible"),
            ("storage_encrypted", "StorageEncrypted"),
            ("deletion_protection", "DeletionProtection"),
        ],
    );
    let endpoint = item.value.get("Endpoint");
    let port = endpoint.and_then(|endpoint| scalar(endpoint, "Port"));
    let port = port.or_else(|| scalar(&item.value, "DbInstancePort")).filter(|port| port != "0");
    made.set("port", port).set("address", endpoint.and_then(|endpoint| text(endpoint, "Address")));
    let group = item.value.get("DBSubnetGroup").and_then(|group| text(group, "DBSubnetGroupName"));
    made.set("db_subnet_group_name", group);
    made.set("vpc_security_group_ids", active_groups(&item.value));
    made.tags(&item.value, "TagList");
    // Since version 5 the provider's id is this; before, the identifier.
    let id = text(&item.value, "DbiResourceId").unwrap_or(identifier).to_owned();
    making.add_named(made, &id);
}

fn active_groups(item: &Value) -> Vec<String> {
    let groups =
        list(item, "VpcSecurityGroups").filter(|group| text(group, "Status") != Some("removing"));
    groups.filter_map(|group| text(group, "VpcSecurityGroupId")).map(str::to_owned).collect()
}

fn cluster(region: &Region<'_>, item: &Item<'_>, making: &mut Making) {
    let Some(identifier) = text(&item.value, "DBClusterIdentifier") else { return };
    let arn = text(&item.value, "DBClusterArn").unwrap_or(identifier);
    let mut made = Made::new("aws_rds_cluster", arn, item);
    made.set("cluster_identifier", identifier).copy(
        &item.value,
        &[
            ("arn", "DBClusterArn"),
            ("engine", "Engine"),
            ("port", "Port"),
            ("storage_encrypted", "StorageEncrypted"),
            ("deletion_protection", "DeletionProtection"),
            ("endpoint", "Endpoint"),
            ("reader_endpoint", "ReaderEndpoint"),
        ],
    );
    made.set_or("db_subnet_group_name", text(&item.value, "DBSubnetGroup"), || {
        region.missing("rds describe-db-subnet-groups")
    });
    made.set("vpc_security_group_ids", active_groups(&item.value)).tags(&item.value, "TagList");
    making.add_named(made, identifier);
}

/// What is not modelled, and is told of all the same.
fn others(region: &Region<'_>, making: &mut Making) {
    for item in region.items("elasticache describe-cache-clusters") {
        let Some(id) = text(&item.value, "CacheClusterId") else { continue };
        let mut made = Made::new("aws_elasticache_cluster", id, &item);
        made.copy(&item.value, &[("arn", "ARN"), ("subnet_group_name", "CacheSubnetGroupName")])
            .set("security_group_ids", texts(&item.value, "SecurityGroups", "SecurityGroupId"));
        making.add(made);
    }
    for item in region.items("efs describe-file-systems") {
        let Some(id) = text(&item.value, "FileSystemId") else { continue };
        let mut made = Made::new("aws_efs_file_system", id, &item);
        made.copy(&item.value, &[("arn", "FileSystemArn")]);
        making.add(made);
    }
    for item in region.items("efs describe-mount-targets") {
        let Some(id) = text(&item.value, "MountTargetId") else { continue };
        let mut made = Made::new("aws_efs_mount_target", id, &item);
        made.copy(&item.value, &[("file_system_id", "FileSystemId"), ("subnet_id", "SubnetId")]);
        making.add(made);
    }
}
