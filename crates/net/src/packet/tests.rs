//! Edge cases and texts of packet sets.

use ipnet::IpNet;

use super::{Packet, PacketSet, minimal_cover};
use crate::addr::AddrSet;
use crate::service::{Service, ServiceSet, TCP};

fn from(services: &ServiceSet, prefix: &str) -> PacketSet {
    let prefix: IpNet = prefix.parse().unwrap();
    PacketSet::product(services, &AddrSet::prefix(prefix))
}

#[test]
fn equal_neighbours_become_one_band() {
    let low = from(&ServiceSet::ports(TCP, 0, 1023), "10.0.0.0/8");
    let high = from(&ServiceSet::ports(TCP, 1024, 65535), "10.0.0.0/8");
    let both = low.union(&high);
    assert_eq!(both, from(&ServiceSet::protocol(TCP), "10.0.0.0/8"));
    assert_eq!(both.bands().count(), 1);
}

#[test]
fn neighbouring_protocols_may_share_a_band_and_still_differ() {
    let services = ServiceSet::tcp(65535).union(&ServiceSet::protocol(7));
    let set = from(&services, "10.0.0.0/8");
    assert_eq!(set.bands().count(), 1);
    assert_eq!(set.to_string(), "tcp 65535, protocol 7 from 10.0.0.0/8");
    let without = set.subtract(&from(&ServiceSet::protocol(7), "0.0.0.0/0"));
    assert_eq!(without, from(&ServiceSet::tcp(65535), "10.0.0.0/8"));
}

#[test]
fn the_highest_service_and_address_are_in() {
    let all = PacketSet::all();
    let last = PacketSet::product(
        &ServiceSet::protocol(255),
        &AddrSet::single("255.255.255.255".parse().unwrap()),
    );
    assert_eq!(all.subtract(&last).union(&last), all);
    assert!(all.subtract(&all).is_empty());
    let cover = PacketSet::from_products([
        (ServiceSet::all(), AddrSet::v4()),
        (ServiceSet::all(), AddrSet::v6()),
    ]);
    assert_eq!(cover, all);
}

#[test]
fn texts() {
    assert_eq!(PacketSet::empty().to_string(), "nothing");
    assert_eq!(PacketSet::all().to_string(), "anything");
    let set = PacketSet::from_products([
        (ServiceSet::tcp(22), AddrSet::prefix("10.0.0.0/16".parse().unwrap())),
        (ServiceSet::udp(53), AddrSet::all()),
        (ServiceSet::tcp(8080), AddrSet::prefix("10.0.0.0/16".parse().unwrap())),
    ]);
    assert_eq!(set.to_string(), "tcp 22, 8080 from 10.0.0.0/16; udp 53 from anything");
    let packet = Packet { peer: "192.0.2.1".parse().unwrap(), service: Service::tcp(22) };
    assert_eq!(packet.to_string(), "tcp 22 from 192.0.2.1");
}

#[test]
fn long_sets_are_cut_short() {
    let product = |host: u8| {
        let address = AddrSet::single([10, 0, 0, host].into());
        (ServiceSet::tcp(host.into()), address)
    };
    let set = PacketSet::from_products((1..=7).map(product)).to_string();
    assert!(set.starts_with("tcp 1 from 10.0.0.1/32; tcp 2 from "));
    assert!(set.ends_with("tcp 5 from 10.0.0.5/32; and 2 more"), "{set}");
}

#[test]
fn a_witness_is_of_tcp_if_possible() {
    let witness = |set: &PacketSet| set.witness().map(|packet| packet.to_string());
    assert_eq!(witness(&PacketSet::all()).unwrap(), "tcp 443 from 198.51.100.7");
    let ping = from(&ServiceSet::protocol(1), "10.0.0.0/8");
    assert_eq!(witness(&ping).unwrap(), "icmp from 10.0.0.7");
    let both = ping.union(&from(&ServiceSet::ports(TCP, 0, 80), "10.1.0.0/16"));
    assert_eq!(witness(&both).unwrap(), "tcp 1 from 10.1.0.7");
    assert_eq!(witness(&PacketSet::empty()), None);
}

#[test]
fn every_address_of_none_has_every_service() {
    let set = from(&ServiceSet::tcp(443), "10.0.0.0/8");
    assert_eq!(set.services_for_all(&AddrSet::empty()), ServiceSet::all());
    assert!(set.services_for_some(&AddrSet::empty()).is_empty());
    assert!(set.peers_for_all(&ServiceSet::empty()).is_empty());
}

/// Covers ranges of numbers by ranges of numbers.
fn cover(what: std::ops::Range<u32>, by: &[std::ops::Range<u32>]) -> Option<Vec<usize>> {
    let what: Vec<u32> = what.collect();
    let by: Vec<(usize, &std::ops::Range<u32>)> = by.iter().enumerate().collect();
    let cut = |left: &Vec<u32>, (_, range): (usize, &std::ops::Range<u32>)| {
        let left = left.iter().copied();
        left.filter(|number| !range.contains(number)).collect()
    };
    let chosen = minimal_cover(&what, &by, cut, Vec::is_empty)?;
    Some(chosen.into_iter().map(|(position, _)| position).collect())
}

#[test]
fn a_cover_is_one_alone_or_has_none_too_many() {
    assert_eq!(cover(0..10, &[0..5, 5..10, 0..20]), Some(vec![2]));
    assert_eq!(cover(0..10, &[0..5, 3..8, 5..10]), Some(vec![0, 2]));
    assert_eq!(cover(0..10, &[2..8, 0..5, 5..10]), Some(vec![1, 2]));
    assert_eq!(cover(0..10, &[0..5, 6..10]), None);
    assert_eq!(cover(0..0, &[0..5, 5..10]), Some(vec![]));
}
