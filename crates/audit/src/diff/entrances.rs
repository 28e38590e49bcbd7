//! Ways in from the internet, and who verifies callers on each: routes of APIs, rules of listeners,
//! routes of gates.
//!
//! A way in has a name that both sides share: the thing that has it, and the requests that take it.
//! That one gets a new number, or is written elsewhere, is no change; that two which some request
//! fits both change places is one.

mod patterns;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{
    Action, ApiRoute, Authorization, Integration, IntegrationTarget, Key, Listener, ListenerRule,
    Model, Val,
};
use farmgate_aws::network::Lowered;

use super::{About, Change, Kind};
use crate::compare::packets::INTERNET;
use crate::prove::trust::{
    Verifier, behind_route, forwards, listeners_of, needs_authorization, verifier,
};
use crate::prove::{Proof, listed};
use crate::report::Because;

/// Who verifies callers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verified {
    /// Nobody.
    Nobody,
    /// This, in words that both sides share.
    By(String),
    /// That isn't known, for this reason.
    Unknown(String),
}

/// A way in.
#[derive(Debug, Clone)]
struct Entrance {
    /// What has it.
    owner: String,
    /// The requests that take it.
    requests: String,
    verified: Verified,
    /// Where it leads, in words that both sides share.
    leads: BTreeSet<String>,
    origin: String,
}

/// All ways in of one side.
struct Side<'m> {
    proof: &'m Proof<'m>,
    /// Of the left model: what its things are called on the right.
    names: Option<&'m BTreeMap<Key, Key>>,
}

/// All changes of ways in.
pub(super) fn changes(left: &Model, right: &Model, names: &BTreeMap<Key, Key>) -> Vec<Change> {
    let (lowered_left, lowered_right) = (Lowered::new(left), Lowered::new(right));
    let proof_left = Proof::new(left, &lowered_left).quietly();
    let proof_right = Proof::new(right, &lowered_right).quietly();
    let ours = Side { proof: &proof_left, names: Some(names) };
    let theirs = Side { proof: &proof_right, names: None };
    let (before, after) = (ours.entrances(), theirs.entrances());
    let shared: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    let mut all: Vec<Change> =
        shared.into_iter().filter_map(|id| compared(before.get(id), after.get(id))).collect();
    all.extend(patterns::reordered(&ours, &theirs, names));
    all
}

fn compared(before: Option<&Entrance>, after: Option<&Entrance>) -> Option<Change> {
    let (own, way) = (before.or(after)?, after.or(before)?);
    let name = format!("`{}` of {}", way.requests, way.owner);
    let (kind, text) = match (before.map(|it| &it.verified), after.map(|it| &it.verified)) {
        (Some(a), Some(b)) if a == b => {
            let (from, to) = (&before?.leads, &after?.leads);
            if from == to {
                return None;
            }
            (Kind::Changed, format!("{name} leads to {}, and led to {}", listed(to), listed(from)))
        }
        (_, Some(Verified::Unknown(_))) | (Some(Verified::Unknown(_)), _) => {
            (Kind::Unknown, format!("who verifies callers of {name} may have changed"))
        }
        (None, Some(Verified::Nobody)) => {
            (Kind::Opened, format!("{name} is new, and nobody verifies its callers"))
        }
        (None, Some(Verified::By(who))) => {
            (Kind::Opened, format!("{name} is new, for callers that {who} verifies"))
        }
        (Some(Verified::By(who)), Some(Verified::Nobody)) => {
            (Kind::Opened, format!("nobody verifies callers of {name}, where {who} did"))
        }
        (Some(Verified::Nobody), Some(Verified::By(who))) => {
            (Kind::Closed, format!("{who} verifies callers of {name}, where nobody did"))
        }
        (Some(Verified::By(was)), Some(Verified::By(is))) => {
            (Kind::Changed, format!("{is} verifies callers of {name}, where {was} did"))
        }
        (Some(_), None) => (Kind::Closed, format!("{name} is gone")),
        (None, None) | (Some(Verified::Nobody), Some(Verified::Nobody)) => return None,
    };
    let missing = [before, after].into_iter().flatten().filter_map(|it| match &it.verified {
        Verified::Unknown(note) => Some(note.clone()),
        _ => None,
    });
    Some(Change {
        kind,
        about: About::Authentication,
        from: INTERNET.to_owned(),
        to: own.owner.clone(),
        what: way.requests.clone(),
        text,
        left: before.map(because).into_iter().collect(),
        right: after.map(because).into_iter().collect(),
        witness: None,
        missing: missing.collect(),
        assumes: Vec::new(),
    })
}

fn because(entrance: &Entrance) -> Because {
    let (code, text) = match &entrance.verified {
        Verified::Nobody => ("NO_AUTHORIZATION", "asks for no authorization".to_owned()),
        Verified::By(who) => ("AUTHORIZED", format!("is authorized by {who}")),
        Verified::Unknown(note) => ("UNKNOWN", format!("not known: {note}")),
    };
    let text = format!("`{}` {text}", entrance.requests);
    Because { code: code.to_owned(), origin: entrance.origin.clone(), text }
}

impl Side<'_> {
    /// What both sides call something.
    fn called(&self, word: &str) -> String {
        let key = self.proof.model.resolve(word);
        let found = self.names.and_then(|names| names.get(&key));
        found.unwrap_or(&key).to_string()
    }

    fn entrances(&self) -> BTreeMap<(String, String), Entrance> {
        let model = self.proof.model;
        let mut all = Vec::new();
        // What a private API lets in doesn't come from the internet.
        for (key, api) in model.apis.iter().filter(|(_, api)| api.private.get() != Some(&true)) {
            let routes = api.routes.iter().filter(|route| needs_authorization(api, route));
            all.extend(routes.map(|route| self.route(key, route)));
        }
        for (key, _) in
            model.load_balancers.iter().filter(|(_, lb)| lb.internal.get() != Some(&true))
        {
            for listener in listeners_of(self.proof, key) {
                let rules = listener.rules.iter().filter(|rule| forwards(rule));
                all.extend(rules.map(|rule| self.rule(key, listener, rule)));
            }
        }
        for (key, gate) in &model.gates {
            for route in &gate.routes {
                let verified = match route.authentication.as_slice() {
                    [] => Verified::Nobody,
                    ways => Verified::By(listed(ways)),
                };
                let to = route.to.get().map(|to| self.called(to.as_str()));
                all.push(Entrance {
                    owner: self.called(key.as_str()),
                    requests: route.path.clone(),
                    verified,
                    leads: to.into_iter().collect(),
                    origin: route.origin.to_string(),
                });
            }
        }
        all.into_iter().map(|it| ((it.owner.clone(), it.requests.clone()), it)).collect()
    }

    fn route(&self, key: &Key, route: &ApiRoute) -> Entrance {
        let verified = match &route.authorization {
            Val::Known(how) | Val::Assumed(how, _) => self.authorized(route, how),
            Val::OneOf(_, note) | Val::Unknown(note) => Verified::Unknown(note.to_string()),
        };
        let leads = route.integration.get().and_then(Option::as_ref).map(|it| self.target(it));
        Entrance {
            owner: self.called(key.as_str()),
            requests: route.route.get().cloned().unwrap_or_else(|| "a route".to_owned()),
            verified,
            leads: leads.into_iter().collect(),
            origin: route.origin.to_string(),
        }
    }

    fn authorized(&self, route: &ApiRoute, how: &Authorization) -> Verified {
        match how {
            Authorization::Iam => Verified::By("IAM (SigV4)".to_owned()),
            Authorization::Jwt(Some(key)) | Authorization::Lambda(Some(key)) => {
                Verified::By(self.authorizer(key))
            }
            Authorization::Jwt(None) => Verified::By("a JWT authorizer".to_owned()),
            Authorization::Lambda(None) => Verified::By("a Lambda authorizer".to_owned()),
            Authorization::ApiKeyOnly | Authorization::None => {
                let integration = route.integration.get().and_then(Option::as_ref);
                let gates = integration.and_then(|it| behind_route(self.proof, &it.target));
                match gates {
                    Some(gates) => self.gates(gates.iter().map(|gate| &gate.key)),
                    None => Verified::Nobody,
                }
            }
        }
    }

    /// An authorizer: no model holds them by themselves, so that their names may differ where they
    /// are the same.
    fn authorizer(&self, key: &Key) -> String {
        let known = self.names.and_then(|names| names.get(key));
        known.map_or_else(|| key.to_string(), ToString::to_string)
    }

    fn gates<'k>(&self, gates: impl Iterator<Item = &'k Key>) -> Verified {
        Verified::By(listed(gates.map(|key| self.called(key.as_str())).collect::<BTreeSet<_>>()))
    }

    fn target(&self, integration: &Integration) -> String {
        match &integration.target {
            IntegrationTarget::VpcLink { to, .. } | IntegrationTarget::Lambda(to) => to
                .get()
                .map_or_else(|| "what isn't known".to_owned(), |to| self.called(to.as_str())),
            IntegrationTarget::Internet(url) => {
                url.get().cloned().unwrap_or_else(|| "what isn't known".to_owned())
            }
            IntegrationTarget::Mock => "itself".to_owned(),
            IntegrationTarget::Aws(service) => service.clone(),
        }
    }

    fn rule(&self, lb: &Key, listener: &Listener, rule: &ListenerRule) -> Entrance {
        let verified = match verifier(self.proof, listener, rule) {
            Verifier::Action(how) => Verified::By(format!("the listener, which {how},")),
            Verifier::Gates(gates) => self.gates(gates.iter().map(|gate| &gate.key)),
            Verifier::Unknown(note) => Verified::Unknown(note.to_string()),
            Verifier::Nobody => Verified::Nobody,
        };
        Entrance {
            owner: self.called(lb.as_str()),
            requests: format!("{} {}", port(listener), requests(rule)),
            verified,
            leads: self.targets(rule),
            origin: rule.origin.to_string(),
        }
    }

    /// Who is behind a rule.
    fn targets(&self, rule: &ListenerRule) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for action in &rule.actions {
            let Action::Forward(groups) = action else { continue };
            for key in groups.sure.iter().chain(&groups.maybe) {
                let Some(group) = self.proof.model.target_groups.get(key) else { continue };
                let targets = self.proof.lowered.targets(self.proof.model, key, group);
                all.extend(targets.iter().map(|target| self.called(target.owner.as_str())));
            }
        }
        all
    }
}

fn port(listener: &Listener) -> String {
    listener.port.get().map_or_else(|| "an unknown port".to_owned(), ToString::to_string)
}

/// The requests that take a rule, in words that don't depend on how they are listed.
fn requests(rule: &ListenerRule) -> String {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    let mut parts = sorted(&rule.hosts);
    parts.extend(sorted(&rule.paths));
    parts.extend(sorted(&rule.other_conditions));
    let sources: BTreeSet<String> = rule.sources.iter().map(ToString::to_string).collect();
    parts.extend(sources.into_iter().map(|source| format!("from {source}")));
    if parts.is_empty() { "everything else".to_owned() } else { parts.join(" ") }
}
