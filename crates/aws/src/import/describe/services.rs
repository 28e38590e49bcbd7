//! ECS: clusters, services, task definitions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{flag, list, text, words};

pub(super) const SERVICES: &str = "ecs describe-services";
pub(super) const DEFINITIONS: &str = "ecs describe-task-definition";

/// Reads clusters, services and task definitions.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    clusters(region, making);
    for item in region.items(SERVICES) {
        let Some(arn) = text(&item.value, "serviceArn") else { continue };
        if text(&item.value, "status") == Some("INACTIVE") {
            continue;
        }
        let mut made = Made::new("aws_ecs_service", arn, &item);
        service(&item.value, arn, &mut made);
        making.add(made);
    }
    definitions(region, making);
}

fn clusters(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ecs describe-clusters") {
        let Some(arn) = text(&item.value, "clusterArn") else { continue };
        if text(&item.value, "status") == Some("INACTIVE") {
            continue;
        }
        let mut made = Made::new("aws_ecs_cluster", arn, &item);
        made.set("arn", arn)
            .copy(&item.value, &[("name", "clusterName")])
            .tags(&item.value, "tags");
        let settings: Vec<Value> = list(&item.value, "settings")
            .filter_map(|one| {
                Some(json!({ "name": text(one, "name")?, "value": text(one, "value")? }))
            })
            .collect();
        // Without `--include SETTINGS` the list is printed, and is empty.
        let included = item.page.request.parameters.get("include");
        let asked = included.is_some_and(|all| all.iter().any(|one| one == "SETTINGS"));
        let known = (asked || !settings.is_empty()).then_some(settings);
        made.set_or("setting", known, || {
            region.missing_of("ecs describe-clusters", "--include SETTINGS")
        });
        making.add(made);
    }
}

fn service(item: &Value, arn: &str, made: &mut Made) {
    made.set("arn", arn)
        .copy(
            item,
            &[
                ("name", "serviceName"),
                ("cluster", "clusterArn"),
                ("task_definition", "taskDefinition"),
                ("desired_count", "desiredCount"),
                ("launch_type", "launchType"),
                ("platform_version", "platformVersion"),
                ("enable_execute_command", "enableExecuteCommand"),
            ],
        )
        .tags(item, "tags");
    let strategy: Vec<Value> = list(item, "capacityProviderStrategy")
        .filter_map(|one| Some(json!({ "capacity_provider": text(one, "capacityProvider")? })))
        .collect();
    if !strategy.is_empty() {
        made.set("capacity_provider_strategy", strategy);
    }
    let network =
        item.get("networkConfiguration").and_then(|network| network.get("awsvpcConfiguration"));
    if let Some(network) = network {
        made.set(
            "network_configuration",
            json!([{
                "subnets": words(network, "subnets"),
                "security_groups": words(network, "securityGroups"),
                "assign_public_ip": text(network, "assignPublicIp") == Some("ENABLED"),
            }]),
        );
    }
    let balancers: Vec<Value> = list(item, "loadBalancers")
        .filter_map(|one| {
            let group = text(one, "targetGroupArn")?;
            Some(json!({
                "target_group_arn": group,
                "container_name": text(one, "containerName"),
                "container_port": one.get("containerPort"),
            }))
        })
        .collect();
    made.set("load_balancer", balancers);
    let registries: Vec<Value> = list(item, "serviceRegistries")
        .filter_map(|one| Some(json!({ "registry_arn": text(one, "registryArn")? })))
        .collect();
    made.set("service_registries", registries);
    deployment(item, made);
}

fn deployment(item: &Value, made: &mut Made) {
    if let Some(kind) =
        item.get("deploymentController").and_then(|controller| text(controller, "type"))
    {
        made.set("deployment_controller", json!([{ "type": kind }]));
    }
    let configuration = item.get("deploymentConfiguration");
    for (ours, theirs) in
        [("deployment_circuit_breaker", "deploymentCircuitBreaker"), ("alarms", "alarms")]
    {
        if let Some(inner) =
            configuration.and_then(|all| all.get(theirs)).filter(|inner| inner.is_object())
        {
            let flag = |name| flag(inner, name).unwrap_or_default();
            made.set(ours, json!([{ "enable": flag("enable"), "rollback": flag("rollback") }]));
        }
    }
}

/// The provider's id is the family, which all revisions share: it stands for the one that services
/// run, or else the latest.
fn definitions(region: &Region<'_>, making: &mut Making) {
    let mut first: BTreeMap<String, (bool, u64, String)> = BTreeMap::new();
    let used: Vec<String> = region
        .items(SERVICES)
        .filter_map(|item| text(&item.value, "taskDefinition").map(str::to_owned))
        .collect();
    for item in region.items(DEFINITIONS) {
        let (Some(arn), Some(family)) =
            (text(&item.value, "taskDefinitionArn"), text(&item.value, "family"))
        else {
            continue;
        };
        let revision = item.value.get("revision").and_then(Value::as_u64).unwrap_or_default();
        let rank = (used.iter().any(|used| used == arn), revision, arn.to_owned());
        let best = first.entry(family.to_owned()).or_insert_with(|| rank.clone());
        if rank > *best {
            *best = rank;
        }
    }
    for item in region.items(DEFINITIONS) {
        let (Some(arn), Some(family)) =
            (text(&item.value, "taskDefinitionArn"), text(&item.value, "family"))
        else {
            continue;
        };
        let leads = first.get(family).is_some_and(|(_, _, best)| best == arn);
        let mut made = Made::new("aws_ecs_task_definition", arn, &item);
        definition(&item.value, arn, &mut made);
        if leads {
            made.set("arn_without_revision", arn.rsplit_once(':').map(|(all, _)| all));
            making.add_named(made, family);
        } else {
            making.add(made);
        }
    }
}

fn definition(item: &Value, arn: &str, made: &mut Made) {
    made.set("arn", arn).copy(
        item,
        &[
            ("family", "family"),
            ("network_mode", "networkMode"),
            ("execution_role_arn", "executionRoleArn"),
            ("task_role_arn", "taskRoleArn"),
            ("cpu", "cpu"),
            ("memory", "memory"),
            ("requires_compatibilities", "requiresCompatibilities"),
        ],
    );
    if let Some(containers) = item.get("containerDefinitions").filter(|list| list.is_array()) {
        made.set("container_definitions", containers.to_string());
    }
    let volumes: Vec<Value> = list(item, "volumes").map(volume).collect();
    made.set("volume", volumes);
    if let Some(platform) = item.get("runtimePlatform").filter(|platform| platform.is_object()) {
        made.set("runtime_platform", json!([super::value::block(platform)]));
    }
}

fn volume(item: &Value) -> Value {
    let mut block = Map::new();
    block.insert("name".to_owned(), text(item, "name").unwrap_or_default().into());
    if let Some(path) = item.get("host").and_then(|host| text(host, "sourcePath")) {
        block.insert("host_path".to_owned(), path.into());
    }
    if let Some(efs) = item.get("efsVolumeConfiguration").filter(|efs| efs.is_object()) {
        let mut inner = Map::new();
        for (ours, theirs) in [
            ("file_system_id", "fileSystemId"),
            ("root_directory", "rootDirectory"),
            ("transit_encryption", "transitEncryption"),
        ] {
            if let Some(value) = text(efs, theirs) {
                inner.insert(ours.to_owned(), value.into());
            }
        }
        block.insert("efs_volume_configuration".to_owned(), json!([inner]));
    }
    Value::Object(block)
}
