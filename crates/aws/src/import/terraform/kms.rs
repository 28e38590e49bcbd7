//! Keys of KMS: which secrets and parameters they encrypt, and what a key's policy is while nobody
//! writes one.
//!
//! Sources: AWS Secrets Manager User Guide, "Secret encryption and decryption"; AWS Systems Manager User
//! Guide, "AWS KMS encryption for Parameter Store SecureString parameters"; AWS KMS Developer Guide,
//! "Default key policy".

use serde_json::json;

use super::attribute::Attribute;
use super::graph::{Graph, Resource};
use super::place::Place;
use super::wanted::KMS_KEY;
use crate::iam::Policy;
use crate::model::{Key, Model, Note, Origin, PolicyAt, ResourcePolicy, Val};

/// Reads what secrets and parameters are encrypted with.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_secretsmanager_secret"]) {
        let key = Place::top(graph, resource).attribute("kms_key_id");
        model.encrypted.insert(resource.key.clone(), used(graph, &key));
    }
    for resource in graph.of_either(&["aws_ssm_parameter"]) {
        let place = Place::top(graph, resource);
        let kind = place.attribute("type").text();
        let used = match kind.get().and_then(Option::as_deref) {
            Some("String" | "StringList") => Val::Known(None),
            _ => used(graph, &place.attribute("key_id")),
        };
        model.encrypted.insert(resource.key.clone(), used);
    }
}

/// The key that an attribute names; none for those that AWS keeps itself, which let everybody in the
/// account decrypt through the service that they are of.
fn used(graph: &Graph, attribute: &Attribute<'_>) -> Val<Option<Key>> {
    let of_aws = |text: &String| text.starts_with("alias/aws/") || text.contains(":alias/aws/");
    if attribute.is_left_out() || attribute.known_text().as_ref().is_some_and(of_aws) {
        return Val::Known(None);
    }
    match attribute.key(&KMS_KEY) {
        Val::Known(Some(key)) => own(graph, key),
        Val::Assumed(Some(key), note) => match own(graph, key) {
            Val::Known(key) => Val::Assumed(key, note),
            other => other,
        },
        other => other,
    }
}

/// What an alias stands for; none for a key of AWS.
fn own(graph: &Graph, key: Key) -> Val<Option<Key>> {
    let Some(found) = graph.get(&key) else { return Val::Known(Some(key)) };
    let place = Place::top(graph, found);
    if found.kind != "aws_kms_alias" {
        let of_aws = place.attribute("key_manager").known_text().as_deref() == Some("AWS");
        return Val::Known((!of_aws).then_some(key));
    }
    let name = place.attribute("name").known_text();
    if name.is_some_and(|name| name.starts_with("alias/aws/")) {
        return Val::Known(None);
    }
    match place.attribute("target_key_id").needed(&KMS_KEY) {
        Val::Known(target) => Val::Known(Some(target)),
        Val::Assumed(target, note) => Val::Assumed(Some(target), note),
        Val::OneOf(_, note) | Val::Unknown(note) => Val::Unknown(note),
    }
}

/// The policies of keys that nobody writes one for: AWS's default, which leaves it to the account's
/// policies.
pub(super) fn default_policies(graph: &Graph, model: &mut Model) {
    let written: Vec<Key> =
        model.resource_policies.values().filter_map(|it| it.of.get().cloned()).collect();
    // One that is not known whose it is may be any key's.
    let open = graph.of(&["aws_kms_key_policy"]).find(|resource| {
        let policy = model.resource_policies.get(&resource.key);
        policy.is_some_and(|policy| policy.of.get().is_none())
    });
    let open: Option<Note> =
        open.map(|resource| format!("whose policy {} is", resource.key).into());
    for resource in graph.of(&["aws_kms_key"]).filter(|it| !written.contains(&it.key)) {
        let policy = default_policy(resource, open.as_ref());
        model.resource_policies.insert(resource.key.clone(), policy);
    }
}

fn default_policy(key: &Resource, open: Option<&Note>) -> ResourcePolicy {
    let account = key.text("arn").and_then(|arn| arn.split(':').nth(4)).unwrap_or("*");
    let what = format!("the default policy of {}", key.key);
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    }] });
    let document = match (open, Policy::from_value(&document, None, &what)) {
        (Some(note), _) => Val::Unknown(note.clone()),
        (None, Err(note)) => Val::Unknown(note),
        (None, Ok(policy)) => Val::Known(policy),
    };
    let origin = Origin::of(&key.key);
    let policy = PolicyAt { origin, name: what, of_aws: false, document, mentions: Vec::new() };
    ResourcePolicy { key: key.key.clone(), of: Val::Known(key.key.clone()), policy }
}
