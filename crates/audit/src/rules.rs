//! The rules, one file each: what is wrong that only an exact model can tell; and, last in the list,
//! settings with which a farm is weaker than it has to be.
//!
//! A rule's id is its file's name in kebab-case, the name of its page in `docs/rules/` and of its
//! folder in `tests/cases/`. This is the only list.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model};

use crate::fix;
use crate::prices::Prices;
use crate::prove::{Proof, Scope};
use crate::report::{Finding, Fix, Severity, Statement, Trial, Verdict};

/// What the catalogue says of a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// Its id.
    pub id: &'static str,
    /// How bad its findings are at most.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: &'static str,
    /// Why that matters, in two sentences.
    pub why: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

/// A rule: its entry and its code.
pub(crate) struct Rule {
    pub(crate) info: RuleInfo,
    pub(crate) run: fn(&Facts<'_>) -> Vec<Finding>,
}

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static ALL: &[&Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    target_open_to_network,
    load_balancer_without_security_group,
    security_group_rules_in_two_places,
    rule_removed_by_next_apply,
    plaintext_hop,
    unauthenticated_path,
    listener_open_to_world,
    egress_unrestricted,
    egress_to_internet,
    egress_never_revoked,
    public_address,
    rule_shadowed,
    rule_redundant,
    unused_security_group,
    streaming_behind_http_api,
    session_affinity_missing,
    port_mismatch,
    reference_never_matches,
    port_without_listener,
    duplicate_name,
    no_endpoint_for_service,
    default_security_group_open,
    secret_in_environment,
    plaintext_parameter,
    secret_without_rotation,
    mutable_image_tag,
    image_not_scanned,
    repository_unused,
    privileged_container,
    root_user,
    writable_root_filesystem,
    stdio_without_bridge,
    health_check_ignored,
    dead_configuration,
    log_group_without_retention,
    log_group_unused,
    container_insights_off,
    access_logs_off,
    flow_logs_off,
    unprotected_from_deletion,
    circuit_breaker_off,
    nat_in_one_zone,
    quota_exceeded,
    waf_missing,
    rate_limit_missing,
    tls_policy_weak,
    database_public,
    database_unencrypted,
    flow_logs_rejects_only,
    cloudtrail_weak,
    guardduty_off,
    security_hub_off,
    scaling_without_bound,
    timestream_closed,
    hard_coded_prefix_list,
    endpoint_cost,
    same_execution_and_task_role,
    iam_wildcard,
    iam_ineffective_resource,
    iam_role_unused,
}

/// Every rule's entry, in the order of the list.
pub fn catalogue() -> impl Iterator<Item = &'static RuleInfo> {
    ALL.iter().map(|rule| &rule.info)
}

/// Everything that a rule may look at.
pub(crate) struct Facts<'p> {
    pub(crate) proof: &'p Proof<'p>,
    pub(crate) statements: &'p [Statement],
    pub(crate) prices: &'p Prices,
    /// The statements by their ids.
    by_id: BTreeMap<&'p str, &'p Statement>,
}

/// All findings, most severe first.
#[must_use]
pub fn run(proof: &Proof<'_>, statements: &[Statement], prices: &Prices) -> Vec<Finding> {
    let by_id = statements.iter().map(|s| (s.id.as_str(), s)).collect();
    let facts = Facts { proof, statements, prices, by_id };
    let mut all: Vec<Finding> = ALL.iter().flat_map(|rule| (rule.run)(&facts)).collect();
    crate::in_templates::say(proof.model, &mut all);
    // Within a severity the order of the list stands.
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    all
}

impl<'p> Facts<'p> {
    pub(crate) fn model(&self) -> &'p Model {
        self.proof.model
    }

    /// The statement of this kind about this resource first of all.
    pub(crate) fn statement(&self, kind: &str, key: &Key) -> Option<&'p Statement> {
        let id = format!("{kind}:{key}");
        self.by_id.get(id.as_str()).copied()
    }

    /// Tries a change on a copy of the model; see [`fix::attempt`].
    pub(crate) fn attempt(
        &self,
        change: &str,
        scope: &Scope,
        goals: &[&str],
        mutate: impl FnOnce(&mut Model),
    ) -> Trial {
        fix::attempt(self.proof.model, &self.by_id, change, scope, goals, mutate)
    }
}

impl RuleInfo {
    /// A finding of this rule.
    pub(crate) fn finding(
        &self,
        severity: Severity,
        origins: impl IntoIterator<Item = Key>,
        title: String,
        fix: impl Into<Fix>,
    ) -> Finding {
        let origins: BTreeSet<String> = origins.into_iter().map(|k| k.to_string()).collect();
        Finding {
            rule: self.id.to_owned(),
            severity,
            origins: origins.into_iter().collect(),
            title,
            why: self.why.to_owned(),
            fix: fix.into(),
            statements: Vec::new(),
            assumes: Vec::new(),
            known: false,
        }
    }
}

impl From<&str> for Fix {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), tried: Vec::new() }
    }
}

impl From<String> for Fix {
    fn from(text: String) -> Self {
        Self { text, tried: Vec::new() }
    }
}

/// A finding shown by statements, with what these assume.
pub(crate) fn shown_by<'s>(
    mut finding: Finding,
    statements: impl IntoIterator<Item = &'s Statement>,
) -> Finding {
    for statement in statements {
        if !finding.statements.contains(&statement.id) {
            finding.statements.push(statement.id.clone());
        }
        for note in &statement.assumes {
            if !finding.assumes.contains(note) {
                finding.assumes.push(note.clone());
            }
        }
    }
    finding
}

/// Whether a statement is shown to be false.
pub(crate) fn refuted(statement: Option<&Statement>) -> bool {
    statement.is_some_and(|s| s.verdict == Verdict::Refuted)
}
