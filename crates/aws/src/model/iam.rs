//! Roles, their policies, and policies of resources.

use super::{Key, Note, Origin, Val};
use crate::iam::{Identity, Part, Policy};

/// An IAM role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its ARN, if it is known.
    pub arn: Option<String>,
    /// Who may take it on.
    pub trust: PolicyAt,
    /// Its policies, inline and attached, in order of their names.
    pub policies: Vec<PolicyAt>,
    /// Why it may have policies besides, if it may.
    pub open: Option<Note>,
    /// Its permission boundary, if it has one.
    pub boundary: Option<PolicyAt>,
    /// Whether anything in the sources uses it.
    pub used: Val<bool>,
}

/// A policy with where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAt {
    /// Where.
    pub origin: Origin,
    /// Its name, or the ARN of one of AWS.
    pub name: String,
    /// Whether it is a policy that AWS publishes.
    pub of_aws: bool,
    /// What it says.
    pub document: Val<Policy>,
    /// What its expression names, while it is not known.
    pub mentions: Vec<Key>,
}

/// The policy of a resource: a repository, a secret, a key.
#[derive(Debug, Clone)]
pub struct ResourcePolicy {
    /// The key of the resource that says it.
    pub key: Key,
    /// Whose it is.
    pub of: Val<Key>,
    /// The policy.
    pub policy: PolicyAt,
}

impl PolicyAt {
    /// The policy as a part of a decision.
    #[must_use]
    pub fn part(&self) -> Part<'_> {
        Part {
            origin: &self.origin,
            document: &self.document,
            mentions: &self.mentions,
            managed: self.of_aws.then_some(self.name.as_str()),
        }
    }
}

impl Role {
    /// Its policies, for a decision.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            policies: self.policies.iter().map(PolicyAt::part).collect(),
            open: self.open.clone(),
            boundary: self.boundary.as_ref().map(PolicyAt::part),
        }
    }
}
