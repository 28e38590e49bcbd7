//! Groups and prefix lists that no source shows: only their id is mentioned.

use std::collections::{BTreeMap, BTreeSet};

use super::super::endpoints::unshown_default_group;
use super::super::rules::not_in_sources;
use super::unmanaged;
use crate::model::{Key, Model, PrefixList, RouteDestination, SetVal, Val};

/// Adds the groups and prefix lists that are only mentioned, by their id.
pub(in super::super) fn add_mentioned(model: &mut Model) {
    let groups = groups(model);
    let default: BTreeMap<Key, Key> = model
        .vpcs
        .values()
        .map(|vpc| {
            let shown = vpc.default_security_group.clone();
            let group = shown.unwrap_or_else(|| unshown_default_group(&vpc.key));
            (group, vpc.key.clone())
        })
        .collect();
    for key in groups {
        model.security_groups.entry(key).or_insert_with_key(|key| {
            let mut group = unmanaged(key, &not_in_sources(key));
            if let Some(vpc) = default.get(key) {
                group.is_default = true;
                group.vpc = Val::Known(Some(vpc.clone()));
            }
            group
        });
    }
    for key in prefix_lists(model) {
        model.prefix_lists.entry(key).or_insert_with_key(|key| {
            let note = not_in_sources(key);
            PrefixList {
                key: key.clone(),
                name: Val::Unknown(note.clone()),
                aws_managed: false,
                entries: SetVal::unknown(note),
            }
        });
    }
}

/// All groups that rules and interfaces mention, and the VPCs' default ones.
fn groups(model: &Model) -> BTreeSet<Key> {
    let mut all: Vec<&SetVal<Key>> = Vec::new();
    for group in model.security_groups.values() {
        let rules = group.ingress.rules.iter().chain(&group.egress.rules);
        all.extend(rules.map(|rule| &rule.peers.groups));
    }
    all.extend(model.services.values().map(|service| &service.security_groups));
    all.extend(model.endpoints.values().map(|endpoint| &endpoint.security_groups));
    all.extend(model.functions.values().map(|function| &function.security_groups));
    all.extend(model.instances.values().map(|instance| &instance.security_groups));
    all.extend(model.databases.values().map(|database| &database.security_groups));
    all.extend(model.vpc_links.values().map(|link| &link.security_groups));
    all.extend(model.load_balancers.values().filter_map(|lb| lb.security_groups.as_ref()));
    let mentioned = all.into_iter().flat_map(SetVal::mentioned).cloned();
    let default = model.vpcs.values().filter_map(|vpc| vpc.default_security_group.clone());
    mentioned.chain(default).collect()
}

/// All prefix lists that rules and routes mention.
fn prefix_lists(model: &Model) -> BTreeSet<Key> {
    let mut found = BTreeSet::new();
    for group in model.security_groups.values() {
        for rule in group.ingress.rules.iter().chain(&group.egress.rules) {
            found.extend(rule.peers.prefix_lists.mentioned().cloned());
        }
    }
    let routes = model.route_tables.values().flat_map(|table| &table.routes);
    for route in routes {
        if let Some(RouteDestination::PrefixList(key)) = route.destination.get() {
            found.insert(key.clone());
        }
    }
    found
}
