//! *Isolation*: who reaches what, and whether an ingress can be passed by.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, LoadBalancerKind};
use farmgate_aws::network::Lowered;
use farmgate_aws::network::relays::listen;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Place, Question, Verdict as Reached};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{Front, InterfaceId, RelayId};

use super::tally::{Wanted, causes, witness};
use super::{Proof, Scope, Tally, listed};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for key in proof.model.services.keys().filter(|k| scope.covers([*k])) {
        all.push(internet(proof, key));
        all.push(network(proof, key, &ServiceSet::all()));
    }
    for (key, database) in proof.model.databases.iter().filter(|(k, _)| scope.covers([*k])) {
        let port = database.port.get().copied().flatten();
        let services = port.map_or_else(ServiceSet::all, ServiceSet::tcp);
        all.push(internet(proof, key));
        all.push(network(proof, key, &services));
    }
    for (key, lb) in &proof.model.load_balancers {
        if lb.kind == LoadBalancerKind::Gateway || !scope.covers([key]) {
            continue;
        }
        let fronts = fronts_of(proof, key);
        if !fronts.is_empty() {
            all.push(not_passed_by(proof, key, &fronts));
        }
    }
}

/// The internet reaches it only through its ingress, or not at all.
fn internet(proof: &Proof<'_>, key: &Key) -> Statement {
    let mut tally = Tally::new();
    for interface in proof.lowered.interfaces_of(key) {
        let question = proof.internet_to(*interface, &ServiceSet::all()).direct();
        let answer = proof.ask(&question);
        tally.answer(&answer, Wanted::Closed, "the internet", key.as_str());
    }
    let ingress = proof.ingress_of(key);
    let text = if ingress.is_empty() {
        format!("the internet does not reach {key}")
    } else {
        format!("the internet reaches {key} only through {}", listed(&ingress))
    };
    tally.statement("only-through-ingress", Family::Isolation, &[key], text)
}

/// Who else in the VPC reaches it: the exact set of addresses, or the interfaces by their groups.
fn network(proof: &Proof<'_>, key: &Key, services: &ServiceSet) -> Statement {
    let relays = proof.relays_to(key);
    let expected = expected_openers(proof, key, &relays);
    let names = reachers(proof, key, services);
    let mut tally = Tally::new();
    assume_closed_world(proof, key, &mut tally);
    let open = open_to_hosts(proof, key, services, &mut tally);
    let gates = gates_of(proof, key);
    if !gates.is_empty() {
        through_the_gate(proof, (key, services), &names, &gates, &mut tally);
        let text = format!("in its network only {} opens connections to {key}", listed(gates));
        return tally.statement("closed-to-network", Family::Isolation, &[key], text);
    }
    let ingress: BTreeSet<&Key> =
        relays.iter().filter_map(|relay| proof.lowered.relay_owner(*relay)).collect();
    let text = match (ingress.is_empty(), open.is_empty()) {
        (false, false) => {
            format!("in its network only {} opens connections to {key}", listed(ingress))
        }
        (true, false) => format!("no other host of its network opens connections to {key}"),
        (_, true) => {
            let others: BTreeSet<&Key> = names.difference(&expected).collect();
            let all: BTreeSet<&Key> = ingress.into_iter().chain(others).collect();
            match all.is_empty() {
                true => format!("nothing in its network opens connections to {key}"),
                false => format!("in its network only {} opens connections to {key}", listed(all)),
            }
        }
    };
    tally.statement("closed-to-network", Family::Isolation, &[key], text)
}

/// The gates whose routes lead to a service.
fn gates_of<'m>(proof: &Proof<'m>, key: &Key) -> BTreeSet<&'m Key> {
    let gates = proof.model.gates.values();
    let leading = gates.filter(|gate| gate.routes.iter().any(|route| route.to.get() == Some(key)));
    leading.map(|gate| &gate.key).collect()
}

/// What stands behind a gate is reached through it alone: whoever else gets in, because of the
/// groups that he carries, passes by what the gate verifies.
fn through_the_gate(
    proof: &Proof<'_>,
    (key, services): (&Key, &ServiceSet),
    names: &BTreeSet<Key>,
    gates: &BTreeSet<&Key>,
    tally: &mut Tally,
) {
    for other in names.iter().filter(|name| !gates.contains(*name)) {
        for from in proof.lowered.interfaces_of(other) {
            for to in proof.lowered.interfaces_of(key) {
                let question =
                    Question::new(Place::Interface(*from), Place::Interface(*to), services.clone());
                let answer = proof.ask(&question.direct());
                if answer.verdict == Reached::Yes {
                    let text = format!("opens connections to {key} past {}", listed(gates));
                    tally.fact(Verdict::Refuted, "PAST_THE_GATE", other, text);
                }
                tally.answer(&answer, Wanted::Closed, other.as_str(), key.as_str());
            }
        }
    }
}

/// In a network that the sources may not show as a whole, something else may carry a group that is
/// admitted: that nothing does is an assumption.
fn assume_closed_world(proof: &Proof<'_>, key: &Key, tally: &mut Tally) {
    let net = &proof.lowered.net;
    for interface in proof.lowered.interfaces_of(key) {
        let Some(found) = net.interfaces.get(interface.index()) else {
            continue;
        };
        let site = net.subnets.get(found.subnet.index()).map(|s| s.site);
        let open = site.and_then(|s| net.sites.get(s.index())).and_then(|s| s.open.as_ref());
        let Some(note) = open else { continue };
        let groups = found.groups.iter().flat_map(|set| set.sure.iter().chain(&set.maybe));
        let rules = groups.filter_map(|g| net.groups.get(g.index())).flat_map(|g| &g.ingress);
        let admitted: BTreeSet<_> = rules.flat_map(|r| r.peers.groups.iter().copied()).collect();
        let names = admitted.iter().filter_map(|g| net.groups.get(g.index())).map(|g| &g.name);
        let names: Vec<&String> = names.collect();
        if !names.is_empty() {
            let names = listed(names);
            tally.assume(format!("nothing outside of the sources carries {names} ({note})"));
        }
    }
}

/// Adds what any host of the site can open, by its address alone.
fn open_to_hosts(
    proof: &Proof<'_>,
    key: &Key,
    services: &ServiceSet,
    tally: &mut Tally,
) -> PacketSet {
    let mut open = PacketSet::empty();
    for interface in proof.lowered.interfaces_of(key) {
        let Some(question) = from_site(proof, *interface, services) else {
            continue;
        };
        let answer = proof.ask(&question);
        open = open.union(&answer.possible);
        tally.answer(&answer, Wanted::Closed, "any host of the network", key.as_str());
    }
    open
}

/// From any host of an interface's own site.
pub(crate) fn from_site(
    proof: &Proof<'_>,
    to: InterfaceId,
    services: &ServiceSet,
) -> Option<Question> {
    let net = &proof.lowered.net;
    let subnet = net.interfaces.get(to.index())?.subnet;
    let site = net.subnets.get(subnet.index())?.site;
    let addresses = net.sites.get(site.index())?.addresses.clone();
    let hosts = Place::Hosts(site, addresses);
    Some(Question::new(hosts, Place::Interface(to), services.clone()).direct())
}

/// The owners of the interfaces from which a target's relays connect, and the target itself.
fn expected_openers(proof: &Proof<'_>, key: &Key, relays: &BTreeSet<RelayId>) -> BTreeSet<Key> {
    let mut all = BTreeSet::from([key.clone()]);
    for relay in relays {
        let Some(found) = proof.lowered.net.relays.get(relay.index()) else {
            continue;
        };
        if let farmgate_net::topology::Back::Interfaces(list) = &found.back {
            all.extend(list.iter().filter_map(|i| proof.lowered.owner(*i)).cloned());
        }
        all.extend(proof.lowered.relay_owner(*relay).cloned());
    }
    all
}

/// The owners of interfaces that open connections to it because of the groups that they carry.
fn reachers(proof: &Proof<'_>, key: &Key, services: &ServiceSet) -> BTreeSet<Key> {
    let net = &proof.lowered.net;
    let mut all = BTreeSet::new();
    for interface in proof.lowered.interfaces_of(key) {
        let groups = net.interfaces.get(interface.index()).and_then(|i| i.groups.as_ref());
        let rules = groups
            .into_iter()
            .flat_map(|set| set.sure.iter().chain(&set.maybe))
            .filter_map(|group| net.groups.get(group.index()))
            .flat_map(|group| &group.ingress);
        let named: BTreeSet<_> = rules.flat_map(|rule| rule.peers.groups.iter().copied()).collect();
        for opener in named.iter().flat_map(|group| proof.engine.carriers(*group)) {
            let Some(owner) = proof.lowered.owner(*opener).filter(|o| *o != key) else {
                continue;
            };
            if !all.contains(owner) && proof.may_connect(*opener, *interface, services) {
                all.insert(owner.clone());
            }
        }
    }
    all
}

/// The APIs and distributions that stand before a load balancer.
pub(crate) fn fronts_of(proof: &Proof<'_>, lb: &Key) -> BTreeSet<RelayId> {
    let mut relays = proof.relays_to(lb);
    relays.retain(|relay| {
        let found = proof.lowered.net.relays.get(relay.index());
        found.is_some_and(|r| matches!(r.front, Front::Managed(_)))
    });
    relays
}

/// A load balancer that stands behind an API or a distribution is reached through that alone.
fn not_passed_by(proof: &Proof<'_>, key: &Key, fronts: &BTreeSet<RelayId>) -> Statement {
    let mut tally = Tally::new();
    let services = listened(proof, key);
    for interface in proof.lowered.interfaces_of(key) {
        let outside = proof.internet_to(*interface, &services).direct();
        let answer = proof.ask(&outside);
        tally.answer(&answer, Wanted::Closed, "the internet", key.as_str());
        let Some(question) = from_site(proof, *interface, &services) else {
            continue;
        };
        let answer = proof.ask(&question);
        tally.answer(&answer, Wanted::Closed, "any host of the network", key.as_str());
    }
    let owners: BTreeSet<&Key> =
        fronts.iter().filter_map(|relay| proof.lowered.relay_owner(*relay)).collect();
    let text = format!("{key} is reached through {} only", listed(owners));
    tally.statement("not-passed-by", Family::Isolation, &[key], text)
}

/// The services on which a load balancer listens.
pub(crate) fn listened(proof: &Proof<'_>, lb: &Key) -> ServiceSet {
    let mut all = ServiceSet::empty();
    for listener in proof.model.listeners.values() {
        if listener.load_balancer.get() == Some(lb) {
            all = all.union(&listen(listener));
        }
    }
    all
}

/// Whether and how the internet opens a connection to any interface of `key`, for expectations.
pub(crate) fn internet_reaches(
    proof: &Proof<'_>,
    key: &Key,
    services: &ServiceSet,
    avoid: &BTreeSet<RelayId>,
    wanted: Wanted,
    tally: &mut Tally,
) {
    for interface in proof.lowered.interfaces_of(key) {
        let internet = Place::Anywhere(Lowered::internet());
        let question = Question::new(internet, Place::Interface(*interface), services.clone())
            .avoiding(avoid.iter().copied());
        let answer = proof.ask(&question);
        if wanted == Wanted::Closed && answer.verdict == Reached::Yes {
            for way in answer.alternatives.iter().filter(|w| w.verdict == Reached::Yes) {
                for cause in causes(way, true) {
                    tally.fact(Verdict::Refuted, &cause.code, cause.origin, cause.text);
                }
                tally.witness(witness(way, "the internet", key.as_str()));
            }
            tally.assume_all(&answer.assumes);
        } else {
            tally.answer(&answer, wanted, "the internet", key.as_str());
        }
    }
}
