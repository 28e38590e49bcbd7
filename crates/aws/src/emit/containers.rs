//! Containers, as the objects of `container_definitions`.
//!
//! What they hold is known when Terraform plans: names, and ARNs that are written out. Only the
//! secret that RDS makes for a database has an ARN of RDS's choice.

use farmgate_farm::farm::named_database;
use farmgate_farm::gate;
use farmgate_farm::word::Name;

use super::hcl::{Expr, List, Object, Template, indexed, jsonencode, object, raw};
use crate::design::{ContainerDesign, ContainerHealth, SecretSource, Task};

/// The containers of a task, less their logs.
pub(super) fn list(task: &Task) -> List {
    List::new().items(task.containers.iter().map(one)).tall()
}

/// A container, less its logs.
pub(super) fn one(container: &ContainerDesign) -> Object {
    let ports = container.ports.iter().map(|port| {
        object().attr("containerPort", *port).attr("hostPort", *port).attr("protocol", "tcp")
    });
    let mounts = container.mounts.iter().map(|(volume, (path, read_only))| {
        object()
            .attr("sourceVolume", volume)
            .attr("containerPath", path)
            .attr("readOnly", *read_only)
    });
    let depends = container.depends_on.iter().map(|(name, condition)| {
        object().attr("containerName", name).attr("condition", *condition)
    });
    object()
        .attr("name", &container.name)
        .attr("image", &container.image)
        .attr("essential", container.essential)
        .attr("user", &container.user)
        .attr("readonlyRootFilesystem", container.read_only)
        .maybe("entryPoint", some(container.entry_point.clone()))
        .maybe("command", some(container.command.clone()))
        .maybe("portMappings", some(ports.collect::<Vec<_>>()))
        .maybe("environment", some(environment(container)))
        .maybe("secrets", some(secrets(container)))
        .maybe("mountPoints", some(mounts.collect::<Vec<_>>()))
        .maybe("dependsOn", some(depends.collect::<Vec<_>>()))
        .maybe("healthCheck", container.health.as_ref().map(health))
        .attr("stopTimeout", container.stop_timeout)
}

/// A list, unless it is empty: what isn't there isn't written.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn environment(container: &ContainerDesign) -> Vec<Object> {
    let variables = container.environment.iter().map(|(name, value)| {
        let value = match name.as_str() {
            gate::CONFIG_VARIABLE => jsonencode(raw("local.gate_config")),
            _ => match named_database(value) {
                Some(database) => {
                    indexed("aws_db_instance.database", database.as_str()).dot("address")
                }
                None => value.into(),
            },
        };
        object().attr("name", name).attr("value", value)
    });
    variables.collect()
}

fn secrets(container: &ContainerDesign) -> Vec<Object> {
    let secrets = container.secrets.iter().map(|(name, source)| {
        let source = match source {
            SecretSource::Arn(arn) => arn.into(),
            SecretSource::Database(database, None) => managed_secret(database),
            SecretSource::Database(database, Some(key)) => {
                Template::new().value(managed_secret(database)).text(format!(":{key}::")).into()
            }
        };
        object().attr("name", name).attr("valueFrom", source)
    });
    secrets.collect()
}

/// The ARN of the secret that RDS makes and rotates for a database.
pub(super) fn managed_secret(database: &Name) -> Expr {
    let instance = indexed("aws_db_instance.database", database.as_str());
    instance.dot("master_user_secret").index(0).dot("secret_arn")
}

fn health(health: &ContainerHealth) -> Object {
    object()
        .attr("command", health.command.clone())
        .attr("interval", health.interval)
        .attr("timeout", health.timeout)
        .attr("retries", health.retries)
        .attr("startPeriod", health.start_period)
}
