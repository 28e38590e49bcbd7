//! Whole ways: a direct leg, or legs chained by relays, searched backwards from the destination.

use std::collections::BTreeSet;

use super::evaluate::{Example, Outcome, evaluate};
use super::joint::joint;
use super::leg::{Client, Domain, Scene, Variant, between, variants};
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
struct Ways {
    services_sure: ServiceSet,
    services_possible: ServiceSet,
    sure: PacketSet,
    possible: PacketSet,
    alternatives: Vec<Alternative>,
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
        let mut answer = combine(worlds, asks_which(&question.from));
        if answer.verdict == Verdict::Unknown {
            answer.deciders.extend(notes);
        }
        answer
    }
}

fn order(alternatives: &mut [Alternative]) {
    alternatives.sort_by_key(|a| (a.verdict, a.cost, a.relays.len()));
}

/// Whether the question is which of several sources gets through.
fn asks_which(from: &Place) -> bool {
    matches!(from, Place::Anywhere(_) | Place::Hosts(..))
}

fn combine(worlds: Vec<Ways>, asks_which: bool) -> Answer {
    let mut services: Option<(ServiceSet, ServiceSet)> = None;
    let (mut sure, mut possible) = (PacketSet::all(), PacketSet::empty());
    for ways in &worlds {
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
    if asks_which {
        // In each world some source may get through, but in no two of them the same.
        all = sure.services();
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
    let telling = worlds
        .into_iter()
        .min_by_key(|w| self::verdict(&w.services_sure, &w.services_possible) != verdict);
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
struct BackLeg {
    /// The telling leg.
    best: Outcome,
    /// Whether any of them gets through.
    verdict: Verdict,
    /// What the target sees and lets in, over all of them.
    sure: PacketSet,
    possible: PacketSet,
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
        let Some(back) = self.back(from, relay, forward, to, onward) else {
            return;
        };
        let fronts: Vec<Ways> = match &relay.front {
            Front::Interfaces(list) => {
                let list = list.clone();
                list.iter().map(|front| self.ways_to(from, *front, &forward.listen)).collect()
            }
            Front::Managed(sources) => {
                self.managed(from, relay, forward, sources).into_iter().collect()
            }
        };
        for front in fronts {
            for way in &front.alternatives {
                let chained = chain(way, (id, relay, forward), &back);
                ways.alternatives.push(chained);
            }
            let seen = |set: &PacketSet, allowed: &PacketSet| {
                if forward.preserves_client {
                    set.restrict(&ServiceSet::all(), &allowed.peers())
                } else if allowed.is_empty() {
                    PacketSet::empty()
                } else {
                    set.clone()
                }
            };
            let whole = back.verdict == Verdict::Yes && forward.maybe.is_none();
            let sure = if whole { seen(&front.sure, &back.sure) } else { PacketSet::empty() };
            let possible = seen(&front.possible, &back.possible);
            if whole && !sure.is_empty() {
                ways.services_sure = ways.services_sure.union(&front.services_sure);
            }
            if !possible.is_empty() {
                ways.services_possible = ways.services_possible.union(&front.services_possible);
            }
            ways.sure = ways.sure.union(&sure);
            ways.possible = ways.possible.union(&possible);
        }
    }

    /// The legs from a relay to a target, from each of its interfaces.
    fn back(
        &self,
        from: &Place,
        relay: &Relay,
        forward: &Forward,
        to: InterfaceId,
        onward: &ServiceSet,
    ) -> Option<BackLeg> {
        // One list of variants for each opener: what one of them lacks another may have, but the
        // unknown address of one says nothing of that of another.
        let openers: Vec<Vec<Variant>> = match &relay.back {
            Back::Interfaces(list) => {
                let client = forward.preserves_client.then(|| Client { domain: self.domain(from) });
                list.iter().map(|back| between(self.scene, *back, to, client.as_ref())).collect()
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
            let (services, sources) = joint(variants, onward);
            services_sure = services_sure.union(&services);
            sure = sure.union(&sources);
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
        }],
        sure,
        possible,
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
        alternatives: Vec::new(),
    };
    for outcome in &outcomes {
        ways.services_possible = ways.services_possible.union(&outcome.services_possible);
        ways.possible = ways.possible.union(&outcome.possible);
    }
    let (services_sure, sure) = joint(all, services);
    ways.services_sure = services_sure;
    ways.sure = sure;
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
    }
}

/// A way to a relay's front, continued by the relay's own leg.
fn chain(
    front: &Alternative,
    (id, relay, forward): (RelayId, &Relay, &Forward),
    back: &BackLeg,
) -> Alternative {
    let mut chained = front.clone();
    chained.verdict = front.verdict.max(back.verdict);
    if forward.maybe.is_some() && chained.verdict == Verdict::Yes {
        chained.verdict = Verdict::Unknown;
    }
    if forward.preserves_client && back.verdict == Verdict::Yes {
        chained.sure = chained.sure.restrict(&ServiceSet::all(), &back.sure.peers());
        chained.possible = chained.possible.restrict(&ServiceSet::all(), &back.possible.peers());
        let admitted = chained.witness.is_some_and(|w| back.possible.peers().contains(w.peer));
        if !admitted {
            chained.witness = chained.possible.witness();
        }
    }
    if back.verdict == Verdict::No {
        chained.sure = PacketSet::empty();
        chained.possible = PacketSet::empty();
    }
    chained.title = match front.relays.as_slice() {
        [] => format!("through {}", relay.name),
        _ => format!("{}, {}", front.title, relay.name),
    };
    chained.relays.push(id);
    chained.cost += back.best.cost;
    chained.steps.push(Step {
        ok: if forward.maybe.is_some() { None } else { Some(true) },
        code: "FORWARDED",
        setting: forward.name.clone(),
        text: format!("{} connects onward on {}", relay.name, forward.service),
    });
    chained.steps.extend(back.best.steps.iter().cloned());
    match chained.verdict {
        Verdict::No => {
            // Either half alone is enough to deny.
            let denying = [(front.verdict, &front.assumes), (back.verdict, &back.best.assumes)];
            let fewest = denying
                .into_iter()
                .filter(|(verdict, _)| *verdict == Verdict::No)
                .min_by_key(|(_, notes)| notes.len());
            chained.assumes = fewest.map(|(_, notes)| notes.clone()).unwrap_or_default();
        }
        _ => {
            chained.assumes.extend(back.best.assumes.iter().cloned());
            chained.assumes.extend(forward.assumed.iter().cloned());
        }
    }
    chained.deciders.extend(back.best.deciders.iter().cloned());
    chained.deciders.extend(forward.maybe.iter().cloned());
    chained
}
