//! Ways to a relay's front, continued by the relay's own leg.

use super::relay::{BackLeg, Ways};
use super::{Alternative, Step, Verdict};
use crate::packet::PacketSet;
use crate::service::ServiceSet;
use crate::topology::{Forward, Relay, RelayId};

/// Adds the ways that a relay makes of those to its front.
pub(super) fn onto(met: &Ways, hop: (RelayId, &Relay, &Forward), back: &BackLeg, ways: &mut Ways) {
    let (_, _, forward) = hop;
    ways.alternatives.extend(met.alternatives.iter().map(|way| chain(way, hop, back)));
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
    let sure = if whole { seen(&met.sure, &back.sure) } else { PacketSet::empty() };
    let possible = seen(&met.possible, &back.possible);
    if whole && !sure.is_empty() {
        ways.services_sure = ways.services_sure.union(&met.services_sure);
    }
    if !possible.is_empty() {
        ways.services_possible = ways.services_possible.union(&met.services_possible);
    }
    ways.sure = ways.sure.union(&sure);
    ways.possible = ways.possible.union(&possible);
}

/// Whether the source is seen by its own address at the end of a way.
pub(super) fn is_plain(way: &Alternative) -> bool {
    way.relays.is_empty() && way.translation.is_none()
}

/// Ways to a relay that keeps the client's address, on which something before it does not: what
/// address its targets see is not followed, so whether they let it in is not known.
pub(super) fn translated(
    others: Vec<Alternative>,
    hop: (RelayId, &Relay, &Forward),
    back: &BackLeg,
    ways: &mut Ways,
) {
    for way in others.into_iter().filter(|way| way.verdict != Verdict::No) {
        let mut chained = chain(&way, hop, back);
        chained.verdict = Verdict::Unknown;
        chained.sure = PacketSet::empty();
        chained.possible = way.possible.clone();
        let note = format!("the client's address as the targets of {} see it", hop.1.name);
        chained.deciders.insert(note.into());
        ways.services_possible = ways.services_possible.union(&way.possible.services());
        ways.possible = ways.possible.union(&way.possible);
        ways.alternatives.push(chained);
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
