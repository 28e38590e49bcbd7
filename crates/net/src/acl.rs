//! Stateless, ordered lists: the first entry that matches decides, and nothing matched is denied.
//!
//! The order is that of the entries' numbers (VPC user guide, "Network ACL rules"), and of their
//! places in the list where those are equal. Stateless means that replies are packets of their own,
//! to the client's ephemeral port: [`Acl::reply_peers`]. An open list ([`Acl::open`]) is answered for
//! as if its entries were all: the reader has to look.

mod first_match;
mod shadowed;

pub use shadowed::Shadowed;

use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::rule::Direction;
use crate::service::ServiceSet;
use crate::uncertain::Note;

/// One entry of a stateless list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name to print.
    pub name: String,
    /// Its place in the order; lower is earlier.
    pub number: u32,
    /// Whether it admits or denies.
    pub allow: bool,
    /// Protocols and (destination) ports that it matches.
    pub services: ServiceSet,
    /// Peer addresses that it matches.
    pub addresses: AddrSet,
}

/// A stateless list, both ways.
#[derive(Debug, Clone, Default)]
pub struct Acl {
    /// The name to print.
    pub name: String,
    /// Entries for packets that enter the subnet; peer = source.
    pub ingress: Vec<Entry>,
    /// Entries for packets that leave it; peer = destination.
    pub egress: Vec<Entry>,
    /// Set if the entries are not all known: the list may then admit or deny anything.
    pub open: Option<Note>,
    /// What was assumed in order to read it so.
    pub assumed: Option<Note>,
}

impl Entry {
    fn packets(&self) -> PacketSet {
        PacketSet::product(&self.services, &self.addresses)
    }
}

impl Acl {
    /// A list that admits everything both ways, as a VPC's default list does.
    #[must_use]
    pub fn admit_all(name: impl Into<String>) -> Self {
        let all = Entry {
            name: "all traffic".to_owned(),
            number: 100,
            allow: true,
            services: ServiceSet::all(),
            addresses: AddrSet::all(),
        };
        Self { name: name.into(), ingress: vec![all.clone()], egress: vec![all], ..Self::default() }
    }

    /// The entries of one direction, in the order in which they are written.
    #[must_use]
    pub fn entries(&self, direction: Direction) -> &[Entry] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The same in the order in which they are tried, with their positions.
    fn in_order(&self, direction: Direction) -> Vec<(usize, &Entry)> {
        let mut entries: Vec<_> = self.entries(direction).iter().enumerate().collect();
        entries.sort_by_key(|(_, entry)| entry.number);
        entries
    }
}
