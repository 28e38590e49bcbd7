//! Which key of the right model stands for which key of the left one.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};

/// One of the two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// Both models and the names between them.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) left: &'a Model,
    pub(super) right: &'a Model,
    map: &'a BTreeMap<Key, Key>,
    named: BTreeSet<&'a Key>,
}

impl<'a> Names<'a> {
    pub(super) fn new(left: &'a Model, right: &'a Model, map: &'a BTreeMap<Key, Key>) -> Self {
        Self { left, right, map, named: map.values().collect() }
    }

    /// The name that the caller gave to an item of the left model.
    pub(super) fn partner(&self, left: &Key) -> Option<&'a Key> {
        self.map.get(left)
    }

    /// Whether some item of the left model goes by this key.
    pub(super) fn is_named(&self, right: &Key) -> bool {
        self.named.contains(right)
    }

    /// A key as the right model would say it: two keys mean the same thing exactly if they are
    /// equal in this form.
    pub(super) fn key(&self, side: Side, key: &Key) -> Key {
        match side {
            Side::Left => self.across(key),
            Side::Right => self.settled(key),
        }
    }

    fn across(&self, key: &Key) -> Key {
        let resolved = || self.map.get(&self.left.resolve(key.as_str()));
        match self.map.get(key).or_else(resolved) {
            Some(name) => name.clone(),
            // An id or an ARN: of something that only the right model knows by it, or of nothing.
            None => self.right.resolve(key.as_str()),
        }
    }

    fn settled(&self, key: &Key) -> Key {
        if self.named.contains(key) { key.clone() } else { self.right.resolve(key.as_str()) }
    }
}

/// Whether a key is a Terraform address, and not the id, ARN or host name of what a source only
/// mentions: the types of all resources have an underscore.
pub(super) fn is_address(key: &Key) -> bool {
    key.resource_type().is_some_and(|kind| kind.contains('_') && !kind.contains(':'))
}
