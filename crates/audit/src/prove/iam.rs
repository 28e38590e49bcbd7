//! Questions to IAM: may this role do that?
//!
//! What is answered is what policies say that sources show: the role's own, its boundary, and those of
//! resources. Policies of an organization are in no source; nothing is said of them.

mod decrypt;

use std::collections::BTreeSet;

use farmgate_aws::iam::{
    Context, Decision, Held, Outcome, Part, Principal, Request, Side, Word, decide,
};
use farmgate_aws::model::{Key, Model, Note, ResourcePolicy, Role, Val};

use super::tally::Tally;
use crate::report::Verdict;

pub(crate) use decrypt::{Encryption, encryption, may_read};

/// What reading takes under a key of the account's own.
const DECRYPT: &str = "kms:Decrypt";

/// What is asked of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    /// The action.
    pub(crate) action: &'static str,
    /// The resource's ARN; `*` and `?` stand for what is not known.
    pub(crate) resource: String,
    /// The resource in the model, if it is there.
    pub(crate) key: Option<Key>,
    /// What is known of this call besides: keys of conditions, and values in which `*` and `?` stand for
    /// what is not known.
    pub(crate) when: Vec<(&'static str, String)>,
}

/// The account and the region, `*` for what is not known.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    pub(crate) partition: &'static str,
    pub(crate) region: String,
    pub(crate) account: String,
    /// Set if the account is only what the role's policies suggest.
    assumed: Option<Note>,
}

impl Here {
    /// Where a role's tasks run.
    pub(crate) fn of(model: &Model, role: Option<&Role>) -> Self {
        let region = model.region.clone().unwrap_or_else(|| "*".to_owned());
        let partition = match region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let arn = role.and_then(|role| role.arn.as_deref());
        let own = arn.and_then(|arn| arn.split(':').nth(4)).map(str::to_owned);
        if let Some(account) = model.account.clone().or(own) {
            return Self { partition, region, account, assumed: None };
        }
        let mut named = BTreeSet::new();
        if let Some(role) = role {
            for policy in role.policies.iter().chain([&role.trust]) {
                accounts(&policy.document, &mut named);
            }
        }
        let only = if named.len() == 1 { named.pop_first() } else { None };
        let assumed = only.as_ref().zip(role).map(|(account, role)| {
            let key = &role.key;
            format!("the account is {account}, the only one that the policies of {key} name").into()
        });
        Self { partition, region, account: only.unwrap_or_else(|| "*".to_owned()), assumed }
    }

    /// The same without what is assumed of the account, and the account that was assumed.
    fn open(&self) -> Option<(Self, &str)> {
        self.assumed.as_ref()?;
        Some((Self { account: "*".to_owned(), assumed: None, ..self.clone() }, &self.account))
    }

    /// The ARN of a resource here; without an account that is but assumed.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self { partition, region, account, assumed } = self;
        let account = if assumed.is_some() { "*" } else { account };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// Whether an ARN is known to be of another account.
    fn is_elsewhere(&self, arn: &str) -> bool {
        let account = arn.split(':').nth(4).unwrap_or_default();
        let is_one = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        is_one(account) && is_one(&self.account) && account != self.account
    }
}

/// The accounts that a policy names.
fn accounts(document: &Val<farmgate_aws::iam::Policy>, into: &mut BTreeSet<String>) {
    let Some(policy) = document.get() else { return };
    for statement in &policy.statements {
        let resources = statement.resources.iter().flat_map(|words| &words.list);
        let arns = resources.filter_map(Word::text).filter_map(|arn| arn.split(':').nth(4));
        let values = statement.conditions.iter().flat_map(|condition| {
            let own = condition.key.eq_ignore_ascii_case("aws:SourceAccount");
            condition.values.iter().filter(move |_| own).filter_map(Word::text)
        });
        let all = arns.chain(values);
        let numbers = all.filter(|it| it.len() == 12 && it.bytes().all(|b| b.is_ascii_digit()));
        into.extend(numbers.map(str::to_owned));
    }
}

/// What is known of every call that a task makes.
fn circumstances(role: &Role, here: &Here, asked: &Asked) -> Context {
    let mut context = Context::default().with("aws:SecureTransport", "true");
    let mut known = |key: &str, value: &str| {
        if value != "*" && !value.is_empty() {
            context.insert(key, Held::Values(vec![value.to_owned()]));
        }
    };
    known("aws:PrincipalAccount", &here.account);
    known("aws:PrincipalType", "AssumedRole");
    known("aws:PrincipalIsAWSService", "false");
    known("aws:PrincipalArn", role.arn.as_deref().unwrap_or_default());
    let mut parts = asked.resource.split(':').skip(3);
    let (region, account) = (parts.next(), parts.next());
    let region = region.filter(|region| !region.is_empty()).unwrap_or(&here.region);
    known("aws:RequestedRegion", region);
    known("aws:ResourceAccount", account.unwrap_or_default());
    // No user calls.
    context.insert("aws:username", Held::Absent);
    for (key, value) in &asked.when {
        let held = match value.contains(['*', '?']) {
            true => Held::Like(value.clone()),
            false => Held::Values(vec![value.clone()]),
        };
        context.insert(key, held);
    }
    context
}

/// Decides one question. The account is assumed only if it decides.
pub(crate) fn may(model: &Model, role: &Role, here: &Here, asked: &Asked) -> Decision {
    let Some((open, account)) = here.open() else {
        return decided(model, role, here, asked);
    };
    let decision = decided(model, role, &open, asked);
    if decision.outcome != Outcome::Unknown {
        return decision;
    }
    let parts = asked.resource.split(':').enumerate();
    let own = parts.map(|(at, part)| if (at, part) == (4, "*") { account } else { part });
    let resource = own.collect::<Vec<&str>>().join(":");
    let mut decision = decided(model, role, here, &Asked { resource, ..asked.clone() });
    decision.assumes.extend(here.assumed.clone());
    decision
}

fn decided(model: &Model, role: &Role, here: &Here, asked: &Asked) -> Decision {
    let context = circumstances(role, here, asked);
    let arn = role.arn.clone().unwrap_or_else(|| {
        let name = role.name.known().cloned().flatten().unwrap_or_else(|| "*".to_owned());
        // Its path stands before its name.
        format!("arn:{}:iam::{}:role/*{name}", here.partition, here.account)
    });
    let principal = Principal::Role { arn, key: role.key.clone() };
    let request = Request {
        action: asked.action,
        resource: &asked.resource,
        key: asked.key.as_ref(),
        principal: &principal,
        context: &context,
        aliases: &model.aliases,
    };
    let theirs = model.resource_policies.values().filter(|policy| is_of(policy, asked));
    let theirs: Vec<Part<'_>> = theirs.map(|policy| policy.policy.part()).collect();
    let elsewhere = here.is_elsewhere(&asked.resource);
    let side = match (asked.action, elsewhere) {
        (DECRYPT, false) => Side::KmsKey,
        (_, true) => Side::Other,
        _ => Side::Same,
    };
    let mut decision = decide(&request, &role.identity(), &theirs, side);
    if asked.action == DECRYPT && theirs.is_empty() && decision.outcome != Outcome::Denied {
        // Nothing is allowed with a key but by its own policy, or where that leaves it to others.
        let whose = asked.key.as_ref().map_or(asked.resource.as_str(), Key::as_str);
        let note = format!("the policy of the key {whose}, which no source shows");
        decision.outcome = Outcome::Unknown;
        decision.missing.insert(note.into());
        return decision;
    }
    if elsewhere && theirs.is_empty() && decision.outcome == Outcome::NotAllowed {
        // Its own policies may allow it, and then that of the resource decides.
        let own = decide(&request, &role.identity(), &theirs, Side::Same);
        if own.outcome == Outcome::Allowed {
            let resource = &asked.resource;
            let note =
                format!("the policy of {resource} of another account, which no source shows");
            decision.outcome = Outcome::Unknown;
            decision.missing.insert(note.into());
        }
    }
    decision
}

fn is_of(policy: &ResourcePolicy, asked: &Asked) -> bool {
    match policy.of.get() {
        Some(of) => asked.key.as_ref() == Some(of) || of.as_str() == asked.resource,
        // It may be anybody's: it has no say, since it would have to be known whose it is.
        None => false,
    }
}

/// Whether ECS may take on a role. The account is assumed only if it decides.
pub(crate) fn trusts_ecs(model: &Model, role: &Role, here: &Here) -> Decision {
    let Some((open, account)) = here.open() else {
        return trusted(model, role, here);
    };
    let decision = trusted(model, role, &open);
    if decision.outcome != Outcome::Unknown {
        return decision;
    }
    let own = Here { account: account.to_owned(), assumed: None, ..here.clone() };
    let mut decision = trusted(model, role, &own);
    decision.assumes.extend(here.assumed.clone());
    decision
}

fn trusted(model: &Model, role: &Role, here: &Here) -> Decision {
    let mut context = Context::default().with("aws:SecureTransport", "true");
    if here.account != "*" {
        context.insert("aws:SourceAccount", Held::Values(vec![here.account.clone()]));
    }
    context.insert("aws:SourceArn", Held::Like(here.arn("ecs", "*")));
    let principal = Principal::Service("ecs-tasks.amazonaws.com".to_owned());
    let request = Request {
        action: "sts:AssumeRole",
        resource: "",
        key: None,
        principal: &principal,
        context: &context,
        aliases: &model.aliases,
    };
    let trust = [role.trust.part()];
    decide(&request, &Default::default(), &trust, Side::Alone)
}

/// Takes a decision that should be "allowed" over.
pub(crate) fn allowed(tally: &mut Tally, role: &Key, asked: &Asked, decision: &Decision) {
    let Asked { action, resource, .. } = asked;
    for note in &decision.assumes {
        tally.assume(note);
    }
    match decision.outcome {
        Outcome::Allowed => {
            if let Some((origin, statement)) = decision.by.first() {
                let text = format!("{statement} allows `{action}`");
                tally.fact(Verdict::Proved, "ALLOWED", origin, text);
            }
        }
        Outcome::Denied => {
            for (origin, statement) in decision.by.iter().take(1) {
                let text = format!("{statement} denies `{action}` on {resource}");
                tally.fact(Verdict::Refuted, "DENIED", origin, text);
            }
        }
        Outcome::NotAllowed => {
            let on = if resource == "*" { "all resources (`*`)" } else { resource };
            let text = format!("none of its policies allows `{action}` on {on}");
            tally.fact(Verdict::Refuted, "NOT_ALLOWED", role, text);
        }
        Outcome::Unknown => {
            for note in &decision.missing {
                tally.unknown(note);
            }
        }
    }
}

// === Secrets ===

/// A secret as a container names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// Its ARN, in which `*` and `?` stand for what is not known.
    pub(crate) arn: String,
    /// The secret in the model, if it is there.
    pub(crate) key: Option<Key>,
    /// Whether it is a parameter of Systems Manager.
    pub(crate) parameter: bool,
}

impl Secret {
    /// What a `valueFrom` or a `credentialsParameter` names: an ARN, with or without JSON key, version
    /// and the six characters that Secrets Manager appends, or the name of a parameter.
    pub(crate) fn named(model: &Model, here: &Here, value: &str) -> Self {
        let is_arn = value.starts_with("arn:");
        let parameter = is_arn && value.split(':').nth(2) == Some("ssm");
        let found = |name: &str, kind: &str| {
            let named = model.named.iter().find(|it| it.kind == kind && it.name == name);
            model.aliases.get(name).cloned().or_else(|| named.map(|it| it.key.clone()))
        };
        if parameter {
            let name = value.split(":parameter").nth(1).unwrap_or_default();
            let key = model.aliases.get(value).cloned();
            let key = key.or_else(|| found(name, "parameter"));
            return Self { arn: value.to_owned(), key, parameter };
        }
        if !is_arn {
            // A key of what the same template makes, or the name of a parameter.
            let bare = value.split(':').next().unwrap_or_default();
            let key = found(value, "parameter").or_else(|| found(bare, "parameter"));
            let secret = key.as_ref().and_then(Key::resource_type);
            if key.is_some() && secret == Some("aws_secretsmanager_secret") {
                return Self { arn: bare.to_owned(), key, parameter: false };
            }
            let name = value.trim_start_matches('/');
            return Self {
                arn: here.arn("ssm", &format!("parameter/{name}")),
                key,
                parameter: true,
            };
        }
        let parts: Vec<&str> = value.splitn(8, ':').take(7).collect();
        let arn = parts.join(":");
        let appended = arn.rsplit_once('-').is_some_and(|(_, end)| {
            end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric())
        });
        let name = parts.last().copied().unwrap_or_default();
        let bare = if appended { name.get(..name.len().saturating_sub(7)) } else { Some(name) };
        let key = model.aliases.get(&arn).cloned();
        let key = key.or_else(|| bare.and_then(|bare| found(bare, "secret")));
        let whole = appended || arn.contains('*');
        let arn = if whole { arn } else { format!("{arn}-??????") };
        Self { arn, key, parameter }
    }

    /// The question whether a role may read it; ECS and programs ask for parameters by different
    /// actions.
    pub(crate) fn read(&self, action: &'static str) -> Asked {
        Asked { action, resource: self.arn.clone(), key: self.key.clone(), when: Vec::new() }
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        match &self.key {
            Some(key) => key.to_string(),
            None => self.arn.trim_end_matches("-??????").to_owned(),
        }
    }
}
