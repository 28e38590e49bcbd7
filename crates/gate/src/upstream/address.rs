//! Which addresses a target may have: the last check before a connection is made, on the very
//! address to which it is made.
//!
//! A server's host is the operator's word, never a client's; but what a name resolves to is the word
//! of whoever answers for it. Metadata services hand out credentials to anyone who reaches them, so
//! an address that leads there is refused in every form that leads there (CVE-2026-77822 checked
//! before it resolved, and not the IPv4 addresses inside IPv6 ones). Private addresses are where
//! targets live, and are not refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a target may have an address; `loopback` says whether it may be this machine.
///
/// # Errors
/// What kind of address it is that it may not be.
pub(crate) fn check(address: IpAddr, loopback: bool) -> Result<(), &'static str> {
    match address {
        IpAddr::V4(address) => check_v4(address, loopback),
        IpAddr::V6(address) => check_v6(address, loopback),
    }
}

fn check_v4(address: Ipv4Addr, loopback: bool) -> Result<(), &'static str> {
    match address.octets() {
        [0, ..] => Err("an unspecified address"),
        [127, ..] if !loopback => Err("a loopback address"),
        // The instance's and the task's metadata, and their credentials.
        [169, 254, ..] => Err("a link-local address"),
        [224..=239, ..] => Err("a multicast address"),
        [240..=255, ..] => Err("a reserved or broadcast address"),
        _ => Ok(()),
    }
}

fn check_v6(address: Ipv6Addr, loopback: bool) -> Result<(), &'static str> {
    let s = address.segments();
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => return Err("an unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] if !loopback => return Err("a loopback address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => return Ok(()),
        [0xfe80..=0xfebf, ..] => return Err("a link-local address"),
        [0xfec0..=0xfeff, ..] => return Err("a site-local address"),
        [0xff00..=0xffff, ..] => return Err("a multicast address"),
        // EC2's metadata, resolver and clock over IPv6 (fd00:ec2::254 and neighbours).
        [0xfd00, 0x0ec2, ..] => return Err("an address of the instance's metadata"),
        // Teredo (RFC 4380) hides the address; the local NAT64 prefix (RFC 8215) doesn't say where
        // it is.
        [0x2001, 0, ..] | [0x0064, 0xff9b, 1, ..] => {
            return Err("an address that hides an IPv4 address");
        }
        _ => {}
    }
    match inside(s) {
        Some(inner) => check_v4(inner, loopback),
        None => Ok(()),
    }
}

/// The IPv4 address to which an IPv6 address leads, if it leads to one.
fn inside(s: [u16; 8]) -> Option<Ipv4Addr> {
    let (high, low) = match s {
        // Mapped (RFC 4291, 2.5.5.2), compatible (2.5.5.1), translated (RFC 2765).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        // NAT64 (RFC 6052).
        | [0x0064, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4 (RFC 3056).
        | [0x2002, high, low, ..]
        // ISATAP (RFC 5214), under any prefix.
        | [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => (high, low),
        _ => return None,
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::check;

    fn refused(text: &str) -> bool {
        check(text.parse::<IpAddr>().unwrap(), false).is_err()
    }

    #[test]
    fn targets_are_private_or_public() {
        for text in ["10.0.3.7", "172.31.0.1", "192.168.1.1", "100.64.0.1", "203.0.113.9"] {
            assert!(!refused(text), "{text}");
        }
        for text in ["fd12:3456::1", "2600:1f14::1", "64:ff9b::a00:307", "::ffff:10.0.3.7"] {
            assert!(!refused(text), "{text}");
        }
    }

    /// CVE-2026-77822 and its kin: metadata by any other name.
    #[test]
    fn metadata_is_refused_in_every_form() {
        let forms = [
            "169.254.169.254",
            "169.254.170.2",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "2002:a9fe:a9fe::1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2001:0:5ef5:79fb:0:59f:5601:5601",
            "fe80::5efe:169.254.169.254",
            "2001:db8::5efe:169.254.169.254",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
        ];
        for text in forms {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let forms = [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "fec0::1",
            "2002:e000:1::",
            "::ffff:255.255.255.255",
            "64:ff9b::",
        ];
        for text in forms {
            assert!(refused(text), "{text}");
        }
    }

    #[test]
    fn loopback_is_taken_only_on_this_machine() {
        for text in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"] {
            assert!(refused(text), "{text}");
            assert_eq!(check(text.parse().unwrap(), true), Ok(()), "{text}");
        }
    }
}
