//! Expressions over sets against a naive reading of the same expression, point by point.
//!
//! The leaves lie in a corner of 16 addresses a family and 16 ports, and are uniform outside of it.
//! So the probes (the whole corner, and one point outside) see everything that there is to see.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use farmgate_net::addr::AddrSet;
use farmgate_net::packet::{Packet, PacketSet};
use farmgate_net::service::{Service, ServiceSet};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// The protocols of the corner: TCP, UDP, ICMP, ESP; the last stands for all others.
const PROTOCOLS: [u8; 5] = [6, 17, 1, 50, 99];

#[derive(Debug, Arbitrary)]
enum Expr<L> {
    Leaf(L),
    Union(Box<Expr<L>>, Box<Expr<L>>),
    Intersect(Box<Expr<L>>, Box<Expr<L>>),
    Subtract(Box<Expr<L>>, Box<Expr<L>>),
}

#[derive(Debug, Arbitrary)]
enum Addresses {
    Empty,
    All,
    V4,
    V6,
    Prefix { v6: bool, base: u8, bits: u8 },
    Range { v6: bool, low: u8, high: u8 },
}

#[derive(Debug, Arbitrary)]
enum Services {
    Empty,
    All,
    Protocol(u8),
    Ports { udp: bool, low: u8, high: u8 },
}

#[derive(Debug, Arbitrary)]
struct Packets {
    services: Services,
    addresses: Addresses,
}

#[derive(Debug, Arbitrary)]
enum Case {
    Addresses(Expr<Addresses>, Expr<Addresses>),
    Services(Expr<Services>, Expr<Services>),
    Packets(Expr<Packets>, Expr<Packets>),
}

/// What an expression is made of: how to build it, and whether a point is in it.
trait Leaf {
    type Set: Set;
    type Point: std::fmt::Debug;
    fn build(&self) -> Self::Set;
    fn holds(&self, point: &Self::Point) -> bool;
    fn contains(set: &Self::Set, point: &Self::Point) -> bool;
    fn probes() -> Vec<Self::Point>;
}

/// What the three kinds of sets have in common.
trait Set: Sized + Clone + PartialEq + std::fmt::Debug {
    fn union(&self, other: &Self) -> Self;
    fn intersect(&self, other: &Self) -> Self;
    fn subtract(&self, other: &Self) -> Self;
    fn is_empty(&self) -> bool;
    fn is_subset(&self, of: &Self) -> bool;
}

macro_rules! set {
    ($($kind:ty),*) => {$(
        impl Set for $kind {
            fn union(&self, other: &Self) -> Self {
                <$kind>::union(self, other)
            }
            fn intersect(&self, other: &Self) -> Self {
                <$kind>::intersect(self, other)
            }
            fn subtract(&self, other: &Self) -> Self {
                <$kind>::subtract(self, other)
            }
            fn is_empty(&self) -> bool {
                <$kind>::is_empty(self)
            }
            fn is_subset(&self, of: &Self) -> bool {
                <$kind>::is_subset(self, of)
            }
        }
    )*};
}
set!(AddrSet, ServiceSet, PacketSet);

impl<L: Leaf> Expr<L> {
    fn build(&self) -> L::Set {
        match self {
            Expr::Leaf(leaf) => leaf.build(),
            Expr::Union(a, b) => a.build().union(&b.build()),
            Expr::Intersect(a, b) => a.build().intersect(&b.build()),
            Expr::Subtract(a, b) => a.build().subtract(&b.build()),
        }
    }

    fn holds(&self, point: &L::Point) -> bool {
        match self {
            Expr::Leaf(leaf) => leaf.holds(point),
            Expr::Union(a, b) => a.holds(point) || b.holds(point),
            Expr::Intersect(a, b) => a.holds(point) && b.holds(point),
            Expr::Subtract(a, b) => a.holds(point) && !b.holds(point),
        }
    }
}

/// An address of the corner: at the low end, the high end or the middle of its family.
fn address(v6: bool, nibble: u8) -> IpAddr {
    let nibble = nibble & 15;
    if v6 {
        let base: u128 = 0x2001_0db8 << 96;
        IpAddr::V6(Ipv6Addr::from(base | u128::from(nibble)))
    } else {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | u32::from(nibble)))
    }
}

/// The nibble of an address of the corner.
fn nibble(address: IpAddr) -> Option<u8> {
    let last = match address {
        IpAddr::V4(a) => a.octets()[3],
        IpAddr::V6(a) => a.octets()[15],
    };
    (last < 16 && address == self::address(address.is_ipv6(), last)).then_some(last)
}

impl Leaf for Addresses {
    type Set = AddrSet;
    type Point = IpAddr;

    fn build(&self) -> AddrSet {
        match *self {
            Addresses::Empty => AddrSet::empty(),
            Addresses::All => AddrSet::all(),
            Addresses::V4 => AddrSet::v4(),
            Addresses::V6 => AddrSet::v6(),
            Addresses::Prefix { v6, base, bits } => {
                let length = if v6 { 128 } else { 32 } - bits % 5;
                let prefix = ipnet::IpNet::new(address(v6, base), length).expect("a valid length");
                AddrSet::prefix(prefix)
            }
            Addresses::Range { v6, low, high } => {
                let range = AddrSet::range(address(v6, low), address(v6, high));
                assert_eq!(range.is_some(), low & 15 <= high & 15);
                range.unwrap_or_else(AddrSet::empty)
            }
        }
    }

    fn holds(&self, point: &IpAddr) -> bool {
        match *self {
            Addresses::Empty => false,
            Addresses::All => true,
            Addresses::V4 => point.is_ipv4(),
            Addresses::V6 => point.is_ipv6(),
            Addresses::Prefix { v6, base, bits } => {
                let bits = bits % 5;
                point.is_ipv6() == v6
                    && nibble(*point).is_some_and(|n| n >> bits == (base & 15) >> bits)
            }
            Addresses::Range { v6, low, high } => {
                point.is_ipv6() == v6
                    && nibble(*point).is_some_and(|n| (low & 15..=high & 15).contains(&n))
            }
        }
    }

    fn contains(set: &AddrSet, point: &IpAddr) -> bool {
        set.contains(*point)
    }

    fn probes() -> Vec<IpAddr> {
        let corner = |v6| (0..16).map(move |n| address(v6, n));
        let outside = [IpAddr::V4(Ipv4Addr::BROADCAST), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        corner(false).chain(corner(true)).chain(outside).collect()
    }
}

/// A port of the corner: eight at either end.
fn port(nibble: u8) -> u16 {
    let nibble = u16::from(nibble & 15);
    if nibble < 8 { nibble } else { 65520 + nibble }
}

impl Leaf for Services {
    type Set = ServiceSet;
    type Point = Service;

    fn build(&self) -> ServiceSet {
        match *self {
            Services::Empty => ServiceSet::empty(),
            Services::All => ServiceSet::all(),
            Services::Protocol(p) => ServiceSet::protocol(PROTOCOLS[usize::from(p) % 5]),
            Services::Ports { udp, low, high } => {
                let (a, b) = (port(low), port(high));
                ServiceSet::ports(if udp { 17 } else { 6 }, a.min(b), a.max(b))
            }
        }
    }

    fn holds(&self, point: &Service) -> bool {
        match *self {
            Services::Empty => false,
            Services::All => true,
            Services::Protocol(p) => point.protocol == PROTOCOLS[usize::from(p) % 5],
            Services::Ports { udp, low, high } => {
                let (a, b) = (port(low), port(high));
                point.protocol == if udp { 17 } else { 6 }
                    && (a.min(b)..=a.max(b)).contains(&point.port)
            }
        }
    }

    fn contains(set: &ServiceSet, point: &Service) -> bool {
        set.contains(*point)
    }

    fn probes() -> Vec<Service> {
        let ports = |protocol| {
            let ports = (0..16).map(port).chain([30_000]);
            ports.map(move |port| Service { protocol, port })
        };
        let whole = [1, 50, 99].map(|protocol| Service { protocol, port: 0 });
        ports(6).chain(ports(17)).chain(whole).collect()
    }
}

impl Leaf for Packets {
    type Set = PacketSet;
    type Point = Packet;

    fn build(&self) -> PacketSet {
        PacketSet::product(&self.services.build(), &self.addresses.build())
    }

    fn holds(&self, point: &Packet) -> bool {
        self.services.holds(&point.service) && self.addresses.holds(&point.peer)
    }

    fn contains(set: &PacketSet, point: &Packet) -> bool {
        set.contains(point)
    }

    fn probes() -> Vec<Packet> {
        let services = Services::probes();
        let peers = Addresses::probes();
        let with = |service| peers.iter().map(move |&peer| Packet { peer, service });
        services.into_iter().flat_map(with).collect()
    }
}

/// Builds both expressions and compares them and what they say of each other with the naive reading.
fn compare<L: Leaf>(a: &Expr<L>, b: &Expr<L>) -> (L::Set, L::Set) {
    let (left, right) = (a.build(), b.build());
    let probes = L::probes();
    let (mut empty, mut subset, mut equal) = (true, true, true);
    for point in &probes {
        let (in_left, in_right) = (a.holds(point), b.holds(point));
        assert_eq!(L::contains(&left, point), in_left, "{point:?} in {left:?}");
        assert_eq!(L::contains(&right, point), in_right, "{point:?} in {right:?}");
        empty &= !in_left;
        subset &= !in_left || in_right;
        equal &= in_left == in_right;
    }
    assert_eq!(left.is_empty(), empty, "{left:?}");
    assert_eq!(left.is_subset(&right), subset, "{left:?} in {right:?}");
    assert_eq!(left == right, equal, "canonical: {left:?}, {right:?}");
    (left, right)
}

fuzz_target!(|case: Case| match case {
    Case::Addresses(a, b) => {
        let (set, other) = compare(&a, &b);
        assert_eq!(set.prefixes().into_iter().collect::<AddrSet>(), set);
        assert_eq!(set.overlaps(&other), !set.intersect(&other).is_empty());
        assert_eq!(set.first().is_some(), !set.is_empty());
        assert_eq!(set.only_v4().union(&set.only_v6()), set);
    }
    Case::Services(a, b) => {
        let (set, other) = compare(&a, &b);
        let again =
            set.services().map(|(protocol, low, high)| ServiceSet::ports(protocol, low, high));
        assert_eq!(again.fold(ServiceSet::empty(), |all, one| all.union(&one)), set);
        assert_eq!(set.overlaps(&other), !set.intersect(&other).is_empty());
        assert_eq!(set.only_with_reply_ports().union(&set.without_ports()), set);
    }
    Case::Packets(a, b) => {
        let (set, _) = compare(&a, &b);
        let bands = set.bands().map(|(services, peers)| PacketSet::product(&services, peers));
        assert_eq!(bands.fold(PacketSet::empty(), |all, one| all.union(&one)), set);
        assert!(set.first().is_none_or(|packet| set.contains(&packet)));
        assert_eq!(set.witness().is_none(), set.is_empty());
        assert!(set.witness().is_none_or(|packet| set.contains(&packet)));
    }
});
