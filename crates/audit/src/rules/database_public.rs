//! `database-public`: databases that AWS gives an address on the internet.
//!
//! How bad that is depends on what the network lets through, which is proved; other things with public
//! addresses are `public-address`'s.

use farmgate_aws::model::{Database, Key, Val};

use super::public_address::Reach;
use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::Scope;
use crate::report::{Finding, Fix, Severity, Verdict};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "database-public",
        severity: Severity::Critical,
        title: "a database has an address on the internet",
        why: "Its name resolves to a public address, so one security group rule, meant for a day, puts \
              the login prompt before the whole internet. What clients in the network need is the \
              private address alone.",
        page: include_str!("../../../../docs/rules/database-public.md"),
    },
    run,
};

/// How many fixes are tried at most.
const TRIALS: usize = 8;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let databases = facts.model().databases.iter();
    let public = databases.filter(|(_, it)| it.public.get() == Some(&true));
    public.enumerate().map(|(at, (key, it))| finding(facts, key, it, at < TRIALS)).collect()
}

fn finding(facts: &Facts<'_>, key: &Key, found: &Database, try_it: bool) -> Finding {
    let reach = Reach::of(facts, key);
    let severity = match reach.statement.map(|statement| statement.verdict) {
        Some(Verdict::Refuted) => Severity::Critical,
        Some(Verdict::Proved) => Severity::Low,
        _ => Severity::Medium,
    };
    let change = "set `publicly_accessible = false`";
    let mut tried = Vec::new();
    if try_it {
        let clients = facts.statements.iter().filter(|s| {
            s.id.starts_with("reaches-what-it-names:") && s.on.iter().any(|on| on == key.as_str())
        });
        let clients = clients.flat_map(|s| &s.on).map(|on| Key::new(on));
        let scope = Scope::of(clients.chain([key.clone()]));
        let goals: Vec<&str> = reach.goal().into_iter().collect();
        tried.push(facts.attempt(change, &scope, &goals, |model| {
            if let Some(database) = model.databases.get_mut(key) {
                database.public = Val::Known(false);
            }
        }));
    }
    let text = format!("{change}; reach it from outside by a VPN or Session Manager");
    let title = format!("{key} is publicly accessible, and {}", reach.how);
    let mut finding = RULE.info.finding(severity, [key.clone()], title, Fix { text, tried });
    finding.assumes.extend(found.public.assumed().map(ToString::to_string));
    let shown = reach.statement.filter(|s| refuted(Some(s)) || s.verdict == Verdict::Proved);
    shown_by(finding, shown)
}
