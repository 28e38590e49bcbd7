//! What each route matches, and how strongly.
//!
//! The order is AWS's (VPC user guide, "How route priority works"): the longest prefix; at equal
//! length static routes, then prefix lists, then propagated routes. And (Site-to-Site VPN user
//! guide, "Route tables and route priority"): the local route wins over propagated routes even if
//! those are more specific.

use std::cmp::Reverse;

use ipnet::IpNet;

use super::{Content, Destination, Route, RouteTable, Via};
use crate::addr::AddrSet;
use crate::topology::ListId;
use crate::uncertain::Uncertain;

/// Addresses that a route claims for itself; the stronger claim decides.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) strength: Strength,
    /// The route's position in its table.
    pub(super) route: usize,
    pub(super) addresses: AddrSet,
    /// Whether it is known to claim them, rather than that it may.
    pub(super) sure: bool,
}

/// First the length, then the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Strength(Length, Kind);

/// How specific a claim is. Only lengths of one address family are ever compared, since no address
/// is of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    /// A prefix of so many bits, shorter than an address.
    Network(u8),
    /// An entry of a list that is known to be there, but not its length.
    Unknown,
    /// A prefix as long as an address.
    Host,
}

impl Length {
    fn of(prefix: IpNet) -> Self {
        if prefix.prefix_len() == prefix.max_prefix_len() {
            Self::Host
        } else {
            Self::Network(prefix.prefix_len())
        }
    }
}

/// What decides between claims of equal length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Propagated,
    List,
    Static,
}

/// What a look-up knows of prefix lists.
pub(super) struct Lists<'a> {
    /// The lists that hold all addresses that are looked up.
    pub(super) on: &'a [ListId],
    pub(super) content: &'a dyn Fn(ListId) -> Content,
}

impl RouteTable {
    /// The claims of all routes on the addresses `to`, the strongest first.
    pub(super) fn claims(&self, to: &AddrSet, lists: &Lists<'_>) -> Vec<Claim> {
        let local = self.routes.iter().filter(|route| route.via == Via::Local);
        let local = local.filter_map(|route| match route.destination {
            Destination::Prefix(prefix) => Some(prefix),
            Destination::List(_) => None,
        });
        let local: AddrSet = local.collect();
        let mut claims = Vec::new();
        for (position, route) in self.routes.iter().enumerate() {
            for (strength, addresses, sure) in matches(route, to, lists) {
                let mut addresses = addresses.intersect(to);
                if strength.1 == Kind::Propagated && route.via != Via::Local {
                    addresses = addresses.subtract(&local);
                }
                if !addresses.is_empty() {
                    claims.push(Claim { strength, route: position, addresses, sure });
                }
            }
        }
        claims.sort_by_key(|claim| Reverse(claim.strength));
        claims
    }
}

/// Strength, addresses, and whether it is sure.
type Match = (Strength, AddrSet, bool);

fn matches(route: &Route, to: &AddrSet, lists: &Lists<'_>) -> Vec<Match> {
    let id = match route.destination {
        Destination::List(id) => id,
        Destination::Prefix(prefix) => {
            let kind = if route.propagated { Kind::Propagated } else { Kind::Static };
            let strength = Strength(Length::of(prefix), kind);
            return vec![(strength, AddrSet::prefix(prefix), true)];
        }
    };
    let on_list = lists.on.contains(&id);
    let Content { addresses, within } = (lists.content)(id);
    match addresses {
        Uncertain::Known(content) | Uncertain::Assumed(content, _) => entries(&content, true),
        Uncertain::OneOf(mut contents, _) => {
            if on_list {
                contents.retain(|content| to.is_subset(content));
            }
            if contents.is_empty() {
                vec![unknown_entry(on_list, within)]
            } else {
                one_of(&contents)
            }
        }
        Uncertain::Unknown(_) => vec![unknown_entry(on_list, within)],
    }
}

/// A list's entries: the prefixes of its content, neighbours joined.
fn entries(content: &AddrSet, sure: bool) -> Vec<Match> {
    let entries = content.prefixes().into_iter();
    entries
        .map(|prefix| {
            let strength = Strength(Length::of(prefix), Kind::List);
            (strength, AddrSet::prefix(prefix), sure)
        })
        .collect()
}

/// The entry of a list whose content is not known.
///
/// If the addresses are on it for sure, it is taken to be longer than any route's prefix but a
/// host's, since that is what lists of a provider's addresses are for; else it may be anything.
fn unknown_entry(on_list: bool, within: AddrSet) -> Match {
    let length = if on_list { Length::Unknown } else { Length::Host };
    let addresses = if on_list { AddrSet::all() } else { within };
    (Strength(length, Kind::List), addresses, on_list)
}

/// The entries that a list may have, and for certain the shortest of those where all agree.
fn one_of(contents: &[AddrSet]) -> Vec<Match> {
    let mut possible = Vec::new();
    let mut agreed: Vec<Match> = Vec::new();
    for (position, content) in contents.iter().enumerate() {
        possible.extend(entries(content, false));
        let sure = entries(content, true);
        agreed = if position == 0 { sure } else { pairs(&agreed, &sure) };
    }
    possible.extend(agreed);
    possible
}

/// Where both match, with the weaker of the two strengths.
fn pairs(one: &[Match], other: &[Match]) -> Vec<Match> {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    pairs
        .map(|(one, other)| (one.0.min(other.0), one.1.intersect(&other.1), true))
        .filter(|(_, addresses, _)| !addresses.is_empty())
        .collect()
}
