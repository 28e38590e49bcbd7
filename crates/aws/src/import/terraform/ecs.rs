//! ECS: clusters, services, task definitions, scaling targets.

mod named;
mod unknown;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::attribute::{Attribute, Doubt};
use super::endpoints::default_group_at;
use super::graph::Graph;
use super::place::Place;
use super::references::follow;
use super::rules::made_elsewhere;
use super::run;
use super::target_groups::absent;
use super::vpc::tags;
use super::wanted::{
    CLUSTER, CONTAINER, DISCOVERY, FILE_SYSTEM, GROUP, ROLE, SERVICE, SUBNET, TARGET_GROUP,
    TASK_DEFINITION,
};
use crate::model::{
    Cluster, Container, EcsService, Key, Model, Note, ScalingTarget, ServiceTarget, SetVal,
    TaskDefinition, Val,
};

pub(super) use named::host;
pub(in super::super) use named::{NAME_MARKS, marked, unmarked};

/// Reads everything of ECS.
pub(super) fn read(graph: &mut Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_ecs_cluster"]) {
        let place = Place::top(graph, resource);
        let insights = place.blocks("setting").list.into_iter().find(|block| {
            block.attribute("name").known_text().is_some_and(|name| name == "containerInsights")
        });
        let name = if resource.data { "cluster_name" } else { "name" };
        let cluster = Cluster {
            key: resource.key.clone(),
            name: place.attribute(name).text(),
            managed: !resource.data,
            container_insights: match insights {
                Some(block) => block.attribute("value").text(),
                None => absent(&place, "setting", None),
            },
        };
        model.clusters.insert(cluster.key.clone(), cluster);
    }
    let definitions: Vec<Key> =
        graph.of(&["aws_ecs_task_definition"]).map(|definition| definition.key.clone()).collect();
    graph.read_once(definitions, &["container_definitions"], |graph, resource| {
        let definition = task_definition(&Place::top(graph, resource), model);
        model.task_definitions.insert(definition.key.clone(), definition);
    });
    for resource in graph.of(&["aws_ecs_service"]) {
        let service = service(&Place::top(graph, resource), model);
        model.services.insert(service.key.clone(), service);
    }
    for resource in graph.of(&["aws_appautoscaling_target"]) {
        let place = Place::top(graph, resource);
        if place.attribute("service_namespace").known_text().is_some_and(|name| name != "ecs") {
            continue;
        }
        let target = ScalingTarget {
            key: resource.key.clone(),
            service: scaled(&place, model),
            min: needed_number(&place.attribute("min_capacity")),
            max: needed_number(&place.attribute("max_capacity")),
        };
        model.scaling_targets.insert(target.key.clone(), target);
    }
}

fn needed_number<T: TryFrom<i64>>(attribute: &Attribute<'_>) -> Val<T> {
    match attribute.number() {
        Val::Known(Some(number)) => Val::Known(number),
        Val::Unknown(note) => Val::Unknown(note),
        _ => Val::Unknown(attribute.odd("is not given")),
    }
}

fn service(place: &Place<'_>, model: &Model) -> EcsService {
    let network = place.only("network_configuration");
    let subnets = match &network {
        None => SetVal::unknown(on_instances(place)),
        Some(block) => block.attribute("subnets").keys(&SUBNET),
    };
    let security_groups = match &network {
        None => SetVal::unknown(on_instances(place)),
        Some(block) => {
            let groups = block.attribute("security_groups");
            let given = if groups.is_left_out() { SetVal::default() } else { groups.keys(&GROUP) };
            if given == SetVal::default() { default_group_at(model, &subnets) } else { given }
        }
    };
    let desired = place.attribute("desired_count");
    EcsService {
        key: place.resource.key.clone(),
        name: place.attribute("name").text(),
        cluster: cluster(place, model),
        task_definition: definition(place, model),
        desired_count: desired.number(),
        fargate: fargate(place),
        subnets,
        security_groups,
        assign_public_ip: network.as_ref().map_or_else(
            || Val::Unknown(on_instances(place)),
            |block| block.attribute("assign_public_ip").flag(false),
        ),
        load_balancers: targets(place, network.is_none()),
        registries: place
            .blocks("service_registries")
            .list
            .iter()
            .map(|block| block.attribute("registry_arn").needed(&DISCOVERY))
            .collect(),
        rolls_back: rolls_back(place),
        tags: tags(place.resource),
    }
}

/// Without a network of its own, as in the modes `bridge` and `host`, a task shares that of the
/// instance on which it happens to run, and a load balancer comes to a port that the instance maps.
///
/// See <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking.html>.
fn on_instances(place: &Place<'_>) -> Note {
    let key = &place.resource.key;
    format!("on which container instances {key} runs: it has no `network_configuration`").into()
}

/// Whether ECS rolls a deployment back that fails: by its circuit breaker, or on an alarm. Another
/// deployment controller does as it was told elsewhere.
fn rolls_back(place: &Place<'_>) -> Val<bool> {
    if place.resource.data {
        return Val::Unknown(made_elsewhere(&place.resource.key));
    }
    if let Some(controller) = place.only("deployment_controller") {
        let kind = controller.attribute("type");
        match kind.text_or("ECS") {
            Val::Known(kind) if kind == "ECS" => {}
            _ => return Val::Unknown(kind.odd("says who deploys")),
        }
    }
    let both = |name: &'static str| match place.only(name) {
        Some(block) => {
            let flag = |name| block.attribute(name).flag(false);
            match (flag("enable"), flag("rollback")) {
                (Val::Known(true), rollback) => rollback,
                (enable, _) => enable,
            }
        }
        None => absent(place, name, false),
    };
    match both("deployment_circuit_breaker") {
        Val::Known(false) | Val::Assumed(false, _) => both("alarms"),
        other => other,
    }
}

/// By ARN, or by name.
fn cluster(place: &Place<'_>, model: &Model) -> Val<Option<Key>> {
    let attribute = place.attribute("cluster");
    if attribute.is_left_out() {
        return Val::Known(None);
    }
    attribute.key(&CLUSTER).map(|key| {
        let key = key?;
        let by_name = model.clusters.values().find(
            |cluster| matches!(&cluster.name, Val::Known(Some(name)) if name == key.as_str()),
        );
        Some(by_name.map_or(key, |cluster| cluster.key.clone()))
    })
}

/// By ARN, or as `family` or `family:revision`.
fn definition(place: &Place<'_>, model: &Model) -> Val<Option<Key>> {
    let attribute = place.attribute("task_definition");
    if attribute.is_left_out() {
        return Val::Known(None);
    }
    attribute.key(&TASK_DEFINITION).map(|key| {
        let key = key?;
        if model.task_definitions.contains_key(&key) {
            return Some(key);
        }
        let family = key.as_str().rsplit('/').next().unwrap_or_default();
        let family = family.split(':').next().unwrap_or_default();
        let by_family = model.task_definitions.values().find(
            |definition| matches!(&definition.family, Val::Known(Some(name)) if name == family),
        );
        Some(by_family.map_or(key, |definition| definition.key.clone()))
    })
}

fn fargate(place: &Place<'_>) -> Val<bool> {
    let providers = place.blocks("capacity_provider_strategy");
    if !providers.list.is_empty() {
        let mut all = true;
        for block in &providers.list {
            match block.attribute("capacity_provider").text() {
                Val::Known(Some(name)) => all &= name.starts_with("FARGATE"),
                Val::Unknown(note) => return Val::Unknown(note),
                _ => {}
            }
        }
        return Val::Known(all);
    }
    let launch = place.attribute("launch_type");
    if launch.is_left_out() {
        // The API's default is EC2, unless the cluster has a default capacity provider.
        let note = launch.odd("is not given, so it is EC2 unless the cluster has another default");
        return Val::Assumed(false, note);
    }
    launch.text().map(|kind| kind.is_some_and(|kind| kind == "FARGATE"))
}

fn targets(place: &Place<'_>, mapped: bool) -> Vec<ServiceTarget> {
    let blocks = place.blocks("load_balancer").list;
    // A block with `elb_name` alone is for a classic load balancer.
    let modern = blocks.iter().filter(|block| !block.attribute("target_group_arn").is_left_out());
    let read = modern.map(|block| ServiceTarget {
        origin: block.origin(),
        target_group: block.attribute("target_group_arn").needed(&TARGET_GROUP),
        container: block.attribute("container_name").known_text().unwrap_or_default(),
        port: match mapped {
            true => Val::Unknown(on_instances(place)),
            false => needed_number(&block.attribute("container_port")),
        },
    });
    read.collect()
}

fn task_definition(place: &Place<'_>, model: &Model) -> TaskDefinition {
    let containers = place.attribute("container_definitions");
    let volumes = place.blocks("volume").list;
    let file_systems = volumes
        .iter()
        .filter_map(|volume| volume.only("efs_volume_configuration"))
        .map(|block| block.attribute("file_system_id").needed(&FILE_SYSTEM));
    let role = |name| {
        let attribute = place.attribute(name);
        if attribute.is_left_out() { Val::Known(None) } else { attribute.key(&ROLE) }
    };
    let mentions = if containers.doubt != Doubt::None {
        follow(place.graph, place.resource, &containers.expressions, &CONTAINER).keys
    } else {
        Vec::new()
    };
    TaskDefinition {
        key: place.resource.key.clone(),
        family: place.attribute("family").text(),
        network_mode: place.attribute("network_mode").text(),
        containers: read_containers(&containers, model),
        mentions,
        execution_role: role("execution_role_arn"),
        task_role: role("task_role_arn"),
        file_systems: file_systems.collect(),
        volumes: run::volumes(place),
        for_fargate: run::for_fargate(place),
        windows: run::windows(place),
        pid_mode: place.attribute("pid_mode").text(),
    }
}

fn read_containers(attribute: &Attribute<'_>, model: &Model) -> Val<Vec<Container>> {
    if let (Some(Value::Array(items)), false) = (attribute.value, attribute.doubt == Doubt::Whole) {
        return unknown::list(attribute, items, model);
    }
    match attribute.text() {
        Val::Known(None) => Val::Known(Vec::new()),
        Val::Known(Some(text)) => match containers(&text) {
            Some(list) => Val::Known(list),
            None => Val::Unknown(attribute.odd("is no JSON list")),
        },
        Val::Assumed(_, note) | Val::OneOf(_, note) | Val::Unknown(note) => Val::Unknown(note),
    }
}

/// The containers of `container_definitions`, if they are a JSON list.
pub(super) fn containers(text: &str) -> Option<Vec<Container>> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) => {
            Some(list.iter().enumerate().map(|(at, item)| container(item, at)).collect())
        }
        _ => None,
    }
}

/// `8000`, or `8000-8010`.
fn range_of(text: Option<&str>) -> Option<RangeInclusive<u16>> {
    let (low, high) = text.map(|text| text.split_once('-').unwrap_or((text, text)))?;
    Some(low.parse().ok()?..=high.parse().ok()?)
}

/// See <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>.
fn container(value: &Value, at: usize) -> Container {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    };
    let items = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten();
    let pairs = |name: &str, of: &str| -> BTreeMap<String, String> {
        items(name)
            .filter_map(|item| Some((text(item.get("name"))?, text(item.get(of))?)))
            .collect()
    };
    let log = value.get("logConfiguration");
    let options = log.and_then(|log| log.get("options")).and_then(Value::as_object);
    let health = value.get("healthCheck").and_then(|check| check.get("command"));
    let ports = items("portMappings").flat_map(|item| {
        let protocol = text(item.get("protocol")).unwrap_or_else(|| "tcp".to_owned());
        let range =
            text(item.get("containerPort")).or_else(|| text(item.get("containerPortRange")));
        range_of(range.as_deref()).into_iter().flatten().map(move |port| (port, protocol.clone()))
    });
    Container {
        // What has no name that is known goes by its place.
        name: text(value.get("name")).unwrap_or_else(|| format!("container_definitions[{at}]")),
        image: text(value.get("image")),
        run: run::container(value),
        essential: value.get("essential").and_then(Value::as_bool).unwrap_or(true),
        user: text(value.get("user")).filter(|user| !user.is_empty()),
        read_only: value.get("readonlyRootFilesystem").and_then(Value::as_bool).unwrap_or_default(),
        ports: ports.collect(),
        environment: pairs("environment", "value"),
        secrets: pairs("secrets", "valueFrom"),
        log_driver: text(log.and_then(|log| log.get("logDriver"))),
        log_options: options
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), text(Some(value))?)))
            .collect(),
        repository_credentials: text(
            value.get("repositoryCredentials").and_then(|of| of.get("credentialsParameter")),
        ),
        health_command: health
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|word| text(Some(word)))
            .collect(),
        unknown: BTreeMap::new(),
    }
}

/// `service/CLUSTER/SERVICE`, or what the expression names.
pub(super) fn scaled(place: &Place<'_>, model: &Model) -> Val<Key> {
    let attribute = place.attribute("resource_id");
    let Val::Known(Some(text)) = attribute.text() else {
        return attribute.suggested(&SERVICE);
    };
    let mut parts = text.split('/').skip(1);
    let (cluster, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let named = |value: &Val<Option<String>>, name: &str| matches!(value, Val::Known(Some(text)) if text == name);
    let fits: Vec<&EcsService> = model
        .services
        .values()
        .filter(|service| named(&service.name, name))
        .filter(|service| match service.cluster.get() {
            Some(Some(key)) => model.clusters.get(key).is_none_or(|of| named(&of.name, cluster)),
            _ => true,
        })
        .collect();
    match fits.as_slice() {
        [only] => Val::Known(only.key.clone()),
        [] => match attribute.suggested(&SERVICE) {
            Val::Unknown(_) => Val::Known(Key::new(&text)),
            found => found,
        },
        many => {
            let note = attribute.odd("fits several services");
            Val::OneOf(many.iter().map(|service| service.key.clone()).collect(), note)
        }
    }
}
