//! The hops on the ways from the internet to a service, and whether each is encrypted.

use farmgate_aws::model::{Api, Gate, IntegrationTarget, Key, Note, Origin, Val};
use farmgate_aws::network::relays::{forwarded_groups, led_to};

use super::super::Proof;
use super::listeners_of;

/// A hop on the way to a server.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) origin: Origin,
    pub(crate) text: String,
    pub(crate) carries: Carries,
}

/// Whether a hop is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carries {
    /// By itself.
    Encrypted,
    /// Not.
    Plain,
    /// As what came in is (TCP through a network load balancer).
    AsGiven,
    /// That depends on this.
    Unknown(Note),
}

/// Every way from the internet to a service that carries a request, each with its hops, outermost
/// first. Empty if the internet does not reach it.
pub(crate) fn ways(proof: &Proof<'_>, service: &Key) -> Vec<Vec<Hop>> {
    let mut all = Vec::new();
    for way in proof.chains_to(service).iter() {
        let owners: Vec<&Key> = way.iter().filter_map(|r| proof.lowered.relay_owner(*r)).collect();
        let mut chains: Vec<Vec<Hop>> = vec![Vec::new()];
        for (index, owner) in owners.iter().enumerate() {
            let next = owners.get(index + 1).copied().unwrap_or(service);
            let legs = legs(proof, owner, next, index == 0);
            let longer = chains.iter().flat_map(|chain| {
                legs.iter().map(move |leg| chain.iter().chain(leg).cloned().collect())
            });
            chains = longer.take(MOST_WAYS).collect();
        }
        all.extend(chains);
    }
    all
}

/// At most so many ways through one chain of hops are told apart.
const MOST_WAYS: usize = 256;

/// The hops of one owner, for each of its ways through.
fn legs(proof: &Proof<'_>, owner: &Key, next: &Key, first: bool) -> Vec<Vec<Hop>> {
    if let Some(api) = proof.model.apis.get(owner) {
        return api_hops(api, next).into_iter().map(|hop| vec![hop]).collect();
    }
    if let Some(distribution) = proof.model.distributions.get(owner) {
        // `match-viewer` is plain text only if viewers may come in plain text.
        let viewers = distribution.https_only.get().copied();
        let plain = distribution.origin_protocols.iter().map(|p| match p.as_str() {
            "https-only" => Some(true),
            "match-viewer" => viewers,
            _ => Some(false),
        });
        let plain: Vec<Option<bool>> = plain.collect();
        let encrypted = match (plain.contains(&Some(false)), plain.contains(&None)) {
            (true, _) => Carries::Plain,
            (false, true) => {
                Carries::Unknown(format!("whether {owner} takes HTTPS viewers only").into())
            }
            (false, false) => Carries::Encrypted,
        };
        let text = format!("{owner} to {next}");
        return vec![vec![Hop { origin: Origin::of(owner), text, carries: encrypted }]];
    }
    if let Some(gate) = proof.model.gates.get(owner) {
        return gate_hops(proof, gate, next, first);
    }
    load_balancer_hops(proof, owner, next, first)
}

/// One way for every route by which a gate leads on. Clients are served over TLS, always.
fn gate_hops(proof: &Proof<'_>, gate: &Gate, next: &Key, first: bool) -> Vec<Vec<Hop>> {
    let mut all: Vec<Vec<Hop>> = Vec::new();
    for route in &gate.routes {
        let led = led_to(proof.model, gate, route).into_iter().find(|led| led.to == *next);
        let Some(led) = led else { continue };
        let outer = first.then(|| Hop {
            origin: gate.origin.clone(),
            text: format!("the internet to {}", gate.key),
            carries: Carries::Encrypted,
        });
        let inner = Hop {
            origin: route.origin.clone(),
            text: format!("{} to {next}", gate.key),
            carries: match (route.tls, led.maybe) {
                (true, _) => Carries::Encrypted,
                (false, None) => Carries::Plain,
                (false, Some(note)) => Carries::Unknown(note),
            },
        };
        all.push(outer.into_iter().chain([inner]).collect());
    }
    all
}

fn api_hops(api: &Api, next: &Key) -> Vec<Hop> {
    let mut all: Vec<Hop> = Vec::new();
    for route in &api.routes {
        let Some(Some(integration)) = route.integration.get() else {
            continue;
        };
        if !matches!(integration.target, IntegrationTarget::VpcLink { .. })
            || all.iter().any(|hop| hop.origin == integration.origin)
        {
            continue;
        }
        all.push(Hop {
            origin: integration.origin.clone(),
            text: format!("{} to {next}", api.key),
            carries: match integration.tls {
                Some(true) => Carries::Encrypted,
                Some(false) => Carries::Plain,
                None => Carries::Unknown(format!("whether {} uses TLS", integration.origin).into()),
            },
        });
    }
    all
}

/// One way for every listener and target group through which a load balancer leads on.
fn load_balancer_hops(proof: &Proof<'_>, lb: &Key, next: &Key, first: bool) -> Vec<Vec<Hop>> {
    let mut all = Vec::new();
    for listener in listeners_of(proof, lb) {
        let groups = forwarded_groups(proof.model, listener);
        let groups = groups.into_iter().map(|(group, _)| group);
        for group in groups.filter(|group| leads_to(proof, group, next)) {
            let Some(group) = proof.model.target_groups.get(&group) else {
                continue;
            };
            let mut way = Vec::new();
            // A rule that isn't shown may redirect all that comes.
            let outer = match (carries(&listener.protocol), &listener.open) {
                (Carries::Plain, Some(note)) => Carries::Unknown(note.clone()),
                (carries, _) => carries,
            };
            if first {
                way.push(Hop {
                    origin: Origin::of(&listener.key),
                    text: format!("the internet to {lb}"),
                    carries: outer.clone(),
                });
            }
            // A listener that ends TLS hands on plain text, unless the targets speak TLS again.
            let inner = match (carries(&group.protocol), outer) {
                (Carries::AsGiven, Carries::Encrypted) => Carries::Plain,
                (inner, _) => inner,
            };
            way.push(Hop {
                origin: Origin::of(&group.key),
                text: format!("{lb} to {next}"),
                carries: inner,
            });
            all.push(way);
        }
    }
    all
}

fn leads_to(proof: &Proof<'_>, group: &Key, owner: &Key) -> bool {
    let found = proof.model.target_groups.get(group);
    found.is_some_and(|found| {
        proof.lowered.targets(proof.model, group, found).iter().any(|t| t.owner == *owner)
    })
}

fn carries(protocol: &Val<String>) -> Carries {
    match protocol {
        Val::Known(protocol) | Val::Assumed(protocol, _) => match protocol.as_str() {
            "HTTPS" | "TLS" => Carries::Encrypted,
            "HTTP" => Carries::Plain,
            _ => Carries::AsGiven,
        },
        Val::OneOf(_, note) | Val::Unknown(note) => Carries::Unknown(note.clone()),
    }
}

/// The hops of one way in plain text: those that say so, and those that carry on what came so.
pub(crate) fn plain_hops(way: &[Hop]) -> Vec<&Hop> {
    let mut plain = false;
    let mut all = Vec::new();
    for hop in way {
        plain = match hop.carries {
            Carries::Plain => true,
            Carries::Encrypted | Carries::Unknown(_) => false,
            Carries::AsGiven => plain,
        };
        if plain {
            all.push(hop);
        }
    }
    all
}
