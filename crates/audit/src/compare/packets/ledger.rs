//! What was met while asking: where answers differ, put together by question.
//!
//! Answers differ for certain if one network surely lets a packet through that the other surely
//! stops. Short of that, a difference may come from what one of them does not know; then it is open.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use farmgate_aws::model::Key;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::Question;
use farmgate_net::service::ServiceSet;
use farmgate_net::uncertain::Note;

use super::Nets;
use super::doubt::About;
use super::ways::Ways;
use crate::compare::Difference;
use crate::compare::diff::Diff;

/// So many parts of a set, or notes, are printed in full.
const IN_FULL: usize = 5;

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Title {
    /// Who opens connections.
    pub(crate) from: String,
    /// To whom.
    pub(crate) to: String,
    /// Whether it is about what goes through no relay alone, of what may go through some.
    pub(crate) directly: bool,
    /// Whether every reply has to come back.
    pub(crate) reliably: bool,
    /// By which way.
    pub(crate) way: Option<String>,
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "packets {} -> {}", self.from, self.to)?;
        f.write_str(if self.reliably { " and every reply" } else { "" })?;
        f.write_str(if self.directly { ", directly" } else { "" })?;
        self.way.as_ref().map_or(Ok(()), |way| write!(f, " {way}"))
    }
}

impl Title {
    /// What else tells the same, if it is met with the same answers.
    pub(super) fn told_by(&self) -> Option<Self> {
        let told = |directly, reliably| Self { directly, reliably, way: None, ..self.clone() };
        match (self.directly, self.reliably) {
            (true, reliably) => Some(told(false, reliably)),
            (false, true) => Some(told(false, false)),
            (false, false) => None,
        }
    }
}

/// Takes in answers.
pub(super) trait Book {
    /// Two answers to one question.
    fn add(&mut self, nets: &Nets<'_>, met: &Met);

    /// All was asked that has an end in both networks.
    fn close(&mut self, _nets: &Nets<'_>) {}
}

/// Two answers to one question.
pub(super) struct Met {
    pub(super) title: Title,
    /// The questions, where somebody may want to ask them again.
    pub(super) asked: [Option<Question>; 2],
    /// What decides over the answers, in each network.
    pub(super) about: [About; 2],
    /// The owners in question.
    pub(super) keys: Vec<[Key; 2]>,
    /// In each network what surely, and what possibly gets through.
    pub(super) sets: [[PacketSet; 2]; 2],
    /// The same by ways, where they have names.
    pub(super) ways: Ways,
    pub(super) towards: bool,
}

impl Met {
    pub(super) fn new(from: &str, to: &str, reliably: bool) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        Self {
            title: Title { from, to, directly: false, reliably, way: None },
            asked: [None, None],
            about: Default::default(),
            keys: Vec::new(),
            sets: Default::default(),
            ways: Ways::new(),
            towards: false,
        }
    }

    /// The part of the packets that goes directly.
    pub(super) fn directly(mut self) -> Self {
        self.title.directly = true;
        self
    }

    fn all_sets(&mut self) -> impl Iterator<Item = &mut PacketSet> {
        self.ways.values_mut().chain([&mut self.sets]).flatten().flatten()
    }

    /// Leaves the services alone, whoever opens the connection.
    pub(super) fn forget_sources(&mut self) {
        for set in self.all_sets() {
            *set = PacketSet::product(&set.services(), &AddrSet::all());
        }
    }

    /// Tells the services by the destination, which is this. What is open to some sources only
    /// stays apart.
    pub(super) fn towards(&mut self, destination: &AddrSet) {
        let [left, right] = &self.sets;
        let services = |sets: &[PacketSet; 2]| sets.each_ref().map(PacketSet::services);
        let told_apart = left != right && services(left) == services(right);
        if told_apart {
            return;
        }
        self.towards = true;
        for set in self.all_sets() {
            *set = PacketSet::product(&set.services(), destination);
        }
    }
}

/// One line in the making.
#[derive(Debug, Default)]
struct Line {
    told_by: Option<String>,
    sets: [PacketSet; 2],
    notes: [BTreeSet<Note>; 2],
    keys: [BTreeSet<Key>; 2],
    towards: bool,
}

/// All that differs, or may.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    differing: BTreeMap<String, Line>,
    open: BTreeMap<String, Line>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn differ(&mut self, nets: &Nets<'_>, met: &Met, what: &Title, sets: &[[PacketSet; 2]; 2]) {
        let [[sure_left, possible_left], [sure_right, possible_right]] = sets;
        let for_certain =
            !sure_right.is_subset(possible_left) || !sure_left.is_subset(possible_right);
        let notes = if for_certain { Default::default() } else { nets.doubts(&met.about) };
        let lines =
            if notes.iter().all(BTreeSet::is_empty) { &mut self.differing } else { &mut self.open };
        let (certain, shown) = if possible_left == possible_right {
            (", for certain", [sure_left, sure_right])
        } else {
            ("", [possible_left, possible_right])
        };
        let line = lines.entry(format!("{what}{certain}")).or_default();
        line.told_by = met.title.told_by().map(|what| format!("{what}{certain}"));
        line.towards |= met.towards;
        for (set, more) in line.sets.iter_mut().zip(shown) {
            *set = set.union(more);
        }
        for (all, more) in line.notes.iter_mut().zip(notes) {
            all.extend(more);
        }
        for [left, right] in &met.keys {
            let [all_left, all_right] = &mut line.keys;
            all_left.insert(left.clone());
            all_right.insert(right.clone());
        }
    }

    /// Tells everything, one line a question.
    pub(super) fn tell(self, diff: &mut Diff<'_>) {
        for (differs, mut lines) in [(true, self.differing), (false, self.open)] {
            let told: BTreeSet<String> = lines
                .iter()
                .filter(|(_, line)| {
                    let whole = line.told_by.as_ref().and_then(|whole| lines.get(whole));
                    whole.is_some_and(|whole| whole.sets == line.sets)
                })
                .map(|(what, _)| what.clone())
                .collect();
            lines.retain(|what, _| !told.contains(what));
            for (what, line) in lines {
                diff.push(differs, line.told(what));
            }
        }
    }
}

impl Book for Ledger {
    /// As a whole, or way by way if they are equal as a whole.
    fn add(&mut self, nets: &Nets<'_>, met: &Met) {
        let [left, right] = &met.sets;
        if left != right {
            self.differ(nets, met, &met.title, &met.sets);
            return;
        }
        for (way, sets) in &met.ways {
            let [left, right] = sets;
            if left != right {
                let title = Title { way: Some(way.clone()), ..met.title.clone() };
                self.differ(nets, met, &title, sets);
            }
        }
    }
}

impl Line {
    fn told(self, what: String) -> Difference {
        let Self { told_by: _, sets, notes, keys, towards } = self;
        let [ours, theirs] = &sets;
        let alike = if ours == theirs { ", but not in each subnet" } else { "" };
        let words = sets.each_ref().map(|set| words(set, towards));
        let [left, right] = words;
        let [notes_left, notes_right] = notes.map(|notes| noted(&notes));
        let [left_keys, right_keys] = keys.map(|keys| keys.into_iter().collect());
        Difference {
            what,
            left: format!("{left}{notes_left}"),
            right: format!("{right}{notes_right}{alike}"),
            left_keys,
            right_keys,
        }
    }
}

fn noted(notes: &BTreeSet<Note>) -> String {
    let all: Vec<&str> = notes.iter().map(AsRef::as_ref).take(IN_FULL).collect();
    if all.is_empty() { String::new() } else { format!(" (not known: {})", all.join("; ")) }
}

/// A set by sources, or by destinations.
fn words(set: &PacketSet, towards: bool) -> String {
    if !towards || set.is_empty() {
        return set.to_string();
    }
    let mut by_address: BTreeMap<&AddrSet, ServiceSet> = BTreeMap::new();
    for (services, addresses) in set.bands() {
        let all = by_address.entry(addresses).or_insert_with(ServiceSet::empty);
        *all = all.union(&services);
    }
    let parts = by_address.iter().map(|(addresses, services)| format!("{services} to {addresses}"));
    let shown: Vec<String> = parts.take(IN_FULL).collect();
    let more = match by_address.len().saturating_sub(IN_FULL) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{}{more}", shown.join("; "))
}
