//! `gate.tf`: the cluster, the names in the VPC, and the gate.

use super::hcl::{Block, Expr, File, List, raw};
use super::tasks::{self, Of};
use super::{containers, json, names};
use crate::design::{Design, Party, Task};

pub(super) fn file(design: &Design) -> File {
    let mut file = File::new()
        .comment(
            "The gate: the one service that the load balancer speaks to, and the one from which \
             servers take calls.\nIt proves who calls, decides what they may do, and passes calls on.",
        )
        .blank()
        .block(cluster(design));
    if design.tasks.iter().any(|task| task.discovered) {
        file = file
            .comment("Names of tasks: known in the VPC only, and each is a record for every task.")
            .block(
                Block::resource("aws_service_discovery_private_dns_namespace", "farm")
                    .attr("name", design.namespace())
                    .attr("description", format!("Tasks of {}", design.farm.farm))
                    .attr("vpc", names::vpc(design)),
            );
    }
    let Some(task) = design.task(&Party::Gate) else {
        return file;
    };
    file.comment(
        "The gate's configuration. There is no secret in it: `store` names the environment variable \
         into\nwhich ECS puts one.",
    )
    .block(Block::locals().attr("gate_config", config(design)))
    .block(definition(design, task))
    .block(service(design, task))
}

fn cluster(design: &Design) -> Block {
    let insights = design.farm.monitoring.container_insights;
    Block::resource("aws_ecs_cluster", "farm").attr("name", design.farm.farm.as_str()).block(
        Block::new("setting")
            .attr("name", "containerInsights")
            .attr("value", if insights { "enabled" } else { "disabled" }),
    )
}

fn config(design: &Design) -> Expr {
    // A tree of texts, numbers and lists can always be a document.
    json::expr(&serde_json::to_value(&design.gate).unwrap_or_default())
}

fn definition(design: &Design, task: &Task) -> Block {
    let of = Of::One(task);
    let logs = || tasks::logs(design, of);
    let containers =
        task.containers.iter().map(|it| containers::one(it).attr("logConfiguration", logs()));
    tasks::definition(design, of, List::new().items(containers).into(), false)
}

fn service(design: &Design, task: &Task) -> Block {
    let of = Of::One(task);
    // ECS takes no target group that isn't behind a listener; rules put it there.
    let mut needs = vec!["aws_lb_listener.https".to_owned()];
    if !design.routes.is_empty() {
        needs.push("aws_lb_listener_rule.server".to_owned());
    }
    needs.extend(tasks::needs(design, of));
    tasks::service(design, of, of.block("aws_ecs_service"))
        .blank()
        .comment("For so long the load balancer's checks don't count after a start.")
        .attr("health_check_grace_period_seconds", task.grace)
        .comment("After a zone was lost, tasks are spread over all zones again.")
        .attr("availability_zone_rebalancing", "ENABLED")
        .block(
            Block::new("load_balancer")
                .attr("target_group_arn", raw("aws_lb_target_group.gate.arn"))
                .attr("container_name", task.name.as_str())
                .attr("container_port", task.port),
        )
        .depends_on(needs)
}
