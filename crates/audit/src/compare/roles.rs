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
    let read = |policy: &Val<Policy>| policy.get().is_none_or(|it| it.canonical().is_some());
    if !read(left) || !read(right) {
        let words = |policy: &Val<Policy>| match read(policy) {
            true => "a policy".to_owned(),
            false => "a policy of which a part is not known".to_owned(),
        };
        diff.open(setting, words(left), words(right));
        return;
    }
    let said = |policy: &Policy| -> Vec<String> {
        let statements = policy.canonical().unwrap_or_default();
        statements.iter().map(|statement| by_the_name_of_managed(statement)).collect()
    };
    let same = |own: &Policy, other: &Policy| said(own) == said(other);
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

/// A statement with what stands in a farm's model for the name of a secret that RDS makes, in the place
/// of such a name: nobody knows it before.
fn by_the_name_of_managed(statement: &str) -> String {
    const MANAGED: &str = ":secret:rds!db-";
    let mut parts = statement.split(MANAGED);
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
        all.push_str(MANAGED);
        all.push('*');
        all.push_str(rest.strip_prefix('*').unwrap_or(rest));
    }
    all
}
