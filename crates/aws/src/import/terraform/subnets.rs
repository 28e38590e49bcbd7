//! Subnets, and which route table and network ACL stand for each.

use std::collections::HashMap;

use super::graph::Graph;
use super::place::Place;
use super::vpc::{join, tags};
use super::wanted::{ACL, ROUTE_TABLE, SUBNET, VPC};
use crate::model::{Key, Model, Note, SetVal, Subnet, Val};

/// Reads subnets.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    let tables = tables(graph);
    let lists = lists(graph);
    for resource in graph.of_either(&["aws_subnet", "aws_default_subnet"]) {
        let place = Place::top(graph, resource);
        let mut cidrs = place.attribute("cidr_block").networks();
        let v6 = place.attribute("ipv6_cidr_block");
        if !v6.is_left_out() {
            join(&mut cidrs, v6.networks());
        }
        let vpc = place.attribute("vpc_id").needed(&VPC);
        let known = vpc.get().and_then(|key| model.vpcs.get(key));
        let main = known.and_then(|vpc| vpc.main_route_table.clone());
        let default = known.and_then(|vpc| vpc.default_network_acl.clone());
        let is_default = resource.kind == "aws_default_subnet";
        let subnet = Subnet {
            key: resource.key.clone(),
            cidrs,
            zone: place.attribute("availability_zone").text(),
            maps_public_ip: place.attribute("map_public_ip_on_launch").flag(is_default),
            route_table: tables.of(&resource.key, main),
            network_acl: lists.of(&resource.key, default),
            vpc,
            tags: tags(resource),
        };
        model.subnets.insert(subnet.key.clone(), subnet);
    }
}

/// How many subnets an association is tried with of which it does not show whose it is.
const MOST_CANDIDATES: usize = 64;

/// What was associated with which subnet.
#[derive(Default)]
struct Associations {
    certain: HashMap<Key, Val<Key>>,
    possible: HashMap<Key, Vec<(Val<Key>, Note)>>,
    /// With a subnet of which nothing is known.
    anywhere: Vec<(Val<Key>, Note)>,
}

impl Associations {
    fn add(&mut self, subnet: Val<Key>, what: Val<Key>) {
        match subnet {
            Val::Known(subnet) => self.certain(subnet, what),
            Val::Assumed(subnet, note) => self.certain(subnet, also_assuming(what, &note)),
            Val::OneOf(subnets, note) if subnets.len() <= MOST_CANDIDATES => {
                for subnet in subnets {
                    self.possible.entry(subnet).or_default().push((what.clone(), note.clone()));
                }
            }
            Val::OneOf(_, note) | Val::Unknown(note) => self.anywhere(what, &note),
        }
    }

    /// A subnet has one of them. Plans come first, which say what will be; and what is not known
    /// says less than anything else.
    fn certain(&mut self, subnet: Key, what: Val<Key>) {
        let slot = self.certain.entry(subnet).or_insert_with(|| what.clone());
        if matches!(
            (&*slot, &what),
            (Val::Unknown(_), Val::Known(_) | Val::Assumed(..) | Val::OneOf(..))
        ) {
            *slot = what;
        }
    }

    fn add_set(&mut self, subnets: &SetVal<Key>, what: &Key) {
        for subnet in &subnets.sure {
            let known = Val::Known(what.clone());
            let what = match &subnets.assumed {
                Some(note) => also_assuming(known, note),
                None => known,
            };
            self.certain(subnet.clone(), what);
        }
        let Some(note) = &subnets.unknown else { return };
        let what = Val::Known(what.clone());
        for subnet in &subnets.maybe {
            self.possible.entry(subnet.clone()).or_default().push((what.clone(), note.clone()));
        }
        if subnets.open {
            self.anywhere(what, note);
        }
    }

    fn anywhere(&mut self, what: Val<Key>, note: &Note) {
        if self.anywhere.len() < MOST_CANDIDATES {
            self.anywhere.push((what, note.clone()));
        } else if let Some(last) = self.anywhere.last_mut() {
            // Too many to tell apart: whichever.
            last.0 = Val::Unknown(note.clone());
        }
    }

    /// What stands for a subnet: what is associated with it, or else the VPC's default.
    fn of(&self, subnet: &Key, default: Option<Key>) -> Val<Option<Key>> {
        if let Some(what) = self.certain.get(subnet) {
            return what.clone().map(Some);
        }
        let possible = self.possible.get(subnet).into_iter().flatten().chain(&self.anywhere);
        let mut choices = vec![default.clone()];
        let mut why = None;
        for (what, note) in possible {
            why.get_or_insert(note);
            match what {
                Val::Known(key) | Val::Assumed(key, _) => choices.push(Some(key.clone())),
                Val::OneOf(keys, _) => choices.extend(keys.iter().cloned().map(Some)),
                Val::Unknown(note) => return Val::Unknown(note.clone()),
            }
        }
        match why {
            None => Val::Known(default),
            Some(note) => Val::OneOf(choices, note.clone()),
        }
    }
}

/// The same value under one more assumption.
pub(super) fn also_assuming<T>(value: Val<T>, note: &Note) -> Val<T> {
    match value {
        Val::Known(value) => Val::Assumed(value, note.clone()),
        Val::Assumed(value, other) => Val::Assumed(value, format!("{note}; {other}").into()),
        other => other,
    }
}

fn tables(graph: &Graph) -> Associations {
    let mut found = Associations::default();
    for resource in graph.of(&["aws_route_table_association"]) {
        let place = Place::top(graph, resource);
        let subnet = place.attribute("subnet_id");
        // An association with a gateway (edge routing) is no subnet's.
        if subnet.is_left_out() {
            continue;
        }
        found.add(subnet.needed(&SUBNET), place.attribute("route_table_id").needed(&ROUTE_TABLE));
    }
    for resource in graph.of_either(&["aws_route_table"]).filter(|resource| resource.data) {
        for block in Place::top(graph, resource).blocks("associations").list {
            if let Val::Known(Some(subnet)) = block.attribute("subnet_id").key(&SUBNET) {
                found.certain.entry(subnet).or_insert_with(|| Val::Known(resource.key.clone()));
            }
        }
    }
    found
}

fn lists(graph: &Graph) -> Associations {
    let mut found = Associations::default();
    for resource in graph.of(&["aws_network_acl", "aws_default_network_acl"]) {
        let subnets = Place::top(graph, resource).attribute("subnet_ids");
        // What is not written for a custom list is no subnet; for the default one it is the rest.
        if !subnets.is_left_out() {
            found.add_set(&subnets.keys(&SUBNET), &resource.key);
        }
    }
    for resource in graph.of(&["aws_network_acl_association"]) {
        let place = Place::top(graph, resource);
        let subnet = place.attribute("subnet_id").needed(&SUBNET);
        found.add(subnet, place.attribute("network_acl_id").needed(&ACL));
    }
    found
}
