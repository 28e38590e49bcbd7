//! The rules of one direction of one group, compiled for questions about many packets.
//!
//! Addresses become one packet set; groups and prefix lists stay symbols, since who carries a group
//! and what is on a list may change without the rules. Which rule admits what is not kept: see
//! [`super::admitting`].

use std::collections::BTreeMap;

use super::Rule;
use crate::packet::{PacketSet, services_at_least};
use crate::service::ServiceSet;
use crate::topology::{GroupId, ListId};

/// What one direction of one group admits.
///
/// *Sure* leaves out rules that are `maybe` there, *possible* counts them in full; what a group with
/// open rules admits besides is the reader's to add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiled {
    /// Packets admitted for their peer's address.
    pub addresses_sure: PacketSet,
    /// Packets that may be admitted for their peer's address; holds all of `addresses_sure`.
    pub addresses_possible: PacketSet,
    /// Services admitted from interfaces that carry the group.
    pub groups_sure: BTreeMap<GroupId, ServiceSet>,
    /// Services that may be; holds all of `groups_sure`.
    pub groups_possible: BTreeMap<GroupId, ServiceSet>,
    /// Services admitted from addresses on the list.
    pub lists_sure: BTreeMap<ListId, ServiceSet>,
    /// Services that may be; holds all of `lists_sure`.
    pub lists_possible: BTreeMap<ListId, ServiceSet>,
}

impl Compiled {
    /// Compiles rules in time n log n in their number.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let sure: Vec<&Rule> = rules.iter().filter(|rule| rule.maybe.is_none()).collect();
        let addresses_sure = addresses(&sure);
        let groups_sure = by_symbol(&sure, |rule| &rule.peers.groups);
        let lists_sure = by_symbol(&sure, |rule| &rule.peers.lists);
        if sure.len() == rules.len() {
            return Self {
                addresses_possible: addresses_sure.clone(),
                groups_possible: groups_sure.clone(),
                lists_possible: lists_sure.clone(),
                addresses_sure,
                groups_sure,
                lists_sure,
            };
        }
        let all: Vec<&Rule> = rules.iter().collect();
        Self {
            addresses_sure,
            addresses_possible: addresses(&all),
            groups_sure,
            groups_possible: by_symbol(&all, |rule| &rule.peers.groups),
            lists_sure,
            lists_possible: by_symbol(&all, |rule| &rule.peers.lists),
        }
    }
}

fn addresses(rules: &[&Rule]) -> PacketSet {
    let with_addresses = rules.iter().filter(|rule| !rule.peers.addresses.is_empty());
    PacketSet::union_of(with_addresses.map(|rule| (&rule.services, &rule.peers.addresses)))
}

/// For each symbol that some rule names the services of all rules that name it.
fn by_symbol<'a, K: Ord + Copy + 'a>(
    rules: &[&'a Rule],
    symbols: impl Fn(&'a Rule) -> &'a Vec<K>,
) -> BTreeMap<K, ServiceSet> {
    let mut named: BTreeMap<K, Vec<&ServiceSet>> = BTreeMap::new();
    for rule in rules {
        for symbol in symbols(rule) {
            named.entry(*symbol).or_default().push(&rule.services);
        }
    }
    let unions = named.into_iter();
    unions.map(|(symbol, services)| (symbol, services_at_least(services.into_iter(), 1))).collect()
}
