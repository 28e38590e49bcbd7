//! One assignment of the choices among alternatives, and the enumeration of all that matter.
//!
//! A choice that is not read does not multiply: the assignments are found by running the question,
//! noting which choices it read, and going through those.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::addr::AddrSet;
use crate::topology::InterfaceId;
use crate::topology::{AclId, ListId, NatId, Network, Public, SubnetId, TableId};
use crate::uncertain::{Note, Uncertain};

/// At most so many assignments are tried; beyond, further choices count as unknown.
const MOST_WORLDS: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Acl(SubnetId),
    Table(SubnetId),
    PublicOf(InterfaceId),
    PublicOfNat(NatId),
    List(ListId),
}

#[derive(Debug)]
struct Choice {
    variable: Variable,
    picked: usize,
    of: usize,
    note: Note,
}

/// A value as read in one world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// The value, and what was assumed for it.
    Value(T, Option<Note>),
    /// Anything.
    Unknown(Note),
}

/// One assignment of the choices read so far.
#[derive(Debug, Default)]
pub(crate) struct World {
    choices: RefCell<Vec<Choice>>,
    full: bool,
}

impl World {
    fn read<T: Clone>(&self, variable: Variable, value: &Uncertain<T>) -> Seen<T> {
        match value {
            Uncertain::Known(value) => Seen::Value(value.clone(), None),
            Uncertain::Assumed(value, note) => Seen::Value(value.clone(), Some(note.clone())),
            Uncertain::Unknown(note) => Seen::Unknown(note.clone()),
            Uncertain::OneOf(values, note) => {
                let picked = self.pick(variable, values.len(), note);
                match picked.and_then(|index| values.get(index)) {
                    Some(value) => Seen::Value(value.clone(), None),
                    None => Seen::Unknown(note.clone()),
                }
            }
        }
    }

    fn pick(&self, variable: Variable, of: usize, note: &Note) -> Option<usize> {
        let mut choices = self.choices.borrow_mut();
        if let Some(choice) = choices.iter().find(|c| c.variable == variable) {
            return Some(choice.picked);
        }
        if of == 0 || self.full {
            return None;
        }
        choices.push(Choice { variable, picked: 0, of, note: note.clone() });
        Some(0)
    }

    pub(crate) fn acl(&self, net: &Network, subnet: SubnetId) -> Seen<Option<AclId>> {
        match net.subnets.get(subnet.index()) {
            Some(found) => self.read(Variable::Acl(subnet), &found.acl),
            None => Seen::Unknown("a subnet that is not in the network".into()),
        }
    }

    pub(crate) fn table(&self, net: &Network, subnet: SubnetId) -> Seen<TableId> {
        match net.subnets.get(subnet.index()) {
            Some(found) => self.read(Variable::Table(subnet), &found.table),
            None => Seen::Unknown("a subnet that is not in the network".into()),
        }
    }

    pub(crate) fn public(&self, net: &Network, interface: InterfaceId) -> Seen<Public> {
        match net.interfaces.get(interface.index()) {
            Some(found) => self.read(Variable::PublicOf(interface), &found.public),
            None => Seen::Unknown("an interface that is not in the network".into()),
        }
    }

    pub(crate) fn nat_public(&self, net: &Network, nat: NatId) -> Seen<Public> {
        match net.nats.get(nat.index()) {
            Some(found) => self.read(Variable::PublicOfNat(nat), &found.public),
            None => Seen::Unknown("a gateway that is not in the network".into()),
        }
    }

    pub(crate) fn list(&self, net: &Network, list: ListId) -> Uncertain<AddrSet> {
        let Some(found) = net.lists.get(list.index()) else {
            return Uncertain::Unknown("a prefix list that is not in the network".into());
        };
        match self.read(Variable::List(list), &found.addresses) {
            Seen::Value(value, None) => Uncertain::Known(value),
            Seen::Value(value, Some(note)) => Uncertain::Assumed(value, note),
            Seen::Unknown(note) => Uncertain::Unknown(note),
        }
    }

    /// What the choices that were read depend on.
    fn notes(&self) -> BTreeSet<Note> {
        self.choices.borrow().iter().map(|c| c.note.clone()).collect()
    }

    /// The next assignment, or `None` after the last.
    fn next(self) -> Option<Self> {
        let mut choices = self.choices.into_inner();
        while let Some(mut last) = choices.pop() {
            last.picked += 1;
            if last.picked < last.of {
                choices.push(last);
                return Some(Self { choices: RefCell::new(choices), full: self.full });
            }
        }
        None
    }
}

/// Runs `ask` once for every assignment of the choices that it reads; with each result the choices
/// on which it depends.
pub(crate) fn each_world<T>(mut ask: impl FnMut(&World) -> T) -> (Vec<T>, BTreeSet<Note>) {
    let mut results = Vec::new();
    let mut notes = BTreeSet::new();
    let mut world = Some(World::default());
    while let Some(now) = world {
        if results.len() >= MOST_WORLDS {
            // Too many combinations: one more run in which every choice is unknown covers the rest.
            let rest = World { full: true, ..World::default() };
            results.push(ask(&rest));
            break;
        }
        results.push(ask(&now));
        notes.extend(now.notes());
        world = now.next();
    }
    (results, notes)
}
