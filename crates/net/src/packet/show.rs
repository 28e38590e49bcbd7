//! How packets and sets of them read. Machines get [`PacketSet::bands`] instead.

use std::fmt;

use super::{Packet, PacketSet};
use crate::addr::AddrSet;
use crate::service::ServiceSet;

/// So many groups of services are printed in full.
const IN_FULL: usize = 6;

/// `tcp 443 from 198.51.100.7`.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.service, self.peer)
    }
}

/// `tcp 22, 443 from 10.0.0.0/16; udp 53 from anything`: services with equal peers together.
///
/// Of more than six such groups the first five and "and N more"; "anything" and "nothing".
impl fmt::Display for PacketSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        if *self == Self::all() {
            return f.write_str("anything");
        }
        let groups = self.by_peers();
        let shown = if groups.len() > IN_FULL { IN_FULL - 1 } else { groups.len() };
        for (position, (addresses, services)) in groups.iter().take(shown).enumerate() {
            let semicolon = if position == 0 { "" } else { "; " };
            write!(f, "{semicolon}{services} from {addresses}")?;
        }
        match groups.len() - shown {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl PacketSet {
    /// Services grouped by their peers, in order of the lowest service.
    fn by_peers(&self) -> Vec<(&AddrSet, ServiceSet)> {
        let mut groups: Vec<(&AddrSet, ServiceSet)> = Vec::new();
        for (services, addresses) in self.bands() {
            match groups.iter_mut().find(|group| group.0 == addresses) {
                Some(group) => group.1 = group.1.union(&services),
                None => groups.push((addresses, services)),
            }
        }
        groups
    }
}
