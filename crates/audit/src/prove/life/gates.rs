//! Every gate reaches the servers of its routes, where it also probes them.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Gate, Key, Note};
use farmgate_net::service::ServiceSet;

use crate::prove::tally::{Tally, Wanted};
use crate::prove::{Proof, Scope};
use crate::report::{Family, Statement};

/// The ports of one server to which routes lead.
#[derive(Default)]
struct Ports {
    all: BTreeSet<u16>,
    assumed: BTreeSet<Note>,
}

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for (key, gate) in &proof.model.gates {
        let mut servers: BTreeMap<&Key, Ports> = BTreeMap::new();
        for route in &gate.routes {
            let Some(to) = route.to.get() else { continue };
            let ports = servers.entry(to).or_default();
            ports.all.insert(route.port);
            ports.assumed.extend(route.to.assumed().cloned());
        }
        for (to, ports) in servers.iter().filter(|(to, _)| scope.covers([key, **to])) {
            all.push(reaches(proof, key, to, ports));
        }
        if scope.covers([key]) {
            all.extend(leads_somewhere(key, gate));
        }
    }
}

fn reaches(proof: &Proof<'_>, gate: &Key, to: &Key, ports: &Ports) -> Statement {
    let mut tally = Tally::new();
    tally.assume_all(&ports.assumed);
    let (own, targets) = (proof.lowered.interfaces_of(gate), proof.lowered.interfaces_of(to));
    for (key, interfaces) in [(gate, own), (to, targets)] {
        if interfaces.is_empty() {
            tally.unknown(format!("the subnets of {key}"));
        }
    }
    for port in &ports.all {
        for from in own {
            for target in targets {
                let answer = proof.connects(*from, *target, &ServiceSet::tcp(*port));
                tally.answer(&answer, Wanted::Open, gate.as_str(), to.as_str());
            }
        }
    }
    let words: Vec<String> = ports.all.iter().map(ToString::to_string).collect();
    let text =
        format!("{gate} reaches {to} on tcp {} (traffic and health check)", words.join(", "));
    tally.statement("reaches-targets", Family::Life, &[gate, to], text)
}

/// That each route leads to a server, if of some it is not known.
fn leads_somewhere(key: &Key, gate: &Gate) -> Option<Statement> {
    let mut tally = Tally::new();
    let unknown: Vec<&str> = gate
        .routes
        .iter()
        .filter_map(|route| Some((route, route.to.missing()?)))
        .map(|(route, note)| {
            tally.unknown(note);
            route.path.as_str()
        })
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let paths = crate::prove::listed(unknown.iter().map(|path| format!("`{path}`")));
    let text = format!("{key} reaches what its routes {paths} lead to");
    Some(tally.statement("reaches-targets", Family::Life, &[key], text))
}
