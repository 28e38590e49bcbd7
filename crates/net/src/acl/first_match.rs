//! What a list admits, and which entry says so.

use super::{Acl, Entry};
use crate::addr::AddrSet;
use crate::packet::{Packet, PacketSet};
use crate::rule::Direction;
use crate::service::ServiceSet;

impl Acl {
    /// The packets that the list admits in one direction.
    #[must_use]
    pub fn allowed(&self, direction: Direction) -> PacketSet {
        // From the last to the first, so that each overrides what the later ones say.
        let entries = self.in_order(direction).into_iter().rev();
        entries.fold(PacketSet::empty(), |allowed, (_, entry)| {
            let packets = entry.packets();
            if entry.allow { allowed.union(&packets) } else { allowed.subtract(&packets) }
        })
    }

    /// The entry that decides over `packet`; `None` if it is the implicit denial at the end.
    #[must_use]
    pub fn decides(&self, direction: Direction, packet: &Packet) -> Option<&Entry> {
        let matching = self.entries(direction).iter().filter(|entry| {
            entry.services.contains(packet.service) && entry.addresses.contains(packet.peer)
        });
        // Of equal numbers the first: `min_by_key` keeps it.
        matching.min_by_key(|entry| entry.number)
    }

    /// The peers with which *all* and with which *some* of the ports (lowest and highest, both
    /// included) may be used: for a reply, give the direction that it takes and the ephemeral range
    /// of the client.
    ///
    /// Which port of the range a client takes is its own choice, so that only the former are sure to
    /// get their replies. A protocol without ports counts as one port. A range with its ends in the
    /// wrong order has no ports, and no peers either way.
    #[must_use]
    pub fn reply_peers(
        &self,
        direction: Direction,
        protocol: u8,
        ports: (u16, u16),
    ) -> (AddrSet, AddrSet) {
        let services = ServiceSet::ports(protocol, ports.0, ports.1);
        let allowed = self.allowed(direction).restrict(&services, &AddrSet::all());
        (allowed.peers_for_all(&services), allowed.peers())
    }
}
