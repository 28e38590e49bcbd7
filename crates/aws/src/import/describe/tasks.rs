//! Running tasks: whose they are, and what they run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::folder::Region;
use super::value::{list, text};

pub(super) const TASKS: &str = "ecs describe-tasks";

/// A running task.
pub(super) struct Task {
    pub(super) arn: String,
    pub(super) definition: String,
    /// The ARN of the service that started it.
    pub(super) service: Option<String>,
    pub(super) interfaces: Vec<String>,
    pub(super) stopped: Option<String>,
}

/// All tasks that are shown.
pub(super) fn tasks(region: &Region<'_>) -> Vec<Task> {
    let services: Vec<(String, String, String)> = region
        .items("ecs describe-services")
        .filter_map(|item| {
            let own = |name: &str| text(&item.value, name).map(str::to_owned);
            Some((own("serviceArn")?, own("serviceName")?, own("clusterArn")?))
        })
        .collect();
    let task = |value: &Value| {
        let own = |name: &str| text(value, name).unwrap_or_default().to_owned();
        let cluster = own("clusterArn");
        let name = text(value, "group").and_then(|group| group.strip_prefix("service:"));
        let service = name.and_then(|name| {
            let mut fits =
                services.iter().filter(|(_, called, of)| called == name && *of == cluster);
            fits.next().map(|(arn, ..)| arn.clone())
        });
        let stopped = text(value, "lastStatus") == Some("STOPPED");
        Task {
            arn: own("taskArn"),
            definition: own("taskDefinitionArn"),
            service,
            interfaces: interfaces(value),
            stopped: stopped.then(|| own("stoppedReason")),
        }
    };
    region.items(TASKS).map(|item| task(&item.value)).collect()
}

/// See <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attachment.html>.
fn interfaces(task: &Value) -> Vec<String> {
    let of_network = list(task, "attachments")
        .filter(|one| text(one, "type") == Some("ElasticNetworkInterface"));
    let details = of_network.flat_map(|one| list(one, "details"));
    let ids = details.filter(|detail| text(detail, "name") == Some("networkInterfaceId"));
    ids.filter_map(|detail| text(detail, "value")).map(str::to_owned).collect()
}

/// The service of every task's interface.
pub(super) fn owners(region: &Region<'_>) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    for task in tasks(region).into_iter().filter(|task| task.stopped.is_none()) {
        for interface in task.interfaces {
            found.insert(interface, task.service.clone());
        }
    }
    found
}
