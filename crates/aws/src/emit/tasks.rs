//! What all tasks have in common: task definitions, services and Cloud Map names.
//!
//! The gate has blocks of its own; servers, and services, have one block for all of them. A block
//! takes its values from one task or from `each.value`, and is the same otherwise.

use std::collections::BTreeSet;

use super::hcl::{Block, Body, Expr, For, Object, Template, call, jsonencode, object, raw};
use super::{names, rules};
use crate::design::{Design, Party, Task};

/// Whose a block is.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// One task's.
    One(&'a Task),
    /// That of all servers (`server`), or of all services (`service`).
    Each(&'static str),
}

impl Of<'_> {
    /// The label of its resources: `gate`, `server`, `service`.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::One(task) => names::label(&task.party).0,
            Self::Each(label) => label,
        }
    }

    /// The resource of a type that belongs to the same task: `aws_iam_role.gate_execution`,
    /// `aws_iam_role.server_execution[each.key]`.
    pub(super) fn resource(self, kind: &str, suffix: &str) -> Expr {
        let address = raw(format!("{kind}.{}{suffix}", self.label()));
        match self {
            Self::One(_) => address,
            Self::Each(_) => address.index(raw("each.key")),
        }
    }

    /// A value: of the task itself, or of `each.value`.
    pub(super) fn value<T: Into<Expr>>(self, field: &str, own: impl Fn(&Task) -> T) -> Expr {
        match self {
            Self::One(task) => own(task).into(),
            Self::Each(_) => raw(format!("each.value.{field}")),
        }
    }

    /// The task's name among its like.
    pub(super) fn name(self) -> Expr {
        match self {
            Self::One(task) => task.name.as_str().into(),
            Self::Each(_) => raw("each.key"),
        }
    }

    /// The physical name of what belongs to the task: `FARM-gate`, `FARM-server-${each.key}`.
    fn physical(self, design: &Design) -> Expr {
        match self {
            Self::One(task) => names::physical(design, &names::words(&task.party)).into(),
            Self::Each(label) => Template::new()
                .text(names::physical(design, &[label, ""]))
                .value(raw("each.key"))
                .into(),
        }
    }

    /// A block of the task's label, for each of several.
    pub(super) fn block(self, kind: &str) -> Block {
        let block = Block::resource(kind, self.label());
        match self {
            Self::One(_) => block,
            Self::Each(label) => block.for_each(raw(format!("local.{label}s"))),
        }
    }
}

/// The tasks of servers.
pub(super) fn servers(design: &Design) -> Vec<&Task> {
    design.tasks.iter().filter(|task| matches!(task.party, Party::Server(_))).collect()
}

/// The tasks of services.
pub(super) fn services(design: &Design) -> Vec<&Task> {
    design.tasks.iter().filter(|task| matches!(task.party, Party::Service(_))).collect()
}

/// The task definition.
pub(super) fn definition(design: &Design, of: Of<'_>, containers: Expr, volumes: bool) -> Block {
    let block = of
        .block("aws_ecs_task_definition")
        .attr("family", of.physical(design))
        .attr("requires_compatibilities", ["FARGATE"])
        .attr("network_mode", "awsvpc")
        .attr("cpu", of.value("cpu", |task| task.cpu))
        .attr("memory", of.value("memory", |task| task.memory))
        .attr("execution_role_arn", of.resource("aws_iam_role", "_execution").dot("arn"))
        .attr("task_role_arn", of.resource("aws_iam_role", "_task").dot("arn"))
        .blank()
        .attr("container_definitions", jsonencode(containers))
        .blank()
        .comment("Earlier revisions stay, so that a deployment that fails can go back to one.")
        .attr("skip_destroy", true)
        .block(
            Block::new("runtime_platform")
                .attr("operating_system_family", "LINUX")
                .attr("cpu_architecture", of.value("architecture", |task| task.architecture)),
        );
    match of {
        Of::One(task) => block.blocks(
            task.volumes.iter().map(|name| Block::new("volume").attr("name", name.as_str())),
        ),
        Of::Each(_) if volumes => block.block(Block::dynamic(
            "volume",
            raw("each.value.volumes"),
            Body::new().attr("name", raw("volume.value")),
        )),
        Of::Each(_) => block,
    }
}

/// Containers, with where they log to.
pub(super) fn logged(design: &Design, of: Of<'_>, containers: Expr) -> Expr {
    let logs = object().attr("logConfiguration", logs(design, of));
    For::list("container", containers, call("merge", [raw("container"), logs.into()])).into()
}

/// Where a task's containers log to, and what happens while CloudWatch does not keep up.
pub(super) fn logs(design: &Design, of: Of<'_>) -> Object {
    let options = object()
        .attr("awslogs-group", of.resource("aws_cloudwatch_log_group", "").dot("name"))
        .attr("awslogs-region", design.farm.region.as_str())
        .attr("awslogs-stream-prefix", of.name());
    // One block's tasks log alike: how depends on what kind they are.
    let task = match of {
        Of::One(task) => Some(task),
        Of::Each(label) => design.tasks.iter().find(|task| names::label(&task.party).0 == label),
    };
    let mode = task.map(Task::log_mode).unwrap_or_default();
    let options = options.attrs(mode.iter().copied());
    object().attr("logDriver", "awslogs").attr("options", options)
}

/// The service, but for what leads to it.
pub(super) fn service(design: &Design, of: Of<'_>, block: Block) -> Block {
    let groups = [of.resource("aws_security_group", "").dot("id")];
    let breaker = of.value("circuit_breaker", |task| task.circuit_breaker);
    block
        .attr("name", of.name())
        .attr("cluster", raw("aws_ecs_cluster.farm.id"))
        .attr("task_definition", of.resource("aws_ecs_task_definition", "").dot("arn"))
        .attr("desired_count", of.value("desired", |task| task.desired))
        .attr("launch_type", "FARGATE")
        .attr("platform_version", "1.4.0")
        .blank()
        .comment("Tasks go only when as many new ones are healthy.")
        .attr("deployment_minimum_healthy_percent", 100)
        .attr("deployment_maximum_percent", 200)
        .blank()
        .comment("Nobody gets a shell in a task.")
        .attr("enable_execute_command", false)
        .attr("enable_ecs_managed_tags", true)
        .attr("propagate_tags", "SERVICE")
        .block(
            Block::new("network_configuration")
                .attr("subnets", names::private_subnets(design))
                .attr("security_groups", groups)
                .attr("assign_public_ip", false),
        )
        .block(
            Block::new("deployment_circuit_breaker")
                .attr("enable", breaker.clone())
                .attr("rollback", breaker),
        )
        .lifecycle(
            Body::new()
                .comment("Application Auto Scaling sets it, within the bounds in scaling.tf.")
                .attr("ignore_changes", [raw("desired_count")]),
        )
}

/// What a task needs so that it can start, besides what its service names: the role's policy, and
/// the way to images, logs and secrets. Without these its first deployment would fail.
pub(super) fn needs(design: &Design, of: Of<'_>) -> Vec<String> {
    let label = of.label();
    let uses = |party: &Party| names::label(party).0 == label;
    let endpoints = design.endpoints.values().filter(|it| it.users.iter().any(uses));
    let endpoints: BTreeSet<&str> = endpoints.map(names::endpoint_label).collect();
    let mut needs = vec![format!("aws_iam_role_policy.{label}_execution")];
    needs.extend(endpoints.into_iter().map(|label| format!("aws_vpc_endpoint.{label}")));
    if !design.nat.is_empty() {
        needs.push("aws_route.private_internet".to_owned());
    }
    needs.extend(rules::needed_to_start(design, label));
    needs
}

/// The name by which the tasks are found: A records, one for each task that is up.
pub(super) fn discovery(of: Of<'_>, block: Block) -> Block {
    block
        .attr("name", of.name())
        .block(
            Block::new("dns_config")
                .attr("namespace_id", raw("aws_service_discovery_private_dns_namespace.farm.id"))
                .attr("routing_policy", "MULTIVALUE")
                .block(Block::new("dns_records").attr("type", "A").attr("ttl", 10)),
        )
        .comment("ECS says which tasks are healthy; a task that isn't has no record.")
        .block(Block::new("health_check_custom_config").attr("failure_threshold", 1))
}
