//! Settings of task definitions and their containers.
//!
//! Values of environment variables are compared and never told: they may be secret.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Container, ContainerRun, Key, Mount, TaskDefinition, Volume};
use wildmatch::WildMatch;

use super::diff::{Diff, Entry, Item};
use super::document::same_text;
use super::names::{Names, Side};
use super::value::{Value, braced, told};

impl Item for TaskDefinition {
    const KIND: &'static str = "task definition";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            family,
            network_mode,
            containers,
            // What stands in for the containers while they are not known.
            mentions: _,
            execution_role,
            task_role,
            file_systems,
            volumes,
            for_fargate,
            windows,
            pid_mode,
        } = left;
        diff.val("family", family, &right.family);
        diff.val("network_mode", network_mode, &right.network_mode);
        match (containers.get(), right.containers.get()) {
            (Some(own), Some(other)) => diff.entries("container", (own, other), (None, None)),
            _ => {
                let words = |list: &Vec<Container>| {
                    let names: Vec<String> = list.iter().map(|c| c.name.clone()).collect();
                    braced(names.iter())
                };
                let same = |_: &Vec<Container>, _: &Vec<Container>| true;
                diff.val_by("containers", (containers, &right.containers), &same, &words);
            }
        }
        diff.val("execution_role", execution_role, &right.execution_role);
        diff.val("task_role", task_role, &right.task_role);
        diff.entries("file system", (file_systems, &right.file_systems), (None, None));
        diff.entries("volume", (volumes, &right.volumes), (None, None));
        diff.val("for_fargate", for_fargate, &right.for_fargate);
        diff.val("windows", windows, &right.windows);
        diff.val("pid_mode", pid_mode, &right.pid_mode);
    }
}

impl Entry for Volume {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        matches!((left.name.get(), right.name.get()), (Some(own), Some(other)) if own == other)
    }

    fn is_loose(&self) -> bool {
        self.name.get().is_none()
    }

    fn words(&self) -> String {
        told(&self.name, Value::words)
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { name: _, host_path } = left;
        diff.val("host_path", host_path, &right.host_path);
    }
}

impl Entry for Container {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.name == right.name
    }

    fn words(&self) -> String {
        self.name.clone()
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            name: _,
            image,
            essential,
            user,
            read_only,
            ports,
            environment,
            secrets,
            log_driver,
            log_options,
            repository_credentials,
            health_command,
            run,
            unknown: _,
        } = left;
        let image = (image, &right.image);
        either(diff, (left, right), ("image", "image"), |diff| {
            diff.plain("image", image.0, image.1);
        });
        either(diff, (left, right), ("essential", "essential"), |diff| {
            diff.plain("essential", essential, &right.essential);
        });
        either(diff, (left, right), ("user", "user"), |diff| {
            diff.plain("user", user, &right.user);
        });
        either(diff, (left, right), ("read_only", "readonlyRootFilesystem"), |diff| {
            diff.plain("read_only", read_only, &right.read_only);
        });
        let words = |ports: &[(u16, String)]| -> Vec<String> {
            ports.iter().map(|(port, protocol)| format!("{protocol} {port}")).collect()
        };
        either(diff, (left, right), ("ports", "portMappings"), |diff| {
            diff.unordered("ports", &words(ports), &words(&right.ports));
        });
        either(diff, (left, right), ("environment", "environment"), |diff| {
            variables(diff, environment, &right.environment);
        });
        either(diff, (left, right), ("secrets", "secrets"), |diff| {
            references(diff, "secret", secrets, &right.secrets);
        });
        either(diff, (left, right), ("logging", "logConfiguration"), |diff| {
            diff.plain("log_driver", log_driver, &right.log_driver);
            references(diff, "log option", log_options, &right.log_options);
        });
        let key = |name: &Option<String>| name.as_deref().map(Key::new);
        let (own, other) = (key(repository_credentials), key(&right.repository_credentials));
        diff.plain("repository_credentials", &own, &other);
        diff.plain("health_command", health_command, &right.health_command);
        how_it_runs(diff, run, &right.run);
    }
}

/// Compares a setting that both sides know; of one that a side doesn't know in full, says so. A
/// setting has its own name, and that of the container's JSON.
fn either(
    diff: &mut Diff<'_>,
    (left, right): (&Container, &Container),
    (setting, name): (&str, &str),
    compare: impl FnOnce(&mut Diff<'_>),
) {
    let doubt = |container: &Container| {
        let parts = container.unknown.iter();
        let mut parts = parts.filter(|(path, _)| is_part(path, name));
        parts.next().map(|(_, note)| note.to_string())
    };
    match (doubt(left), doubt(right)) {
        (None, None) => compare(diff),
        (own, other) => {
            let word = |note: Option<String>| note.unwrap_or_else(|| "known".to_owned());
            diff.open(setting, word(own), word(other));
        }
    }
}

/// Whether an unknown part is the setting of this name, or in it. What is only said more closely of
/// an image (`image.digest`) is none.
fn is_part(path: &str, name: &str) -> bool {
    let inner = path.strip_prefix(name);
    path.is_empty()
        || inner.is_some_and(|rest| rest.is_empty() || (rest.starts_with('.') && name != "image"))
}

fn how_it_runs(diff: &mut Diff<'_>, left: &ContainerRun, right: &ContainerRun) {
    let ContainerRun { entry_point, command, privileged, capabilities, links, mounts } = left;
    diff.plain("entry_point", entry_point, &right.entry_point);
    diff.plain("command", command, &right.command);
    diff.plain("privileged", privileged, &right.privileged);
    diff.unordered("capabilities", capabilities, &right.capabilities);
    diff.unordered("links", links, &right.links);
    let words = |mounts: &[Mount]| -> Vec<String> {
        let word = |read_only| if read_only { "read-only" } else { "writable" };
        let told = |it: &Mount| format!("{} at {}, {}", it.volume, it.path, word(it.read_only));
        mounts.iter().map(told).collect()
    };
    diff.unordered("mounts", &words(mounts), &words(&right.mounts));
}

type Pairs = BTreeMap<String, String>;

fn names_of<'p>(left: &'p Pairs, right: &'p Pairs) -> BTreeSet<&'p String> {
    left.keys().chain(right.keys()).collect()
}

/// Environment variables, by name.
fn variables(diff: &mut Diff<'_>, left: &Pairs, right: &Pairs) {
    for name in names_of(left, right) {
        let (own, other) = (left.get(name), right.get(name));
        if matches!((own, other), (Some(own), Some(other)) if same_value(diff.names, own, other)) {
            continue;
        }
        let words = |value: Option<&String>, word: &str| match value {
            Some(_) => word.to_owned(),
            None => "not set".to_owned(),
        };
        let setting = format!("environment {name}");
        diff.differs(&setting, words(own, "one value"), words(other, "another value"));
    }
}

/// Whether two values are the same text, the same document, or name the same thing.
fn same_value(names: &Names<'_>, left: &str, right: &str) -> bool {
    let key = |side, text| names.key(side, &Key::new(text));
    same_text(left, right) || key(Side::Left, left) == key(Side::Right, right)
}

/// What is named by id, ARN or physical name, and is told as such.
fn references(diff: &mut Diff<'_>, kind: &str, left: &Pairs, right: &Pairs) {
    for name in names_of(left, right) {
        let key = |pairs: &Pairs| pairs.get(name).map(|text| Key::new(text));
        let (own, other) = (key(left), key(right));
        let same = match (left.get(name), right.get(name)) {
            (Some(own), Some(other)) => {
                same_value(diff.names, own, other) || same_managed(own, other)
            }
            _ => false,
        };
        if !same {
            diff.differs(&format!("{kind} {name}"), own.words(), other.words());
        }
    }
}

/// What stands in a farm's model for the name of a secret that RDS makes, which nobody knows before.
const MANAGED: &str = ":secret:rds!db-*";

/// Whether one names a secret that RDS makes, and the other is such a secret.
fn same_managed(left: &str, right: &str) -> bool {
    [left, right].iter().any(|text| text.contains(MANAGED))
        && (WildMatch::new(left).matches(right) || WildMatch::new(right).matches(left))
}
