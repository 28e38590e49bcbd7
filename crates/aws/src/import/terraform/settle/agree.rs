//! Whether what a source says is what a plan knows, and how what the plan doesn't know is filled in.
//!
//! Blocks of a plan and blocks of a source are paired by what is known of both: a plan lists sets in
//! an order of its own.

use serde_json::Value;

use super::super::super::source::Shown;
use super::super::merge::fill;

/// How long lists may be that are compared item by item, in any order.
const MOST_COMPARED: usize = 300;

/// Whether anything of it isn't known, and isn't sensitive.
pub(super) fn is_open(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(open) => *open,
        Value::Array(items) => items.iter().any(is_open),
        Value::Object(members) => members.values().any(is_open),
        _ => false,
    }
}

/// Whether nothing at all is known of it.
fn is_hole(mask: &Value) -> bool {
    matches!(mask, Value::Bool(true) | Value::String(_))
}

fn part(of: &Value, at: usize) -> &Value {
    of.get(at).unwrap_or(&Value::Null)
}

fn named<'v>(of: &'v Value, name: &str) -> &'v Value {
    of.get(name).unwrap_or(&Value::Null)
}

/// A JSON text as what it says, so that it has one form whether all of it is known or not.
pub(super) fn parsed(shown: Shown) -> Shown {
    match (&shown.value, &shown.mask) {
        (Value::String(text), Value::Null) => match serde_json::from_str(text) {
            Ok(value) => Shown { value, mask: Value::Null },
            Err(_) => shown,
        },
        _ => shown,
    }
}

/// Whether nothing that both know contradicts.
pub(super) fn agrees(name: &str, planned: &Value, unknown: &Value, made: &Shown) -> bool {
    // What nobody gave, AWS or the provider may give.
    if made.value.is_null() {
        return true;
    }
    if let (Value::String(text), Value::Array(_)) = (planned, &made.value) {
        // AWS adds its defaults to containers, and the provider takes them away again.
        let whole = made.mask.is_null();
        return !whole
            || !fill::disagree(name, planned, &Value::String(made.value.to_string()))
            || text.is_empty();
    }
    alike(planned, unknown, &made.value, &made.mask)
}

/// Whether a partly known value of a plan can be a partly known value of a source.
fn alike(planned: &Value, unknown: &Value, made: &Value, mask: &Value) -> bool {
    if is_hole(unknown) || is_hole(mask) || made.is_null() || mask.is_number() {
        return true;
    }
    match (planned, made) {
        (Value::Object(_), Value::Object(members)) => members.iter().all(|(name, member)| {
            alike(named(planned, name), named(unknown, name), member, named(mask, name))
        }),
        (Value::Array(items), Value::Array(others)) => {
            if items.len() > MOST_COMPARED || others.len() > MOST_COMPARED {
                return true;
            }
            let objects = items.iter().chain(others).any(Value::is_object);
            if !objects && !is_open(unknown) && mask.is_null() {
                return fill::same(planned, made);
            }
            // A set may lose members that turn out to be the same.
            let fewer = items.len() <= others.len();
            fewer
                && others.iter().enumerate().all(|(at, other)| {
                    let mask = part(mask, at);
                    items
                        .iter()
                        .enumerate()
                        .any(|(at, item)| alike(item, part(unknown, at), other, mask))
                })
        }
        _ => fill::same(planned, made),
    }
}

/// Whether any part of it isn't known.
pub(super) fn has_hole(mask: &Value) -> bool {
    match mask {
        Value::Array(items) => items.iter().any(has_hole),
        Value::Object(members) => members.values().any(has_hole),
        other => is_hole(other),
    }
}

/// Attributes whose values are looked up among the resources. Elsewhere a name of something is as good
/// as nothing: it would be taken for the text itself.
const LOOKED_UP: [&str; 56] = [
    "allocation_id",
    "api_id",
    "arn",
    "authorizer_id",
    "cluster",
    "cluster_identifier",
    "connection_id",
    "db_subnet_group_name",
    "default_network_acl_id",
    "default_route_table_id",
    "destination_prefix_list_id",
    "egress_only_gateway_id",
    "execution_role_arn",
    "file_system_id",
    "function_name",
    "gateway_id",
    "integration_target",
    "internet_gateway_id",
    "listener_arn",
    "load_balancer_arn",
    "namespace_id",
    "nat_gateway_id",
    "network_acl_id",
    "network_interface_id",
    "parent_id",
    "policy_arn",
    "prefix_list_id",
    "prefix_list_ids",
    "referenced_security_group_id",
    "registry_arn",
    "resource_arn",
    "resource_id",
    "rest_api_id",
    "role",
    "roles",
    "route_table_id",
    "route_table_ids",
    "secret_id",
    "security_group_id",
    "security_group_ids",
    "security_groups",
    "source_security_group_id",
    "subnet_id",
    "subnet_ids",
    "subnets",
    "target_arns",
    "target_group_arn",
    "target_id",
    "task_definition",
    "task_role_arn",
    "vpc_endpoint_id",
    "vpc_id",
    "vpc_link_id",
    "vpc_security_group_ids",
    "web_acl_arn",
    "web_acl_id",
];

/// Takes away the names of things where they aren't looked up.
pub(super) fn without_names(name: &str, shown: &mut Shown) {
    let (value, mask) = (&mut shown.value, &mut shown.mask);
    drop_names(LOOKED_UP.contains(&name), value, mask);
}

fn drop_names(looked_up: bool, value: &mut Value, mask: &mut Value) {
    match (value, mask) {
        (value, mask @ Value::Number(_)) if !looked_up => {
            let name = value.as_str().unwrap_or_default().trim_matches(['$', '{', '}']);
            *mask = Value::String(format!("is known only after apply: it is `{name}`"));
            *value = Value::Null;
        }
        (Value::Array(items), Value::Array(masks)) => {
            for (item, mask) in items.iter_mut().zip(masks) {
                drop_names(looked_up, item, mask);
            }
        }
        (Value::Object(members), Value::Object(masks)) => {
            for (name, mask) in masks.iter_mut() {
                if let Some(member) = members.get_mut(name) {
                    drop_names(LOOKED_UP.contains(&name.as_str()), member, mask);
                }
            }
        }
        _ => {}
    }
}

/// Which item of a plan is which block of a source, where there is but one way.
pub(super) fn pairs(items: &[Value], unknown: &Value, blocks: &[&Shown]) -> Vec<(usize, usize)> {
    if items.len() > MOST_COMPARED || blocks.len() > MOST_COMPARED {
        return Vec::new();
    }
    let fits = |item: usize, block: &Shown| {
        let planned = items.get(item).unwrap_or(&Value::Null);
        alike(
            planned,
            if unknown.is_array() { part(unknown, item) } else { unknown },
            &block.value,
            &block.mask,
        )
    };
    let table: Vec<Vec<usize>> = (0..items.len())
        .map(|item| {
            let all = blocks.iter().enumerate();
            all.filter(|(_, block)| fits(item, block)).map(|(at, _)| at).collect()
        })
        .collect();
    let mut found = Vec::new();
    for (item, candidates) in table.iter().enumerate() {
        match candidates.as_slice() {
            [only] => found.push((item, *only)),
            // Several that fit the same items are told apart by their order alone: whichever way,
            // together they are the same.
            several => {
                let same: Vec<usize> = (0..table.len())
                    .filter(|other| table.get(*other).is_some_and(|c| c == several))
                    .collect();
                let place = same.iter().position(|other| *other == item);
                if same.len() == several.len()
                    && let Some(block) = place.and_then(|place| several.get(place))
                {
                    found.push((item, *block));
                }
            }
        }
    }
    let mut used = std::collections::BTreeSet::new();
    found.retain(|(_, block)| used.insert(*block));
    found
}

/// Puts what a source says where a plan, and what was merged into it, doesn't know.
pub(in super::super) fn close(value: &mut Value, unknown: &mut Value, made: &Value, mask: &Value) {
    match unknown {
        Value::Bool(true) if is_hole(mask) => {}
        Value::Bool(true) => {
            *value = made.clone();
            *unknown = mask.clone();
        }
        Value::Object(members) => {
            if !value.is_object() || !made.is_object() {
                return;
            }
            for (name, doubt) in members.iter_mut() {
                let (Some(inner), Value::Object(known)) = (made.get(name), &mut *value) else {
                    continue;
                };
                let slot = known.entry(name.clone()).or_insert(Value::Null);
                close(slot, doubt, inner, named(mask, name));
            }
        }
        Value::Array(_) => close_items(value, unknown, made, mask),
        _ => {}
    }
}

fn close_items(value: &mut Value, unknown: &mut Value, made: &Value, mask: &Value) {
    let (Value::Array(items), Value::Array(others)) = (&mut *value, made) else { return };
    if !is_open(unknown) {
        return;
    }
    if others.iter().any(Value::is_object) {
        let shown: Vec<Shown> = others
            .iter()
            .enumerate()
            .map(|(at, other)| Shown { value: other.clone(), mask: part(mask, at).clone() })
            .collect();
        let blocks: Vec<&Shown> = shown.iter().collect();
        let Value::Array(doubts) = unknown else { return };
        let paired = pairs(items, &Value::Array(doubts.clone()), &blocks);
        for (item, block) in paired {
            let (Some(item), Some(doubt), Some(shown)) =
                (items.get_mut(item), doubts.get_mut(item), shown.get(block))
            else {
                continue;
            };
            close(item, doubt, &shown.value, &shown.mask);
        }
        return;
    }
    // A list or set of ids: all of it, or nothing.
    if !has_hole(mask) && others.len() == items.len() {
        *value = made.clone();
        *unknown = Value::Null;
    }
}
