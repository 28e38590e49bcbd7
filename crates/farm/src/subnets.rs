//! The subnets of a farm: those that are written, those that exist, or else derived ones.
//!
//! Derived subnets are stable: a zone's blocks depend on the VPC's block and on the zone's letter
//! only, so that another zone moves nothing. In a VPC's block of /16 to /23, zone `a` to `h`:
//!
//! - private: the zone's sixteenth of the block, from its beginning (`a` of 10.0.0.0/16 has
//!   10.0.0.0/20, `b` 10.0.16.0/20);
//! - public: the zone's block in the second half, a 256th of the whole but at least a /27, which
//!   load balancers demand (`a` has 10.0.128.0/24, `b` 10.0.129.0/24).
//!
//! A /24 has room for four zones: the first has the first /27 of each half, and so on. The blocks
//! that no zone has are free for what else comes to the VPC.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use crate::farm::{Farm, Nat, Network, Scheme};
use crate::record::Spanned;
use crate::word::Cidr;

/// The longest prefix of a subnet in which a load balancer stands.
pub const LONGEST_PUBLIC: u8 = 27;

/// The longest prefix of any subnet.
pub const LONGEST: u8 = 28;

/// The addresses of a subnet that AWS keeps for itself.
pub const RESERVED: u64 = 5;

/// A farm's subnets, each with its zone's letter, in the order of the zones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subnets {
    /// Those that lead to an internet gateway: for load balancers and NAT gateways. None if neither
    /// is there.
    pub public: Vec<(char, Ipv4Net)>,
    /// Those for tasks.
    pub private: Vec<(char, Ipv4Net)>,
}

/// The subnets of a farm.
#[must_use]
pub fn subnets(farm: &Farm) -> Subnets {
    of(&farm.network, farm.ingress.scheme)
}

/// The subnets of a network with such an ingress.
#[must_use]
pub(crate) fn of(network: &Network, scheme: Scheme) -> Subnets {
    if let Some(existing) = &network.existing {
        let all = |subnets: &[crate::farm::ExistingSubnet]| {
            let subnets = subnets.iter().filter_map(|subnet| {
                Some((subnet.zone.as_str().chars().next()?, v4(&subnet.cidr)?))
            });
            subnets.collect()
        };
        return Subnets {
            public: all(&existing.public_subnets),
            private: all(&existing.private_subnets),
        };
    }
    let letters = network.zones.letters();
    let written = |blocks: &[Spanned<Cidr>]| -> Option<Vec<(char, Ipv4Net)>> {
        if blocks.is_empty() {
            return None;
        }
        let blocks = blocks.iter().filter_map(|block| v4(&block.value));
        Some(letters.iter().copied().zip(blocks).collect())
    };
    let derived = derived(&network.cidr, &letters).unwrap_or_default();
    let public = if scheme == Scheme::InternetFacing || network.nat != Nat::None {
        written(&network.public_cidrs).unwrap_or(derived.public)
    } else {
        Vec::new()
    };
    Subnets { public, private: written(&network.private_cidrs).unwrap_or(derived.private) }
}

/// The subnets that a VPC's block gives to zones; none if it has no room for them.
pub(crate) fn derived(vpc: &Cidr, letters: &[char]) -> Option<Subnets> {
    let vpc = v4(vpc)?;
    let length = vpc.prefix_len();
    let mut subnets = Subnets::default();
    for (position, letter) in letters.iter().enumerate() {
        let (slot, slots, private, public) = if length < 24 {
            let slot = u32::from(*letter).checked_sub(u32::from('a'))?;
            (slot, 8, length + 4, (length + 8).min(LONGEST_PUBLIC))
        } else {
            (u32::try_from(position).ok()?, 4, length + 3, length + 3)
        };
        if slot >= slots {
            return None;
        }
        subnets.private.push((*letter, inside(vpc, 0, private, slot)?));
        let half = 1_u32.checked_shl(32_u32.checked_sub(u32::from(length) + 1)?)?;
        subnets.public.push((*letter, inside(vpc, half, public, slot)?));
    }
    Some(subnets)
}

/// The block number `slot` of `length` from `offset` on.
fn inside(vpc: Ipv4Net, offset: u32, length: u8, slot: u32) -> Option<Ipv4Net> {
    let size = 1_u32.checked_shl(32_u32.checked_sub(u32::from(length))?)?;
    let start =
        u32::from(vpc.network()).checked_add(offset)?.checked_add(size.checked_mul(slot)?)?;
    Ipv4Net::new(Ipv4Addr::from(start), length).ok()
}

/// The block, if it is one of IPv4.
pub(crate) fn v4(block: &Cidr) -> Option<Ipv4Net> {
    match block.0 {
        IpNet::V4(block) => Some(block),
        IpNet::V6(_) => None,
    }
}

/// How many addresses of a subnet are for use.
pub(crate) fn usable(block: Ipv4Net) -> u64 {
    (1_u64 << (32 - u64::from(block.prefix_len()))).saturating_sub(RESERVED)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr(text.parse().unwrap())
    }

    #[test]
    fn no_derived_subnets_overlap() {
        for length in 16..=24 {
            let vpc = cidr(&format!("10.0.0.0/{length}"));
            for count in 2..=6_u8 {
                let letters: Vec<char> = ('a'..='z').take(usize::from(count)).collect();
                let Some(Subnets { public, private }) = derived(&vpc, &letters) else {
                    assert!(length == 24 && count > 4);
                    continue;
                };
                let all: Vec<Ipv4Net> =
                    public.iter().chain(&private).map(|(_, block)| *block).collect();
                assert_eq!(all.len(), 2 * usize::from(count));
                for (at, block) in all.iter().enumerate() {
                    assert!(v4(&vpc).unwrap().contains(block) && block.prefix_len() <= 27);
                    assert_eq!(block.trunc(), *block);
                    for other in &all[..at] {
                        assert!(!block.contains(other) && !other.contains(block));
                    }
                }
            }
        }
    }

    #[test]
    fn a_zone_more_moves_nothing() {
        for vpc in ["10.0.0.0/16", "10.3.0.0/20", "192.168.4.0/22", "10.0.9.0/24"] {
            let two = derived(&cidr(vpc), &['a', 'b']).unwrap();
            let three = derived(&cidr(vpc), &['a', 'b', 'c']).unwrap();
            assert_eq!(two.private, three.private[..2]);
            assert_eq!(two.public, three.public[..2]);
        }
    }

    #[test]
    fn the_documented_blocks() {
        let subnets = derived(&cidr("10.0.0.0/16"), &['a', 'b']).unwrap();
        let shown = |blocks: &[(char, Ipv4Net)]| -> Vec<String> {
            blocks.iter().map(|(zone, block)| format!("{zone} {block}")).collect()
        };
        assert_eq!(shown(&subnets.private), ["a 10.0.0.0/20", "b 10.0.16.0/20"]);
        assert_eq!(shown(&subnets.public), ["a 10.0.128.0/24", "b 10.0.129.0/24"]);
        assert_eq!(derived(&cidr("10.0.0.0/24"), &['a', 'b', 'c', 'd', 'e']), None);
    }
}
