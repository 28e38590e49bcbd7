//! The region and the account, where every source agrees on one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::raw::{Parsed, Raw};

/// Region and account of all sources.
pub(super) fn of(sources: &[Parsed]) -> (Option<String>, Option<String>) {
    let regions: BTreeSet<String> = sources.iter().filter_map(region).collect();
    let accounts: BTreeSet<String> =
        sources.iter().flat_map(|source| &source.resources).filter_map(account).collect();
    (only(regions), only(accounts))
}

fn only(mut found: BTreeSet<String>) -> Option<String> {
    if found.len() == 1 { found.pop_first() } else { None }
}

/// What the provider is configured with, or else what data sources and ARNs say.
fn region(source: &Parsed) -> Option<String> {
    if let Some(region) = source.config.as_ref().and_then(|config| config.region.clone()) {
        return Some(region);
    }
    let told = source.resources.iter().filter(|raw| raw.data && raw.kind == "aws_region");
    let told: BTreeSet<String> = told.filter_map(|raw| text(raw, "id")).collect();
    only(told).or_else(|| {
        // Global services sign with us-east-1 or with no region: only what is in a VPC counts.
        let local = source.resources.iter().filter(|raw| {
            ["aws_vpc", "aws_subnet", "aws_security_group", "aws_lb", "aws_ecs_"]
                .iter()
                .any(|prefix| raw.kind.starts_with(prefix))
        });
        only(local.filter_map(|raw| arn_part(raw, 3)).collect())
    })
}

fn account(raw: &Raw) -> Option<String> {
    let found = if raw.data && raw.kind == "aws_caller_identity" {
        text(raw, "account_id")
    } else if raw.data {
        None
    } else {
        arn_part(raw, 4)
    };
    found.filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
}

fn text(raw: &Raw, name: &str) -> Option<String> {
    raw.after.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `arn:partition:service:REGION:ACCOUNT:...`
fn arn_part(raw: &Raw, at: usize) -> Option<String> {
    let arn = text(raw, "arn")?;
    let mut parts = arn.split(':');
    if parts.next() != Some("arn") {
        return None;
    }
    parts.nth(at - 1).filter(|part| !part.is_empty()).map(str::to_owned)
}
