//! Lambda functions, EC2 instances and single network interfaces.

use std::collections::BTreeSet;

use super::endpoints::default_group_at;
use super::graph::Graph;
use super::place::Place;
use super::rules::one;
use super::vpc::tags;
use super::wanted::{FUNCTION, GROUP, INTERFACE, SUBNET};
use crate::model::{Function, Instance, Key, Model, SetVal, Val};

/// Reads functions, instances and interfaces.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    functions(graph, model);
    let elastic = elastic(graph);
    for resource in graph.of(&["aws_network_interface"]) {
        let place = Place::top(graph, resource);
        let instance = interface(&place, "security_groups", &elastic, model);
        model.instances.insert(instance.key.clone(), instance);
    }
    for resource in graph.of(&["aws_instance"]) {
        let place = Place::top(graph, resource);
        let mut instance = interface(&place, "vpc_security_group_ids", &elastic, model);
        // With interfaces of its own, those decide.
        for block in place.blocks("network_interface").list {
            let interface = block.attribute("network_interface_id").key(&INTERFACE);
            let Some(Some(key)) = interface.get() else {
                continue;
            };
            if let Some(own) = model.instances.get(key) {
                instance.subnet = own.subnet.clone();
                instance.security_groups = own.security_groups.clone();
            }
        }
        model.instances.insert(instance.key.clone(), instance);
    }
}

/// Everything that an Elastic IP address is given to.
fn elastic(graph: &Graph) -> BTreeSet<Key> {
    let mut found = BTreeSet::new();
    for resource in graph.of(&["aws_eip", "aws_eip_association"]) {
        let place = Place::top(graph, resource);
        for name in ["instance", "network_interface", "instance_id", "network_interface_id"] {
            let attribute = place.attribute(name);
            if !attribute.is_left_out() {
                found.extend(one(attribute.key(&INTERFACE)).sure);
            }
        }
    }
    found
}

fn interface(
    place: &Place<'_>,
    groups: &'static str,
    elastic: &BTreeSet<Key>,
    model: &Model,
) -> Instance {
    let key = place.resource.key.clone();
    let subnet = place.attribute("subnet_id");
    let subnet = if subnet.is_left_out() { Val::Known(None) } else { subnet.key(&SUBNET) };
    let groups = place.attribute(groups);
    let given = if groups.is_left_out() { SetVal::default() } else { groups.keys(&GROUP) };
    let security_groups = if given == SetVal::default() {
        default_group_at(model, &one(subnet.clone()))
    } else {
        given
    };
    let public = place.attribute("associate_public_ip_address");
    let public = if elastic.contains(&key) || place.resource.text("public_ip").is_some() {
        Val::Known(true)
    } else if place.resource.kind == "aws_network_interface" {
        Val::Known(false)
    } else if public.is_left_out() {
        // The subnet decides.
        match subnet.get() {
            Some(Some(key)) => model
                .subnets
                .get(key)
                .map_or(Val::Unknown(public.pending()), |s| s.maps_public_ip.clone()),
            _ => Val::Unknown(public.pending()),
        }
    } else {
        public.flag(false)
    };
    let address = place.resource.text("private_ip").and_then(|text| text.parse().ok());
    Instance { key, subnet, security_groups, public, address, tags: tags(place.resource) }
}

fn functions(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_lambda_function"]) {
        let place = Place::top(graph, resource);
        let network = place.only("vpc_config");
        let set = |name, wanted| match &network {
            Some(block) => block.attribute(name).keys(wanted),
            None => SetVal::default(),
        };
        let function = Function {
            key: resource.key.clone(),
            name: place.attribute("function_name").text(),
            subnets: set("subnet_ids", &SUBNET),
            security_groups: set("security_group_ids", &GROUP),
            urls: Vec::new(),
            image: place.attribute("image_uri").text(),
        };
        model.functions.insert(function.key.clone(), function);
    }
    for resource in graph.of(&["aws_lambda_function_url"]) {
        let place = Place::top(graph, resource);
        let kind = place.attribute("authorization_type").text_or("NONE");
        let of = place.attribute("function_name").needed(&FUNCTION);
        let by_name = |name: &Key| {
            let named = model.functions.values().find(|function| {
                matches!(&function.name, Val::Known(Some(text)) if text == name.as_str())
            });
            named.map(|function| function.key.clone())
        };
        let Some(name) = of.get() else { continue };
        let key = by_name(name).unwrap_or_else(|| name.clone());
        if let Some(function) = model.functions.get_mut(&key) {
            function.urls.push(kind);
        }
    }
}
