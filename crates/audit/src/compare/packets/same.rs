//! Which interfaces nothing tells apart between the two networks, so that nothing need be asked.
//!
//! An answer about packets between two interfaces follows from what is at them: their groups, with the
//! prefix lists and groups these name; their subnets' lists and routes, with the gateways these lead
//! to; the extent of their sites. Where all of that is the same in both networks, so is the answer,
//! and what remains are few questions even among thousands of interfaces. Whatever is written in
//! another way, or names what has no partner, counts as another, and is asked about.
//!
//! Sites, lists and interfaces are taken apart whole, so that a new field of theirs is no oversight.
//! Notes are not compared: they are told with answers, and decide over none.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use farmgate_aws::model::Key;
use farmgate_aws::network::Lowered;
use farmgate_net::acl::Acl;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::route::{Destination, Route, RouteTable, Via};
use farmgate_net::rule::{Direction, Group};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{
    AclId, GroupId, Interface, ListId, NatId, Network, PrefixList, Public, Site, SiteId, Subnet,
    SubnetId,
};
use farmgate_net::uncertain::Uncertain;

use super::ends::End;
use crate::compare::names::{Names, Side};

/// What is the same.
#[derive(Debug, Default)]
pub(super) struct Same {
    /// Ends, by position, of which all is the same that decides over private addresses.
    inside: BTreeSet<usize>,
    /// Ends of which everything is.
    whole: BTreeSet<usize>,
    /// Ends without a public address in both.
    private: BTreeSet<usize>,
    /// Left subnets of which all is the same that decides over private addresses.
    subnets: BTreeSet<SubnetId>,
    /// Left sites of which all subnets are so.
    sites: BTreeSet<SiteId>,
}

impl Same {
    /// Compares what is at every end.
    pub(super) fn new(names: &Names<'_>, [left, right]: [&Lowered; 2], ends: &[End]) -> Self {
        let twins = Twins::new(names, left, right);
        let mut same = Self::default();
        let mut apart = BTreeSet::new();
        for (at, subnet) in left.net.subnets.iter().enumerate() {
            let id = SubnetId(u32::try_from(at).unwrap_or(u32::MAX));
            if twins.subnets.get(&id).is_some_and(|other| twins.subnet(id, *other, false)) {
                same.subnets.insert(id);
            } else {
                apart.insert(subnet.site);
            }
        }
        let known: BTreeSet<&SubnetId> = twins.subnets.values().collect();
        let places = right.net.subnets.iter().zip(0..);
        let strange = places.filter(|(_, at)| !known.contains(&SubnetId(*at)));
        let strange: BTreeSet<SiteId> = strange.map(|(subnet, _)| subnet.site).collect();
        let met = twins.sites.iter().filter(|(_, other)| strange.contains(other));
        apart.extend(met.map(|(own, _)| *own));
        same.sites = twins.sites.keys().copied().filter(|site| !apart.contains(site)).collect();
        for (at, end) in ends.iter().enumerate() {
            let [own, other] = end.ids;
            let pair =
                (left.net.interfaces.get(own.index()), right.net.interfaces.get(other.index()));
            let (Some(own), Some(other)) = pair else { continue };
            let none = |interface: &Interface| interface.public == Uncertain::Known(Public::None);
            if none(own) && none(other) {
                same.private.insert(at);
            }
            if twins.interface(own, other, false) {
                same.inside.insert(at);
            }
            if value(&own.public) == value(&other.public) && twins.interface(own, other, true) {
                same.whole.insert(at);
            }
        }
        same
    }

    /// Whether it is the same what gets from one end to another.
    pub(super) fn between(&self, from: usize, to: usize) -> bool {
        let whole = self.whole.contains(&from) && self.whole.contains(&to);
        let inside = self.inside.contains(&from) && self.inside.contains(&to);
        whole || (inside && self.private.contains(&to))
    }

    /// Whether it is the same what any host of a left site gets to an end there.
    pub(super) fn hosts_of(&self, site: SiteId, to: usize) -> bool {
        let inside = self.inside.contains(&to) && self.private.contains(&to);
        inside && self.sites.contains(&site)
    }

    /// Whether it is the same what comes in from outside, or goes out, directly.
    pub(super) fn outside(&self, end: usize) -> bool {
        self.whole.contains(&end)
    }

    /// Whether it is the same what gets to private addresses of a left subnet.
    pub(super) fn towards(&self, from: usize, subnet: SubnetId) -> bool {
        self.inside.contains(&from) && self.subnets.contains(&subnet)
    }
}

/// What stands for what in the other network, by ids.
struct Twins<'a> {
    left: &'a Network,
    right: &'a Network,
    sites: BTreeMap<SiteId, SiteId>,
    subnets: BTreeMap<SubnetId, SubnetId>,
    nats: BTreeMap<NatId, NatId>,
    groups: BTreeMap<GroupId, GroupId>,
    /// Lists that hold the same.
    lists: BTreeMap<ListId, ListId>,
    /// Left groups that admit the same.
    alike: BTreeSet<GroupId>,
    /// Where any rule, list or route of either network tells one address from the next.
    borders: BTreeSet<(bool, u128)>,
}

/// What one direction of a group admits, in the ids of the right network.
#[derive(Debug, Default, PartialEq, Eq)]
struct Admits {
    addresses: PacketSet,
    groups: BTreeMap<GroupId, ServiceSet>,
    lists: BTreeMap<ListId, ServiceSet>,
}

impl<'a> Twins<'a> {
    fn new(names: &Names<'_>, left: &'a Lowered, right: &'a Lowered) -> Self {
        let mut twins = Self {
            left: &left.net,
            right: &right.net,
            sites: paired(names, &left.sites, &right.sites),
            subnets: paired(names, &left.subnets, &right.subnets),
            nats: paired(names, &left.nats, &right.nats),
            groups: paired(names, &left.groups, &right.groups),
            lists: BTreeMap::new(),
            alike: BTreeSet::new(),
            borders: borders([&left.net, &right.net]),
        };
        let lists = paired(names, &left.lists, &right.lists);
        twins.lists = lists.into_iter().filter(|(own, other)| twins.list(*own, *other)).collect();
        let alike = twins.groups.iter().filter(|(own, other)| twins.group(**own, **other));
        twins.alike = alike.map(|(own, _)| *own).collect();
        twins
    }

    fn list(&self, own: ListId, other: ListId) -> bool {
        let (own, other) = (self.left.lists.get(own.index()), self.right.lists.get(other.index()));
        own.zip(other).is_some_and(|(own, other)| {
            let PrefixList { name: _, addresses, within } = own;
            *within == other.within && value(addresses) == value(&other.addresses)
        })
    }

    fn group(&self, own: GroupId, other: GroupId) -> bool {
        let (own, other) =
            (self.left.groups.get(own.index()), self.right.groups.get(other.index()));
        own.zip(other).is_some_and(|(own, other)| {
            let open = |group: &Group| [group.ingress_open.is_some(), group.egress_open.is_some()];
            let both = [Direction::Ingress, Direction::Egress].into_iter();
            open(own) == open(other)
                && both.into_iter().all(|direction| {
                    let ours = self.admits(own, direction, true);
                    ours.is_some() && ours == self.admits(other, direction, false)
                })
        })
    }

    /// What surely, and what possibly is admitted. `None`: something has no partner.
    fn admits(&self, group: &Group, direction: Direction, across: bool) -> Option<[Admits; 2]> {
        let mut all = [Admits::default(), Admits::default()];
        for rule in group.rules(direction) {
            let [sure, maybe] = &mut all;
            let into = if rule.maybe.is_some() { maybe } else { sure };
            let peers = &rule.peers;
            let packets = PacketSet::product(&rule.services, &peers.addresses);
            into.addresses = into.addresses.union(&packets);
            for id in &peers.groups {
                let id = if across { *self.groups.get(id)? } else { *id };
                let services = into.groups.entry(id).or_default();
                *services = services.union(&rule.services);
            }
            for id in &peers.lists {
                let id = if across { *self.lists.get(id)? } else { *id };
                let services = into.lists.entry(id).or_default();
                *services = services.union(&rule.services);
            }
        }
        Some(all)
    }

    /// `whole`: what lies beyond gateways, too.
    fn interface(&self, own: &Interface, other: &Interface, whole: bool) -> bool {
        // Whether the public address is the same is asked where it matters.
        let Interface { name: _, subnet, placed: _, addresses, public: _, groups } = own;
        let groups = match (groups, &other.groups) {
            (None, None) => true,
            (Some(own), Some(other)) => {
                let across = |ids: &BTreeSet<GroupId>| -> Option<BTreeSet<GroupId>> {
                    ids.iter().map(|id| self.groups.get(id).copied()).collect()
                };
                own.mentioned().all(|id| self.alike.contains(id))
                    && own.open == other.open
                    && across(&own.sure).as_ref() == Some(&other.sure)
                    && across(&own.maybe).as_ref() == Some(&other.maybe)
            }
            _ => false,
        };
        groups
            && self.addresses(addresses, &other.addresses)
            && self.subnet(*subnet, other.subnet, whole)
    }

    /// Whether addresses are the same, or no rule, list or route tells one from another.
    fn addresses(&self, own: &AddrSet, other: &AddrSet) -> bool {
        let spans = |addresses: &AddrSet| {
            let prefixes = addresses.prefixes();
            let low = prefixes.iter().map(|prefix| number(prefix.network())).min();
            low.zip(prefixes.iter().map(|prefix| number(prefix.broadcast())).max())
        };
        let within = |addresses: AddrSet| {
            spans(&addresses).is_none_or(|((v6, low), high)| {
                self.borders.range((v6, low.saturating_add(1))..=high).next().is_none()
            })
        };
        let all = own.union(other);
        own == other || (within(all.only_v4()) && within(all.only_v6()))
    }

    fn subnet(&self, own: SubnetId, other: SubnetId, whole: bool) -> bool {
        let tables = |own: &RouteTable, other: &RouteTable| {
            self.table(own, other, |own, other| self.nat(own, other, whole))
        };
        self.placed(own, other, tables)
    }

    fn placed(
        &self,
        own: SubnetId,
        other: SubnetId,
        tables: impl Fn(&RouteTable, &RouteTable) -> bool,
    ) -> bool {
        if self.subnets.get(&own) != Some(&other) {
            return false;
        }
        let pair = (self.left.subnets.get(own.index()), self.right.subnets.get(other.index()));
        let (Some(own), Some(other)) = pair else { return false };
        self.site(own, other)
            && alike(&own.acl, &other.acl, |own, other| self.acl(*own, *other))
            && alike(&own.table, &other.table, |own, other| {
                let own = self.left.tables.get(own.index());
                let other = self.right.tables.get(other.index());
                own.zip(other).is_some_and(|(own, other)| tables(own, other))
            })
    }

    fn site(&self, own: &Subnet, other: &Subnet) -> bool {
        let pair =
            (self.left.sites.get(own.site.index()), self.right.sites.get(other.site.index()));
        let (Some(ours), Some(theirs)) = pair else { return false };
        let Site { name: _, addresses, open, unplaced } = ours;
        self.sites.get(&own.site) == Some(&other.site)
            && *addresses == theirs.addresses
            && open.is_some() == theirs.open.is_some()
            && unplaced.is_some() == theirs.unplaced.is_some()
            && own.addresses == other.addresses
    }

    fn acl(&self, own: Option<AclId>, other: Option<AclId>) -> bool {
        let (Some(own), Some(other)) = (own, other) else {
            return own.is_none() && other.is_none();
        };
        let pair = (self.left.acls.get(own.index()), self.right.acls.get(other.index()));
        let (Some(own), Some(other)) = pair else { return false };
        let alike = |direction| entries(own, direction) == entries(other, direction);
        alike(Direction::Ingress)
            && alike(Direction::Egress)
            && own.open.is_some() == other.open.is_some()
    }

    fn table(
        &self,
        own: &RouteTable,
        other: &RouteTable,
        nats: impl Fn(NatId, NatId) -> bool,
    ) -> bool {
        let alike = |own: &Route, other: &Route| {
            let destination = match (&own.destination, &other.destination) {
                (Destination::List(own), Destination::List(other)) => {
                    self.lists.get(own) == Some(other)
                }
                (own, other) => own == other,
            };
            let via = match (&own.via, &other.via) {
                // Whose they are is another question; where they lead is told by their notes.
                (Via::Interface(_), _) | (_, Via::Interface(_)) => false,
                (Via::Nat(own), Via::Nat(other)) => nats(*own, *other),
                (own, other) => own == other,
            };
            destination && via && own.propagated == other.propagated
        };
        let within = |some: &[Route], all: &dyn Fn(&Route) -> bool| some.iter().all(all);
        own.open.is_some() == other.open.is_some()
            && own.routes.len() == other.routes.len()
            && within(&own.routes, &|own| other.routes.iter().any(|other| alike(own, other)))
            && within(&other.routes, &|other| own.routes.iter().any(|own| alike(own, other)))
    }

    /// A gateway whose own subnet leads through no other. Its public address is nothing to private ones.
    fn nat(&self, own: NatId, other: NatId, whole: bool) -> bool {
        if self.nats.get(&own) != Some(&other) {
            return false;
        }
        let pair = (self.left.nats.get(own.index()), self.right.nats.get(other.index()));
        let (Some(own), Some(other)) = pair else { return false };
        let has_none = |public: &Uncertain<Public>| public.get() == Some(&Public::None);
        let public = if whole {
            value(&own.public) == value(&other.public)
        } else {
            has_none(&own.public) == has_none(&other.public)
        };
        public
            && self.addresses(&own.addresses, &other.addresses)
            && self
                .placed(own.subnet, other.subnet, |own, other| self.table(own, other, |_, _| false))
    }
}

/// The ids that stand for each other; none that stands for two.
fn paired<T: Copy + Ord>(
    names: &Names<'_>,
    left: &BTreeMap<Key, T>,
    right: &BTreeMap<Key, T>,
) -> BTreeMap<T, T> {
    let mut all: BTreeMap<T, T> = BTreeMap::new();
    let (mut taken, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for (key, own) in left {
        let Some(other) = right.get(&names.key(Side::Left, key)) else { continue };
        if !taken.insert(*other) || all.insert(*own, *other).is_some() {
            twice.insert(*other);
        }
    }
    all.retain(|_, other| !twice.contains(other));
    all
}

/// Whether values are known to be alike, or are unknown in both: whatever then may be, may be in both.
fn alike<T>(own: &Uncertain<T>, other: &Uncertain<T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (own.get(), other.get()) {
        (Some(own), Some(other)) => same(own, other),
        (None, None) => {
            matches!((own, other), (Uncertain::Unknown(_), Uncertain::Unknown(_)))
        }
        _ => false,
    }
}

/// What is known of a value, without why.
fn value<T: Clone>(of: &Uncertain<T>) -> (Option<T>, Option<Vec<T>>) {
    match of {
        Uncertain::Known(value) | Uncertain::Assumed(value, _) => (Some(value.clone()), None),
        Uncertain::OneOf(values, _) => (None, Some(values.clone())),
        Uncertain::Unknown(_) => (None, None),
    }
}

/// The entries of a list in their order, without their numbers.
fn entries(acl: &Acl, direction: Direction) -> Vec<(bool, &ServiceSet, &AddrSet)> {
    let mut all: Vec<_> = acl.entries(direction).iter().collect();
    all.sort_by_key(|entry| entry.number);
    all.into_iter().map(|entry| (entry.allow, &entry.services, &entry.addresses)).collect()
}

/// An address as a number, behind whether it is IPv6.
fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u32::from(address).into()),
        IpAddr::V6(address) => (true, address.into()),
    }
}

/// The first address of every part that something tells from what is before it.
fn borders(nets: [&Network; 2]) -> BTreeSet<(bool, u128)> {
    let mut all = BTreeSet::new();
    let mut cut = |addresses: &AddrSet| {
        for prefix in addresses.prefixes() {
            let (v6, last) = number(prefix.broadcast());
            all.insert(number(prefix.network()));
            all.extend(last.checked_add(1).map(|next| (v6, next)));
        }
    };
    cut(&AddrSet::internet());
    for net in nets {
        for group in &net.groups {
            group.ingress.iter().chain(&group.egress).for_each(|rule| cut(&rule.peers.addresses));
        }
        for acl in &net.acls {
            acl.ingress.iter().chain(&acl.egress).for_each(|entry| cut(&entry.addresses));
        }
        for list in &net.lists {
            cut(&list.within);
            if let Some(addresses) = list.addresses.get() {
                cut(addresses);
            }
        }
        for site in &net.sites {
            cut(&site.addresses);
        }
        for route in net.tables.iter().flat_map(|table| &table.routes) {
            if let Destination::Prefix(prefix) = &route.destination {
                cut(&AddrSet::prefix(*prefix));
            }
        }
    }
    all
}
