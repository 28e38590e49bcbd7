//! Which rules of a group are to thank, or to blame, for a packet.

use std::collections::BTreeSet;

use super::Rule;
use crate::packet::{Packet, PacketSet};
use crate::topology::{GroupId, ListId};

/// The rules that admit `packet`, with their positions.
///
/// The peer has the packet's address, carries `peer_groups` and is on `peer_lists`; a peer that is
/// reached by a public address must be given without groups. Rules that are `maybe` there are
/// counted in: see [`Rule::maybe`].
#[must_use]
pub fn admitting<'a>(
    rules: &'a [Rule],
    packet: &Packet,
    peer_groups: &BTreeSet<GroupId>,
    peer_lists: &[ListId],
) -> Vec<(usize, &'a Rule)> {
    let admits = |rule: &Rule| {
        let peers = &rule.peers;
        rule.services.contains(packet.service)
            && (peers.addresses.contains(packet.peer)
                || peers.groups.iter().any(|group| peer_groups.contains(group))
                || peers.lists.iter().any(|list| peer_lists.contains(list)))
    };
    let rules = rules.iter().enumerate();
    rules.filter(|(_, rule)| admits(rule)).collect()
}

/// The rules that admit addresses beyond what is `needed`, with the packets that are too many.
///
/// Only the addresses that a rule spells out count: not its groups, nor its prefix lists. Rules that
/// are `maybe` there are counted in.
#[must_use]
pub fn wider_than(rules: &[Rule], needed: &PacketSet) -> Vec<(usize, PacketSet)> {
    let rules = rules.iter().enumerate();
    rules
        .map(|(position, rule)| {
            let admitted = PacketSet::product(&rule.services, &rule.peers.addresses);
            (position, admitted.subtract(needed))
        })
        .filter(|(_, beyond)| !beyond.is_empty())
        .collect()
}
