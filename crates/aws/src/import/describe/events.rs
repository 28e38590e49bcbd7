//! What runs differs from what is configured: told as warnings, since a model says what is configured.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::folder::{Region, items_of};
use super::made::Making;
use super::services::SERVICES;
use super::target_groups;
use super::tasks::{self, TASKS};
use super::value::{list, text};

/// How many warnings of one kind are told about one thing.
const MOST: usize = 5;

/// Tells of tasks, targets and deployments that fail.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    targets(region, making);
    counts(region, making);
    running(region, making);
}

fn targets(region: &Region<'_>, making: &mut Making) {
    for (group, pages) in target_groups::health(region) {
        let mut told = 0;
        for item in pages.iter().flat_map(|page| items_of(page)) {
            let Some(health) = item.value.get("TargetHealth") else { continue };
            let state = text(health, "State").unwrap_or_default();
            if !matches!(state, "unhealthy" | "unavailable" | "unhealthy.draining") || told >= MOST
            {
                continue;
            }
            told += 1;
            let target = item.value.get("Target");
            let of = |name| {
                target.and_then(|target| super::value::scalar(target, name)).unwrap_or_default()
            };
            let why = text(health, "Description").or_else(|| text(health, "Reason"));
            let why = why.map_or_else(String::new, |why| format!(": {}", said(why)));
            let text = format!("the target {}:{} of {group} is {state}{why}", of("Id"), of("Port"));
            making.warn("target-unhealthy", text, Some(&group));
        }
    }
}

/// Fewer tasks than wanted, and what ECS says of it.
fn counts(region: &Region<'_>, making: &mut Making) {
    for item in region.items(SERVICES) {
        let Some(arn) = text(&item.value, "serviceArn") else { continue };
        let count = |name: &str| item.value.get(name).and_then(Value::as_u64);
        if let (Some(wanted), Some(running)) = (count("desiredCount"), count("runningCount"))
            && running < wanted
        {
            let text = format!("{arn} wants {wanted} tasks, and {running} run");
            making.warn("tasks-missing", text, Some(arn));
        }
        let mut seen = BTreeSet::new();
        for event in list(&item.value, "events") {
            let Some(message) = text(event, "message").filter(|message| is_failure(message)) else {
                continue;
            };
            if seen.len() < MOST && seen.insert(kind_of(message)) {
                making.warn(
                    "service-event",
                    format!("ECS says of {arn}: {}", said(message)),
                    Some(arn),
                );
            }
        }
        for one in list(&item.value, "deployments") {
            if text(one, "rolloutState") == Some("FAILED") {
                let why = text(one, "rolloutStateReason").unwrap_or("no reason is given");
                making.warn(
                    "deployment-failed",
                    format!("a deployment of {arn} failed: {}", said(why)),
                    Some(arn),
                );
            }
        }
    }
}

/// See <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>.
fn is_failure(message: &str) -> bool {
    const WORDS: [&str; 6] = [
        "unable to place",
        "unable to consistently start",
        "is unhealthy in",
        "failed health checks",
        "failed container health checks",
        "deployment failed",
    ];
    WORDS.iter().any(|words| message.contains(words)) || message.contains("(error")
}

/// A message without what differs from time to time: one of each kind is enough.
fn kind_of(message: &str) -> String {
    let words = message.split_whitespace();
    words
        .filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()))
        .collect::<Vec<&str>>()
        .join(" ")
}

/// Tasks of a service that run another definition than it says, and tasks that stopped.
fn running(region: &Region<'_>, making: &mut Making) {
    let wanted: BTreeMap<String, String> = region
        .items(SERVICES)
        .filter_map(|item| {
            Some((
                text(&item.value, "serviceArn")?.to_owned(),
                text(&item.value, "taskDefinition")?.to_owned(),
            ))
        })
        .collect();
    let mut stopped: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks::tasks(region) {
        let service = task.service.as_deref();
        let Some(definition) = service.and_then(|service| wanted.get(service)) else { continue };
        if let Some(reason) = &task.stopped {
            let told = stopped.entry(task.service.clone().unwrap_or_default()).or_default();
            let expected = reason.is_empty() || reason.contains("Scaling activity");
            if !expected && *told < MOST {
                *told += 1;
                let text = format!("{} stopped: {}", task.arn, said(reason));
                making.warn("task-stopped", text, service);
            }
        } else if task.definition != *definition {
            let text = format!(
                "{} runs {}, and its service says {definition}; what is proved is of the latter",
                task.arn, task.definition
            );
            making.warn("task-runs-another-definition", text, service);
        }
    }
    if region.shows(SERVICES) && !region.shows(TASKS) {
        return;
    }
    others(region, making);
}

/// Tasks that no service started have what their interfaces have; their definitions decide nothing.
fn others(region: &Region<'_>, making: &mut Making) {
    let alone: Vec<String> = tasks::tasks(region)
        .into_iter()
        .filter(|task| task.service.is_none() && task.stopped.is_none())
        .map(|task| task.arn)
        .collect();
    if let Some(first) = alone.first() {
        let more = match alone.len() {
            1 => String::new(),
            more => format!(" and {} more tasks", more - 1),
        };
        let text = format!(
            "{first}{more} belong to no service that is shown: they are taken by their network \
             interfaces alone"
        );
        making.warn("task-without-service", text, None);
    }
}

/// A message of AWS in one line of bounded length.
fn said(message: &str) -> String {
    const MOST: usize = 300;
    let line = message.split_whitespace().collect::<Vec<&str>>().join(" ");
    if line.chars().count() <= MOST {
        line
    } else {
        line.chars().take(MOST).chain("...".chars()).collect()
    }
}
