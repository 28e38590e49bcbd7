//! Policies evaluated: facts of AWS's documents, patterns against a naive reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod conditions;
mod decisions;
mod patterns;

use std::collections::BTreeMap;

use farmgate_aws::iam::{
    Context, Decision, Identity, Outcome, Part, Policy, Principal, Request, Side, decide,
};
use farmgate_aws::model::{Key, Origin, Val};
use serde_json::Value;

/// A role that is asked.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/tasks/server";

/// A question with everything that may decide it.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) identity: Vec<Value>,
    pub(crate) boundary: Option<Value>,
    pub(crate) resource: Option<Value>,
    pub(crate) side: Option<Side>,
    pub(crate) context: Context,
    pub(crate) aliases: BTreeMap<String, Key>,
    pub(crate) key: Option<Key>,
    pub(crate) service: Option<&'static str>,
}

pub(crate) fn policy(document: &Value) -> Val<Policy> {
    Val::Known(Policy::from_value(document, None, "the policy").unwrap())
}

impl Asked {
    pub(crate) fn of(identity: Value) -> Self {
        Self { identity: vec![identity], ..Self::default() }
    }

    pub(crate) fn decide(&self, action: &str, resource: &str) -> Decision {
        let own: Vec<Val<Policy>> = self.identity.iter().map(policy).collect();
        let boundary = self.boundary.as_ref().map(policy);
        let theirs = self.resource.as_ref().map(policy);
        let origin = Origin::of(&Key::new("the policy"));
        let part = |document| Part { origin: &origin, document, mentions: &[], managed: None };
        let identity = Identity {
            policies: own.iter().map(part).collect(),
            open: None,
            boundary: boundary.as_ref().map(part),
        };
        let principal = match self.service {
            Some(name) => Principal::Service(name.to_owned()),
            None => Principal::Role { arn: ROLE.to_owned(), key: Key::new("aws_iam_role.server") },
        };
        let request = Request {
            action,
            resource,
            key: self.key.as_ref(),
            principal: &principal,
            context: &self.context,
            aliases: &self.aliases,
        };
        let theirs: Vec<Part<'_>> = theirs.iter().map(part).collect();
        decide(&request, &identity, &theirs, self.side.unwrap_or(Side::Same))
    }

    pub(crate) fn outcome(&self, action: &str, resource: &str) -> Outcome {
        self.decide(action, resource).outcome
    }
}
