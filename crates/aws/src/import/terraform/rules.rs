//! The rules of security groups: inline blocks and separate resources, in one form.

use super::attribute::Doubt;
use super::graph::{Graph, Resource};
use super::notes::Subject;
use super::place::Place;
use super::routes::no_block;
use super::services;
use super::subnets::also_assuming;
use super::vpc::join;
use super::wanted::{GROUP, PREFIX_LIST};
use crate::model::{Direction, Key, Note, RuleList, RulePeers, SecurityGroupRule, SetVal, Val};

/// A rule that is a resource of its own.
pub(super) struct Separate {
    pub(super) group: Val<Key>,
    pub(super) direction: Direction,
    pub(super) rule: SecurityGroupRule,
}

/// The name of a direction's blocks.
pub(super) fn block_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// The inline rules of a group.
///
/// A group for which no block is written has no rules: the provider removes even AWS's default
/// rule that admits all out. But a `dynamic` block would look the same, so that is an assumption.
pub(super) fn inline(place: &Place<'_>, direction: Direction) -> RuleList {
    let name = block_name(direction);
    let blocks = place.blocks(name);
    let resource = place.resource;
    let rules: Vec<SecurityGroupRule> =
        blocks.list.iter().map(|block| rule(block, &resource.key)).collect();
    let undecided =
        blocks.unwritten && rules.is_empty() && place.attribute(name).doubt != Doubt::None;
    let assumed = undecided.then(|| no_block(&resource.key, name));
    RuleList { inline: !rules.is_empty(), rules, open: blocks.open, assumed }
}

/// The rules that a group had before a planned update.
pub(super) fn earlier(
    graph: &Graph,
    resource: &Resource,
    direction: Direction,
) -> Vec<SecurityGroupRule> {
    let before = Place::before(graph, resource);
    let blocks = before.blocks(block_name(direction)).list;
    blocks.iter().map(|block| rule(block, &resource.key)).collect()
}

fn rule(block: &Place<'_>, own: &Key) -> SecurityGroupRule {
    let mut cidrs = block.attribute("cidr_blocks").networks();
    join(&mut cidrs, block.attribute("ipv6_cidr_blocks").networks());
    let mut groups = block.attribute("security_groups").keys(&GROUP);
    add_self(block, own, &mut groups);
    let prefix_lists = block.attribute("prefix_list_ids").keys(&PREFIX_LIST);
    SecurityGroupRule {
        origin: block.origin(),
        services: services::of(block, "protocol"),
        peers: RulePeers { cidrs, groups, prefix_lists },
        description: block.attribute("description").known_text(),
    }
}

/// `self = true` is the group itself.
fn add_self(place: &Place<'_>, own: &Key, groups: &mut SetVal<Key>) {
    match place.attribute("self").flag(false) {
        Val::Known(true) => {
            groups.sure.insert(own.clone());
        }
        Val::Unknown(note) => {
            groups.maybe.insert(own.clone());
            groups.unknown.get_or_insert(note);
        }
        _ => {}
    }
}

/// All rules that are resources of their own.
pub(super) fn separate(graph: &Graph) -> Vec<Separate> {
    let old = graph.of(&["aws_security_group_rule"]).filter_map(|resource| old(graph, resource));
    let kinds = ["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"];
    let new: Vec<Separate> = graph.of(&kinds).map(|resource| new(graph, resource)).collect();
    old.chain(new).collect()
}

/// `aws_security_group_rule`
fn old(graph: &Graph, resource: &Resource) -> Option<Separate> {
    let place = Place::top(graph, resource);
    let direction = match resource.text("type")? {
        "ingress" => Direction::Ingress,
        "egress" => Direction::Egress,
        _ => return None,
    };
    let group = place.attribute("security_group_id").needed(&GROUP);
    let mut cidrs = place.attribute("cidr_blocks").networks();
    join(&mut cidrs, place.attribute("ipv6_cidr_blocks").networks());
    let source = place.attribute("source_security_group_id");
    let mut groups = if source.is_left_out() { SetVal::default() } else { one(source.key(&GROUP)) };
    if let Some(own) = group.get() {
        add_self(&place, own, &mut groups);
    }
    let prefix_lists = place.attribute("prefix_list_ids").keys(&PREFIX_LIST);
    let peers = RulePeers { cidrs, groups, prefix_lists };
    let rule = SecurityGroupRule {
        origin: place.origin(),
        services: services::of(&place, "protocol"),
        peers,
        description: place.attribute("description").known_text(),
    };
    Some(Separate { group, direction, rule })
}

/// `aws_vpc_security_group_ingress_rule` and `..._egress_rule`
fn new(graph: &Graph, resource: &Resource) -> Separate {
    let place = Place::top(graph, resource);
    let direction =
        if resource.kind.contains("ingress") { Direction::Ingress } else { Direction::Egress };
    let mut cidrs = SetVal::default();
    for name in ["cidr_ipv4", "cidr_ipv6"] {
        let attribute = place.attribute(name);
        if !attribute.is_left_out() {
            join(&mut cidrs, attribute.networks());
        }
    }
    let given = |name, wanted| {
        let attribute = place.attribute(name);
        if attribute.is_left_out() { SetVal::default() } else { one(attribute.key(wanted)) }
    };
    let groups = given("referenced_security_group_id", &GROUP);
    let prefix_lists = given("prefix_list_id", &PREFIX_LIST);
    let rule = SecurityGroupRule {
        origin: place.origin(),
        services: services::of(&place, "ip_protocol"),
        peers: RulePeers { cidrs, groups, prefix_lists },
        description: place.attribute("description").known_text(),
    };
    Separate { group: place.attribute("security_group_id").needed(&GROUP), direction, rule }
}

/// One thing as a set.
pub(super) fn one(value: Val<Option<Key>>) -> SetVal<Key> {
    match value {
        Val::Known(key) => SetVal::known(key),
        Val::Assumed(key, note) => SetVal::assumed(key, note),
        Val::OneOf(keys, note) => SetVal {
            maybe: keys.into_iter().flatten().collect(),
            unknown: Some(note),
            ..SetVal::default()
        },
        Val::Unknown(note) => SetVal::unknown(note),
    }
}

/// A rule under the assumption that it belongs to the group.
pub(super) fn assumed_there(rule: &SecurityGroupRule, note: &Note) -> SecurityGroupRule {
    SecurityGroupRule { services: also_assuming(rule.services.clone(), note), ..rule.clone() }
}

/// A rule that may belong to the group: it may admit all that it would.
pub(super) fn perhaps_there(rule: &SecurityGroupRule, note: &Note) -> SecurityGroupRule {
    SecurityGroupRule {
        peers: RulePeers {
            cidrs: perhaps(&rule.peers.cidrs, note),
            groups: perhaps(&rule.peers.groups, note),
            prefix_lists: perhaps(&rule.peers.prefix_lists, note),
        },
        ..rule.clone()
    }
}

fn perhaps<T: Ord + Clone>(set: &SetVal<T>, note: &Note) -> SetVal<T> {
    if set.sure.is_empty() {
        return set.clone();
    }
    let maybe = set.sure.iter().chain(&set.maybe).cloned().collect();
    let unknown = set.unknown.clone().or_else(|| Some(note.clone()));
    SetVal {
        sure: std::collections::BTreeSet::new(),
        maybe,
        open: set.open,
        unknown,
        assumed: None,
    }
}

/// Whether `rule` is part of `other`: the same services, and no peer that `other` lacks.
pub(super) fn is_part_of(rule: &SecurityGroupRule, other: &SecurityGroupRule) -> bool {
    let (ours, theirs) = (&rule.peers, &other.peers);
    let settled =
        ours.cidrs.is_settled() && ours.groups.is_settled() && ours.prefix_lists.is_settled();
    settled
        && rule.services.get().is_some()
        && rule.services.get() == other.services.get()
        && ours.cidrs.sure.is_subset(&theirs.cidrs.sure)
        && ours.groups.sure.is_subset(&theirs.groups.sure)
        && ours.prefix_lists.sure.is_subset(&theirs.prefix_lists.sure)
}

/// What is left of an inline rule without the peers of a separate one; `None`: nothing. AWS lists
/// peers with the same services as one rule, whoever wrote them.
pub(super) fn without(
    mut rule: SecurityGroupRule,
    separate: &SecurityGroupRule,
) -> Option<SecurityGroupRule> {
    if !is_part_of(separate, &rule) {
        return Some(rule);
    }
    let peers = &mut rule.peers;
    peers.cidrs.sure.retain(|net| !separate.peers.cidrs.sure.contains(net));
    peers.groups.sure.retain(|key| !separate.peers.groups.sure.contains(key));
    peers.prefix_lists.sure.retain(|key| !separate.peers.prefix_lists.sure.contains(key));
    let empty = peers.cidrs.sure.is_empty()
        && peers.groups.sure.is_empty()
        && peers.prefix_lists.sure.is_empty();
    let settled =
        peers.cidrs.is_settled() && peers.groups.is_settled() && peers.prefix_lists.is_settled();
    if empty && settled { None } else { Some(rule) }
}

/// That the rules of a group are not in the sources.
pub(super) fn not_in_sources(key: &Key) -> Note {
    format!("{key} is not in the sources").into()
}

/// That a data source shows something without all of its settings.
pub(super) fn made_elsewhere(key: &Key) -> Note {
    format!("the settings of {key}, which is made elsewhere").into()
}

/// That a data source shows a group without its rules.
pub(super) fn rules_not_shown(key: &Key) -> Note {
    Subject { path: "", name: "ingress", key, reason: None }
        .odd("and `egress` are not shown by a data source")
}
