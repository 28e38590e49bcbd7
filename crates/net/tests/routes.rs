//! Routes against a naive look-up: for each address, the strongest match, in every case that may be.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use farmgate_net::addr::AddrSet;
use farmgate_net::route::{Destination, Part, Route, RouteTable, Via};
use farmgate_net::topology::ListId;
use farmgate_net::uncertain::Uncertain;
use ipnet::IpNet;
use proptest::prelude::*;

/// Sixteen IPv4 and eight IPv6 addresses; nothing else is looked up.
fn universe() -> impl Iterator<Item = IpAddr> {
    let v4 = (0..16).map(|host| Ipv4Addr::new(10, 0, 0, host).into());
    v4.chain((0..8).map(|host| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host).into()))
}

fn any_prefix() -> impl Strategy<Value = IpNet> {
    let lengths = prop_oneof![1 => Just(0_u8), 12 => 1..=5_u8];
    (0..24_usize, lengths).prop_map(|(address, length)| {
        let address = universe().nth(address).unwrap();
        let bits = IpNet::from(address).max_prefix_len();
        // 0, 28 to 32 and 0, 124 to 128.
        let length = if length == 0 { 0 } else { bits - 5 + length };
        IpNet::new(address, length).unwrap().trunc()
    })
}

fn any_set() -> impl Strategy<Value = AddrSet> {
    prop::collection::vec(any_prefix(), 0..4).prop_map(|prefixes| prefixes.into_iter().collect())
}

fn any_content() -> impl Strategy<Value = Uncertain<AddrSet>> {
    prop_oneof![
        any_set().prop_map(Uncertain::Known),
        any_set().prop_map(|set| Uncertain::Assumed(set, "as of today".into())),
        prop::collection::vec(any_set(), 0..4)
            .prop_map(|sets| Uncertain::OneOf(sets, "var".into())),
        Just(Uncertain::Unknown("not in the plan".into())),
    ]
}

const LISTS: u32 = 3;

/// A table in which each list is used at most once, as AWS has it.
fn any_table() -> impl Strategy<Value = RouteTable> {
    let prefixes = (any_prefix(), any::<bool>(), prop::bool::weighted(0.2));
    let prefixes = prop::collection::vec(prefixes, 0..8);
    let lists = prop::collection::vec(any::<bool>(), LISTS as usize);
    (prefixes, lists, any::<prop::sample::Index>()).prop_map(|(prefixes, lists, at)| {
        let prefixes = prefixes.into_iter().map(|(prefix, propagated, local)| Route {
            name: String::new(),
            destination: Destination::Prefix(prefix),
            via: if local { Via::Local } else { Via::InternetGateway },
            propagated: propagated && !local,
            assumed: None,
        });
        let mut routes: Vec<Route> = prefixes.collect();
        let lists = (0..LISTS).filter(|list| lists[*list as usize]).map(|list| Route {
            name: String::new(),
            destination: Destination::List(ListId(list)),
            via: Via::ServiceGateway("s3".to_owned()),
            propagated: false,
            assumed: None,
        });
        let at = at.index(routes.len() + 1);
        routes.splice(at..at, lists);
        RouteTable { name: String::new(), routes, ..RouteTable::default() }
    })
}

/// What a list is in one of the cases that may be.
#[derive(Debug, Clone)]
enum Content {
    Set(AddrSet),
    /// Longer than any but a host's.
    Everything,
    /// As long as an address.
    Hosts,
}

/// The cases of one list.
fn cases(content: &Uncertain<AddrSet>, to: &AddrSet, on_list: bool) -> Vec<Content> {
    let unknown = || match on_list {
        true => vec![Content::Everything],
        false => vec![Content::Hosts, Content::Set(AddrSet::empty())],
    };
    match content {
        Uncertain::Known(set) | Uncertain::Assumed(set, _) => vec![Content::Set(set.clone())],
        Uncertain::Unknown(_) => unknown(),
        Uncertain::OneOf(sets, _) => {
            let sets = sets.iter().filter(|set| !on_list || to.is_subset(set));
            let sets: Vec<Content> = sets.cloned().map(Content::Set).collect();
            if sets.is_empty() { unknown() } else { sets }
        }
    }
}

/// Twice the length, or one less than a host's for an unknown entry; then the kind.
fn strength(route: &Route, address: IpAddr, lists: &[Content]) -> Option<(u16, u8)> {
    let host = 2 * u16::from(IpNet::from(address).max_prefix_len());
    let length = |prefix: IpNet| 2 * u16::from(prefix.prefix_len());
    match &route.destination {
        Destination::Prefix(prefix) => {
            let kind = if route.propagated { 0 } else { 2 };
            prefix.contains(&address).then_some((length(*prefix), kind))
        }
        Destination::List(id) => {
            let entry = match &lists[id.index()] {
                Content::Set(set) => {
                    let entry = set.prefixes().into_iter().find(|entry| entry.contains(&address));
                    length(entry?)
                }
                Content::Everything => host - 1,
                Content::Hosts => host,
            };
            Some((entry, 1))
        }
    }
}

/// The positions of the routes that decide in one case; `None` if none matches.
fn deciders(table: &RouteTable, address: IpAddr, lists: &[Content]) -> BTreeSet<Option<usize>> {
    let is_local = table.routes.iter().any(|route| {
        route.via == Via::Local
            && matches!(route.destination, Destination::Prefix(prefix) if prefix.contains(&address))
    });
    let strengths: Vec<_> = table
        .routes
        .iter()
        .map(|route| strength(route, address, lists).filter(|_| !(route.propagated && is_local)))
        .collect();
    let Some(strongest) = strengths.iter().flatten().max() else {
        return BTreeSet::from([None]);
    };
    let strongest =
        strengths.iter().enumerate().filter(|(_, other)| other.as_ref() == Some(strongest));
    strongest.map(|(position, _)| Some(position)).collect()
}

fn position(table: &RouteTable, route: Option<&Route>) -> Option<usize> {
    route.map(|route| table.routes.iter().position(|other| std::ptr::eq(other, route)).unwrap())
}

proptest! {
    #[test]
    fn a_look_up_finds_all_that_may_decide(
        table in any_table(),
        contents in prop::collection::vec(any_content(), LISTS as usize),
        asked in prop::collection::vec(any::<bool>(), 24),
        on_lists in prop::collection::vec(prop::bool::weighted(0.3), LISTS as usize),
    ) {
        let asked: Vec<IpAddr> = universe()
            .zip(asked)
            .filter_map(|(address, asked)| asked.then_some(address))
            .collect();
        let to: AddrSet = asked.iter().copied().map(IpNet::from).collect();
        let on = |list: u32| on_lists[list as usize];
        let on_lists: Vec<ListId> = (0..LISTS).filter(|list| on(*list)).map(ListId).collect();
        let parts = table.lookup(&to, &on_lists, &|list| contents[list.index()].clone().into());

        let mut seen = AddrSet::empty();
        for part in &parts {
            prop_assert!(!part.addresses.is_empty() && !part.addresses.overlaps(&seen));
            seen = seen.union(&part.addresses);
        }
        prop_assert_eq!(&seen, &to);

        let lists: Vec<Vec<Content>> =
            (0..LISTS).map(|list| cases(&contents[list as usize], &to, on(list))).collect();
        for address in asked {
            let mut expected = BTreeSet::new();
            for first in &lists[0] {
                for second in &lists[1] {
                    for third in &lists[2] {
                        let lists = [first.clone(), second.clone(), third.clone()];
                        expected.extend(deciders(&table, address, &lists));
                    }
                }
            }
            let part = parts.iter().find(|part| part.addresses.contains(address)).unwrap();
            let found: Vec<Option<usize>> =
                part.routes.iter().map(|route| position(&table, *route)).collect();
            let mut in_order: Vec<Option<usize>> = expected.iter().copied().collect();
            in_order.sort_by_key(|position| (position.is_none(), *position));
            prop_assert_eq!(found, in_order, "{}", address);
        }
    }
}

fn route(name: &str, destination: &str) -> Route {
    let list = destination.strip_prefix("pl-").map(|id| ListId(id.parse().unwrap()));
    Route {
        name: name.to_owned(),
        destination: match list {
            Some(list) => Destination::List(list),
            None => Destination::Prefix(destination.parse().unwrap()),
        },
        via: Via::InternetGateway,
        propagated: false,
        assumed: None,
    }
}

fn local(destination: &str) -> Route {
    Route { via: Via::Local, ..route("local", destination) }
}

fn propagated(name: &str, destination: &str) -> Route {
    Route { propagated: true, ..route(name, destination) }
}

fn addrs(prefixes: &str) -> AddrSet {
    prefixes.split_whitespace().map(|prefix| prefix.parse::<IpNet>().unwrap()).collect()
}

/// The look-up in words, list 1 having this content.
fn lookup(
    routes: Vec<Route>,
    to: &str,
    on_lists: &[ListId],
    content: &Uncertain<AddrSet>,
) -> Vec<String> {
    let table = RouteTable { routes, ..RouteTable::default() };
    let words = |part: Part<'_>| {
        let names =
            part.routes.iter().map(|route| route.map_or("none", |route| route.name.as_str()));
        format!("{} by {}", part.addresses, names.collect::<Vec<_>>().join(" or "))
    };
    let parts = table.lookup(&addrs(to), on_lists, &|_| content.clone().into());
    parts.into_iter().map(words).collect()
}

fn unknown() -> Uncertain<AddrSet> {
    Uncertain::Unknown("not in the plan".into())
}

#[test]
fn the_longest_prefix_decides() {
    let routes = vec![route("igw", "0.0.0.0/0"), local("10.0.0.0/16"), route("fw", "10.0.1.0/24")];
    let found = lookup(routes, "10.0.0.0/23 192.0.2.1/32 2001:db8::1/128", &[], &unknown());
    let expected = [
        "192.0.2.1/32 by igw",
        "10.0.0.0/24 by local",
        "10.0.1.0/24 by fw",
        "2001:db8::1/128 by none",
    ];
    assert_eq!(found, expected);
}

#[test]
fn static_routes_win_over_propagated_ones_of_equal_length() {
    let routes = vec![propagated("vpn", "172.31.0.0/24"), route("igw", "172.31.0.0/24")];
    assert_eq!(lookup(routes, "172.31.0.9/32", &[], &unknown()), ["172.31.0.9/32 by igw"]);
}

#[test]
fn the_local_route_wins_over_more_specific_propagated_ones() {
    let routes = vec![local("10.0.0.0/16"), propagated("vpn", "10.0.3.0/24")];
    assert_eq!(lookup(routes, "10.0.3.4/32", &[], &unknown()), ["10.0.3.4/32 by local"]);
}

#[test]
fn a_list_stands_between_static_and_propagated_routes() {
    let content = Uncertain::Known(addrs("192.0.2.0/24"));
    let routes = vec![propagated("vpn", "192.0.2.0/24"), route("list", "pl-1")];
    assert_eq!(lookup(routes, "192.0.2.1/32", &[], &content), ["192.0.2.1/32 by list"]);
    let routes = vec![route("list", "pl-1"), route("igw", "192.0.2.0/24")];
    assert_eq!(lookup(routes, "192.0.2.1/32", &[], &content), ["192.0.2.1/32 by igw"]);
}

#[test]
fn what_is_on_a_list_for_certain_goes_its_way_unless_to_a_host() {
    let routes =
        || vec![route("nat", "0.0.0.0/0"), route("s3", "pl-1"), route("pin", "52.92.0.1/32")];
    let found = lookup(routes(), "52.92.0.0/31", &[ListId(1)], &unknown());
    assert_eq!(found, ["52.92.0.0/32 by s3", "52.92.0.1/32 by pin"]);
    let found = lookup(routes(), "52.92.0.0/31", &[], &unknown());
    assert_eq!(found, ["52.92.0.0/32 by nat or s3", "52.92.0.1/32 by pin"]);
    let found = lookup(vec![route("s3", "pl-1")], "52.92.0.0/32", &[], &unknown());
    assert_eq!(found, ["52.92.0.0/32 by s3 or none"]);
}

#[test]
fn nothing_is_asked_for_and_nothing_answered() {
    assert_eq!(lookup(vec![route("igw", "0.0.0.0/0")], "", &[], &unknown()), [""; 0]);
}
