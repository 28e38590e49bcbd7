//! What every container says of itself: image, checks, times, logs, volumes.

use std::ops::Range;

use super::{Kind, Scope, Task, amazon, scale, useless};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{
    BUILTIN, ContainerCheck, EVERYTHING, Health, Local, LogSettings, PORT_WORD, Server, ServerTls,
    Transport,
};
use crate::record::Places;
use crate::word::{Duration, Image};

/// The periods for which CloudWatch Logs keeps logs, in days.
const PERIODS: [u64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// ECS's longest `startPeriod`.
const LONGEST_START: Duration = Duration::seconds(300);

/// Fargate's longest `stopTimeout`.
const LONGEST_DRAIN: Duration = Duration::seconds(120);

/// More volumes are refused: they are compared with each other.
const MOST_VOLUMES: usize = 50;

/// The volume with the bridge, in a task that speaks stdio.
const BRIDGE_VOLUME: &str = "farmgate";

/// Where the kernel or the task has something already.
const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

pub(super) fn check(scope: &Scope<'_>, task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    let container = task.container;
    let at = &container.at;
    if let Some(found) = container.image.as_ref().filter(|_| at.sound(&["image"])) {
        image(scope, found, at.of("image"), problems);
    }
    scale::check(scope, task, problems);
    match &task.kind {
        Kind::Server(server) => {
            self::server(task, server, problems);
            health(&server.health, problems);
        }
        Kind::Service(service) => health(&service.health, problems),
    }
    if let Some(check) = &container.check {
        self::check_command(check, problems);
    }
    start(task, problems);
    if at.sound(&["drain"]) && container.drain > LONGEST_DRAIN {
        let title = format!("`{}` is longer than Fargate waits", container.drain);
        let problem = Diagnostic::error("out-of-range", title).at(at.of("drain"), "");
        problems.push(problem.help("write at most `120s`"));
    }
    if let Some(settings) = &container.logs {
        logs(scope, settings, problems);
    }
    volumes(scope, task, problems);
}

/// That an image is pinned by its digest.
pub(super) fn image(
    scope: &Scope<'_>,
    image: &Image,
    at: &Range<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    if image.digest().is_some() {
        return;
    }
    let tag = image.as_str().strip_prefix(image.repository()).unwrap_or_default();
    let tag = tag.strip_prefix(':').unwrap_or("latest");
    let title = format!("{} may be another image tomorrow", quoted(image.as_str()));
    let command = match image.ecr() {
        Some(ecr) => {
            let region =
                if ecr.region.is_empty() { scope.farm.region.as_str() } else { ecr.region };
            format!(
                "aws ecr describe-images --registry-id {} --repository-name {} --image-ids \
                 imageTag={tag} --region {region} --query 'imageDetails[0].imageDigest'",
                ecr.account, ecr.name
            )
        }
        None => format!("docker buildx imagetools inspect {}", image.as_str()),
    };
    let problem = Diagnostic::error("image-not-pinned", title).at(at, "");
    problems.push(problem.help(format!(
        "write `{}@sha256:...` with the digest that this prints:\n{command}",
        image.repository()
    )));
}

/// What only a server says.
fn server(task: &Task<'_>, server: &Server, problems: &mut Vec<Diagnostic>) {
    let at = &server.at;
    let name = quoted(task.name.as_str());
    if at.sound(&["transport"]) && server.transport == Transport::Stdio {
        if at.sound(&["command"]) && task.container.command.is_empty() {
            let title = format!("{name} speaks on standard input and output and has no command");
            let problem = Diagnostic::error("missing-key", title).at(at.of("transport"), "");
            problems.push(problem.help("write the `command` that the bridge starts"));
        }
        if at.sound(&["tls"]) && server.tls == ServerTls::Server {
            let title = "a server that speaks on standard input and output ends no TLS";
            let problem = Diagnostic::error("useless-key", title)
                .at(at.of("tls"), "")
                .context(at.of("transport"), "");
            problems.push(problem.help("remove it: the bridge does"));
        }
        if at.has("port") {
            let why = "a server on standard input and output listens nowhere";
            problems.push(useless("port", at.key("port"), why));
        }
    } else if at.sound(&["transport", "tls", "port"])
        && server.tls == ServerTls::Bridge
        && server.port.get() == u64::from(crate::gate::PORT)
    {
        let title = format!("the bridge beside {name} listens on port {}", crate::gate::PORT);
        let problem = Diagnostic::error("port-taken", title).at(at.of("port"), "");
        problems.push(problem.help("let the server listen on another, as `8000`"));
    }
    if let Some(local) = &server.local {
        on_this_machine(server, local, problems);
    }
}

/// What `farmgate up` runs.
fn on_this_machine(server: &Server, local: &Local, problems: &mut Vec<Diagnostic>) {
    let at = &local.at;
    if !at.sound(&["command"]) {
        return;
    }
    let Some(first) = local.command.first() else {
        problems.push(empty_command(at.of("command")));
        return;
    };
    if first.as_str().starts_with(BUILTIN) {
        let known = first.as_str() == EVERYTHING;
        if !known || local.command.len() > 1 {
            let title = match known {
                true => format!("{} takes no arguments", quoted(EVERYTHING)),
                false => format!("farmgate comes with no server {}", quoted(first.as_str())),
            };
            let problem = Diagnostic::error("unknown-word", title).at(at.of("command"), "");
            problems.push(problem.help(format!("write `[\"{EVERYTHING}\"]`")));
        }
        return;
    }
    let stdio = at.sound(&["transport"]) && server.local_transport() == Transport::Stdio;
    if stdio && local.command.iter().any(|word| word.as_str().contains(PORT_WORD)) {
        let title = "a command that speaks on standard input and output gets no port";
        let problem = Diagnostic::error("useless-key", title).at(at.of("command"), "");
        problems.push(problem.help("write `transport: http` under `local`, or no `{port}`"));
    }
}

fn empty_command(at: &Range<usize>) -> Diagnostic {
    Diagnostic::error("empty-command", "the command is empty")
        .at(at, "")
        .help("write it as a list: `[npx, \"@playwright/mcp\"]`")
}

/// Bounds of a target group's health check.
fn health(health: &Health, problems: &mut Vec<Diagnostic>) {
    let at = &health.at;
    within(at, "interval", health.interval, (5, 300), problems);
    let good = within(at, "timeout", health.timeout, (2, 120), problems);
    if good && at.sound(&["interval", "timeout"]) && health.timeout >= health.interval {
        let title = format!(
            "it waits for `{}`, and the next probe is after `{}`",
            health.timeout, health.interval
        );
        let mut problem = Diagnostic::error("out-of-range", title);
        let key = if at.has("timeout") { "timeout" } else { "interval" };
        problem = problem.at(at.of(key), "");
        if key == "timeout" && at.has("interval") {
            problem = problem.context(at.of("interval"), "");
        }
        problems.push(problem.help("write a `timeout` below the `interval`"));
    }
}

/// Bounds of a container's health check.
fn check_command(check: &ContainerCheck, problems: &mut Vec<Diagnostic>) {
    let at = &check.at;
    if at.sound(&["command"]) && check.command.is_empty() {
        problems.push(empty_command(at.of("command")));
    }
    within(at, "interval", check.interval, (5, 300), problems);
    within(at, "timeout", check.timeout, (2, 60), problems);
    if let Some(start) = check.start_period {
        within(at, "start_period", start, (1, 300), problems);
    }
}

fn within(
    at: &Places,
    key: &str,
    found: Duration,
    (low, high): (u64, u64),
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let good = !at.sound(&[key]) || (low..=high).contains(&found.as_seconds());
    if !good {
        let title = format!("`{found}` is not from {low} to {high} seconds");
        problems.push(Diagnostic::error("out-of-range", title).at(at.of(key), ""));
    }
    good
}

/// `grace`, where it becomes the container's `startPeriod`.
fn start(task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    let container = task.container;
    let at = &container.at;
    let becomes = match (&container.check, &task.kind) {
        (Some(check), _) => check.start_period.is_none(),
        (None, Kind::Server(_)) => true,
        (None, Kind::Service(_)) => false,
    };
    if becomes && at.sound(&["grace", "check"]) && container.grace > LONGEST_START {
        let title = format!("`{}` is longer than ECS waits for a container", container.grace);
        let problem = Diagnostic::error("out-of-range", title).at(at.of("grace"), "");
        problems.push(problem.help("write at most `300s`"));
    }
}

/// Log settings: a period that CloudWatch Logs has, and a key in the region.
pub(super) fn logs(scope: &Scope<'_>, settings: &LogSettings, problems: &mut Vec<Diagnostic>) {
    let at = &settings.at;
    if at.sound(&["retention"]) {
        period(settings.retention, at.of("retention"), problems);
    }
    if let Some(key) = settings.kms_key.as_ref().filter(|_| at.sound(&["kms_key"])) {
        amazon::arn(scope, key, &amazon::KEY, at.of("kms_key"), problems);
    }
}

/// Whether CloudWatch Logs has such a period; the nearest that isn't shorter otherwise.
pub(super) fn period(found: Duration, at: &Range<usize>, problems: &mut Vec<Diagnostic>) {
    let days = found.as_days();
    if PERIODS.contains(&days) && found == Duration::days(days) {
        return;
    }
    let title = format!("CloudWatch Logs keeps nothing for `{found}`");
    let longer = PERIODS.into_iter().find(|days| Duration::days(*days) >= found);
    let shorter = PERIODS.into_iter().rfind(|days| Duration::days(*days) <= found);
    let help = match (shorter, longer) {
        (Some(shorter), Some(longer)) => format!("write `{shorter}d` or `{longer}d`"),
        (Some(only), None) | (None, Some(only)) => format!("write `{only}d`"),
        (None, None) => return,
    };
    problems.push(Diagnostic::error("bad-retention", title).at(at, "").help(help));
}

/// Volumes that lie where something is, or in each other.
fn volumes(scope: &Scope<'_>, task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    let container = task.container;
    if container.tmp.len() > MOST_VOLUMES {
        let title = format!("a task has at most {MOST_VOLUMES} volumes here");
        let problem = Diagnostic::error("too-many", title);
        problems.push(problem.at(container.at.key("tmp"), "").help("mount fewer, higher up"));
        return;
    }
    if !container.at.sound(&["tmp"]) {
        return;
    }
    let inside = |path: &str, other: &str| {
        let rest = path.trim_end_matches('/').strip_prefix(other.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for (name, path) in &container.tmp {
        let at = scope.value(&task.path(&["tmp", name.as_str()]));
        let text = path.as_str();
        if name.as_str() == BRIDGE_VOLUME {
            let title = format!("{} is a volume of farmgate's own", quoted(name.as_str()));
            let problem = Diagnostic::error("path-taken", title).at(&at, "");
            problems.push(problem.help("give it another name"));
        }
        if KERNEL.iter().any(|kernel| inside(text, kernel)) {
            let title = format!("{} is the kernel's", quoted(text));
            let problem = Diagnostic::error("path-taken", title).at(&at, "");
            problems.push(problem.help("mount it elsewhere, as `/tmp`"));
        }
        let others = container.tmp.iter().filter(|(other, _)| *other != name);
        let holder = others.clone().find(|(other, outer)| {
            let (path, outer) = (text.trim_end_matches('/'), outer.as_str().trim_end_matches('/'));
            inside(path, outer) && (path != outer || *other < name)
        });
        if let Some((other, outer)) = holder {
            let title = format!(
                "{} is in {}, which is a volume already",
                quoted(text),
                quoted(outer.as_str())
            );
            let problem = Diagnostic::error("overlap", title)
                .at(&at, "")
                .context(&scope.value(&task.path(&["tmp", other.as_str()])), "");
            problems.push(problem.help("remove one: all of a volume can be written"));
        }
    }
}
