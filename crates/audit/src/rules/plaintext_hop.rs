//! `plaintext-hop`: a hop on the way from the internet to a server is in plain text.
//!
//! Says it once for all servers that share the hop. Whether a server speaks TLS inside a stream that
//! a load balancer carries as it is, no source says: such a hop counts as what it is given.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, Origin};
use farmgate_net::addr::AddrSet;

use super::listener_open_to_world::admitted;
use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::trust::{Carries, Hop, plain_hops, ways};
use crate::report::{Finding, Severity, Statement};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "plaintext-hop",
        severity: Severity::High,
        title: "a hop on the way to a server is in plain text",
        why: "Bearer tokens, API keys and what the tools answer can be read and changed by whoever \
              is on that hop: on the internet anybody on the way, inside a VPC whatever mirrors \
              traffic or takes over a host. AWS encrypts links between its sites, which is not a \
              proof that the peer is the one that is meant.",
        page: include_str!("../../../../docs/rules/plaintext-hop.md"),
    },
    run,
};

/// The plain hops that some servers share.
struct Plain<'s> {
    /// Where they are written.
    origins: BTreeSet<Key>,
    /// Their ends, in the order of the way.
    links: Vec<(String, String)>,
    /// Whether one of them is surely met from the internet.
    outer: bool,
    statements: Vec<&'s Statement>,
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all: Vec<Plain<'_>> = Vec::new();
    let told = facts.statements.iter().filter(|s| s.id.starts_with("encrypted:"));
    for statement in told.filter(|s| refuted(Some(s))) {
        let service = statement.on.first().map(|on| Key::new(on));
        if let Some(new) = service.and_then(|service| plain(facts, &service, statement)) {
            merge(&mut all, new);
        }
    }
    all.into_iter().map(|plain| finding(facts, &plain)).collect()
}

fn plain<'s>(facts: &Facts<'_>, service: &Key, statement: &'s Statement) -> Option<Plain<'s>> {
    let ways = ways(facts.proof, service);
    let mut made = Plain {
        origins: BTreeSet::new(),
        links: Vec::new(),
        outer: false,
        statements: vec![statement],
    };
    let told: Vec<&Hop> =
        ways.iter().flat_map(|way| plain_hops(way)).filter(|hop| is_told(facts, hop)).collect();
    for hop in told {
        let Some((from, to)) = hop.text.split_once(" to ") else {
            continue;
        };
        let link = (from.to_owned(), to.to_owned());
        made.outer |= facts.model().listeners.contains_key(&hop.origin.key);
        made.origins.insert(hop.origin.key.clone());
        if !made.links.contains(&link) {
            made.links.push(link);
        }
    }
    (!made.links.is_empty()).then_some(made)
}

/// Whether a hop is known to be met. A listener's hop begins at the internet: it carries nothing on,
/// and it is met if something of the internet surely gets in.
fn is_told(facts: &Facts<'_>, hop: &Hop) -> bool {
    let Some(listener) = facts.model().listeners.get(&hop.origin.key) else {
        return true;
    };
    let Some(lb) = listener.load_balancer.get() else {
        return false;
    };
    hop.carries == Carries::Plain && admitted(facts, lb, listener).0 != AddrSet::empty()
}

/// Joins what has a hop, or the sender of a hop, in common.
fn merge<'s>(all: &mut Vec<Plain<'s>>, mut new: Plain<'s>) {
    let shares = |old: &Plain<'_>| {
        let sender = |from: &str| new.links.iter().any(|(other, _)| other == from);
        !old.origins.is_disjoint(&new.origins)
            || old.links.iter().any(|(from, _)| from != INTERNET && sender(from))
    };
    let (joined, rest): (Vec<_>, Vec<_>) = std::mem::take(all).into_iter().partition(shares);
    for old in joined.into_iter().rev() {
        new.origins.extend(old.origins);
        new.outer |= old.outer;
        let more: Vec<_> = new.links.into_iter().filter(|link| !old.links.contains(link)).collect();
        new.links = old.links.into_iter().chain(more).collect();
        new.statements = old.statements.into_iter().chain(new.statements).collect();
    }
    *all = rest;
    all.push(new);
}

/// How `prove::trust` calls the first sender.
const INTERNET: &str = "the internet";

fn finding(facts: &Facts<'_>, plain: &Plain<'_>) -> Finding {
    let severity = if plain.outer { Severity::High } else { Severity::Medium };
    let title = format!("{} is plain text", chains(&plain.links));
    let fix = advice(facts.model(), &plain.origins);
    let finding = RULE.info.finding(severity, plain.origins.iter().cloned(), title, fix);
    shown_by(finding, plain.statements.iter().copied())
}

/// `a -> b -> c`; where ways part, `a -> b -> c or d`.
fn chains(links: &[(String, String)]) -> String {
    let mut onward: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut senders: Vec<&str> = Vec::new();
    for (from, to) in links {
        onward.entry(from).or_default().push(to);
        if !senders.contains(&from.as_str()) {
            senders.push(from);
        }
    }
    let inner: BTreeSet<&str> = links.iter().map(|(_, to)| to.as_str()).collect();
    let starts = senders.iter().filter(|sender| !inner.contains(*sender));
    let told: Vec<String> = starts.map(|start| chain(start, &onward)).collect();
    told.join(", and ")
}

fn chain(start: &str, onward: &BTreeMap<&str, Vec<&str>>) -> String {
    let mut text = start.to_owned();
    let mut at = start;
    let mut steps = onward.len();
    while let Some(next) = onward.get(at).filter(|_| steps > 0) {
        steps -= 1;
        text.push_str(" -> ");
        text.push_str(&either(next));
        match next.as_slice() {
            [one] => at = one,
            _ => break,
        }
    }
    text
}

/// `a`, `a or b`, `a, b or 7 others`.
fn either(names: &[&str]) -> String {
    match names {
        [first, second, _, _, ..] => format!("{first}, {second} or {} others", names.len() - 2),
        few => few.join(" or "),
    }
}

/// What to change, for each kind of resource in question.
fn advice(model: &Model, origins: &BTreeSet<Key>) -> String {
    let mut all: Vec<&str> = Vec::new();
    if origins.iter().any(|key| model.listeners.contains_key(key)) {
        all.push(
            "make the listener `protocol = \"HTTPS\"` (`TLS` on a network load balancer) with a \
             `certificate_arn`, and let port 80 redirect to it",
        );
    }
    if is_integration(model, origins) {
        all.push(
            "give the integration a `tls_config` (REST: an `https://` URI) and the listener behind \
             it TLS",
        );
    }
    if origins.iter().any(|key| model.distributions.contains_key(key)) {
        all.push("set `origin_protocol_policy = \"https-only\"`");
    }
    if origins.iter().any(|key| model.target_groups.contains_key(key)) {
        all.push(
            "make the target group `protocol = \"HTTPS\"` (`TLS` on a network load balancer) and \
             serve TLS in the container; load balancers accept a self-signed certificate there",
        );
    }
    if model.gates.values().flat_map(|gate| &gate.routes).any(|r| origins.contains(&r.origin.key)) {
        all.push(
            "let the gate speak TLS to the server: `tls` of its upstream, with farmgate's bridge \
             or the server itself answering",
        );
    }
    all.join("; ")
}

fn is_integration(model: &Model, origins: &BTreeSet<Key>) -> bool {
    let routes = model.apis.values().flat_map(|api| &api.routes);
    let integrations = routes.filter_map(|route| route.integration.get()?.as_ref());
    integrations.map(|i| &i.origin).any(|origin: &Origin| origins.contains(&origin.key))
}
