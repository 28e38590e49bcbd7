//! Security groups, with the rules that other resources give them.
//!
//! Inline blocks and separate rules on one group fight: on the first apply both hold, on the next
//! the inline list wins and the separate rule is revoked although it stays in the state. See the
//! warning at the top of
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule>.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Resource};
use super::place::Place;
use super::raw::Action;
use super::rules::{
    Separate, assumed_there, earlier, inline, is_part_of, not_in_sources, perhaps_there,
    rules_not_shown, separate, without,
};
use super::vpc::tags;
use super::wanted::VPC;
use crate::model::{
    Direction, Key, Model, Note, PrefixList, RemovedRule, RuleList, SecurityGroup, SecurityGroupRule,
    SetVal, Tags, Val,
};

const KINDS: [&str; 2] = ["aws_security_group", "aws_default_security_group"];

/// Reads security groups.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    let mut updated: BTreeMap<Key, &Resource> = BTreeMap::new();
    for resource in graph.of_either(&KINDS) {
        let group = group(graph, resource);
        if resource.action == Action::Update && !resource.data {
            updated.insert(group.key.clone(), resource);
        }
        model.security_groups.insert(group.key.clone(), group);
    }
    for rule in separate(graph) {
        let removed = rule.group.get().and_then(|key| updated.get(key)).is_some_and(|resource| {
            is_removed(graph, resource, &rule)
        });
        if removed {
            remove(model, &rule);
        } else {
            add(model, &rule);
        }
    }
    for group in model.security_groups.values_mut() {
        for direction in [Direction::Ingress, Direction::Egress] {
            settle(&group.key, group_rules(&mut group.ingress, &mut group.egress, direction));
        }
    }
}

fn group_rules<'a>(
    ingress: &'a mut RuleList,
    egress: &'a mut RuleList,
    direction: Direction,
) -> &'a mut RuleList {
    match direction {
        Direction::Ingress => ingress,
        Direction::Egress => egress,
    }
}

fn group(graph: &Graph, resource: &Resource) -> SecurityGroup {
    let place = Place::top(graph, resource);
    let is_default = resource.kind == "aws_default_security_group";
    let vpc = place.attribute("vpc_id");
    let rules = |direction| {
        if resource.data {
            RuleList { open: Some(rules_not_shown(&resource.key)), ..RuleList::default() }
        } else {
            inline(&place, direction)
        }
    };
    SecurityGroup {
        key: resource.key.clone(),
        name: place.attribute("name").text(),
        description: place.attribute("description").known_text(),
        vpc: if vpc.is_left_out() { Val::Known(None) } else { vpc.key(&VPC) },
        is_default: is_default || resource.text("name") == Some("default"),
        managed: !resource.data,
        ingress: rules(Direction::Ingress),
        egress: rules(Direction::Egress),
        tags: tags(resource),
    }
}

/// Whether the planned update of a group takes a separate rule away: the group has it before and
/// not after.
fn is_removed(graph: &Graph, resource: &Resource, separate: &Separate) -> bool {
    let before = earlier(graph, resource, separate.direction);
    let after = inline(&Place::top(graph, resource), separate.direction);
    let within = |rules: &[SecurityGroupRule]| rules.iter().any(|rule| is_part_of(&separate.rule, rule));
    after.open.is_none() && after.assumed.is_none() && within(&before) && !within(&after.rules)
}

fn remove(model: &mut Model, separate: &Separate) {
    let Some(group) = separate.group.get() else { return };
    model.removed_rules.push(RemovedRule {
        group: group.clone(),
        declared_by: separate.rule.origin.key.clone(),
        rule: separate.rule.clone(),
        direction: separate.direction,
    });
}

/// Gives a separate rule to its group, or to all groups that may be it.
fn add(model: &mut Model, separate: &Separate) {
    let direction = separate.direction;
    let mut give = |key: &Key, rule: SecurityGroupRule| {
        let group = model
            .security_groups
            .entry(key.clone())
            .or_insert_with(|| unmanaged(key, &not_in_sources(key)));
        group.rules_mut(direction).rules.push(rule);
    };
    match &separate.group {
        Val::Known(key) => give(key, separate.rule.clone()),
        Val::Assumed(key, note) => give(key, assumed_there(&separate.rule, note)),
        Val::OneOf(keys, note) => {
            for key in keys {
                give(key, perhaps_there(&separate.rule, note));
            }
        }
        Val::Unknown(note) => {
            for group in model.security_groups.values_mut() {
                let rule = perhaps_there(&separate.rule, note);
                group.rules_mut(direction).rules.push(rule);
            }
        }
    }
}

/// Lists every rule once, as that of the separate resource where there is one.
fn settle(own: &Key, list: &mut RuleList) {
    let (inline, separate): (Vec<_>, Vec<_>) =
        std::mem::take(&mut list.rules).into_iter().partition(|rule| rule.origin.key == *own);
    let mut kept = Vec::new();
    for rule in inline {
        let left = separate.iter().try_fold(rule, without);
        kept.extend(left);
    }
    list.inline = !kept.is_empty();
    list.rules = kept;
    list.rules.extend(separate);
}

fn unmanaged(key: &Key, note: &Note) -> SecurityGroup {
    let open = || RuleList { open: Some(note.clone()), ..RuleList::default() };
    SecurityGroup {
        key: key.clone(),
        name: Val::Unknown(note.clone()),
        description: None,
        vpc: Val::Unknown(note.clone()),
        is_default: false,
        managed: false,
        ingress: open(),
        egress: open(),
        tags: Tags::new(),
    }
}

/// Adds the groups and prefix lists that are only mentioned, by their id.
pub(super) fn add_mentioned(model: &mut Model) {
    let mut groups = BTreeSet::new();
    let mut lists = BTreeSet::new();
    for group in model.security_groups.values() {
        for rule in group.ingress.rules.iter().chain(&group.egress.rules) {
            groups.extend(rule.peers.groups.mentioned().cloned());
            lists.extend(rule.peers.prefix_lists.mentioned().cloned());
        }
    }
    let mut take = |set: &SetVal<Key>| groups.extend(set.mentioned().cloned());
    model.services.values().for_each(|service| take(&service.security_groups));
    model.endpoints.values().for_each(|endpoint| take(&endpoint.security_groups));
    model.functions.values().for_each(|function| take(&function.security_groups));
    model.instances.values().for_each(|instance| take(&instance.security_groups));
    model.databases.values().for_each(|database| take(&database.security_groups));
    model.vpc_links.values().for_each(|link| take(&link.security_groups));
    model.load_balancers.values().filter_map(|lb| lb.security_groups.as_ref()).for_each(take);
    let default: Vec<(Key, Key)> = model
        .vpcs
        .values()
        .filter_map(|vpc| Some((vpc.default_security_group.clone()?, vpc.key.clone())))
        .collect();
    groups.extend(default.iter().map(|(group, _)| group.clone()));
    for key in groups {
        if !model.security_groups.contains_key(&key) {
            let mut group = unmanaged(&key, &not_in_sources(&key));
            if let Some((_, vpc)) = default.iter().find(|(default, _)| *default == key) {
                group.is_default = true;
                group.vpc = Val::Known(Some(vpc.clone()));
            }
            model.security_groups.insert(key, group);
        }
    }
    for key in lists {
        let note = || not_in_sources(&key);
        model.prefix_lists.entry(key.clone()).or_insert_with(|| PrefixList {
            key: key.clone(),
            name: Val::Unknown(note()),
            aws_managed: false,
            entries: SetVal::unknown(note()),
        });
    }
}
