//! What one setting admits: a group on an interface, a list on a subnet, and their notes.

use std::collections::BTreeSet;

use super::world::{Seen, World};
use super::{EPHEMERAL, Engine, Replies};
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::rule::{Direction, Rule};
use crate::service::{Service, ServiceSet, TCP, UDP};
use crate::topology::{AclId, GroupId, InterfaceId, ListId, Outside, SubnetId};
use crate::uncertain::{Note, Uncertain};

/// Which end of the connection a check looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It admits (source, service).
    Source,
    /// It admits (destination, service).
    Destination,
    /// It admits (source as a translating gateway shows it, service).
    Translated,
}

/// What kind of setting a check reads; enough to explain it for one packet.
#[derive(Debug, Clone)]
pub(crate) enum Setting {
    /// The groups of an interface.
    Groups { interface: InterfaceId, direction: Direction, peer: Carried },
    /// The list of a subnet, for the packets of the connection itself.
    List { subnet: SubnetId, acl: Option<AclId>, direction: Direction },
    /// The list of a subnet, for the replies.
    Replies { subnet: SubnetId, acl: Option<AclId>, direction: Direction, ports: (u16, u16) },
    /// The route by which a packet leaves a subnet.
    Route { subnet: SubnetId, wanted: &'static str, carried: Carried },
    /// Whether there is a public address.
    Public { name: String },
    /// Something that the text says by itself.
    Fact { name: String, yes: String, no: String },
}

/// One setting on a leg and the packets that it lets pass.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) side: Side,
    pub(crate) code: &'static str,
    pub(crate) setting: Setting,
    /// Admitted whatever the unknowns are.
    pub(crate) sure: PacketSet,
    /// Admitted for some value of them.
    pub(crate) possible: PacketSet,
    pub(crate) deciders: BTreeSet<Note>,
    pub(crate) assumes: BTreeSet<Note>,
}

/// The groups by which the other end may be recognized.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carried {
    pub(crate) sure: BTreeSet<GroupId>,
    pub(crate) maybe: BTreeSet<GroupId>,
    /// Any group at all may be on it.
    pub(crate) any: Option<Note>,
    /// Lists on which all of its addresses are.
    pub(crate) lists: Vec<ListId>,
    /// Lists on which none of them is.
    pub(crate) off_lists: Vec<ListId>,
    pub(crate) assumed: Option<Note>,
}

impl Carried {
    /// The groups that an interface carries.
    pub(crate) fn of(engine: &Engine<'_>, interface: InterfaceId) -> Self {
        let found = engine.net.interfaces.get(interface.index());
        let Some(groups) = found.and_then(|i| i.groups.as_ref()) else {
            return Self::default();
        };
        Self {
            sure: groups.sure.clone(),
            maybe: groups.maybe.clone(),
            any: groups.unknown.clone().filter(|_| groups.open),
            lists: Vec::new(),
            off_lists: Vec::new(),
            assumed: groups.assumed.clone(),
        }
    }

    /// An outside host, known by the lists that it is on.
    pub(crate) fn outside(host: &Outside) -> Self {
        let (lists, off_lists) = (host.lists.clone(), host.off_lists.clone());
        Self { lists, off_lists, ..Self::default() }
    }
}

/// The other end, as a group's rule sees it.
#[derive(Debug, Clone)]
pub(crate) struct Peer<'a> {
    pub(crate) addresses: &'a AddrSet,
    pub(crate) carried: &'a Carried,
}

struct Bounds {
    sure: Vec<PacketSet>,
    possible: Vec<PacketSet>,
    deciders: BTreeSet<Note>,
    assumes: BTreeSet<Note>,
}

/// What the groups of an interface admit.
pub(crate) fn groups(
    engine: &Engine<'_>,
    world: &World,
    interface: InterfaceId,
    direction: Direction,
    peer: &Peer<'_>,
) -> Check {
    let mut bounds = Bounds {
        sure: Vec::new(),
        possible: Vec::new(),
        deciders: BTreeSet::new(),
        assumes: BTreeSet::new(),
    };
    match engine.net.interfaces.get(interface.index()).and_then(|i| i.groups.as_ref()) {
        None => {
            bounds.sure.push(PacketSet::all());
        }
        Some(set) => {
            bounds.assumes.extend(set.assumed.clone());
            bounds.deciders.extend(set.unknown.clone());
            for group in &set.sure {
                one_group(engine, world, *group, direction, peer, true, &mut bounds);
            }
            for group in &set.maybe {
                one_group(engine, world, *group, direction, peer, false, &mut bounds);
            }
            if set.open {
                bounds.possible.push(PacketSet::all());
            }
        }
    }
    let sure = union(&bounds.sure);
    let possible = sure.union(&union(&bounds.possible));
    Check {
        side: match direction {
            Direction::Ingress => Side::Source,
            Direction::Egress => Side::Destination,
        },
        code: "ENI_SG_RULES_MISMATCH",
        setting: Setting::Groups { interface, direction, peer: peer.carried.clone() },
        sure,
        possible,
        deciders: bounds.deciders,
        assumes: bounds.assumes,
    }
}

fn union(sets: &[PacketSet]) -> PacketSet {
    sets.iter().fold(PacketSet::empty(), |all, set| all.union(set))
}

fn one_group(
    engine: &Engine<'_>,
    world: &World,
    group: GroupId,
    direction: Direction,
    peer: &Peer<'_>,
    surely_carried: bool,
    bounds: &mut Bounds,
) {
    let Some(found) = engine.net.groups.get(group.index()) else {
        return;
    };
    let Some(compiled) = engine.compiled(group, direction) else {
        return;
    };
    let (open, assumed) = match direction {
        Direction::Ingress => (&found.ingress_open, &found.ingress_assumed),
        Direction::Egress => (&found.egress_open, &found.egress_assumed),
    };
    bounds.assumes.extend(assumed.clone());
    bounds.assumes.extend(found.rules(direction).iter().filter_map(|r| r.assumed.clone()));
    bounds.deciders.extend(found.rules(direction).iter().filter_map(|r| r.maybe.clone()));
    if open.is_some() {
        bounds.deciders.extend(open.clone());
        bounds.possible.push(PacketSet::all());
    }
    let mut sure = vec![compiled.addresses_sure.clone()];
    let mut possible = vec![compiled.addresses_possible.clone()];
    let here = |services: &ServiceSet| PacketSet::product(services, peer.addresses);
    for (other, services) in &compiled.groups_sure {
        if peer.carried.sure.contains(other) {
            sure.push(here(services));
            bounds.assumes.extend(peer.carried.assumed.clone());
        }
    }
    for (other, services) in &compiled.groups_possible {
        let named = peer.carried.sure.contains(other) || peer.carried.maybe.contains(other);
        if named || peer.carried.any.is_some() {
            possible.push(here(services));
            if !peer.carried.sure.contains(other) {
                bounds.deciders.extend(peer.carried.any.clone());
            }
        }
    }
    lists(engine, world, &compiled.lists_sure, peer, &mut sure, None);
    let deciders = &mut bounds.deciders;
    lists(engine, world, &compiled.lists_possible, peer, &mut possible, Some(deciders));
    if surely_carried {
        bounds.sure.append(&mut sure);
    } else {
        bounds.possible.append(&mut sure);
    }
    bounds.possible.append(&mut possible);
}

/// Rules that name prefix lists. With `deciders` the upper bound is meant, without the lower.
fn lists(
    engine: &Engine<'_>,
    world: &World,
    named: &std::collections::BTreeMap<ListId, ServiceSet>,
    peer: &Peer<'_>,
    into: &mut Vec<PacketSet>,
    mut deciders: Option<&mut BTreeSet<Note>>,
) {
    for (list, services) in named {
        if peer.carried.off_lists.contains(list) {
            continue;
        }
        if peer.carried.lists.contains(list) {
            into.push(PacketSet::product(services, peer.addresses));
            continue;
        }
        match (world.list(engine.net, *list), deciders.as_deref_mut()) {
            (Uncertain::Known(addresses) | Uncertain::Assumed(addresses, _), _) => {
                into.push(PacketSet::product(services, &addresses));
            }
            (Uncertain::Unknown(note) | Uncertain::OneOf(_, note), Some(deciders)) => {
                into.push(PacketSet::product(services, &engine.net.list_bound(*list)));
                deciders.insert(note);
            }
            (Uncertain::Unknown(_) | Uncertain::OneOf(..), None) => {}
        }
    }
}

/// What a subnet's list admits of the connection's own packets.
pub(crate) fn list(
    engine: &Engine<'_>,
    world: &World,
    subnet: SubnetId,
    direction: Direction,
    side: Side,
) -> Option<Check> {
    let (acl, sure, possible, deciders, assumes) = read_list(engine, world, subnet, direction)?;
    Some(Check {
        side,
        code: "SUBNET_ACL_RESTRICTION",
        setting: Setting::List { subnet, acl, direction },
        sure,
        possible,
        deciders,
        assumes,
    })
}

type Read = (Option<AclId>, PacketSet, PacketSet, BTreeSet<Note>, BTreeSet<Note>);

/// A subnet's list as read in a world; `None` if it surely has none, which admits all.
fn read_list(
    engine: &Engine<'_>,
    world: &World,
    subnet: SubnetId,
    direction: Direction,
) -> Option<Read> {
    let mut deciders = BTreeSet::new();
    let mut assumes = BTreeSet::new();
    let (acl, note) = match world.acl(engine.net, subnet) {
        Seen::Unknown(note) => {
            deciders.insert(note);
            return Some((None, PacketSet::empty(), PacketSet::all(), deciders, assumes));
        }
        Seen::Value(None, None) => return None,
        Seen::Value(None, note) => {
            assumes.extend(note);
            return Some((None, PacketSet::all(), PacketSet::all(), deciders, assumes));
        }
        Seen::Value(Some(acl), note) => (acl, note),
    };
    assumes.extend(note);
    let Some(found) = engine.net.acls.get(acl.index()) else {
        return Some((None, PacketSet::empty(), PacketSet::all(), deciders, assumes));
    };
    assumes.extend(found.assumed.clone());
    if let Some(note) = &found.open {
        deciders.insert(note.clone());
        return Some((Some(acl), PacketSet::empty(), PacketSet::all(), deciders, assumes));
    }
    let admitted = engine.admitted(acl, direction).cloned().unwrap_or_default();
    Some((Some(acl), admitted.clone(), admitted, deciders, assumes))
}

/// What a subnet's list admits of the replies: to TCP and UDP they go to the port from which the
/// connection was opened, to other protocols they are of the same protocol.
pub(crate) fn replies(
    engine: &Engine<'_>,
    world: &World,
    subnet: SubnetId,
    direction: Direction,
    side: Side,
    ports: (u16, u16),
) -> Option<Check> {
    let (acl, sure, possible, deciders, assumes) = read_list(engine, world, subnet, direction)?;
    Some(Check {
        side,
        code: "SUBNET_ACL_RESTRICTION",
        setting: Setting::Replies { subnet, acl, direction, ports },
        sure: replied(&sure, ports),
        possible: replied(&possible, ports),
        deciders,
        assumes,
    })
}

/// The connections whose replies get through, if the reply port is any of `ports`: all must.
fn replied(admitted: &PacketSet, ports: (u16, u16)) -> PacketSet {
    let mut result = admitted.restrict(&ServiceSet::all().without_ports(), &AddrSet::all());
    for protocol in [TCP, UDP] {
        let peers = admitted.peers_for_all(&ServiceSet::ports(protocol, ports.0, ports.1));
        result = result.union(&PacketSet::product(&ServiceSet::protocol(protocol), &peers));
    }
    result
}

/// The reply ports to try, each range of which the lists of these subnets treat alike. All of them
/// together if every reply must get back.
pub(crate) fn reply_ports(
    engine: &Engine<'_>,
    world: &World,
    subnets: &[SubnetId],
    replies: Replies,
) -> Vec<(u16, u16)> {
    if replies == Replies::All {
        return vec![EPHEMERAL];
    }
    let mut starts = BTreeSet::from([EPHEMERAL.0]);
    for subnet in subnets {
        let Seen::Value(Some(acl), _) = world.acl(engine.net, *subnet) else {
            continue;
        };
        for direction in [Direction::Ingress, Direction::Egress] {
            let Some(admitted) = engine.admitted(acl, direction) else {
                continue;
            };
            for (services, _) in admitted.bands() {
                for (protocol, low, high) in services.services() {
                    if protocol == TCP || protocol == UDP {
                        starts.insert(low);
                        starts.extend(high.checked_add(1));
                    }
                }
            }
        }
    }
    let starts: Vec<u16> = starts.into_iter().filter(|p| *p >= EPHEMERAL.0).collect();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([EPHEMERAL.1]);
    starts.iter().copied().zip(ends).collect()
}

/// The rules of an interface's groups that surely or possibly admit this packet.
pub(crate) fn admitting<'n>(
    engine: &Engine<'n>,
    interface: InterfaceId,
    direction: Direction,
    peer: &Carried,
    address: std::net::IpAddr,
    service: Service,
) -> Vec<(&'n str, &'n Rule)> {
    let net = engine.net;
    let Some(set) = net.interfaces.get(interface.index()).and_then(|i| i.groups.as_ref()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for group in set.sure.iter().chain(&set.maybe) {
        let Some(group) = net.groups.get(group.index()) else {
            continue;
        };
        for rule in group.rules(direction) {
            let by_group =
                rule.peers.groups.iter().any(|g| peer.sure.contains(g) || peer.maybe.contains(g));
            let by_list = rule.peers.lists.iter().any(|list| {
                !peer.off_lists.contains(list) && peer.lists.contains(list)
                    || match net.lists.get(list.index()).map(|l| &l.addresses) {
                        Some(Uncertain::Known(a) | Uncertain::Assumed(a, _)) => a.contains(address),
                        _ => false,
                    }
            });
            let admits = rule.services.contains(service)
                && (rule.peers.addresses.contains(address) || by_group || by_list);
            if admits {
                found.push((group.name.as_str(), rule));
            }
        }
    }
    found
}
