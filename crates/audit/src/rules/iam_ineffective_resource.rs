//! `iam-ineffective-resource`: permissions that do nothing, since no resource limits the action.
//!
//! Source: Service Authorization Reference. Only actions are meant of which it is known.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::iam::{Effect, Outcome, Statement, Word, Words, is_star_only};
use farmgate_aws::model::{Key, Origin, Role};

use super::{Facts, Rule, RuleInfo};
use crate::prove::iam::{Asked, Here, may};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "iam-ineffective-resource",
        severity: Severity::Low,
        title: "a permission names a resource for an action that takes none, and does nothing",
        why: "IAM asks for such an action on `*`, which no ARN matches: the statement allows nothing, \
              and whoever reads it believes that it does. A task that needs the action does not start, \
              or is started by another policy, and then this one is noise.",
        page: include_str!("../../../../docs/rules/iam-ineffective-resource.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    facts.model().roles.values().flat_map(|role| findings(facts, role)).collect()
}

fn findings(facts: &Facts<'_>, role: &Role) -> Vec<Finding> {
    let mut found: BTreeMap<&Origin, BTreeSet<&str>> = BTreeMap::new();
    let mut assumes: BTreeSet<String> = BTreeSet::new();
    for policy in role.policies.iter().filter(|policy| !policy.of_aws) {
        let statements = policy.document.get().into_iter().flat_map(|policy| &policy.statements);
        for statement in statements {
            let actions = ineffective(statement);
            if !actions.is_empty() {
                found.entry(&policy.origin).or_default().extend(actions);
                assumes.extend(policy.document.assumed().map(ToString::to_string));
            }
        }
    }
    let finding = |(origin, actions): (&Origin, BTreeSet<&str>)| {
        let mut finding = finding(facts, role, &origin.key, &actions);
        finding.assumes.extend(assumes.iter().cloned());
        finding
    };
    found.into_iter().map(finding).collect()
}

/// The actions of a statement that it does not allow, since it names resources.
fn ineffective(statement: &Statement) -> Vec<&str> {
    let Statement { effect, actions, resources, .. } = statement;
    let named = resources.as_ref().is_some_and(names_resources);
    if *effect != Effect::Allow || actions.except || !named {
        return Vec::new();
    }
    actions.list.iter().filter_map(Word::text).filter(|action| is_star_only(action)).collect()
}

/// Whether all of it is known, and none is `*`.
fn names_resources(resources: &Words) -> bool {
    let star = |text: &str| text.chars().all(|letter| letter == '*');
    !resources.except
        && !resources.list.is_empty()
        && resources.list.iter().all(|word| word.text().is_some_and(|text| !star(text)))
}

fn finding(facts: &Facts<'_>, role: &Role, policy: &Key, actions: &BTreeSet<&str>) -> Finding {
    let here = Here::of(facts.model(), Some(role));
    // Whether nothing else allows them either.
    let lacks = actions.iter().any(|action| {
        let known = NEEDED.iter().find(|known| known.eq_ignore_ascii_case(action));
        let resource = || "*".to_owned();
        let asked = known
            .map(|action| Asked { action, resource: resource(), key: None, when: Vec::new() });
        asked.is_some_and(|asked| {
            may(facts.model(), role, &here, &asked).outcome == Outcome::NotAllowed
        })
    });
    let severity = if lacks { Severity::Low } else { Severity::Info };
    let named: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
    let verb = if actions.len() == 1 { "does" } else { "do" };
    let title = format!("{} on a resource {verb} nothing in {policy}", listed(named));
    let fix = if lacks {
        "allow the action on `*`, in a statement of its own; no resource limits it"
    } else {
        "remove the action from the statement, or move it to one of its own whose resource is `*`"
    };
    let origins = [policy.clone(), role.key.clone()];
    RULE.info.finding(severity, origins, title, fix)
}

/// Of which it is asked whether something else allows them: without these a task does not start, or
/// does not do its work.
const NEEDED: [&str; 8] = [
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];
