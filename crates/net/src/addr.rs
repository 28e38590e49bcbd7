//! Sets of IP addresses, both families in one value.
//!
//! Any set of addresses, not only of prefixes, can be held; the operations take time linear in the
//! number of intervals. It doesn't know who has an address: see [`crate::topology`] for that.

mod internet;
mod show;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};

use crate::intervals::{Depth, Intervals};

/// A set of IPv4 and IPv6 addresses.
///
/// Canonical: two of them compare equal exactly if they hold the same addresses. The order is one
/// for sorting only and says nothing about inclusion. The default is the empty set. An IPv4-mapped
/// IPv6 address (RFC 4291, 2.5.5.2) is an IPv6 address like any other.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrSet {
    v4: Intervals<u32>,
    v6: Intervals<u128>,
}

impl AddrSet {
    /// No address.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// All addresses of both families.
    #[must_use]
    pub fn all() -> Self {
        Self { v4: Intervals::full(), v6: Intervals::full() }
    }

    /// All IPv4 addresses (0.0.0.0/0).
    #[must_use]
    pub fn v4() -> Self {
        Self::all().only_v4()
    }

    /// All IPv6 addresses (::/0).
    #[must_use]
    pub fn v6() -> Self {
        Self::all().only_v6()
    }

    /// The addresses of one prefix; host bits are ignored, as AWS does.
    #[must_use]
    pub fn prefix(prefix: IpNet) -> Self {
        let mut set = Self::default();
        match prefix {
            IpNet::V4(net) => {
                set.v4 = Intervals::span(net.network().into(), net.broadcast().into())
            }
            IpNet::V6(net) => {
                set.v6 = Intervals::span(net.network().into(), net.broadcast().into())
            }
        }
        set
    }

    /// The addresses from `low` to `high`, both included.
    ///
    /// `None` if they are of two families or in the wrong order.
    #[must_use]
    pub fn range(low: IpAddr, high: IpAddr) -> Option<Self> {
        let mut set = Self::default();
        match (low, high) {
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                set.v4 = Intervals::span(low.into(), high.into());
            }
            (IpAddr::V6(low), IpAddr::V6(high)) => {
                set.v6 = Intervals::span(low.into(), high.into());
            }
            _ => {}
        }
        (!set.is_empty()).then_some(set)
    }

    /// One address.
    #[must_use]
    pub fn single(address: IpAddr) -> Self {
        Self::prefix(IpNet::from(address))
    }

    /// The addresses in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// The addresses in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// The addresses in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// Whether every address of both families is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether there is no address in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether `of` holds all addresses of this set.
    #[must_use]
    pub fn is_subset(&self, of: &Self) -> bool {
        self.v4.is_subset(&of.v4) && self.v6.is_subset(&of.v6)
    }

    /// Whether some address is in both sets.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.v4.overlaps(&other.v4) || self.v6.overlaps(&other.v6)
    }

    /// Whether `address` is in the set.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.into()),
            IpAddr::V6(address) => self.v6.contains(address.into()),
        }
    }

    /// The lowest address, IPv4 before IPv6.
    #[must_use]
    pub fn first(&self) -> Option<IpAddr> {
        let v4 = self.v4.first().map(|bits| Ipv4Addr::from(bits).into());
        v4.or_else(|| self.v6.first().map(|bits| Ipv6Addr::from(bits).into()))
    }

    /// Its IPv4 addresses.
    #[must_use]
    pub fn only_v4(&self) -> Self {
        Self { v4: self.v4.clone(), v6: Intervals::default() }
    }

    /// Its IPv6 addresses.
    #[must_use]
    pub fn only_v6(&self) -> Self {
        Self { v4: Intervals::default(), v6: self.v6.clone() }
    }

    /// How many IPv4 and how many IPv6 addresses it holds; `u128::MAX` stands for all IPv6
    /// addresses too, which are one more.
    #[must_use]
    pub fn count(&self) -> (u64, u128) {
        let v4 = self.v4.spans().iter();
        let v6 = self.v6.spans().iter();
        (
            v4.map(|&(low, high)| u64::from(high) - u64::from(low) + 1).sum(),
            v6.fold(0, |sum: u128, (low, high)| sum.saturating_add(high - low).saturating_add(1)),
        )
    }

    /// The fewest disjoint prefixes that hold exactly these addresses, lowest first, IPv4 before
    /// IPv6.
    #[must_use]
    pub fn prefixes(&self) -> Vec<IpNet> {
        let v4 = self.v4.spans().iter();
        let v4 = v4.map(|&(low, high)| IpSubnets::V4(Ipv4Subnets::new(low.into(), high.into(), 0)));
        let v6 = self.v6.spans().iter();
        let v6 = v6.map(|&(low, high)| IpSubnets::V6(Ipv6Subnets::new(low.into(), high.into(), 0)));
        v4.chain(v6).flatten().collect()
    }
}

impl FromIterator<IpNet> for AddrSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(prefixes: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            match prefix {
                IpNet::V4(net) => v4.push((net.network().into(), net.broadcast().into())),
                IpNet::V6(net) => v6.push((net.network().into(), net.broadcast().into())),
            }
        }
        Self { v4: Intervals::from_spans(v4), v6: Intervals::from_spans(v6) }
    }
}

/// How many of several address sets hold each address: see [`Depth`].
#[derive(Debug, Clone, Default)]
pub(crate) struct AddrDepth {
    v4: Depth<u32>,
    v6: Depth<u128>,
}

impl AddrDepth {
    pub(crate) fn add(&mut self, set: &AddrSet) {
        self.v4.add(&set.v4);
        self.v6.add(&set.v6);
    }

    pub(crate) fn remove(&mut self, set: &AddrSet) {
        self.v4.remove(&set.v4);
        self.v6.remove(&set.v6);
    }

    pub(crate) fn at_least(&self, depth: i32) -> AddrSet {
        AddrSet { v4: self.v4.at_least(depth), v6: self.v6.at_least(depth) }
    }
}

#[cfg(test)]
mod tests;
