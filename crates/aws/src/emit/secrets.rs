//! `secrets.tf`: what must be there before the first apply, where clients find the servers, and
//! rotation. No secret's value is in the module, and none gets into Terraform's state.

use std::collections::{BTreeMap, BTreeSet};

use super::hcl::{Block, File, object, raw};
use crate::design::{Design, SecretSource, Task};

pub(super) fn file(design: &Design) -> File {
    let mut file = File::new().comment(about(design)).blank();
    if let Some(block) = endpoints(design) {
        file = file
            .comment("Where clients find the servers. These are URLs and no secrets, so a plan may show them.")
            .block(block);
    }
    if let Some(block) = rotation(design) {
        file = file
            .comment(
                "The functions must let secretsmanager.amazonaws.com invoke them. ECS reads a secret \
                 when it starts\na task: what a rotation made reaches tasks with their next \
                 deployment\n(`aws ecs update-service --force-new-deployment`).",
            )
            .block(block);
    }
    file
}

/// What has to exist, and who reads it: the names of Secrets Manager, and of Systems Manager.
fn needed(design: &Design) -> BTreeMap<(&'static str, String), BTreeSet<String>> {
    let mut needed: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (task, variable, arn) in design.tasks.iter().flat_map(arns) {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next(), parts.nth(2).unwrap_or_default());
        let name = match service {
            Some("ssm") => ("ssm", resource.trim_start_matches("parameter").to_owned()),
            _ => {
                let name = resource.trim_start_matches("secret:").split(':').next();
                ("secretsmanager", name.unwrap_or_default().to_owned())
            }
        };
        needed.entry(name).or_default().insert(format!("{} ({variable})", task.party.word()));
    }
    needed
}

/// The secrets of a task that exist already, by variable.
fn arns(task: &Task) -> impl Iterator<Item = (&Task, &str, &str)> {
    let secrets = task.containers.iter().flat_map(|container| &container.secrets);
    secrets.filter_map(move |(variable, source)| match source {
        SecretSource::Arn(arn) => Some((task, variable.as_str(), arn.as_str())),
        SecretSource::Database(..) => None,
    })
}

fn about(design: &Design) -> String {
    let mut about =
        "No secret is in this module, and none gets into Terraform's state: tasks name \
                     what they need, and\nECS puts it into their environment. "
            .to_owned();
    let needed = needed(design);
    if needed.is_empty() {
        about.push_str("Nothing has to exist before.");
        return about;
    }
    about.push_str("These must exist before the first apply\n(README.md says how to make them):\n");
    for ((store, name), readers) in needed {
        let readers: Vec<String> = readers.into_iter().collect();
        about.push_str(&format!("\n  {store}:{name}\n    {}", readers.join(", ")));
    }
    about
}

fn endpoints(design: &Design) -> Option<Block> {
    if design.routes.is_empty() {
        return None;
    }
    let routes: BTreeMap<&str, _> =
        design.routes.iter().map(|route| (route.server.as_str(), route)).collect();
    let entries = routes.into_iter().map(|(server, route)| {
        (server, object().attr("name", &route.parameter).attr("url", &route.url))
    });
    let block = Block::resource("aws_ssm_parameter", "endpoint")
        .for_each(object().attrs(entries).tall())
        .attr("name", raw("each.value.name"))
        .attr("description", super::hcl::template("URL of the MCP server ${each.key}"))
        .attr("type", "String")
        .attr("insecure_value", raw("each.value.url"));
    Some(block)
}

fn rotation(design: &Design) -> Option<Block> {
    let schedules = &design.farm.rotation;
    if schedules.is_empty() {
        return None;
    }
    let schedules: BTreeMap<&str, _> =
        schedules.iter().map(|rotation| (rotation.secret.name.as_str(), rotation)).collect();
    let entries = schedules.into_iter().map(|(secret, rotation)| {
        let entry = object()
            .attr("function", rotation.function.as_str())
            .attr("days", rotation.every.as_days());
        (secret, entry)
    });
    let block = Block::resource("aws_secretsmanager_secret_rotation", "schedule")
        .for_each(object().attrs(entries).tall())
        .attr("secret_id", raw("each.key"))
        .attr("rotation_lambda_arn", raw("each.value.function"))
        .blank()
        .comment("An apply rotates nothing; the schedule does.")
        .attr("rotate_immediately", false)
        .block(
            Block::new("rotation_rules")
                .attr("automatically_after_days", raw("each.value.days")),
        )
        .lifecycle(
            super::hcl::Body::new()
                .comment("Secrets Manager answers with the ARN, whose last six characters only it knows.")
                .attr("ignore_changes", [raw("secret_id")]),
        );
    Some(block)
}
