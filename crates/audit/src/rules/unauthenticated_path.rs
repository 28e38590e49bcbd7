//! `unauthenticated-path`: a way from the internet to a server on which nobody asks who calls.
//!
//! Only AWS's own fronts (`prove::trust` lists them) and farmgate's gates are seen; what a server
//! asks for itself is in its code, not in the model.

mod apis;
mod gates;
mod load_balancers;

use std::collections::BTreeSet;

use farmgate_aws::model::Key;

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "unauthenticated-path",
        severity: Severity::Critical,
        title: "a way from the internet to a server on which nothing verifies the caller",
        why: "Whoever finds the address calls the tools: where these run code, drive a browser or \
              read a database, that is what the caller then does. A client that signs its requests \
              proves nothing if no hop on the way verifies the signature.",
        page: include_str!("../../../../docs/rules/unauthenticated-path.md"),
    },
    run,
};

/// How many fixes are tried at most.
const TRIALS: usize = 8;
/// So many routes and servers are named in a title.
const NAMED: usize = 3;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut budget = TRIALS;
    let mut all = apis::findings(facts, &mut budget);
    all.extend(load_balancers::findings(facts, &mut budget));
    all.extend(gates::findings(facts, &mut budget));
    all
}

/// A few names, and how many more there are.
fn some(names: &BTreeSet<String>) -> String {
    if names.len() <= NAMED {
        return listed(names);
    }
    let more = format!("{} more", names.len() - NAMED);
    listed(names.iter().take(NAMED).cloned().chain([more]))
}

/// What is led to, in words.
fn servers(keys: &BTreeSet<Key>) -> String {
    match keys.is_empty() {
        true => "what the model does not show".to_owned(),
        false => some(&keys.iter().map(ToString::to_string).collect()),
    }
}
