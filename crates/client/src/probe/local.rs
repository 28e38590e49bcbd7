//! Addresses of this machine, to send from one that a farm should refuse. Nothing is sent to find
//! them.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use ipnet::IpNet;

use super::target::Target;

/// Addresses for documentation (RFC 5737, RFC 3849): nothing is there, and nothing is sent.
const ELSEWHERE: [(&str, &str); 2] = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];

/// The addresses that this machine has in its network, as far as routes tell.
pub(crate) fn outer() -> Vec<IpAddr> {
    let found = ELSEWHERE.iter().filter_map(|(own, there)| {
        let socket = UdpSocket::bind(own).ok()?;
        socket.connect(there).ok()?;
        let address = socket.local_addr().ok()?.ip();
        (!address.is_unspecified() && !address.is_loopback()).then_some(address)
    });
    found.collect()
}

/// A second loopback address: what listens on 127.0.0.1 alone isn't there.
pub(crate) const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// An address from which this machine can ask the farm, and which the farm should refuse.
pub(crate) fn refused(target: &Target, allow: &[IpNet]) -> Option<IpAddr> {
    let gate = target.addresses.first()?.to_canonical();
    if !target.is_local() {
        return None;
    }
    let candidates = std::iter::once(SECOND).chain(outer());
    let mut fitting = candidates.filter(|it| it.is_ipv4() == gate.is_ipv4());
    fitting.find(|it| !allow.iter().any(|block| block.contains(it)))
}
