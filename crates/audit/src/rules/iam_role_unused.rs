//! `iam-role-unused`: roles that a source makes and nothing in it uses.
//!
//! Only where the whole configuration is at hand, as in a plan: a role's use may be any attribute of
//! any resource. Who else may use it, no source says.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model, Role, Val};

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
    let unused: Vec<&Role> = roles
        .filter(|role| role.used == Val::Known(false) && !is_for_others(facts.model(), role))
        .collect();
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

/// Whether a role is for tasks or functions, and the sources hold none: then those of another source
/// use it, by its name.
fn is_for_others(model: &Model, role: &Role) -> bool {
    let Some(trust) = role.trust.document.get() else { return false };
    let services = trust.statements.iter().filter_map(|statement| statement.principals.as_ref());
    let services: BTreeSet<&str> = services
        .flat_map(|principals| &principals.list)
        .filter(|(kind, _)| kind == "Service")
        .filter_map(|(_, word)| word.text())
        .collect();
    let trusts = |service: &str| services.contains(service);
    let tasks = model.task_definitions.is_empty()
        && [
            "ecs-tasks.amazonaws.com",
            "ecs.amazonaws.com",
            "application-autoscaling.amazonaws.com",
        ]
        .into_iter()
        .any(trusts);
    tasks || (model.functions.is_empty() && trusts("lambda.amazonaws.com"))
}
