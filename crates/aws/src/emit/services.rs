//! `services.tf`: what servers call and what speaks no MCP.

use super::hcl::{Block, Expr, File, For, quoted, raw};
use super::servers::{Behind, about_containers, all_containers, settings, volumes};
use super::tasks::{self, Of};
use crate::design::Design;

/// Found by their own names.
const NAME: &str = "name";
/// Found by a load balancer's.
const ALB: &str = "alb";

pub(super) fn file(design: &Design) -> File {
    let services = tasks::services(design);
    if services.is_empty() {
        return File::new();
    }
    let of = Of::Each("service");
    let volumes = volumes(&services);
    let behind: Behind = |task| if task.discovered { NAME } else { ALB };
    let containers = raw("local.service_containers").index(raw("each.key"));
    let containers = tasks::logged(design, of, containers);
    let mut file = File::new()
        .comment("Services that servers call. Only those reach them that say so in the farm file.")
        .blank()
        .block(settings("services", &services, volumes, Some(behind)))
        .comment(about_containers(&services))
        .block(Block::locals().attr("service_containers", all_containers(&services)))
        .block(tasks::definition(design, of, containers, volumes));
    if services.iter().any(|task| task.discovered) {
        let discovery = Block::resource("aws_service_discovery_service", "service");
        file = file
            .comment("Services that callers find by name: each of their tasks has a record.")
            .block(named(design, of))
            .block(tasks::discovery(of, discovery.for_each(those_behind(NAME))));
    }
    if services.iter().any(|task| !task.discovered) {
        file = file
            .comment("Services behind a load balancer of their own (ingress.tf).")
            .block(balanced(design, of));
    }
    file
}

fn those_behind(what: &str) -> Expr {
    For::object("name, service", raw("local.services"), raw("name"), raw("service"))
        .only_if(raw(format!("service.behind == {}", quoted(what))))
        .into()
}

fn named(design: &Design, of: Of<'_>) -> Block {
    let block = Block::resource("aws_ecs_service", "service").for_each(those_behind(NAME));
    let registry = of.resource("aws_service_discovery_service", "").dot("arn");
    tasks::service(design, of, block)
        .block(Block::new("service_registries").attr("registry_arn", registry))
        .depends_on(tasks::needs(design, of))
}

fn balanced(design: &Design, of: Of<'_>) -> Block {
    let block = Block::resource("aws_ecs_service", "balanced").for_each(those_behind(ALB));
    let mut needs = vec!["aws_lb_listener.service".to_owned()];
    needs.extend(tasks::needs(design, of));
    tasks::service(design, of, block)
        .blank()
        .comment("For so long the load balancer's checks don't count after a start.")
        .attr("health_check_grace_period_seconds", raw("each.value.grace"))
        .block(
            Block::new("load_balancer")
                .attr("target_group_arn", of.resource("aws_lb_target_group", "").dot("arn"))
                .attr("container_name", raw("each.key"))
                .attr("container_port", raw("each.value.port")),
        )
        .depends_on(needs)
}
