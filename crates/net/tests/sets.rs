//! Sets of addresses, services and packets against explicit tables.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(missing_docs)]

#[path = "oracle/table.rs"]
mod table;

use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::service::ServiceSet;
use proptest::prelude::*;
use table::*;

proptest! {
    #[test]
    fn an_address_set_is_its_table((set, table) in any_addrs()) {
        prop_assert_eq!(addrs_of(&set), table);
        prop_assert_eq!(&set, &from_addrs(table), "not canonical");
        prop_assert_eq!(set.is_empty(), table == 0);
        prop_assert_eq!(set.only_v4(), from_addrs(table & run(V4)));
        prop_assert_eq!(set.only_v6(), from_addrs(table & run(V6)));
        let first = (0..ADDRS).find(|cell| bit(table, *cell)).map(|cell| addr_cell(cell).0);
        prop_assert_eq!(set.first(), first);
    }

    #[test]
    fn address_sets_compare_as_their_tables(
        (one, table) in any_addrs(),
        (other, other_table) in any_addrs(),
    ) {
        prop_assert_eq!(one == other, table == other_table);
        prop_assert_eq!(one.is_subset(&other), table & !other_table == 0);
        prop_assert_eq!(one.overlaps(&other), table & other_table != 0);
    }

    #[test]
    fn addresses_are_counted_by_cell((set, table) in any_addrs()) {
        let (mut v4, mut v6) = (0_u64, 0_u128);
        for cell in (0..ADDRS).filter(|cell| bit(table, *cell)) {
            match (V4.contains(&cell), cell) {
                (true, 8) => v4 += (1 << 32) - 16,
                (true, _) => v4 += 1,
                // All but the eight others: 2^128 - 8.
                (false, 21) => v6 = v6.saturating_add(u128::MAX - 7),
                (false, _) => v6 = v6.saturating_add(1),
            }
        }
        prop_assert_eq!(set.count(), (v4, v6));
    }

    #[test]
    fn prefixes_are_the_minimal_cover((set, _) in any_addrs()) {
        let prefixes = set.prefixes();
        prop_assert_eq!(&prefixes.iter().copied().collect::<AddrSet>(), &set);
        let mut seen = AddrSet::empty();
        for prefix in prefixes {
            let block = AddrSet::prefix(prefix);
            prop_assert!(!block.overlaps(&seen), "{} twice", prefix);
            seen = seen.union(&block);
            if let Some(wider) = prefix.supernet() {
                prop_assert!(!AddrSet::prefix(wider).is_subset(&set), "{} would do", wider);
            }
        }
    }

    #[test]
    fn a_witness_is_inside((set, _) in any_addrs(), (packets, _) in any_packets()) {
        prop_assert_eq!(set.witness().is_none(), set.is_empty());
        prop_assert!(set.witness().is_none_or(|address| set.contains(address)));
        prop_assert_eq!(packets.witness().is_none(), packets.is_empty());
        prop_assert!(packets.witness().is_none_or(|packet| packets.contains(&packet)));
    }

    #[test]
    fn a_service_set_is_its_table((set, table) in any_services()) {
        prop_assert_eq!(services_of(&set), table);
        prop_assert_eq!(&set, &from_services(table), "not canonical");
        prop_assert_eq!(set.is_empty(), table == 0);
        let first = (0..SERVICES).find(|cell| bit(table, *cell));
        prop_assert_eq!(set.first(), first.map(|cell| service_ends(cell)[0]));
        let with_ports = run(3..=11) | run(13..=21);
        prop_assert_eq!(set.only_with_reply_ports(), from_services(table & with_ports));
        prop_assert_eq!(set.without_ports(), from_services(table & !with_ports));
        let again = set.services().fold(ServiceSet::empty(), |again, (protocol, low, high)| {
            again.union(&ServiceSet::ports(protocol, low, high))
        });
        prop_assert_eq!(again, set);
    }

    #[test]
    fn service_sets_compare_as_their_tables(
        (one, table) in any_services(),
        (other, other_table) in any_services(),
    ) {
        prop_assert_eq!(one == other, table == other_table);
        prop_assert_eq!(one.is_subset(&other), table & !other_table == 0);
        prop_assert_eq!(one.overlaps(&other), table & other_table != 0);
    }

    #[test]
    fn a_packet_set_is_its_table((set, table) in any_packets()) {
        prop_assert_eq!(&packets_of(&set), &table);
        prop_assert_eq!(&set, &from_packets(&table), "not canonical");
        prop_assert_eq!(set.is_empty(), table.iter().all(|row| *row == 0));
        let first = (0..SERVICES).find(|cell| table[*cell] != 0).map(|cell| {
            let peer = from_addrs(table[cell]).first();
            (service_ends(cell)[0], peer.unwrap())
        });
        prop_assert_eq!(set.first().map(|packet| (packet.service, packet.peer)), first);
    }

    #[test]
    fn packet_sets_compare_as_their_tables(
        (one, table) in any_packets(),
        (other, other_table) in any_packets(),
    ) {
        prop_assert_eq!(one == other, table == other_table);
        prop_assert_eq!(one.is_subset(&other), inside(&table, &other_table));
        let both = zip(&table, &other_table, |one, other| one & other);
        prop_assert_eq!(one.overlaps(&other), both.iter().any(|row| *row != 0));
    }

    #[test]
    fn a_packet_set_answers_as_its_table(
        (set, table) in any_packets(),
        (services, rows) in any_services(),
        (addrs, columns) in any_addrs(),
    ) {
        let asked = (0..SERVICES).filter(|cell| bit(rows, *cell));
        let where_row = |holds: &dyn Fn(u32) -> bool| {
            (0..SERVICES).fold(0, |bits, cell| bits | u32::from(holds(table[cell])) << cell)
        };
        prop_assert_eq!(addrs_of(&set.peers()), table.iter().fold(0, |all, row| all | row));
        prop_assert_eq!(services_of(&set.services()), where_row(&|row| row != 0));
        prop_assert_eq!(
            services_of(&set.services_for_all(&addrs)),
            where_row(&|row| columns & !row == 0)
        );
        prop_assert_eq!(
            services_of(&set.services_for_some(&addrs)),
            where_row(&|row| columns & row != 0)
        );
        let expected = asked.clone().map(|cell| table[cell]).reduce(|all, row| all & row);
        prop_assert_eq!(addrs_of(&set.peers_for_all(&services)), expected.unwrap_or(0));
        for cell in asked {
            let [low, high] = service_ends(cell);
            prop_assert_eq!(addrs_of(&set.peers_for(low)), table[cell]);
            prop_assert_eq!(addrs_of(&set.peers_for(high)), table[cell]);
        }
        let part = zip(&table, &product(rows, columns), |one, other| one & other);
        prop_assert_eq!(set.restrict(&services, &addrs), from_packets(&part));
    }

    #[test]
    fn bands_make_up_the_set((set, _) in any_packets()) {
        let mut again = PacketSet::empty();
        for (services, addrs) in set.bands() {
            prop_assert!(!again.services().overlaps(&services));
            again = again.union(&PacketSet::product(&services, addrs));
        }
        prop_assert_eq!(again, set);
    }

    #[test]
    fn one_sweep_makes_what_a_fold_makes(
        products in prop::collection::vec((any_services(), any_addrs()), 0..8),
    ) {
        let fold = products.iter().fold(PacketSet::empty(), |all, ((services, _), (addrs, _))| {
            all.union(&PacketSet::product(services, addrs))
        });
        let table = products.iter().fold(product(0, 0), |all, ((_, rows), (_, columns))| {
            zip(&all, &product(*rows, *columns), |one, other| one | other)
        });
        let sets = products.into_iter().map(|((services, _), (addrs, _))| (services, addrs));
        let sweep = PacketSet::from_products(sets);
        prop_assert_eq!(&sweep, &fold);
        prop_assert_eq!(&sweep, &from_packets(&table));
    }
}
