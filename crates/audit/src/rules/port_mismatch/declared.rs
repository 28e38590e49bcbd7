//! What a service's blocks and its target groups' health checks say, against what its containers
//! declare.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, EcsService, Key, Model, ServiceTarget};

use super::{Change, Clash, Clashes};
use crate::prove::listed;
use crate::rules::Facts;

/// A service's blocks against what its containers declare.
pub(super) fn compare<'s>(
    facts: &Facts<'s>,
    key: &Key,
    service: &EcsService,
    clashes: &mut Clashes<'s>,
) {
    let model = facts.model();
    let Some(Some(definition_key)) = service.task_definition.get() else {
        return;
    };
    let Some(definition) = model.task_definitions.get(definition_key) else {
        return;
    };
    let Some(containers) = definition.containers.get() else {
        return;
    };
    let mut clash = Clash::default();
    for block in &service.load_balancers {
        block_against(block, containers, &mut clash);
        health_against(model, block, containers, &mut clash);
    }
    if clash.says.is_empty() {
        return;
    }
    clash.origins.extend([key.clone(), definition_key.clone()]);
    let notes = service
        .task_definition
        .assumed()
        .into_iter()
        .chain(definition.containers.assumed());
    clash.assumes.extend(notes.map(ToString::to_string));
    clashes.insert(key.clone(), clash);
}

fn block_against(block: &ServiceTarget, containers: &[Container], clash: &mut Clash<'_>) {
    let service = &block.origin.key;
    if block.container.is_empty() {
        return;
    }
    let Some(container) = containers.iter().find(|c| c.name == block.container) else {
        let names = listed(containers.iter().map(|c| format!("`{}`", c.name)));
        clash.severe = true;
        clash.says.push(format!(
            "its `load_balancer` block names container `{}`, the task has {names}",
            block.container
        ));
        let fix = format!("set `container_name` in {service} to one of {names}");
        clash.fixes.push((fix, Change::None));
        return;
    };
    let Some(port) = block.port.known() else {
        return;
    };
    if container.ports.iter().any(|(declared, _)| declared == port) {
        return;
    }
    clash.severe = true;
    clash.says.push(format!(
        "its `load_balancer` block sends to port {port}, container `{}` has {}",
        container.name,
        ports(std::slice::from_ref(container))
    ));
    match (container.ports.as_slice(), block.target_group.get()) {
        ([(only, _)], Some(group)) => {
            let fix =
                format!("set `container_port` in the `load_balancer` block of {service} to {only}");
            clash
                .fixes
                .push((fix, Change::ContainerPort(group.clone(), *only)));
        }
        _ => {
            let fix = format!(
                "let `container_port` in {service} be a `containerPort` of container `{}`",
                container.name
            );
            clash.fixes.push((fix, Change::None));
        }
    }
}

fn health_against(
    model: &Model,
    block: &ServiceTarget,
    containers: &[Container],
    clash: &mut Clash<'_>,
) {
    let Some(group_key) = block.target_group.get() else {
        return;
    };
    let Some(group) = model.target_groups.get(group_key) else {
        return;
    };
    let Some(port) = group.health.port.filter(|_| group.health.enabled) else {
        return;
    };
    let declared = containers
        .iter()
        .flat_map(|c| &c.ports)
        .any(|(declared, _)| *declared == port);
    if declared || block.port.get() == Some(&port) || block.port.get().is_none() {
        return;
    }
    clash.says.push(format!(
        "the health check of {group_key} asks port {port}, the task has {}",
        ports(containers)
    ));
    clash.origins.insert(group_key.clone());
    clash
        .assumes
        .extend(block.target_group.assumed().map(ToString::to_string));
    let fix = format!("set `health_check.port` of {group_key} to \"traffic-port\"");
    clash
        .fixes
        .push((fix, Change::TrafficPort(group_key.clone())));
}

fn ports(containers: &[Container]) -> String {
    let all: BTreeSet<u16> = containers
        .iter()
        .flat_map(|c| &c.ports)
        .map(|(port, _)| *port)
        .collect();
    match all.len() {
        0 => "no port".to_owned(),
        1 => format!("port {}", listed(all)),
        _ => format!("ports {}", listed(all)),
    }
}
