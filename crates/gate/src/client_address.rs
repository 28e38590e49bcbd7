//! Whose request it is: the peer's, or what a trusted proxy says.
//!
//! `X-Forwarded-For` is believed only from addresses that the configuration lists. It is read from
//! the right: every proxy appends the address of its peer, so the first one from the right that is
//! no trusted proxy is the client; what stands left of it the client may have made up.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The header in which proxies say for whom they ask.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

/// More proxies than any farm has.
const MOST_HOPS: usize = 32;

/// A trusted proxy said something that is no address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// The client's address.
///
/// # Errors
/// If a trusted proxy says something unreadable: then nobody knows who calls.
pub(crate) fn of(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Result<IpAddr, Unreadable> {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|block| block.contains(address));
    if trusted.is_empty() || !is_trusted(&peer) {
        return Ok(peer);
    }
    let mut client = peer;
    let mut hops = 0;
    // Several headers are one list (RFC 9110, section 5.3).
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let line = line.to_str().map_err(|_| Unreadable)?;
        for hop in line.rsplit(',') {
            hops += 1;
            if hops > MOST_HOPS {
                return Err(Unreadable);
            }
            client = address(hop.trim()).ok_or(Unreadable)?;
            if !is_trusted(&client) {
                return Ok(client);
            }
        }
    }
    Ok(client)
}

/// An address, alone or with the port that a load balancer may append.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let alone = bare.parse::<IpAddr>().ok();
    alone.or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip())).map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn client(peer: &str, lines: &[&str]) -> Result<IpAddr, Unreadable> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        of(peer.parse().unwrap(), &headers, &["10.0.1.0/24".parse().unwrap()])
    }

    #[test]
    fn a_stranger_says_nothing_about_its_address() {
        assert_eq!(client("198.51.100.7", &["203.0.113.9"]), Ok("198.51.100.7".parse().unwrap()));
        assert_eq!(client("10.0.2.1", &["203.0.113.9"]), Ok("10.0.2.1".parse().unwrap()));
    }

    #[test]
    fn a_proxy_says_for_whom_it_asks() {
        for (lines, want) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["203.0.113.9:40000"], "203.0.113.9"),
            (&["192.0.2.1, 203.0.113.9"], "203.0.113.9"),
            (&["192.0.2.1", "203.0.113.9, 10.0.1.8"], "203.0.113.9"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&[], "10.0.1.5"),
        ] {
            assert_eq!(client("10.0.1.5", lines), Ok(want.parse().unwrap()), "{lines:?}");
        }
        assert_eq!(client("::ffff:10.0.1.5", &["192.0.2.1"]), Ok("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_address_is_nobodys() {
        for line in ["unknown", "203.0.113.9,", "", "203.0.113.9 192.0.2.1", "_hidden"] {
            assert_eq!(client("10.0.1.5", &[line]), Err(Unreadable), "{line:?}");
        }
        let many = vec!["10.0.1.5"; 40].join(",");
        assert_eq!(client("10.0.1.5", &[&many]), Err(Unreadable));
    }
}
