//! What the right network lets through that the left one doesn't, and the other way round.
//!
//! Every packet is, in each network, surely let through, possibly, or not at all. What goes from
//! *not* to *surely* is opened, what goes from *surely* to *not* is closed; any other change rests on
//! something that one side doesn't know, and may be one. What both don't know alike is no change.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Answer, Place, Question};
use farmgate_net::service::ServiceSet;
use farmgate_net::uncertain::Note;

use super::ends::{End, ends};
pub(crate) use super::ledger::Title;
use super::ledger::{Book, Met};
use super::parties::{self, Party};
use super::{ANY_HOST, INTERNET, Nets, lowered};
use crate::compare::diff::Diff;
use crate::compare::names::Names;

/// How many changes are explained; the others are told without their causes.
const EXPLAINED: usize = 400;

/// So many parts of a set are printed in full.
const IN_FULL: usize = 5;

/// What became of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// They get through now.
    Opened,
    /// They got through before.
    Closed,
    /// They may get through now, and didn't or may not have.
    MayOpen,
    /// They got through or may have, and may not any more.
    MayClose,
}

const FATES: [Fate; 4] = [Fate::Opened, Fate::Closed, Fate::MayOpen, Fate::MayClose];

/// One change.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) title: Title,
    pub(crate) fate: Fate,
    /// The packets in words.
    pub(crate) words: String,
    /// What each side does not know of what decides over it.
    pub(crate) notes: [BTreeSet<Note>; 2],
    /// Some of the packets, and the question about them, answered with every step on each side.
    pub(crate) sample: PacketSet,
    pub(crate) answers: [Option<Answer>; 2],
}

/// All changes from one model to another.
pub(crate) fn changes(left: &Model, right: &Model, map: &BTreeMap<Key, Key>) -> Vec<Change> {
    let names = Names::new(left, right, map);
    let (left, right) = lowered(&names);
    let sides = [&left, &right];
    let mut all: Vec<End> = ends(&mut Diff::new(&names), sides);
    let parties = parties::parties(&names, sides, &mut all);
    let mut kept = Kept { parties, lines: BTreeMap::new(), told: Vec::new() };
    super::ask_all(&names, sides, all, &mut kept);
    kept.told
}

#[cfg(test)]
mod tests;

/// What was met so far.
struct Kept {
    parties: Vec<Party>,
    lines: BTreeMap<(Title, Fate), Line>,
    told: Vec<Change>,
}

struct Line {
    packets: PacketSet,
    notes: [BTreeSet<Note>; 2],
    towards: bool,
    /// The question by which it was met first, and the packets there.
    asked: [Option<Question>; 2],
    sample: PacketSet,
}

impl Book for Kept {
    fn add(&mut self, nets: &Nets<'_>, met: &Met) {
        let [left, right] = &met.sets;
        if left != right {
            self.take(nets, met, &met.title, &met.sets);
            return;
        }
        // By which gateway a connection leaves is not who reaches whom; what it comes in through is.
        for (way, sets) in met.ways.iter().filter(|_| met.title.from == INTERNET) {
            let [left, right] = sets;
            if left != right {
                let title = Title { way: Some(way.clone()), ..met.title.clone() };
                self.take(nets, met, &title, sets);
            }
        }
    }

    fn close(&mut self, nets: &Nets<'_>) {
        let parties = std::mem::take(&mut self.parties);
        parties::ask(nets, &parties, self);
        let lines = std::mem::take(&mut self.lines);
        let told_already = |title: &Title, fate: Fate, line: &Line| {
            let whole = title.told_by().and_then(|whole| lines.get(&(whole, fate)));
            whole.is_some_and(|whole| whole.packets == line.packets)
        };
        let kept: Vec<_> = lines
            .iter()
            .filter(|((title, fate), line)| !told_already(title, *fate, line))
            .collect();
        for (number, ((title, fate), line)) in kept.into_iter().enumerate() {
            let answers = if number < EXPLAINED { explained(nets, line) } else { [None, None] };
            self.told.push(Change {
                title: title.clone(),
                fate: *fate,
                words: words(title, line),
                notes: line.notes.clone(),
                sample: line.sample.clone(),
                answers,
            });
        }
    }
}

impl Kept {
    fn take(&mut self, nets: &Nets<'_>, met: &Met, title: &Title, sets: &[[PacketSet; 2]; 2]) {
        let [opened, closed, may_open, may_close] = parted(sets);
        let doubts = if may_open.is_empty() && may_close.is_empty() {
            Default::default()
        } else {
            nets.doubts(&met.about)
        };
        // What both don't know alike is no doubt: then it did change.
        let sure = doubts.iter().all(BTreeSet::is_empty);
        let parts = if sure {
            [opened.union(&may_open), closed.union(&may_close), none(), none()]
        } else {
            [opened, closed, may_open, may_close]
        };
        for (fate, packets) in FATES.into_iter().zip(parts) {
            if packets.is_empty() {
                continue;
            }
            let line = self.lines.entry((title.clone(), fate)).or_insert_with(|| Line {
                packets: none(),
                notes: Default::default(),
                towards: false,
                asked: met.asked.clone(),
                sample: packets.clone(),
            });
            line.packets = line.packets.union(&packets);
            line.towards |= met.towards;
            if matches!(fate, Fate::MayOpen | Fate::MayClose) {
                for (all, more) in line.notes.iter_mut().zip(&doubts) {
                    all.extend(more.iter().cloned());
                }
            }
        }
    }
}

fn none() -> PacketSet {
    PacketSet::empty()
}

/// The packets by what became of them, in the order of `FATES`.
fn parted([left, right]: &[[PacketSet; 2]; 2]) -> [PacketSet; 4] {
    let ([sure_left, possible_left], [sure_right, possible_right]) = (left, right);
    let perhaps_left = possible_left.subtract(sure_left);
    let perhaps_right = possible_right.subtract(sure_right);
    [
        sure_right.subtract(possible_left),
        sure_left.subtract(possible_right),
        perhaps_right.subtract(possible_left).union(&sure_right.intersect(&perhaps_left)),
        perhaps_left.subtract(possible_right).union(&sure_left.intersect(&perhaps_right)),
    ]
}

/// Asks the question again, about the packets in question alone, with every step.
fn explained(nets: &Nets<'_>, line: &Line) -> [Option<Answer>; 2] {
    let [left, right] = &nets.engines;
    let [ours, theirs] = &line.asked;
    let narrowed = |question: &Question| {
        let mut question = question.clone();
        question.explain = true;
        // Through relays a connection gets to another port than the one that was asked for.
        if !question.relays {
            question.services = line.sample.services();
        }
        let peers = line.sample.peers();
        match &mut question.from {
            Place::Hosts(_, addresses) => *addresses = addresses.intersect(&peers),
            Place::Anywhere(outside) => outside.addresses = outside.addresses.intersect(&peers),
            Place::Interface(_) | Place::Outside(_) => {}
        }
        question
    };
    [(left, ours), (right, theirs)]
        .map(|(engine, asked)| asked.as_ref().map(|question| engine.ask(&narrowed(question))))
}

/// The packets in words. Whose addresses an owner has says nothing: then only the services count.
fn words(title: &Title, line: &Line) -> String {
    if line.towards {
        return towards(&line.packets);
    }
    if title.from == INTERNET || title.from == ANY_HOST {
        return line.packets.to_string();
    }
    services(&line.packets.services())
}

/// A set by destinations.
fn towards(set: &PacketSet) -> String {
    let mut by_services: BTreeMap<String, AddrSet> = BTreeMap::new();
    for (services, addresses) in grouped(set) {
        let all = by_services.entry(self::services(&services)).or_default();
        *all = all.union(addresses);
    }
    let parts =
        by_services.iter().map(|(services, addresses)| format!("{services} to {addresses}"));
    let shown: Vec<String> = parts.take(IN_FULL).collect();
    match by_services.len().saturating_sub(IN_FULL) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// The services by the addresses that they have in common.
fn grouped(set: &PacketSet) -> Vec<(ServiceSet, &AddrSet)> {
    let mut all: Vec<(ServiceSet, &AddrSet)> = Vec::new();
    for (services, addresses) in set.bands() {
        match all.iter_mut().find(|(_, found)| *found == addresses) {
            Some((found, _)) => *found = found.union(&services),
            None => all.push((services, addresses)),
        }
    }
    all
}

/// Services in words, by what is not among them if that is shorter.
fn services(set: &ServiceSet) -> String {
    let others = ServiceSet::all().subtract(set);
    if !others.is_empty() && others.services().count() < set.services().count() {
        return format!("everything but {others}");
    }
    set.to_string()
}
