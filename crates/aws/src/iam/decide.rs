//! One question, decided by all policies that have a say in it.

use std::collections::BTreeSet;

use super::condition::holds;
use super::managed;
use super::pattern::{Fit, Pattern};
use super::request::{Principal, Request};
use super::tri::Tri;
use super::{Effect, Policy, Principals, Statement, Word, Words};
use crate::model::{Key, Note, Origin, Val};

/// A policy with where it is written.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Where.
    pub origin: &'a Origin,
    /// What it says, as far as that is known.
    pub document: &'a Val<Policy>,
    /// What its expression names, while it is not known.
    pub mentions: &'a [Key],
    /// The ARN, for a policy of AWS.
    pub managed: Option<&'a str>,
}

/// The policies of who asks.
#[derive(Debug, Clone, Default)]
pub struct Identity<'a> {
    /// Inline policies and attached ones.
    pub policies: Vec<Part<'a>>,
    /// Why there may be others, if there may be.
    pub open: Option<Note>,
    /// The permission boundary, if there is one.
    pub boundary: Option<Part<'a>>,
}

/// How the resource's own policy has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In the same account: what either allows is allowed.
    Same,
    /// In another account: both have to allow.
    Other,
    /// A KMS key: its policy has to allow, or to leave it to the account's policies.
    KmsKey,
    /// Trust: nothing but the resource's own policy decides.
    Alone,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is allowed.
    Allowed,
    /// A statement denies it.
    Denied,
    /// Nothing allows it.
    NotAllowed,
    /// That depends on what is missing.
    Unknown,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What came out.
    pub outcome: Outcome,
    /// Which statements decided it: where, and which in words.
    pub by: Vec<(Origin, String)>,
    /// What was assumed for it.
    pub assumes: BTreeSet<Note>,
    /// What is missing, if it is unknown.
    pub missing: BTreeSet<Note>,
}

/// What a set of policies says of an effect.
struct Said {
    truth: Tri,
    /// The resource's policy leaves it to the policies of the account.
    delegates: Tri,
    by: Vec<(Origin, String)>,
    assumes: BTreeSet<Note>,
}

impl Said {
    fn nothing() -> Self {
        Self { truth: Tri::No, delegates: Tri::No, by: Vec::new(), assumes: BTreeSet::new() }
    }

    fn take(&mut self, part: &Part<'_>, statement: &Statement, truth: Tri) {
        if truth == Tri::Yes {
            self.by.push((part.origin.clone(), statement.words()));
        }
        let own = std::mem::replace(&mut self.truth, Tri::No);
        self.truth = own.or(truth);
    }
}

impl Decision {
    /// Denied by these statements, or by what surrounds those that allow.
    fn denied(by: Vec<(Origin, String)>) -> Self {
        let (assumes, missing) = (BTreeSet::new(), BTreeSet::new());
        Self { outcome: Outcome::Denied, by, assumes, missing }
    }
}

/// Decides a question. `resource` are the policies of the resource that sources show.
#[must_use]
pub fn decide(
    request: &Request<'_>,
    identity: &Identity<'_>,
    resource: &[Part<'_>],
    side: Side,
) -> Decision {
    let parts = || identity.policies.iter().chain(&identity.boundary).chain(resource);
    let mut denies = Said::nothing();
    let mut unread: BTreeSet<Note> = BTreeSet::new();
    for part in parts() {
        denial(request, part, &mut denies, &mut unread);
    }
    if denies.truth == Tri::Yes {
        return Decision::denied(denies.by);
    }
    let (truth, by, mut assumes) = allowed(request, identity, resource, side);
    let nobody = truth == Tri::No;
    // What may deny matters only if something allows.
    match truth.and(denies.truth.not()) {
        Tri::Yes => {
            assumes.extend(unread);
            Decision { outcome: Outcome::Allowed, by, assumes, missing: BTreeSet::new() }
        }
        Tri::No if nobody => Decision {
            outcome: Outcome::NotAllowed,
            by: Vec::new(),
            // That a policy of AWS does not allow it holds for the version that is known here.
            assumes: parts()
                .filter_map(|part| part.managed.and_then(managed::dated))
                .chain(parts().filter_map(|part| part.document.assumed().cloned()))
                .collect(),
            missing: BTreeSet::new(),
        },
        Tri::No => Decision::denied(by),
        Tri::Maybe(missing) => {
            Decision { outcome: Outcome::Unknown, by: Vec::new(), assumes, missing }
        }
    }
}

/// Whether anything allows it, by which statements, and what that assumes.
fn allowed(
    request: &Request<'_>,
    identity: &Identity<'_>,
    resource: &[Part<'_>],
    side: Side,
) -> (Tri, Vec<(Origin, String)>, BTreeSet<Note>) {
    let mut own = Said::nothing();
    for part in &identity.policies {
        allowance(request, part, &mut own);
    }
    if let Some(note) = &identity.open {
        own.truth = own.truth.or(Tri::Maybe(BTreeSet::from([note.clone()])));
    }
    let mut theirs = Said::nothing();
    for part in resource {
        allowance(request, part, &mut theirs);
    }
    let either = theirs.truth.clone().or(theirs.delegates.clone());
    let mut truth = match side {
        Side::Same => own.truth.clone().or(theirs.truth.clone()),
        Side::Other => own.truth.clone().and(either),
        Side::KmsKey => theirs.truth.clone().or(theirs.delegates.clone().and(own.truth.clone())),
        Side::Alone => theirs.truth.clone(),
    };
    let mut assumes = own.assumes;
    assumes.extend(theirs.assumes);
    if let Some(boundary) = &identity.boundary {
        let mut within = Said::nothing();
        allowance(request, boundary, &mut within);
        truth = truth.and(within.truth);
        assumes.extend(within.assumes);
    }
    (truth, own.by.into_iter().chain(theirs.by).collect(), assumes)
}

/// Whether a policy denies. One that is not known is taken to deny nothing, and that is said.
fn denial(request: &Request<'_>, part: &Part<'_>, denies: &mut Said, unread: &mut BTreeSet<Note>) {
    let policy = match part.document {
        Val::Known(policy) | Val::Assumed(policy, _) => policy,
        Val::OneOf(_, note) | Val::Unknown(note) => {
            unread.insert(format!("{} denies none of it ({note})", part.origin).into());
            return;
        }
    };
    if let Some(note) = &policy.open {
        unread.insert(format!("{} denies none of it ({note})", part.origin).into());
    }
    for statement in policy.statements.iter().filter(|it| it.effect == Effect::Deny) {
        // That something is meant is never assumed of what denies it.
        let (truth, _) = applies(request, policy, statement, &[], &mut BTreeSet::new());
        denies.take(part, statement, truth);
    }
}

/// Whether a policy allows. What is not known but names the very resource is taken to allow it.
fn allowance(request: &Request<'_>, part: &Part<'_>, said: &mut Said) {
    let truth = std::mem::replace(&mut said.truth, Tri::No);
    let policy = match part.document {
        Val::Known(policy) | Val::Assumed(policy, _) => policy,
        Val::OneOf(_, note) | Val::Unknown(note) => {
            let named = request.key.filter(|key| part.mentions.contains(key));
            let Some(key) = named else {
                said.truth = truth.or(Tri::Maybe(BTreeSet::from([note.clone()])));
                return;
            };
            // Only if nothing else allows it.
            if truth != Tri::Yes {
                let action = request.action;
                let note = format!("{note}: it allows `{action}` on {key}, which it names");
                said.assumes.insert(note.into());
                said.by.push((part.origin.clone(), "its expression".to_owned()));
            }
            said.truth = Tri::Yes;
            return;
        }
    };
    said.truth = truth;
    if let Some(note) = &policy.open {
        let own = std::mem::replace(&mut said.truth, Tri::No);
        said.truth = own.or(Tri::Maybe(BTreeSet::from([note.clone()])));
    }
    for statement in policy.statements.iter().filter(|it| it.effect == Effect::Allow) {
        let mut assumed: BTreeSet<Note> = part.document.assumed().cloned().into_iter().collect();
        let (truth, delegates) = applies(request, policy, statement, part.mentions, &mut assumed);
        if truth == Tri::Yes && said.truth != Tri::Yes {
            said.assumes.extend(assumed);
        }
        said.take(part, statement, truth);
        let own = std::mem::replace(&mut said.delegates, Tri::No);
        said.delegates = own.or(delegates);
    }
}

/// Whether a statement applies to who asks, and whether it applies to the whole account. A resource
/// that is not known is taken to be the one that its expression mentions.
fn applies(
    request: &Request<'_>,
    policy: &Policy,
    statement: &Statement,
    mentions: &[Key],
    assumed: &mut BTreeSet<Note>,
) -> (Tri, Tri) {
    let action = chosen(&statement.actions, |word| action(request, word));
    let on = match &statement.resources {
        None => Tri::Yes,
        Some(words) => chosen(words, |word| match (word, request.key) {
            (Word::Unknown(note), Some(key)) if !words.except && mentions.contains(key) => {
                assumed.insert(format!("{note}: it is {key}, which its expression names").into());
                Tri::Yes
            }
            _ => resource(request, word, policy.variables),
        }),
    };
    let when = Tri::all(
        statement.conditions.iter().map(|it| holds(it, request.context, policy.variables)),
    );
    let odd = match &statement.odd {
        Some(note) => Tri::Maybe(BTreeSet::from([note.clone()])),
        None => Tri::Yes,
    };
    let rest = action.and(on).and(when).and(odd);
    let who = match &statement.principals {
        None => (Tri::Yes, Tri::No),
        Some(principals) => named(request.principal, principals, statement.effect),
    };
    (rest.clone().and(who.0), rest.and(who.1))
}

fn chosen(words: &Words, fits: impl FnMut(&Word) -> Tri) -> Tri {
    let any = Tri::any(words.list.iter().map(fits));
    if words.except { any.not() } else { any }
}

fn action(request: &Request<'_>, word: &Word) -> Tri {
    match word {
        Word::Unknown(note) => Tri::Maybe(BTreeSet::from([note.clone()])),
        Word::Known(text) => {
            let asked = Pattern::literal(request.action).lower();
            Pattern::new(text).lower().fit(&asked).tri(|| format!("the action `{text}`"))
        }
    }
}

fn resource(request: &Request<'_>, word: &Word, variables: bool) -> Tri {
    let text = match word {
        Word::Unknown(note) => return Tri::Maybe(BTreeSet::from([note.clone()])),
        Word::Known(text) => text,
    };
    let pattern = if variables {
        Pattern::with_variables(text, |name| request.context.value(name))
    } else {
        Pattern::new(text)
    };
    if pattern.is_any() {
        return Tri::Yes;
    }
    // No resource limits such an action, and no ARN matches it.
    if request.resource == "*" {
        return Tri::No;
    }
    if let (Some(own), Some(asked)) = (request.aliases.get(text), request.key) {
        return Tri::of(own == asked);
    }
    let why = || format!("whether {} is meant by `{text}`", request.resource);
    if !text.starts_with("arn:") && !text.starts_with(['*', '?', '$']) {
        // The name of what is made in the same template.
        return if text == request.resource { Tri::Yes } else { Tri::maybe(why()) };
    }
    let asked = Pattern::new(request.resource);
    let parts = pattern.parts();
    let by_part = parts.iter().zip(&asked.parts()).map(|(own, other)| own.fit(other)).fold(
        Fit::Covers,
        |all, one| match (all, one) {
            (Fit::Apart, _) | (_, Fit::Apart) => Fit::Apart,
            (Fit::Covers, Fit::Covers) => Fit::Covers,
            _ => Fit::Depends,
        },
    );
    // Whether a star may stand for a colon AWS's documents do not say of all services; an ARN of less
    // than six parts is completed with stars.
    let complete = text.matches(':').count() >= 5;
    let whole = if complete { pattern.fit(&asked) } else { by_part };
    let fit = if by_part == whole { whole } else { Fit::Depends };
    fit.tri(why)
}

/// Whether principals are who asks, and whether they are the account of who asks.
fn named(asks: &Principal, principals: &Principals, effect: Effect) -> (Tri, Tri) {
    let mut own = Tri::No;
    let mut account = Tri::No;
    for (kind, word) in &principals.list {
        let (one, whole) = principal(asks, kind, word);
        own = own.or(one);
        account = account.or(whole);
    }
    if principals.except {
        // Whoever is not to be meant has to be named with account and role.
        let all = own.or(account);
        let rest = match all {
            Tri::No => Tri::Yes,
            _ => Tri::maybe("it excludes principals"),
        };
        return (rest, Tri::No);
    }
    match effect {
        // To deny an account is to deny everybody in it.
        Effect::Deny => (own.or(account), Tri::No),
        Effect::Allow => (own, account),
    }
}

fn principal(asks: &Principal, kind: &str, word: &Word) -> (Tri, Tri) {
    let text = match word {
        Word::Unknown(note) => return (Tri::Maybe(BTreeSet::from([note.clone()])), Tri::No),
        Word::Known(text) => text.as_str(),
    };
    match (asks, kind) {
        (_, "AWS") if text == "*" => (Tri::Yes, Tri::No),
        (Principal::Service(name), "Service") => (Tri::of(name == text), Tri::No),
        (Principal::Role { arn, key }, "AWS") => {
            if text == key.as_str() {
                return (Tri::Yes, Tri::No);
            }
            let asked = Pattern::new(arn);
            let account = asked.parts().get(4).cloned();
            let why = || format!("whether {key} is meant by `{text}`");
            if text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit()) {
                let own = Pattern::literal(text);
                let fit = account.map_or(Fit::Depends, |account| own.fit(&account));
                return (Tri::No, fit.tri(why));
            }
            if text.ends_with(":root") {
                let own = Pattern::literal(text).parts().get(4).cloned();
                let fit = match (own, account) {
                    (Some(own), Some(account)) => own.fit(&account),
                    _ => Fit::Depends,
                };
                return (Tri::No, fit.tri(why));
            }
            if text.contains(":assumed-role/") || !text.starts_with("arn:") {
                return (Tri::maybe(why()), Tri::No);
            }
            (Pattern::literal(text).fit(&asked).tri(why), Tri::No)
        }
        _ => (Tri::No, Tri::No),
    }
}
