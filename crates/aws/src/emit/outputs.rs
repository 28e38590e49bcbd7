//! `outputs.tf`: what others join to. Nothing of it is secret.

use super::hcl::{Block, Expr, File, For, Object, object, raw};
use super::{alarms, names};
use crate::design::{Design, Party};

type Output = (&'static str, &'static str, Expr);

pub(super) fn file(design: &Design) -> File {
    let mut outputs = entrance(design);
    outputs.extend(network(design));
    outputs.extend(tasks(design));
    outputs.extend(stores(design));
    let file = File::new().comment("What others join to. Nothing of it is secret.").blank();
    outputs.into_iter().fold(file, |file, (name, about, value)| {
        file.block(Block::output(name).attr("description", about).attr("value", value))
    })
}

/// `{ for name, x in ADDRESS : name => x.ATTRIBUTE }`
fn each(address: &str, attribute: &str) -> Expr {
    For::object("name, it", raw(address), raw("name"), raw("it").dot(attribute)).into()
}

/// Where clients come in.
fn entrance(design: &Design) -> Vec<Output> {
    let alias = object()
        .attr("arn", raw("aws_lb.ingress.arn"))
        .attr("dns_name", raw("aws_lb.ingress.dns_name"))
        .attr("zone_id", raw("aws_lb.ingress.zone_id"))
        .tall();
    let mut outputs = vec![(
        "load_balancer",
        "The load balancer in front: its ARN, and what an alias record of its name needs",
        alias.into(),
    )];
    if !design.routes.is_empty() {
        outputs.extend([
            (
                "urls",
                "Where clients find the servers, by server",
                each("aws_ssm_parameter.endpoint", "insecure_value"),
            ),
            (
                "parameters",
                "The parameters of Systems Manager that hold these URLs, by server",
                each("aws_ssm_parameter.endpoint", "name"),
            ),
        ]);
    }
    outputs
}

fn network(design: &Design) -> Vec<Output> {
    let mut outputs = vec![
        ("vpc_id", "The VPC", names::vpc(design)),
        ("private_subnet_ids", "The subnets of all tasks", names::private_subnets(design)),
        (
            "security_group_ids",
            "The farm's security groups, by whose they are",
            groups(design).into(),
        ),
    ];
    if !design.endpoints.is_empty() {
        let endpoints = design.endpoints.values().map(|endpoint| {
            (endpoint.service.as_str(), raw(names::endpoint_address(endpoint)).dot("id"))
        });
        let endpoints = object().attrs(endpoints).tall();
        outputs.push(("vpc_endpoint_ids", "The VPC endpoints, by service", endpoints.into()));
    }
    outputs
}

/// The groups by party, in the farm file's words.
fn groups(design: &Design) -> Object {
    let mut groups = object().tall();
    let mut kinds: Vec<&'static str> = Vec::new();
    for party in design.groups() {
        let (label, key) = names::label(party);
        if *party == Party::Endpoints {
            groups = groups.attr("start_endpoints", names::group(design, party));
        } else if key.is_none() {
            groups = groups.attr(label, names::group(design, party));
        } else if !kinds.contains(&label) {
            kinds.push(label);
        }
    }
    kinds.into_iter().fold(groups, |groups, label| {
        let key =
            if label == "endpoint" { "used_endpoints".to_owned() } else { format!("{label}s") };
        groups.attr(key, each(&format!("aws_security_group.{label}"), "id"))
    })
}

fn tasks(design: &Design) -> Vec<Output> {
    let labels = [
        ("server", !super::tasks::servers(design).is_empty()),
        ("service", !super::tasks::services(design).is_empty()),
    ];
    let mut roles = object()
        .tall()
        .attr("gate", raw("aws_iam_role.gate_task.arn"))
        .attr("probe", raw("aws_iam_role.probe_task.arn"));
    let mut logs = object()
        .tall()
        .attr("gate", raw("aws_cloudwatch_log_group.gate.name"))
        .attr("probe", raw("aws_cloudwatch_log_group.probe.name"));
    for (label, _) in labels.into_iter().filter(|(_, some)| *some) {
        let (key, group) = (format!("{label}s"), format!("aws_cloudwatch_log_group.{label}"));
        roles = roles.attr(&key, each(&format!("aws_iam_role.{label}_task"), "arn"));
        logs = logs.attr(&key, each(&group, "name"));
    }
    let cluster = object()
        .attr("arn", raw("aws_ecs_cluster.farm.arn"))
        .attr("name", raw("aws_ecs_cluster.farm.name"))
        .tall();
    let probe = object()
        .attr("cluster", raw("aws_ecs_cluster.farm.name"))
        .attr("task_definition", raw("aws_ecs_task_definition.probe.family"))
        .attr("subnets", names::private_subnets(design))
        .attr("security_group", names::group(design, &Party::Probe))
        .attr("log_group", raw("aws_cloudwatch_log_group.probe.name"))
        .tall();
    vec![
        ("cluster", "The ECS cluster", cluster.into()),
        ("probe", "What `farmgate probe --from-task` runs, and where", probe.into()),
        ("task_role_arns", "The roles with which containers run", roles.into()),
        ("log_group_names", "Where tasks log to", logs.into()),
    ]
}

/// Repositories, databases, and the topic of alarms.
fn stores(design: &Design) -> Vec<Output> {
    let mut outputs: Vec<Output> = Vec::new();
    if !design.farm.repositories.create.is_empty() {
        outputs.push((
            "repository_urls",
            "The repositories of images, by name",
            each("aws_ecr_repository.farm", "repository_url"),
        ));
    }
    if !design.farm.databases.is_empty() {
        outputs.extend([
            (
                "database_addresses",
                "The databases' hosts, by name",
                each("aws_db_instance.database", "address"),
            ),
            (
                "database_secret_arns",
                "The secrets in which RDS keeps the databases' passwords, by name",
                each("aws_db_instance.database", "master_user_secret[0].secret_arn"),
            ),
        ]);
    }
    if let Some(alarms) = &design.farm.alarms {
        outputs.push(("alarm_topic_arn", "The topic that alarms tell", alarms::topic_arn(alarms)));
    }
    outputs
}
