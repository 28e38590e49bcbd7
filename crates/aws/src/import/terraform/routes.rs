//! Route tables and their routes, inline and separate.

use std::collections::HashMap;

use serde_json::Value;

use super::attribute::{Attribute, Doubt, network};
use super::graph::Graph;
use super::place::Place;
use super::raw::Action;
use super::subnets::also_assuming;
use super::wanted::{
    EGRESS_ONLY, ENDPOINT, GATEWAY, INTERFACE, NAT, PREFIX_LIST, ROUTE_TABLE, VPC, Wanted,
};
use crate::model::{Key, Model, Note, Route, RouteDestination, RouteTable, RouteTarget, Val};

const TABLES: [&str; 2] = ["aws_route_table", "aws_default_route_table"];

/// Reads route tables.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&TABLES) {
        let place = Place::top(graph, resource);
        let name = if resource.data { "routes" } else { "route" };
        let blocks = place.blocks(name);
        let mut routes: Vec<Route> = blocks.list.iter().filter_map(route).collect();
        routes.retain(|route| route.target != Val::Known(RouteTarget::Local));
        let gateways = place.attribute("propagating_vgws");
        let propagates = !gateways.is_left_out() && !gateways.keys(&GATEWAY).sure.is_empty();
        let propagates = propagates.then(|| gateways.odd("may add routes"));
        let undecided = blocks.unwritten
            && blocks.list.is_empty()
            && place.attribute(name).doubt != Doubt::None;
        let assumed = undecided.then(|| no_block(&resource.key, name));
        let table = RouteTable {
            key: resource.key.clone(),
            vpc: vpc(&place),
            routes,
            open: blocks.open.or(propagates),
            assumed,
        };
        model.route_tables.insert(table.key.clone(), table);
    }
    add_own(graph, model);
    let mut anywhere = None;
    for resource in graph.of(&["aws_route"]) {
        let place = Place::top(graph, resource);
        if let Some(route) = route(&place) {
            let table = place.attribute("route_table_id");
            match (table.needed(&ROUTE_TABLE), of_a_vpc(&table)) {
                (Val::Unknown(_), Some(vpc)) => {
                    let main = model.vpcs.get(&vpc).and_then(|vpc| vpc.main_route_table.clone());
                    // Where no source shows that table, nothing is known of it anyhow. Another may
                    // be the main one by now.
                    let shown = main.filter(|key| {
                        key.resource_type() == Some(TABLES[1]) || *key == own_table(&vpc)
                    });
                    if let Some(main) = shown {
                        let note = table.odd(&format!("is {main}, which its expression names"));
                        add(model, Val::Assumed(main, note), &route);
                    }
                }
                (Val::Unknown(note), None) => anywhere = Some(note),
                (table, _) => add(model, table, &route),
            }
        }
    }
    if let Some(note) = anywhere {
        for table in model.route_tables.values_mut() {
            table.open.get_or_insert_with(|| note.clone());
        }
    }
}

/// What the table is called that comes with a VPC, and that no resource stands for.
fn own_table(vpc: &Key) -> Key {
    Key::new(&format!("{vpc}.main_route_table_id"))
}

/// The tables that come with VPCs, by these, where a separate route names one of them.
pub(super) fn own_tables(graph: &Graph) -> HashMap<Key, Key> {
    let routes = graph.of(&["aws_route"]).map(|resource| Place::top(graph, resource));
    let vpcs = routes.filter_map(|place| of_a_vpc(&place.attribute("route_table_id")));
    vpcs.map(|vpc| (vpc.clone(), own_table(&vpc))).collect()
}

/// Makes these tables: with nothing in them where the VPC is new, else with what no source shows.
fn add_own(graph: &Graph, model: &mut Model) {
    for (key, vpc) in &model.vpcs {
        let own = own_table(key);
        if vpc.main_route_table.as_ref() != Some(&own) {
            continue;
        }
        let new = graph.get(key).is_some_and(|vpc| vpc.action == Action::Create);
        let table = RouteTable {
            key: own.clone(),
            vpc: Val::Known(key.clone()),
            routes: Vec::new(),
            open: (!new).then(|| format!("what else is in the main route table of {key}").into()),
            assumed: None,
        };
        model.route_tables.insert(own, table);
    }
}

/// The VPC whose own table this is: `route_table_id = aws_vpc.a.main_route_table_id`.
fn of_a_vpc(table: &Attribute<'_>) -> Option<Key> {
    let references = table.expressions.iter().filter_map(|it| it.get("references")?.as_array());
    let own = |reference: &str| {
        [".main_route_table_id", ".default_route_table_id"]
            .iter()
            .any(|end| reference.ends_with(end))
    };
    let names = references.flatten().filter_map(Value::as_str).any(own);
    names.then(|| table.needed(&VPC).get().cloned()).flatten()
}

fn vpc(place: &Place<'_>) -> Val<Key> {
    // `default_route_table_id = aws_vpc.a.default_route_table_id` names the VPC.
    let of = place.attribute("vpc_id");
    if of.is_left_out() {
        place.attribute("default_route_table_id").needed(&VPC)
    } else {
        of.needed(&VPC)
    }
}

/// That the absence of a block was assumed.
pub(super) fn no_block(key: &Key, name: &str) -> Note {
    format!(
        "no `{name}` block is written in {key}; a dynamic block whose content is not known yet would look the same"
    )
    .into()
}

/// Adds a separate route to its table, or to all that may be it.
fn add(model: &mut Model, table: Val<Key>, route: &Route) {
    match table {
        Val::Known(key) => {
            if let Some(table) = model.route_tables.get_mut(&key) {
                insert(table, route.clone());
            }
        }
        Val::Assumed(key, note) => {
            if let Some(table) = model.route_tables.get_mut(&key) {
                let target = also_assuming(route.target.clone(), &note);
                insert(table, Route { target, ..route.clone() });
            }
        }
        Val::OneOf(keys, note) => {
            for key in keys {
                if let Some(table) = model.route_tables.get_mut(&key) {
                    table.open.get_or_insert_with(|| note.clone());
                }
            }
        }
        Val::Unknown(_) => {}
    }
}

/// A state lists a separate route among those of the table: it is one route, and the separate
/// resource's.
fn insert(table: &mut RouteTable, route: Route) {
    let same = |other: &Route| {
        other.destination.get().is_some() && other.destination.get() == route.destination.get()
    };
    table.routes.retain(|other| !same(other));
    table.routes.push(route);
}

fn route(place: &Place<'_>) -> Option<Route> {
    let destination = destination(place)?;
    let propagated = place
        .attribute("origin")
        .known_text()
        .is_some_and(|origin| origin == "EnableVgwRoutePropagation");
    Some(Route { origin: place.origin(), destination, target: target(place), propagated })
}

fn destination(place: &Place<'_>) -> Option<Val<RouteDestination>> {
    const BLOCKS: [&str; 4] =
        ["cidr_block", "ipv6_cidr_block", "destination_cidr_block", "destination_ipv6_cidr_block"];
    for name in BLOCKS {
        let attribute = place.attribute(name);
        match attribute.text() {
            Val::Known(Some(text)) => {
                return Some(match network(&text) {
                    Some(net) => Val::Known(RouteDestination::Cidr(net)),
                    None => Val::Unknown(attribute.odd("is no CIDR block")),
                });
            }
            Val::Unknown(note) if !attribute.unwritten => return Some(Val::Unknown(note)),
            _ => {}
        }
    }
    let list = place.attribute("destination_prefix_list_id");
    if list.is_left_out() {
        return None;
    }
    Some(list.needed(&PREFIX_LIST).map(RouteDestination::PrefixList))
}

/// How an attribute's key becomes a target.
type Make = fn(Key) -> RouteTarget;

fn target(place: &Place<'_>) -> Val<RouteTarget> {
    const FOLLOWED: [(&str, &Wanted, Make); 5] = [
        ("nat_gateway_id", &NAT, RouteTarget::NatGateway),
        ("egress_only_gateway_id", &EGRESS_ONLY, RouteTarget::EgressOnlyGateway),
        ("network_interface_id", &INTERFACE, RouteTarget::Interface),
        ("instance_id", &INTERFACE, RouteTarget::Interface),
        ("vpc_endpoint_id", &ENDPOINT, |key| RouteTarget::Opaque(format!("the endpoint {key}"))),
    ];
    const OTHERS: [&str; 5] = [
        "transit_gateway_id",
        "vpc_peering_connection_id",
        "local_gateway_id",
        "carrier_gateway_id",
        "core_network_arn",
    ];
    if place.attribute("state").known_text().is_some_and(|state| state == "blackhole") {
        return Val::Known(RouteTarget::Blackhole);
    }
    let gateway = place.attribute("gateway_id");
    if !gateway.is_left_out() {
        return gateway.needed(&GATEWAY).map(|key| through(place.graph, &key));
    }
    let mut unknown = None;
    for (name, wanted, make) in FOLLOWED {
        let attribute = place.attribute(name);
        if attribute.is_left_out() {
            continue;
        }
        match attribute.needed(wanted) {
            Val::Unknown(note) => {
                unknown.get_or_insert(note);
            }
            found => return found.map(make),
        }
    }
    for name in OTHERS {
        let attribute = place.attribute(name);
        if !attribute.is_left_out() {
            let what = name.trim_end_matches("_id").trim_end_matches("_arn").replace('_', " ");
            let which = attribute.known_text().map_or_else(String::new, |id| format!(" {id}"));
            return Val::Known(RouteTarget::Opaque(format!("a {what}{which}")));
        }
    }
    Val::Unknown(unknown.unwrap_or_else(|| {
        place.attribute("gateway_id").odd("and every other target is not given")
    }))
}

/// What a `gateway_id` leads to.
fn through(graph: &Graph, key: &Key) -> RouteTarget {
    let text = key.as_str();
    if text == "local" {
        return RouteTarget::Local;
    }
    let shown = graph.get(key).map(|resource| resource.kind.as_str());
    let kind = shown.or_else(|| key.resource_type()).unwrap_or_default();
    if kind == "aws_internet_gateway" || text.starts_with("igw-") {
        return RouteTarget::InternetGateway(key.clone());
    }
    if kind == "aws_vpc_endpoint" || text.starts_with("vpce-") {
        return RouteTarget::GatewayEndpoint(key.clone());
    }
    if kind == "aws_egress_only_internet_gateway" || text.starts_with("eigw-") {
        return RouteTarget::EgressOnlyGateway(key.clone());
    }
    RouteTarget::Opaque(format!("the gateway {key}"))
}
