//! Which route decides over which addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::{Claim, Lists};
use super::{Route, RouteTable};
use crate::addr::AddrSet;
use crate::topology::ListId;
use crate::uncertain::Uncertain;

/// What is known of a prefix list's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The addresses.
    pub addresses: Uncertain<AddrSet>,
    /// What they are part of, whatever they are.
    pub within: AddrSet,
}

impl From<Uncertain<AddrSet>> for Content {
    fn from(addresses: Uncertain<AddrSet>) -> Self {
        Self { addresses, within: AddrSet::all() }
    }
}

/// Addresses over which the same route decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The addresses; never none.
    pub addresses: AddrSet,
    /// The deciding route, `None` if there is no route. More than one only if it is undecided: then
    /// any of these may decide, in the table's order and `None` last.
    pub routes: Vec<Option<&'a Route>>,
}

/// The routes that may decide, by position.
type Deciders = BTreeSet<usize>;

impl RouteTable {
    /// Divides the addresses `to` by the route that decides over them.
    ///
    /// The longest prefix decides; at equal length static routes before prefix lists before
    /// propagated routes; the local route before propagated ones of any length (VPC user guide, "How
    /// route priority works"). Between two lists, or two routes of one kind, to the same prefix AWS
    /// chooses at random: that is undecided here.
    ///
    /// `content` gives the content of a prefix list, whose entries are taken to be the prefixes of
    /// that set with neighbours joined. A list of unknown content matches all of `to` for certain if
    /// it is one of `on_lists`, and then wins over any prefix shorter than a host's; otherwise it
    /// may match anything that it is `within`. [`RouteTable::open`] is not looked at.
    #[must_use]
    pub fn lookup<'a>(
        &'a self,
        to: &AddrSet,
        on_lists: &[ListId],
        content: &dyn Fn(ListId) -> Content,
    ) -> Vec<Part<'a>> {
        let lists = Lists { on: on_lists, content };
        let claims = self.claims(to, &lists);
        let mut open = Pieces::default();
        open.add(Deciders::new(), to);
        let mut decided = Pieces::default();
        for level in claims.chunk_by(|one, other| one.strength == other.strength) {
            let mut next = Pieces::default();
            for (deciders, addresses) in open.0 {
                for piece in divide(deciders, addresses, level) {
                    let pieces = if piece.decided { &mut decided } else { &mut next };
                    pieces.add(piece.deciders, &piece.addresses);
                }
            }
            open = next;
        }
        let decided = decided.0.into_iter().map(|piece| (piece, false));
        let open = open.0.into_iter().map(|piece| (piece, true));
        decided
            .chain(open)
            .map(|((deciders, addresses), or_none)| Part {
                addresses,
                routes: self.deciding(&deciders, or_none),
            })
            .collect()
    }

    fn deciding(&self, deciders: &Deciders, or_none: bool) -> Vec<Option<&Route>> {
        let routes = deciders.iter().map(|position| self.routes.get(*position));
        routes.chain(or_none.then_some(None)).collect()
    }
}

/// Disjoint addresses, by the routes that may decide over them.
#[derive(Default)]
struct Pieces(BTreeMap<Deciders, AddrSet>);

impl Pieces {
    fn add(&mut self, deciders: Deciders, addresses: &AddrSet) {
        if addresses.is_empty() {
            return;
        }
        let piece = self.0.entry(deciders).or_default();
        *piece = piece.union(addresses);
    }
}

/// Addresses that the same claims of one strength hold.
struct Piece {
    deciders: Deciders,
    addresses: AddrSet,
    /// Whether one of the claims is sure, so that weaker ones don't matter.
    decided: bool,
}

fn divide(deciders: Deciders, addresses: AddrSet, claims: &[Claim]) -> Vec<Piece> {
    let mut pieces = vec![Piece { deciders, addresses, decided: false }];
    for claim in claims {
        let mut inside = Vec::new();
        for piece in &mut pieces {
            let claimed = piece.addresses.intersect(&claim.addresses);
            if claimed.is_empty() {
                continue;
            }
            piece.addresses = piece.addresses.subtract(&claimed);
            let mut deciders = piece.deciders.clone();
            deciders.insert(claim.route);
            inside.push(Piece {
                deciders,
                addresses: claimed,
                decided: piece.decided || claim.sure,
            });
        }
        pieces.extend(inside);
        pieces.retain(|piece| !piece.addresses.is_empty());
    }
    pieces
}
