//! The least IAM policy with which a collection gets all that it asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::operations::OPERATIONS;

/// The policy, as a document: every action of the list of operations, and no other. Most of them
/// know no resources, so there is one statement for all.
#[must_use]
pub fn policy() -> Value {
    let actions: BTreeSet<&str> =
        OPERATIONS.iter().flat_map(|operation| operation.actions).copied().collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "FarmgateCollect",
            "Effect": "Allow",
            "Action": actions,
            "Resource": "*",
        }],
    })
}
