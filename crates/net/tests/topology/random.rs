//! Tiny random networks, from a seed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use farmgate_net::acl::{Acl, Entry};
use farmgate_net::addr::AddrSet;
use farmgate_net::reach::{Place, Question, Replies};
use farmgate_net::route::{Destination, Route, RouteTable, Via};
use farmgate_net::rule::{Group, Peers, Rule};
use farmgate_net::service::{Service, ServiceSet, TCP, UDP};
use farmgate_net::topology::{
    AclId, Back, Forward, Front, GroupId, Interface, InterfaceId, ListId, Nat, NatId, Network,
    Outside, PrefixList, Public, Relay, RelayId, Site, SiteId, Subnet, SubnetId, TableId,
};
use farmgate_net::uncertain::{Note, Uncertain, UncertainSet};

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Once in `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

pub(crate) fn v4(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

pub(crate) fn v6(last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, last))
}

/// Addresses outside: four that rules single out, and one that stands for all others.
pub(crate) fn outside_v4() -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = (0..4).map(|n| IpAddr::V4(Ipv4Addr::new(8, 8, 8, n))).collect();
    all.push(IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)));
    all
}

pub(crate) fn outside_v6() -> Vec<IpAddr> {
    (0..2).map(|n| IpAddr::V6(Ipv6Addr::new(0x2a00, 0, 0, 0, 0, 0, 0, n))).collect()
}

/// The services that tell all rules apart.
pub(crate) fn services() -> Vec<Service> {
    let mut all = vec![Service::tcp(80), Service::tcp(443), Service::udp(443)];
    all.extend([1, 50].map(|protocol| Service { protocol, port: 0 }));
    all
}

/// Ports that tell all cuts of the reply ports apart.
pub(crate) const REPLY_PORTS: [u16; 4] = [1024, 30001, 40000, 50001];

fn note(text: &str) -> Note {
    text.into()
}

fn set(text: &str) -> AddrSet {
    AddrSet::prefix(text.parse().unwrap())
}

fn prefixes() -> Vec<AddrSet> {
    let all = [
        "0.0.0.0/0",
        "10.0.0.0/28",
        "10.0.0.0/30",
        "10.0.0.4/30",
        "10.0.0.5/32",
        "10.0.0.8/31",
        "10.0.0.9/32",
        "8.8.8.0/30",
        "8.8.8.1/32",
        "8.8.8.2/31",
        "::/0",
        "2600::/124",
        "2600::4/126",
        "2a00::1/128",
    ];
    all.iter().map(|p| set(p)).collect()
}

fn some_services(random: &mut Random) -> ServiceSet {
    match random.below(7) {
        0 | 1 => ServiceSet::all(),
        2 => ServiceSet::protocol(TCP),
        3 => ServiceSet::tcp(80),
        4 => ServiceSet::ports(TCP, 80, 443),
        5 => ServiceSet::udp(443).union(&ServiceSet::protocol(1)),
        _ => ServiceSet::protocol(50).union(&ServiceSet::tcp(443)),
    }
}

fn rules(random: &mut Random, groups: u32, lists: u32) -> Vec<Rule> {
    let count = random.below(4);
    (0..count)
        .map(|n| {
            let mut peers = Peers::default();
            match random.below(5) {
                0..=2 => {
                    peers.addresses = random.pick(&prefixes());
                    if random.one_in(3) {
                        peers.addresses = peers.addresses.union(&random.pick(&prefixes()));
                    }
                }
                3 => peers.groups.push(GroupId(random.below(groups as usize) as u32)),
                _ if lists > 0 => peers.lists.push(ListId(random.below(lists as usize) as u32)),
                _ => peers.addresses = AddrSet::all(),
            }
            Rule {
                name: format!("rule {n}"),
                services: some_services(random),
                peers,
                maybe: random.one_in(10).then(|| note("a rule")),
                assumed: None,
            }
        })
        .collect()
}

fn group(random: &mut Random, n: u32, groups: u32, lists: u32) -> Group {
    Group {
        name: format!("group {n}"),
        ingress: rules(random, groups, lists),
        egress: if random.one_in(3) {
            rules(random, groups, lists)
        } else {
            vec![Rule {
                name: "out".to_owned(),
                services: ServiceSet::all(),
                peers: Peers::addresses(AddrSet::all()),
                maybe: None,
                assumed: None,
            }]
        },
        ingress_open: random.one_in(15).then(|| note("more ingress rules")),
        egress_open: random.one_in(15).then(|| note("more egress rules")),
        ..Group::default()
    }
}

fn entries(random: &mut Random) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for n in 0..random.below(4) {
        let services = match random.below(6) {
            0 => ServiceSet::ports(TCP, 1024, 30000),
            1 => ServiceSet::ports(TCP, 30001, 65535).union(&ServiceSet::ports(UDP, 1024, 65535)),
            2 => ServiceSet::ports(TCP, 40000, 50000),
            3 => ServiceSet::ports(TCP, 1024, 65535),
            _ => some_services(random),
        };
        all.push(Entry {
            name: format!("entry {n}"),
            number: n as u32,
            allow: !random.one_in(3),
            services,
            addresses: random.pick(&prefixes()),
        });
    }
    if !random.one_in(3) {
        all.push(Entry {
            name: "rest".to_owned(),
            number: 100,
            allow: true,
            services: ServiceSet::all(),
            addresses: AddrSet::all(),
        });
    }
    all
}

fn acl(random: &mut Random, n: u32) -> Acl {
    Acl {
        name: format!("acl {n}"),
        ingress: entries(random),
        egress: entries(random),
        open: random.one_in(12).then(|| note("an acl's entries")),
        assumed: None,
    }
}

fn table(random: &mut Random, n: u32, nats: u32) -> RouteTable {
    let via = |random: &mut Random| match random.below(8) {
        0..=2 => Via::InternetGateway,
        3 | 4 if nats > 0 => Via::Nat(NatId(random.below(nats as usize) as u32)),
        5 => Via::EgressOnlyGateway,
        6 => Via::Blackhole,
        7 if random.one_in(4) => Via::Opaque(note("what a transit gateway carries")),
        _ => Via::InternetGateway,
    };
    let mut wanted = vec![("10.0.0.0/28", Some(Via::Local)), ("2600::/124", Some(Via::Local))];
    for prefix in ["0.0.0.0/0", "::/0"] {
        if !random.one_in(4) {
            wanted.push((prefix, None));
        }
    }
    for prefix in ["8.8.8.0/31", "8.8.8.2/32", "10.0.0.4/30", "2a00::1/128"] {
        if random.one_in(6) {
            wanted.push((prefix, None));
        }
    }
    let routes = wanted.into_iter().map(|(prefix, fixed)| Route {
        name: prefix.to_owned(),
        destination: Destination::Prefix(prefix.parse().unwrap()),
        via: fixed.unwrap_or_else(|| via(random)),
        propagated: false,
        assumed: None,
    });
    RouteTable { name: format!("table {n}"), routes: routes.collect(), open: None, assumed: None }
}

fn public(random: &mut Random) -> Uncertain<Public> {
    let address =
        |random: &mut Random| Public::Address(AddrSet::single(random.pick(&outside_v4())));
    match random.below(10) {
        0 => Uncertain::Unknown(note("a public address")),
        1 => Uncertain::OneOf(vec![Public::None, address(random)], note("which public address")),
        2..=5 => Uncertain::Known(address(random)),
        _ => Uncertain::Known(Public::None),
    }
}

fn interface(random: &mut Random, n: u32, subnets: u32, groups: u32) -> Interface {
    let subnet = random.below(subnets as usize) as u32;
    let host = |random: &mut Random| v4(subnet as u8 * 4 + random.below(4) as u8);
    let mut addresses = AddrSet::single(host(random));
    if random.one_in(6) {
        addresses = addresses.union(&AddrSet::single(host(random)));
    }
    if random.one_in(3) {
        addresses = addresses.union(&AddrSet::single(v6(subnet as u16 * 4)));
    }
    let mut carried = UncertainSet::default();
    for id in 0..groups {
        match random.below(6) {
            0 | 1 => drop(carried.sure.insert(GroupId(id))),
            2 if random.one_in(3) => {
                carried.maybe.insert(GroupId(id));
                carried.unknown = Some(note(&format!("groups of interface {n}")));
            }
            _ => {}
        }
    }
    if random.one_in(20) {
        carried.open = true;
        carried.unknown = Some(note(&format!("groups of interface {n}")));
    }
    Interface {
        name: format!("interface {n}"),
        subnet: SubnetId(subnet),
        placed: None,
        addresses,
        public: public(random),
        groups: (!random.one_in(8)).then_some(carried),
    }
}

fn relay(random: &mut Random, n: u32, interfaces: u32, managed: bool) -> Relay {
    let ids = |random: &mut Random| {
        let count = 1 + random.below(2);
        let ids = (0..count).map(|_| InterfaceId(random.below(interfaces as usize) as u32));
        let mut ids: Vec<InterfaceId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let back = ids(random);
    let front = if managed && random.one_in(3) {
        Front::Managed(if random.one_in(3) { set("8.8.8.0/31") } else { AddrSet::all() })
    } else {
        Front::Interfaces(back.clone())
    };
    let forwards = (0..1 + random.below(2)).map(|index| Forward {
        name: format!("forward {index} of relay {n}"),
        listen: random.pick(&[ServiceSet::tcp(80), ServiceSet::tcp(443)]),
        targets: ids(random),
        service: random.pick(&[ServiceSet::tcp(80), ServiceSet::tcp(443), ServiceSet::udp(443)]),
        preserves_client: random.one_in(4),
        assumed: Vec::new(),
        maybe: random.one_in(12).then(|| note(&format!("forward {index} of relay {n}"))),
    });
    let forwards = forwards.collect();
    Relay { name: format!("relay {n}"), front, back: Back::Interfaces(back), forwards }
}

/// A network and a question about it.
pub(crate) fn case(seed: u64) -> (Network, Question) {
    let mut random = Random::new(seed);
    let r = &mut random;
    let (subnets, groups, acls) = (1 + r.below(4) as u32, 1 + r.below(3) as u32, r.below(3) as u32);
    let (lists, nats, tables) = (r.below(2) as u32, r.below(3) as u32, 1 + r.below(2) as u32);
    let interfaces = 2 + r.below(3) as u32;
    let mut net = Network {
        sites: vec![Site {
            name: "site".to_owned(),
            addresses: set("10.0.0.0/28").union(&set("2600::/124")),
            open: None,
            unplaced: None,
        }],
        ..Network::default()
    };
    net.lists = (0..lists)
        .map(|n| PrefixList {
            name: format!("list {n}"),
            addresses: match r.below(3) {
                0 => Uncertain::Known(r.pick(&prefixes())),
                1 => {
                    Uncertain::OneOf(vec![r.pick(&prefixes()), r.pick(&prefixes())], note("a list"))
                }
                _ => Uncertain::Unknown(note("a list's content")),
            },
            within: AddrSet::all(),
        })
        .collect();
    net.groups = (0..groups).map(|n| group(r, n, groups, lists)).collect();
    net.acls = (0..acls).map(|n| acl(r, n)).collect();
    net.tables = (0..tables).map(|n| table(r, n, nats)).collect();
    for n in 0..subnets {
        let block =
            set(&format!("10.0.0.{}/30", n * 4)).union(&set(&format!("2600::{:x}/126", n * 4)));
        let some_acl = |r: &mut Random| {
            (acls > 0 && !r.one_in(3)).then(|| AclId(r.below(acls as usize) as u32))
        };
        let acl = match r.below(12) {
            0 => Uncertain::Unknown(note(&format!("the acl of subnet {n}"))),
            1 => Uncertain::OneOf(
                vec![some_acl(r), some_acl(r)],
                note(&format!("which acl of subnet {n}")),
            ),
            _ => Uncertain::Known(some_acl(r)),
        };
        let some_table = |r: &mut Random| TableId(r.below(tables as usize) as u32);
        let table = match r.below(10) {
            0 => Uncertain::OneOf(
                vec![some_table(r), some_table(r)],
                note(&format!("which table of subnet {n}")),
            ),
            _ => Uncertain::Known(some_table(r)),
        };
        net.subnets.push(Subnet {
            name: format!("subnet {n}"),
            site: SiteId(0),
            addresses: block,
            acl,
            table,
        });
    }
    net.nats = (0..nats)
        .map(|n| {
            let subnet = r.below(subnets as usize) as u32;
            let address = Public::Address(AddrSet::single(r.pick(&outside_v4())));
            Nat {
                name: format!("nat {n}"),
                subnet: SubnetId(subnet),
                addresses: AddrSet::single(v4(subnet as u8 * 4 + 3)),
                public: match r.below(6) {
                    0 => Uncertain::OneOf(
                        vec![Public::None, address],
                        note("a nat's public address"),
                    ),
                    1 => Uncertain::Known(Public::None),
                    _ => Uncertain::Known(address),
                },
            }
        })
        .collect();
    net.interfaces = (0..interfaces).map(|n| interface(r, n, subnets, groups)).collect();
    let question = question(r, &mut net, interfaces);
    (net, question)
}

fn question(r: &mut Random, net: &mut Network, interfaces: u32) -> Question {
    let to = InterfaceId(r.below(interfaces as usize) as u32);
    let mut other = InterfaceId(r.below(interfaces as usize) as u32);
    if other == to {
        other = InterfaceId((to.0 + 1) % interfaces);
    }
    let everywhere: AddrSet = outside_v4()
        .into_iter()
        .chain(outside_v6())
        .map(AddrSet::single)
        .fold(AddrSet::empty(), |all, one| all.union(&one));
    let lists: Vec<ListId> =
        if net.lists.is_empty() || !r.one_in(3) { vec![] } else { vec![ListId(0)] };
    // Hosts on a list are what the list holds: only a list of unknown content leaves that open.
    let lists: Vec<ListId> = lists
        .into_iter()
        .filter(|l| matches!(net.lists[l.index()].addresses, Uncertain::Unknown(_)))
        .collect();
    let some_outside =
        Outside { name: "outside".to_owned(), addresses: everywhere, lists, off_lists: Vec::new() };
    let few = Outside {
        name: "few".to_owned(),
        addresses: set("8.8.8.0/31"),
        lists: some_outside.lists.clone(),
        off_lists: some_outside.off_lists.clone(),
    };
    let (from, to) = match r.below(9) {
        0..=2 => (Place::Interface(other), Place::Interface(to)),
        3 | 4 => (Place::Anywhere(some_outside), Place::Interface(to)),
        5 => (Place::Outside(few), Place::Interface(to)),
        6 => (Place::Hosts(SiteId(0), set("10.0.0.0/28")), Place::Interface(to)),
        7 => (Place::Interface(other), Place::Anywhere(some_outside)),
        _ => (Place::Interface(other), Place::Outside(few)),
    };
    let relayed = matches!(to, Place::Interface(_)) && r.one_in(2);
    if relayed {
        let managed = matches!(from, Place::Anywhere(_) | Place::Outside(_));
        net.relays = (0..1 + r.below(2) as u32).map(|n| relay(r, n, interfaces, managed)).collect();
    }
    let asked = if r.one_in(2) {
        services().iter().fold(ServiceSet::empty(), |all, s| all.union(&ServiceSet::single(*s)))
    } else {
        ServiceSet::single(r.pick(&services()))
    };
    let mut question = Question::new(from, to, asked);
    if r.one_in(3) {
        question.replies = Replies::All;
    }
    if !relayed {
        question = question.direct();
    } else if r.one_in(5) {
        question = question.avoiding([RelayId(0)]);
    }
    question
}
