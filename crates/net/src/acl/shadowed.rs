//! Entries that never decide, exactly.

use super::Acl;
use crate::packet::{PacketSet, minimal_cover};
use crate::rule::Direction;

/// An entry for which earlier ones leave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    /// Its position in the list as written.
    pub entry: usize,
    /// The positions of earlier entries that decide over all that it matches, and of which none can
    /// be left out; empty if it matches nothing.
    pub by: Vec<usize>,
}

impl Acl {
    /// The entries that match nothing that earlier ones leave, in order of position.
    ///
    /// Whether they admit or deny makes no difference: such an entry can be removed.
    #[must_use]
    pub fn shadowed(&self, direction: Direction) -> Vec<Shadowed> {
        let mut shadowed = Vec::new();
        let mut matched = PacketSet::empty();
        // Those that do decide: they match all that all earlier ones match.
        let mut deciding: Vec<(usize, PacketSet)> = Vec::new();
        for (entry, rule) in self.in_order(direction) {
            let packets = rule.packets();
            if packets.is_subset(&matched) {
                let by = covering(&packets, &deciding);
                shadowed.push(Shadowed { entry, by });
            } else {
                matched = matched.union(&packets);
                deciding.push((entry, packets));
            }
        }
        shadowed.sort_unstable_by_key(|shadowed| shadowed.entry);
        shadowed
    }
}

/// The positions of entries that cover `packets`: see [`minimal_cover`].
fn covering(packets: &PacketSet, earlier: &[(usize, PacketSet)]) -> Vec<usize> {
    let near = earlier.iter().filter(|(_, other)| other.overlaps(packets));
    let near: Vec<&(usize, PacketSet)> = near.collect();
    let cover =
        minimal_cover(packets, &near, |left, (_, other)| left.subtract(other), PacketSet::is_empty);
    let cover = cover.unwrap_or_default().into_iter();
    cover.map(|(entry, _)| *entry).collect()
}
