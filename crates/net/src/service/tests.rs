//! Edge cases and texts of service sets.

use super::{ICMP, ICMPV6, Service, ServiceSet, TCP, UDP};

fn union(sets: &[ServiceSet]) -> ServiceSet {
    sets.iter().fold(ServiceSet::empty(), |all, set| all.union(set))
}

#[test]
fn single_services_read_as_people_write_them() {
    assert_eq!(Service::tcp(443).to_string(), "tcp 443");
    assert_eq!(Service::udp(53).to_string(), "udp 53");
    let of = |protocol| Service { protocol, port: 0 }.to_string();
    assert_eq!(of(ICMP), "icmp");
    assert_eq!(of(ICMPV6), "icmpv6");
    assert_eq!(of(50), "protocol 50");
}

#[test]
fn sets_read_as_people_write_them() {
    let mixed = [
        ServiceSet::udp(53),
        ServiceSet::tcp(443),
        ServiceSet::ports(TCP, 8000, 8100),
        ServiceSet::protocol(ICMP),
    ];
    assert_eq!(union(&mixed).to_string(), "icmp, tcp 443, 8000-8100, udp 53");
    assert_eq!(ServiceSet::protocol(TCP).to_string(), "all tcp");
    assert_eq!(ServiceSet::all().to_string(), "everything");
    assert_eq!(ServiceSet::empty().to_string(), "nothing");
    assert_eq!(
        ServiceSet::all().subtract(&ServiceSet::tcp(22)).to_string(),
        "protocol 0, icmp, protocols 2-5, tcp 0-21, 23-65535, protocols 7-16, all udp, \
         protocols 18-57, icmpv6, protocols 59-255"
    );
}

#[test]
fn neighbouring_protocols_do_not_run_together() {
    let last = ServiceSet::tcp(65535);
    let next = ServiceSet::protocol(7);
    assert_eq!(last.union(&next).to_string(), "tcp 65535, protocol 7");
    let services: Vec<_> = last.union(&next).services().collect();
    assert_eq!(services, [(TCP, 65535, 65535), (7, 0, 65535)]);
    assert!(!last.overlaps(&next));
}

#[test]
fn the_last_port_and_the_last_protocol_are_in() {
    let all = ServiceSet::ports(TCP, 0, 65535);
    assert_eq!(all, ServiceSet::protocol(TCP));
    assert!(all.contains(Service::tcp(65535)));
    assert!(!all.contains(Service::udp(0)));
    assert_eq!(ServiceSet::all().services().count(), 256);
    let last = ServiceSet::protocol(255);
    assert_eq!(ServiceSet::all().subtract(&last).union(&last), ServiceSet::all());
}

#[test]
fn protocols_without_ports_are_held_as_a_whole() {
    // As AWS writes an ICMP type and code, and "no ports".
    assert_eq!(ServiceSet::ports(ICMP, 8, 0), ServiceSet::protocol(ICMP));
    assert_eq!(ServiceSet::ports(50, 0, 0), ServiceSet::protocol(50));
    assert_eq!(ServiceSet::single(Service { protocol: 47, port: 0 }), ServiceSet::protocol(47));
}

#[test]
fn ports_in_the_wrong_order_are_none() {
    assert!(ServiceSet::ports(UDP, 2, 1).is_empty());
}

#[test]
fn replies_go_to_ports_of_tcp_and_udp_only() {
    let mixed = union(&[ServiceSet::protocol(ICMP), ServiceSet::tcp(443), ServiceSet::udp(53)]);
    assert_eq!(mixed.only_with_reply_ports().to_string(), "tcp 443, udp 53");
    assert_eq!(mixed.without_ports().to_string(), "icmp");
}
