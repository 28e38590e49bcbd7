//! How a set of addresses reads. Machines get [`AddrSet::prefixes`] instead.

use std::fmt;

use super::AddrSet;

/// So many prefixes are printed in full.
const IN_FULL: usize = 6;

/// `10.0.0.0/16, 2001:db8::/32`; of more than six prefixes the first five and "and N more".
///
/// "nothing" for the empty set, "anything" for all addresses, "the internet" for
/// [`AddrSet::internet`] or one family of it.
impl fmt::Display for AddrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            return f.write_str(name);
        }
        let prefixes = self.prefixes();
        let shown = if prefixes.len() > IN_FULL { IN_FULL - 1 } else { prefixes.len() };
        for (position, prefix) in prefixes.iter().take(shown).enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{prefix}")?;
        }
        match prefixes.len() - shown {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl AddrSet {
    /// The word for the set, if there is one.
    fn name(&self) -> Option<&'static str> {
        if self.is_empty() {
            return Some("nothing");
        }
        if *self == Self::all() {
            return Some("anything");
        }
        let internet = Self::internet();
        if *self == internet {
            Some("the internet")
        } else if *self == internet.only_v4() {
            Some("the internet (IPv4)")
        } else if *self == internet.only_v6() {
            Some("the internet (IPv6)")
        } else {
            None
        }
    }
}
