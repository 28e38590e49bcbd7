//! Prefix lists of AWS that are named by a literal id.
//!
//! Only where it is seen that a person wrote the id: by a constant in a plan's configuration, or in a
//! template. In a state, or in what `aws` prints, an id is just what the list is called.

use serde_json::Value;

use super::attribute::Attribute;
use super::graph::{Graph, Resource};
use super::place::Place;
use crate::model::{LiteralList, Model};

/// Where a rule or a route names prefix lists: types, the block in them, the attribute.
const PLACES: [(&[&str], Option<&str>, &str); 5] = [
    (&["aws_security_group_rule"], None, "prefix_list_ids"),
    (&["aws_vpc_security_group_ingress_rule"], None, "prefix_list_id"),
    (&["aws_vpc_security_group_egress_rule"], None, "prefix_list_id"),
    (&["aws_route_table", "aws_default_route_table"], Some("route"), "destination_prefix_list_id"),
    (&["aws_route"], None, "destination_prefix_list_id"),
];

/// Lists literal ids of AWS's own prefix lists, but for those in security groups.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for (kinds, block, name) in PLACES {
        for resource in graph.of(kinds) {
            model.literal_lists.extend(in_blocks(graph, resource, block, name));
        }
    }
}

/// The same of a security group, while it is unpacked.
pub(super) fn of(graph: &Graph, group: &Resource) -> Vec<LiteralList> {
    let blocks = ["ingress", "egress"].into_iter().filter(|_| !group.data);
    blocks.flat_map(|block| in_blocks(graph, group, Some(block), "prefix_list_ids")).collect()
}

fn in_blocks(
    graph: &Graph,
    resource: &Resource,
    block: Option<&'static str>,
    name: &'static str,
) -> Vec<LiteralList> {
    let top = Place::top(graph, resource);
    let places = match block {
        Some(block) => top.blocks(block).list,
        None => vec![top],
    };
    let mut all = Vec::new();
    for place in places {
        let ids = written(resource, &place.attribute(name)).into_iter();
        all.extend(ids.map(|id| LiteralList { origin: place.origin(), id }));
    }
    all
}

/// The ids of AWS's lists that a person wrote here.
fn written(resource: &Resource, attribute: &Attribute<'_>) -> Vec<String> {
    let constants = attribute.expressions.iter().filter_map(|it| it.get("constant_value"));
    let mut values: Vec<&Value> = constants.collect();
    if is_templates(resource) {
        values.extend(attribute.value);
    }
    let mut ids: Vec<String> = values.into_iter().flat_map(texts).filter(|id| is_aws(id)).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Whether a resource is a template's: those have keys as `Stack/LogicalId`.
fn is_templates(resource: &Resource) -> bool {
    let key = resource.key.as_str();
    key.contains('/') && !key.starts_with("arn:") && resource.key.resource_type().is_none()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The ids of AWS's own lists for services have eight digits; those of a customer's lists seventeen.
fn is_aws(id: &str) -> bool {
    id.strip_prefix("pl-").is_some_and(|digits| {
        digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}
