//! Destinations by parts that no rule, list or route tells apart.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::route::Destination;
use farmgate_net::topology::{Interface, InterfaceId, Network, Public, SubnetId};
use farmgate_net::uncertain::Uncertain;

use super::ends::End;
use super::same::Same;
use crate::compare::names::{Names, Side};

/// Cuts `whole` so that each of `cuts` holds all or nothing of every part.
fn parts(whole: AddrSet, cuts: &BTreeSet<AddrSet>) -> Vec<AddrSet> {
    let mut parts = vec![whole];
    for cut in cuts {
        let halves = parts.iter().flat_map(|part| [part.intersect(cut), part.subtract(cut)]);
        parts = halves.filter(|part| !part.is_empty()).collect();
    }
    parts
}

/// The address sets by which the groups of an interface tell its destinations apart.
fn told_by_groups(net: &Network, id: InterfaceId, all: &mut BTreeSet<AddrSet>) {
    let groups = net.interfaces.get(id.index()).and_then(|i| i.groups.as_ref());
    for group in groups.into_iter().flat_map(|set| set.mentioned()) {
        let Some(group) = net.groups.get(group.index()) else { continue };
        for peers in group.egress.iter().map(|rule| &rule.peers) {
            all.insert(peers.addresses.clone());
            let lists = peers.lists.iter().filter_map(|list| net.lists.get(list.index()));
            all.extend(lists.filter_map(|list| list.addresses.get()).cloned());
        }
    }
}

/// The address sets by which any network ACL or route tells destinations apart.
fn told_by_subnets(net: &Network, all: &mut BTreeSet<AddrSet>) {
    for acl in &net.acls {
        all.extend(acl.ingress.iter().chain(&acl.egress).map(|entry| entry.addresses.clone()));
    }
    for route in net.tables.iter().flat_map(|table| &table.routes) {
        match &route.destination {
            Destination::Prefix(prefix) => {
                all.insert(AddrSet::prefix(*prefix));
            }
            Destination::List(list) => {
                let known = net.lists.get(list.index()).and_then(|list| list.addresses.get());
                all.extend(known.cloned());
            }
        }
    }
}

/// The parts of the internet that an interface may reach differently.
pub(super) fn outside_cells(nets: [&Network; 2], from: &End) -> Vec<AddrSet> {
    let [left, right] = nets;
    let [own, other] = from.ids;
    cells_of(&[(left, &[own]), (right, &[other])])
}

/// The same for several interfaces of each network.
pub(super) fn cells_of(of: &[(&Network, &[InterfaceId])]) -> Vec<AddrSet> {
    let mut cuts = BTreeSet::new();
    for (net, ids) in of {
        ids.iter().for_each(|id| told_by_groups(net, *id, &mut cuts));
        told_by_subnets(net, &mut cuts);
    }
    let internet = AddrSet::internet();
    let families = [internet.only_v4(), internet.only_v6()];
    families.into_iter().flat_map(|family| parts(family, &cuts)).collect()
}

/// An interface that is in neither model: it has an address of a part of a subnet, and no group
/// filters it. What reaches it shows what may leave towards that address.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) ids: [InterfaceId; 2],
    pub(super) addresses: AddrSet,
}

/// The probes for every end.
#[derive(Debug, Default)]
pub(super) struct Probes {
    all: Vec<Probe>,
    /// By the position of the end.
    by_end: BTreeMap<usize, Vec<usize>>,
}

impl Probes {
    /// Adds to both networks the probes that their ends need, where not all is the same.
    pub(super) fn new(
        [left, right]: [&Lowered; 2],
        names: &Names<'_>,
        ends: &[End],
        same: &Same,
        nets: [&mut Network; 2],
    ) -> Self {
        let [net_left, net_right] = nets;
        let subnets = shared_subnets([left, right], names);
        let mut made: BTreeMap<(SubnetId, AddrSet), usize> = BTreeMap::new();
        let mut probes = Self::default();
        let mut everywhere = BTreeSet::new();
        told_by_subnets(&left.net, &mut everywhere);
        told_by_subnets(&right.net, &mut everywhere);
        for (at, end) in ends.iter().enumerate() {
            let asked = subnets.iter().filter(|([own, _], _)| !same.towards(at, *own));
            let asked: Vec<_> = asked.collect();
            if asked.is_empty() {
                continue;
            }
            let mut cuts = everywhere.clone();
            for (lowered, id) in [left, right].into_iter().zip(end.ids) {
                told_by_groups(&lowered.net, id, &mut cuts);
            }
            for (ids, addresses) in asked {
                let [own, other] = *ids;
                let families = [addresses.only_v4(), addresses.only_v6()];
                let families = families.into_iter().filter(|family| !family.is_empty());
                for part in families.flat_map(|family| parts(family, &cuts)) {
                    let next = probes.all.len();
                    let index = *made.entry((own, part.clone())).or_insert(next);
                    if index == next {
                        let ids = [add(net_left, own, &part), add(net_right, other, &part)];
                        probes.all.push(Probe { ids, addresses: part });
                    }
                    probes.by_end.entry(at).or_default().push(index);
                }
            }
        }
        probes
    }

    /// The probes that the end at this position needs.
    pub(super) fn of(&self, end: usize) -> impl Iterator<Item = &Probe> {
        let indexes = self.by_end.get(&end).into_iter().flatten();
        indexes.filter_map(|index| self.all.get(*index))
    }
}

/// The subnets that both networks have, with the addresses that they have in both.
fn shared_subnets(
    [left, right]: [&Lowered; 2],
    names: &Names<'_>,
) -> Vec<([SubnetId; 2], AddrSet)> {
    let addresses = |lowered: &Lowered, id: SubnetId| {
        lowered.net.subnets.get(id.index()).map(|s| s.addresses.clone()).unwrap_or_default()
    };
    let pairs = left.subnets.iter().filter_map(|(key, own)| {
        let other = *right.subnets.get(&names.key(Side::Left, key))?;
        let both = addresses(left, *own).intersect(&addresses(right, other));
        (!both.is_empty()).then_some(([*own, other], both))
    });
    pairs.collect()
}

fn add(net: &mut Network, subnet: SubnetId, addresses: &AddrSet) -> InterfaceId {
    let id = InterfaceId(u32::try_from(net.interfaces.len()).unwrap_or(u32::MAX));
    net.interfaces.push(Interface {
        name: "a host of the network".to_owned(),
        subnet,
        placed: None,
        addresses: addresses.clone(),
        public: Uncertain::Known(Public::None),
        groups: None,
    });
    id
}
