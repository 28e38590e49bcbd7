//! Which addresses may be probed: loopback, and those of hosts that the farm names. Everything else
//! is refused before a byte is sent, as a probe is an attack to whoever didn't ask for it.

use std::net::{IpAddr, ToSocketAddrs as _};

/// How many addresses of a name are looked at.
const ADDRESSES: usize = 8;

/// Why a host isn't probed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is neither loopback nor named.
    #[error(
        "`{0}` is neither on this machine nor named in the farm file: a probe is an attack to \
         whoever didn't ask for it"
    )]
    Foreign(String),
    /// A name of this machine leads elsewhere.
    #[error("`{0}` is a name for this machine, and leads to {1}")]
    Elsewhere(String, IpAddr),
    /// It has an address that is no host's, or that of a cloud's metadata.
    #[error("`{0}` leads to {1}, which is no host of a farm")]
    NoHost(String, IpAddr),
    /// Nobody knows the name.
    #[error("`{0}` has no address: {1}")]
    Unknown(String, String),
}

/// The addresses of a host that may be probed: this machine's own, or one of those that the farm
/// names.
///
/// # Errors
/// If it may not, or has no address.
pub fn addresses(host: &str, named: &[String]) -> Result<Vec<IpAddr>, Refused> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return permitted(host, vec![address], named);
    }
    let own = host.eq_ignore_ascii_case("localhost");
    if !own && !is_named(host, named) {
        return Err(Refused::Foreign(host.to_owned()));
    }
    let found = (host, 0).to_socket_addrs();
    let found = found.map_err(|error| Refused::Unknown(host.to_owned(), error.to_string()))?;
    let found: Vec<IpAddr> = found.map(|it| it.ip()).take(ADDRESSES).collect();
    permitted(host, found, named)
}

/// Whether a host is one of those that the farm names. `*.example.com` names every one below it.
#[must_use]
pub fn is_named(host: &str, named: &[String]) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    named.iter().map(|name| name.to_ascii_lowercase()).any(|name| match name.strip_prefix("*.") {
        Some(above) => host.strip_suffix(above).is_some_and(|rest| rest.ends_with('.')),
        None => host == name,
    })
}

fn permitted(host: &str, found: Vec<IpAddr>, named: &[String]) -> Result<Vec<IpAddr>, Refused> {
    let named = is_named(host, named);
    for address in &found {
        let plain = address.to_canonical();
        if plain.is_loopback() {
            continue;
        }
        if !named {
            let literal = host.parse::<IpAddr>().is_ok();
            return Err(match literal {
                true => Refused::Foreign(host.to_owned()),
                false => Refused::Elsewhere(host.to_owned(), *address),
            });
        }
        if is_no_host(plain) {
            return Err(Refused::NoHost(host.to_owned(), *address));
        }
    }
    match found.is_empty() {
        true => Err(Refused::Unknown(host.to_owned(), "its name has no address".to_owned())),
        false => Ok(found),
    }
}

/// Link-local addresses, among them 169.254.169.254 with a machine's credentials; and those that no
/// single host has.
fn is_no_host(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    // The metadata of EC2 over IPv6, which is a unique local address.
    let metadata = address == IpAddr::from([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]);
    link_local || metadata || address.is_unspecified() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn named(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn only_this_machine_and_what_the_farm_names_is_asked() {
        for host in ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1", "localhost"] {
            assert!(addresses(host, &[]).is_ok(), "{host}");
        }
        for host in ["192.0.2.1", "10.0.0.7", "example.com", "localhost.example.com", "2001:db8::1"]
        {
            let refused = addresses(host, &named(&["mcp.example.org"])).unwrap_err();
            assert_eq!(refused, Refused::Foreign(host.to_owned()));
        }
        assert_eq!(addresses("192.0.2.1", &named(&["192.0.2.1"])).unwrap().len(), 1);
    }

    #[test]
    fn a_name_is_the_farms_only_as_a_whole() {
        let names = named(&["mcp.example.com", "*.farm.example.com"]);
        for host in ["mcp.example.com", "MCP.example.COM", "mcp.example.com.", "a.farm.example.com"]
        {
            assert!(is_named(host, &names), "{host}");
        }
        for host in [
            "xmcp.example.com",
            "mcp.example.com.evil.com",
            "farm.example.com",
            "xfarm.example.com",
        ] {
            assert!(!is_named(host, &names), "{host}");
        }
    }

    /// A name that somebody points at the metadata of the machine that probes (SSRF, CVE-2026-77822).
    #[test]
    fn what_is_no_host_is_not_asked_though_it_is_named() {
        for host in ["169.254.169.254", "0.0.0.0", "255.255.255.255", "224.0.0.1", "fd00:ec2::254"]
        {
            let refused = addresses(host, &named(&[host])).unwrap_err();
            assert!(matches!(refused, Refused::NoHost(..)), "{host}: {refused:?}");
        }
    }
}
