//! `network.existing`: a VPC that the farm doesn't make, and what has no use beside it.

use ipnet::Ipv4Net;

use super::{Scope, amazon, network, twice, useless};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{ExistingNetwork, ExistingSubnet, Scheme};
use crate::subnets::v4;

/// More subnets are not compared with each other: no VPC has so many zones.
const MOST: usize = 64;

pub(super) fn check(scope: &Scope<'_>, existing: &ExistingNetwork, problems: &mut Vec<Diagnostic>) {
    keys(scope, problems);
    if existing.at.sound(&["vpc"]) {
        amazon::id(&existing.vpc, "vpc", "a VPC", existing.at.of("vpc"), problems);
    }
    let lists = [
        ("public_subnets", &existing.public_subnets),
        ("private_subnets", &existing.private_subnets),
    ];
    for (key, subnets) in lists {
        for subnet in subnets {
            one(subnet, problems);
        }
        let zones = subnets.iter().filter(|subnet| subnet.at.sound(&["zone"]));
        let zones = zones.map(|subnet| (subnet.zone.as_str(), subnet.at.of("zone").clone()));
        let title =
            |zone: &&str| format!("zone {} has two subnets in {}", quoted(zone), quoted(key));
        twice(zones, title, "name one subnet for each zone", problems);
    }
    pairs(existing, problems);
    load_balancer(scope, existing, problems);
}

/// Keys about what isn't made.
fn keys(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let at = &scope.farm.network.at;
    for key in ["cidr", "zones", "public_cidrs", "private_cidrs", "nat"] {
        if at.has(key) {
            let problem = useless(key, at.key(key), "the VPC exists")
                .context(at.key("existing"), "this stands for it");
            problems.push(match key {
                "nat" => problem.help(
                    "say `nat: true` under `existing` if its private subnets lead to a NAT gateway",
                ),
                _ => problem,
            });
        }
    }
}

/// A subnet by itself.
fn one(subnet: &ExistingSubnet, problems: &mut Vec<Diagnostic>) {
    let at = &subnet.at;
    if at.sound(&["id"]) {
        amazon::id(&subnet.id, "subnet", "a subnet", at.of("id"), problems);
    }
    if at.sound(&["route_table"]) {
        let route_table = &subnet.route_table;
        amazon::id(route_table, "rtb", "a route table", at.of("route_table"), problems);
    }
    if at.sound(&["cidr"]) && v4(&subnet.cidr).is_none() {
        let title = format!("{} is a block of IPv6", quoted(&subnet.cidr.to_string()));
        let problem = Diagnostic::error("not-ipv4", title).at(at.of("cidr"), "");
        problems.push(problem.help("write the subnet's block of IPv4"));
    }
    let zone = subnet.zone.as_str();
    let letter = |zone: &str| zone.len() == 1 && zone.chars().all(|c| ('a'..='h').contains(&c));
    if at.sound(&["zone"]) && !letter(zone) {
        let title = format!("{} is not a zone's letter", quoted(zone));
        let last = zone.get(zone.len().saturating_sub(1)..).filter(|last| letter(last));
        let problem = Diagnostic::error("bad-zones", title).at(at.of("zone"), "");
        problems.push(problem.help(match last {
            Some(last) => format!("write the letter alone: `{last}`"),
            None => "write it as `a`".to_owned(),
        }));
    }
}

/// Subnets that can't be there together.
fn pairs(existing: &ExistingNetwork, problems: &mut Vec<Diagnostic>) {
    let all: Vec<&ExistingSubnet> =
        existing.public_subnets.iter().chain(&existing.private_subnets).collect();
    let ids = all.iter().filter(|subnet| subnet.at.sound(&["id"]));
    let ids = ids.map(|subnet| (subnet.id.as_str(), subnet.at.of("id").clone()));
    let title = |id: &&str| format!("{} is there twice", quoted(id));
    twice(ids, title, "a subnet is public or private, and in one zone", problems);
    for (at, subnet) in all.iter().enumerate().take(MOST) {
        let Some(one) = sound(subnet) else {
            continue;
        };
        let meets = |two: &Ipv4Net| one.contains(two) || two.contains(&one);
        let other = all
            .iter()
            .take(at)
            .find(|other| other.id != subnet.id && sound(other).is_some_and(|block| meets(&block)));
        if let Some(other) = other {
            let title = format!("`{one}` and `{}` overlap", other.cidr);
            let problem = Diagnostic::error("overlap", title)
                .at(subnet.at.of("cidr"), "")
                .context(other.at.of("cidr"), "the other subnet");
            problems.push(problem.help("subnets of one VPC never do: one of these is wrong"));
        }
    }
}

fn sound(subnet: &ExistingSubnet) -> Option<Ipv4Net> {
    v4(&subnet.cidr).filter(|_| subnet.at.sound(&["cidr"]))
}

/// The subnets that the load balancer needs.
fn load_balancer(scope: &Scope<'_>, existing: &ExistingNetwork, problems: &mut Vec<Diagnostic>) {
    let (farm, at) = (scope.farm, &existing.at);
    if !farm.at.sound(&["ingress"]) || !at.sound(&["public_subnets", "private_subnets"]) {
        return;
    }
    let facing = farm.ingress.scheme == Scheme::InternetFacing;
    let (key, subnets) = if facing {
        ("public_subnets", &existing.public_subnets)
    } else {
        ("private_subnets", &existing.private_subnets)
    };
    if !facing && at.has("public_subnets") && !network::needs_public(scope) {
        let why = "the load balancer is internal";
        problems.push(useless("public_subnets", at.key("public_subnets"), why));
    }
    if subnets.len() < 2 {
        let title = format!("a load balancer needs two zones, and {} has fewer", quoted(key));
        let mark = if at.has(key) { at.of(key) } else { scope.farm.network.at.key("existing") };
        let problem = Diagnostic::error("zone-count", title).at(mark, "");
        problems.push(problem.help(if facing {
            "name subnets of two zones, or write `scheme: internal` under `ingress`"
        } else {
            "name subnets of two zones"
        }));
    }
}
