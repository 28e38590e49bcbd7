//! Until `crate::routes` is there.

use std::collections::BTreeMap;

use crate::farm::{Farm, Server};
use crate::word::Name;

/// The path at which clients find a server.
#[must_use]
pub fn endpoint(server: &Server) -> String {
    let written = server.endpoint.as_ref().map(|path| path.as_str().to_owned());
    written.or_else(|| server.route.endpoint()).unwrap_or_else(|| server.route.as_str().to_owned())
}

/// The priorities of the servers' routes.
#[must_use]
pub fn priorities(farm: &Farm) -> BTreeMap<Name, u32> {
    let given =
        |server: &Server| server.priority.and_then(|number| u32::try_from(number.get()).ok());
    let highest = super::enabled(farm).filter_map(|(_, server)| given(server)).max();
    let mut next = highest.unwrap_or_default() / 100 * 100;
    let all = super::enabled(farm).map(|(name, server)| {
        let priority = given(server).unwrap_or_else(|| {
            next += 100;
            next
        });
        (name.clone(), priority)
    });
    all.collect()
}
