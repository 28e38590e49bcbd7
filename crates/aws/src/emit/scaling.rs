//! `scaling.tf`: how many tasks there are.
//!
//! Every service has a scaling target, even if nothing scales it: `desired_count` is ignored by
//! Terraform (it could not be for some servers only), and a target keeps the number within its
//! bounds by itself (Application Auto Scaling API Reference, `RegisterScalableTarget`).

use super::hcl::{Block, Expr, File, For, Object, Template, object, raw};
use super::tasks::{self, Of};
use crate::design::{Design, Party, Scaling, Task};

/// What the gate counts requests as (CloudWatch embedded metric format).
const NAMESPACE: &str = "farmgate";

pub(super) fn file(design: &Design) -> File {
    let mut file = File::new()
        .comment(
            "How many tasks there are. A target holds the number within its bounds; policies move it \
             so that an\naverage stays near its target value. More tasks are started when any policy \
             wants them, and fewer\nare left when all do.",
        )
        .blank();
    if let Some(gate) = design.task(&Party::Gate) {
        file = of_gate(file, gate);
    }
    let file = of_each(file, design, "server", &tasks::servers(design));
    of_each(file, design, "service", &tasks::services(design))
}

// === Targets ===

fn target(of: Of<'_>, service: Expr, block: Block) -> Block {
    let resource = Template::new()
        .text("service/")
        .value(raw("aws_ecs_cluster.farm.name"))
        .text("/")
        .value(service);
    block
        .attr("service_namespace", "ecs")
        .attr("scalable_dimension", "ecs:service:DesiredCount")
        .attr("resource_id", resource)
        .attr("min_capacity", of.value("min", |task| task.min))
        .attr("max_capacity", of.value("max", |task| task.max))
}

// === Policies ===

/// A metric that is held near a target value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Metric {
    Cpu,
    Memory,
    Requests,
}

const METRICS: [Metric; 3] = [Metric::Cpu, Metric::Memory, Metric::Requests];

impl Metric {
    fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Requests => "requests",
        }
    }

    fn of(self, scaling: &Scaling) -> Option<u64> {
        match self {
            Self::Cpu => scaling.cpu,
            Self::Memory => scaling.memory,
            Self::Requests => scaling.requests,
        }
    }

    fn predefined(self) -> &'static str {
        match self {
            Self::Cpu => "ECSServiceAverageCPUUtilization",
            Self::Memory => "ECSServiceAverageMemoryUtilization",
            Self::Requests => "ALBRequestCountPerTarget",
        }
    }
}

/// What moves the number of a task: each metric's word, the value that it is held near, and what
/// Application Auto Scaling calls it. Nothing, if the number is fixed.
pub(crate) fn moved_by(task: &Task) -> Vec<(&'static str, u64, Option<&'static str>)> {
    let known = |metric: Metric| match (&task.party, metric) {
        // The gate counts a server's requests, in a metric of the farm's own.
        (Party::Server(_), Metric::Requests) => None,
        _ => Some(metric.predefined()),
    };
    // Nobody counts the requests of a service that callers find by name.
    let uncounted = |metric: Metric| {
        metric == Metric::Requests && matches!(task.party, Party::Service(_)) && task.discovered
    };
    let all = METRICS.into_iter().filter(|metric| task.max > task.min && !uncounted(*metric));
    all.filter_map(|metric| Some((metric.word(), metric.of(&task.scaling)?, known(metric))))
        .collect()
}

/// A policy: `specification` is the metric, `of` says whose target it moves.
fn policy(of: Of<'_>, metric: Metric, block: Block, specification: Block) -> Block {
    let target = |attribute: &str| of.resource("aws_appautoscaling_target", "").dot(attribute);
    let scaling = |field: &str, own: fn(&Scaling) -> u64| match of {
        Of::One(task) => own(&task.scaling).into(),
        Of::Each(_) => raw("each.value").dot(field),
    };
    let value: Expr = match of {
        Of::One(task) => metric.of(&task.scaling).map_or(Expr::Null, Expr::from),
        Of::Each(_) => raw("each.value").dot(metric.word()),
    };
    block
        .attr("name", metric.word())
        .attr("policy_type", "TargetTrackingScaling")
        .attr("service_namespace", target("service_namespace"))
        .attr("scalable_dimension", target("scalable_dimension"))
        .attr("resource_id", target("resource_id"))
        .block(
            Block::new("target_tracking_scaling_policy_configuration")
                .attr("target_value", value)
                .attr("scale_in_cooldown", scaling("cooldown_in", |scaling| scaling.cooldown_in))
                .attr("scale_out_cooldown", scaling("cooldown_out", |scaling| scaling.cooldown_out))
                .block(specification),
        )
}

/// A metric that Application Auto Scaling knows. Requests are those of a target group.
fn predefined(metric: Metric, balancer: &str, targets: &str) -> Block {
    let block = Block::new("predefined_metric_specification")
        .attr("predefined_metric_type", metric.predefined());
    if metric != Metric::Requests {
        return block;
    }
    let label = Template::new()
        .value(raw(format!("{balancer}.arn_suffix")))
        .text("/")
        .value(raw(format!("{targets}.arn_suffix")));
    block.attr("resource_label", label)
}

// === The gate's ===

fn of_gate(mut file: File, gate: &Task) -> File {
    let of = Of::One(gate);
    let target_block = Block::resource("aws_appautoscaling_target", "gate");
    file.push(target(of, raw("aws_ecs_service.gate.name"), target_block));
    if gate.max > gate.min {
        for metric in METRICS.into_iter().filter(|metric| metric.of(&gate.scaling).is_some()) {
            let label = format!("gate_{}", metric.word());
            let block = Block::resource("aws_appautoscaling_policy", label);
            let specification = predefined(metric, "aws_lb.ingress", "aws_lb_target_group.gate");
            file.push(policy(of, metric, block, specification));
        }
    }
    file
}

// === Servers' and services' ===

fn of_each(mut file: File, design: &Design, label: &'static str, tasks: &[&Task]) -> File {
    if tasks.is_empty() {
        return file;
    }
    let of = Of::Each(label);
    file = file
        .comment(
            "Bounds, target values (percent; requests a minute and task), cooldowns (seconds).",
        )
        .block(settings(label, tasks))
        .block(target_of_each(of, tasks));
    for metric in [Metric::Cpu, Metric::Memory] {
        if tasks.iter().any(|task| scales(task, metric)) {
            file.push(policy(of, metric, each(label, metric, ""), predefined(metric, "", "")));
        }
    }
    let mut by_requests = tasks.iter().filter(|task| scales(task, Metric::Requests));
    match label {
        "server" if by_requests.next().is_some() => {
            file.comment(ABOUT_REQUESTS).block(server_requests(design, of))
        }
        // Nobody counts the requests of a service that callers find by name.
        "service" if by_requests.any(|task| !task.discovered) => file.block(balanced_requests(of)),
        _ => file,
    }
}

fn target_of_each(of: Of<'_>, tasks: &[&Task]) -> Block {
    let label = of.label();
    let block = Block::resource("aws_appautoscaling_target", label)
        .for_each(raw(format!("local.{label}_scaling")));
    if label == "server" {
        return target(of, raw("aws_ecs_service.server[each.key].name"), block);
    }
    // By name, as a service is in one of two blocks.
    let blocks = [("service", true), ("balanced", false)].into_iter();
    let used = blocks.filter(|(_, named)| tasks.iter().any(|task| task.discovered == *named));
    let used = used.map(|(block, _)| format!("aws_ecs_service.{block}"));
    target(of, raw("each.key"), block).depends_on(used)
}

/// Whether a metric moves a task's number.
fn scales(task: &Task, metric: Metric) -> bool {
    task.max > task.min && metric.of(&task.scaling).is_some()
}

fn settings(label: &str, tasks: &[&Task]) -> Block {
    let entries = tasks.iter().map(|task| {
        let number = |number: Option<u64>| number.map_or(Expr::Null, Expr::from);
        let of = |metric: Metric| number(metric.of(&task.scaling).filter(|_| task.max > task.min));
        let entry: Object = object()
            .attr("min", task.min)
            .attr("max", task.max)
            .attr("cpu", of(Metric::Cpu))
            .attr("memory", of(Metric::Memory))
            .attr("requests", of(Metric::Requests))
            .attr("cooldown_in", task.scaling.cooldown_in)
            .attr("cooldown_out", task.scaling.cooldown_out);
        (task.name.as_str(), entry)
    });
    Block::locals().attr(format!("{label}_scaling"), object().attrs(entries).tall())
}

/// A policy's block, for those tasks that have a target of this metric.
fn each(label: &str, metric: Metric, and: &str) -> Block {
    let word = metric.word();
    let with = For::object(
        "name, scaling",
        raw(format!("local.{label}_scaling")),
        raw("name"),
        raw("scaling"),
    )
    .only_if(raw(format!("scaling.{word} != null{and}")));
    Block::resource("aws_appautoscaling_policy", format!("{label}_{word}")).for_each(with)
}

fn balanced_requests(of: Of<'_>) -> Block {
    let metric = Metric::Requests;
    let block = each("service", metric, " && local.services[name].behind == \"alb\"");
    let specification =
        predefined(metric, "aws_lb.service[each.key]", "aws_lb_target_group.service[each.key]");
    policy(of, metric, block, specification)
}

// === Requests of servers ===

const ABOUT_REQUESTS: &str = "\
Servers stand behind no load balancer: the gate counts their requests, and the number of running
tasks divides them. A minute without a count is one without requests, or without tasks.";

fn server_requests(design: &Design, of: Of<'_>) -> Block {
    let metric = Metric::Requests;
    let requests = Block::new("metrics")
        .attr("id", "requests")
        .attr("label", "Requests that the gate passed on")
        .attr("return_data", false)
        .block(
            Block::new("metric_stat").attr("stat", "Sum").block(
                Block::new("metric")
                    .attr("namespace", NAMESPACE)
                    .attr("metric_name", "Requests")
                    .blocks([
                        dimension("Farm", design.farm.farm.as_str()),
                        dimension("Server", raw("each.key")),
                    ]),
            ),
        );
    let result = Block::new("metrics")
        .attr("id", "per_task")
        .attr("label", "Requests a minute and task")
        .attr("expression", "FILL(requests, 0) / IF(FILL(tasks, 0) > 0, FILL(tasks, 0), 1)")
        .attr("return_data", true);
    let specification =
        Block::new("customized_metric_specification").blocks([requests, running(design), result]);
    policy(of, metric, each("server", metric, ""), specification)
}

/// The number of running tasks: Container Insights counts them. Without it, each task reports its
/// CPU once a minute, so that the reports count them (Amazon ECS Developer Guide, "Service RUNNING
/// task count").
fn running(design: &Design) -> Block {
    let (namespace, name, stat) = if design.farm.monitoring.container_insights {
        ("ECS/ContainerInsights", "RunningTaskCount", "Average")
    } else {
        ("AWS/ECS", "CPUUtilization", "SampleCount")
    };
    Block::new("metrics")
        .attr("id", "tasks")
        .attr("label", "Running tasks")
        .attr("return_data", false)
        .block(Block::new("metric_stat").attr("stat", stat).block(
            Block::new("metric").attr("namespace", namespace).attr("metric_name", name).blocks([
                dimension("ClusterName", raw("aws_ecs_cluster.farm.name")),
                dimension("ServiceName", raw("aws_ecs_service.server[each.key].name")),
            ]),
        ))
}

fn dimension(name: &str, value: impl Into<Expr>) -> Block {
    Block::new("dimensions").attr("name", name).attr("value", value)
}
