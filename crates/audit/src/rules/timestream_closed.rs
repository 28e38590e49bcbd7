//! `timestream-closed`: what needs Timestream for LiveAnalytics, which takes no new customers.
//!
//! Timestream for InfluxDB is another service, and is not meant.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "timestream-closed",
        severity: Severity::Medium,
        title: "Timestream for LiveAnalytics takes no new customers",
        why: "Since 2025-06-20 only accounts that used it before can make its databases and call its \
              endpoints; in any other the apply fails. Who has it gets no new features, and should know \
              where to go.",
        page: include_str!("../../../../docs/rules/timestream-closed.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let endpoints = endpoints(model);
    if model.timestream.is_empty() && endpoints.is_empty() {
        return Vec::new();
    }
    // An endpoint alone is made, and then of no use.
    let severity = if model.timestream.is_empty() { Severity::Low } else { Severity::Medium };
    let count = |number: usize, word: &str| match number {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{number} {word}s")),
    };
    let both = [count(model.timestream.len(), "resource"), count(endpoints.len(), "endpoint")];
    let what = crate::prove::listed(both.into_iter().flatten());
    let title = format!("{what} of Timestream for LiveAnalytics, which is closed to new customers");
    let fix = "if the account used it before 2025-06-20, accept this; else take Timestream for InfluxDB, \
               or PostgreSQL on RDS";
    let origins = model.timestream.iter().cloned().chain(endpoints);
    vec![RULE.info.finding(severity, origins, title, fix)]
}

/// Endpoints of its cells: `com.amazonaws.REGION.timestream.ingest-cell1`.
fn endpoints(model: &Model) -> BTreeSet<Key> {
    let of_service = model.endpoints.values().filter(|endpoint| {
        endpoint.service_name.get().is_some_and(|name| {
            [".timestream.ingest", ".timestream.query"].iter().any(|part| name.contains(part))
        })
    });
    of_service.map(|endpoint| endpoint.key.clone()).collect()
}
