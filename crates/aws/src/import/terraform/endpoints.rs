//! VPC endpoints, with what their associations add.

use super::graph::Graph;
use super::place::Place;
use super::rules::{not_in_sources, one};
use super::vpc::{join, tags};
use super::wanted::{ENDPOINT, GROUP, ROUTE_TABLE, SUBNET, VPC};
use crate::model::{EndpointKind, Key, Model, Note, SetVal, Val, VpcEndpoint};

/// Reads VPC endpoints.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_vpc_endpoint"]) {
        let endpoint = endpoint(&Place::top(graph, resource), model);
        model.endpoints.insert(endpoint.key.clone(), endpoint);
    }
    policies(graph, model);
    associations(graph, model);
}

fn endpoint(place: &Place<'_>, model: &Model) -> VpcEndpoint {
    let resource = place.resource;
    let kind = match place.attribute("vpc_endpoint_type").text_or("Gateway") {
        Val::Known(kind) if kind == "Interface" => EndpointKind::Interface,
        Val::Known(kind) if kind == "Gateway" => EndpointKind::Gateway,
        _ => EndpointKind::Other,
    };
    let vpc = place.attribute("vpc_id").needed(&VPC);
    let service = place.attribute("service_name");
    let policy = place.attribute("policy");
    let mut subnets = set(place, "subnet_ids", &SUBNET);
    join(&mut subnets, place.blocks("subnet_configuration").keys("subnet_id", &SUBNET));
    let groups = place.attribute("security_group_ids");
    let none_given = groups.is_left_out() || groups.keys(&GROUP) == SetVal::default();
    let security_groups = match kind {
        EndpointKind::Interface if none_given => default_group(model, &vpc),
        _ => set(place, "security_group_ids", &GROUP),
    };
    VpcEndpoint {
        key: resource.key.clone(),
        kind,
        service_name: service.text_or(""),
        private_dns: place.attribute("private_dns_enabled").flag(false),
        subnets,
        security_groups,
        route_tables: set(place, "route_table_ids", &ROUTE_TABLE),
        policy: if policy.is_left_out() { Val::Known(None) } else { policy.text() },
        tags: tags(resource),
        vpc,
    }
}

fn set(place: &Place<'_>, name: &'static str, wanted: &super::wanted::Wanted) -> SetVal<Key> {
    let attribute = place.attribute(name);
    if attribute.is_left_out() { SetVal::default() } else { attribute.keys(wanted) }
}

/// The default group of a VPC, which AWS gives to interfaces made without any.
pub(super) fn default_group(model: &Model, vpc: &Val<Key>) -> SetVal<Key> {
    let default =
        |key: &Key| model.vpcs.get(key).and_then(|vpc| vpc.default_security_group.clone());
    let default = |key: &Key| default(key).unwrap_or_else(|| unshown_default_group(key));
    match vpc {
        Val::Known(key) => SetVal::known([default(key)]),
        Val::Assumed(key, note) => SetVal::assumed([default(key)], note.clone()),
        Val::OneOf(_, note) | Val::Unknown(note) => SetVal::unknown(note.clone()),
    }
}

/// Stands for the default group of a VPC while no source shows it: it is there, with rules that
/// nobody knows.
pub(super) fn unshown_default_group(vpc: &Key) -> Key {
    Key::new(&format!("the default group of {vpc}"))
}

/// The default group of the VPC that a set of subnets is in.
pub(super) fn default_group_at(model: &Model, subnets: &SetVal<Key>) -> SetVal<Key> {
    let of = subnets.mentioned().find_map(|key| model.subnets.get(key)).map(|subnet| &subnet.vpc);
    match (of, subnets.mentioned().next()) {
        (Some(vpc), _) => default_group(model, vpc),
        (None, Some(subnet)) => SetVal::unknown(not_in_sources(subnet)),
        (None, None) => SetVal::unknown("the VPC's default group".into()),
    }
}

fn policies(graph: &Graph, model: &mut Model) {
    let mut anywhere = None;
    for resource in graph.of(&["aws_vpc_endpoint_policy"]) {
        let place = Place::top(graph, resource);
        let policy = place.attribute("policy");
        let policy = if policy.is_left_out() { Val::Known(None) } else { policy.text() };
        match place.attribute("vpc_endpoint_id").needed(&ENDPOINT) {
            Val::Known(key) | Val::Assumed(key, _) => {
                if let Some(endpoint) = model.endpoints.get_mut(&key) {
                    endpoint.policy = policy;
                }
            }
            Val::OneOf(keys, note) => {
                for key in keys {
                    if let Some(endpoint) = model.endpoints.get_mut(&key) {
                        endpoint.policy = Val::Unknown(note.clone());
                    }
                }
            }
            Val::Unknown(note) => anywhere = Some(note),
        }
    }
    if let Some(note) = anywhere {
        for endpoint in model.endpoints.values_mut() {
            endpoint.policy = Val::Unknown(note.clone());
        }
    }
}

fn associations(graph: &Graph, model: &mut Model) {
    const KINDS: [&str; 4] = [
        "aws_vpc_endpoint_security_group_association",
        "aws_vpc_endpoint_subnet_association",
        "aws_vpc_endpoint_route_table_association",
        "aws_vpc_endpoint_private_dns",
    ];
    for resource in graph.of(&KINDS) {
        let place = Place::top(graph, resource);
        let endpoint = place.attribute("vpc_endpoint_id").needed(&ENDPOINT);
        let keys: Vec<Key> = match &endpoint {
            Val::Known(key) | Val::Assumed(key, _) => vec![key.clone()],
            Val::OneOf(keys, _) => keys.clone(),
            Val::Unknown(_) => model.endpoints.keys().cloned().collect(),
        };
        for key in keys {
            if let Some(endpoint_read) = model.endpoints.get_mut(&key) {
                associate(&place, endpoint_read, endpoint.missing(), endpoint.assumed());
            }
        }
    }
}

/// Adds what an association adds; only perhaps, if it may concern another endpoint.
fn associate(
    place: &Place<'_>,
    endpoint: &mut VpcEndpoint,
    unsure: Option<&Note>,
    assumed: Option<&Note>,
) {
    let add = |into: &mut SetVal<Key>, name, wanted| {
        let mut found = one(place.attribute(name).key(wanted));
        if let Some(note) = unsure {
            found.maybe.append(&mut found.sure);
            found.unknown.get_or_insert_with(|| note.clone());
        } else if let Some(note) = assumed {
            found.assumed.get_or_insert_with(|| note.clone());
        }
        join(into, found);
    };
    match place.resource.kind.as_str() {
        "aws_vpc_endpoint_subnet_association" => add(&mut endpoint.subnets, "subnet_id", &SUBNET),
        "aws_vpc_endpoint_route_table_association" => {
            add(&mut endpoint.route_tables, "route_table_id", &ROUTE_TABLE);
        }
        "aws_vpc_endpoint_private_dns" => {
            endpoint.private_dns = match unsure {
                Some(note) => Val::Unknown(note.clone()),
                None => place.attribute("private_dns_enabled").flag(false),
            };
        }
        _ => {
            let replaces = place.attribute("replace_default_association").flag(false);
            if replaces == Val::Known(true) && unsure.is_none() {
                endpoint.security_groups = SetVal::default();
            }
            add(&mut endpoint.security_groups, "security_group_id", &GROUP);
        }
    }
}
