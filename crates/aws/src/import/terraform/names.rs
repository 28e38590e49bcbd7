//! Physical names that must be unique: two resources with one name cannot both be made.

use super::graph::{Graph, Resource};
use super::place::Place;
use super::wanted::CLUSTER;
use crate::model::{Model, Named, Val};

/// Type, kind in words, attribute.
const KINDS: [(&str, &str, &str); 14] = [
    ("aws_cloudwatch_log_group", "log group", "name"),
    ("aws_secretsmanager_secret", "secret", "name"),
    ("aws_ssm_parameter", "parameter", "name"),
    ("aws_lb", "load balancer", "name"),
    ("aws_alb", "load balancer", "name"),
    ("aws_lb_target_group", "target group", "name"),
    ("aws_alb_target_group", "target group", "name"),
    ("aws_ecs_cluster", "ECS cluster", "name"),
    ("aws_ecr_repository", "ECR repository", "name"),
    ("aws_iam_role", "IAM role", "name"),
    ("aws_lambda_function", "Lambda function", "function_name"),
    ("aws_db_instance", "database", "identifier"),
    ("aws_rds_cluster", "database cluster", "cluster_identifier"),
    ("aws_ecs_service", "ECS service", "name"),
];

/// Lists names that are known.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for (kind, words, attribute) in KINDS {
        for resource in graph.of(&[kind]) {
            let Some(name) = resource.text(attribute) else {
                continue;
            };
            let scope = match kind {
                "aws_iam_role" => Some("account".to_owned()),
                "aws_ecs_service" => cluster(graph, resource),
                _ => Some(String::new()),
            };
            // Without its scope a name says nothing.
            let Some(scope) = scope else { continue };
            let scope = format!("{scope}{}", elsewhere(graph, resource));
            std::sync::Arc::make_mut(&mut model.named).push(named(resource, words, scope, name));
        }
    }
    for group in model.security_groups.values().filter(|group| group.managed && !group.is_default) {
        let (Some(Some(name)), Some(vpc)) = (group.name.known(), group.vpc.get()) else {
            continue;
        };
        let scope = vpc.as_ref().map_or_else(String::new, ToString::to_string);
        std::sync::Arc::make_mut(&mut model.named).push(Named {
            key: group.key.clone(),
            kind: "security group",
            scope,
            name: name.clone(),
        });
    }
}

fn named(resource: &Resource, kind: &'static str, scope: String, name: &str) -> Named {
    Named { key: resource.key.clone(), kind, scope, name: name.to_owned() }
}

/// Another provider configuration is another region or account; so is a `region` of its own.
fn elsewhere(graph: &Graph, resource: &Resource) -> String {
    let provider = graph.written(resource).and_then(|written| written.provider.as_deref());
    let parts = [provider, resource.text("region")];
    parts.into_iter().flatten().map(|part| format!(" of {part}")).collect()
}

fn cluster(graph: &Graph, resource: &Resource) -> Option<String> {
    match Place::top(graph, resource).attribute("cluster").key(&CLUSTER) {
        Val::Known(Some(key)) | Val::Assumed(Some(key), _) => Some(key.to_string()),
        Val::Known(None) => Some("default".to_owned()),
        _ => None,
    }
}
