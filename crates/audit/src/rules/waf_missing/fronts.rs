//! The fronts that most of the internet can call: load balancers, APIs and distributions; and the web
//! ACLs before them, as far as the sources show.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Api, ApiKind, IntegrationTarget, Key, LoadBalancerKind, Model, Note, SourceKind, WebAcl,
};

pub(in crate::rules) use crate::prove::only_described;
use crate::prove::trust::{forwards, is_health, listeners_of};
use crate::rules::Facts;
use crate::rules::listener_open_to_world::{admitted, is_most_of_the_internet};

/// What kind of front it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Kind {
    LoadBalancer,
    Rest,
    /// HTTP and WebSocket APIs, before which there can be no web ACL.
    Http(ApiKind),
    Distribution,
}

/// A front that most of the internet can call, and that leads on.
#[derive(Debug)]
pub(in crate::rules) struct Front<'m> {
    pub(in crate::rules) key: &'m Key,
    pub(in crate::rules) kind: Kind,
    /// What a web ACL would be associated with: itself, or its stages.
    pub(in crate::rules) protected: BTreeSet<&'m Key>,
    pub(in crate::rules) assumes: BTreeSet<Note>,
}

/// What is known of the web ACL before a front.
#[derive(Debug)]
pub(in crate::rules) enum Acl<'m> {
    /// None; with a note if that is taken from the sources' silence.
    None(Option<Note>),
    /// These, as far as they are modelled.
    Some(Vec<&'m WebAcl>),
    /// It can't be told.
    Unknown,
}

/// All such fronts.
pub(in crate::rules) fn open<'m>(facts: &Facts<'m>) -> Vec<Front<'m>> {
    let model = facts.model();
    let mut all = load_balancers(facts);
    all.extend(model.apis.iter().filter_map(|(key, api)| front_of_api(model, key, api)));
    for (key, distribution) in &model.distributions {
        let leads = distribution.origins.sure.iter().any(|origin| {
            model.load_balancers.contains_key(origin) || model.apis.contains_key(origin)
        });
        if leads {
            let assumes = distribution.origins.assumed.iter().cloned().collect();
            let protected = BTreeSet::from([key]);
            all.push(Front { key, kind: Kind::Distribution, protected, assumes });
        }
    }
    all
}

fn load_balancers<'m>(facts: &Facts<'m>) -> Vec<Front<'m>> {
    let mut all = Vec::new();
    for (key, lb) in &facts.model().load_balancers {
        // Before a network load balancer there can be no web ACL, and it sees no requests.
        if lb.kind != LoadBalancerKind::Application || lb.internal.get() != Some(&false) {
            continue;
        }
        let mut assumes: BTreeSet<Note> = lb.internal.assumed().cloned().into_iter().collect();
        let mut open = false;
        for listener in listeners_of(facts.proof, key).filter(|l| l.rules.iter().any(forwards)) {
            let (peers, notes) = admitted(facts, key, listener);
            if is_most_of_the_internet(&peers) {
                open = true;
                assumes.extend(notes);
                assumes.extend(listener.load_balancer.assumed().cloned());
            }
        }
        if open {
            let protected = BTreeSet::from([key]);
            all.push(Front { key, kind: Kind::LoadBalancer, protected, assumes });
        }
    }
    all
}

/// An API with a policy of its own may admit a few addresses only, and is not told of.
fn front_of_api<'m>(model: &'m Model, key: &'m Key, api: &'m Api) -> Option<Front<'m>> {
    if api.private.get() != Some(&false) || !matches!(api.policy.get(), Some(None)) {
        return None;
    }
    let leads = api.routes.iter().any(|route| {
        let health = route.route.get().is_some_and(|name| is_health(name));
        let to = route.integration.get().and_then(Option::as_ref);
        !health && to.is_some_and(|to| !matches!(to.target, IntegrationTarget::Mock))
    });
    let stages: BTreeSet<&Key> =
        api.stages.iter().filter(|it| model.stages.contains_key(*it)).collect();
    // Without a stage it is not deployed.
    if !leads || stages.is_empty() {
        return None;
    }
    let kind = if api.kind == ApiKind::Rest { Kind::Rest } else { Kind::Http(api.kind) };
    Some(Front { key, kind, protected: stages, assumes: BTreeSet::new() })
}

/// The web ACL before any of these.
pub(in crate::rules) fn acl<'m>(model: &'m Model, front: &Front<'_>) -> Acl<'m> {
    let mut found = Vec::new();
    for association in model.waf.values() {
        match association.resource.get() {
            Some(of) if front.protected.contains(of) => {
                let acl = association.web_acl.get().and_then(|key| model.web_acls.get(key));
                match acl {
                    Some(acl) => found.push(acl),
                    None => return Acl::Unknown,
                }
            }
            Some(of) if is_modelled(model, of) => {}
            // It may be this front, by a name that no source explains.
            _ => return Acl::Unknown,
        }
    }
    if !found.is_empty() {
        return Acl::Some(found);
    }
    if only_farms(model, front.key) || front.kind == Kind::Distribution {
        return Acl::None(None);
    }
    // What `aws` prints names the web ACL of every such thing, or says why it doesn't.
    if only_described(model, front.key) {
        let asked = model.detection.lists("aws_wafregional_web_acl_association");
        let unasked = front.kind == Kind::LoadBalancer && !asked;
        let note = "AWS WAF Classic, which AWS ended on 2025-09-30, protects nothing here";
        return Acl::None(unasked.then(|| note.into()));
    }
    let note = format!("{} has no web ACL, since no source shows one", front.key);
    Acl::None(Some(note.into()))
}

fn is_modelled(model: &Model, key: &Key) -> bool {
    model.load_balancers.contains_key(key)
        || model.stages.contains_key(key)
        || model.distributions.contains_key(key)
        || key.resource_type() == Some("aws_cognito_user_pool")
}

/// Whether it is a farm's, all of which is in its file.
fn only_farms(model: &Model, key: &Key) -> bool {
    let mut sources = model.sources.iter();
    sources.all(|it| it.kind == SourceKind::FarmFile) && key.resource_type().is_none()
}
