//! Time and memory at 1,000, 10,000 and 100,000 interfaces with 50 rules a group:
//! `cargo run --release -p farmgate-net --example curve`.
//!
//! For every interface: does the internet reach it, and which hosts of its site do; for every rule:
//! is it redundant. Each size runs in a process of its own, so that its memory is its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement that is run by hand"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Instant;

use farmgate_net::addr::AddrSet;
use farmgate_net::reach::{Engine, Place, Question, Verdict};
use farmgate_net::route::{Destination, Route, RouteTable, Via};
use farmgate_net::rule::{Group, Peers, Rule, redundant};
use farmgate_net::service::{ServiceSet, TCP};
use farmgate_net::topology::{
    GroupId, Interface, InterfaceId, ListId, Network, Outside, Public, Site, SiteId, Subnet,
    SubnetId, TableId,
};
use farmgate_net::uncertain::{Uncertain, UncertainSet};
use ipnet::{IpNet, Ipv4Net};

const RULES: u32 = 50;
const PER_GROUP: u32 = 5;

fn net(address: u32, length: u8) -> AddrSet {
    let net = Ipv4Net::new(Ipv4Addr::from(address), length).expect("a prefix").trunc();
    AddrSet::prefix(IpNet::V4(net))
}

/// A cheap mix of bits.
fn mix(n: u32) -> u32 {
    let n = (n ^ (n >> 16)).wrapping_mul(0x45d9_f3b7);
    (n ^ (n >> 13)).wrapping_mul(0x9e37_79b1) ^ (n >> 7)
}

fn rule(group: u32, n: u32, groups: u32) -> Rule {
    let bits = mix(group.wrapping_mul(RULES).wrapping_add(n));
    let low = u16::try_from(bits % 60_000).expect("a port");
    let peers = match bits % 10 {
        0 | 1 => Peers::group(GroupId(bits % groups)),
        2 => Peers::addresses(net(0xC633_6400 | (bits >> 24), 32)),
        _ => Peers::addresses(net(
            0x0A00_0000 | (bits >> 8),
            16 + u8::try_from(bits % 13).expect("small"),
        )),
    };
    Rule {
        name: String::new(),
        services: ServiceSet::ports(
            TCP,
            low,
            low.saturating_add(u16::try_from(bits >> 26).expect("small")),
        ),
        peers,
        maybe: None,
        assumed: None,
    }
}

fn network(interfaces: u32) -> Network {
    let groups = interfaces.div_ceil(PER_GROUP).max(1);
    let subnets = interfaces.div_ceil(200).max(1);
    let route = |prefix: &str, via: Via| Route {
        name: prefix.to_owned(),
        destination: Destination::Prefix(prefix.parse().expect("a prefix")),
        via,
        propagated: false,
        assumed: None,
    };
    let routes = vec![route("10.0.0.0/8", Via::Local), route("0.0.0.0/0", Via::InternetGateway)];
    Network {
        sites: vec![Site {
            name: "site".to_owned(),
            addresses: net(0x0A00_0000, 8),
            open: None,
            unplaced: None,
        }],
        tables: vec![RouteTable { name: "table".to_owned(), routes, ..RouteTable::default() }],
        subnets: (0..subnets)
            .map(|n| Subnet {
                name: format!("subnet {n}"),
                site: SiteId(0),
                addresses: net(0x0A00_0000 | (n << 8), 24),
                acl: Uncertain::Known(None),
                table: Uncertain::Known(TableId(0)),
            })
            .collect(),
        groups: (0..groups)
            .map(|group| Group {
                name: format!("group {group}"),
                ingress: (0..RULES).map(|n| rule(group, n, groups)).collect(),
                ..Group::default()
            })
            .collect(),
        interfaces: (0..interfaces)
            .map(|n| Interface {
                name: format!("interface {n}"),
                subnet: SubnetId(n / 200),
                placed: None,
                addresses: AddrSet::single(IpAddr::V4(Ipv4Addr::from(
                    0x0A00_0000 | ((n / 200) << 8) | (n % 200 + 4),
                ))),
                public: Uncertain::Known(Public::Address(AddrSet::single(IpAddr::V4(
                    Ipv4Addr::from(0x3400_0000 | n),
                )))),
                groups: Some(UncertainSet::known([GroupId(n % groups)])),
            })
            .collect(),
        ..Network::default()
    }
}

/// The most memory that this process ever had, in MB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn measure(interfaces: u32) {
    let network = network(interfaces);
    let started = Instant::now();
    let engine = Engine::new(&network);
    let internet = Outside {
        name: "internet".to_owned(),
        addresses: AddrSet::internet(),
        lists: Vec::new(),
        off_lists: Vec::new(),
    };
    let (mut open, mut hosts) = (0_u32, 0_u32);
    for id in 0..interfaces {
        let to = Place::Interface(InterfaceId(id));
        let ask = |from: Place| {
            engine.ask(&Question::new(from, to.clone(), ServiceSet::all()).direct().quietly())
        };
        open += u32::from(ask(Place::Anywhere(internet.clone())).verdict == Verdict::Yes);
        let inside = Place::Hosts(SiteId(0), net(0x0A00_0000, 8));
        hosts += u32::from(ask(inside).verdict == Verdict::Yes);
    }
    let asked = started.elapsed();
    let bound = |_: GroupId| Some(net(0x0A00_0000, 8));
    let list = |_: ListId| None;
    let found: usize =
        network.groups.iter().map(|g| redundant(&g.ingress, &bound, &list).len()).sum();
    let all = started.elapsed();
    let n = f64::from(interfaces);
    println!(
        "{interfaces:>10} {:>10} {:>9.2} {:>9.2} {:>14.0} {:>8}   {open} met by the internet, {hosts} by hosts, {found} rules redundant",
        network.groups.len() * RULES as usize,
        asked.as_secs_f64(),
        (all - asked).as_secs_f64(),
        all.as_nanos() as f64 / (n * n.log2()),
        peak().map_or("-".to_owned(), |mb| mb.to_string()),
    );
}

fn main() {
    if let Some(size) = std::env::args().nth(1) {
        measure(size.parse().expect("a number of interfaces"));
        return;
    }
    println!(
        "{:>10} {:>10} {:>9} {:>9} {:>14} {:>8}",
        "interfaces", "rules", "ask s", "rules s", "ns/(n log2 n)", "peak MB"
    );
    for size in ["1000", "10000", "100000"] {
        let program = std::env::current_exe().expect("a path");
        assert!(Command::new(program).arg(size).status().expect("runs").success());
    }
}
