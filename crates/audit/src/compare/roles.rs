//! Roles and policies: what they say, in whatever order and form.

use farmgate_aws::iam::Policy;
use farmgate_aws::model::{PolicyAt, ResourcePolicy, Role, Val};

use super::diff::{Alone, Diff, Entry, Item};
use super::names::Names;

impl Item for Role {
    const KIND: &'static str = "role";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            name,
            arn,
            trust,
            policies,
            open,
            boundary,
            // What uses it, services and functions say themselves.
            used: _,
        } = left;
        diff.val("name", name, &right.name);
        diff.late("arn", arn, &right.arn);
        document(diff, "trust", &trust.document, &right.trust.document);
        diff.entries("policy", (policies, &right.policies), (open.as_ref(), right.open.as_ref()));
        let boundaries =
            |boundary: &Option<PolicyAt>| -> Vec<PolicyAt> { boundary.iter().cloned().collect() };
        let (own, other) = (boundaries(boundary), boundaries(&right.boundary));
        diff.entries("boundary", (&own, &other), (None, None));
    }
}

impl Entry for PolicyAt {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.name == right.name
    }

    fn words(&self) -> String {
        self.name.clone()
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, name: _, of_aws, document: own, mentions: _ } = left;
        // What AWS publishes is the same everywhere.
        if !of_aws {
            document(diff, "document", own, &right.document);
        }
    }
}

impl Item for ResourcePolicy {
    const KIND: &'static str = "resource policy";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, of, policy } = left;
        diff.val("of", of, &right.of);
        document(diff, "document", &policy.document, &right.policy.document);
    }

    // Keys are no items, so one model may have a key's policy and the other none.
    fn alone(&self) -> Alone {
        match self.key.resource_type() {
            Some("aws_kms_key" | "aws_kms_key_policy") => Alone::Nothing,
            _ => Alone::Differs,
        }
    }
}

fn document(diff: &mut Diff<'_>, setting: &str, left: &Val<Policy>, right: &Val<Policy>) {
    let same = |own: &Policy, other: &Policy| match (own.canonical(), other.canonical()) {
        (Some(own), Some(other)) => own == other,
        _ => true,
    };
    let words = |policy: &Policy| match policy.canonical() {
        Some(statements) => format!("{} ({})", counted(policy), statements.join("; ")),
        None => counted(policy),
    };
    diff.val_by(setting, (left, right), &same, &words);
}

fn counted(policy: &Policy) -> String {
    match policy.statements.len() {
        1 => "1 statement".to_owned(),
        many => format!("{many} statements"),
    }
}
