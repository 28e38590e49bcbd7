//! Which item of one model is which of the other, where their addresses differ.
//!
//! In this order, until nothing new is found: what somebody says; the same address; an id, ARN or
//! host name that both know; what AWS keeps unique (a name in its VPC, cluster or region, a subnet's
//! addresses in its VPC, a listener's port); and what can only be the same since something that is
//! the same is in it. Last, names that AWS doesn't keep unique and that are so here: these are told
//! as assumptions. Anything else is on one side only.

mod signatures;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, SourceKind};

use signatures::{Found, kinds};

/// How often what was found may lead to more.
const ROUNDS: usize = 16;

/// How a pair was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// Somebody says so.
    Given,
    /// The same address.
    Address,
    /// An id, ARN or host name that both know.
    Id,
    /// A name or setting that AWS keeps unique.
    Name,
    /// Something in it is the same.
    Content,
    /// It is the only one on either side with this name; AWS would allow several.
    OnlyOne,
}

impl By {
    /// In words, behind "matched by".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Given => "what `--same` says",
            Self::Address => "address",
            Self::Id => "id",
            Self::Name => "name",
            Self::Content => "what is in it",
            Self::OnlyOne => "a name that only one has on either side",
        }
    }
}

/// All pairs, and what is left.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    /// By the left key.
    pub(crate) map: BTreeMap<Key, (Key, By)>,
    taken: BTreeSet<Key>,
    /// What is on one side only, with its kind in words.
    pub(crate) alone: [BTreeMap<Key, &'static str>; 2],
    /// The kinds of which one side has nothing at all and the other something.
    pub(crate) uncovered: [BTreeSet<&'static str>; 2],
    /// Of what is alone on the left, what on the right it may be all the same.
    pub(crate) candidates: BTreeMap<Key, BTreeSet<Key>>,
}

impl Pairs {
    /// Finds all pairs. `given`: what somebody says, in any names by which the models know things.
    pub(crate) fn new(left: &Model, right: &Model, given: &BTreeMap<Key, Key>) -> Self {
        let mut pairs = Self::default();
        for (own, other) in given {
            let (own, other) = (left.resolve(own.as_str()), right.resolve(other.as_str()));
            pairs.add(own, other, By::Given);
        }
        let (ours, theirs) = (kinds(left), kinds(right));
        for (kind, own) in &ours {
            let other = theirs.iter().find(|(other, _)| other == kind).map(|(_, keys)| keys);
            pairs.same_address(own, other.unwrap_or(&BTreeSet::new()));
        }
        let names = [names_of(left), names_of(right)];
        for (kind, own) in &ours {
            let Some((_, other)) = theirs.iter().find(|(other, _)| other == kind) else { continue };
            pairs.same_id(own, other, &names);
        }
        // What only looks the same counts once nothing surer is left to be found.
        for _ in 0..ROUNDS {
            let more = pairs.more(left, right, false) || pairs.more(left, right, true);
            if !more {
                break;
            }
        }
        pairs.leftovers(&ours, &theirs, (left, right));
        pairs
    }

    /// Adds what follows from what is found so far; whether that is anything.
    fn more(&mut self, left: &Model, right: &Model, loosely: bool) -> bool {
        let before = self.map.len();
        let found = Found { map: &self.map, taken: &self.taken };
        for (own, other, by) in signatures::pairs(left, right, &found, loosely) {
            self.add(own, other, by);
        }
        self.map.len() > before
    }

    fn add(&mut self, own: Key, other: Key, by: By) {
        if !self.map.contains_key(&own) && self.taken.insert(other.clone()) {
            self.map.insert(own, (other, by));
        }
    }

    fn same_address(&mut self, ours: &BTreeSet<&Key>, theirs: &BTreeSet<&Key>) {
        for key in ours.intersection(theirs) {
            self.add((*key).clone(), (*key).clone(), By::Address);
        }
    }

    /// Items that share a name by which others call them, where no third one has it.
    fn same_id(
        &mut self,
        ours: &BTreeSet<&Key>,
        theirs: &BTreeSet<&Key>,
        names: &[BTreeMap<&Key, BTreeSet<&str>>; 2],
    ) {
        let [left, right] = names;
        let index = |keys: &BTreeSet<&Key>, names: &BTreeMap<&Key, BTreeSet<&str>>| {
            let mut all: BTreeMap<String, Vec<Key>> = BTreeMap::new();
            for key in keys {
                let aliases = names.get(*key).into_iter().flatten().copied();
                for name in aliases.chain([key.as_str()]).collect::<BTreeSet<&str>>() {
                    all.entry(name.to_owned()).or_default().push((*key).clone());
                }
            }
            all
        };
        let theirs = index(theirs, right);
        for (name, own) in index(ours, left) {
            if let (Some([other]), [own]) = (theirs.get(&name).map(Vec::as_slice), own.as_slice()) {
                self.add(own.clone(), other.clone(), By::Id);
            }
        }
    }

    fn leftovers(
        &mut self,
        ours: &[(&'static str, BTreeSet<&Key>)],
        theirs: &[(&'static str, BTreeSet<&Key>)],
        (left, right): (&Model, &Model),
    ) {
        for ((kind, own), (_, other)) in ours.iter().zip(theirs) {
            let lone: Vec<&Key> =
                own.iter().filter(|key| !self.map.contains_key(**key)).copied().collect();
            let rest: Vec<&Key> =
                other.iter().filter(|key| !self.taken.contains(**key)).copied().collect();
            let [alone_left, alone_right] = &mut self.alone;
            alone_left.extend(lone.iter().map(|key| ((*key).clone(), *kind)));
            alone_right.extend(rest.iter().map(|key| ((*key).clone(), *kind)));
            let [uncovered_left, uncovered_right] = &mut self.uncovered;
            // What a plan, a state, templates or a farm don't have, they don't make. Of what exists,
            // only a part may have been saved.
            if own.is_empty() && !other.is_empty() && partial(left) {
                uncovered_left.insert(kind);
            }
            if other.is_empty() && !own.is_empty() && partial(right) {
                uncovered_right.insert(kind);
            }
            for key in lone {
                let may_be = |other: &&&Key| !signatures::excluded((left, key), (right, other));
                let found: BTreeSet<Key> =
                    rest.iter().filter(may_be).map(|key| (*key).clone()).collect();
                if !found.is_empty() {
                    self.candidates.insert(key.clone(), found);
                }
            }
        }
    }
}

/// Whether a model may leave out what exists: it was asked for call by call.
fn partial(model: &Model) -> bool {
    model.sources.iter().any(|source| source.kind == SourceKind::Described)
}

/// Every other name of every key.
fn names_of(model: &Model) -> BTreeMap<&Key, BTreeSet<&str>> {
    let mut all: BTreeMap<&Key, BTreeSet<&str>> = BTreeMap::new();
    for (name, key) in model.aliases.iter() {
        all.entry(key).or_default().insert(name);
    }
    all
}

/// Whether a model has this among what is matched.
pub(crate) fn has(model: &Model, key: &Key) -> bool {
    kinds(model).iter().any(|(_, keys)| keys.contains(key))
}
