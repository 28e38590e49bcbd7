//! Legs that leave the site: by the internet gateway, by a translating gateway, by an egress-only
//! gateway (IPv6), or by a service's gateway endpoint; and those that come back in at a public
//! address.

use super::filter::{Carried, Check, Setting, Side, list, replies, reply_ports};
use super::leg::{
    Domain, Quantifier, Scene, Variant, entry_checks, fact, families, group_check, note_places,
    public_end,
};
use super::opaque;
use super::routing::{is_internet, route_check};
use super::world::Seen;
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::route::Via;
use crate::rule::Direction;
use crate::service::{ICMP, ServiceSet, TCP, UDP};
use crate::topology::{Interface, InterfaceId, Nat, NatId, Outside, Public, SubnetId};

/// A way out of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exit {
    Internet,
    EgressOnly,
    Nat(NatId),
    Service(String),
    /// What the model does not follow.
    Opaque,
}

/// An exit with everything that it checks, towards one set of destinations.
struct Way {
    title: String,
    translated: Option<Domain>,
    checks: Vec<Check>,
    /// The subnet whose list the outer side crosses last.
    last: SubnetId,
}

/// All ways from an interface to hosts outside.
pub(crate) fn variants(
    scene: Scene<'_, '_>,
    from: InterfaceId,
    to: &Outside,
    quantifier: Quantifier,
) -> Vec<Variant> {
    let Some(a) = scene.engine.net.interfaces.get(from.index()) else {
        return Vec::new();
    };
    let carried = Carried::outside(to);
    let mut all = Vec::new();
    for family in families() {
        let source = Domain::one(&a.name, a.addresses.intersect(&family));
        let destination = Domain {
            name: to.name.clone(),
            addresses: to.addresses.intersect(&family),
            quantifier,
        };
        if source.addresses.is_empty() || destination.addresses.is_empty() {
            continue;
        }
        for way in ways(scene, from, a, &destination.addresses, &carried) {
            all.push(Variant {
                title: way.title,
                source: source.clone(),
                destination: destination.clone(),
                translated: way.translated,
                checks: way.checks,
            });
        }
    }
    all
}

/// From an interface out of the site and in again at the public address of another (IPv4).
pub(crate) fn hairpin(scene: Scene<'_, '_>, from: InterfaceId, to: InterfaceId) -> Vec<Variant> {
    let net = scene.engine.net;
    let (Some(a), Some(b)) = (net.interfaces.get(from.index()), net.interfaces.get(to.index()))
    else {
        return Vec::new();
    };
    if matches!(scene.world.public(net, to), Seen::Value(Public::None, _)) {
        return Vec::new();
    }
    let (destination, Some(public)) = public_end(scene, to, b, &AddrSet::v4()) else {
        return Vec::new();
    };
    let source = Domain::one(&a.name, a.addresses.only_v4());
    if source.addresses.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for way in ways(scene, from, a, &destination.addresses, &Carried::default()) {
        let Some(translated) = &way.translated else {
            continue;
        };
        for ports in reply_ports(scene.engine, scene.world, &[way.last, b.subnet], scene.replies) {
            let mut checks = way.checks.clone();
            checks.push(public.clone());
            let nobody = Carried::default();
            let seen = &translated.addresses;
            checks.extend(entry_checks(scene, to, b, seen, &nobody, Side::Translated, ports));
            // The outer replies of the way cross the last list at the same port as they left `b`.
            checks.extend(replies(
                scene.engine,
                scene.world,
                way.last,
                Direction::Ingress,
                Side::Destination,
                ports,
            ));
            all.push(Variant {
                title: format!("{}, to its public address", way.title),
                source: source.clone(),
                destination: destination.clone(),
                translated: way.translated.clone(),
                checks,
            });
        }
    }
    all
}

/// The exits to which the subnet's routes may lead; those that a person would add where there are none.
fn exits(scene: Scene<'_, '_>, subnet: SubnetId, family: &AddrSet) -> Vec<Exit> {
    let net = scene.engine.net;
    let mut found: Vec<Exit> = Vec::new();
    let (table, mut undecided) = match scene.world.table(net, subnet) {
        Seen::Value(id, _) => (net.tables.get(id.index()), false),
        Seen::Unknown(_) => (None, true),
    };
    if let Some(table) = table {
        undecided |= table.open.is_some();
        for route in &table.routes {
            let exit = match &route.via {
                Via::InternetGateway => Exit::Internet,
                Via::EgressOnlyGateway => Exit::EgressOnly,
                Via::Nat(nat) => Exit::Nat(*nat),
                Via::ServiceGateway(name) => Exit::Service(name.clone()),
                Via::Opaque(_) | Via::Interface(_) => Exit::Opaque,
                Via::Local | Via::Blackhole => continue,
            };
            if !found.contains(&exit) {
                found.push(exit);
            }
        }
    }
    if !found.contains(&Exit::Internet) && (undecided || found.is_empty()) {
        found.push(Exit::Internet);
    }
    if undecided && !found.contains(&Exit::Opaque) {
        // Routes that no source shows may lead anywhere.
        found.push(Exit::Opaque);
    }
    if undecided {
        let others = (0..).zip(&net.nats).map(|(id, _)| Exit::Nat(NatId(id)));
        for exit in others.filter(|e| !found.contains(e)).collect::<Vec<_>>() {
            found.push(exit);
        }
    }
    found.retain(|exit| match exit {
        Exit::EgressOnly => *family == AddrSet::v6(),
        Exit::Nat(_) => *family == AddrSet::v4(),
        Exit::Internet | Exit::Service(_) | Exit::Opaque => true,
    });
    found
}

fn ways(
    scene: Scene<'_, '_>,
    from: InterfaceId,
    a: &Interface,
    to: &AddrSet,
    carried: &Carried,
) -> Vec<Way> {
    let family = if to.only_v4().is_empty() { AddrSet::v6() } else { AddrSet::v4() };
    let mut all = Vec::new();
    for exit in exits(scene, a.subnet, &family) {
        match exit {
            Exit::Nat(id) => {
                if let Some(nat) = scene.engine.net.nats.get(id.index()) {
                    all.extend(by_nat(scene, (from, a), (id, nat), to, carried));
                }
            }
            Exit::Opaque => all.extend(by_opaque(scene, (from, a), to, carried)),
            other => all.extend(by_gateway(scene, (from, a), &other, to, carried)),
        }
    }
    all
}

/// Through something that the model does not follow: never open for certain.
fn by_opaque(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    to: &AddrSet,
    carried: &Carried,
) -> Vec<Way> {
    let notes = opaque::beyond(scene, a.subnet);
    let mut all = Vec::new();
    for ports in reply_ports(scene.engine, scene.world, &[a.subnet], scene.replies) {
        let mut checks = opaque::departing(scene, (from, a), to, carried, ports);
        checks.push(opaque::unfollowed(&notes));
        let title = "over what the model does not follow".to_owned();
        let seen = AddrSet::internet().only_v4();
        let seen = Domain::one("the address that it arrives with", seen);
        let translated = (!to.only_v4().is_empty()).then_some(seen);
        all.push(Way { title, translated, checks, last: a.subnet });
    }
    all
}

/// What leaves an interface and its subnet, whichever gateway it takes.
fn leaving(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    to: &AddrSet,
    carried: &Carried,
    crosses_list: bool,
    ports: (u16, u16),
) -> Vec<Check> {
    let Scene { engine, world, .. } = scene;
    let mut checks = vec![group_check(scene, from, Direction::Egress, to, carried)];
    if crosses_list {
        checks.extend(list(engine, world, a.subnet, Direction::Egress, Side::Destination));
        checks.extend(replies(
            engine,
            world,
            a.subnet,
            Direction::Ingress,
            Side::Destination,
            ports,
        ));
    }
    checks
}

fn by_gateway(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    exit: &Exit,
    to: &AddrSet,
    carried: &Carried,
) -> Vec<Way> {
    let v4 = !to.only_v4().is_empty();
    let mut all = Vec::new();
    for ports in reply_ports(scene.engine, scene.world, &[a.subnet], scene.replies) {
        let mut checks = Vec::new();
        let mut translated = None;
        let wants = |via: &Via| {
            Some(match (exit, via) {
                (Exit::Internet, Via::InternetGateway)
                | (Exit::EgressOnly, Via::EgressOnlyGateway) => true,
                (Exit::Service(name), Via::ServiceGateway(other)) => name == other,
                _ => false,
            })
        };
        let (title, wanted) = match exit {
            Exit::Internet => ("by the internet gateway".to_owned(), "an internet gateway"),
            Exit::EgressOnly => {
                ("by the egress-only gateway".to_owned(), "an egress-only internet gateway")
            }
            Exit::Service(name) => (format!("by {name}"), "a gateway endpoint"),
            Exit::Nat(_) | Exit::Opaque => continue,
        };
        if *exit == Exit::Internet && v4 {
            let (check, domain) = own_public(scene, from, a);
            checks.push(check);
            translated = Some(domain);
        }
        checks.extend(leaving(scene, (from, a), to, carried, true, ports));
        checks.push(route_check(scene, a.subnet, to, carried, Side::Destination, (wanted, &wants)));
        note_places(&mut checks, &[a]);
        all.push(Way { title, translated, checks, last: a.subnet });
    }
    all
}

/// The opener's own public address, which the internet gateway puts in place of the private one.
fn own_public(scene: Scene<'_, '_>, from: InterfaceId, a: &Interface) -> (Check, Domain) {
    public_of(scene.world.public(scene.engine.net, from), &a.name)
}

fn nat_public(scene: Scene<'_, '_>, id: NatId, nat: &Nat) -> (Check, Domain) {
    let seen = scene.world.nat_public(scene.engine.net, id);
    // A private gateway leads on to what its own routes lead to, which may not be followed.
    let beyond = opaque::beyond(scene, nat.subnet);
    match (&seen, beyond.first()) {
        (Seen::Value(Public::None, _), Some(note)) => {
            public_of(Seen::Unknown(note.clone()), &nat.name)
        }
        _ => public_of(seen, &nat.name),
    }
}

/// A NAT gateway carries TCP, UDP and ICMP (VPC user guide, "NAT gateway basics").
fn nat_protocols() -> Check {
    let carried = ServiceSet::protocol(TCP)
        .union(&ServiceSet::protocol(UDP))
        .union(&ServiceSet::protocol(ICMP));
    let setting = Setting::Fact {
        name: "the NAT gateway".to_owned(),
        yes: String::new(),
        no: "carries TCP, UDP and ICMP only".to_owned(),
    };
    let mut check = fact(Side::Destination, "CANNOT_ROUTE", setting, Some(false), None, None);
    check.sure = PacketSet::product(&carried, &AddrSet::all());
    check.possible = check.sure.clone();
    check
}

/// Whether something has a public address, and what its connections look like outside.
fn public_of(seen: Seen<Public>, name: &str) -> (Check, Domain) {
    let any = || AddrSet::internet().only_v4();
    let (addresses, holds, decider, assumed) = match seen {
        Seen::Value(Public::Address(addresses), note) => (addresses, Some(true), None, note),
        Seen::Value(Public::None, note) => (any(), Some(false), None, note),
        Seen::Unknown(note) => (any(), None, Some(note), None),
    };
    let check = fact(
        Side::Destination,
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        Setting::Public { name: name.to_owned() },
        holds,
        decider,
        assumed,
    );
    (check, Domain::one(&format!("the public address of {name}"), addresses))
}

fn by_nat(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    (id, nat): (NatId, &Nat),
    to: &AddrSet,
    carried: &Carried,
) -> Vec<Way> {
    let Scene { engine, world, .. } = scene;
    let crosses = a.subnet != nat.subnet;
    let inner = if crosses { vec![a.subnet, nat.subnet] } else { vec![] };
    let (public, translated) = nat_public(scene, id, nat);
    let mut all = Vec::new();
    for near in reply_ports(engine, world, &inner, scene.replies) {
        for far in reply_ports(engine, world, &[nat.subnet], scene.replies) {
            let mut checks = leaving(scene, (from, a), to, carried, crosses, near);
            let to_nat = |via: &Via| Some(*via == Via::Nat(id));
            let nat_wanted = ("the NAT gateway", &to_nat as &dyn Fn(&Via) -> Option<bool>);
            checks.push(route_check(scene, a.subnet, to, carried, Side::Destination, nat_wanted));
            if crosses {
                checks.extend(list(engine, world, nat.subnet, Direction::Ingress, Side::Source));
                checks.extend(replies(
                    engine,
                    world,
                    nat.subnet,
                    Direction::Egress,
                    Side::Source,
                    near,
                ));
            }
            checks.push(public.clone());
            checks.push(nat_protocols());
            checks.extend(list(engine, world, nat.subnet, Direction::Egress, Side::Destination));
            checks.extend(replies(
                engine,
                world,
                nat.subnet,
                Direction::Ingress,
                Side::Destination,
                far,
            ));
            let out = ("an internet gateway", &is_internet as &dyn Fn(&Via) -> Option<bool>);
            checks.push(route_check(scene, nat.subnet, to, carried, Side::Destination, out));
            note_places(&mut checks, &[a]);
            all.push(Way {
                title: format!("by {}", nat.name),
                translated: Some(translated.clone()),
                checks,
                last: nat.subnet,
            });
        }
    }
    all
}
