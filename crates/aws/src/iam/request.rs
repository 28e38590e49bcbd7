//! What is asked: who does what, on what, and what is known of the circumstances.

use std::collections::BTreeMap;

use crate::model::Key;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A role.
    Role {
        /// Its ARN; `*` and `?` in it stand for what is not known.
        arn: String,
        /// The role in the model.
        key: Key,
    },
    /// A service of AWS: `ecs-tasks.amazonaws.com`.
    Service(String),
}

/// What is known of a key of conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The request has the key with these values.
    Values(Vec<String>),
    /// It has the key with one value, in which `*` and `?` stand for what is not known.
    Like(String),
    /// The request does not have the key.
    Absent,
}

/// What is known of the circumstances. A key that is not in it may have any value, or none.
#[derive(Debug, Clone, Default)]
pub struct Context {
    keys: BTreeMap<String, Held>,
}

impl Context {
    /// Says what is known of a key.
    pub fn insert(&mut self, key: &str, held: Held) {
        self.keys.insert(key.to_ascii_lowercase(), held);
    }

    /// The same, for a value that is known.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.insert(key, Held::Values(vec![value.to_owned()]));
        self
    }

    pub(super) fn get(&self, key: &str) -> Option<&Held> {
        self.keys.get(&key.to_ascii_lowercase())
    }

    /// The one value of a key, if it is known.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Held::Values(values) => match values.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
            Held::Like(_) | Held::Absent => None,
        }
    }
}

/// A question.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The action: `ecr:BatchGetImage`.
    pub action: &'a str,
    /// The resource's ARN, in which `*` and `?` stand for what is not known; `*` alone of an action
    /// that no resource limits. Empty for a trust policy.
    pub resource: &'a str,
    /// The resource in the model, if it is there.
    pub key: Option<&'a Key>,
    /// Who asks.
    pub principal: &'a Principal,
    /// The circumstances.
    pub context: &'a Context,
    /// Other names of what is in the model: ARNs that are no ARNs yet.
    pub aliases: &'a BTreeMap<String, Key>,
}
