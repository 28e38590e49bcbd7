//! One leg: from an opener to an interface, with nothing between that ends the connection.
//!
//! A leg has *variants* (per address family, per gateway, per range of reply ports); each is a list
//! of checks over three domains: the source, the destination, and the source as translated.
//! Sources of the rules: Amazon VPC User Guide, "Security groups", "Network ACLs", "Route tables",
//! "Internet gateways", "NAT gateways".

use super::filter::{Carried, Check, Peer, Setting, Side, groups, list, replies, reply_ports};
use super::routing::{is_internet, is_local, route_check};
use super::world::{Seen, World};
use super::{Engine, Place, Replies, opaque};
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::route::Via;
use crate::rule::Direction;
use crate::service::ServiceSet;
use crate::topology::{Interface, InterfaceId, Outside, Public};
use crate::uncertain::Note;

/// Whether an end is one unknown member of its domain, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// One member, not known which: what is sure must hold for all.
    One,
    /// Any member: what is asked is which.
    Each,
}

/// The addresses that one end may have.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) name: String,
    pub(crate) addresses: AddrSet,
    pub(crate) quantifier: Quantifier,
}

impl Domain {
    pub(crate) fn one(name: &str, addresses: AddrSet) -> Self {
        Self { name: name.to_owned(), addresses, quantifier: Quantifier::One }
    }

    pub(crate) fn each(name: &str, addresses: AddrSet) -> Self {
        Self { name: name.to_owned(), addresses, quantifier: Quantifier::Each }
    }

    fn within(&self, addresses: &AddrSet) -> Self {
        Self { addresses: self.addresses.intersect(addresses), ..self.clone() }
    }
}

/// One variant of a leg.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) title: String,
    pub(crate) source: Domain,
    pub(crate) destination: Domain,
    pub(crate) translated: Option<Domain>,
    pub(crate) checks: Vec<Check>,
}

/// What every builder of legs needs.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'e, 'n> {
    pub(crate) engine: &'e Engine<'n>,
    pub(crate) world: &'e World,
    pub(crate) replies: Replies,
    pub(crate) explain: bool,
}

/// The client as the target behind a relay sees it, if the relay does not put itself in its place.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) domain: Domain,
}

/// All variants of the leg from `from` to `to`.
pub(crate) fn variants(scene: Scene<'_, '_>, from: &Place, to: &Place) -> Vec<Variant> {
    match (from, to) {
        (Place::Interface(from), Place::Interface(to)) => {
            let mut all = between(scene, *from, *to, None);
            all.extend(super::outbound::hairpin(scene, *from, *to));
            let net = scene.engine.net;
            let ends = (net.interfaces.get(from.index()), net.interfaces.get(to.index()));
            if let (Some(a), Some(b)) = ends
                && scene.engine.site_of(a.subnet) != scene.engine.site_of(b.subnet)
            {
                all.extend(opaque::across(scene, (*from, a), (*to, b)));
            }
            all
        }
        (Place::Interface(from), Place::Outside(to)) => {
            super::outbound::variants(scene, *from, to, Quantifier::One)
        }
        (Place::Interface(from), Place::Anywhere(to)) => {
            super::outbound::variants(scene, *from, to, Quantifier::Each)
        }
        (Place::Outside(from), Place::Interface(to)) => inbound(scene, from, Quantifier::One, *to),
        (Place::Anywhere(from), Place::Interface(to)) => {
            inbound(scene, from, Quantifier::Each, *to)
        }
        (Place::Hosts(site, addresses), Place::Interface(to)) => {
            match scene.engine.net.interfaces.get(to.index()) {
                Some(found) if scene.engine.site_of(found.subnet) == Some(*site) => {
                    hosts(scene, addresses, *to)
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Both families, each with what `of` has of it.
pub(crate) fn families() -> [AddrSet; 2] {
    [AddrSet::v4(), AddrSet::v6()]
}

/// A check that looks at the interface's groups.
pub(crate) fn group_check(
    scene: Scene<'_, '_>,
    interface: InterfaceId,
    direction: Direction,
    addresses: &AddrSet,
    carried: &Carried,
) -> Check {
    groups(scene.engine, scene.world, interface, direction, &Peer { addresses, carried })
}

/// A check that admits all or nothing, as the case may be.
pub(crate) fn fact(
    side: Side,
    code: &'static str,
    setting: Setting,
    holds: Option<bool>,
    decider: Option<Note>,
    assumed: Option<Note>,
) -> Check {
    let set = |yes: bool| {
        if yes { PacketSet::all() } else { PacketSet::empty() }
    };
    Check {
        side,
        code,
        setting,
        sure: set(holds == Some(true)),
        possible: set(holds != Some(false)),
        deciders: decider.into_iter().collect(),
        assumes: assumed.into_iter().collect(),
    }
}

/// From one interface to another by private addresses. With `client` the packets carry the
/// client's address although `from` sends them (client address preservation).
pub(crate) fn between(
    scene: Scene<'_, '_>,
    from: InterfaceId,
    to: InterfaceId,
    client: Option<&Client>,
) -> Vec<Variant> {
    let net = scene.engine.net;
    let (Some(a), Some(b)) = (net.interfaces.get(from.index()), net.interfaces.get(to.index()))
    else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for family in families() {
        let source = Domain::one(&a.name, a.addresses.intersect(&family));
        let destination = Domain::one(&b.name, b.addresses.intersect(&family));
        if source.addresses.is_empty() || destination.addresses.is_empty() {
            continue;
        }
        let seen = match client {
            Some(client) => client.domain.within(&family),
            None => source,
        };
        let crossed = if a.subnet == b.subnet { vec![] } else { vec![a.subnet, b.subnet] };
        for ports in reply_ports(scene.engine, scene.world, &crossed, scene.replies) {
            let checks = between_checks(
                scene,
                (from, a),
                (to, b),
                (&seen, &destination, client.is_some()),
                ports,
            );
            all.push(Variant {
                title: "directly".to_owned(),
                source: seen.clone(),
                destination: destination.clone(),
                translated: None,
                checks,
            });
        }
    }
    all
}

/// Why an interface's site may be another one, if it may.
fn unplaced(engine: &Engine<'_>, interface: &Interface) -> Option<Note> {
    let site = engine.site_of(interface.subnet)?;
    engine.net.sites.get(site.index())?.unplaced.clone()
}

fn between_checks(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    (to, b): (InterfaceId, &Interface),
    (seen, destination, preserved): (&Domain, &Domain, bool),
    ports: (u16, u16),
) -> Vec<Check> {
    let Scene { engine, world, .. } = scene;
    let (mine, theirs) = (Carried::of(engine, from), Carried::of(engine, to));
    let nobody = Carried::default();
    let mut checks =
        vec![group_check(scene, from, Direction::Egress, &destination.addresses, &theirs)];
    let crosses = a.subnet != b.subnet;
    if crosses {
        checks.extend(list(engine, world, a.subnet, Direction::Egress, Side::Destination));
    }
    let local = ("the site itself", &is_local as &dyn Fn(&Via) -> Option<bool>);
    let same_site = engine.site_of(a.subnet) == engine.site_of(b.subnet);
    // Neighbours in one subnet meet without a route.
    if crosses {
        let end = Side::Destination;
        checks.push(route_check(scene, a.subnet, &destination.addresses, &nobody, end, local));
    }
    if !same_site {
        let decider = unplaced(engine, a).or_else(|| unplaced(engine, b));
        let setting = Setting::Fact {
            name: a.name.clone(),
            yes: String::new(),
            no: format!("{} is in another site", b.name),
        };
        let holds = decider.is_none().then_some(false);
        checks.push(fact(Side::Destination, "NO_PATH", setting, holds, decider, None));
    }
    if crosses {
        checks.extend(list(engine, world, b.subnet, Direction::Ingress, Side::Source));
    }
    checks.push(group_check(scene, to, Direction::Ingress, &seen.addresses, &mine));
    if !preserved && crosses {
        checks.push(route_check(scene, b.subnet, &seen.addresses, &nobody, Side::Source, local));
    }
    if crosses {
        checks.extend(replies(engine, world, b.subnet, Direction::Egress, Side::Source, ports));
        checks.extend(replies(
            engine,
            world,
            a.subnet,
            Direction::Ingress,
            Side::Destination,
            ports,
        ));
    }
    note_places(&mut checks, &[a, b]);
    checks
}

/// Where an interface sits decides over its routes and lists.
pub(crate) fn note_places(checks: &mut [Check], interfaces: &[&Interface]) {
    for check in checks {
        let subnet = match &check.setting {
            Setting::List { subnet, .. }
            | Setting::Replies { subnet, .. }
            | Setting::Route { subnet, .. } => *subnet,
            _ => continue,
        };
        for interface in interfaces.iter().filter(|i| i.subnet == subnet) {
            check.assumes.extend(interface.placed.clone());
        }
    }
}

/// From any host in the site, of which nothing but its address is known.
fn hosts(scene: Scene<'_, '_>, addresses: &AddrSet, to: InterfaceId) -> Vec<Variant> {
    let Scene { engine, world, .. } = scene;
    let net = engine.net;
    let Some(b) = net.interfaces.get(to.index()) else {
        return Vec::new();
    };
    let Some(subnet) = net.subnets.get(b.subnet.index()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for family in families() {
        let source = Domain::each("a host in the site", addresses.intersect(&family));
        let destination = Domain::one(&b.name, b.addresses.intersect(&family));
        if source.addresses.is_empty() || destination.addresses.is_empty() {
            continue;
        }
        for ports in reply_ports(engine, world, &[b.subnet], scene.replies) {
            let nobody = Carried::default();
            let local = ("the site itself", &is_local as &dyn Fn(&Via) -> Option<bool>);
            let mut checks: Vec<Check> = Vec::new();
            checks.extend(list(engine, world, b.subnet, Direction::Ingress, Side::Source));
            checks.push(group_check(scene, to, Direction::Ingress, &source.addresses, &nobody));
            checks.push(route_check(
                scene,
                b.subnet,
                &source.addresses,
                &nobody,
                Side::Source,
                local,
            ));
            checks.extend(replies(engine, world, b.subnet, Direction::Egress, Side::Source, ports));
            // Neighbours in the same subnet are not filtered by its list, and need no route.
            let neighbours = PacketSet::product(&ServiceSet::all(), &subnet.addresses);
            for check in &mut checks {
                if !matches!(check.setting, Setting::Groups { .. }) {
                    check.sure = check.sure.union(&neighbours);
                    check.possible = check.possible.union(&neighbours);
                }
            }
            note_places(&mut checks, &[b]);
            all.push(Variant {
                title: "directly".to_owned(),
                source: source.clone(),
                destination: destination.clone(),
                translated: None,
                checks,
            });
        }
    }
    all
}

/// From outside through the internet gateway: IPv4 to the public address, IPv6 to the own one.
pub(crate) fn inbound(
    scene: Scene<'_, '_>,
    from: &Outside,
    quantifier: Quantifier,
    to: InterfaceId,
) -> Vec<Variant> {
    let Some(b) = scene.engine.net.interfaces.get(to.index()) else {
        return Vec::new();
    };
    let carried = Carried::outside(from);
    let mut all = Vec::new();
    for family in families() {
        let source = Domain {
            name: from.name.clone(),
            addresses: from.addresses.intersect(&family),
            quantifier,
        };
        let (destination, public) = public_end(scene, to, b, &family);
        if source.addresses.is_empty() || (public.is_none() && destination.addresses.is_empty()) {
            continue;
        }
        for ports in reply_ports(scene.engine, scene.world, &[b.subnet], scene.replies) {
            let mut checks: Vec<Check> = public.iter().cloned().collect();
            checks.extend(entry_checks(
                scene,
                to,
                b,
                &source.addresses,
                &carried,
                Side::Source,
                ports,
            ));
            all.push(Variant {
                title: "directly".to_owned(),
                source: source.clone(),
                destination: destination.clone(),
                translated: None,
                checks,
            });
        }
    }
    all.extend(opaque::inbound(scene, from, quantifier, (to, b)));
    all
}

/// The address at which an interface is met from outside, and for IPv4 the check that it has one.
pub(crate) fn public_end(
    scene: Scene<'_, '_>,
    to: InterfaceId,
    b: &Interface,
    family: &AddrSet,
) -> (Domain, Option<Check>) {
    if *family == AddrSet::v6() {
        return (Domain::one(&b.name, b.addresses.only_v6()), None);
    }
    let seen = scene.world.public(scene.engine.net, to);
    let (addresses, holds, decider, assumed) = match seen {
        Seen::Value(Public::Address(addresses), note) => (addresses, Some(true), None, note),
        Seen::Value(Public::None, note) => (AddrSet::empty(), Some(false), None, note),
        Seen::Unknown(note) => (AddrSet::internet().only_v4(), None, Some(note), None),
    };
    let addresses = if addresses.is_empty() { AddrSet::internet().only_v4() } else { addresses };
    let check = fact(
        Side::Destination,
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        Setting::Public { name: b.name.clone() },
        holds,
        decider,
        assumed,
    );
    (Domain::one(&b.name, addresses), Some(check))
}

/// What a packet from outside meets once the internet gateway has let it in, on its way in and back.
pub(crate) fn entry_checks(
    scene: Scene<'_, '_>,
    to: InterfaceId,
    b: &Interface,
    seen: &AddrSet,
    carried: &Carried,
    side: Side,
    ports: (u16, u16),
) -> Vec<Check> {
    let Scene { engine, world, .. } = scene;
    let internet = ("an internet gateway", &is_internet as &dyn Fn(&Via) -> Option<bool>);
    let mut checks = vec![route_check(scene, b.subnet, seen, carried, side, internet)];
    checks.extend(list(engine, world, b.subnet, Direction::Ingress, side));
    checks.push(group_check(scene, to, Direction::Ingress, seen, carried));
    checks.extend(replies(engine, world, b.subnet, Direction::Egress, side, ports));
    for check in &mut checks {
        check.side = side;
    }
    note_places(&mut checks, &[b]);
    checks
}
