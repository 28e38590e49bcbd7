//! `rate-limit-missing`: fronts that most of the internet can call as often as it likes.
//!
//! What a server counts for itself is in its code, not in the model. Farmgate's gate always has limits.

use farmgate_aws::model::{
    Authorization, Key, Model, Note, Val, WebAcl, WebAclRule, WebAclRuleKind,
};

use super::waf_missing::fronts::{Acl, Front, Kind, acl, open};
use super::{Facts, Rule, RuleInfo};
use crate::prove::trust::{Verifier, forwards, is_health, listeners_of, verifier};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "rate-limit-missing",
        severity: Severity::Low,
        title: "nothing limits how often the internet may call",
        why: "One client can guess keys without end, keep every task busy, and make the service scale \
              to its most at your cost. A limit by address at the front costs nothing until somebody \
              runs into it.",
        page: include_str!("../../../../docs/rules/rate-limit-missing.md"),
    },
    run,
};

/// Whether something limits the rate.
enum Limit {
    /// Something does, or it can't be told.
    Perhaps,
    /// Nothing does; with what was assumed.
    No(Vec<Note>),
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let fronts = open(facts);
    fronts.iter().filter_map(|front| finding(facts, front, &fronts)).collect()
}

fn finding(facts: &Facts<'_>, front: &Front<'_>, all: &[Front<'_>]) -> Option<Finding> {
    let Limit::No(mut notes) = limit(facts, front) else { return None };
    let key = front.key;
    let (title, fix) = match front.kind {
        Kind::LoadBalancer => (
            format!("nothing limits how often a client may call {key}"),
            "add a `rate_based_statement` by IP to the web ACL before it",
        ),
        Kind::Rest | Kind::Http(_) => (
            format!("{key} has no limit of its own: it takes what the whole account may"),
            "set `throttling_rate_limit` and `throttling_burst_limit` for the stage, and of a REST API \
             a rate rule in its web ACL",
        ),
        Kind::Distribution => {
            notes.extend(behind(facts, key, all)?);
            (
                format!("nothing limits how often a client may call {key}"),
                "add a `rate_based_statement` by IP to the distribution's web ACL",
            )
        }
    };
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.extend(front.assumes.iter().chain(&notes).map(ToString::to_string));
    Some(finding)
}

fn limit(facts: &Facts<'_>, front: &Front<'_>) -> Limit {
    let model = facts.model();
    let note = match (front.kind, acl(model, front)) {
        (Kind::Http(_), _) => None,
        (_, Acl::Unknown) => return Limit::Perhaps,
        (_, Acl::Some(acls)) if acls.iter().any(|acl| may_limit(acl)) => return Limit::Perhaps,
        (_, Acl::Some(_)) => None,
        (_, Acl::None(note)) => note,
    };
    let limited = match front.kind {
        Kind::LoadBalancer => gates_alone(facts, front.key),
        Kind::Rest | Kind::Http(_) => throttled(model, front),
        Kind::Distribution => false,
    };
    if limited { Limit::Perhaps } else { Limit::No(note.into_iter().collect()) }
}

/// Whether a web ACL limits a rate, as far as is known. A group that somebody keeps may hold such a
/// rule, and what a rule that is not read does nobody knows.
fn may_limit(acl: &WebAcl) -> bool {
    let may = |rule: &WebAclRule| match &rule.kind {
        WebAclRuleKind::Rate { .. } => rule.may_block(),
        WebAclRuleKind::Managed { name, .. } => {
            // Of AWS's own groups only these two count requests.
            name.as_deref().is_none_or(|name| {
                !name.starts_with("AWSManagedRules")
                    || matches!(
                        name,
                        "AWSManagedRulesBotControlRuleSet" | "AWSManagedRulesAntiDDoSRuleSet"
                    )
            })
        }
        WebAclRuleKind::Group | WebAclRuleKind::Other(None) => true,
        WebAclRuleKind::Other(Some(_)) => false,
    };
    acl.open.is_some() || acl.blocks_by_default != Val::Known(false) || acl.rules.iter().any(may)
}

/// Whether everything behind a load balancer is a gate of farmgate's, or may be.
fn gates_alone(facts: &Facts<'_>, lb: &Key) -> bool {
    let mut leading = listeners_of(facts.proof, lb)
        .flat_map(|listener| listener.rules.iter().map(move |rule| (listener, rule)))
        .filter(|(_, rule)| {
            forwards(rule) && !(rule.paths.len() == 1 && rule.paths.iter().all(|p| is_health(p)))
        });
    leading.all(|(listener, rule)| match verifier(facts.proof, listener, rule) {
        Verifier::Gates(_) | Verifier::Unknown(_) => true,
        Verifier::Action(_) | Verifier::Nobody => false,
    })
}

/// Whether all stages have limits, or a usage plan may have one.
fn throttled(model: &Model, front: &Front<'_>) -> bool {
    let planned = model.apis.get(front.key).is_some_and(|api| {
        api.open.is_some()
            || api.routes.iter().any(|route| {
                matches!(route.authorization.get(), None | Some(Authorization::ApiKeyOnly))
            })
    });
    let stages = front.protected.iter().filter_map(|key| model.stages.get(*key));
    let mut rates = stages.map(|stage| &stage.rate);
    planned || rates.all(|rate| !matches!(rate.get(), Some(None)))
}

/// Behind a distribution: nothing, if any of its origins has a limit of its own, or may have.
fn behind(facts: &Facts<'_>, key: &Key, all: &[Front<'_>]) -> Option<Vec<Note>> {
    let distribution = facts.model().distributions.get(key)?;
    let mut notes = Vec::new();
    for origin in &distribution.origins.sure {
        // One that the internet can't call itself is behind this front alone.
        let front = all.iter().find(|front| front.key == origin);
        if facts.model().load_balancers.contains_key(origin) && gates_alone(facts, origin) {
            return None;
        }
        match front.map(|front| limit(facts, front)) {
            Some(Limit::Perhaps) => return None,
            Some(Limit::No(more)) => notes.extend(more),
            None if facts.model().load_balancers.contains_key(origin) => {}
            None => return None,
        }
    }
    Some(notes)
}
