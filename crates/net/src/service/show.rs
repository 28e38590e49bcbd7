//! How services read. Machines get [`ServiceSet::services`] instead.

use std::fmt;

use super::{ICMP, ICMPV6, Service, ServiceSet, TCP, UDP, has_ports};

/// The usual name of a protocol, if people know it by name.
fn name(protocol: u8) -> Option<&'static str> {
    match protocol {
        ICMP => Some("icmp"),
        TCP => Some("tcp"),
        UDP => Some("udp"),
        ICMPV6 => Some("icmpv6"),
        _ => None,
    }
}

/// `tcp 443`, `icmp`, `protocol 50`.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name(self.protocol) {
            Some(name) if has_ports(self.protocol) => write!(f, "{name} {}", self.port),
            Some(name) => f.write_str(name),
            None => write!(f, "protocol {}", self.protocol),
        }
    }
}

/// `tcp 443, 8000-8100, udp 53`; "all tcp" for all its ports; "everything" and "nothing".
impl fmt::Display for ServiceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        if *self == Self::all() {
            return f.write_str("everything");
        }
        let mut before = None;
        for item in items(self) {
            if before.is_some() {
                f.write_str(", ")?;
            }
            match item {
                Item::Ports(protocol, low, high) => {
                    write_ports(f, protocol, low, high, before == Some(protocol))?;
                    before = Some(protocol);
                }
                Item::Protocols(low, high) => {
                    if low == high {
                        write!(f, "protocol {low}")?;
                    } else {
                        write!(f, "protocols {low}-{high}")?;
                    }
                    before = Some(high);
                }
            }
        }
        Ok(())
    }
}

/// Prints a range of ports, or a protocol as a whole; its name only if it isn't `again`.
fn write_ports(
    f: &mut fmt::Formatter<'_>,
    protocol: u8,
    low: u16,
    high: u16,
    again: bool,
) -> fmt::Result {
    let name = name(protocol).unwrap_or_default();
    if !has_ports(protocol) {
        return f.write_str(name);
    }
    if (low, high) == (0, u16::MAX) {
        return write!(f, "all {name}");
    }
    if !again {
        write!(f, "{name} ")?;
    }
    if low == high { write!(f, "{low}") } else { write!(f, "{low}-{high}") }
}

/// What is printed between two commas.
enum Item {
    /// Ports of a protocol that has a name, or all of it.
    Ports(u8, u16, u16),
    /// A run of protocols that have none.
    Protocols(u8, u8),
}

fn items(set: &ServiceSet) -> Vec<Item> {
    let mut items = Vec::new();
    for (protocol, low, high) in set.services() {
        match items.last_mut() {
            _ if name(protocol).is_some() => items.push(Item::Ports(protocol, low, high)),
            Some(Item::Protocols(_, last)) if last.checked_add(1) == Some(protocol) => {
                *last = protocol;
            }
            _ => items.push(Item::Protocols(protocol, protocol)),
        }
    }
    items
}
