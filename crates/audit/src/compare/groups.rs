//! Settings of security groups: their rules one by one, and rules that the next apply removes.
//!
//! A rule with three peers may be written as three rules, and three ports of one peer as one rule
//! each: so rules are taken apart into one peer each, and put together again by peer and
//! description.

use std::collections::BTreeMap;

use farmgate_aws::model::{
    Direction, Key, Note, RemovedRule, RuleList, SecurityGroup, SecurityGroupRule, Val,
};
use farmgate_net::service::ServiceSet;

use super::diff::{Alone, Diff, Entry, Item};
use super::names::{Names, Side};
use super::value::{told, told_set};

/// How AWS describes the group that it makes with a VPC.
const GROUP_OF_AWS: &str = "default VPC security group";

/// How the provider describes a group without a description.
const GROUP_OF_TERRAFORM: &str = "Managed by Terraform";

impl Item for SecurityGroup {
    const KIND: &'static str = "security group";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key, name, description, vpc, is_default, managed, ingress, egress, tags } = left;
        if !managed && !right.managed && key == &right.key {
            // One and the same, whatever its rules are.
            return;
        }
        // Every default group is called `default`.
        if !is_default || !right.is_default {
            diff.val("name", name, &right.name);
        }
        let default = if *is_default { GROUP_OF_AWS } else { GROUP_OF_TERRAFORM };
        diff.written("description", description, &right.description, Some(&default.to_owned()));
        diff.val("vpc", vpc, &right.vpc);
        diff.plain("is_default", is_default, &right.is_default);
        diff.plain("managed", managed, &right.managed);
        rules(diff, Direction::Ingress, ingress, &right.ingress);
        rules(diff, Direction::Egress, egress, &right.egress);
        diff.tags(tags, &right.tags);
    }

    fn alone(&self) -> Alone {
        if self.managed { Alone::Differs } else { Alone::Open }
    }

    fn stands_for_itself(&self) -> bool {
        !self.managed
    }
}

/// Who a rule admits, as one peer; in the right model's names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    Cidr(ipnet::IpNet),
    Group(Key),
    List(Key),
}

/// A peer with a rule's description, and what the rules that say both admit.
type Atoms = BTreeMap<(Peer, String), (ServiceSet, String)>;

fn rules(diff: &mut Diff<'_>, direction: Direction, left: &RuleList, right: &RuleList) {
    // Assumed rules count as those that there are; where they are written says nothing.
    let RuleList { rules, open, assumed: _, inline: _ } = left;
    let word = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let (mut ours, loose_left) = atoms(rules, Side::Left, diff.names);
    let (mut theirs, loose_right) = atoms(&right.rules, Side::Right, diff.names);
    ours.retain(|id, own| match theirs.get(id) {
        Some(other) if other.0 == own.0 => {
            theirs.remove(id);
            false
        }
        _ => true,
    });
    let unsure_left = !loose_left.is_empty() || open.is_some();
    let unsure_right = !loose_right.is_empty() || right.open.is_some();
    for ((peer, description), (services, name)) in ours {
        let setting = format!("{word} rule {}", peer_words(word, &services, &name));
        let renamed = theirs
            .iter()
            .find(|((other, _), (admitted, _))| *other == peer && *admitted == services)
            .map(|(id, _)| id.clone());
        if let Some(id) = renamed {
            theirs.remove(&id);
            let quoted = |text: &str| format!("`{text}`");
            diff.differs(&format!("{setting} description"), quoted(&description), quoted(&id.1));
        } else if let Some((admitted, _)) = theirs.remove(&(peer, description)) {
            let setting = format!("{word} rule {name}");
            diff.differs(&setting, services.to_string(), admitted.to_string());
        } else {
            one_sided(diff, unsure_right, &setting, Side::Left);
        }
    }
    for (services, name) in theirs.into_values() {
        let setting = format!("{word} rule {}", peer_words(word, &services, &name));
        one_sided(diff, unsure_left, &setting, Side::Right);
    }
    told_loose(diff, word, (&loose_left, &loose_right));
    diff.may_be_more(&format!("{word} rule"), (open.as_ref(), right.open.as_ref()));
}

fn peer_words(direction: &str, services: &ServiceSet, peer: &str) -> String {
    let word = if direction == "ingress" { "from" } else { "to" };
    format!("{services} {word} {peer}")
}

fn one_sided(diff: &mut Diff<'_>, unsure: bool, setting: &str, side: Side) {
    let (here, there) = ("present".to_owned(), "missing".to_owned());
    let (left, right) = if side == Side::Left { (here, there) } else { (there, here) };
    if unsure {
        diff.open(setting, left, right);
    } else {
        diff.differs(setting, left, right);
    }
}

/// Rules that cannot be taken apart: their peers or services are not known.
fn told_loose(diff: &mut Diff<'_>, word: &str, loose: (&[String], &[String])) {
    if loose.0.is_empty() && loose.1.is_empty() {
        return;
    }
    let words = |all: &[String]| match all {
        [] => "all known".to_owned(),
        some => some.join("; "),
    };
    diff.open(&format!("{word} rules"), words(loose.0), words(loose.1));
}

/// Rules by peer and description; and those of which that is not known, in words.
fn atoms(list: &[SecurityGroupRule], side: Side, names: &Names<'_>) -> (Atoms, Vec<String>) {
    let mut all = Atoms::new();
    let mut loose = Vec::new();
    for rule in list {
        let SecurityGroupRule { origin: _, services, peers, description } = rule;
        let farmgate_aws::model::RulePeers { cidrs, groups, prefix_lists } = peers;
        let settled = cidrs.is_settled() && groups.is_settled() && prefix_lists.is_settled();
        let Some(admitted) = services.get().filter(|_| settled) else {
            loose.push(words(rule));
            continue;
        };
        let cidrs = cidrs.sure.iter().map(|cidr| (Peer::Cidr(*cidr), cidr.to_string()));
        let groups =
            groups.sure.iter().map(|key| (Peer::Group(names.key(side, key)), key.to_string()));
        let lists =
            prefix_lists.sure.iter().map(|key| (Peer::List(names.key(side, key)), key.to_string()));
        let said = description.clone().unwrap_or_default();
        for (peer, name) in cidrs.chain(groups).chain(lists) {
            let atom = all.entry((peer, said.clone())).or_insert((ServiceSet::empty(), name));
            atom.0 = atom.0.union(admitted);
        }
    }
    (all, loose)
}

/// A rule in words, whatever is known of it.
fn words(rule: &SecurityGroupRule) -> String {
    let services = told(&rule.services, ToString::to_string);
    let mut peers = Vec::new();
    let note = |note: &Option<Note>| note.is_some();
    let (cidrs, groups, lists) = (&rule.peers.cidrs, &rule.peers.groups, &rule.peers.prefix_lists);
    if !cidrs.sure.is_empty() || note(&cidrs.unknown) {
        peers.push(told_set(cidrs));
    }
    if !groups.sure.is_empty() || note(&groups.unknown) {
        peers.push(told_set(groups));
    }
    if !lists.sure.is_empty() || note(&lists.unknown) {
        peers.push(told_set(lists));
    }
    format!("{services} with {}", peers.join(" or "))
}

impl Entry for RemovedRule {
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        let Self { group, declared_by: _, rule, direction } = left;
        let one = |side, rule: &SecurityGroupRule| {
            let (atoms, loose) = atoms(std::slice::from_ref(rule), side, names);
            (atoms.into_iter().map(|(id, (services, _))| (id, services)).collect::<Vec<_>>(), loose)
        };
        names.key(Side::Left, group) == names.key(Side::Right, &right.group)
            && *direction == right.direction
            && one(Side::Left, rule) == one(Side::Right, &right.rule)
    }

    fn is_loose(&self) -> bool {
        matches!(self.rule.services, Val::Unknown(_) | Val::OneOf(..))
    }

    fn words(&self) -> String {
        format!("{} of {}", words(&self.rule), self.group)
    }

    fn compare(_: &mut Diff<'_>, _: &Self, _: &Self) {}
}
