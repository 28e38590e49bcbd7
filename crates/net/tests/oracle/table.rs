//! The brute-force model of the sets: explicit tables over a few cells of the real spaces.
//!
//! A cell is a range of addresses, or of services, that all random sets hold as a whole or not at
//! all. The cells fill both address families and all protocols, so that equal tables mean equal
//! sets, and they are single points where things go wrong: at both ends of a family, at ports 0 and
//! 65535, and where one protocol follows another.

// Each test program uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use farmgate_net::addr::AddrSet;
use farmgate_net::packet::{Packet, PacketSet};
use farmgate_net::service::{Service, ServiceSet, TCP, UDP};
use proptest::prelude::*;

/// Bit `n` is cell `n`.
pub(crate) type Addrs = u32;
/// Bit `n` is cell `n`.
pub(crate) type Services = u32;
/// One row of addresses for each service cell.
pub(crate) type Packets = Vec<Addrs>;

/// The IPv4 cells: eight lowest addresses, what is between, eight highest.
pub(crate) const V4: RangeInclusive<usize> = 0..=16;
/// The IPv6 cells: four lowest, what is between, four highest.
pub(crate) const V6: RangeInclusive<usize> = 17..=25;
pub(crate) const ADDRS: usize = 26;
pub(crate) const SERVICES: usize = 26;

/// The first and the last address of a cell.
pub(crate) fn addr_cell(cell: usize) -> (IpAddr, IpAddr) {
    let v4 = |low: u32, high: u32| (Ipv4Addr::from(low).into(), Ipv4Addr::from(high).into());
    let v6 = |low: u128, high: u128| (Ipv6Addr::from(low).into(), Ipv6Addr::from(high).into());
    match cell {
        0..=7 => v4(cell as u32, cell as u32),
        8 => v4(8, u32::MAX - 8),
        9..=16 => v4(u32::MAX - (16 - cell as u32), u32::MAX - (16 - cell as u32)),
        17..=20 => v6(cell as u128 - 17, cell as u128 - 17),
        21 => v6(4, u128::MAX - 4),
        22..=25 => v6(u128::MAX - (25 - cell as u128), u128::MAX - (25 - cell as u128)),
        _ => panic!("no such cell"),
    }
}

/// The services of a cell: first and last protocol, first and last port.
pub(crate) fn service_cell(cell: usize) -> (u8, u8, u16, u16) {
    let ports = |protocol, cell: usize| match cell {
        0..=3 => (protocol, protocol, cell as u16, cell as u16),
        4 => (protocol, protocol, 4, 65531),
        _ => (protocol, protocol, 65527 + cell as u16, 65527 + cell as u16),
    };
    match cell {
        0 => (0, 0, 0, 0),
        1 => (1, 1, 0, 0),
        2 => (2, 5, 0, 0),
        3..=11 => ports(TCP, cell - 3),
        12 => (7, 16, 0, 0),
        13..=21 => ports(UDP, cell - 13),
        22 => (18, 49, 0, 0),
        23 => (50, 50, 0, 0),
        24 => (51, 254, 0, 0),
        25 => (255, 255, 0, 0),
        _ => panic!("no such cell"),
    }
}

/// The first and the last service of a cell.
pub(crate) fn service_ends(cell: usize) -> [Service; 2] {
    let (first, last, low, high) = service_cell(cell);
    [Service { protocol: first, port: low }, Service { protocol: last, port: high }]
}

pub(crate) fn addr_set(cells: RangeInclusive<usize>) -> AddrSet {
    let (low, high) = (addr_cell(*cells.start()).0, addr_cell(*cells.end()).1);
    AddrSet::range(low, high).unwrap()
}

pub(crate) fn service_set(cell: usize) -> ServiceSet {
    let (first, last, low, high) = service_cell(cell);
    (first..=last).fold(ServiceSet::empty(), |set, protocol| {
        set.union(&ServiceSet::ports(protocol, low, high))
    })
}

pub(crate) fn bit(bits: u32, cell: usize) -> bool {
    bits >> cell & 1 == 1
}

/// The bits of a run of cells.
pub(crate) fn run(cells: RangeInclusive<usize>) -> u32 {
    cells.fold(0, |bits, cell| bits | 1 << cell)
}

pub(crate) const ALL_ADDRS: Addrs = (1 << ADDRS) - 1;
pub(crate) const ALL_SERVICES: Services = (1 << SERVICES) - 1;

/// The table of a set; panics if the set divides a cell at its ends.
pub(crate) fn addrs_of(set: &AddrSet) -> Addrs {
    (0..ADDRS).fold(0, |bits, cell| {
        let (low, high) = addr_cell(cell);
        assert_eq!(set.contains(low), set.contains(high), "cell {cell} is divided");
        bits | u32::from(set.contains(low)) << cell
    })
}

pub(crate) fn services_of(set: &ServiceSet) -> Services {
    (0..SERVICES).fold(0, |bits, cell| {
        let [low, high] = service_ends(cell);
        assert_eq!(set.contains(low), set.contains(high), "cell {cell} is divided");
        bits | u32::from(set.contains(low)) << cell
    })
}

pub(crate) fn packets_of(set: &PacketSet) -> Packets {
    let row = |service| {
        (0..ADDRS).fold(0, |bits, cell| {
            let (low, high) = addr_cell(cell);
            let has = |peer| set.contains(&Packet { peer, service });
            assert_eq!(has(low), has(high), "cell {cell} is divided");
            bits | u32::from(has(low)) << cell
        })
    };
    let cells = 0..SERVICES;
    cells
        .map(|cell| {
            let [low, high] = service_ends(cell);
            assert_eq!(row(low), row(high), "cell {cell} is divided");
            row(low)
        })
        .collect()
}

/// The set of a table, built the slow way.
pub(crate) fn from_addrs(bits: Addrs) -> AddrSet {
    let cells = (0..ADDRS).filter(|cell| bit(bits, *cell));
    cells.fold(AddrSet::empty(), |set, cell| set.union(&addr_set(cell..=cell)))
}

pub(crate) fn from_services(bits: Services) -> ServiceSet {
    let cells = (0..SERVICES).filter(|cell| bit(bits, *cell));
    cells.fold(ServiceSet::empty(), |set, cell| set.union(&service_set(cell)))
}

pub(crate) fn from_packets(table: &Packets) -> PacketSet {
    let rows = table.iter().enumerate();
    rows.fold(PacketSet::empty(), |set, (cell, row)| {
        set.union(&PacketSet::product(&service_set(cell), &from_addrs(*row)))
    })
}

pub(crate) fn product(services: Services, addrs: Addrs) -> Packets {
    let cells = 0..SERVICES;
    cells.map(|cell| if bit(services, cell) { addrs } else { 0 }).collect()
}

/// Whether the cells of the one table are all in the other.
pub(crate) fn inside(inner: &Packets, outer: &Packets) -> bool {
    inner.iter().zip(outer).all(|(inner, outer)| inner & !outer == 0)
}

pub(crate) fn zip(one: &Packets, other: &Packets, with: impl Fn(u32, u32) -> u32) -> Packets {
    one.iter().zip(other).map(|(one, other)| with(*one, *other)).collect()
}

/// Union, intersection and difference, by number.
pub(crate) fn bits(operation: u8, one: u32, other: u32) -> u32 {
    match operation {
        0 => one | other,
        1 => one & other,
        _ => one & !other,
    }
}

fn runs(cells: RangeInclusive<usize>) -> impl Strategy<Value = RangeInclusive<usize>> + Clone {
    (cells.clone(), cells).prop_map(|(one, other)| one.min(other)..=one.max(other))
}

/// An address set made by random operations, with its table.
pub(crate) fn any_addrs() -> impl Strategy<Value = (AddrSet, Addrs)> + Clone {
    let leaf = prop_oneof![
        6 => prop_oneof![runs(V4), runs(V6)].prop_map(|cells| (addr_set(cells.clone()), run(cells))),
        1 => Just((AddrSet::empty(), 0)),
        1 => Just((AddrSet::all(), ALL_ADDRS)),
        1 => Just((AddrSet::v4(), run(V4))),
        1 => Just((AddrSet::v6(), run(V6))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, 0..3u8).prop_map(
            |((one, table), (other, other_table), operation)| {
                let set = match operation {
                    0 => one.union(&other),
                    1 => one.intersect(&other),
                    _ => one.subtract(&other),
                };
                (set, bits(operation, table, other_table))
            },
        )
    })
}

/// A service set made by random operations, with its table.
pub(crate) fn any_services() -> impl Strategy<Value = (ServiceSet, Services)> + Clone {
    let ports = (prop_oneof![Just((TCP, 3)), Just((UDP, 13))], runs(0..=8)).prop_map(
        |((protocol, first), cells)| {
            let cells = first + cells.start()..=first + cells.end();
            let (low, high) = (service_cell(*cells.start()).2, service_cell(*cells.end()).3);
            (ServiceSet::ports(protocol, low, high), run(cells))
        },
    );
    let leaf = prop_oneof![
        6 => ports,
        2 => (0..SERVICES).prop_map(|cell| (service_set(cell), 1 << cell)),
        1 => Just((ServiceSet::protocol(TCP), run(3..=11))),
        1 => Just((ServiceSet::protocol(UDP), run(13..=21))),
        1 => Just((ServiceSet::empty(), 0)),
        1 => Just((ServiceSet::all(), ALL_SERVICES)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, 0..3u8).prop_map(
            |((one, table), (other, other_table), operation)| {
                let set = match operation {
                    0 => one.union(&other),
                    1 => one.intersect(&other),
                    _ => one.subtract(&other),
                };
                (set, bits(operation, table, other_table))
            },
        )
    })
}

/// A packet set made by random operations, with its table.
pub(crate) fn any_packets() -> impl Strategy<Value = (PacketSet, Packets)> + Clone {
    let leaf = (any_services(), any_addrs()).prop_map(|((services, rows), (addrs, columns))| {
        (PacketSet::product(&services, &addrs), product(rows, columns))
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, 0..3u8).prop_map(
            |((one, table), (other, other_table), operation)| {
                let set = match operation {
                    0 => one.union(&other),
                    1 => one.intersect(&other),
                    _ => one.subtract(&other),
                };
                let table = zip(&table, &other_table, |one, other| bits(operation, one, other));
                (set, table)
            },
        )
    })
}
