//! Stateful, allow-only rules and the groups that hold them.
//!
//! A security group is a union of rules (VPC user guide, "Security group rules"): there is no order
//! and no denial, so questions about a group are questions about unions. Which interfaces carry a
//! group is not known here: references to groups stay symbols.

mod compiled;
mod provenance;
mod redundant;

pub use compiled::Compiled;
pub use provenance::{admitting, wider_than};
pub use redundant::{Redundant, redundant};

use crate::addr::AddrSet;
use crate::service::ServiceSet;
use crate::topology::{GroupId, ListId};
use crate::uncertain::Note;

/// Who stands at the other end, as a rule says it. The parts are alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peers {
    /// Addresses.
    pub addresses: AddrSet,
    /// Interfaces that carry one of these groups, seen by their private address.
    pub groups: Vec<GroupId>,
    /// Addresses on one of these prefix lists.
    pub lists: Vec<ListId>,
}

impl Peers {
    /// Peers with one of these addresses.
    #[must_use]
    pub fn addresses(addresses: AddrSet) -> Self {
        Self { addresses, ..Self::default() }
    }

    /// Interfaces that carry `group`, by their private address.
    #[must_use]
    pub fn group(group: GroupId) -> Self {
        Self { groups: vec![group], ..Self::default() }
    }

    /// Addresses on the prefix list `list`.
    #[must_use]
    pub fn list(list: ListId) -> Self {
        Self { lists: vec![list], ..Self::default() }
    }
}

/// One allowing rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The name to print: where the rule is written.
    pub name: String,
    /// Protocols and ports that it admits.
    pub services: ServiceSet,
    /// Peers that it admits.
    pub peers: Peers,
    /// Set if the rule admits *at most* this, and this decides how much.
    pub maybe: Option<Note>,
    /// What was assumed in order to read it so.
    pub assumed: Option<Note>,
}

/// Which way a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Connections that the interface receives.
    Ingress,
    /// Connections that the interface opens.
    Egress,
}

/// A stateful group: the union of its rules.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The name to print.
    pub name: String,
    /// What it admits in.
    pub ingress: Vec<Rule>,
    /// What it admits out.
    pub egress: Vec<Rule>,
    /// Set if there may be more ingress rules than these; the note says why.
    pub ingress_open: Option<Note>,
    /// Set if there may be more egress rules than these.
    pub egress_open: Option<Note>,
    /// What was assumed of the list of ingress rules as a whole.
    pub ingress_assumed: Option<Note>,
    /// What was assumed of the list of egress rules as a whole.
    pub egress_assumed: Option<Note>,
}

impl Group {
    /// The rules of one direction.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}
