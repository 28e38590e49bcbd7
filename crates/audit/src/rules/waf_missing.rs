//! `waf-missing`: fronts that most of the internet can call, before which there is no web ACL, or one
//! that blocks nothing.
//!
//! Whether a web ACL's rules fit what is behind it is not judged.

pub(super) mod fronts;

use farmgate_aws::model::{ApiKind, Key, Model, Val, WebAcl};

use self::fronts::{Acl, Front, Kind, acl, open};
use super::{Facts, Rule, RuleInfo, refuted};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "waf-missing",
        severity: Severity::Medium,
        title: "a front that the internet can call has no web ACL",
        why: "Known attacks, floods from one address and callers with a bad name all reach what \
              authenticates, and whatever that gets wrong. A web ACL with the managed groups and a \
              rate rule stops them before, and can be changed within a minute while an attack runs.",
        page: include_str!("../../../../docs/rules/waf-missing.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    open(facts).iter().filter_map(|front| finding(facts, front)).collect()
}

fn finding(facts: &Facts<'_>, front: &Front<'_>) -> Option<Finding> {
    let model = facts.model();
    let key = front.key;
    let (title, fix, note) = match (front.kind, acl(model, front)) {
        (Kind::Http(kind), _) => {
            if behind_protected(model, key) {
                return None;
            }
            let kind = if kind == ApiKind::WebSocket { "a WebSocket API" } else { "an HTTP API" };
            let title = format!("{key} is {kind}, before which there can be no web ACL");
            let fix = "put a REST API in its place, or a distribution with a web ACL before it and \
                       `disable_execute_api_endpoint = true`";
            (title, fix, None)
        }
        (_, Acl::Unknown) => return None,
        (_, Acl::Some(acls)) => {
            if !acls.iter().all(|acl| blocks_nothing(acl)) {
                return None;
            }
            let names = crate::prove::listed(acls.iter().map(|acl| acl.key.to_string()));
            let title = format!("{names} before {key} blocks nothing");
            (title, "give the web ACL rules that block: the managed groups, a rate", None)
        }
        (Kind::Distribution, Acl::None(_)) if origins_protected(model, key) => return None,
        (_, Acl::None(note)) => {
            let title = format!("most of the internet can call {key}, which has no web ACL");
            let fix = "associate a web ACL (`aws_wafv2_web_acl_association`) with the managed core \
                       group, known bad inputs, and a rate rule";
            (title, fix, note)
        }
    };
    // Where every caller is verified, less gets through.
    let open = refuted(facts.statement("authenticates", key));
    let severity = if open { Severity::Medium } else { Severity::Low };
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    let notes = front.assumes.iter().chain(&note);
    finding.assumes.extend(notes.map(ToString::to_string));
    Some(finding)
}

/// Whether a web ACL is known to block nothing at all.
fn blocks_nothing(acl: &WebAcl) -> bool {
    acl.open.is_none()
        && acl.blocks_by_default == Val::Known(false)
        && !acl.rules.iter().any(farmgate_aws::model::WebAclRule::may_block)
}

/// Whether a distribution with a web ACL leads there.
fn behind_protected(model: &Model, key: &Key) -> bool {
    model.distributions.iter().any(|(front, distribution)| {
        distribution.origins.mentioned().any(|origin| origin == key)
            && model.waf.contains_key(front)
    })
}

/// Whether all that a distribution leads to has a web ACL of its own, or may have.
fn origins_protected(model: &Model, key: &Key) -> bool {
    let Some(distribution) = model.distributions.get(key) else { return false };
    distribution.origins.sure.iter().all(|origin| {
        let stages = model.apis.get(origin).map(|api| api.stages.as_slice()).unwrap_or_default();
        model.waf.values().any(|it| match it.resource.get() {
            Some(of) => of == origin || stages.contains(of),
            None => true,
        })
    })
}
