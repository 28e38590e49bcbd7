//! The flows that a farm admits. Nothing else is: every security group rule comes from one of these.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use farmgate_farm::farm::{Auth, Behind, Farm};
use farmgate_farm::gate;
use farmgate_farm::word::{Client, Name, Reach};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::base::Base;
use super::endpoints::{self, Uses};
use super::{End, Flow, Party, Task, tasks};

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// The longest description of a rule (EC2 API, `IpRange`).
const LONGEST: usize = 255;

/// Flows by their ends and port, in the order in which they were said first.
#[derive(Default)]
struct Flows {
    list: Vec<Flow>,
    known: BTreeMap<(End, End, u16), usize>,
}

impl Flows {
    fn add(&mut self, from: impl Into<End>, to: impl Into<End>, port: u16, why: &str, at: usize) {
        let (from, to) = (from.into(), to.into());
        let ends = (from.clone(), to.clone(), port);
        let known = self.known.get(&ends).and_then(|place| self.list.get_mut(*place));
        if let Some(known) = known {
            if !known.why.split(", ").any(|part| part == why) {
                known.why = described(&format!("{}, {why}", known.why));
            }
            return;
        }
        self.known.insert(ends, self.list.len());
        self.list.push(Flow { from, to, port, why: described(why), at });
    }
}

impl From<Party> for End {
    fn from(party: Party) -> Self {
        Self::Party(party)
    }
}

/// All of IPv4.
pub(super) fn internet() -> End {
    End::Cidr(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)))
}

/// All of IPv6.
fn internet_v6() -> End {
    End::Cidr(IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)))
}

/// All flows.
pub(super) fn all(base: &Base<'_>, all: &[Task], prober: &Task, uses: &Uses) -> Vec<Flow> {
    let farm = base.farm;
    let mut flows = Flows::default();
    clients(farm, &mut flows);
    for task in all {
        if let Party::Server(name) = &task.party {
            let why = format!("calls that the gate lets through to {name}");
            flows.add(Party::Gate, task.party.clone(), task.port, &why, task.at);
        }
    }
    verification(farm, &mut flows);
    for task in all {
        reaches(farm, &task.party, &mut flows);
    }
    for (name, service) in &farm.services {
        let made = service.existing.is_none() && service.container.enabled;
        if made && service.behind == Behind::Alb {
            let balancer = Party::Balancer(name.clone());
            let why = format!("requests to {name} and its health checks");
            let at = service.at.own().start;
            flows.add(balancer, Party::Service(name.clone()), tasks::port(service), &why, at);
        }
    }
    for task in all {
        needs(base, task, uses, &mut flows);
    }
    probe(farm, all, prober, &mut flows);
    needs(base, prober, uses, &mut flows);
    flows.list
}

/// What the probe tries: the servers' ports, wherever in the network a task may be. These are
/// addresses and no groups, so its own group lets it out and nobody's lets it in, and that is what it
/// is there to find.
fn probe(farm: &Farm, all: &[Task], prober: &Task, flows: &mut Flows) {
    let ports = gate::enabled(farm).flat_map(|(name, server)| {
        let party = Party::Server(name.clone());
        let task = all.iter().find(|task| task.party == party);
        task.map(|task| task.port).into_iter().chain(tasks::behind_bridge(server))
    });
    let ports: BTreeSet<u16> = ports.collect();
    let blocks: Vec<IpNet> = match &farm.network.existing {
        Some(existing) => existing.private_subnets.iter().map(|subnet| subnet.cidr.0).collect(),
        None => vec![farm.network.cidr.0],
    };
    for block in blocks {
        for port in &ports {
            let to = End::Cidr(block);
            flows.add(Party::Probe, to, *port, "tries whether a server answers", prober.at);
        }
    }
}

/// From clients to the load balancer, and on to the gate.
fn clients(farm: &Farm, flows: &mut Flows) {
    let ingress = &farm.ingress;
    let mut ports = vec![(HTTPS, "HTTPS from clients")];
    if ingress.tls.redirect {
        ports.push((HTTP, "HTTP from clients is redirected to HTTPS"));
    }
    for (port, why) in ports {
        for client in &ingress.allow {
            let ends = match &client.value {
                Client::Cidr(block) => vec![End::Cidr(block.0)],
                Client::PrefixList(id) => vec![End::PrefixList(id.clone())],
                Client::Internet => vec![internet(), internet_v6()],
            };
            for end in ends {
                flows.add(end, Party::Ingress, port, why, client.span.start);
            }
        }
    }
    let at = ingress.at.own().start;
    flows.add(Party::Ingress, Party::Gate, gate::PORT, "calls and health checks", at);
}

/// From the gate to whoever helps it to verify callers, beyond what endpoints lead to.
fn verification(farm: &Farm, flows: &mut Flows) {
    let of_servers = gate::enabled(farm).filter_map(|(_, server)| server.auth.as_ref());
    for auth in std::iter::once(&farm.auth).chain(of_servers).flatten() {
        match auth {
            Auth::Oauth(oauth) => {
                let (host, port) = authority(oauth.issuer.as_str());
                let why = format!("keys of the issuer {host}");
                flows.add(Party::Gate, internet(), port, &why, oauth.at.own().start);
            }
            Auth::StsProof(proof) => {
                let regions = gate::sts_regions(farm, proof);
                for region in regions.iter().filter(|it| *it != farm.region.as_str()) {
                    let why = format!("proofs that STS of {region} verifies");
                    let at = proof.at.of("regions").start;
                    flows.add(Party::Gate, internet(), HTTPS, &why, at);
                }
            }
            Auth::ApiKeys(_) | Auth::SigV4IssuedKeys(_) | Auth::ApigwIam(_) => {}
        }
    }
}

/// Host and port of an https URL.
fn authority(url: &str) -> (&str, u16) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(HTTPS)),
        None => (authority, HTTPS),
    }
}

/// What the file says that a task reaches.
fn reaches(farm: &Farm, party: &Party, flows: &mut Flows) {
    let Some(container) = endpoints::container(farm, party) else { return };
    for reach in &container.reaches {
        let (why, at) = (format!("{} reaches {}", party.word(), reach.value), reach.span.start);
        match &reach.value {
            Reach::Internet(port) => flows.add(party.clone(), internet(), *port, &why, at),
            Reach::Cidr(block, port) => {
                flows.add(party.clone(), End::Cidr(block.0), *port, &why, at);
            }
            Reach::Service(name) => {
                for (to, port) in service(farm, name) {
                    flows.add(party.clone(), to, port, &why, at);
                }
            }
            Reach::Database(name) => {
                let port = farm.databases.get(name).map(|database| database.port.get());
                if let Some(port) = port.and_then(|port| u16::try_from(port).ok()) {
                    flows.add(party.clone(), Party::Database(name.clone()), port, &why, at);
                }
            }
            // Among the task's needs.
            Reach::Aws(_) => {}
        }
    }
}

/// Where a service's callers connect to.
fn service(farm: &Farm, name: &Name) -> Vec<(Party, u16)> {
    let Some(service) = farm.services.get(name) else { return Vec::new() };
    if let Some(existing) = &service.existing {
        let ports = existing.all_ports().into_iter();
        return ports.map(|port| (Party::Existing(name.clone()), port)).collect();
    }
    if !service.container.enabled {
        return Vec::new();
    }
    match service.behind {
        Behind::Alb => vec![(Party::Balancer(name.clone()), HTTPS)],
        Behind::Name => vec![(Party::Service(name.clone()), tasks::port(service))],
    }
}

/// What a task needs of AWS and of registries: by endpoints, or else by NAT.
fn needs(base: &Base<'_>, task: &Task, uses: &Uses, flows: &mut Flows) {
    let party = &task.party;
    for used in uses.get(party).into_iter().flatten() {
        let service = &used.service;
        let at = used.at.unwrap_or(task.at);
        if !endpoints::is_wanted(base.farm, service) {
            flows.add(party.clone(), internet(), HTTPS, &format!("{service} by NAT"), at);
        } else if let Some(group) = endpoints::group(service) {
            let why = match &group {
                Party::Endpoints => "images and logs".to_owned(),
                _ => format!("{service} by its endpoint"),
            };
            flows.add(party.clone(), group, HTTPS, &why, at);
        } else {
            let why = format!("{service} by its endpoint");
            flows.add(party.clone(), End::Gateway(service.clone()), HTTPS, &why, at);
        }
    }
    for container in &task.containers {
        if !base.arns.is_here(&container.image) {
            let host = container.image.split('/').next().unwrap_or_default();
            let named = container.image.contains('/') && host.contains('.');
            let host = if named { host } else { "Docker Hub" };
            let why = format!("images of {host} by NAT");
            flows.add(party.clone(), internet(), HTTPS, &why, task.at);
        }
    }
}

/// A text as a rule's description may be.
fn described(why: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    why.chars().map(|c| if fits(c) { c } else { '-' }).take(LONGEST).collect()
}
