//! What is not known of the settings that decide over an answer.
//!
//! A thing that neither network knows is no doubt if it is the same thing in both (the content of
//! AWS's prefix lists, a NAT gateway's address before it is made): whatever it is, it is so in both,
//! and answers that differ differ for another reason.

use std::collections::BTreeSet;

use farmgate_aws::network::Lowered;
use farmgate_net::rule::{Group, Rule};
use farmgate_net::topology::{
    Back, Front, InterfaceId, ListId, Nat, Network, Public, RelayId, SubnetId,
};
use farmgate_net::uncertain::Note;

use super::Nets;
use crate::compare::names::{Names, Side};

/// What decides over an answer: interfaces, with all that filters and routes at them, and relays.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) interfaces: Vec<InterfaceId>,
    pub(super) relays: Vec<RelayId>,
}

impl About {
    /// The same interfaces and, of these relays, everything.
    pub(super) fn with_relays(mut self, net: &Network, relays: BTreeSet<RelayId>) -> Self {
        for relay in relays.iter().filter_map(|id| net.relays.get(id.index())) {
            if let Front::Interfaces(ids) = &relay.front {
                self.interfaces.extend(ids);
            }
            if let Back::Interfaces(ids) = &relay.back {
                self.interfaces.extend(ids);
            }
        }
        self.relays.extend(relays);
        self
    }
}

impl Nets<'_> {
    /// What each network does not know of what decides over its answer.
    pub(super) fn doubts(&self, about: &[About; 2]) -> [BTreeSet<Note>; 2] {
        let [left, right] = self.lowered;
        let [ours, theirs] = about;
        let [lists, other_lists] = &self.unlisted;
        [doubts(left, right, ours, lists), doubts(right, left, theirs, other_lists)]
    }
}

fn doubts(
    own: &Lowered,
    other: &Lowered,
    about: &About,
    unlisted: &BTreeSet<ListId>,
) -> BTreeSet<Note> {
    let net = &own.net;
    let mut all = BTreeSet::new();
    for interface in about.interfaces.iter().filter_map(|id| net.interfaces.get(id.index())) {
        all.extend(interface.public.missing().cloned());
        subnet(net, interface.subnet, &mut all);
        let Some(groups) = &interface.groups else { continue };
        all.extend(groups.unknown.clone().filter(|_| !groups.is_settled()));
        for id in groups.mentioned() {
            if let Some(group) = net.groups.get(id.index()) {
                self::group(net, group, unlisted, &mut all);
            }
        }
    }
    for relay in about.relays.iter().filter_map(|id| net.relays.get(id.index())) {
        all.extend(relay.forwards.iter().filter_map(|forward| forward.maybe.clone()));
    }
    all.extend(nats(own, other));
    all
}

fn subnet(net: &Network, id: SubnetId, all: &mut BTreeSet<Note>) {
    let Some(found) = net.subnets.get(id.index()) else { return };
    all.extend(found.acl.missing().cloned());
    all.extend(found.table.missing().cloned());
    let acl = found.acl.get().and_then(Option::as_ref).and_then(|id| net.acls.get(id.index()));
    all.extend(acl.and_then(|acl| acl.open.clone()));
    let table = found.table.get().and_then(|id| net.tables.get(id.index()));
    for table in table.into_iter() {
        all.extend(table.open.clone());
        all.extend(table.routes.iter().filter_map(|route| match &route.via {
            farmgate_net::route::Via::Opaque(note) => Some(note.clone()),
            _ => None,
        }));
    }
}

fn group(net: &Network, group: &Group, unlisted: &BTreeSet<ListId>, all: &mut BTreeSet<Note>) {
    all.extend(group.ingress_open.iter().chain(&group.egress_open).cloned());
    for rule in group.ingress.iter().chain(&group.egress) {
        let Rule { name: _, services: _, peers, maybe, assumed: _ } = rule;
        all.extend(maybe.clone());
        let lists = peers.lists.iter().filter(|id| !unlisted.contains(id));
        let lists = lists.filter_map(|id| net.lists.get(id.index()));
        all.extend(lists.filter_map(|list| list.addresses.missing()).cloned());
    }
}

/// The prefix lists of which neither network knows the content, in each.
pub(super) fn unknown_in_both(
    names: &Names<'_>,
    [left, right]: [&Lowered; 2],
) -> [BTreeSet<ListId>; 2] {
    let unknown = |of: &Lowered, id: ListId| {
        of.net.lists.get(id.index()).is_some_and(|list| list.addresses.missing().is_some())
    };
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    for (key, own) in &left.lists {
        let other = right.lists.get(&names.key(Side::Left, key)).copied();
        if let Some(other) = other.filter(|id| unknown(right, *id) && unknown(left, *own)) {
            ours.insert(*own);
            theirs.insert(other);
        }
    }
    [ours, theirs]
}

/// NAT gateways whose public address is not known here, where the other network knows some.
fn nats(own: &Lowered, other: &Lowered) -> Option<Note> {
    let address_known = |nat: &Nat| match nat.public.get() {
        Some(Public::Address(addresses)) => {
            matches!(addresses.prefixes().as_slice(), [only] if only.prefix_len() == only.max_prefix_len())
        }
        Some(Public::None) => true,
        None => false,
    };
    let unknown = own.net.nats.iter().find(|nat| !address_known(nat))?;
    let known = other.net.nats.iter().any(address_known);
    known.then(|| format!("the public address of {}", unknown.name).into())
}
