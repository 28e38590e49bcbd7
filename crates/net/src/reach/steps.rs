//! A leg in words: every setting on it, what it does to one packet, and which rule or route it is.

use std::net::IpAddr;

use super::evaluate::{Example, Outcome};
use super::filter::{Carried, Check, Setting, admitting};
use super::leg::Variant;
use super::{Engine, Step};
use crate::packet::Packet;
use crate::route::{Content, Via};
use crate::rule::Direction;
use crate::topology::{SubnetId, TableId};
use crate::uncertain::Uncertain;

/// The steps of a variant for the packet that its outcome picked.
pub(crate) fn write(engine: &Engine<'_>, variant: &Variant, outcome: &Outcome) -> Vec<Step> {
    let Some(example) = &outcome.example else {
        return Vec::new();
    };
    let mut steps: Vec<Step> = Vec::new();
    for check in &variant.checks {
        let Some(step) = step(engine, check, example) else {
            continue;
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

fn step(engine: &Engine<'_>, check: &Check, example: &Example) -> Option<Step> {
    let address = example.of(check.side)?;
    let packet = Packet { peer: address, service: example.service };
    let ok = match (check.sure.contains(&packet), check.possible.contains(&packet)) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    };
    let (setting, text, code) = words(engine, check, example, address, ok)?;
    let text = match ok {
        None => {
            let notes: Vec<&str> = check.deciders.iter().map(AsRef::as_ref).collect();
            if notes.is_empty() { text } else { format!("not known: {}", notes.join("; ")) }
        }
        _ => text,
    };
    Some(Step { ok, code: code.unwrap_or(check.code), setting, text })
}

type Words = (String, String, Option<&'static str>);

fn words(
    engine: &Engine<'_>,
    check: &Check,
    example: &Example,
    address: IpAddr,
    ok: Option<bool>,
) -> Option<Words> {
    match &check.setting {
        Setting::Groups { interface, direction, peer } => {
            let found = admitting(engine, *interface, *direction, peer, address, example.service);
            let sure = found.iter().find(|(_, r)| r.maybe.is_none()).or(found.first());
            Some(match sure {
                Some((_, rule)) if ok != Some(false) => (
                    rule.name.clone(),
                    format!("admits {} {} {address}", example.service, preposition(*direction)),
                    Some("ADMITTED"),
                ),
                _ => groups_closed(engine, *interface, *direction, example, address, ok),
            })
        }
        Setting::List { subnet, acl, direction } => {
            let Some(list) = acl.and_then(|id| engine.net.acls.get(id.index())) else {
                return (ok != Some(true))
                    .then(|| (subnet_name(engine, *subnet), "its network ACL".to_owned(), None));
            };
            let packet = Packet { peer: address, service: example.service };
            let (setting, verb) = match list.decides(*direction, &packet) {
                Some(entry) => (entry.name.clone(), if entry.allow { "admits" } else { "denies" }),
                None => (list.name.clone(), "has no entry that admits"),
            };
            let text = format!("{verb} {} {} {address}", example.service, preposition(*direction));
            Some((setting, text, ok.unwrap_or(false).then_some("ADMITTED")))
        }
        Setting::Replies { subnet, acl, direction, ports } => {
            let list = acl.and_then(|id| engine.net.acls.get(id.index()));
            if list.is_none() && ok == Some(true) {
                return None;
            }
            let name = list.map_or_else(|| subnet_name(engine, *subnet), |l| l.name.clone());
            let verb = if ok == Some(true) { "admits" } else { "does not admit" };
            let text = format!(
                "{verb} the replies {} {address} on ports {}-{}",
                preposition(*direction),
                ports.0,
                ports.1
            );
            Some((name, text, ok.unwrap_or(false).then_some("ADMITTED")))
        }
        Setting::Route { subnet, wanted, carried } => {
            Some(route(engine, (*subnet, carried), wanted, address, ok))
        }
        Setting::Public { name } => Some(if ok == Some(true) {
            (name.clone(), "has a public address".to_owned(), Some("ADMITTED"))
        } else {
            (name.clone(), "has no public address".to_owned(), None)
        }),
        // What goes without saying is said only where it stands in the way.
        Setting::Fact { yes, .. } if ok == Some(true) && yes.is_empty() => None,
        Setting::Fact { name, yes, no } => {
            let text = if ok == Some(true) { yes } else { no };
            Some((name.clone(), text.clone(), ok.unwrap_or(false).then_some("ADMITTED")))
        }
    }
}

fn preposition(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

fn groups_closed(
    engine: &Engine<'_>,
    interface: crate::topology::InterfaceId,
    direction: Direction,
    example: &Example,
    address: IpAddr,
    ok: Option<bool>,
) -> Words {
    let net = engine.net;
    let Some(found) = net.interfaces.get(interface.index()) else {
        return (String::new(), String::new(), None);
    };
    let Some(set) = &found.groups else {
        let text = "has no security group, so nothing filters it".to_owned();
        return (found.name.clone(), text, Some("ADMITTED"));
    };
    if ok == Some(true) {
        let text = format!("admits {} {} {address}", example.service, preposition(direction));
        return (found.name.clone(), text, Some("ADMITTED"));
    }
    let groups: Vec<_> =
        set.sure.iter().chain(&set.maybe).filter_map(|g| net.groups.get(g.index())).collect();
    let names: Vec<&str> = groups.iter().map(|g| g.name.as_str()).collect();
    let rules: usize = groups.iter().map(|g| g.rules(direction).len()).sum();
    let setting = if names.is_empty() { found.name.clone() } else { names.join(", ") };
    let way = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let (text, code) = if rules == 0 {
        (format!("has no {way} rule"), Some("SG_HAS_NO_RULES"))
    } else {
        let wanted = format!("{} {} {address}", example.service, preposition(direction));
        (format!("has no {way} rule that admits {wanted}"), None)
    };
    (setting, text, code)
}

fn subnet_name(engine: &Engine<'_>, subnet: SubnetId) -> String {
    engine.net.subnets.get(subnet.index()).map(|s| s.name.clone()).unwrap_or_default()
}

fn route(
    engine: &Engine<'_>,
    (subnet, carried): (SubnetId, &Carried),
    wanted: &str,
    address: IpAddr,
    ok: Option<bool>,
) -> Words {
    let net = engine.net;
    let table: Option<TableId> = net.subnets.get(subnet.index()).and_then(|s| match &s.table {
        Uncertain::Known(id) | Uncertain::Assumed(id, _) => Some(*id),
        Uncertain::OneOf(ids, _) => ids.first().copied(),
        Uncertain::Unknown(_) => None,
    });
    let Some(table) = table.and_then(|id| net.tables.get(id.index())) else {
        return (subnet_name(engine, subnet), format!("its route for {address}"), None);
    };
    let to = crate::addr::AddrSet::single(address);
    let content = |list: crate::topology::ListId| Content {
        addresses: net.lists.get(list.index()).map_or_else(
            || Uncertain::Unknown("a list that is not there".into()),
            |l| l.addresses.clone(),
        ),
        within: match carried.off_lists.contains(&list) {
            true => crate::addr::AddrSet::empty(),
            false => net.list_bound(list),
        },
    };
    let parts = table.lookup(&to, &carried.lists, &content);
    let found = parts.first().and_then(|p| p.routes.iter().flatten().next().copied());
    if ok == Some(true) {
        let name = found.map_or(&table.name, |r| &r.name).clone();
        return (name, format!("leads to {wanted} for {address}"), Some("ADMITTED"));
    }
    match found {
        None => (table.name.clone(), format!("has no route for {address}"), None),
        Some(route) => {
            let (leads, code) = match &route.via {
                Via::Local => ("stays inside the site".to_owned(), "HIGHER_PRIORITY_ROUTE"),
                Via::Blackhole => ("leads nowhere".to_owned(), "BAD_STATE_ROUTE"),
                Via::InternetGateway => ("leads to an internet gateway".to_owned(), "CANNOT_ROUTE"),
                Via::EgressOnlyGateway => {
                    ("leads to an egress-only internet gateway".to_owned(), "CANNOT_ROUTE")
                }
                Via::Nat(nat) => (
                    format!(
                        "leads to {}",
                        net.nats.get(nat.index()).map_or("a NAT gateway", |n| n.name.as_str())
                    ),
                    "CANNOT_ROUTE",
                ),
                Via::ServiceGateway(name) => (format!("leads to {name}"), "CANNOT_ROUTE"),
                Via::Interface(_) => ("leads to an interface".to_owned(), "CANNOT_ROUTE"),
                Via::Opaque(note) => (format!("leads to {note}"), "UNSUPPORTED_COMPONENT"),
            };
            let text = format!("{leads} for {address}, not to {wanted}");
            (route.name.clone(), text, Some(code))
        }
    }
}
