//! `rule-shadowed`: entries of a network ACL that can never match.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, NetworkAcl, NetworkAclEntry};
use farmgate_net::acl::Acl;

use super::rule_redundant::is_exact;
use super::{Facts, Rule, RuleInfo};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "rule-shadowed",
        severity: Severity::Low,
        title: "an entry of a network ACL can never match",
        why: "The first entry that matches decides, and here earlier ones match all that it would. \
              What it says looks like protection, or like a way that is open, and is neither.",
        page: include_str!("../../../../docs/rules/rule-shadowed.md"),
    },
    run,
};

/// How many lists at most get a trial: each proves a copy of the whole model.
const MOST_TRIALS: usize = 4;
/// How many entries a title names.
const MOST_NAMED: usize = 3;

/// An entry that never decides.
struct Hidden<'m> {
    entry: &'m NetworkAclEntry,
    /// The entries that decide instead, in their order.
    by: Vec<&'m NetworkAclEntry>,
}

impl Hidden<'_> {
    /// Whether it would change anything if it came first.
    fn contradicts(&self) -> bool {
        self.by
            .iter()
            .any(|earlier| earlier.allow != self.entry.allow)
    }

    fn words(&self) -> String {
        let entry = self.entry;
        let verb = if entry.allow { "allow" } else { "deny" };
        let (way, peer) = match entry.direction {
            Direction::Ingress => ("ingress", "from"),
            Direction::Egress => ("egress", "to"),
        };
        format!(
            "{way} {} ({verb} {} {peer} {}) behind {}",
            entry.number,
            entry.services,
            entry.addresses,
            listed(self.by.iter().map(|earlier| earlier.number))
        )
    }
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for (key, acl) in &facts.model().network_acls {
        let lowered = facts.proof.lowered;
        let net = lowered
            .acls
            .get(key)
            .and_then(|id| lowered.net.acls.get(id.index()));
        let Some(net) = net else { continue };
        let hidden: Vec<Hidden<'_>> = [Direction::Ingress, Direction::Egress]
            .into_iter()
            .flat_map(|direction| hidden(acl, net, direction))
            .collect();
        if !hidden.is_empty() {
            all.push(finding(facts, key, &hidden, all.len() < MOST_TRIALS));
        }
    }
    all
}

/// The entries of one direction that never decide. Entries for one type of ICMP count as entries
/// for ICMP as a whole, so that these can be hidden and cannot hide.
fn hidden<'m>(acl: &'m NetworkAcl, net: &Acl, direction: Direction) -> Vec<Hidden<'m>> {
    let entries: Vec<(&NetworkAclEntry, &farmgate_net::acl::Entry)> = acl
        .entries
        .iter()
        .filter(|entry| entry.direction == direction)
        .zip(net.entries(direction))
        .collect();
    let (exact, inexact): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(entry, _)| is_exact(&entry.services));
    let mut all = never_deciding(&exact, direction);
    for one in inexact {
        let mut with: Vec<_> = exact.clone();
        with.push(one);
        let found = never_deciding(&with, direction);
        all.extend(
            found
                .into_iter()
                .filter(|hidden| std::ptr::eq(hidden.entry, one.0)),
        );
    }
    all.sort_by_key(|hidden| hidden.entry.number);
    all
}

fn never_deciding<'m>(
    entries: &[(&'m NetworkAclEntry, &farmgate_net::acl::Entry)],
    direction: Direction,
) -> Vec<Hidden<'m>> {
    let list: Vec<_> = entries
        .iter()
        .map(|(_, lowered)| (*lowered).clone())
        .collect();
    let acl = match direction {
        Direction::Ingress => Acl {
            ingress: list,
            ..Acl::default()
        },
        Direction::Egress => Acl {
            egress: list,
            ..Acl::default()
        },
    };
    let at = |position: &usize| entries.get(*position).map(|(entry, _)| *entry);
    let shadowed = acl.shadowed(direction).into_iter();
    shadowed
        .filter_map(|found| {
            let mut by: Vec<_> = found.by.iter().filter_map(at).collect();
            by.sort_by_key(|entry| entry.number);
            // An entry that matches nothing by itself is hidden by nobody.
            (!by.is_empty()).then_some(Hidden {
                entry: at(&found.entry)?,
                by,
            })
        })
        .collect()
}

fn finding(facts: &Facts<'_>, acl: &Key, hidden: &[Hidden<'_>], try_it: bool) -> Finding {
    let named: Vec<String> = hidden.iter().take(MOST_NAMED).map(Hidden::words).collect();
    let more = match hidden.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = match hidden.len() {
        1 => format!("an entry of {acl} never matches: {}", listed(named)),
        many => format!(
            "{many} entries of {acl} never match: {}{more}",
            named.join("; ")
        ),
    };
    let origins = hidden
        .iter()
        .map(|hidden| hidden.entry.origin.key.clone())
        .chain([acl.clone()]);
    let mut finding = RULE.info.finding(
        Severity::Low,
        origins,
        title,
        fix(facts, acl, hidden, try_it),
    );
    let note = facts
        .model()
        .network_acls
        .get(acl)
        .and_then(|acl| acl.assumed.as_ref());
    finding.assumes.extend(note.map(ToString::to_string));
    finding
}

fn fix(facts: &Facts<'_>, acl: &Key, hidden: &[Hidden<'_>], try_it: bool) -> Fix {
    let (meant, plain): (Vec<&Hidden<'_>>, Vec<_>) = hidden.iter().partition(|h| h.contradicts());
    let remove =
        |all: &[&Hidden<'_>]| format!("remove {} from {acl}, which changes nothing", entries(all));
    let before = meant
        .iter()
        .flat_map(|hidden| &hidden.by)
        .map(|entry| entry.number)
        .min();
    let Some(before) = before else {
        return remove(&plain).into();
    };
    let it = if meant.len() == 1 {
        ("it is", "it")
    } else {
        ("they are", "them")
    };
    let change = format!("give {} of {acl} a number below {before}", entries(&meant));
    let mut text = format!(
        "{change} if {} meant to decide, or remove {}, which changes nothing",
        it.0, it.1
    );
    let mut tried = Vec::new();
    if try_it {
        let trial = reordered(facts, acl, &meant, before, &change);
        if !trial.works {
            text = format!(
                "{}; a number below {before} would cut something off",
                remove(&meant)
            );
        }
        tried.push(trial);
    }
    if !plain.is_empty() {
        text = format!("{text}; {}", remove(&plain));
    }
    Fix { text, tried }
}

/// `entry 200`, `entries 200 and 300`.
fn entries(hidden: &[&Hidden<'_>]) -> String {
    let numbers: BTreeSet<u32> = hidden.iter().map(|hidden| hidden.entry.number).collect();
    format!(
        "entr{} {}",
        if numbers.len() == 1 { "y" } else { "ies" },
        listed(numbers)
    )
}

/// Tries to let the hidden entries decide.
fn reordered(
    facts: &Facts<'_>,
    acl: &Key,
    hidden: &[&Hidden<'_>],
    before: u32,
    change: &str,
) -> Trial {
    let moved: Vec<(Direction, u32)> = hidden
        .iter()
        .map(|h| (h.entry.direction, h.entry.number))
        .collect();
    facts.attempt(change, &Scope::of(behind(facts, acl)), &[], |model| {
        let Some(list) = model.network_acls.get_mut(acl) else {
            return;
        };
        for entry in &mut list.entries {
            if moved.contains(&(entry.direction, entry.number)) {
                entry.number = before.saturating_sub(1);
            }
        }
    })
}

/// What owns the interfaces in the list's subnets.
fn behind(facts: &Facts<'_>, acl: &Key) -> BTreeSet<Key> {
    let lowered = facts.proof.lowered;
    let net = &lowered.net;
    let Some(id) = lowered.acls.get(acl) else {
        return BTreeSet::new();
    };
    let owners = net
        .interfaces
        .iter()
        .zip(&lowered.owners)
        .filter(|(interface, _)| {
            let subnet = net.subnets.get(interface.subnet.index());
            subnet.is_some_and(|subnet| match &subnet.acl {
                farmgate_net::uncertain::Uncertain::Known(list)
                | farmgate_net::uncertain::Uncertain::Assumed(list, _) => *list == Some(*id),
                _ => true,
            })
        });
    owners.map(|(_, owner)| owner.clone()).collect()
}
