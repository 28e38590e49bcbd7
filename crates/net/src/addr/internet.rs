//! Which addresses are public, and which address of a set to show to a person.
//!
//! Follows the IANA special-purpose registries (RFC 6890 and what updates it). It doesn't know
//! which public addresses are announced, or whose they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::AddrSet;

const fn v4(octets: [u8; 4], length: u8) -> IpNet {
    let [a, b, c, d] = octets;
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6(first: u16, second: u16, length: u8) -> IpNet {
    let start = Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0);
    IpNet::V6(Ipv6Net::new_assert(start, length))
}

/// What may be public, before what is special within it: all of IPv4, and global unicast IPv6.
const GLOBAL: [IpNet; 2] = [
    v4([0, 0, 0, 0], 0),
    v6(0x2000, 0, 3), // RFC 4291
];

/// What is not globally reachable, and the RFC that says so.
const SPECIAL: [IpNet; 14] = [
    v4([0, 0, 0, 0], 8),      // RFC 791: this network
    v4([10, 0, 0, 0], 8),     // RFC 1918: private
    v4([100, 64, 0, 0], 10),  // RFC 6598: carriers' NAT
    v4([127, 0, 0, 0], 8),    // RFC 1122: loopback
    v4([169, 254, 0, 0], 16), // RFC 3927: link local
    v4([172, 16, 0, 0], 12),  // RFC 1918: private
    v4([192, 0, 0, 0], 24),   // RFC 6890: IETF protocols
    v4([192, 88, 99, 2], 32), // RFC 6751: 6a44 relays
    v4([192, 168, 0, 0], 16), // RFC 1918: private
    v4([198, 18, 0, 0], 15),  // RFC 2544: benchmarks
    v4([224, 0, 0, 0], 4),    // RFC 5771: multicast
    v4([240, 0, 0, 0], 4),    // RFC 1112: reserved; RFC 919: broadcast
    v6(0x2001, 0x0db8, 32),   // RFC 3849: documentation
    v6(0x3fff, 0, 20),        // RFC 9637: documentation
];

/// What is globally reachable nevertheless: anycast addresses of RFC 7723 and RFC 8155.
const EXCEPTIONS: [IpNet; 2] = [v4([192, 0, 0, 9], 32), v4([192, 0, 0, 10], 32)];

/// What no host has for an address: "this network", loopback, multicast and reserved space; in IPv6
/// all that begins with a zero or is multicast.
const NO_HOSTS: [IpNet; 5] = [
    v4([0, 0, 0, 0], 8),
    v4([127, 0, 0, 0], 8),
    v4([224, 0, 0, 0], 3),
    v6(0, 0, 8),
    v6(0xff00, 0, 8),
];

/// Addresses that nobody mistakes for a real host's (RFC 5737 and 3849).
const EXAMPLES: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7)),
];

/// What is added to a block's first address to get one that looks like a host's.
const HOST_BITS: u8 = 7;

static INTERNET: LazyLock<AddrSet> = LazyLock::new(|| {
    let special = AddrSet::from_iter(SPECIAL).subtract(&AddrSet::from_iter(EXCEPTIONS));
    AddrSet::from_iter(GLOBAL).subtract(&special)
});

static HOSTS: LazyLock<AddrSet> =
    LazyLock::new(|| AddrSet::all().subtract(&AddrSet::from_iter(NO_HOSTS)));

impl AddrSet {
    /// All public unicast addresses, by the IANA special-purpose address registries (RFC 6890).
    ///
    /// IPv4: all but what the registry calls not globally reachable (RFC 1918, 6598, 3927 and so
    /// on), multicast and reserved space. **TEST-NET-1, -2 and -3 (192.0.2.0/24, 198.51.100.0/24,
    /// 203.0.113.0/24; RFC 5737) are kept in**, since documents and tests use them as stand-ins for
    /// public addresses. IPv6: 2000::/3 but for documentation (RFC 3849 and 9637).
    #[must_use]
    pub fn internet() -> Self {
        INTERNET.clone()
    }

    /// One address of the set that a person reads as an example: a documentation address if one is
    /// inside (198.51.100.7, 203.0.113.7, 2001:db8::7), else one that looks like a host's.
    #[must_use]
    pub fn witness(&self) -> Option<IpAddr> {
        let example = EXAMPLES.into_iter().find(|example| self.contains(*example));
        example.or_else(|| self.intersect(&HOSTS).host()).or_else(|| self.host())
    }

    /// The first address, or a few above it if those are in the same interval.
    fn host(&self) -> Option<IpAddr> {
        if let Some(&(low, high)) = self.v4.spans().first() {
            let host = low.checked_add(HOST_BITS.into());
            let host = host.filter(|host| *host <= high).unwrap_or(low);
            return Some(Ipv4Addr::from(host).into());
        }
        let &(low, high) = self.v6.spans().first()?;
        let host = low.checked_add(HOST_BITS.into());
        let host = host.filter(|host| *host <= high).unwrap_or(low);
        Some(Ipv6Addr::from(host).into())
    }
}
