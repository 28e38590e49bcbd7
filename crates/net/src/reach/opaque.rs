//! Ways over what the model does not follow: transit gateways, peerings, VPNs, appliances.
//!
//! A route that leads there may carry a connection or not; what it carries still has to pass the
//! groups and lists at this end, and replies have to find their way. So such a way is never open for
//! certain, and it is closed only by what is known.

use super::filter::{Carried, Check, Setting, Side, list, replies, reply_ports};
use super::leg::{Domain, Quantifier, Scene, Variant, fact, families, group_check, note_places};
use super::routing::{is_unfollowed, route_check, unfollowed_by};
use super::world::Seen;
use crate::addr::AddrSet;
use crate::route::Via;
use crate::rule::Direction;
use crate::topology::{Interface, InterfaceId, Outside, SubnetId};
use crate::uncertain::Note;

/// What a subnet's routes lead to that is not followed.
pub(crate) fn beyond(scene: Scene<'_, '_>, subnet: SubnetId) -> Vec<Note> {
    let net = scene.engine.net;
    let Seen::Value(id, _) = scene.world.table(net, subnet) else { return Vec::new() };
    let table = net.tables.get(id.index());
    let mut all: Vec<Note> = Vec::new();
    for note in table.iter().flat_map(|table| &table.routes).filter_map(unfollowed_by) {
        if !all.contains(&note) {
            all.push(note);
        }
    }
    all
}

fn leads_beyond(via: &Via) -> Option<bool> {
    Some(is_unfollowed(via))
}

/// The check that stands for what is not followed.
pub(crate) fn unfollowed(notes: &[Note]) -> Check {
    let words: Vec<&str> = notes.iter().map(AsRef::as_ref).collect();
    let setting = Setting::Fact {
        name: words.join(", "),
        yes: String::new(),
        no: "is not followed by the model".to_owned(),
    };
    let mut check = fact(Side::Destination, "UNSUPPORTED_COMPONENT", setting, None, None, None);
    check.deciders.extend(notes.iter().cloned());
    check
}

const WANTED: &str = "something that the model does not follow";

/// From outside, through something unfollowed, to the private address.
pub(crate) fn inbound(
    scene: Scene<'_, '_>,
    from: &Outside,
    quantifier: Quantifier,
    (to, b): (InterfaceId, &Interface),
) -> Vec<Variant> {
    let notes = beyond(scene, b.subnet);
    if notes.is_empty() {
        return Vec::new();
    }
    let carried = Carried::outside(from);
    let mut all = Vec::new();
    for family in families() {
        let addresses = from.addresses.intersect(&family);
        let destination = Domain::one(&b.name, b.addresses.intersect(&family));
        if addresses.is_empty() || destination.addresses.is_empty() {
            continue;
        }
        for ports in reply_ports(scene.engine, scene.world, &[b.subnet], scene.replies) {
            let mut checks = vec![unfollowed(&notes)];
            checks.extend(arriving(scene, (to, b), &addresses, &carried, ports));
            let source =
                Domain { name: from.name.clone(), addresses: addresses.clone(), quantifier };
            all.push(variant(source, destination.clone(), checks));
        }
    }
    all
}

/// Between sites that something unfollowed may connect.
pub(crate) fn across(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    (to, b): (InterfaceId, &Interface),
) -> Vec<Variant> {
    let notes = beyond(scene, a.subnet);
    if notes.is_empty() || beyond(scene, b.subnet).is_empty() {
        return Vec::new();
    }
    // Groups may be recognized across a peering; whether they are is not known either.
    let mut mine = Carried::of(scene.engine, from);
    mine.maybe.append(&mut mine.sure);
    let theirs = Carried::default();
    let mut all = Vec::new();
    for family in families() {
        let source = Domain::one(&a.name, a.addresses.intersect(&family));
        let destination = Domain::one(&b.name, b.addresses.intersect(&family));
        if source.addresses.is_empty() || destination.addresses.is_empty() {
            continue;
        }
        let subnets = [a.subnet, b.subnet];
        for ports in reply_ports(scene.engine, scene.world, &subnets, scene.replies) {
            let d = &destination.addresses;
            let mut checks = departing(scene, (from, a), d, &theirs, ports);
            checks.push(unfollowed(&notes));
            checks.extend(arriving(scene, (to, b), &source.addresses, &mine, ports));
            all.push(variant(source.clone(), destination.clone(), checks));
        }
    }
    all
}

fn variant(source: Domain, destination: Domain, checks: Vec<Check>) -> Variant {
    let title = "over what the model does not follow".to_owned();
    Variant { title, source, destination, translated: None, checks }
}

/// What leaves an interface towards something unfollowed.
pub(crate) fn departing(
    scene: Scene<'_, '_>,
    (from, a): (InterfaceId, &Interface),
    to: &AddrSet,
    carried: &Carried,
    ports: (u16, u16),
) -> Vec<Check> {
    let (engine, world, end) = (scene.engine, scene.world, Side::Destination);
    let mut checks = vec![group_check(scene, from, Direction::Egress, to, carried)];
    checks.extend(list(engine, world, a.subnet, Direction::Egress, end));
    checks.extend(replies(engine, world, a.subnet, Direction::Ingress, end, ports));
    let wanted = (WANTED, &leads_beyond as &dyn Fn(&Via) -> Option<bool>);
    checks.push(route_check(scene, a.subnet, to, carried, end, wanted));
    note_places(&mut checks, &[a]);
    checks
}

/// What arrives at an interface from something unfollowed, and its replies.
fn arriving(
    scene: Scene<'_, '_>,
    (to, b): (InterfaceId, &Interface),
    from: &AddrSet,
    carried: &Carried,
    ports: (u16, u16),
) -> Vec<Check> {
    let (engine, world, end) = (scene.engine, scene.world, Side::Source);
    let mut checks = Vec::new();
    checks.extend(list(engine, world, b.subnet, Direction::Ingress, end));
    checks.push(group_check(scene, to, Direction::Ingress, from, carried));
    let wanted = (WANTED, &leads_beyond as &dyn Fn(&Via) -> Option<bool>);
    checks.push(route_check(scene, b.subnet, from, carried, end, wanted));
    checks.extend(replies(engine, world, b.subnet, Direction::Egress, end, ports));
    note_places(&mut checks, &[b]);
    checks
}
