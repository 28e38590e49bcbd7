//! Rules that could go without anyone noticing, exactly.
//!
//! A rule is redundant if the rules that stay admit all that it admits, whoever carries the groups
//! that they name. Nearly all rules are ruled out by one sweep: a rule that alone admits some packet
//! is needed. The few that are left are compared with each other.

use std::collections::{BTreeMap, HashSet};

use super::Rule;
use crate::addr::AddrSet;
use crate::packet::{PacketSet, minimal_cover, services_at_least, union_and_twice};
use crate::service::ServiceSet;
use crate::topology::{GroupId, ListId};

/// A rule that others make superfluous.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redundant {
    /// Its position.
    pub rule: usize,
    /// The positions of rules that stay, that together admit all that it admits, and of which none
    /// can be left out; empty if it admits nothing.
    pub covered_by: Vec<usize>,
}

/// The rules that can all be removed at once without changing what is admitted, in order.
///
/// `bound` gives addresses of which a group's members have some, if anything is known of them: a
/// rule for all those addresses covers one for the group, never the other way round. `list` gives
/// the content of a prefix list, if it is known; a rule for an unknown one is covered by a rule for
/// the same list only, or for all addresses. Rules that are `maybe` there never cover, and are never
/// reported. Of equal rules the first stays; a rule that one other covers is reported rather than
/// that other; beyond that later rules are reported rather than earlier ones.
#[must_use]
pub fn redundant(
    rules: &[Rule],
    bound: &dyn Fn(GroupId) -> Option<AddrSet>,
    list: &dyn Fn(ListId) -> Option<AddrSet>,
) -> Vec<Redundant> {
    let shapes: Vec<(usize, Shape)> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.maybe.is_none())
        .map(|(position, rule)| (position, Shape::of(rule, bound, list)))
        .collect();
    let mut seen = HashSet::new();
    let (distinct, repeated): (Vec<_>, Vec<_>) = shapes
        .iter()
        .map(|(position, shape)| (*position, shape))
        .partition(|(_, shape)| seen.insert(*shape));
    let (kept, mut removed) = prune(distinct);
    removed.extend(repeated);
    removed.sort_unstable_by_key(|(position, _)| *position);
    removed
        .into_iter()
        .map(|(rule, shape)| Redundant { rule, covered_by: covering(shape, &kept) })
        .collect()
}

/// A rule's position and what it admits.
type Placed<'a> = (usize, &'a Shape);

/// Divides distinct rules into those that stay and those that can go.
fn prune(rules: Vec<Placed<'_>>) -> (Vec<Placed<'_>>, Vec<Placed<'_>>) {
    let count = Count::new(&rules);
    let (doubtful, needed): (Vec<_>, Vec<_>) =
        rules.into_iter().partition(|(_, shape)| count.is_shared(shape));
    if doubtful.is_empty() {
        return (needed, doubtful);
    }
    let base = Cover::new(&needed);
    let (mut removed, open): (Vec<_>, Vec<_>) =
        doubtful.into_iter().partition(|(_, shape)| base.holds(shape));
    let (inner, mut open): (Vec<_>, Vec<_>) =
        open.iter().copied().partition(|rule| open.iter().any(|other| is_inside(*rule, *other)));
    removed.extend(inner);
    // Later ones first.
    for (position, shape) in open.clone().into_iter().rev() {
        let others = open.iter().filter(|(other, near)| *other != position && near.meets(shape));
        let left = base.cut(&Demand::of(shape));
        let left = others.fold(left, |left, (_, other)| other.cut(&left));
        if left.is_empty() {
            open.retain(|(other, _)| *other != position);
            removed.push((position, shape));
        }
    }
    let mut kept = needed;
    kept.extend(open);
    kept.sort_unstable_by_key(|(position, _)| *position);
    (kept, removed)
}

/// Whether the one rule admits less than the other, or the same and comes later.
fn is_inside(inner: Placed<'_>, outer: Placed<'_>) -> bool {
    outer.1.holds(inner.1) && (outer.0 < inner.0 || !inner.1.holds(outer.1))
}

/// The positions of rules that cover `shape`: see [`minimal_cover`].
fn covering(shape: &Shape, kept: &[Placed<'_>]) -> Vec<usize> {
    let near = kept.iter().copied().filter(|(_, other)| other.meets(shape));
    let near: Vec<Placed<'_>> = near.collect();
    let cover = minimal_cover(
        &Demand::of(shape),
        &near,
        |left, (_, other)| other.cut(left),
        Demand::is_empty,
    );
    let cover = cover.unwrap_or_default().into_iter();
    cover.map(|(position, _)| position).collect()
}

/// Peers of whom no more is known than where they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Symbol {
    Group(GroupId),
    List(ListId),
}

/// What a rule admits.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Shape {
    services: ServiceSet,
    /// Addresses spelled out, and the content of known lists.
    addresses: AddrSet,
    /// Groups and unknown lists, with addresses of which their members have some.
    symbols: BTreeMap<Symbol, AddrSet>,
}

impl Shape {
    fn of(
        rule: &Rule,
        bound: &dyn Fn(GroupId) -> Option<AddrSet>,
        list: &dyn Fn(ListId) -> Option<AddrSet>,
    ) -> Self {
        let mut addresses = rule.peers.addresses.clone();
        let mut symbols = BTreeMap::new();
        for &group in &rule.peers.groups {
            let members = bound(group).unwrap_or_else(AddrSet::all);
            symbols.insert(Symbol::Group(group), members);
        }
        for &id in &rule.peers.lists {
            match list(id) {
                Some(content) => addresses = addresses.union(&content),
                None => {
                    symbols.insert(Symbol::List(id), AddrSet::all());
                }
            }
        }
        Self { services: rule.services.clone(), addresses, symbols }
    }

    /// Whether it alone admits all that `inner` admits.
    fn holds(&self, inner: &Self) -> bool {
        inner.services.is_subset(&self.services)
            && inner.addresses.is_subset(&self.addresses)
            && inner.symbols.iter().all(|(symbol, members)| {
                self.symbols.contains_key(symbol) || members.is_subset(&self.addresses)
            })
    }

    /// Whether it may admit something that `other` admits.
    fn meets(&self, other: &Self) -> bool {
        let symbols = &other.symbols;
        self.services.overlaps(&other.services)
            && (self.addresses.overlaps(&other.addresses)
                || symbols.iter().any(|(symbol, members)| {
                    self.symbols.contains_key(symbol) || members.overlaps(&self.addresses)
                }))
    }

    /// What is left of `demand` after this rule.
    fn cut(&self, demand: &Demand) -> Demand {
        let admitted = PacketSet::product(&self.services, &self.addresses);
        demand.cut(&admitted, |symbol| {
            let named = self.symbols.contains_key(&symbol);
            named.then_some(&self.services)
        })
    }
}

/// What is asked to be admitted: packets by address, and for each symbol packets from wherever its
/// members may be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Demand {
    addresses: PacketSet,
    symbols: Vec<(Symbol, PacketSet)>,
}

impl Demand {
    fn of(shape: &Shape) -> Self {
        let symbols = shape.symbols.iter();
        Self {
            addresses: PacketSet::product(&shape.services, &shape.addresses),
            symbols: symbols
                .map(|(symbol, members)| (*symbol, PacketSet::product(&shape.services, members)))
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.symbols.iter().all(|(_, packets)| packets.is_empty())
    }

    /// What is left after `admitted` packets and, of a symbol, the services that it is `named` for.
    fn cut<'a>(
        &self,
        admitted: &PacketSet,
        named: impl Fn(Symbol) -> Option<&'a ServiceSet>,
    ) -> Self {
        let symbols = self.symbols.iter().map(|(symbol, packets)| {
            let left = packets.subtract(admitted);
            let left = match named(*symbol) {
                Some(services) => left.subtract(&PacketSet::product(services, &AddrSet::all())),
                None => left,
            };
            (*symbol, left)
        });
        Self { addresses: self.addresses.subtract(admitted), symbols: symbols.collect() }
    }
}

/// What several rules admit together.
struct Cover {
    addresses: PacketSet,
    symbols: BTreeMap<Symbol, ServiceSet>,
}

impl Cover {
    fn new(rules: &[Placed<'_>]) -> Self {
        Self {
            addresses: PacketSet::union_of(products(rules)),
            symbols: symbols_at_least(rules, 1),
        }
    }

    fn holds(&self, shape: &Shape) -> bool {
        holds(&self.addresses, &self.addresses, &self.symbols, shape)
    }

    fn cut(&self, demand: &Demand) -> Demand {
        demand.cut(&self.addresses, |symbol| self.symbols.get(&symbol))
    }
}

/// What the rules admit together, and what two or more of them admit.
struct Count {
    union: PacketSet,
    twice: PacketSet,
    symbols_twice: BTreeMap<Symbol, ServiceSet>,
}

impl Count {
    fn new(rules: &[Placed<'_>]) -> Self {
        let (union, twice) = union_and_twice(products(rules));
        Self { union, twice, symbols_twice: symbols_at_least(rules, 2) }
    }

    /// Whether there is nothing that one of the rules, this one, alone admits.
    ///
    /// A symbol's members may be covered by addresses of the rule itself: then those have to be in
    /// `twice`, or the rule is needed for them, so that `union` will do.
    fn is_shared(&self, shape: &Shape) -> bool {
        holds(&self.twice, &self.union, &self.symbols_twice, shape)
    }
}

/// Whether `for_addresses` holds the shape's addresses, and each of its symbols is named in
/// `symbols` or lies in `for_symbols`.
fn holds(
    for_addresses: &PacketSet,
    for_symbols: &PacketSet,
    symbols: &BTreeMap<Symbol, ServiceSet>,
    shape: &Shape,
) -> bool {
    for_addresses.holds_product(&shape.services, &shape.addresses)
        && shape.symbols.iter().all(|(symbol, members)| {
            let unnamed = match symbols.get(symbol) {
                Some(named) => &shape.services.subtract(named),
                None => &shape.services,
            };
            for_symbols.holds_product(unnamed, members)
        })
}

fn products<'a>(rules: &[Placed<'a>]) -> impl Iterator<Item = (&'a ServiceSet, &'a AddrSet)> {
    let shapes = rules.iter().map(|(_, shape)| *shape);
    shapes
        .filter(|shape| !shape.addresses.is_empty())
        .map(|shape| (&shape.services, &shape.addresses))
}

/// For each symbol the services for which at least `depth` of the rules name it.
fn symbols_at_least(rules: &[Placed<'_>], depth: i32) -> BTreeMap<Symbol, ServiceSet> {
    let mut named: BTreeMap<Symbol, Vec<&ServiceSet>> = BTreeMap::new();
    for (_, shape) in rules {
        for symbol in shape.symbols.keys() {
            named.entry(*symbol).or_default().push(&shape.services);
        }
    }
    let counts = named.into_iter();
    counts
        .map(|(symbol, services)| (symbol, services_at_least(services.into_iter(), depth)))
        .collect()
}
