//! `databases.tf`: databases of RDS.
//!
//! That they are encrypted, closed to the public, take TLS only and have a password that RDS made is
//! no choice of the farm's, so these stand as they are in the block; what the farm file says is in
//! `local.databases`.

use farmgate_farm::farm::Database;

use super::hcl::{Block, Expr, File, Template, call, object, raw};
use super::names;
use crate::design::Design;

/// The major version where the farm names none, as a parameter group needs one: RDS's own default
/// (Amazon RDS User Guide, "PostgreSQL versions").
const POSTGRES: &str = "17";

/// Logs that PostgreSQL ships to CloudWatch.
pub(super) const LOGS: [&str; 2] = ["postgresql", "upgrade"];

pub(super) fn file(design: &Design) -> File {
    if design.farm.databases.is_empty() {
        return File::new();
    }
    File::new()
        .comment(
            "Databases. Only those connect to them that say so in the farm file, and only with TLS.",
        )
        .blank()
        .block(settings(design))
        .block(subnet_group(design))
        .block(parameter_group(design))
        .block(instance(design))
}

/// The instance's name at RDS, which holds 63 characters; the farm's name and the database's fit.
pub(super) fn identifier(design: &Design, name: &str) -> String {
    names::physical(design, &[name])
}

/// The major version, which decides the parameter group; RDS chooses the minor one.
fn version(database: &Database) -> &str {
    database.version.as_ref().map_or(POSTGRES, |version| version.as_str())
}

/// The name of the database in the instance.
fn database_name(name: &str, database: &Database) -> String {
    database.name.as_ref().map_or_else(|| name.replace('-', "_"), |name| name.as_str().to_owned())
}

/// Whether Performance Insights is to be had: not for the smallest burstable classes (Amazon RDS
/// User Guide, "Amazon RDS DB engine, Region, and instance class support for Performance Insights").
fn has_insights(class: &str) -> bool {
    !(class.starts_with("db.t") && (class.ends_with(".micro") || class.ends_with(".small")))
}

fn settings(design: &Design) -> Block {
    let entries = design.farm.databases.iter().map(|(name, database)| {
        let class = database.instance.as_str();
        let entry = object()
            .attr("version", version(database))
            .attr("instance_class", class)
            .attr("storage", database.storage.get())
            .attr(
                "kms_key",
                database.kms_key.as_ref().map_or(Expr::Null, |key| key.as_str().into()),
            )
            .attr("database", database_name(name.as_str(), database))
            .attr("port", database.port.get())
            .attr("multi_az", database.multi_az)
            .attr("backup_days", database.backups.as_days())
            .attr("deletion_protection", database.deletion_protection)
            .attr("insights", has_insights(class));
        (name.as_str(), entry)
    });
    Block::locals().attr("databases", object().attrs(entries).tall())
}

fn subnet_group(design: &Design) -> Block {
    Block::resource("aws_db_subnet_group", "farm")
        .attr("name", names::physical(design, &["databases"]))
        .attr("description", format!("Private subnets of {}", design.farm.farm))
        .attr("subnet_ids", names::private_subnets(design))
}

/// One group for each version, so that another version comes with a group of its own.
fn parameter_group(design: &Design) -> Block {
    let versions = raw("[for database in local.databases : database.version]");
    let family = Template::new().text("postgres").value(raw("each.key"));
    Block::resource("aws_db_parameter_group", "postgres")
        .for_each(call("toset", [versions]))
        .attr(
            "name",
            Template::new().text(names::physical(design, &["postgres"])).value(raw("each.key")),
        )
        .attr("family", family)
        .attr("description", format!("Databases of {}: TLS or nothing", design.farm.farm))
        .block(Block::new("parameter").attr("name", "rds.force_ssl").attr("value", "1"))
}

fn instance(design: &Design) -> Block {
    let identifier = Template::new().text(names::physical(design, &[""])).value(raw("each.key"));
    let last = identifier.clone().text("-final");
    let value = |name: &str| raw("each.value").dot(name);
    Block::resource("aws_db_instance", "database")
        .for_each(raw("local.databases"))
        .attr("identifier", identifier)
        .attr("engine", "postgres")
        .attr("engine_version", value("version"))
        .attr("auto_minor_version_upgrade", true)
        .attr("instance_class", value("instance_class"))
        .attr("db_name", value("database"))
        .attr("port", value("port"))
        .attr(
            "parameter_group_name",
            raw("aws_db_parameter_group.postgres").index(value("version")).dot("name"),
        )
        .blank()
        .comment(
            "RDS makes the password, keeps it in Secrets Manager and rotates it every seven days.\n\
             Terraform never sees it.",
        )
        .attr("username", "postgres")
        .attr("manage_master_user_password", true)
        .attr("iam_database_authentication_enabled", true)
        .blank()
        .attr("db_subnet_group_name", raw("aws_db_subnet_group.farm.name"))
        .attr("vpc_security_group_ids", [raw("aws_security_group.database[each.key].id")])
        .attr("publicly_accessible", false)
        .attr("multi_az", value("multi_az"))
        .attr("ca_cert_identifier", "rds-ca-rsa2048-g1")
        .blank()
        .attr("storage_type", "gp3")
        .attr("allocated_storage", value("storage"))
        .attr("storage_encrypted", true)
        .attr("kms_key_id", value("kms_key"))
        .blank()
        .attr("backup_retention_period", value("backup_days"))
        .attr("copy_tags_to_snapshot", true)
        .attr("deletion_protection", value("deletion_protection"))
        .comment(
            "Taken when the database is deleted. Delete or rename it before that happens again.",
        )
        .attr("skip_final_snapshot", false)
        .attr("final_snapshot_identifier", last)
        .blank()
        .attr("enabled_cloudwatch_logs_exports", LOGS)
        .attr("performance_insights_enabled", value("insights"))
        .attr(
            "performance_insights_kms_key_id",
            raw("each.value.insights ? each.value.kms_key : null"),
        )
        .depends_on(["aws_cloudwatch_log_group.database"])
}

/// The log groups, by `DATABASE/LOG`.
pub(super) fn log_groups(design: &Design) -> Vec<(String, String)> {
    let databases = design.farm.databases.keys();
    let groups = databases.flat_map(|name| {
        let instance = identifier(design, name.as_str());
        LOGS.map(|log| (format!("{name}/{log}"), format!("/aws/rds/instance/{instance}/{log}")))
    });
    groups.collect()
}
