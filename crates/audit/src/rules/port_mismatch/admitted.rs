//! Ports that the groups on both sides admit, against those on which a load balancer or a
//! gate connects.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Direction, Key, Model};
use farmgate_aws::network::relays::{Targets, forwarded_groups};
use farmgate_net::rule::Rule as NetRule;
use farmgate_net::service::{Service, ServiceSet, TCP};
use farmgate_net::topology::Interface;

use super::{Change, Clash, Clashes};
use crate::fix::{add_rule, cidr_rule, group_rule};
use crate::prove::listed;
use crate::report::Statement;
use crate::rules::{Facts, refuted};

/// A rule that is missing: for this port, in this group, towards the other side.
pub(super) struct Missing {
    group: Key,
    direction: Direction,
    port: u16,
    /// A group of the other side, or its addresses if it has none.
    peer: Result<Key, Vec<ipnet::IpNet>>,
}

impl Missing {
    pub(super) fn add(&self, model: &mut Model) {
        let services = ServiceSet::tcp(self.port);
        let rule = match &self.peer {
            Ok(group) => group_rule(&self.group, services, group),
            Err(cidrs) => cidr_rule(&self.group, services, cidrs.iter().copied()),
        };
        add_rule(model, &self.group, self.direction, rule);
    }
}

/// What connects to a target, and on which ports.
struct Opener {
    key: Key,
    /// The target group, if it does by one.
    group: Option<Key>,
    targets: Targets,
    ports: BTreeSet<u16>,
}

/// Adds what load balancers and gates do not reach because the groups speak of another port.
pub(super) fn compare<'s>(facts: &Facts<'s>, clashes: &mut Clashes<'s>) {
    let mut seen = BTreeSet::new();
    for opener in balancers(facts).into_iter().chain(gates(facts)) {
        let owner = &opener.targets.owner;
        let id = format!("reaches-targets:{}->{owner}", opener.key);
        // Two target groups of one load balancer may lead to the same target.
        let new = seen.insert((id.clone(), opener.group.clone()));
        let mut statements = facts.statements.iter().filter(|s| s.id == id);
        let statement = statements.find(|s| refuted(Some(*s)));
        if let Some(statement) = statement.filter(|_| new) {
            against(facts, &opener, statement, clashes);
        }
    }
}

fn balancers(facts: &Facts<'_>) -> Vec<Opener> {
    let model = facts.model();
    let mut all = Vec::new();
    for listener in model.listeners.values() {
        let Some(lb) = listener.load_balancer.get() else {
            continue;
        };
        for (key, _) in forwarded_groups(model, listener) {
            let Some(group) = model.target_groups.get(&key) else {
                continue;
            };
            let health = group.health.port.filter(|_| group.health.enabled);
            for targets in facts.proof.lowered.targets(model, &key, group) {
                let ports = targets.port.into_iter().chain(health).collect();
                let (lb, group) = (lb.clone(), Some(key.clone()));
                all.push(Opener { key: lb, group, targets, ports });
            }
        }
    }
    all
}

fn gates(facts: &Facts<'_>) -> Vec<Opener> {
    let mut all = Vec::new();
    for (key, gate) in &facts.model().gates {
        let mut servers: BTreeMap<&Key, BTreeSet<u16>> = BTreeMap::new();
        for route in &gate.routes {
            if let Some(to) = route.to.get() {
                servers.entry(to).or_default().insert(route.port);
            }
        }
        for (to, ports) in servers {
            let targets = Targets {
                owner: to.clone(),
                interfaces: facts.proof.lowered.interfaces_of(to).to_vec(),
                port: None,
                assumed: Vec::new(),
                maybe: None,
            };
            all.push(Opener { key: key.clone(), group: None, targets, ports });
        }
    }
    all
}

fn against<'s>(
    facts: &Facts<'s>,
    opener: &Opener,
    statement: &'s Statement,
    clashes: &mut Clashes<'s>,
) {
    let owner = &opener.targets.owner;
    let meant = clashes.get(owner).and_then(meant);
    let mut found = Clash::default();
    for port in &opener.ports {
        sides(facts, &opener.key, &opener.targets, (*port, meant), &mut found);
    }
    if found.says.is_empty() && meant.is_none() {
        return;
    }
    let clash = clashes.entry(owner.clone()).or_default();
    if !found.says.is_empty() {
        let named = [opener.key.clone(), owner.clone()].into_iter().chain(opener.group.clone());
        found.origins.extend(named);
    }
    clash.severe = true;
    clash.says.extend(found.says);
    clash.origins.extend(found.origins);
    clash.fixes.extend(found.fixes);
    clash.statements.push(statement);
}

/// The port that a service's block should say, if it says another.
fn meant(clash: &Clash<'_>) -> Option<u16> {
    clash.fixes.iter().find_map(|(_, change)| match change {
        Change::ContainerPort(_, port) => Some(*port),
        _ => None,
    })
}

/// What a load balancer's nodes may open, and what the targets let in. Groups that speak of the
/// port that is meant are right.
fn sides(
    facts: &Facts<'_>,
    lb: &Key,
    targets: &Targets,
    (port, meant): (u16, Option<u16>),
    clash: &mut Clash<'_>,
) {
    let lowered = facts.proof.lowered;
    let interfaces = |ids: &[farmgate_net::topology::InterfaceId]| -> Vec<&Interface> {
        ids.iter().filter_map(|id| lowered.net.interfaces.get(id.index())).collect()
    };
    let nodes = interfaces(lowered.interfaces_of(lb));
    for target in interfaces(&targets.interfaces) {
        for node in &nodes {
            let into = side(facts, target, Direction::Ingress, node, (port, meant));
            let out = side(facts, node, Direction::Egress, target, (port, meant));
            let found = into
                .map(|(says, missing)| (format!("{says} from {lb}, not {port}"), missing))
                .into_iter()
                .chain(out.map(|(says, missing)| {
                    (format!("{says} to {}, not {port}", targets.owner), missing)
                }));
            for (says, missing) in found {
                if clash.says.contains(&says) {
                    continue;
                }
                clash.origins.insert(missing.group.clone());
                let way = match missing.direction {
                    Direction::Ingress => "ingress",
                    Direction::Egress => "egress",
                };
                let fix = format!("let the {way} rule of {} be for tcp {port}", missing.group);
                clash.fixes.push((fix, Change::Admit(missing)));
                clash.says.push(says);
            }
        }
    }
}

/// The other ports that one side's groups admit towards `peer`, if they admit any and surely not
/// this one.
fn side(
    facts: &Facts<'_>,
    own: &Interface,
    direction: Direction,
    peer: &Interface,
    (port, meant): (u16, Option<u16>),
) -> Option<(String, Missing)> {
    let groups = own.groups.as_ref().filter(|groups| !groups.open && groups.maybe.is_empty())?;
    let net = &facts.proof.lowered.net;
    let mut open = ServiceSet::empty();
    let mut admitting: BTreeSet<Key> = BTreeSet::new();
    for id in &groups.sure {
        let group = net.groups.get(id.index())?;
        let unknown = match direction {
            Direction::Ingress => &group.ingress_open,
            Direction::Egress => &group.egress_open,
        };
        if unknown.is_some() {
            return None;
        }
        for rule in group.rules(direction) {
            let (surely, possibly) = meets(rule, peer);
            let on_port = rule.services.contains(Service::tcp(port));
            if possibly && on_port {
                return None;
            }
            let tcp = rule.services.intersect(&ServiceSet::protocol(TCP));
            if surely && !tcp.is_empty() {
                open = open.union(&tcp);
                admitting.insert(Key::new(&group.name));
            }
        }
    }
    if meant.is_some_and(|meant| open.contains(Service::tcp(meant))) {
        return None;
    }
    let first = admitting.first()?.clone();
    let peer = match peer.groups.as_ref().and_then(|groups| groups.sure.first()) {
        Some(group) => Ok(Key::new(&net.groups.get(group.index())?.name)),
        None => Err(peer.addresses.prefixes()),
    };
    let verb = match direction {
        Direction::Ingress => "admits",
        Direction::Egress => "lets out",
    };
    let says = format!("{} {verb} {open}", listed(&admitting));
    Some((says, Missing { group: first, direction, port, peer }))
}

/// Whether a rule is for a peer: surely, and possibly.
fn meets(rule: &NetRule, peer: &Interface) -> (bool, bool) {
    let peers = &rule.peers;
    let by_group = |surely: bool| {
        let carried = peer.groups.as_ref();
        peers.groups.iter().any(|group| {
            carried.is_some_and(|set| if surely { set.surely(group) } else { set.possibly(group) })
        })
    };
    let by_address = peers.addresses.overlaps(&peer.addresses);
    let surely = rule.maybe.is_none() && (by_address || by_group(true));
    (surely, by_address || by_group(false) || !peers.lists.is_empty())
}
