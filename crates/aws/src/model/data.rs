//! Databases, and things known only by their name.

use super::{Key, SetVal, Tags, Val};

/// An RDS instance or cluster.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its own key.
    pub key: Key,
    /// Its engine.
    pub engine: Val<Option<String>>,
    /// Its port; the engine's default if none is written.
    pub port: Val<Option<u16>>,
    /// The subnets of its subnet group.
    pub subnets: SetVal<Key>,
    /// Its security groups; none given: the VPC's default group.
    pub security_groups: SetVal<Key>,
    /// `publicly_accessible`.
    pub public: Val<bool>,
    /// `storage_encrypted`.
    pub encrypted: Val<bool>,
    /// `deletion_protection`.
    pub deletion_protection: Val<bool>,
    /// Tags.
    pub tags: Tags,
}

/// A resource whose physical name must be unique in account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its own key.
    pub key: Key,
    /// What kind of thing it is, in words: `log group`, `secret`, `parameter`, `load balancer`.
    pub kind: &'static str,
    /// The scope in which the name must be unique (a VPC for security groups), or empty.
    pub scope: String,
    /// Its physical name.
    pub name: String,
}
