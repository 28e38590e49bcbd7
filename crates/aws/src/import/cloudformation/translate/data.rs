//! Databases, logs, secrets, parameters, repositories, and what watches the account.
//!
//! No value of a parameter or a secret leaves here: only that the template holds one in clear.

use super::super::making::{Made, Making, deep, one, policy};
use super::super::types::snake;
use super::super::value::{Evaluated, What};

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "RDS::DBInstance" => instance(making),
        "RDS::DBCluster" => cluster(making),
        "RDS::DBSubnetGroup" => making.copy_same(&["SubnetIds"]),
        "Logs::LogGroup" => {
            making.copy_same(&["RetentionInDays", "KmsKeyId"]);
        }
        "SSM::Parameter" => {
            making.copy_same(&["Type"]);
            let written = making.get("Value").is_some_and(|value| in_clear(&value));
            if written {
                making.own().flag("value_written", true);
            }
        }
        "SecretsManager::Secret" => secret(making),
        "SecretsManager::RotationSchedule" => {
            making.copy_same(&["SecretId"]);
            making.own().flag("rotation_enabled", true);
            let rules = making.get("RotationRules").map(|of| deep(&of));
            making.own().set_any("rotation_rules", one(rules.as_ref()).as_ref());
        }
        "ECR::Repository" => repository(making),
        "ECR::RegistryScanningConfiguration" => {
            making.copy(&[("ScanType", "scan_type"), ("Rules", "rule")]);
        }
        "CloudTrail::Trail" => making.copy(&[
            ("IsMultiRegionTrail", "is_multi_region_trail"),
            ("EnableLogFileValidation", "enable_log_file_validation"),
            ("IncludeGlobalServiceEvents", "include_global_service_events"),
            ("IsLogging", "enable_logging"),
            ("KMSKeyId", "kms_key_id"),
            ("EventSelectors", "event_selector"),
            ("AdvancedEventSelectors", "advanced_event_selector"),
        ]),
        "GuardDuty::Detector" => making.copy_same(&["Enable"]),
        "Config::ConfigurationRecorder" => recorder(making),
        "Timestream::Database" => making.copy_same(&["DatabaseName", "KmsKeyId"]),
        "EFS::FileSystem" => making.copy_same(&["Encrypted"]),
        "EFS::MountTarget" => making.copy_same(&["FileSystemId", "SubnetId", "SecurityGroups"]),
        "SecurityHub::Hub" => making.copy_same(&["EnableDefaultStandards"]),
        _ => return false,
    }
    true
}

/// Whether a value stands in the template as it is. What is made on deployment, or fetched from
/// elsewhere (`{{resolve:...}}`), does not.
fn in_clear(value: &Evaluated) -> bool {
    value.symbol.is_none()
        && value.as_text().is_some_and(|text| !text.is_empty() && !text.contains("{{resolve:"))
}

fn instance(making: &mut Making<'_, '_>) {
    let identifier = making.name();
    if making.get("DBClusterIdentifier").is_some() {
        let key = making.own().key.clone();
        *making.own() = Made::new("aws_rds_cluster_instance", key);
        making.identify();
        making.own().set("identifier", &identifier);
        making.copy(&[
            ("DBClusterIdentifier", "cluster_identifier"),
            ("PubliclyAccessible", "publicly_accessible"),
        ]);
        return;
    }
    making.own().set("identifier", &identifier);
    making.copy(&[
        ("Engine", "engine"),
        ("Port", "port"),
        ("DBSubnetGroupName", "db_subnet_group_name"),
        ("VPCSecurityGroups", "vpc_security_group_ids"),
        ("PubliclyAccessible", "publicly_accessible"),
        ("StorageEncrypted", "storage_encrypted"),
        ("DeletionProtection", "deletion_protection"),
    ]);
    let address = making.attribute("Endpoint.Address");
    making.own().set("address", &address);
    // Without a subnet group it is in the default VPC, and public unless that has no internet
    // gateway.
    if making.get("PubliclyAccessible").is_none() && making.get("DBSubnetGroupName").is_none() {
        let reason = "is not given, and then the default VPC decides";
        making.own().set("publicly_accessible", &Evaluated::unknown(reason));
    }
    let copied = ["DBSnapshotIdentifier", "SourceDBInstanceIdentifier"];
    encryption(making, &copied);
}

fn cluster(making: &mut Making<'_, '_>) {
    let identifier = making.name();
    making.own().set("cluster_identifier", &identifier);
    making.copy(&[
        ("Engine", "engine"),
        ("Port", "port"),
        ("DBSubnetGroupName", "db_subnet_group_name"),
        ("VpcSecurityGroupIds", "vpc_security_group_ids"),
        ("StorageEncrypted", "storage_encrypted"),
        ("DeletionProtection", "deletion_protection"),
    ]);
    for (attribute, name) in
        [("Endpoint.Address", "endpoint"), ("ReadEndpoint.Address", "reader_endpoint")]
    {
        let address = making.attribute(attribute);
        making.own().set(name, &address);
    }
    encryption(making, &["SnapshotIdentifier", "SourceDBClusterIdentifier"]);
}

/// What is made of a snapshot or of another database is encrypted as that is.
fn encryption(making: &mut Making<'_, '_>, copied: &[&str]) {
    let is_copy = copied.iter().any(|name| making.get(name).is_some());
    if is_copy && making.get("StorageEncrypted").is_none() {
        let reason = "is that of what it is copied from";
        making.own().set("storage_encrypted", &Evaluated::unknown(reason));
    }
}

fn secret(making: &mut Making<'_, '_>) {
    making.copy_same(&["KmsKeyId"]);
    if making.get("SecretString").is_some_and(|value| in_clear(&value)) {
        let kind = "aws_secretsmanager_secret_version";
        let mut made = making.further(kind, "SecretString");
        made.set("secret_id", &making.reference());
        made.flag("secret_string_written", true);
        making.made.push(made);
    }
}

fn repository(making: &mut Making<'_, '_>) {
    making.copy_same(&["ImageTagMutability"]);
    let scanning = making.get("ImageScanningConfiguration").map(|of| deep(&of));
    making.own().set_any("image_scanning_configuration", one(scanning.as_ref()).as_ref());
    let url = making.attribute("RepositoryUri");
    making.own().set("repository_url", &url);
    if let Some(document) = making.get("RepositoryPolicyText") {
        let mut made = making.further("aws_ecr_repository_policy", "RepositoryPolicyText");
        made.set("repository", &making.name());
        made.set("policy", &policy(&document));
        making.made.push(made);
    }
}

/// CloudFormation starts a recorder once its delivery channel is there.
fn recorder(making: &mut Making<'_, '_>) {
    let mut made = making.further("aws_config_configuration_recorder_status", "status");
    made.set("name", &making.name());
    made.flag("is_enabled", true);
    making.made.push(made);
}

/// What no family reads: only where it is.
pub(super) fn other(making: &mut Making<'_, '_>) {
    let What::Map(members) = &making.of.what else { return };
    let names: Vec<String> = members.iter().map(|(name, ..)| name.clone()).collect();
    for name in names.iter().filter(|name| *name != "Tags") {
        if let Some(value) = making.get(name) {
            making.own().set(&snake(name), &deep(&value));
        }
    }
}
