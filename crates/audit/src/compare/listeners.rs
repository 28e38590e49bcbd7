//! Settings of listeners: their rules by priority, conditions and actions.

use farmgate_aws::model::{Action, Listener, ListenerRule};

use super::diff::{Diff, Entry, Item};
use super::names::Names;
use super::value::{Value, braced, told_set};

/// The security policy of a listener for which none is written: `SslPolicy` of `CreateListener`,
/// for the API, CloudFormation and Terraform alike.
const TLS_POLICY: &str = "ELBSecurityPolicy-2016-08";

/// How the importer ends a condition of which it does not know the values.
const NOT_KNOWN: &str = "(not known yet)";

impl Item for Listener {
    const KIND: &'static str = "listener";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            load_balancer,
            port,
            protocol,
            tls_policy,
            verifies_clients,
            rules,
            open,
        } = left;
        diff.val("load_balancer", load_balancer, &right.load_balancer);
        diff.val("port", port, &right.port);
        diff.val("protocol", protocol, &right.protocol);
        // A listener that speaks no TLS may carry the name of a policy all the same.
        let encrypts = |listener: &Self| {
            listener.protocol.get().is_none_or(|p| matches!(p.as_str(), "HTTPS" | "TLS"))
        };
        if encrypts(left) || encrypts(right) {
            let default = TLS_POLICY.to_owned();
            diff.val_or("tls_policy", tls_policy, &right.tls_policy, &default);
        }
        diff.plain("verifies_clients", verifies_clients, &right.verifies_clients);
        let ((own, rules), (other, others)) = (parted(rules), parted(&right.rules));
        diff.entries("rule", (rules, others), (open.as_ref(), right.open.as_ref()));
        match (own, other) {
            (Some(own), Some(other)) => {
                diff.within("default rule".to_owned(), |d| ListenerRule::compare(d, own, other));
            }
            (None, None) => {}
            (own, _) => {
                let words = |some: bool| if some { "present" } else { "missing" }.to_owned();
                diff.differs("default rule", words(own.is_some()), words(own.is_none()));
            }
        }
    }
}

/// The default action, which comes last, and the other rules.
fn parted(rules: &[ListenerRule]) -> (Option<&ListenerRule>, &[ListenerRule]) {
    match rules.split_last() {
        Some((last, rest)) if last.priority.is_none() => (Some(last), rest),
        _ => (None, rules),
    }
}

impl Entry for ListenerRule {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.priority.is_some() && left.priority == right.priority
    }

    fn alike(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort_unstable();
            list
        };
        sorted(&left.paths) == sorted(&right.paths)
            && sorted(&left.hosts) == sorted(&right.hosts)
            && sorted(&left.other_conditions) == sorted(&right.other_conditions)
            && left.sources == right.sources
    }

    fn words(&self) -> String {
        let priority = self.priority.map_or_else(|| "unnumbered".to_owned(), |p| p.to_string());
        match self.paths.as_slice() {
            [] => priority,
            paths => format!("{priority} {}", braced(paths.iter())),
        }
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, priority, paths, hosts, sources, other_conditions, actions } = left;
        diff.plain("priority", priority, &right.priority);
        conditions(diff, left, right);
        diff.unordered("sources", sources, &right.sources);
        let unclear =
            |rule: &Self| rule.other_conditions.iter().any(|text| text.ends_with(NOT_KNOWN));
        if !unclear(left) && !unclear(right) {
            diff.unordered("paths", paths, &right.paths);
            diff.unordered("hosts", hosts, &right.hosts);
            diff.unordered("conditions", other_conditions, &right.other_conditions);
        }
        self::actions(diff, actions, &right.actions);
    }
}

/// Conditions of which one side does not know the values: what both know is compared all the same.
fn conditions(diff: &mut Diff<'_>, left: &ListenerRule, right: &ListenerRule) {
    let unclear = |rule: &ListenerRule, kind: &str| {
        let is_kind = |text: &String| text.starts_with(kind) && text.ends_with(NOT_KNOWN);
        rule.other_conditions.iter().any(is_kind)
    };
    let none = |rule: &ListenerRule| !rule.other_conditions.iter().any(|t| t.ends_with(NOT_KNOWN));
    if none(left) && none(right) {
        return;
    }
    for (kind, own, other) in
        [("path-pattern", &left.paths, &right.paths), ("host-header", &left.hosts, &right.hosts)]
    {
        if !unclear(left, kind) && !unclear(right, kind) {
            diff.unordered(kind, own, other);
        }
    }
    let told = |rule: &ListenerRule| {
        format!(
            "paths {}, hosts {}, conditions {}",
            rule.paths.words(),
            rule.hosts.words(),
            rule.other_conditions.words()
        )
    };
    diff.open("conditions", told(left), told(right));
}

fn actions(diff: &mut Diff<'_>, left: &[Action], right: &[Action]) {
    let unclear = |list: &[Action]| list.iter().any(|action| matches!(action, Action::Other(_)));
    if unclear(left) || unclear(right) {
        diff.open("actions", listed(left), listed(right));
        return;
    }
    if left.len() != right.len() {
        diff.differs("actions", listed(left), listed(right));
        return;
    }
    for (own, other) in left.iter().zip(right) {
        match (own, other) {
            (Action::Forward(own), Action::Forward(other)) => diff.set("forwards to", own, other),
            _ if own == other => {}
            _ => diff.differs("action", action_words(own), action_words(other)),
        }
    }
}

fn listed(actions: &[Action]) -> String {
    match actions {
        [] => "none".to_owned(),
        some => some.iter().map(action_words).collect::<Vec<_>>().join(", then "),
    }
}

fn action_words(action: &Action) -> String {
    match action {
        Action::Forward(groups) => format!("forward to {}", told_set(groups)),
        Action::Redirect { https: true } => "redirect to https".to_owned(),
        Action::Redirect { https: false } => "redirect, not to https".to_owned(),
        Action::FixedResponse => "fixed response".to_owned(),
        Action::Authenticate { kind, allows_anonymous: true } => {
            format!("{kind}, and anybody else too")
        }
        Action::Authenticate { kind, allows_anonymous: false } => kind.clone(),
        Action::Other(note) => format!("not known ({note})"),
    }
}
