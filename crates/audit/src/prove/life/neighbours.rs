//! Databases, load balancers and services of the model whose names stand in a container's
//! environment.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, Key, Model};
use farmgate_farm::gate::CONFIG_VARIABLE;
use farmgate_net::addr::AddrSet;
use farmgate_net::reach::{Place, Question, Verdict as Reached};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{InterfaceId, Outside};

use crate::prove::Proof;
use crate::prove::isolation::listened;
use crate::prove::tally::{Tally, Wanted};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, key: &Key, containers: &[Container]) -> Vec<Statement> {
    let mut found: BTreeSet<(Key, ServiceSet)> = BTreeSet::new();
    // The hosts in a gate's configuration are those by which it is called, and its servers.
    let variables = containers.iter().flat_map(|container| &container.environment);
    for (_, value) in variables.filter(|(name, _)| *name != CONFIG_VARIABLE) {
        let mentioned = mentions(value).filter_map(|mention| neighbour(proof, &mention));
        found.extend(mentioned.filter(|(named, _)| named != key));
    }
    let mut all = Vec::new();
    for (named, services) in found {
        let mut tally = Tally::new();
        for from in proof.lowered.interfaces_of(key) {
            if is_public(proof, &named) {
                by_public_name(proof, (key, *from), &named, &services, &mut tally);
                continue;
            }
            for to in proof.lowered.interfaces_of(&named) {
                let answer = proof.connects(*from, *to, &services);
                tally.answer(&answer, Wanted::Open, key.as_str(), named.as_str());
            }
        }
        let text = format!("{key} reaches {named} on {services}, which its environment names");
        all.push(tally.statement("reaches-what-it-names", Family::Life, &[key, &named], text));
    }
    all
}

/// Whether it is a load balancer whose name leads to public addresses, for whoever asks: "DNS name"
/// in the Elastic Load Balancing User Guide.
fn is_public(proof: &Proof<'_>, named: &Key) -> bool {
    let balancer = proof.model.load_balancers.get(named);
    balancer.is_some_and(|lb| lb.internal.get() == Some(&false))
}

/// Out to a public address, and in from one: no rule for a group matches on either side, since
/// group references match private addresses only (Amazon VPC User Guide, "Security group rules").
fn by_public_name(
    proof: &Proof<'_>,
    (key, from): (&Key, InterfaceId),
    named: &Key,
    services: &ServiceSet,
    tally: &mut Tally,
) {
    let outside = |addresses| Outside {
        name: "the internet".to_owned(),
        addresses,
        lists: Vec::new(),
        off_lists: proof.lowered.aws_lists.iter().copied().collect(),
    };
    let any = AddrSet::internet().only_v4();
    let out = Question::new(
        Place::Interface(from),
        Place::Outside(outside(any.clone())),
        services.clone(),
    );
    let answer = proof.ask(&out.direct().reliably());
    if answer.verdict == Reached::No {
        let text = format!(
            "is internet-facing: its name leads to public addresses, and {key} opens no connection \
             to them on {services}"
        );
        tally.fact(Verdict::Refuted, "SG_REFERENCES_NOT_PRESERVED", named, text);
    }
    tally.answer(&answer, Wanted::Open, key.as_str(), named.as_str());
    // By a NAT gateway it appears as that; else as an address of its own.
    let nat = answer.alternatives.first().and_then(|way| {
        let name = way.title.strip_prefix("by ").unwrap_or(&way.title);
        proof.model.nat_gateways.get(name)?.public_address
    });
    let source = outside(nat.map_or(any, AddrSet::single));
    for to in proof.lowered.interfaces_of(named) {
        let question =
            Question::new(Place::Outside(source.clone()), Place::Interface(*to), services.clone());
        let answer = proof.ask(&question.direct().reliably());
        if answer.verdict == Reached::No {
            let text = format!(
                "is internet-facing, so {key} comes to it from a public address, which its groups \
                 don't admit"
            );
            tally.fact(Verdict::Refuted, "SG_REFERENCES_NOT_PRESERVED", named, text);
        }
        tally.answer(&answer, Wanted::Open, key.as_str(), named.as_str());
    }
}

/// A host in a text, and the port that goes with it: written, or that of the URL's scheme.
struct Mention<'t> {
    host: &'t str,
    port: Option<u16>,
}

fn mentions(text: &str) -> impl Iterator<Item = Mention<'_>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut rest = text;
    let mut before = "";
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let length = rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
            let (host, after) = rest.split_at_checked(length)?;
            let scheme = before;
            let gap = after.find(fits).unwrap_or(after.len());
            rest = after.get(gap..).unwrap_or_default();
            // What stands before the next word: its scheme, if this word and `://` are one.
            before = if after.starts_with("://") { host } else { "" };
            if !host.contains('.') {
                continue;
            }
            let digits = after.strip_prefix(':').unwrap_or_default();
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let written = digits.get(..end).and_then(|port| port.parse().ok());
            let port = written.or(match scheme {
                "https" => Some(443),
                "http" => Some(80),
                _ => None,
            });
            return Some(Mention { host, port });
        }
        None
    })
}

/// What of the model is called so, and where it is reached.
fn neighbour(proof: &Proof<'_>, mention: &Mention<'_>) -> Option<(Key, ServiceSet)> {
    let model = proof.model;
    let port = mention.port.map(ServiceSet::tcp);
    let Some(named) = model.aliases.get(mention.host) else {
        let named = discovered(model, mention.host)?;
        return Some((named.clone(), port?));
    };
    if let Some(database) = model.databases.get(named) {
        let port = database.port.get().copied().flatten()?;
        return Some((named.clone(), ServiceSet::tcp(port)));
    }
    if model.load_balancers.contains_key(named) {
        let listened = listened(proof, named);
        let services = if listened.is_empty() { port? } else { listened };
        return Some((named.clone(), services));
    }
    let is_service = model.services.contains_key(named);
    is_service.then_some((named.clone(), port?))
}

/// The only ECS service that is registered in Cloud Map by a name.
fn discovered<'m>(model: &'m Model, host: &str) -> Option<&'m Key> {
    let called = |key: &Key| {
        let entry = model.discovery.get(key)?;
        let name = entry.name.get()?.as_ref()?;
        let namespace = entry.namespace.get()?.as_ref()?;
        Some(host.strip_prefix(name.as_str())?.strip_prefix('.')? == namespace)
    };
    let registered = model.services.values().filter(|service| {
        let mut keys = service.registries.iter().filter_map(|registry| registry.get());
        keys.any(|key| called(key) == Some(true))
    });
    let mut found = registered.map(|service| &service.key);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn hosts_come_with_their_ports() {
        let text =
            "postgres://me@db.example.com:5433/x, https://api.example.com/a http://b.c:81 d.e";
        let found: Vec<(&str, Option<u16>)> = mentions(text).map(|m| (m.host, m.port)).collect();
        let wanted = [
            ("db.example.com", Some(5433)),
            ("api.example.com", Some(443)),
            ("b.c", Some(81)),
            ("d.e", None),
        ];
        assert_eq!(found, wanted);
    }
}
