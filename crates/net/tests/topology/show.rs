//! A network in few lines, for whoever has to read a failing one.

use std::fmt::Write as _;

use farmgate_net::acl::Entry;
use farmgate_net::reach::Question;
use farmgate_net::rule::Rule;
use farmgate_net::topology::Network;

fn rules(out: &mut String, way: &str, rules: &[Rule]) {
    for rule in rules {
        let _ = writeln!(
            out,
            "    {way} {} from/to {} groups {:?} lists {:?} {}",
            rule.services,
            rule.peers.addresses,
            rule.peers.groups,
            rule.peers.lists,
            if rule.maybe.is_some() { "MAYBE" } else { "" }
        );
    }
}

fn entries(out: &mut String, way: &str, entries: &[Entry]) {
    for entry in entries {
        let verb = if entry.allow { "allow" } else { "deny" };
        let _ = writeln!(
            out,
            "    {way} {} {verb} {} {}",
            entry.number, entry.services, entry.addresses
        );
    }
}

/// All that matters of a case.
pub(crate) fn show(net: &Network, question: &Question) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "from {:?}\nto {:?}\non {} {:?} relays {} avoid {:?}",
        question.from,
        question.to,
        question.services,
        question.replies,
        question.relays,
        question.avoid
    );
    for (n, subnet) in net.subnets.iter().enumerate() {
        let _ = writeln!(
            out,
            "  subnet {n}: {} acl {:?} table {:?}",
            subnet.addresses, subnet.acl, subnet.table
        );
    }
    for (n, interface) in net.interfaces.iter().enumerate() {
        let _ = writeln!(
            out,
            "  interface {n}: subnet {} {} public {:?} groups {:?}",
            interface.subnet.0, interface.addresses, interface.public, interface.groups
        );
    }
    for (n, group) in net.groups.iter().enumerate() {
        let _ = writeln!(out, "  group {n}: open {:?} {:?}", group.ingress_open, group.egress_open);
        rules(&mut out, "in", &group.ingress);
        rules(&mut out, "out", &group.egress);
    }
    for (n, acl) in net.acls.iter().enumerate() {
        let _ = writeln!(out, "  acl {n}: open {:?}", acl.open);
        entries(&mut out, "in", &acl.ingress);
        entries(&mut out, "out", &acl.egress);
    }
    for (n, table) in net.tables.iter().enumerate() {
        let _ = writeln!(out, "  table {n}:");
        for route in &table.routes {
            let _ = writeln!(out, "    {} -> {:?}", route.name, route.via);
        }
    }
    for (n, nat) in net.nats.iter().enumerate() {
        let _ = writeln!(
            out,
            "  nat {n}: subnet {} {} public {:?}",
            nat.subnet.0, nat.addresses, nat.public
        );
    }
    for (n, list) in net.lists.iter().enumerate() {
        let _ = writeln!(out, "  list {n}: {:?}", list.addresses);
    }
    for (n, relay) in net.relays.iter().enumerate() {
        let _ = writeln!(out, "  relay {n}: front {:?} back {:?}", relay.front, relay.back);
        for forward in &relay.forwards {
            let _ = writeln!(
                out,
                "    {} -> {:?} on {} preserves {} maybe {:?}",
                forward.listen,
                forward.targets,
                forward.service,
                forward.preserves_client,
                forward.maybe
            );
        }
    }
    out
}
