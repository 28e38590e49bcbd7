//! The union of many products at once, by one sweep over the services.
//!
//! The products are entered and left in order of their services' edges; between two edges the
//! addresses follow from how many of the products entered hold each. That takes n log n time, plus
//! the size of what comes out.

use std::collections::BTreeMap;

use super::PacketSet;
use crate::addr::{AddrDepth, AddrSet};
use crate::intervals::Depth;
use crate::service::ServiceSet;

impl PacketSet {
    /// The union of products of services and peers, in one sweep.
    #[must_use]
    pub fn from_products(products: impl IntoIterator<Item = (ServiceSet, AddrSet)>) -> Self {
        let products: Vec<_> = products.into_iter().collect();
        Self::union_of(products.iter().map(|(services, addresses)| (services, addresses)))
    }

    /// The same of products that lie elsewhere.
    pub(crate) fn union_of<'a>(
        products: impl Iterator<Item = (&'a ServiceSet, &'a AddrSet)>,
    ) -> Self {
        let [union] = at_least(products, [1]);
        union
    }
}

/// The packets that any of the products hold, and those that two or more of them hold.
pub(crate) fn union_and_twice<'a>(
    products: impl Iterator<Item = (&'a ServiceSet, &'a AddrSet)>,
) -> (PacketSet, PacketSet) {
    let [union, twice] = at_least(products, [1, 2]);
    (union, twice)
}

/// The services that at least `depth` of the sets hold.
pub(crate) fn services_at_least<'a>(
    sets: impl Iterator<Item = &'a ServiceSet>,
    depth: i32,
) -> ServiceSet {
    let mut count = Depth::default();
    for set in sets {
        count.add(set.places());
    }
    ServiceSet::from_places(count.at_least(depth))
}

/// The union of many address sets.
pub(super) fn union<'a>(sets: impl Iterator<Item = &'a AddrSet>) -> AddrSet {
    let mut count = AddrDepth::default();
    for set in sets {
        count.add(set);
    }
    count.at_least(1)
}

/// What begins and what ends at one place.
#[derive(Default)]
struct Edge<'a> {
    begins: Vec<&'a AddrSet>,
    ends: Vec<&'a AddrSet>,
}

/// For each of the depths the packets that at least so many of the products hold.
fn at_least<'a, const N: usize>(
    products: impl Iterator<Item = (&'a ServiceSet, &'a AddrSet)>,
    depths: [i32; N],
) -> [PacketSet; N] {
    let mut edges: BTreeMap<u32, Edge<'a>> = BTreeMap::new();
    for (services, addresses) in products {
        for &(low, high) in services.places().spans() {
            edges.entry(low).or_default().begins.push(addresses);
            // No overflow: a place has 24 bits.
            edges.entry(high + 1).or_default().ends.push(addresses);
        }
    }
    let mut sets = [const { PacketSet { bands: Vec::new() } }; N];
    let mut count = AddrDepth::default();
    let mut edges = edges.into_iter().peekable();
    while let Some((low, edge)) = edges.next() {
        for addresses in edge.begins {
            count.add(addresses);
        }
        for addresses in edge.ends {
            count.remove(addresses);
        }
        // The last edge ends all products that are still open.
        let Some((next, _)) = edges.peek() else { break };
        for (set, depth) in sets.iter_mut().zip(depths) {
            set.push(low, next - 1, &count.at_least(depth));
        }
    }
    sets
}
