//! What is on one side only: whether that is known, and what isn't compared at all.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};

use super::pairs::Pairs;
use super::{Change, Kind};

/// What is to be known of the ends of changes.
pub(super) struct Doubts {
    /// By key: why it isn't known whether the other side has it.
    reasons: BTreeMap<String, String>,
    /// Of kinds of which the other side shows nothing at all.
    uncovered: BTreeSet<String>,
}

impl Doubts {
    pub(super) fn new(pairs: &Pairs, left: &Model, right: &Model) -> Self {
        let mut doubts = Self { reasons: BTreeMap::new(), uncovered: BTreeSet::new() };
        for (own, others) in &pairs.candidates {
            for other in others {
                let text = format!("whether {own} is {other}; `--same {own}={other}` says so");
                doubts.reasons.entry(own.to_string()).or_insert_with(|| text.clone());
                doubts.reasons.entry(other.to_string()).or_insert(text);
            }
        }
        // What a source makes and no model has (mount targets of EFS) is in an account an interface.
        let [alone_left, alone_right] = &pairs.alone;
        for (alone, other) in [(alone_left, right), (alone_right, left)] {
            let Some(others) = unmodelled(other) else { continue };
            for key in alone.keys().filter(|key| is_interface(key)) {
                let text = format!("whether {key} is of {others}, which isn't modelled");
                doubts.reasons.entry(key.to_string()).or_insert(text);
            }
        }
        // What is alone on one side is uncovered if the other has nothing of its kind.
        let [uncovered_left, uncovered_right] = &pairs.uncovered;
        for (alone, uncovered) in [(alone_left, uncovered_right), (alone_right, uncovered_left)] {
            let of = alone.iter().filter(|(_, kind)| uncovered.contains(**kind));
            doubts.uncovered.extend(of.map(|(key, _)| key.to_string()));
        }
        doubts
    }

    /// Whether a change is told; one whose ends may have another name becomes an unknown one.
    pub(super) fn weigh(&self, change: &mut Change) -> bool {
        let ends = [&change.from, &change.to];
        if ends.iter().any(|end| self.uncovered.contains(*end)) {
            return false;
        }
        let reasons: Vec<String> =
            ends.iter().filter_map(|end| self.reasons.get(*end)).cloned().collect();
        if !reasons.is_empty() {
            change.kind = Kind::Unknown;
            for reason in reasons {
                if !change.missing.contains(&reason) {
                    change.missing.push(reason);
                }
            }
        }
        true
    }
}

/// What a model only counts, in words.
fn unmodelled(model: &Model) -> Option<String> {
    const NAMED: usize = 3;
    let keys: Vec<&Key> = model.unmodelled.values().flatten().collect();
    let named: Vec<String> = keys.iter().take(NAMED).map(ToString::to_string).collect();
    match keys.len().saturating_sub(NAMED) {
        0 if named.is_empty() => None,
        0 => Some(named.join(", ")),
        more => Some(format!("{} and {more} more", named.join(", "))),
    }
}

/// Whether this is an interface that belongs to nothing that is read.
fn is_interface(key: &Key) -> bool {
    key.as_str().starts_with("eni-") || key.as_str().contains(":network-interface/")
}
