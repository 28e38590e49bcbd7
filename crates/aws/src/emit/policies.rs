//! Policies of resources (keys, topics, buckets) and roles: statements that are written more than
//! once.

use super::hcl::{Expr, List, Object, jsonencode, object};
use crate::design::{Design, NO_ACCOUNT};

/// The account, which a farm that is built has.
pub(super) fn account(design: &Design) -> &str {
    design.account.as_deref().unwrap_or(NO_ACCOUNT)
}

/// A policy of these statements, as JSON.
pub(super) fn document(statements: impl IntoIterator<Item = Object>) -> Expr {
    of(List::new().items(statements))
}

/// A policy, as JSON; `statements` is a list of them.
pub(super) fn of(statements: impl Into<Expr>) -> Expr {
    jsonencode(object().attr("Version", "2012-10-17").attr("Statement", statements))
}

/// What a service of AWS may do.
pub(super) fn service(
    sid: &str,
    service: &str,
    action: impl Into<Expr>,
    resource: impl Into<Expr>,
) -> Object {
    object()
        .attr("Sid", sid)
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("Service", service))
        .attr("Action", action)
        .attr("Resource", resource)
}

/// A condition: only on behalf of this account.
pub(super) fn for_account(design: &Design) -> Object {
    object().attr("StringEquals", object().attr("aws:SourceAccount", account(design)))
}

/// Whoever it is, not without TLS.
pub(super) fn only_tls(action: &str, resource: impl Into<Expr>) -> Object {
    object()
        .attr("Sid", "NothingWithoutTls")
        .attr("Effect", "Deny")
        .attr("Principal", "*")
        .attr("Action", action)
        .attr("Resource", resource)
        .attr("Condition", object().attr("Bool", object().attr("aws:SecureTransport", "false")))
}

/// Leaves a key to the account's own policies. Without it nobody could change the key any more.
pub(super) fn key_owner(design: &Design) -> Object {
    let root = format!("arn:{}:iam::{}:root", design.partition, account(design));
    object()
        .attr("Sid", "Account")
        .attr("Effect", "Allow")
        .attr("Principal", object().attr("AWS", root))
        .attr("Action", "kms:*")
        .attr("Resource", "*")
}
