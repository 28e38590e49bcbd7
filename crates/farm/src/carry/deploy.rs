//! A `deploy-config.json`: servers on Fargate with their sizes, a network, monitoring.

mod server;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::draft::{Draft, Network};
use super::{Notes, item, key, name};
use crate::record::Word as _;
use crate::word::{AccountId, Cidr, Region};

/// The periods of CloudWatch Logs, in days, as far as anybody wants them.
const RETENTION: [u64; 17] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827];

/// Whether the file is one.
pub(super) fn is(root: &Map<String, Value>) -> bool {
    root.get("deployment").and_then(|it| it.get("servers")).is_some_and(Value::is_object)
}

/// The farm that it comes to.
pub(super) fn draft(root: &Map<String, Value>, farm: String, notes: &mut Notes) -> Draft {
    let mut draft = Draft::new("a deploy-config.json", farm);
    for (name, value) in root {
        match (name.as_str(), value) {
            ("deployment", Value::Object(fields)) => deployment(&mut draft, fields, notes),
            ("security", Value::Object(fields)) => network(&mut draft, fields, notes),
            ("monitoring", Value::Object(fields)) => monitoring(&mut draft, fields, notes),
            ("cost_optimization", Value::Object(fields)) => cost(&mut draft, fields, notes),
            // The servers read these.
            ("auto_scaling" | "environment_variables", Value::Object(_)) | ("$schema", _) => {}
            _ => notes.left(&key("", name), "a farm file has no place for this"),
        }
    }
    servers(&mut draft, root, notes);
    draft
}

fn deployment(draft: &mut Draft, fields: &Map<String, Value>, notes: &mut Notes) {
    for (name, value) in fields {
        let path = key("deployment", name);
        match (name.as_str(), value) {
            ("servers", _) => {}
            ("region", Value::String(text)) if Region::parse(text).is_ok() => {
                draft.region = Some(text.clone());
            }
            ("region", _) => notes.left(&path, "this is no region: write one"),
            ("account" | "account_id", Value::String(text)) if AccountId::parse(text).is_ok() => {
                draft.account = Some(text.clone());
            }
            ("stage", Value::String(text)) => {
                draft.stage = name::stage(text);
                if draft.stage.as_ref() != Some(text) {
                    notes.changed(&path, "names have lowercase letters, digits and hyphens");
                }
            }
            _ => notes.left(&path, "a farm file has no place for this"),
        }
    }
}

fn network(draft: &mut Draft, fields: &Map<String, Value>, notes: &mut Notes) {
    let mut network = Network { path: "security".to_owned(), ..Network::default() };
    for (name, value) in fields {
        let path = key("security", name);
        match (name.as_str(), value) {
            ("vpc_cidr", Value::String(text)) if Cidr::parse(text).is_ok() => {
                network.cidr = Some(text.clone());
            }
            ("public_subnet_cidrs", Value::Array(items)) => {
                network.public = blocks(&path, items, notes);
            }
            ("private_subnet_cidrs", Value::Array(items)) => {
                network.private = blocks(&path, items, notes);
            }
            ("nat_gateways", Value::Number(count)) => match count.as_u64() {
                Some(0) => network.nat = Some("none"),
                Some(1) => network.nat = Some("one"),
                _ => network.nat = Some("per-zone"),
            },
            ("vpc_cidr" | "public_subnet_cidrs" | "private_subnet_cidrs" | "nat_gateways", _) => {
                notes.left(&path, "this isn't what such a file has here");
            }
            _ => notes.left(&path, "a farm file has no place for this"),
        }
    }
    if network.public.len() != network.private.len() {
        let text = "a farm has a public and a private subnet in each zone: they are derived";
        notes.left("security.public_subnet_cidrs", text);
        network.public = Vec::new();
        network.private = Vec::new();
    }
    draft.network = network;
}

fn blocks(path: &str, items: &[Value], notes: &mut Notes) -> Vec<String> {
    let mut all = Vec::new();
    for (at, value) in items.iter().enumerate() {
        match value.as_str().filter(|text| Cidr::parse(text).is_ok()) {
            Some(text) => all.push(text.to_owned()),
            None => notes.left(&item(path, at), "this is no CIDR block"),
        }
    }
    all
}

fn monitoring(draft: &mut Draft, fields: &Map<String, Value>, notes: &mut Notes) {
    for (name, value) in fields {
        let path = key("monitoring", name);
        match (name.as_str(), value) {
            ("log_retention_days", Value::Number(days)) => {
                draft.retention = retention(&path, days.as_u64(), notes);
            }
            ("container_insights", Value::Bool(insights)) => draft.insights = Some(*insights),
            // The servers read this.
            ("health_check", Value::Object(_)) | ("enabled", Value::Bool(true)) => {}
            ("enabled", _) => notes.left(&path, "a farm's logs can't be turned off"),
            _ => notes.left(&path, "a farm file has no place for this"),
        }
    }
}

/// The period of CloudWatch Logs that keeps logs for so long.
fn retention(path: &str, days: Option<u64>, notes: &mut Notes) -> Option<u64> {
    let days = days.filter(|days| *days > 0)?;
    let period = RETENTION.iter().copied().find(|period| *period >= days)?;
    if period != days {
        notes.changed(path, format!("{period} days: the next period that CloudWatch Logs has"));
    }
    Some(period)
}

fn cost(draft: &mut Draft, fields: &Map<String, Value>, notes: &mut Notes) {
    for (name, value) in fields {
        let path = key("cost_optimization", name);
        match (name.as_str(), value) {
            ("ecr_lifecycle_rules", Value::Bool(true)) => {
                notes.changed(&path, "each repository keeps 10 images (`repositories.keep`)");
            }
            ("single_nat_gateway", Value::Bool(true)) if draft.network.nat == Some("per-zone") => {
                draft.network.nat = Some("one");
            }
            ("single_nat_gateway", Value::Bool(true)) => {}
            ("log_retention_days", Value::Number(days)) if draft.retention.is_none() => {
                draft.retention = retention(&path, days.as_u64(), notes);
            }
            ("log_retention_days", Value::Number(days)) if days.as_u64() == draft.retention => {}
            ("log_retention_days", _) => {
                notes.left(&path, "`monitoring.log_retention_days` says otherwise");
            }
            _ => notes.left(&path, "a farm file has no place for this"),
        }
    }
}

fn servers(draft: &mut Draft, root: &Map<String, Value>, notes: &mut Notes) {
    let Some(Value::Object(servers)) = root.get("deployment").and_then(|it| it.get("servers"))
    else {
        return;
    };
    let mut taken = BTreeSet::new();
    for (given, value) in servers {
        let path = key("deployment.servers", given);
        let Some(mut server) = server::server(root, &path, given, value, notes) else {
            continue;
        };
        server.name = name::server(given, &mut taken);
        if server.name != *given {
            notes.changed(&path, format!("it is called `{}` here", server.name));
        }
        for (variable, place) in &server.secrets {
            let name = Draft::secret(&draft.farm, &server.name, variable);
            notes.todo(place, format!("put the secret into `secretsmanager:{name}`"));
        }
        draft.servers.push(server);
    }
    if let Some(Value::Object(variables)) = root.get("environment_variables") {
        for given in variables.keys().filter(|given| !servers.contains_key(*given)) {
            notes.left(&key("environment_variables", given), "no server is called so");
        }
    }
    server::shared(root, notes);
}
