//! Which keys the resources of a kind have: those of a local value, where one says so.

use std::collections::BTreeSet;

use super::hcl::{Expr, call, list, raw};
use crate::design::{Design, Party};

/// The local value whose keys the resources of a kind have.
pub(super) fn local(label: &str) -> Option<&'static str> {
    match label {
        "server" => Some("local.servers"),
        "service" => Some("local.services"),
        "balancer" => Some("local.balancers"),
        "database" => Some("local.databases"),
        _ => None,
    }
}

/// All keys of a kind.
fn all<'a>(design: &'a Design, label: &str) -> BTreeSet<&'a str> {
    let key = |party: &'a Party| {
        let (kind, key) = super::names::label(party);
        key.filter(|_| kind == label)
    };
    let tasks = design.tasks.iter().filter_map(|task| key(&task.party));
    let groups = design.groups().into_iter().filter_map(key);
    let databases = design.farm.databases.keys().filter(|_| label == "database");
    tasks.chain(groups).chain(databases.map(farmgate_farm::word::Name::as_str)).collect()
}

/// Something to write behind `for_each`, for some keys of a kind: the local value, if all are meant.
pub(super) fn each(design: &Design, label: &str, keys: &BTreeSet<&str>) -> Expr {
    match local(label) {
        Some(local) if all(design, label) == *keys => raw(local),
        _ => call("toset", [list(keys.iter().copied())]),
    }
}
