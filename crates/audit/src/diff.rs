//! Two descriptions of a network compared by who reaches whom: what a later one opens, closes, lets
//! in without authentication or carries in plain text that an earlier one doesn't; and nothing else.
//!
//! Unlike `compare`, which holds a translation to every setting, this one looks through settings at
//! what they let through: tags, names, order, and rules written another way are no difference. It
//! finds out by itself which item is which (`pairs`). IAM and endpoint policies are not compared,
//! nor what is reached by way of what no source models.

mod admissions;
mod doubts;
mod entrances;
mod hops;
pub(crate) mod pairs;
mod reach;

use std::borrow::Cow;
use std::collections::BTreeMap;

use farmgate_aws::model::{Key, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check;
use crate::report::{Because, Location, Source, Witness};
use doubts::Doubts;
use pairs::{By, Pairs};

/// The version of the format.
pub const VERSION: u32 = 1;

/// What came of a comparison. *Left* is the first source, *right* the second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The version of this format.
    pub version: u32,
    /// The sources of each side.
    pub left: Vec<Source>,
    /// The sources of each side.
    pub right: Vec<Source>,
    /// What changed: what was opened first, then what was closed, then what may have changed.
    pub changes: Vec<Change>,
    /// What is on the left only, of all that is matched.
    pub only_left: Vec<Lone>,
    /// What is on the right only, of all that is matched.
    pub only_right: Vec<Lone>,
    /// Kinds of things of which one side shows nothing at all: these are not compared.
    pub not_compared: Vec<NotCompared>,
    /// What goes by another name on each side, and how it was matched.
    pub pairs: Vec<Pair>,
    /// What was taken to be the same since nothing else goes by its name.
    pub assumes: Vec<String>,
    /// Where in which file what is mentioned is written; only of sources that have lines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_locations: BTreeMap<String, Location>,
    /// The same for the right side.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub right_locations: BTreeMap<String, Location>,
    /// Counts.
    pub totals: Totals,
}

/// What became of something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// More is let through on the right: it is open now, or needs no authentication any more, or is
    /// in plain text.
    Opened,
    /// Less is let through on the right.
    Closed,
    /// It is let through by another way or authenticated by something else.
    Changed,
    /// One side doesn't know what decides; `missing` names it.
    Unknown,
}

/// What a change is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Which packets get through.
    Reach,
    /// What a security group admits that nothing shown has.
    Admission,
    /// Who verifies callers on a way in.
    Authentication,
    /// Which hops are in plain text.
    Encryption,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What became of it.
    pub kind: Kind,
    /// What it is about.
    pub about: About,
    /// Who reaches: an address, `the internet`, `any host of the network`.
    pub from: String,
    /// Whom.
    pub to: String,
    /// What: services and addresses, a route, a hop.
    pub what: String,
    /// One sentence.
    pub text: String,
    /// What decides on the left: what lets it pass there, or keeps it out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Because>,
    /// What decides on the right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub right: Vec<Because>,
    /// A packet that gets through on one side only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// What isn't known, and decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was taken from references, since the sources do not say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumes: Vec<String>,
}

/// Something that one side has and the other hasn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lone {
    /// Its address, id or ARN.
    pub key: String,
    /// What it is, in the plural: `ECS services`.
    pub kind: String,
    /// What on the other side it may be all the same: no source shows a name that both know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be: Vec<String>,
}

/// A kind of things that one side doesn't show at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotCompared {
    /// The kind, in the plural.
    pub kind: String,
    /// The side without any: `left` or `right`.
    pub side: String,
}

/// Two names of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The left name.
    pub left: String,
    /// The right name.
    pub right: String,
    /// How they were matched, in words.
    pub by: String,
}

/// Counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Changes by which more is let through.
    pub opened: usize,
    /// Changes by which less is let through.
    pub closed: usize,
    /// Other changes.
    pub changed: usize,
    /// What may have changed.
    pub unknown: usize,
}

/// Compares two models. `same` names things that are the same, by any of their names on each side.
#[must_use]
pub fn diff(left: &Model, right: &Model, same: &BTreeMap<Key, Key>) -> Drift {
    let (left, right) = (&applied(left), &applied(right));
    let pairs = Pairs::new(left, right, same);
    let names: BTreeMap<Key, Key> =
        pairs.map.iter().map(|(own, (other, _))| (own.clone(), other.clone())).collect();
    let mut changes = reach::changes(left, right, &names);
    changes.extend(admissions::changes(left, right, &names));
    changes.extend(entrances::changes(left, right, &names));
    changes.extend(hops::changes(left, right, &names));
    let doubts = Doubts::new(&pairs, left, right);
    changes.retain_mut(|change| doubts.weigh(change));
    changes.sort_by_key(|change| (change.kind, change.about));
    let mut drift = Drift {
        version: VERSION,
        left: sources(left),
        right: sources(right),
        only_left: lone(&pairs, 0),
        only_right: lone(&pairs, 1),
        not_compared: not_compared(&pairs),
        pairs: renamed(&pairs),
        assumes: assumed(&pairs),
        left_locations: BTreeMap::new(),
        right_locations: BTreeMap::new(),
        totals: totals(&changes),
        changes,
    };
    let origins = |of: fn(&Change) -> &Vec<Because>| {
        let all = drift.changes.iter().flat_map(move |change| of(change).iter());
        all.map(|because| &because.origin)
    };
    let lefts = check::locations_of(left, origins(|change| &change.left));
    let rights = check::locations_of(right, origins(|change| &change.right));
    (drift.left_locations, drift.right_locations) = (lefts, rights);
    drift
}

/// The model as it is once what it describes is there: without the rules that an apply undoes.
fn applied(model: &Model) -> Cow<'_, Model> {
    if model.removed_rules.is_empty() {
        return Cow::Borrowed(model);
    }
    let mut model = model.clone();
    for removed in std::mem::take(&mut model.removed_rules) {
        if let Some(group) = model.security_groups.get_mut(&removed.group) {
            let rules = &mut group.rules_mut(removed.direction).rules;
            rules.retain(|rule| rule.origin.key != removed.declared_by);
        }
    }
    Cow::Owned(model)
}

fn sources(model: &Model) -> Vec<Source> {
    model.sources.iter().map(check::source).collect()
}

fn totals(changes: &[Change]) -> Totals {
    let of = |kind| changes.iter().filter(|change| change.kind == kind).count();
    Totals {
        opened: of(Kind::Opened),
        closed: of(Kind::Closed),
        changed: of(Kind::Changed),
        unknown: of(Kind::Unknown),
    }
}

fn lone(pairs: &Pairs, side: usize) -> Vec<Lone> {
    let alone = pairs.alone.get(side).into_iter().flatten();
    let words = |keys: Vec<&Key>| keys.into_iter().map(ToString::to_string).collect();
    alone
        .map(|(key, kind)| {
            let may_be = if side == 0 {
                pairs.candidates.get(key).into_iter().flatten().collect()
            } else {
                let of = pairs.candidates.iter().filter(|(_, others)| others.contains(key));
                of.map(|(own, _)| own).collect()
            };
            Lone { key: key.to_string(), kind: (*kind).to_owned(), may_be: words(may_be) }
        })
        .collect()
}

fn not_compared(pairs: &Pairs) -> Vec<NotCompared> {
    let sides = ["left", "right"].into_iter().zip(&pairs.uncovered);
    sides
        .flat_map(|(side, kinds)| {
            kinds
                .iter()
                .map(move |kind| NotCompared { kind: (*kind).to_owned(), side: side.to_owned() })
        })
        .collect()
}

fn renamed(pairs: &Pairs) -> Vec<Pair> {
    let differ = pairs.map.iter().filter(|(own, (other, _))| own != &other);
    differ
        .map(|(own, (other, by))| Pair {
            left: own.to_string(),
            right: other.to_string(),
            by: by.words().to_owned(),
        })
        .collect()
}

fn assumed(pairs: &Pairs) -> Vec<String> {
    let loose = pairs.map.iter().filter(|(_, (_, by))| *by == By::OnlyOne);
    loose.map(|(own, (other, by))| format!("{own} is {other}: {}", by.words())).collect()
}

/// Whether a model knows anything by this name that can be matched.
#[must_use]
pub fn knows(model: &Model, name: &Key) -> bool {
    let key = model.resolve(name.as_str());
    pairs::has(model, &key)
}
