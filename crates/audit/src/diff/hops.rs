//! Hops on the ways from the internet to services that are in plain text on one side only.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};
use farmgate_aws::network::Lowered;

use super::{About, Change, Kind};
use crate::compare::packets::INTERNET;
use crate::prove::Proof;
use crate::prove::trust::{Carries, plain_hops, ways};
use crate::report::Because;

/// What is known of the hops to one service.
#[derive(Debug, Default)]
struct Hops {
    /// In plain text, by words that both sides share.
    plain: BTreeMap<String, Because>,
    /// All that there are.
    all: BTreeSet<String>,
    /// What isn't known of others.
    missing: BTreeSet<String>,
}

/// All changes of hops.
pub(super) fn changes(left: &Model, right: &Model, names: &BTreeMap<Key, Key>) -> Vec<Change> {
    let (lowered_left, lowered_right) = (Lowered::new(left), Lowered::new(right));
    let proof_left = Proof::new(left, &lowered_left).quietly();
    let proof_right = Proof::new(right, &lowered_right).quietly();
    let mut all = Vec::new();
    for own in left.services.keys() {
        let Some(other) = names.get(own).filter(|other| right.services.contains_key(*other)) else {
            continue;
        };
        let ours = hops(&proof_left, own, Some(names));
        let theirs = hops(&proof_right, other, None);
        compared(own, &ours, &theirs, &mut all);
    }
    for other in right.services.keys().filter(|key| !names.values().any(|name| name == *key)) {
        compared(other, &Hops::default(), &hops(&proof_right, other, None), &mut all);
    }
    all
}

fn compared(service: &Key, ours: &Hops, theirs: &Hops, all: &mut Vec<Change>) {
    let sides = [(ours, theirs, Kind::Closed), (theirs, ours, Kind::Opened)];
    for (here, there, kind) in sides {
        for (hop, because) in here.plain.iter().filter(|(hop, _)| !there.plain.contains_key(*hop)) {
            let gone = !there.all.contains(hop);
            let text = match kind {
                Kind::Opened => format!("{hop} is in plain text, on a way to {service}"),
                _ if gone => format!("there is no plain-text hop {hop} any more"),
                _ => format!("{hop} is encrypted, on a way to {service}"),
            };
            let unknown = !there.missing.is_empty();
            let because = vec![because.clone()];
            let (left, right) =
                if kind == Kind::Opened { (Vec::new(), because) } else { (because, Vec::new()) };
            all.push(Change {
                kind: if unknown { Kind::Unknown } else { kind },
                about: About::Encryption,
                from: INTERNET.to_owned(),
                to: service.to_string(),
                what: hop.clone(),
                text: if unknown { format!("it may be that {text}") } else { text },
                left,
                right,
                witness: None,
                missing: there.missing.iter().cloned().collect(),
                assumes: Vec::new(),
            });
        }
    }
}

/// The hops to a service. `names`: of the left model, what its things are called on the right.
fn hops(proof: &Proof<'_>, service: &Key, names: Option<&BTreeMap<Key, Key>>) -> Hops {
    let called = |word: &str| {
        let found = names.and_then(|names| names.get(&proof.model.resolve(word)));
        found.map_or_else(|| word.to_owned(), ToString::to_string)
    };
    let shared = |text: &str| match text.split_once(" to ") {
        Some((from, to)) => format!("{} to {}", called(from), called(to)),
        None => text.to_owned(),
    };
    let mut found = Hops::default();
    for way in ways(proof, service) {
        for hop in &way {
            found.all.insert(shared(&hop.text));
            if let Carries::Unknown(note) = &hop.carries {
                found.missing.insert(note.to_string());
            }
        }
        for hop in plain_hops(&way) {
            let because = Because {
                code: "PLAINTEXT".to_owned(),
                origin: hop.origin.to_string(),
                text: format!("{} is in plain text", hop.text),
            };
            found.plain.entry(shared(&hop.text)).or_insert(because);
        }
    }
    found
}
