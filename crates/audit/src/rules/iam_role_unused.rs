//! `iam-role-unused`: roles that a source makes and nothing in it uses.
//!
//! Only where the whole configuration is at hand, as in a plan: a role's use may be any attribute of
//! any resource. Who else may use it, no source says.

use farmgate_aws::model::{Key, Role, Val};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "iam-role-unused",
        severity: Severity::Info,
        title: "nothing uses a role",
        why: "A role that nothing runs with still may do what its policies say, for whoever its trust \
              policy lets take it on. It is what somebody attaches in a hurry one day, and what a \
              reader takes for the role that is really used.",
        page: include_str!("../../../../docs/rules/iam-role-unused.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let roles = facts.model().roles.values();
    let unused: Vec<&Role> = roles.filter(|role| role.used == Val::Known(false)).collect();
    if unused.is_empty() {
        return Vec::new();
    }
    let keys: Vec<&Key> = unused.iter().map(|role| &role.key).collect();
    let title = format!("nothing uses {}", listed(&keys));
    let fix = "remove it with its policies, or name it where it was meant to be";
    let policies = unused.iter().flat_map(|role| &role.policies);
    let own = policies.filter(|policy| !policy.of_aws).map(|policy| policy.origin.key.clone());
    let origins = keys.into_iter().cloned().chain(own);
    vec![RULE.info.finding(Severity::Info, origins, title, fix)]
}
