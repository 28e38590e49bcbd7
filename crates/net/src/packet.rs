//! Packets as seen from one interface (a peer's address and a service) and exact sets of them.
//!
//! Which of source and destination the peer is, is up to the reader: rules, lists and routes are all
//! read from one side. Source ports are not held: replies are asked about by
//! [`crate::acl::Acl::reply_peers`].

mod algebra;
mod cover;
mod show;
mod sweep;

use std::net::IpAddr;

use crate::addr::AddrSet;
use crate::intervals::Intervals;
use crate::service::{Service, ServiceSet, TCP};

pub(crate) use cover::minimal_cover;
pub(crate) use sweep::{services_at_least, union_and_twice};

/// One connection, as seen from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packet {
    /// The other side's address.
    pub peer: IpAddr,
    /// The service asked for.
    pub service: Service,
}

/// A set of packets.
///
/// Canonical: two of them compare equal exactly if they hold the same packets. The default is the
/// empty set.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketSet {
    // INVARIANT: sorted, disjoint; none without addresses; neighbours without a gap between them
    // differ in their addresses; protocols without ports are never split.
    bands: Vec<Band>,
}

/// Neighbouring services that have the same peers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Band {
    /// The first of its services' places.
    low: u32,
    /// The last of them.
    high: u32,
    addresses: AddrSet,
}

impl Band {
    fn services(&self) -> ServiceSet {
        ServiceSet::from_places(Intervals::span(self.low, self.high))
    }
}

impl PacketSet {
    /// No packet.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// All packets of both address families.
    #[must_use]
    pub fn all() -> Self {
        Self::product(&ServiceSet::all(), &AddrSet::all())
    }

    /// All of these services with all of these peers.
    #[must_use]
    pub fn product(services: &ServiceSet, addresses: &AddrSet) -> Self {
        let mut product = Self::default();
        for &(low, high) in services.places().spans() {
            product.push(low, high, addresses);
        }
        product
    }

    /// Adds a band above all others, keeping the invariant.
    fn push(&mut self, low: u32, high: u32, addresses: &AddrSet) {
        if addresses.is_empty() {
            return;
        }
        match self.bands.last_mut() {
            Some(last) if last.high + 1 == low && last.addresses == *addresses => last.high = high,
            _ => self.bands.push(Band { low, high, addresses: addresses.clone() }),
        }
    }

    /// Whether every packet is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        match self.bands.as_slice() {
            [only] => only.addresses.is_all() && only.services() == ServiceSet::all(),
            _ => false,
        }
    }

    /// Whether there is no packet in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bands.is_empty()
    }

    /// Whether `packet` is in the set.
    #[must_use]
    pub fn contains(&self, packet: &Packet) -> bool {
        self.band(packet.service).is_some_and(|band| band.addresses.contains(packet.peer))
    }

    /// The packet with the lowest service and, for it, the lowest peer.
    #[must_use]
    pub fn first(&self) -> Option<Packet> {
        self.pick(AddrSet::first)
    }

    /// One packet of the set that a person reads as an example: see [`AddrSet::witness`].
    ///
    /// Its service is `tcp 443` if that is in the set, else the lowest TCP port above 0, since those
    /// are what people try out; else the lowest service.
    #[must_use]
    pub fn witness(&self) -> Option<Packet> {
        let of = |services: ServiceSet| {
            let part = self.restrict(&services, &AddrSet::all());
            part.pick(AddrSet::witness)
        };
        of(ServiceSet::tcp(443))
            .or_else(|| of(ServiceSet::ports(TCP, 1, u16::MAX)))
            .or_else(|| self.pick(AddrSet::witness))
    }

    fn pick(&self, peer: impl Fn(&AddrSet) -> Option<IpAddr>) -> Option<Packet> {
        let band = self.bands.first()?;
        Some(Packet { peer: peer(&band.addresses)?, service: band.services().first()? })
    }

    /// All peers of any service.
    #[must_use]
    pub fn peers(&self) -> AddrSet {
        sweep::union(self.bands.iter().map(|band| &band.addresses))
    }

    /// The services that have any peer.
    #[must_use]
    pub fn services(&self) -> ServiceSet {
        self.services_where(|_| true)
    }

    /// The peers of one service.
    #[must_use]
    pub fn peers_for(&self, service: Service) -> AddrSet {
        let band = self.band(service);
        band.map(|band| band.addresses.clone()).unwrap_or_default()
    }

    /// The peers that *every* one of these services has; none if there is no service in it.
    #[must_use]
    pub fn peers_for_all(&self, services: &ServiceSet) -> AddrSet {
        let part = self.restrict(services, &AddrSet::all());
        if part.services() != *services {
            return AddrSet::empty();
        }
        let peers = part.bands.into_iter().map(|band| band.addresses);
        peers.reduce(|all, peers| all.intersect(&peers)).unwrap_or_default()
    }

    /// The packets of these services with these peers.
    #[must_use]
    pub fn restrict(&self, services: &ServiceSet, addresses: &AddrSet) -> Self {
        self.intersect(&Self::product(services, addresses))
    }

    /// The services for which *every* one of these addresses is a peer; everything if there is no
    /// address in it.
    #[must_use]
    pub fn services_for_all(&self, addresses: &AddrSet) -> ServiceSet {
        if addresses.is_empty() {
            return ServiceSet::all();
        }
        self.services_where(|peers| addresses.is_subset(peers))
    }

    /// The services for which *some* one of these addresses is a peer.
    #[must_use]
    pub fn services_for_some(&self, addresses: &AddrSet) -> ServiceSet {
        self.services_where(|peers| addresses.overlaps(peers))
    }

    fn services_where(&self, holds: impl Fn(&AddrSet) -> bool) -> ServiceSet {
        let mut places = Intervals::default();
        for band in self.bands.iter().filter(|band| holds(&band.addresses)) {
            places.push(band.low, band.high);
        }
        ServiceSet::from_places(places)
    }

    /// The set piece by piece: services that follow each other and have the same peers, with those.
    pub fn bands(&self) -> impl Iterator<Item = (ServiceSet, &AddrSet)> {
        self.bands.iter().map(|band| (band.services(), &band.addresses))
    }

    /// The band that holds `service`.
    fn band(&self, service: Service) -> Option<&Band> {
        let place = service.place();
        let band = self.bands_from(place).first()?;
        (band.low <= place).then_some(band)
    }

    /// The bands that do not end below `place`.
    fn bands_from(&self, place: u32) -> &[Band] {
        let below = self.bands.partition_point(|band| band.high < place);
        self.bands.get(below..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
