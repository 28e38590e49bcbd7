//! What several variants of a leg admit together.
//!
//! One variant may serve some destinations and another the rest (two gateways, two ranges of reply
//! ports). Whether every possible destination is served by *some* variant is therefore a question
//! over all of them: the destinations are cut into cells that the variants treat alike.

use super::filter::Side;
use super::leg::{Domain, Quantifier, Variant};
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::service::{Service, ServiceSet};

/// One variant's sides, restricted to the services asked for.
struct Sides<'v> {
    source: &'v Domain,
    destination: &'v Domain,
    from: PacketSet,
    to: PacketSet,
    /// Services that the translated side admits whatever its address.
    translated: ServiceSet,
}

/// What gets through whatever the unknowns are.
#[derive(Debug, Default)]
pub(crate) struct Together {
    /// The services.
    pub(crate) services: ServiceSet,
    /// The sources with services.
    pub(crate) sources: PacketSet,
    /// The destinations with services.
    pub(crate) destinations: PacketSet,
}

/// What several variants surely admit together.
pub(crate) fn joint(variants: &[Variant], services: &ServiceSet) -> Together {
    let all: Vec<Sides<'_>> = variants.iter().map(|v| sides(v, services)).collect();
    let mut sure_services = ServiceSet::empty();
    let (mut products, mut ends) = (Vec::new(), Vec::new());
    let mut done: Vec<bool> = vec![false; all.len()];
    for (index, first) in all.iter().enumerate() {
        if done.get(index).copied().unwrap_or(true) {
            continue;
        }
        // Variants over the same domains are alternatives for one and the same pair of ends.
        let mut group = Vec::new();
        for (other, flag) in all.iter().zip(done.iter_mut()) {
            let same = other.source.addresses == first.source.addresses
                && other.destination.addresses == first.destination.addresses;
            if same && !*flag {
                *flag = true;
                group.push(other);
            }
        }
        for band in bands(&group, services) {
            let Some(service) = band.first() else {
                continue;
            };
            if let Some((from, to)) = served(&group, service) {
                sure_services = sure_services.union(&band);
                products.push((band.clone(), from));
                ends.push((band, to));
            }
        }
    }
    Together {
        services: sure_services,
        sources: PacketSet::from_products(products),
        destinations: PacketSet::from_products(ends),
    }
}

fn sides<'v>(variant: &'v Variant, services: &ServiceSet) -> Sides<'v> {
    let admitted = |side: Side, domain: &Domain| {
        let whole = PacketSet::product(services, &domain.addresses);
        let checks = variant.checks.iter().filter(|c| c.side == side);
        checks.fold(whole, |all, check| match check.sure.is_all() {
            true => all,
            false => all.intersect(&check.sure),
        })
    };
    Sides {
        source: &variant.source,
        destination: &variant.destination,
        from: admitted(Side::Source, &variant.source),
        to: admitted(Side::Destination, &variant.destination),
        translated: match &variant.translated {
            None => ServiceSet::all(),
            Some(domain) => admitted(Side::Translated, domain).services_for_all(&domain.addresses),
        },
    }
}

/// The services asked for, cut where any side of any variant changes.
fn bands(group: &[&Sides<'_>], services: &ServiceSet) -> Vec<ServiceSet> {
    let mut parts = vec![services.clone()];
    let mut cut = |by: &ServiceSet| {
        let mut next = Vec::with_capacity(parts.len() + 1);
        for part in parts.drain(..) {
            let (inside, outside) = (part.intersect(by), part.subtract(by));
            next.extend([inside, outside].into_iter().filter(|p| !p.is_empty()));
        }
        parts = next;
    };
    for sides in group {
        cut(&sides.translated);
        for (band, _) in sides.from.bands().chain(sides.to.bands()) {
            cut(&band);
        }
    }
    parts
}

/// The sources and the destinations that one service surely connects, or `None` if not all that it
/// must.
fn served(group: &[&Sides<'_>], service: Service) -> Option<(AddrSet, AddrSet)> {
    let first = group.first()?;
    let (source, destination) = (first.source, first.destination);
    let mut cells: Vec<(AddrSet, AddrSet)> =
        vec![(destination.addresses.clone(), AddrSet::empty())];
    for sides in group.iter().filter(|s| s.translated.contains(service)) {
        let (from, to) = (sides.from.peers_for(service), sides.to.peers_for(service));
        let mut next = Vec::with_capacity(cells.len() + 1);
        for (cell, served) in cells {
            let (inside, outside) = (cell.intersect(&to), cell.subtract(&to));
            if !inside.is_empty() {
                next.push((inside, served.union(&from)));
            }
            if !outside.is_empty() {
                next.push((outside, served));
            }
        }
        cells = next;
    }
    let whole = |served: &AddrSet| source.addresses.is_subset(served);
    match (destination.quantifier, source.quantifier) {
        (Quantifier::One, _) => {
            let mut sources = cells.into_iter().map(|(_, served)| served);
            let start = sources.next()?;
            let all = sources.fold(start, |all, served| all.intersect(&served));
            let fits = match source.quantifier {
                Quantifier::One => whole(&all),
                Quantifier::Each => !all.is_empty(),
            };
            fits.then(|| (all, destination.addresses.clone()))
        }
        (Quantifier::Each, _) => {
            let one = source.quantifier == Quantifier::One;
            let served = cells.into_iter().filter(|(_, served)| match one {
                true => whole(served),
                false => !served.is_empty(),
            });
            let none = (AddrSet::empty(), AddrSet::empty());
            let (to, from) = served
                .fold(none, |(to, from), (cell, served)| (to.union(&cell), from.union(&served)));
            (!to.is_empty()).then_some((from, to))
        }
    }
}
