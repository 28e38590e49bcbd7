//! Packets that get through on one side and not on the other, as changes with their causes.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Alternative, Answer, Verdict as Reached};

use super::{About, Change, Kind};
use crate::compare::packets::changes::{self, Fate};
use crate::prove::{causes, witness};
use crate::report::{Because, Witness};

/// All changes of packets.
pub(super) fn changes(left: &Model, right: &Model, names: &BTreeMap<Key, Key>) -> Vec<Change> {
    changes::changes(left, right, names).iter().map(told).collect()
}

fn told(change: &changes::Change) -> Change {
    let title = &change.title;
    let missing: BTreeSet<String> =
        change.notes.iter().flatten().map(ToString::to_string).collect();
    let kind = match change.fate {
        Fate::Opened => Kind::Opened,
        Fate::Closed => Kind::Closed,
        Fate::MayOpen | Fate::MayClose => Kind::Unknown,
    };
    let opens = matches!(change.fate, Fate::Opened | Fate::MayOpen);
    let [left, right] = &change.answers;
    let (open, closed) = if opens { (right, left) } else { (left, right) };
    let through = open.as_ref().and_then(|answer| passing(answer, &change.sample));
    let passing = through.map(passing_steps).unwrap_or_default();
    let title_open = through.map(|way| way.title.as_str());
    let stopping = closed.as_ref().map(|answer| stopping(answer, title_open)).unwrap_or_default();
    let (on_left, on_right) = if opens { (stopping, passing) } else { (passing, stopping) };
    let assumes: BTreeSet<String> = [left, right]
        .into_iter()
        .flatten()
        .flat_map(|answer| answer.assumes.iter().map(ToString::to_string))
        .collect();
    Change {
        kind,
        about: About::Reach,
        from: title.from.clone(),
        to: title.to.clone(),
        what: change.words.clone(),
        text: sentence(change, kind, opens),
        left: on_left,
        right: on_right,
        witness: through.and_then(|way| packet(way, &title.from, &title.to)),
        missing: missing.into_iter().collect(),
        assumes: assumes.into_iter().collect(),
    }
}

fn sentence(change: &changes::Change, kind: Kind, opens: bool) -> String {
    let title = &change.title;
    let verb = match (kind, opens) {
        (Kind::Unknown, true) => "may reach",
        (Kind::Unknown, false) => "may no longer reach",
        (_, true) => "reaches",
        (_, false) => "no longer reaches",
    };
    let way = match &title.way {
        Some(way) => format!(", {way}"),
        None if title.directly => ", directly".to_owned(),
        None => String::new(),
    };
    let replies = if title.reliably { ", with every reply" } else { "" };
    format!("{} {verb} {} on {}{way}{replies}", title.from, title.to, change.words)
}

/// The way by which some of the packets get through.
fn passing<'a>(answer: &'a Answer, sample: &PacketSet) -> Option<&'a Alternative> {
    let open = || answer.alternatives.iter().filter(|way| way.verdict != Reached::No);
    let takes = |way: &&Alternative| !way.possible.intersect(sample).is_empty();
    open().find(takes).or_else(|| open().next())
}

/// The steps of an open way, without the routes inside a network.
fn passing_steps(way: &Alternative) -> Vec<Because> {
    let inside = |because: &Because| because.origin.ends_with(" local");
    causes(way, true).into_iter().filter(|because| !inside(because)).collect()
}

/// What stops the same way on the other side; what stops the nearest to it, if that has no such way.
fn stopping(answer: &Answer, title: Option<&str>) -> Vec<Because> {
    let closed = || answer.alternatives.iter().filter(|way| way.verdict != Reached::Yes);
    let same = title.and_then(|title| closed().find(|way| way.title == title));
    same.or_else(|| closed().next()).map(|way| causes(way, false)).unwrap_or_default()
}

/// A packet that gets through, with its ends; at which address a relay leads on says nothing.
fn packet(way: &Alternative, from: &str, to: &str) -> Option<Witness> {
    let mut witness = witness(way, from, to)?;
    if !way.relays.is_empty() {
        witness.to = format!("{to}, {}", way.title);
    }
    Some(witness)
}
