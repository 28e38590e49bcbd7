//! Network ACLs and their entries, inline and separate.

use std::collections::BTreeSet;

use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;

use super::attribute::Doubt;
use super::graph::Graph;
use super::place::Place;
use super::routes::no_block;
use super::rules::block_name;
use super::services;
use super::wanted::{ACL, VPC};
use crate::model::{Direction, Model, NetworkAcl, NetworkAclEntry, Note, Val};

/// Reads network ACLs.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_network_acl", "aws_default_network_acl"]) {
        let place = Place::top(graph, resource);
        let vpc = place.attribute("vpc_id");
        let vpc = if vpc.is_left_out() { place.attribute("default_network_acl_id") } else { vpc };
        let mut list = NetworkAcl {
            key: resource.key.clone(),
            vpc: vpc.needed(&VPC),
            is_default: resource.kind == "aws_default_network_acl",
            entries: Vec::new(),
            open: None,
            assumed: None,
        };
        for direction in [Direction::Ingress, Direction::Egress] {
            let name = block_name(direction);
            let blocks = place.blocks(name);
            for block in &blocks.list {
                let allow = block.attribute("action").known_text().map(|word| word == "allow");
                push(&mut list, block, direction, "rule_no", allow);
            }
            if let Some(note) = blocks.open {
                list.open.get_or_insert(note);
            }
            if blocks.unwritten
                && blocks.list.is_empty()
                && place.attribute(name).doubt != Doubt::None
            {
                list.assumed.get_or_insert_with(|| no_block(&resource.key, name));
            }
        }
        model.network_acls.insert(list.key.clone(), list);
    }
    separate(graph, model);
    for list in model.network_acls.values_mut() {
        // Listed by both a state's list and the separate resource: one entry, the latter's.
        let own = list.key.clone();
        let separate: BTreeSet<(Direction, u32)> = list
            .entries
            .iter()
            .filter(|entry| entry.origin.key != own)
            .map(|entry| (entry.direction, entry.number))
            .collect();
        list.entries.retain(|entry| {
            entry.origin.key != own || !separate.contains(&(entry.direction, entry.number))
        });
        list.entries.sort_by_key(|entry| (entry.direction, entry.number));
    }
}

fn separate(graph: &Graph, model: &mut Model) {
    let mut anywhere = None;
    for resource in graph.of(&["aws_network_acl_rule"]) {
        let place = Place::top(graph, resource);
        let direction = match place.attribute("egress").flag(false) {
            Val::Known(true) => Direction::Egress,
            _ => Direction::Ingress,
        };
        let allow = place
            .attribute("rule_action")
            .known_text()
            .map(|word| word.eq_ignore_ascii_case("allow"));
        match place.attribute("network_acl_id").needed(&ACL) {
            Val::Known(key) => {
                if let Some(list) = model.network_acls.get_mut(&key) {
                    push(list, &place, direction, "rule_number", allow);
                }
            }
            Val::Assumed(key, note) => {
                if let Some(list) = model.network_acls.get_mut(&key) {
                    push(list, &place, direction, "rule_number", allow);
                    list.assumed.get_or_insert(note);
                }
            }
            Val::OneOf(keys, note) => {
                for key in keys {
                    if let Some(list) = model.network_acls.get_mut(&key) {
                        list.open.get_or_insert_with(|| note.clone());
                    }
                }
            }
            Val::Unknown(note) => anywhere = Some(note),
        }
    }
    if let Some(note) = anywhere {
        for list in model.network_acls.values_mut() {
            list.open.get_or_insert_with(|| note.clone());
        }
    }
}

/// Adds an entry, or the note of what is not known of it: the order of a list matters, so that one
/// unknown entry makes the whole list unknown.
fn push(
    list: &mut NetworkAcl,
    place: &Place<'_>,
    direction: Direction,
    number: &'static str,
    allow: Option<bool>,
) {
    match entry(place, number) {
        Ok((number, services, addresses)) => match allow {
            Some(allow) => list.entries.push(NetworkAclEntry {
                origin: place.origin(),
                direction,
                number,
                allow,
                services,
                addresses,
            }),
            None => {
                list.open.get_or_insert_with(|| place.attribute("action").pending());
            }
        },
        Err(note) => {
            list.open.get_or_insert(note);
        }
    }
}

fn entry(place: &Place<'_>, number: &'static str) -> Result<(u32, ServiceSet, AddrSet), Note> {
    let attribute = place.attribute(number);
    let number = attribute.known_number::<u32>().ok_or_else(|| attribute.pending())?;
    let services = match services::of(place, "protocol") {
        Val::Known(services) | Val::Assumed(services, _) => services,
        Val::OneOf(_, note) | Val::Unknown(note) => return Err(note),
    };
    let mut addresses = AddrSet::empty();
    for name in ["cidr_block", "ipv6_cidr_block"] {
        let attribute = place.attribute(name);
        if attribute.is_left_out() {
            continue;
        }
        let found = attribute.networks();
        if let Some(note) = found.unknown {
            return Err(note);
        }
        addresses = addresses.union(&found.sure.into_iter().collect());
    }
    Ok((number, services, addresses))
}
