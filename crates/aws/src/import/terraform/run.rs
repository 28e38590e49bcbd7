//! How the containers of a task definition are run, and on what: entry points, privileges, volumes.
//!
//! See <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>.

use serde_json::Value;

use super::attribute::Doubt;
use super::place::Place;
use crate::model::{ContainerRun, Mount, Val, Volume};

/// What a container's JSON says of how it is run.
pub(super) fn container(value: &Value) -> ContainerRun {
    let flag = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or_default();
    let added = value.pointer("/linuxParameters/capabilities/add");
    ContainerRun {
        entry_point: texts(value.get("entryPoint")),
        command: texts(value.get("command")),
        privileged: flag("privileged"),
        capabilities: texts(added),
        links: texts(value.get("links")),
        mounts: mounts(value.get("mountPoints")),
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn mounts(list: Option<&Value>) -> Vec<Mount> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let mounts = items.filter_map(|item| {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Mount {
            volume: text("sourceVolume")?,
            path: text("containerPath")?,
            read_only: item.get("readOnly").and_then(Value::as_bool).unwrap_or_default(),
        })
    });
    mounts.collect()
}

/// The volumes of a task definition.
pub(super) fn volumes(place: &Place<'_>) -> Vec<Volume> {
    let volumes = place.blocks("volume").list.into_iter();
    let read = volumes.map(|block| {
        let name = block.attribute("name");
        Volume {
            name: match name.text() {
                Val::Known(Some(name)) => Val::Known(name),
                _ => Val::Unknown(name.pending()),
            },
            host_path: block.attribute("host_path").text(),
        }
    });
    read.collect()
}

/// Whether ECS refuses the definition unless Fargate can run it.
pub(super) fn for_fargate(place: &Place<'_>) -> Val<bool> {
    let needs = place.attribute("requires_compatibilities");
    if needs.is_left_out() {
        return Val::Known(false);
    }
    match (needs.doubt, needs.value) {
        (Doubt::None, Some(Value::Array(kinds))) => {
            Val::Known(kinds.iter().any(|kind| kind == "FARGATE"))
        }
        _ => Val::Unknown(needs.pending()),
    }
}

/// Whether the containers are for Windows: `WINDOWS_SERVER_2022_CORE`.
pub(super) fn windows(place: &Place<'_>) -> Val<bool> {
    let Some(platform) = place.only("runtime_platform") else {
        return super::target_groups::absent(place, "runtime_platform", false);
    };
    let family = platform.attribute("operating_system_family").text_or("LINUX");
    family.map(|family| family.starts_with("WINDOWS"))
}
