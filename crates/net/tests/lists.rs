//! Stateless lists against a direct reading: for each packet, the first entry that matches.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "oracle/table.rs"]
mod table;

use farmgate_net::acl::{Acl, Entry};
use farmgate_net::packet::Packet;
use farmgate_net::rule::Direction::{self, Egress, Ingress};
use farmgate_net::service::{ServiceSet, TCP};
use proptest::prelude::*;
use table::*;

/// An entry with the table of what it matches; few numbers, so that some are equal.
fn any_entry() -> impl Strategy<Value = (Entry, Packets)> {
    (0..6u32, any::<bool>(), any_services(), any_addrs()).prop_map(
        |(number, allow, (services, rows), (addresses, columns))| {
            let entry =
                Entry { name: format!("rule {number}"), number, allow, services, addresses };
            (entry, product(rows, columns))
        },
    )
}

type Entries = Vec<(Entry, Packets)>;

fn any_acl() -> impl Strategy<Value = (Acl, Entries)> {
    prop::collection::vec(any_entry(), 0..7).prop_map(|entries| {
        let acl = Acl {
            name: "list".to_owned(),
            egress: entries.iter().map(|(entry, _)| entry.clone()).collect(),
            ..Acl::default()
        };
        (acl, entries)
    })
}

/// The positions in the order in which entries are tried.
fn order(entries: &Entries) -> Vec<usize> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|position| (entries[*position].0.number, *position));
    order
}

/// The first entry that matches a cell.
fn decider(entries: &Entries, service: usize, addr: usize) -> Option<usize> {
    let matches = |position: &usize| bit(entries[*position].1[service], addr);
    order(entries).into_iter().find(matches)
}

fn cells() -> impl Iterator<Item = (usize, usize)> {
    (0..SERVICES).flat_map(|service| (0..ADDRS).map(move |addr| (service, addr)))
}

fn covered(entries: &Entries, position: usize, by: &[usize]) -> bool {
    let nothing = product(0, 0);
    let union =
        by.iter().fold(nothing, |all, by| zip(&all, &entries[*by].1, |one, other| one | other));
    inside(&entries[position].1, &union)
}

proptest! {
    #[test]
    fn the_first_match_decides((acl, entries) in any_acl()) {
        let mut allowed = product(0, 0);
        for (service, addr) in cells() {
            let expected = decider(&entries, service, addr);
            let packet = Packet {
                peer: addr_cell(addr).0,
                service: service_ends(service)[0],
            };
            let decides = acl.decides(Egress, &packet);
            prop_assert_eq!(decides, expected.map(|position| &entries[position].0));
            if decides.is_some_and(|entry| entry.allow) {
                allowed[service] |= 1 << addr;
            }
        }
        prop_assert_eq!(acl.allowed(Egress), from_packets(&allowed));
        prop_assert!(acl.allowed(Ingress).is_empty());
    }

    #[test]
    fn shadowed_entries_are_those_that_never_decide((acl, entries) in any_acl()) {
        let deciding: Vec<usize> = cells()
            .filter_map(|(service, addr)| decider(&entries, service, addr))
            .collect();
        let shadowed = acl.shadowed(Egress);
        let expected: Vec<usize> = (0..entries.len())
            .filter(|position| !deciding.contains(position))
            .collect();
        let found: Vec<usize> = shadowed.iter().map(|shadowed| shadowed.entry).collect();
        prop_assert_eq!(found, expected);
        let order = order(&entries);
        let place = |position| order.iter().position(|other| *other == position);
        for shadowed in shadowed {
            prop_assert!(shadowed.by.iter().all(|by| place(*by) < place(shadowed.entry)));
            prop_assert!(covered(&entries, shadowed.entry, &shadowed.by));
            for needed in &shadowed.by {
                let rest: Vec<usize> =
                    shadowed.by.iter().copied().filter(|by| by != needed).collect();
                prop_assert!(!covered(&entries, shadowed.entry, &rest), "{} not needed", needed);
            }
        }
    }

    #[test]
    fn reply_peers_are_those_of_all_and_of_some_ports(
        (acl, _) in any_acl(),
        low in 0..9usize,
        high in 0..9usize,
    ) {
        let allowed = packets_of(&acl.allowed(Egress));
        let rows = if low <= high { &allowed[3 + low..=3 + high] } else { &[] };
        let ports = (service_cell(3 + low).2, service_cell(3 + high).3);
        let (all, some) = acl.reply_peers(Egress, TCP, ports);
        let expected = rows.iter().copied().reduce(|all, row| all & row);
        prop_assert_eq!(addrs_of(&all), expected.unwrap_or(0));
        prop_assert_eq!(addrs_of(&some), rows.iter().fold(0, |some, row| some | row));
    }
}

fn entry(number: u32, allow: bool, services: ServiceSet, addresses: &str) -> Entry {
    Entry {
        name: format!("{number}"),
        number,
        allow,
        services,
        addresses: addresses.split_whitespace().map(|prefix| prefix.parse().unwrap()).collect(),
    }
}

fn ingress(entries: Vec<Entry>) -> Acl {
    Acl { ingress: entries, ..Acl::default() }
}

fn shadowed(acl: &Acl, direction: Direction) -> Vec<(usize, Vec<usize>)> {
    let shadowed = acl.shadowed(direction).into_iter();
    shadowed.map(|shadowed| (shadowed.entry, shadowed.by)).collect()
}

#[test]
fn a_list_that_admits_all_does() {
    let acl = Acl::admit_all("default");
    assert_eq!(acl.allowed(Ingress).to_string(), "anything");
    assert_eq!(acl.allowed(Egress).to_string(), "anything");
}

#[test]
fn a_denial_counts_only_before_the_admission() {
    let ssh = |number, allow, addresses| entry(number, allow, ServiceSet::tcp(22), addresses);
    let before = ingress(vec![ssh(200, true, "0.0.0.0/0"), ssh(100, false, "10.0.0.0/8")]);
    assert!(!before.allowed(Ingress).peers().contains("10.0.0.1".parse().unwrap()));
    let after = ingress(vec![ssh(100, true, "0.0.0.0/0"), ssh(200, false, "10.0.0.0/8")]);
    assert_eq!(after.allowed(Ingress).to_string(), "tcp 22 from 0.0.0.0/0");
    assert_eq!(shadowed(&after, Ingress), [(1, vec![0])]);
}

#[test]
fn two_halves_shadow_the_whole() {
    let acl = ingress(vec![
        entry(300, false, ServiceSet::all(), "0.0.0.0/0"),
        entry(100, true, ServiceSet::all(), "0.0.0.0/1"),
        entry(110, true, ServiceSet::tcp(443), "0.0.0.0/0"),
        entry(200, true, ServiceSet::all(), "128.0.0.0/1"),
    ]);
    assert_eq!(shadowed(&acl, Ingress), [(0, vec![1, 3])]);
}

#[test]
fn replies_need_the_whole_ephemeral_range() {
    let acl = ingress(vec![
        entry(100, true, ServiceSet::ports(TCP, 1024, 65535), "10.0.0.0/8"),
        entry(110, true, ServiceSet::ports(TCP, 32768, 60999), "0.0.0.0/0"),
    ]);
    let (all, some) = acl.reply_peers(Ingress, TCP, (1024, 65535));
    assert_eq!((all.to_string(), some.to_string()), ("10.0.0.0/8".into(), "0.0.0.0/0".into()));
    let (all, _) = acl.reply_peers(Ingress, TCP, (32768, 60999));
    assert_eq!(all.to_string(), "0.0.0.0/0");
}
