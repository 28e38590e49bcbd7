//! Questions: may A open a connection to B, by which ways, and what would have to change if not.
//!
//! An answer is exact. Where the network has unknowns it is quantified over all that they may be:
//! *yes* if some packet gets through whatever they are, *no* if none does whatever they are, and
//! otherwise *unknown*, naming what decides. Sets that only ever admit more when they grow (groups
//! of an interface, rules of a group) are bounded from both sides; choices among alternatives are
//! tried one by one (`world`).
//!
//! A connection is a chain of *legs* (`leg`), each from an opener to an interface or out of the
//! site; a leg is a list of checks, each of which admits a set of packets (`filter`). The
//! checks of a leg look either at the source or at the destination, never at both, so a leg admits
//! exactly the product of what its two sides admit (`evaluate`). Legs are chained by relays
//! (`relay`).

mod chain;
mod evaluate;
mod filter;
mod joint;
mod leg;
mod opaque;
mod outbound;
mod relay;
mod routing;
mod steps;
mod survey;
mod world;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::addr::AddrSet;
use crate::packet::{Packet, PacketSet};
use crate::rule::{Compiled, Direction};
use crate::service::ServiceSet;
use crate::topology::{GroupId, InterfaceId, Network, Outside, RelayId, SiteId, SubnetId};
use crate::uncertain::Note;

pub use survey::{Class, Reacher};

/// Whether a connection gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Whatever the unknowns are.
    Yes,
    /// Depending on the unknowns.
    Unknown,
    /// Not, whatever the unknowns are.
    No,
}

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This interface. If it may have several addresses, it has one of them.
    Interface(InterfaceId),
    /// One host outside of every site, whose address is one of these.
    Outside(Outside),
    /// Any host outside of every site with one of these addresses: the question is which.
    Anywhere(Outside),
    /// Any host in this site with one of these addresses, of which nothing else is known.
    Hosts(SiteId, AddrSet),
}

/// How much of a range of reply ports must get back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replies {
    /// One port that the opener may pick is enough: the question is what is possible.
    #[default]
    Some,
    /// Every port that the opener may pick: the question is what works.
    All,
}

/// The ports from which connections are opened (RFC 6056; AWS names 1024-65535 for NAT gateways,
/// load balancers and Lambda).
pub const EPHEMERAL: (u16, u16) = (1024, 65535);

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who opens the connection.
    pub from: Place,
    /// To whom. [`Place::Hosts`] is no destination.
    pub to: Place,
    /// On which of these services.
    pub services: ServiceSet,
    /// How replies count.
    pub replies: Replies,
    /// Relays that must not be used.
    pub avoid: BTreeSet<RelayId>,
    /// Whether relays may be used at all.
    pub relays: bool,
    /// Whether the steps of the ways are wanted; they cost more than the verdict.
    pub explain: bool,
}

impl Question {
    /// May `from` open a connection to `to` on any of `services`, by any way.
    #[must_use]
    pub fn new(from: Place, to: Place, services: ServiceSet) -> Self {
        Self {
            from,
            to,
            services,
            replies: Replies::Some,
            avoid: BTreeSet::new(),
            relays: true,
            explain: true,
        }
    }

    /// The same, without any relay between the two.
    #[must_use]
    pub fn direct(mut self) -> Self {
        self.relays = false;
        self
    }

    /// The same, but every reply must get back.
    #[must_use]
    pub fn reliably(mut self) -> Self {
        self.replies = Replies::All;
        self
    }

    /// The same, with the verdict and the sets alone.
    #[must_use]
    pub fn quietly(mut self) -> Self {
        self.explain = false;
        self
    }

    /// The same, without these relays.
    #[must_use]
    pub fn avoiding(mut self, relays: impl IntoIterator<Item = RelayId>) -> Self {
        self.avoid.extend(relays);
        self
    }
}

/// One setting on a way, and whether it lets the connection pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `None` if that depends on an unknown.
    pub ok: Option<bool>,
    /// A stable code for the kind of setting.
    pub code: &'static str,
    /// The name of the setting: a rule, a route, an interface.
    pub setting: String,
    /// What it does here, or what would have to change.
    pub text: String,
}

/// One way from source to destination, open or not.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// In words: `directly`, `by nat`, `through alb`.
    pub title: String,
    /// Whether it is open.
    pub verdict: Verdict,
    /// The relays on it, in order.
    pub relays: Vec<RelayId>,
    /// Sources and services admitted whatever the unknowns are, as the source sees them.
    pub sure: PacketSet,
    /// Sources and services admitted for some value of the unknowns.
    pub possible: PacketSet,
    /// The whole way; if it is closed, with the fewest settings that would have to change.
    pub steps: Vec<Step>,
    /// How many settings would have to change.
    pub cost: usize,
    /// What was assumed of the settings that decide.
    pub assumes: BTreeSet<Note>,
    /// What decides, if the verdict is unknown.
    pub deciders: BTreeSet<Note>,
    /// A packet that shows it, as the source sends it: its source address, and the service.
    pub witness: Option<Packet>,
    /// The destination address of that packet.
    pub witness_to: Option<std::net::IpAddr>,
    /// Whose address the destination sees in place of the source's, if a gateway translates it.
    pub translation: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether the connection gets through by any way.
    pub verdict: Verdict,
    /// Sources and services admitted whatever the unknowns are, over all ways.
    pub sure: PacketSet,
    /// Sources and services admitted for some value of the unknowns, over all ways.
    pub possible: PacketSet,
    /// The ways: open ones first, then undecided ones, then closed ones by what they lack.
    pub alternatives: Vec<Alternative>,
    /// What was assumed.
    pub assumes: BTreeSet<Note>,
    /// What decides, if the verdict is unknown.
    pub deciders: BTreeSet<Note>,
}

/// Answers questions about one network. Compiles groups and lists once, when first needed.
#[derive(Debug)]
pub struct Engine<'n> {
    net: &'n Network,
    groups: Vec<[OnceCell<Compiled>; 2]>,
    acls: Vec<[OnceCell<PacketSet>; 2]>,
    /// Forwards by the interface that they lead to.
    forwards: BTreeMap<InterfaceId, Vec<(RelayId, usize)>>,
    /// Interfaces by the groups that they surely or possibly carry.
    carriers: BTreeMap<GroupId, Vec<InterfaceId>>,
}

impl<'n> Engine<'n> {
    /// An engine for this network.
    #[must_use]
    pub fn new(net: &'n Network) -> Self {
        let mut forwards: BTreeMap<InterfaceId, Vec<(RelayId, usize)>> = BTreeMap::new();
        for (relay, id) in net.relays.iter().zip(0..) {
            for (index, forward) in relay.forwards.iter().enumerate() {
                for target in &forward.targets {
                    forwards.entry(*target).or_default().push((RelayId(id), index));
                }
            }
        }
        let mut carriers: BTreeMap<GroupId, Vec<InterfaceId>> = BTreeMap::new();
        for (interface, id) in net.interfaces.iter().zip(0..) {
            for group in interface.groups.iter().flat_map(|g| g.sure.iter().chain(&g.maybe)) {
                carriers.entry(*group).or_default().push(InterfaceId(id));
            }
        }
        Self {
            net,
            groups: net.groups.iter().map(|_| Default::default()).collect(),
            acls: net.acls.iter().map(|_| Default::default()).collect(),
            forwards,
            carriers,
        }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &'n Network {
        self.net
    }

    /// The interfaces that surely or possibly carry a group.
    #[must_use]
    pub fn carriers(&self, group: GroupId) -> &[InterfaceId] {
        self.carriers.get(&group).map_or(&[], Vec::as_slice)
    }

    /// One direction of a group, compiled.
    pub(crate) fn compiled(&self, group: GroupId, direction: Direction) -> Option<&Compiled> {
        let cells = self.groups.get(group.index())?;
        let rules = self.net.groups.get(group.index())?.rules(direction);
        let [ingress, egress] = cells;
        let cell = match direction {
            Direction::Ingress => ingress,
            Direction::Egress => egress,
        };
        Some(cell.get_or_init(|| Compiled::new(rules)))
    }

    /// What one direction of a list admits.
    pub(crate) fn admitted(
        &self,
        acl: crate::topology::AclId,
        direction: Direction,
    ) -> Option<&PacketSet> {
        let [ingress, egress] = self.acls.get(acl.index())?;
        let list = self.net.acls.get(acl.index())?;
        let cell = match direction {
            Direction::Ingress => ingress,
            Direction::Egress => egress,
        };
        Some(cell.get_or_init(|| list.allowed(direction)))
    }

    /// The site of a subnet.
    pub(crate) fn site_of(&self, subnet: SubnetId) -> Option<SiteId> {
        self.net.subnets.get(subnet.index()).map(|s| s.site)
    }
}
