//! Whole ways: a direct leg, or legs chained by relays, searched backwards from the destination.

use std::collections::BTreeSet;

use super::chain::{is_plain, onto, translated};
use super::evaluate::{Example, Outcome, evaluate};
use super::joint::{Together, joint};
use super::leg::{Client, Domain, Quantifier, Scene, Variant, between, variants};
use super::world::each_world;
use super::{Alternative, Answer, Engine, Place, Question, Step, Verdict};
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::service::ServiceSet;
use crate::topology::{Back, Forward, Front, InterfaceId, Outside, Relay, RelayId};

/// At most so many relays are on one way: a longer chain is not built by anybody, and a made-up
/// network must not take for ever.
const MOST_RELAYS: usize = 6;

/// The ways found in one world.
pub(super) struct Ways {
    pub(super) services_sure: ServiceSet,
    pub(super) services_possible: ServiceSet,
    pub(super) sure: PacketSet,
    pub(super) possible: PacketSet,
    /// Destinations and services that surely are reached; of a leg alone.
    pub(super) reached: PacketSet,
    pub(super) alternatives: Vec<Alternative>,
}

impl Engine<'_> {
    /// Answers a question, over every value that the unknowns may have.
    #[must_use]
    pub fn ask(&self, question: &Question) -> Answer {
        let (worlds, notes) = each_world(|world| {
            let scene =
                Scene { engine: self, world, replies: question.replies, explain: question.explain };
            let mut search = Search { scene, question, visited: BTreeSet::new() };
            match &question.to {
                Place::Interface(to) => {
                    let mut ways = search.ways_to(&question.from, *to, &question.services);
                    order(&mut ways.alternatives);
                    ways
                }
                _ => search.direct(&question.from, &question.to, &question.services),
            }
        });
        let which = (asks_which(&question.from), asks_which(&question.to));
        let mut answer = combine(worlds, which);
        if answer.verdict == Verdict::Unknown {
            answer.deciders.extend(notes);
        }
        answer
    }
}

fn order(alternatives: &mut [Alternative]) {
    alternatives.sort_by_key(|a| (a.verdict, a.cost, a.relays.len()));
}

/// Whether the question is which of several hosts it is.
fn asks_which(end: &Place) -> bool {
    matches!(end, Place::Anywhere(_) | Place::Hosts(..))
}

fn combine(worlds: Vec<Ways>, (which_source, which_destination): (bool, bool)) -> Answer {
    let mut services: Option<(ServiceSet, ServiceSet)> = None;
    let (mut sure, mut possible) = (PacketSet::all(), PacketSet::empty());
    let mut reached = PacketSet::all();
    for ways in &worlds {
        reached = reached.intersect(&ways.reached);
        services = Some(match services {
            None => (ways.services_sure.clone(), ways.services_possible.clone()),
            Some((all, any)) => {
                (all.intersect(&ways.services_sure), any.union(&ways.services_possible))
            }
        });
        sure = sure.intersect(&ways.sure);
        possible = possible.union(&ways.possible);
    }
    let (mut all, any) = services.unwrap_or_default();
    // In each world some source may get through, but in no two of them the same.
    if which_source {
        all = all.intersect(&sure.services());
    }
    if which_destination {
        all = all.intersect(&reached.services());
    }
    let verdict = verdict(&all, &any);
    let mut answer = Answer {
        verdict,
        sure,
        possible,
        alternatives: Vec::new(),
        assumes: BTreeSet::new(),
        deciders: BTreeSet::new(),
    };
    for alternative in worlds.iter().flat_map(|w| &w.alternatives) {
        match verdict {
            Verdict::Yes => {}
            Verdict::No => answer.assumes.extend(alternative.assumes.iter().cloned()),
            Verdict::Unknown => {
                answer.deciders.extend(alternative.deciders.iter().cloned());
                if alternative.verdict != Verdict::No {
                    answer.assumes.extend(alternative.assumes.iter().cloned());
                }
            }
        }
    }
    let telling = worlds.into_iter().min_by_key(|w| {
        let own = self::verdict(&w.services_sure, &w.services_possible);
        (own != verdict, own)
    });
    answer.alternatives = telling.map(|w| w.alternatives).unwrap_or_default();
    if verdict == Verdict::Yes
        && let Some(best) = answer.alternatives.first()
    {
        answer.assumes.clone_from(&best.assumes);
    }
    answer
}

fn verdict(sure: &ServiceSet, possible: &ServiceSet) -> Verdict {
    match (sure.is_empty(), possible.is_empty()) {
        (false, _) => Verdict::Yes,
        (true, true) => Verdict::No,
        (true, false) => Verdict::Unknown,
    }
}

/// From a relay to a target.
pub(super) struct BackLeg {
    /// The telling leg.
    pub(super) best: Outcome,
    /// Whether any of them gets through.
    pub(super) verdict: Verdict,
    /// What the target sees and lets in, over all of them.
    pub(super) sure: PacketSet,
    pub(super) possible: PacketSet,
}

struct Search<'a, 'e, 'n> {
    scene: Scene<'e, 'n>,
    question: &'a Question,
    visited: BTreeSet<RelayId>,
}

impl Search<'_, '_, '_> {
    /// All ways to an interface: directly, and through every relay that leads to it.
    fn ways_to(&mut self, from: &Place, to: InterfaceId, services: &ServiceSet) -> Ways {
        let mut ways = self.direct(from, &Place::Interface(to), services);
        if !self.question.relays || self.visited.len() >= MOST_RELAYS {
            return ways;
        }
        let leading = self.scene.engine.forwards.get(&to).cloned().unwrap_or_default();
        for (id, index) in leading {
            if self.question.avoid.contains(&id) || !self.visited.insert(id) {
                continue;
            }
            let net = self.scene.engine.net;
            let relay = net.relays.get(id.index());
            if let Some((relay, forward)) = relay.and_then(|r| Some((r, r.forwards.get(index)?))) {
                let onward = forward.service.intersect(services);
                if !onward.is_empty() {
                    self.through(from, (id, relay, forward), to, &onward, &mut ways);
                }
            }
            self.visited.remove(&id);
        }
        ways
    }

    fn direct(&self, from: &Place, to: &Place, services: &ServiceSet) -> Ways {
        legs(self.scene, &variants(self.scene, from, to), services)
    }

    fn through(
        &mut self,
        from: &Place,
        (id, relay, forward): (RelayId, &Relay, &Forward),
        to: InterfaceId,
        onward: &ServiceSet,
        ways: &mut Ways,
    ) {
        let hop = (id, relay, forward);
        match &relay.front {
            Front::Interfaces(fronts) => {
                for front in fronts {
                    // What a node accepts it sends on by itself.
                    let openers = match &relay.back {
                        Back::Interfaces(list) if list.contains(front) => vec![*front],
                        Back::Interfaces(list) => list.clone(),
                        Back::Outside(_) => Vec::new(),
                    };
                    let Some(back) = self.back(from, hop, &openers, to, onward) else { continue };
                    let mut met = self.ways_to(from, *front, &forward.listen);
                    if forward.preserves_client {
                        let others: Vec<Alternative> =
                            met.alternatives.extract_if(.., |way| !is_plain(way)).collect();
                        let plain = self.plain(from, *front, &forward.listen);
                        onto(&plain, hop, &back, ways);
                        translated(others, hop, &back, ways);
                    } else {
                        onto(&met, hop, &back, ways);
                    }
                }
            }
            Front::Managed(sources) => {
                let openers = match &relay.back {
                    Back::Interfaces(list) => list.clone(),
                    Back::Outside(_) => Vec::new(),
                };
                let Some(back) = self.back(from, hop, &openers, to, onward) else { return };
                if let Some(met) = self.managed(from, relay, forward, sources) {
                    onto(&met, hop, &back, ways);
                }
            }
        }
    }

    /// The ways to an interface on which the source is seen by its own address.
    fn plain(&self, from: &Place, to: InterfaceId, services: &ServiceSet) -> Ways {
        let all = match from {
            Place::Interface(id) => between(self.scene, *id, to, None),
            _ => variants(self.scene, from, &Place::Interface(to)),
        };
        legs(self.scene, &all, services)
    }

    /// The legs from a relay to a target, from each of these of its interfaces.
    fn back(
        &self,
        from: &Place,
        (_, relay, forward): (RelayId, &Relay, &Forward),
        openers: &[InterfaceId],
        to: InterfaceId,
        onward: &ServiceSet,
    ) -> Option<BackLeg> {
        // One list of variants for each opener: what one of them lacks another may have, but the
        // unknown address of one says nothing of that of another.
        let openers: Vec<Vec<Variant>> = match &relay.back {
            Back::Interfaces(_) => {
                let client = forward.preserves_client.then(|| Client { domain: self.domain(from) });
                openers.iter().map(|back| between(self.scene, *back, to, client.as_ref())).collect()
            }
            Back::Outside(outside) => {
                let place = Place::Outside(outside.clone());
                vec![variants(self.scene, &place, &Place::Interface(to))]
            }
        };
        let engine = self.scene.engine;
        let mut best: Option<Outcome> = None;
        let (mut services_sure, mut sure) = (ServiceSet::empty(), PacketSet::empty());
        let mut possible = PacketSet::empty();
        for variants in &openers {
            let together = joint(variants, onward);
            services_sure = services_sure.union(&together.services);
            sure = sure.union(&together.sources);
            for variant in variants {
                let outcome = evaluate(engine, variant, onward, self.scene.explain);
                possible = possible.union(&outcome.possible);
                let rank = (outcome.verdict, outcome.cost);
                if best.as_ref().is_none_or(|old| rank < (old.verdict, old.cost)) {
                    best = Some(outcome);
                }
            }
        }
        let best = best?;
        let verdict = verdict(&services_sure, &possible.services());
        Some(BackLeg { best, verdict, sure, possible })
    }

    fn domain(&self, from: &Place) -> Domain {
        match from {
            Place::Interface(id) => {
                let found = self.scene.engine.net.interfaces.get(id.index());
                let name = found.map(|i| i.name.as_str()).unwrap_or_default();
                Domain::one(name, found.map(|i| i.addresses.clone()).unwrap_or_default())
            }
            Place::Outside(o) => Domain::one(&o.name, o.addresses.clone()),
            Place::Anywhere(o) => Domain::each(&o.name, o.addresses.clone()),
            Place::Hosts(_, addresses) => Domain::each("a host in the site", addresses.clone()),
        }
    }

    /// A front on the provider's own public address.
    fn managed(
        &self,
        from: &Place,
        relay: &Relay,
        forward: &Forward,
        sources: &AddrSet,
    ) -> Option<Ways> {
        match from {
            Place::Interface(_) if sources.is_empty() => None,
            Place::Interface(_) => {
                let to = Place::Outside(Outside {
                    name: relay.name.clone(),
                    addresses: AddrSet::internet(),
                    lists: Vec::new(),
                    off_lists: Vec::new(),
                });
                Some(self.direct(from, &to, &forward.listen))
            }
            Place::Hosts(..) => None,
            Place::Outside(o) | Place::Anywhere(o) => {
                Some(accepted(from, o, relay, forward, sources))
            }
        }
    }
}

fn accepted(
    from: &Place,
    o: &Outside,
    relay: &Relay,
    forward: &Forward,
    sources: &AddrSet,
) -> Ways {
    let admitted = o.addresses.intersect(sources);
    let one = matches!(from, Place::Outside(_));
    let surely = if one { o.addresses.is_subset(sources) } else { !admitted.is_empty() };
    let possible = PacketSet::product(&forward.listen, &admitted);
    let sure = if surely { possible.clone() } else { PacketSet::empty() };
    let services = |set: &PacketSet| set.services();
    let verdict = verdict(&services(&sure), &services(&possible));
    let ok = match verdict {
        Verdict::Yes => Some(true),
        Verdict::Unknown => None,
        Verdict::No => Some(false),
    };
    let what = if ok == Some(true) { "accepts" } else { "does not accept" };
    let step = Step {
        ok,
        code: if ok == Some(true) { "ADMITTED" } else { "NO_PATH" },
        setting: forward.name.clone(),
        text: format!("{} {what} {} from {}", relay.name, forward.listen, o.name),
    };
    Ways {
        services_sure: services(&sure),
        services_possible: services(&possible),
        alternatives: vec![Alternative {
            title: "directly".to_owned(),
            verdict,
            relays: Vec::new(),
            witness: possible.witness(),
            witness_to: None,
            sure: sure.clone(),
            possible: possible.clone(),
            steps: vec![step],
            cost: usize::from(verdict == Verdict::No),
            assumes: BTreeSet::new(),
            deciders: BTreeSet::new(),
            translation: None,
        }],
        sure,
        possible,
        reached: PacketSet::empty(),
    }
}

/// A direct leg with all of its variants.
fn legs(scene: Scene<'_, '_>, all: &[Variant], services: &ServiceSet) -> Ways {
    let outcomes: Vec<Outcome> =
        all.iter().map(|v| evaluate(scene.engine, v, services, scene.explain)).collect();
    let mut ways = Ways {
        services_sure: ServiceSet::empty(),
        services_possible: ServiceSet::empty(),
        sure: PacketSet::empty(),
        possible: PacketSet::empty(),
        reached: PacketSet::empty(),
        alternatives: Vec::new(),
    };
    for outcome in &outcomes {
        ways.services_possible = ways.services_possible.union(&outcome.services_possible);
        ways.possible = ways.possible.union(&outcome.possible);
    }
    let alone = match (all, outcomes.as_slice()) {
        ([only], [outcome]) if only.destination.quantifier == Quantifier::One => Some(Together {
            services: outcome.services_sure.clone(),
            sources: outcome.sure.clone(),
            destinations: PacketSet::empty(),
        }),
        _ => None,
    };
    let together = alone.unwrap_or_else(|| joint(all, services));
    ways.services_sure = together.services;
    ways.sure = together.sources;
    ways.reached = together.destinations;
    // Variants that differ in reply ports or family only are one way to a reader: keep the best.
    let mut best: Vec<Alternative> = Vec::new();
    for outcome in outcomes {
        let new = alternative(outcome);
        match best.iter_mut().find(|b| b.title == new.title) {
            Some(old) if (new.verdict, new.cost) < (old.verdict, old.cost) => *old = new,
            Some(_) => {}
            None => best.push(new),
        }
    }
    let decided = verdict(&ways.services_sure, &ways.services_possible);
    if decided == Verdict::Yes
        && best.iter().all(|b| b.verdict != Verdict::Yes)
        && let Some(first) = best.iter_mut().min_by_key(|b| b.verdict)
    {
        // No variant gets all through by itself, but together they do.
        first.verdict = Verdict::Yes;
    }
    order(&mut best);
    ways.alternatives = best;
    ways
}

fn alternative(outcome: Outcome) -> Alternative {
    Alternative {
        title: outcome.title,
        verdict: outcome.verdict,
        relays: Vec::new(),
        sure: outcome.sure,
        possible: outcome.possible,
        steps: outcome.steps,
        cost: outcome.cost,
        assumes: outcome.assumes,
        deciders: outcome.deciders,
        witness: outcome.example.as_ref().and_then(Example::packet),
        witness_to: outcome.example.and_then(|e| e.destination),
        translation: outcome.translation,
    }
}
