//! `reference-never-matches`: a rule for a group lets a service through to a load balancer that the
//! service calls by its public name.
//!
//! Only of calls that are refuted: where they get through by another rule, that one is told by others.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, Model, Origin, SetVal, Val};

use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Statement};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "reference-never-matches",
        severity: Severity::High,
        title: "a rule for a security group stands where calls come from public addresses",
        why: "A rule that names a group matches the private addresses of its members. The name of an \
              internet-facing load balancer leads to public addresses, from inside the VPC too, so \
              the calls neither leave nor arrive by such a rule, and time out.",
        page: include_str!("../../../../docs/rules/reference-never-matches.md"),
    },
    run,
};

/// How many changes are tried at most.
const TRIALS: usize = 4;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut budget = TRIALS;
    let told = facts.statements.iter().filter(|s| s.id.starts_with("reaches-what-it-names:"));
    let failed = told.filter(|s| refuted(Some(s)));
    failed.filter_map(|statement| finding(facts, statement, &mut budget)).collect()
}

fn finding(facts: &Facts<'_>, statement: &Statement, budget: &mut usize) -> Option<Finding> {
    let model = facts.model();
    let [service, balancer] = statement.on.as_slice() else { return None };
    let service = model.services.get(service.as_str())?;
    let balancer = model.load_balancers.get(balancer.as_str())?;
    let groups = balancer.security_groups.as_ref()?;
    if balancer.internal.get() != Some(&false) {
        return None;
    }
    let mut rules = naming(model, groups, Direction::Ingress, &service.security_groups);
    rules.extend(naming(model, &service.security_groups, Direction::Egress, groups));
    if rules.is_empty() {
        return None;
    }
    let title = format!(
        "{} calls {} by its public name, and {} {} private addresses only",
        service.key,
        balancer.key,
        listed(&rules),
        if rules.len() == 1 { "matches" } else { "match" },
    );
    let mut tried = Vec::new();
    if *budget > 0 {
        *budget -= 1;
        let scope = Scope::of([service.key.clone(), balancer.key.clone()]);
        tried.push(facts.attempt("make it internal", &scope, &[&statement.id], |model| {
            if let Some(balancer) = model.load_balancers.get_mut(&balancer.key) {
                balancer.internal = Val::Known(true);
            }
        }));
    }
    let text = format!(
        "let {} call an internal load balancer (make {} internal, or give it a second, internal one): \
         there the rules match; or admit the public addresses by which the tasks go out",
        service.key, balancer.key
    );
    let origins = rules.iter().map(|origin| origin.key.clone()).collect::<BTreeSet<Key>>();
    let origins = origins.into_iter().chain([service.key.clone(), balancer.key.clone()]);
    let found = RULE.info.finding(Severity::High, origins, title, Fix { text, tried });
    Some(shown_by(found, [statement]))
}

/// The rules of these groups that name one of those.
fn naming(
    model: &Model,
    of: &SetVal<Key>,
    direction: Direction,
    named: &SetVal<Key>,
) -> BTreeSet<Origin> {
    let groups = of.sure.iter().filter_map(|key| model.security_groups.get(key));
    let rules = groups.flat_map(|group| &group.rules(direction).rules);
    let fits = rules.filter(|rule| !rule.peers.groups.sure.is_disjoint(&named.sure));
    fits.map(|rule| rule.origin.clone()).collect()
}
