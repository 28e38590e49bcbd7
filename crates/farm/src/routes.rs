//! Which path leads to which server: priorities and endpoints, those that are written and those
//! that are derived.

use std::collections::BTreeMap;

use crate::farm::{Farm, Server};
use crate::word::Name;

/// Derived priorities are this far apart, so that others fit between.
const STEP: u32 = 100;

/// The priorities of all servers' routes, disabled ones' too: those that are written; for the
/// others hundreds in the order of names, after the highest that is written.
#[must_use]
pub fn priorities(farm: &Farm) -> BTreeMap<Name, u32> {
    let written = |server: &Server| server.priority.and_then(|it| u32::try_from(it.get()).ok());
    let highest = farm.servers.values().filter_map(written).max().unwrap_or_default();
    let mut next = (highest / STEP).saturating_mul(STEP);
    let mut all = BTreeMap::new();
    for (name, server) in &farm.servers {
        let priority = written(server).unwrap_or_else(|| {
            next = next.saturating_add(STEP);
            next
        });
        all.insert(name.clone(), priority);
    }
    all
}

/// The path at which clients find a server.
#[must_use]
pub fn endpoint(server: &Server) -> String {
    let written = server.endpoint.as_ref().map(|path| path.as_str().to_owned());
    // A route without an endpoint has one written in every farm that was read.
    let derived = || server.route.endpoint();
    written.or_else(derived).unwrap_or_else(|| server.route.as_str().to_owned())
}

/// The name of the parameter of Systems Manager with a server's URL.
#[must_use]
pub fn parameter(farm: &Farm, name: &Name, server: &Server) -> String {
    match &server.parameter {
        Some(parameter) => parameter.as_str().to_owned(),
        None => format!("/mcp/endpoints/{}/{name}", farm.farm),
    }
}
