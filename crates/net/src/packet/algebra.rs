//! Union, intersection, difference and comparison of two packet sets.
//!
//! Each walks both sets' bands once, looking only at bands in the range of services that matter. For
//! the union of many, see [`PacketSet::from_products`]: a fold of unions takes quadratic time.

use super::{Band, PacketSet};
use crate::addr::AddrSet;
use crate::service::ServiceSet;

impl PacketSet {
    /// The packets in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let mut union = Self::default();
        for piece in pieces(&self.bands, &other.bands) {
            match (piece.left, piece.right) {
                (Some(left), Some(right)) => {
                    union.push(piece.low, piece.high, &left.union(right));
                }
                (Some(only), None) | (None, Some(only)) => union.push(piece.low, piece.high, only),
                (None, None) => {}
            }
        }
        union
    }

    /// The packets in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for piece in pieces(self.bands_beside(other), other.bands_beside(self)) {
            if let (Some(left), Some(right)) = (piece.left, piece.right) {
                both.push(piece.low, piece.high, &left.intersect(right));
            }
        }
        both
    }

    /// The packets in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for piece in pieces(&self.bands, other.bands_beside(self)) {
            match (piece.left, piece.right) {
                (Some(left), Some(right)) => {
                    rest.push(piece.low, piece.high, &left.subtract(right));
                }
                (Some(left), None) => rest.push(piece.low, piece.high, left),
                (None, _) => {}
            }
        }
        rest
    }

    /// Whether `of` holds all packets of this set.
    #[must_use]
    pub fn is_subset(&self, of: &Self) -> bool {
        self.bands.iter().all(|band| of.holds(band.low, band.high, &band.addresses))
    }

    /// Whether some packet is in both sets.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.bands.iter().any(|band| {
            let beside = other.bands_from(band.low).iter();
            beside
                .take_while(|other| other.low <= band.high)
                .any(|other| other.addresses.overlaps(&band.addresses))
        })
    }

    /// Whether the set holds all of these services with all of these peers.
    pub(crate) fn holds_product(&self, services: &ServiceSet, addresses: &AddrSet) -> bool {
        let mut spans = services.places().spans().iter();
        addresses.is_empty() || spans.all(|&(low, high)| self.holds(low, high, addresses))
    }

    /// Whether each service from `low` to `high` has all these peers.
    fn holds(&self, low: u32, high: u32, addresses: &AddrSet) -> bool {
        let mut next = low;
        for band in self.bands_from(low) {
            if band.low > next || !addresses.is_subset(&band.addresses) {
                return false;
            }
            if band.high >= high {
                return true;
            }
            next = band.high + 1;
        }
        false
    }

    /// The bands that lie between the first and the last service of `other`.
    fn bands_beside(&self, other: &Self) -> &[Band] {
        let (Some(first), Some(last)) = (other.bands.first(), other.bands.last()) else {
            return &[];
        };
        let bands = self.bands_from(first.low);
        let inside = bands.partition_point(|band| band.low <= last.high);
        bands.get(..inside).unwrap_or_default()
    }
}

/// Services between two neighbouring edges of two sets, with their peers in each.
struct Piece<'a> {
    low: u32,
    high: u32,
    left: Option<&'a AddrSet>,
    right: Option<&'a AddrSet>,
}

/// Cuts the services at every edge of either set, lowest first; services in neither are left out.
fn pieces<'a>(left: &'a [Band], right: &'a [Band]) -> impl Iterator<Item = Piece<'a>> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut next = 0;
    std::iter::from_fn(move || {
        // INVARIANT: neither front band ends below `next`.
        let starts = left.peek().into_iter().chain(right.peek());
        let low = starts.map(|band| band.low.max(next)).min()?;
        let here = |band: Option<&&'a Band>| band.filter(|band| band.low <= low).copied();
        let (in_left, in_right) = (here(left.peek()), here(right.peek()));
        let fronts = left.peek().into_iter().chain(right.peek());
        let high = fronts
            .map(|band| match band.low.checked_sub(1) {
                Some(below) if band.low > low => below,
                _ => band.high,
            })
            .min()?;
        next = high + 1;
        left.next_if(|band| band.high == high);
        right.next_if(|band| band.high == high);
        Some(Piece {
            low,
            high,
            left: in_left.map(|band| &band.addresses),
            right: in_right.map(|band| &band.addresses),
        })
    })
}
