//! Rules of a group against enumeration: every service, every peer address, every membership.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(missing_docs, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "oracle/table.rs"]
mod table;

use std::collections::BTreeSet;

use farmgate_net::addr::AddrSet;
use farmgate_net::packet::{Packet, PacketSet};
use farmgate_net::rule::{Compiled, Peers, Redundant, Rule, admitting, redundant, wider_than};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{GroupId, ListId};
use proptest::prelude::*;
use proptest::sample::subsequence;
use table::*;

const GROUPS: [GroupId; 2] = [GroupId(0), GroupId(1)];
const LISTS: [ListId; 2] = [ListId(0), ListId(1)];

/// A rule with the tables of its services and addresses.
#[derive(Debug, Clone)]
struct Tabled {
    rule: Rule,
    rows: Services,
    columns: Addrs,
}

fn any_rule() -> impl Strategy<Value = Tabled> {
    let peers = (
        prop_oneof![2 => any_addrs(), 1 => Just((AddrSet::empty(), 0))],
        prop_oneof![Just(vec![]), subsequence(GROUPS.to_vec(), 0..=2)],
        prop_oneof![2 => Just(vec![]), 1 => subsequence(LISTS.to_vec(), 0..=2)],
    );
    (any_services(), peers, prop::bool::weighted(0.2)).prop_map(
        |((services, rows), ((addresses, columns), groups, lists), maybe)| {
            let rule = Rule {
                name: String::new(),
                services,
                peers: Peers { addresses, groups, lists },
                maybe: maybe.then(|| "count".into()),
                assumed: None,
            };
            Tabled { rule, rows, columns }
        },
    )
}

/// Some rules, and some of them again.
fn any_rules() -> impl Strategy<Value = Vec<Tabled>> {
    let again = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    (prop::collection::vec(any_rule(), 0..7), again).prop_map(|(mut rules, again)| {
        if !rules.is_empty() {
            let again: Vec<Tabled> = again.iter().map(|index| index.get(&rules).clone()).collect();
            rules.extend(again);
        }
        rules
    })
}

/// A rule for one of two ports and some of five addresses, so that several cover each other.
fn crowded_rule() -> impl Strategy<Value = Tabled> {
    let groups = prop_oneof![3 => Just(vec![]), 1 => subsequence(GROUPS.to_vec(), 1)];
    (1..4u32, 1..32u32, groups).prop_map(|(ports, columns, groups)| {
        let rows = ports << 3;
        let rule = Rule {
            name: String::new(),
            services: from_services(rows),
            peers: Peers { addresses: from_addrs(columns), groups, lists: Vec::new() },
            maybe: None,
            assumed: None,
        };
        Tabled { rule, rows, columns }
    })
}

/// What is known of the groups' members and of the lists' content.
#[derive(Debug, Clone)]
struct Known {
    bounds: [Option<(AddrSet, Addrs)>; 2],
    lists: [Option<(AddrSet, Addrs)>; 2],
}

impl Known {
    fn redundant(&self, rules: &[Rule]) -> Vec<Redundant> {
        let set = |known: &Option<(AddrSet, Addrs)>| known.as_ref().map(|(set, _)| set.clone());
        redundant(rules, &|group| set(&self.bounds[group.index()]), &|list| {
            set(&self.lists[list.index()])
        })
    }
}

fn any_known() -> impl Strategy<Value = Known> {
    let one = || prop::option::weighted(0.7, any_addrs());
    (one(), one(), one(), one())
        .prop_map(|(one, two, three, four)| Known { bounds: [one, two], lists: [three, four] })
}

/// Peers are told apart by address and by what they belong to: bit 0 and 1 the groups, bit 2 and 3
/// the lists. One row of addresses for each service and each combination of these.
type Admitted = Vec<Addrs>;

fn admitted(rule: &Tabled, known: &Known) -> Admitted {
    let table = |known: &Option<(AddrSet, Addrs)>| known.as_ref().map(|(_, table)| *table);
    let rows = (0..SERVICES).flat_map(|service| (0..16u32).map(move |member| (service, member)));
    rows.map(|(service, member)| {
        if !bit(rule.rows, service) {
            return 0;
        }
        // Only these addresses can have that membership at all.
        let mut possible = ALL_ADDRS;
        let mut admits = rule.columns;
        for (at, bound) in known.bounds.iter().enumerate() {
            if bit(member, at) {
                possible &= table(bound).unwrap_or(ALL_ADDRS);
                if rule.rule.peers.groups.contains(&GROUPS[at]) {
                    admits = ALL_ADDRS;
                }
            }
        }
        for (at, content) in known.lists.iter().enumerate() {
            let on_list = bit(member, 2 + at);
            match table(content) {
                Some(content) if on_list => possible &= content,
                Some(content) => possible &= !content,
                None => {}
            }
            if on_list && rule.rule.peers.lists.contains(&LISTS[at]) {
                admits = ALL_ADDRS;
            }
        }
        admits & possible
    })
    .collect()
}

fn covered(admitted: &[Admitted], rule: usize, by: impl IntoIterator<Item = usize>) -> bool {
    let nothing = vec![0; admitted[rule].len()];
    let union =
        by.into_iter().fold(nothing, |all, by| zip(&all, &admitted[by], |one, other| one | other));
    inside(&admitted[rule], &union)
}

/// Holds what [`redundant`] says against what each rule admits.
fn check_redundant(rules: &[Tabled], known: &Known) -> Result<(), TestCaseError> {
    let plain: Vec<Rule> = rules.iter().map(|rule| rule.rule.clone()).collect();
    let admitted: Vec<Admitted> = rules.iter().map(|rule| admitted(rule, known)).collect();
    let found = known.redundant(&plain);
    let removed: Vec<usize> = found.iter().map(|redundant| redundant.rule).collect();
    prop_assert!(removed.is_sorted_by(|one, other| one < other));
    prop_assert!(removed.iter().all(|rule| plain[*rule].maybe.is_none()));
    let sure: Vec<usize> = (0..plain.len()).filter(|rule| plain[*rule].maybe.is_none()).collect();
    let kept: Vec<usize> = sure.iter().copied().filter(|rule| !removed.contains(rule)).collect();
    for redundant in &found {
        let by = &redundant.covered_by;
        prop_assert!(by.iter().all(|by| kept.contains(by)));
        prop_assert!(covered(&admitted, redundant.rule, by.iter().copied()));
        for needed in by {
            let rest = by.iter().copied().filter(|by| by != needed);
            prop_assert!(!covered(&admitted, redundant.rule, rest), "{} not needed", needed);
        }
    }
    for rule in &kept {
        let others = kept.iter().copied().filter(|other| other != rule);
        prop_assert!(!covered(&admitted, *rule, others), "{} could go too", rule);
        let wider = sure.iter().find(|wider| {
            covered(&admitted, *rule, [**wider]) && !covered(&admitted, **wider, [*rule])
        });
        prop_assert_eq!(wider, None, "{} stays although it is narrower", rule);
    }
    for (first, rule) in plain.iter().enumerate() {
        for again in (first + 1..plain.len()).filter(|again| plain[*again] == *rule) {
            prop_assert!(!kept.contains(&again), "{} is the same as {}", again, first);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn redundant_rules_are_those_that_the_kept_ones_cover(
        rules in any_rules(),
        known in any_known(),
    ) {
        check_redundant(&rules, &known)?;
    }

    #[test]
    fn redundant_rules_are_found_in_a_crowd_too(
        rules in prop::collection::vec(crowded_rule(), 0..9),
        known in any_known(),
    ) {
        check_redundant(&rules, &known)?;
    }

    #[test]
    fn compiled_rules_admit_what_the_rules_admit(rules in any_rules()) {
        let plain: Vec<Rule> = rules.iter().map(|rule| rule.rule.clone()).collect();
        let compiled = Compiled::new(&plain);
        let table = |counts: &dyn Fn(&Tabled) -> bool| {
            rules.iter().filter(|rule| counts(rule)).fold(product(0, 0), |all, rule| {
                zip(&all, &product(rule.rows, rule.columns), |one, other| one | other)
            })
        };
        let sure = |rule: &Tabled| rule.rule.maybe.is_none();
        prop_assert_eq!(&compiled.addresses_sure, &from_packets(&table(&sure)));
        prop_assert_eq!(&compiled.addresses_possible, &from_packets(&table(&|_| true)));
        let services = |counts: &dyn Fn(&Tabled) -> bool| {
            let rows = rules.iter().filter(|rule| counts(rule)).map(|rule| rule.rows);
            rows.fold(None, |all: Option<u32>, row| Some(all.unwrap_or(0) | row)).map(from_services)
        };
        for group in GROUPS {
            let names = |rule: &Tabled| rule.rule.peers.groups.contains(&group);
            let sure = services(&|rule| names(rule) && sure(rule));
            prop_assert_eq!(compiled.groups_sure.get(&group), sure.as_ref());
            let possible = services(&names);
            prop_assert_eq!(compiled.groups_possible.get(&group), possible.as_ref());
        }
        for list in LISTS {
            let names = |rule: &Tabled| rule.rule.peers.lists.contains(&list);
            let sure = services(&|rule| names(rule) && sure(rule));
            prop_assert_eq!(compiled.lists_sure.get(&list), sure.as_ref());
            let possible = services(&names);
            prop_assert_eq!(compiled.lists_possible.get(&list), possible.as_ref());
        }
    }

    #[test]
    fn the_rules_to_blame_are_those_that_admit(
        rules in any_rules(),
        addr in 0..ADDRS,
        service in 0..SERVICES,
        groups in subsequence(GROUPS.to_vec(), 0..=2),
        lists in subsequence(LISTS.to_vec(), 0..=2),
    ) {
        let plain: Vec<Rule> = rules.iter().map(|rule| rule.rule.clone()).collect();
        let packet = Packet { peer: addr_cell(addr).1, service: service_ends(service)[1] };
        let groups: BTreeSet<GroupId> = groups.into_iter().collect();
        let found: Vec<usize> = admitting(&plain, &packet, &groups, &lists)
            .into_iter()
            .map(|(position, _)| position)
            .collect();
        let expected: Vec<usize> = (0..rules.len())
            .filter(|position| {
                let Tabled { rule, rows, columns } = &rules[*position];
                bit(*rows, service)
                    && (bit(*columns, addr)
                        || rule.peers.groups.iter().any(|group| groups.contains(group))
                        || rule.peers.lists.iter().any(|list| lists.contains(list)))
            })
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn too_wide_is_what_is_not_needed(rules in any_rules(), (needed, table) in any_packets()) {
        let plain: Vec<Rule> = rules.iter().map(|rule| rule.rule.clone()).collect();
        let expected: Vec<(usize, PacketSet)> = rules
            .iter()
            .map(|rule| zip(&product(rule.rows, rule.columns), &table, |one, other| one & !other))
            .map(|table| from_packets(&table))
            .enumerate()
            .filter(|(_, beyond)| !beyond.is_empty())
            .collect();
        prop_assert_eq!(wider_than(&plain, &needed), expected);
    }
}

fn rule(services: ServiceSet, peers: Peers) -> Rule {
    Rule { name: String::new(), services, peers, maybe: None, assumed: None }
}

fn from(prefixes: &str) -> Peers {
    let prefixes = prefixes.split_whitespace();
    Peers::addresses(prefixes.map(|prefix| prefix.parse::<ipnet::IpNet>().unwrap()).collect())
}

/// Which rules are covered by which, the members of all groups being in 10.0.0.0/16.
fn covers(rules: &[Rule]) -> Vec<(usize, Vec<usize>)> {
    let vpc = AddrSet::prefix("10.0.0.0/16".parse().unwrap());
    let found = redundant(rules, &|_| Some(vpc.clone()), &|_| None);
    found.into_iter().map(|found| (found.rule, found.covered_by)).collect()
}

#[test]
fn of_equal_rules_the_first_stays() {
    let https = || rule(ServiceSet::tcp(443), from("10.0.0.0/8"));
    assert_eq!(covers(&[https(), https(), https()]), [(1, vec![0]), (2, vec![0])]);
}

#[test]
fn the_wider_rule_stays_even_if_the_narrower_ones_make_it_up() {
    let https = |prefix| rule(ServiceSet::tcp(443), from(prefix));
    let rules = [https("0.0.0.0/1"), https("128.0.0.0/1"), https("0.0.0.0/0")];
    assert_eq!(covers(&rules), [(0, vec![2]), (1, vec![2])]);
}

#[test]
fn several_rules_cover_one_together() {
    let rules = [
        rule(ServiceSet::ports(6, 0, 500), from("10.0.0.0/8")),
        rule(ServiceSet::ports(6, 400, 600), from("10.0.0.0/9 10.200.0.0/16")),
        rule(ServiceSet::ports(6, 501, 65535), from("10.0.0.0/8")),
        rule(ServiceSet::udp(53), from("10.0.0.0/8")),
    ];
    assert_eq!(covers(&rules), [(1, vec![0, 2])]);
}

#[test]
fn of_rules_that_cover_each_other_in_a_ring_enough_stay() {
    let https = |prefixes: &str| rule(ServiceSet::tcp(443), from(prefixes));
    let (a, b, c, d) = ("10.0.0.0/32", "10.0.0.2/32", "10.0.0.4/32", "10.0.0.6/32");
    let ring = [(a, b), (b, c), (c, a)].map(|(one, two)| https(&format!("{one} {two}")));
    assert_eq!(covers(&ring), [(2, vec![0, 1])]);
    let ring = [(a, b), (b, c), (c, d), (d, a)].map(|(one, two)| https(&format!("{one} {two}")));
    assert_eq!(covers(&ring), [(1, vec![0, 2]), (3, vec![0, 2])]);
}

#[test]
fn a_rule_for_the_network_covers_one_for_its_groups_but_not_the_other_way_round() {
    let group = || rule(ServiceSet::tcp(5432), Peers::group(GroupId(7)));
    let network = || rule(ServiceSet::tcp(5432), from("10.0.0.0/16"));
    assert_eq!(covers(&[group(), network()]), [(0, vec![1])]);
    let half = rule(ServiceSet::tcp(5432), from("10.0.0.0/17"));
    assert_eq!(covers(&[group(), half]), []);
    let unknown = redundant(&[group(), network()], &|_| None, &|_| None);
    assert_eq!(unknown, []);
}

#[test]
fn a_rule_that_may_not_be_there_neither_covers_nor_is_reported() {
    let https = |prefix| rule(ServiceSet::tcp(443), from(prefix));
    let maybe = |prefix| Rule { maybe: Some("the value of `count`".into()), ..https(prefix) };
    assert_eq!(covers(&[https("10.0.0.0/16"), maybe("10.0.0.0/8")]), []);
    assert_eq!(covers(&[https("10.0.0.0/8"), maybe("10.0.0.0/16")]), []);
}

#[test]
fn a_rule_that_admits_nothing_needs_no_other_to_be_redundant() {
    let nobody = rule(ServiceSet::tcp(443), Peers::default());
    let somebody = rule(ServiceSet::tcp(443), from("10.0.0.0/8"));
    assert_eq!(covers(&[nobody, somebody]), [(0, vec![])]);
}

#[test]
fn lists_cover_and_are_covered_if_their_content_is_known() {
    let listed = rule(ServiceSet::tcp(443), Peers::list(ListId(0)));
    let spelled = rule(ServiceSet::tcp(443), from("192.0.2.0/25"));
    let rules = [spelled, listed];
    let content: AddrSet = AddrSet::prefix("192.0.2.0/24".parse().unwrap());
    let found = redundant(&rules, &|_| None, &|_| Some(content.clone()));
    assert_eq!(found, [Redundant { rule: 0, covered_by: vec![1] }]);
    assert_eq!(redundant(&rules, &|_| None, &|_| None), []);
}
