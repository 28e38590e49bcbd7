//! The ways by which packets get through, by names that both models share.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::Key;
use farmgate_aws::network::Lowered;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Alternative, Answer, Verdict};
use farmgate_net::topology::RelayId;

use crate::compare::names::{Names, Side};

/// By the name of a way, what surely and what possibly takes it, in each network.
pub(super) type Ways = BTreeMap<String, [[PacketSet; 2]; 2]>;

const SIDES: [Side; 2] = [Side::Left, Side::Right];

/// The gateways and endpoints by which a connection leaves.
pub(super) fn exits(names: &Names<'_>, answers: &[Answer; 2]) -> Ways {
    gathered(answers, |side, way| match way.title.strip_prefix("by ") {
        Some(name) => format!("by {}", names.key(side, &Key::new(name))),
        None => way.title.clone(),
    })
}

/// The chains of relays through which a connection comes in.
pub(super) fn chains(names: &Names<'_>, lowered: [&Lowered; 2], answers: &[Answer; 2]) -> Ways {
    let [left, right] = lowered;
    gathered(answers, |side, way| {
        let of = if side == Side::Left { left } else { right };
        let owner = |id: &RelayId| of.relay_owner(*id).map(|key| names.key(side, key).to_string());
        let chain: Vec<String> = way.relays.iter().filter_map(owner).collect();
        match chain.as_slice() {
            [] => "directly".to_owned(),
            some => format!("through {}", some.join(", then ")),
        }
    })
}

fn gathered(answers: &[Answer; 2], name: impl Fn(Side, &Alternative) -> String) -> Ways {
    let mut all = Ways::new();
    for (index, (side, answer)) in SIDES.into_iter().zip(answers).enumerate() {
        for way in answer.alternatives.iter().filter(|way| way.verdict != Verdict::No) {
            let sets = all.entry(name(side, way)).or_default();
            if let Some([sure, possible]) = sets.get_mut(index) {
                *sure = sure.union(&way.sure);
                *possible = possible.union(&way.possible);
            }
        }
    }
    all
}

/// The relays on all ways of an answer.
pub(super) fn relays(answer: &Answer) -> BTreeSet<RelayId> {
    answer.alternatives.iter().flat_map(|way| way.relays.iter().copied()).collect()
}
