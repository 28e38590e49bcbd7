//! Two models compared: whether they allow the same packets and are set the same.
//!
//! This is how a translation is validated: a farm is lowered to one model, its emitted Terraform is
//! planned and imported as another, and both must allow the same, nothing more and nothing less.
//! Two halves, which do not rely on each other: `packets` asks the engine the same questions about
//! both networks, and everything else compares settings, type by type (`whole` names them all).
//!
//! It does not say which side is right, and it does not guess which item stands for which: the
//! caller gives the names. An assumed value counts as that value. What one side does not know is
//! never counted as a difference and never dropped: it is told as open.

mod apis;
mod compute;
mod containers;
mod data;
mod diff;
mod document;
mod fronts;
mod gateways;
mod groups;
mod listeners;
pub(crate) mod names;
mod network;
pub(crate) mod packets;
mod protection;
mod roles;
mod stores;
mod value;
mod whole;

use std::collections::BTreeMap;
use std::fmt;

use farmgate_aws::model::{Key, Model};

use diff::Diff;
use names::Names;

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What really differs.
    pub differences: Vec<Difference>,
    /// What could not be compared since one side does not know it (yet).
    pub open: Vec<Difference>,
}

/// One thing in which the two models differ, or may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is, in the left model's words: `setting ingress.https tls_policy`,
    /// `packets servers.python -> internet`.
    pub what: String,
    /// What the left model says.
    pub left: String,
    /// What the right model says.
    pub right: String,
    /// The items of the left model that it concerns.
    pub left_keys: Vec<Key>,
    /// The items of the right model that it concerns.
    pub right_keys: Vec<Key>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} on the left, {} on the right", self.what, self.left, self.right)
    }
}

impl Comparison {
    /// Whether nothing differs, as far as both sides know.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether nothing differs and nothing is left open.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.differences.is_empty() && self.open.is_empty()
    }
}

/// Compares two models. `names` says by which key of the right model each item of the left one
/// goes; a key that is no item of either (an ARN, an id) stands for itself unless it is named.
#[must_use]
pub fn compare(left: &Model, right: &Model, names: &BTreeMap<Key, Key>) -> Comparison {
    let names = Names::new(left, right, names);
    let mut diff = Diff::new(&names);
    whole::settings(&mut diff);
    packets::packets(&mut diff);
    diff.finish()
}
