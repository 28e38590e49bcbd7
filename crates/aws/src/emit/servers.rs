//! `servers.tf`: the MCP servers.

use super::containers;
use super::hcl::{Block, File, Object, object, raw};
use super::tasks::{self, Of};
use crate::design::{Design, Task};

pub(super) fn file(design: &Design) -> File {
    let servers = tasks::servers(design);
    if servers.is_empty() {
        return File::new();
    }
    let of = Of::Each("server");
    let volumes = volumes(&servers);
    let containers = raw("local.server_containers").index(raw("each.key"));
    let containers = tasks::logged(design, of, containers);
    File::new()
        .comment("The MCP servers. Nobody reaches them but the gate (security_groups.tf).")
        .blank()
        .block(settings("servers", &servers, volumes, None))
        .comment(about_containers(&servers))
        .block(Block::locals().attr("server_containers", all_containers(&servers)))
        .block(tasks::definition(design, of, containers, volumes))
        .block(
            tasks::service(design, of, of.block("aws_ecs_service"))
                .block(Block::new("service_registries").attr(
                    "registry_arn",
                    of.resource("aws_service_discovery_service", "").dot("arn"),
                ))
                .depends_on(tasks::needs(design, of)),
        )
        .block(tasks::discovery(of, of.block("aws_service_discovery_service")))
}

/// Whether any of them has a volume.
pub(super) fn volumes(tasks: &[&Task]) -> bool {
    tasks.iter().any(|task| !task.volumes.is_empty())
}

/// How a task is found, in a word.
pub(super) type Behind = fn(&Task) -> &'static str;

/// `locals { servers = {...} }`: what is set of each task; of services, also how they are found.
pub(super) fn settings(
    name: &str,
    tasks: &[&Task],
    volumes: bool,
    behind: Option<Behind>,
) -> Block {
    let entries = tasks.iter().map(|task| {
        let mut entry = object();
        if let Some(behind) = behind {
            entry = entry
                .attr("behind", behind(task))
                .attr("port", task.port)
                .attr("grace", task.grace);
        }
        entry = entry
            .attr("cpu", task.cpu)
            .attr("memory", task.memory)
            .attr("architecture", task.architecture)
            .attr("desired", task.desired)
            .attr("circuit_breaker", task.circuit_breaker);
        if volumes {
            entry = entry.attr("volumes", task.volumes.clone());
        }
        (task.name.as_str(), entry)
    });
    Block::locals().attr(name, object().attrs(entries).tall())
}

/// The containers of each task, by its name.
pub(super) fn all_containers(tasks: &[&Task]) -> Object {
    let entries = tasks.iter().map(|task| (task.name.as_str(), containers::list(task)));
    object().attrs(entries).tall()
}

/// What the containers are, for the reader: who the bridge is, and where it comes from.
pub(super) fn about_containers(tasks: &[&Task]) -> String {
    let has = |name: &str| {
        tasks.iter().flat_map(|task| &task.containers).any(|container| container.name == name)
    };
    let mut about = "What runs in each task; where its logs go is added below.".to_owned();
    if has("bridge") {
        about.push_str(
            "\n`bridge` ends the gate's TLS, takes only calls that the gate signed, and hands them on \
             within the\ntask. The server's own port is no port of the task's.",
        );
    }
    if has("bridge-install") {
        about.push_str(
            "\n`bridge-install` copies the bridge to a volume and ends. The bridge then starts the \
             server's command,\none process a session, and speaks with it over standard input and \
             output.",
        );
    }
    if has("volumes") {
        about.push_str(
            "\n`volumes` gives the empty volumes to who writes them, and ends: Fargate makes them \
             root's.",
        );
    }
    about
}
