//! `unprotected-from-deletion`: what one wrong plan would take away.

use farmgate_aws::model::{Key, Val};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "unprotected-from-deletion",
        severity: Severity::Low,
        title: "a database or an ingress can be deleted without being asked twice",
        why: "One apply of a wrong plan deletes it: of a database the data since the last backup, \
              of a load balancer the address that clients know. With deletion protection AWS \
              refuses until somebody turns it off on purpose.",
        page: include_str!("../../../../docs/rules/unprotected-from-deletion.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let databases = model.databases.iter().map(|(key, it)| (key, &it.deletion_protection, true));
    let balancers = model.load_balancers.iter().filter(|(_, it)| {
        // Behind an internal one nothing is known to clients by its address.
        it.internal.get() == Some(&false)
    });
    let balancers = balancers.map(|(key, it)| (key, &it.deletion_protection, false));
    let all = databases.chain(balancers);
    let unprotected = all.filter(|(_, protection, _)| protection.get() == Some(&false));
    unprotected.map(|(key, protection, database)| finding(key, protection, database)).collect()
}

fn finding(key: &Key, protection: &Val<bool>, database: bool) -> Finding {
    let severity = if database { Severity::Low } else { Severity::Info };
    let title = format!("{key} is not protected from deletion");
    let fix = if database {
        "set `deletion_protection` to true"
    } else {
        "set `enable_deletion_protection` to true"
    };
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes.extend(protection.assumed().map(ToString::to_string));
    finding
}
