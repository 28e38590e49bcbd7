//! Services (an IP protocol and a destination port) and sets of them.
//!
//! ICMP and ICMPv6 count as a whole: their types and codes are not told apart, and neither are the
//! ports of protocols other than TCP and UDP, for which AWS's rules have none (VPC user guide,
//! "Security group rules").

mod show;

use crate::intervals::Intervals;

/// IANA's number of ICMP.
pub const ICMP: u8 = 1;
/// IANA's number of TCP.
pub const TCP: u8 = 6;
/// IANA's number of UDP.
pub const UDP: u8 = 17;
/// IANA's number of ICMPv6.
pub const ICMPV6: u8 = 58;

/// Whether rules tell the ports of `protocol` apart.
fn has_ports(protocol: u8) -> bool {
    matches!(protocol, TCP | UDP)
}

/// One protocol and, for TCP and UDP, one destination port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// IANA's protocol number.
    pub protocol: u8,
    /// The destination port; 0 for protocols without ports.
    pub port: u16,
}

impl Service {
    /// A TCP port.
    #[must_use]
    pub fn tcp(port: u16) -> Self {
        Self { protocol: TCP, port }
    }

    /// A UDP port.
    #[must_use]
    pub fn udp(port: u16) -> Self {
        Self { protocol: UDP, port }
    }

    /// Its place on the line on which [`ServiceSet`] holds intervals.
    pub(crate) fn place(self) -> u32 {
        place(self.protocol, self.port)
    }

    fn at(place: u32) -> Self {
        let [_, protocol, high, low] = place.to_be_bytes();
        Self { protocol, port: u16::from_be_bytes([high, low]) }
    }
}

/// The protocol in the upper, the port in the lower 16 bits.
fn place(protocol: u8, port: u16) -> u32 {
    u32::from(protocol) << 16 | u32::from(port)
}

/// A set of services.
///
/// Canonical: two of them compare equal exactly if they hold the same services. A protocol without
/// ports is in it as a whole or not at all. The default is the empty set.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceSet {
    // INVARIANT: holds all or none of the 65,536 places of a protocol without ports.
    places: Intervals<u32>,
}

impl ServiceSet {
    /// No service.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// All services of all 256 protocols.
    #[must_use]
    pub fn all() -> Self {
        Self::between(0, place(u8::MAX, u16::MAX))
    }

    /// All of one protocol (IANA's number).
    #[must_use]
    pub fn protocol(protocol: u8) -> Self {
        Self::between(place(protocol, 0), place(protocol, u16::MAX))
    }

    /// The ports from `low` to `high`, both included, of one protocol; nothing if `low` is above
    /// `high`.
    ///
    /// For a protocol without ports it is the whole protocol whatever the ports say, since AWS
    /// writes an ICMP type and code there, or 0, or -1.
    #[must_use]
    pub fn ports(protocol: u8, low: u16, high: u16) -> Self {
        if has_ports(protocol) {
            Self::between(place(protocol, low), place(protocol, high))
        } else {
            Self::protocol(protocol)
        }
    }

    /// One TCP port.
    #[must_use]
    pub fn tcp(port: u16) -> Self {
        Self::ports(TCP, port, port)
    }

    /// One UDP port.
    #[must_use]
    pub fn udp(port: u16) -> Self {
        Self::ports(UDP, port, port)
    }

    /// One service.
    #[must_use]
    pub fn single(service: Service) -> Self {
        Self::ports(service.protocol, service.port, service.port)
    }

    fn between(low: u32, high: u32) -> Self {
        Self { places: Intervals::span(low, high) }
    }

    /// The places as intervals; must hold protocols without ports as a whole.
    pub(crate) fn from_places(places: Intervals<u32>) -> Self {
        Self { places }
    }

    /// See [`Service::place`].
    pub(crate) fn places(&self) -> &Intervals<u32> {
        &self.places
    }

    /// The services in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_places(self.places.union(&other.places))
    }

    /// The services in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self::from_places(self.places.intersect(&other.places))
    }

    /// The services in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self::from_places(self.places.subtract(&other.places))
    }

    /// Whether there is no service in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether `of` holds all services of this set.
    #[must_use]
    pub fn is_subset(&self, of: &Self) -> bool {
        self.places.is_subset(&of.places)
    }

    /// Whether some service is in both sets.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.places.overlaps(&other.places)
    }

    /// Whether `service` is in the set.
    #[must_use]
    pub fn contains(&self, service: Service) -> bool {
        self.places.contains(service.place())
    }

    /// The service with the lowest protocol number and, within it, the lowest port.
    #[must_use]
    pub fn first(&self) -> Option<Service> {
        self.places.first().map(Service::at)
    }

    /// The TCP and UDP part: the services whose replies come back to an ephemeral port.
    #[must_use]
    pub fn only_with_reply_ports(&self) -> Self {
        self.intersect(&Self::with_ports())
    }

    /// The part of protocols without ports.
    #[must_use]
    pub fn without_ports(&self) -> Self {
        self.subtract(&Self::with_ports())
    }

    fn with_ports() -> Self {
        Self::protocol(TCP).union(&Self::protocol(UDP))
    }

    /// The set as (protocol, lowest port, highest port), in order of protocol and port; 0 to 65535
    /// for a protocol without ports.
    pub fn services(&self) -> impl Iterator<Item = (u8, u16, u16)> {
        self.places.spans().iter().flat_map(|&(low, high)| {
            let (first, last) = (Service::at(low), Service::at(high));
            (first.protocol..=last.protocol).map(move |protocol| {
                let starts_here = protocol == first.protocol;
                let ends_here = protocol == last.protocol;
                (
                    protocol,
                    if starts_here { first.port } else { 0 },
                    if ends_here { last.port } else { u16::MAX },
                )
            })
        })
    }
}

#[cfg(test)]
mod tests;
