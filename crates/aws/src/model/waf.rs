//! AWS WAF: web ACLs and what their rules are, as far as it matters that something is blocked.
//!
//! It does not hold what a rule's statement looks for: whether a request is blocked is not decided.

use super::{Key, Note, Val};

/// A web ACL of AWS WAF (v2).
#[derive(Debug, Clone)]
pub struct WebAcl {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// `REGIONAL` or `CLOUDFRONT`.
    pub scope: Val<Option<String>>,
    /// Whether `default_action` blocks what no rule decides.
    pub blocks_by_default: Val<bool>,
    /// Its rules.
    pub rules: Vec<WebAclRule>,
    /// Set if it may have further rules.
    pub open: Option<Note>,
}

/// A rule of a web ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAclRule {
    /// Its name.
    pub name: String,
    /// Its priority; lower comes first.
    pub priority: Option<u64>,
    /// What kind of rule it is.
    pub kind: WebAclRuleKind,
    /// What it does: its `action`, or its `override_action`: `block`, `count`, `none` (of a group: as
    /// its rules say) ...; `None` if that is not known.
    pub action: Option<String>,
}

/// The kinds of rules that are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebAclRuleKind {
    /// `rate_based_statement`.
    Rate {
        /// So many requests.
        limit: Option<u64>,
        /// In so many seconds; WAF's default is 300.
        window: Option<u64>,
        /// `aggregate_key_type`: `IP`, `FORWARDED_IP`, `CUSTOM_KEYS`, `CONSTANT`.
        by: Option<String>,
    },
    /// `managed_rule_group_statement`.
    Managed {
        /// `AWSManagedRulesCommonRuleSet` ...
        name: Option<String>,
        /// Rules of it that only count.
        counted: Vec<String>,
    },
    /// `rule_group_reference_statement`: a group that somebody keeps apart.
    Group,
    /// Another statement, by its name in the provider; `None` if it is not known.
    Other(Option<String>),
}

impl WebAclRule {
    /// Whether it may block a request, and does not only count.
    #[must_use]
    pub fn may_block(&self) -> bool {
        self.action.as_deref() != Some("count") && self.action.as_deref() != Some("allow")
    }
}
