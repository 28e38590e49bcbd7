//! Settings of APIs and VPC links.

use farmgate_aws::model::{Api, ApiRoute, Integration, IntegrationTarget, VpcLink};

use super::diff::{Diff, Entry, Item};
use super::document::same_policy;
use super::names::Names;
use super::value::{Value, told};

impl Item for Api {
    const KIND: &'static str = "API";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, kind, name, private, policy, routes, stages, open } = left;
        diff.plain("kind", kind, &right.kind);
        diff.val("name", name, &right.name);
        diff.val("private", private, &right.private);
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => same_policy(a, b),
            (a, b) => a == b,
        };
        diff.val_by("policy", (policy, &right.policy), &same, &Value::words);
        diff.entries("route", (routes, &right.routes), (open.as_ref(), right.open.as_ref()));
        diff.unordered("stages", stages, &right.stages);
    }
}

impl Entry for ApiRoute {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        matches!((left.route.get(), right.route.get()), (Some(own), Some(other)) if own == other)
    }

    fn is_loose(&self) -> bool {
        self.route.get().is_none()
    }

    fn words(&self) -> String {
        told(&self.route, Clone::clone)
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, route: _, authorization, integration } = left;
        diff.val("authorization", authorization, &right.authorization);
        match (integration.get(), right.integration.get()) {
            (Some(Some(own)), Some(Some(other))) => {
                diff.within("integration".to_owned(), |d| integrations(d, own, other));
            }
            _ => {
                let same =
                    |a: &Option<Integration>, b: &Option<Integration>| a.is_some() == b.is_some();
                let words = |value: &Option<Integration>| match value {
                    Some(integration) => integration.kind.clone(),
                    None => "none".to_owned(),
                };
                diff.val_by("integration", (integration, &right.integration), &same, &words);
            }
        }
    }
}

fn integrations(diff: &mut Diff<'_>, left: &Integration, right: &Integration) {
    let Integration { origin: _, kind, target, port, timeout_ms, streams, tls } = left;
    diff.plain("kind", kind, &right.kind);
    targets(diff, target, &right.target);
    // Of an address that is not known, neither is the port.
    if is_known(target) && is_known(&right.target) {
        diff.plain("port", port, &right.port);
    }
    diff.plain("timeout_ms", timeout_ms, &right.timeout_ms);
    diff.plain("streams", streams, &right.streams);
    match (tls, right.tls) {
        // Not known.
        (None, Some(_)) | (Some(_), None) => diff.open("tls", tls.words(), right.tls.words()),
        _ => diff.plain("tls", tls, &right.tls),
    }
}

fn targets(diff: &mut Diff<'_>, left: &IntegrationTarget, right: &IntegrationTarget) {
    use IntegrationTarget as To;
    match (left, right) {
        (To::VpcLink { link, to }, To::VpcLink { link: other_link, to: other }) => {
            diff.val("link", link, other_link);
            diff.val("target", to, other);
        }
        (To::Internet(own), To::Internet(other)) => diff.val("target", own, other),
        (To::Lambda(own), To::Lambda(other)) => diff.val("target", own, other),
        (To::Aws(own), To::Aws(other)) => diff.plain("target", own, other),
        (To::Mock, To::Mock) => {}
        _ => diff.differs("target", target_words(left), target_words(right)),
    }
}

fn is_known(target: &IntegrationTarget) -> bool {
    match target {
        IntegrationTarget::VpcLink { link: _, to } => to.get().is_some(),
        IntegrationTarget::Internet(host) => host.get().is_some(),
        IntegrationTarget::Lambda(key) => key.get().is_some(),
        IntegrationTarget::Mock | IntegrationTarget::Aws(_) => true,
    }
}

fn target_words(target: &IntegrationTarget) -> String {
    match target {
        IntegrationTarget::VpcLink { link, to } => {
            format!("{} through {}", told(to, Value::words), told(link, Value::words))
        }
        IntegrationTarget::Internet(host) => told(host, Clone::clone),
        IntegrationTarget::Lambda(key) => told(key, Value::words),
        IntegrationTarget::Mock => "none, answered by API Gateway itself".to_owned(),
        IntegrationTarget::Aws(service) => service.clone(),
    }
}

impl Item for VpcLink {
    const KIND: &'static str = "VPC link";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, subnets, security_groups, targets, v1 } = left;
        diff.set("subnets", subnets, &right.subnets);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.set("targets", targets, &right.targets);
        diff.plain("v1", v1, &right.v1);
    }
}
