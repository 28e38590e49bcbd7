//! IAM roles with all their policies, and policies of resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::address::{Head, head, longest};
use super::attribute::{Attribute, Doubt};
use super::graph::{Graph, Resource};
use super::place::Place;
use super::references::follow;
use super::wanted::{KMS_KEY, POLICY, REPOSITORY, ROLE, SECRET, SUBJECT, Wanted};
use crate::iam::{Policy, managed_policy};
use crate::model::{Key, Model, Note, Origin, PolicyAt, ResourcePolicy, Role, Val};

mod used;

/// Reads roles, their policies, and policies of resources.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_iam_role"]) {
        let role = role(graph, resource);
        model.roles.insert(role.key.clone(), role);
    }
    let names = by_name(model);
    let own = own_policies(graph);
    let mut anywhere = None;
    for resource in graph.of(&["aws_iam_role_policy"]) {
        let place = Place::top(graph, resource);
        let policy = inline(&place);
        add(model, &names, &place.attribute("role"), &[policy], &mut anywhere);
    }
    for resource in graph.of(&["aws_iam_role_policy_attachment", "aws_iam_policy_attachment"]) {
        let place = Place::top(graph, resource);
        let policy = attached(&place, &own);
        let of = if resource.kind == "aws_iam_policy_attachment" { "roles" } else { "role" };
        add(model, &names, &place.attribute(of), &[policy], &mut anywhere);
    }
    for role in model.roles.values_mut() {
        if let Some(note) = &anywhere {
            role.open.get_or_insert_with(|| note.clone());
        }
        role.policies.sort_by(|a, b| (&a.name, &a.origin).cmp(&(&b.name, &b.origin)));
        // A state lists in the role what resources of their own say as well.
        role.policies.dedup_by(|a, b| a.name == b.name && a.document == b.document);
    }
    let tables: [(&str, &'static str, &Wanted); 4] = [
        ("aws_ecr_repository_policy", "repository", &REPOSITORY),
        ("aws_secretsmanager_secret_policy", "secret_arn", &SECRET),
        ("aws_kms_key_policy", "key_id", &KMS_KEY),
        ("aws_kms_key", "", &KMS_KEY),
    ];
    for (kind, of, wanted) in tables {
        for resource in graph.of(&[kind]) {
            let place = Place::top(graph, resource);
            let policy = place.attribute("policy");
            if of.is_empty() && policy.is_left_out() {
                continue;
            }
            let whose = match of {
                "" => Val::Known(resource.key.clone()),
                of => place.attribute(of).needed(wanted).map(|key| repository(model, key)),
            };
            let policy = written(&policy, resource.key.to_string(), Origin::of(&resource.key));
            let found = ResourcePolicy { key: resource.key.clone(), of: whose, policy };
            model.resource_policies.insert(resource.key.clone(), found);
        }
    }
    super::kms::default_policies(graph, model);
}

/// A repository is named by its name.
fn repository(model: &Model, key: Key) -> Key {
    let named = model
        .repositories
        .values()
        .find(|it| matches!(&it.name, Val::Known(Some(name)) if name.as_str() == key.as_str()));
    named.map_or(key, |repository| repository.key.clone())
}

/// The roles by their names; none for a name that several have.
fn by_name(model: &Model) -> BTreeMap<String, Option<Key>> {
    let mut names: BTreeMap<String, Option<Key>> = BTreeMap::new();
    for (key, role) in &model.roles {
        if let Some(Some(name)) = role.name.known() {
            let entry = names.entry(name.clone());
            entry.and_modify(|found| *found = None).or_insert_with(|| Some(key.clone()));
        }
    }
    names
}

fn role(graph: &Graph, resource: &Resource) -> Role {
    let place = Place::top(graph, resource);
    let key = &resource.key;
    let trust = place.attribute("assume_role_policy");
    let mut policies = Vec::new();
    let mut open = None;
    if resource.data {
        open = Some(format!("the policies of {key}, of which its source shows none").into());
    }
    let blocks = place.blocks("inline_policy");
    for block in &blocks.list {
        // An empty block says that there is none.
        if !block.attribute("name").is_absent() || !block.attribute("policy").is_absent() {
            policies.push(inline(block));
        }
    }
    let arns = place.attribute("managed_policy_arns");
    let listed = match (arns.doubt, arns.value) {
        (Doubt::None | Doubt::Parts, Some(Value::Array(items))) => items.as_slice(),
        _ => &[],
    };
    let own = own_policies(graph);
    for arn in listed.iter().filter_map(Value::as_str) {
        policies.push(by_arn(graph, &own, Origin::at(key, "managed_policy_arns"), arn));
    }
    let unsettled = arns.doubt != Doubt::None && !arns.is_left_out();
    open = open.or(blocks.open).or_else(|| unsettled.then(|| arns.pending()));
    let boundary = place.attribute("permissions_boundary");
    let boundary = (!boundary.is_left_out()).then(|| {
        let origin = Origin::at(key, "permissions_boundary");
        named_by(&boundary, &own, origin)
    });
    Role {
        key: key.clone(),
        name: place.attribute("name").text(),
        arn: resource.text("arn").map(str::to_owned),
        trust: written(
            &trust,
            "assume_role_policy".to_owned(),
            Origin::at(key, "assume_role_policy"),
        ),
        policies,
        open,
        boundary,
        used: used::is_used(graph, resource),
    }
}

fn inline(place: &Place<'_>) -> PolicyAt {
    let name = place.attribute("name").known_text();
    let name = name.unwrap_or_else(|| place.origin().to_string());
    written(&place.attribute("policy"), name, place.origin())
}

/// A policy as an attribute says it: JSON, an object, or a document of Terraform's own.
fn written(attribute: &Attribute<'_>, name: String, origin: Origin) -> PolicyAt {
    let what = format!("`{}` of {}", attribute.name, attribute.resource.key);
    let read = |policy: Result<Policy, Note>| match policy {
        Ok(policy) => Val::Known(policy),
        Err(note) => Val::Unknown(note),
    };
    let mut mentions = Vec::new();
    let document = match (attribute.doubt, attribute.value) {
        (Doubt::None, Some(Value::String(text))) => read(Policy::from_text(text, &what)),
        (Doubt::None | Doubt::Parts, Some(object @ Value::Object(_))) => {
            read(Policy::from_value(object, attribute.unknown, &what))
        }
        (Doubt::Assumed, Some(Value::String(text))) => match Policy::from_text(text, &what) {
            Ok(policy) => Val::Assumed(policy, attribute.pending()),
            Err(note) => Val::Unknown(note),
        },
        (Doubt::Assumed, _) => Val::Unknown(attribute.pending()),
        (Doubt::None, None) => Val::Known(Policy::default()),
        (Doubt::None | Doubt::Parts, _) => Val::Unknown(attribute.odd("is no policy")),
        (Doubt::Whole | Doubt::Hidden, _) => match document(attribute) {
            Some((found, names)) => {
                mentions = names;
                found
            }
            None => {
                mentions = mentioned(attribute, &attribute.expressions);
                Val::Unknown(attribute.pending())
            }
        },
    };
    PolicyAt { origin, name, of_aws: false, document, mentions }
}

fn mentioned(attribute: &Attribute<'_>, expressions: &[&Value]) -> Vec<Key> {
    follow(attribute.graph, attribute.resource, expressions, &SUBJECT).keys
}

/// The document of a data source that an expression is, if it is nothing else; with what the document
/// names.
fn document(attribute: &Attribute<'_>) -> Option<(Val<Policy>, Vec<Key>)> {
    let [only] = attribute.expressions.as_slice() else { return None };
    let references = only.get("references")?.as_array()?;
    let heads = longest(references.iter().filter_map(Value::as_str));
    let [reference] = heads.as_slice() else { return None };
    let Some(Head::Resource { group, kind, data: true, index: None, .. }) = head(reference) else {
        return None;
    };
    if kind != "aws_iam_policy_document" {
        return None;
    }
    let graph = attribute.graph;
    let mut members = graph.members(attribute.resource.module, &group);
    let (Some(found), None) = (members.next(), members.next()) else { return None };
    let place = Place::top(graph, found);
    for others in
        ["source_policy_documents", "override_policy_documents", "source_json", "override_json"]
    {
        if !place.attribute(others).is_left_out() {
            return None;
        }
    }
    let statements = place.attribute("statement");
    let (value, doubt) = policy_of(statements.value?, statements.unknown);
    let what = found.key.to_string();
    let policy = Policy::from_value(&value, Some(&doubt), &what).ok()?;
    let written = graph.written(found).and_then(|written| written.expressions.get("statement"));
    let mut names = Vec::new();
    if let Some(expression) = written {
        names = follow(graph, found, &[expression], &SUBJECT).keys;
    }
    let note = attribute.odd(&format!("is {}, which its expression names", found.key));
    Some((Val::Assumed(policy, note), names))
}

/// A document in the words of policies, of one in the words of the data source; with what of it is not
/// known, in the same shape.
fn policy_of(statements: &Value, unknown: Option<&Value>) -> (Value, Value) {
    const WORDS: [(&str, &str); 4] = [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    let none = Value::Null;
    let member = |doubt: &Value, name: &str| match doubt {
        Value::Object(members) => members.get(name).cloned().unwrap_or(Value::Null),
        whole => whole.clone(),
    };
    let item = |doubt: Option<&Value>, at: usize| match doubt {
        Some(Value::Array(items)) => items.get(at).cloned().unwrap_or(Value::Null),
        Some(whole) => whole.clone(),
        None => Value::Null,
    };
    let (mut all, mut doubts) = (Vec::new(), Vec::new());
    for (at, one) in statements.as_array().into_iter().flatten().enumerate() {
        let doubt = item(unknown, at);
        let (mut own, mut open) = (Map::new(), Map::new());
        let effect = one.get("effect").filter(|effect| !effect.is_null());
        own.insert("Effect".to_owned(), effect.cloned().unwrap_or(json!("Allow")));
        if let Some(sid) = one.get("sid").filter(|sid| !sid.is_null()) {
            own.insert("Sid".to_owned(), sid.clone());
        }
        for (theirs, ours) in WORDS {
            let value = one.get(theirs).unwrap_or(&none);
            let mask = member(&doubt, theirs);
            let items = value.as_array().map_or(0, Vec::len);
            let masked = mask.as_array().map_or(0, Vec::len);
            if items.max(masked) > 0 || mask == Value::Bool(true) {
                own.insert(ours.to_owned(), json!(value));
                open.insert(ours.to_owned(), mask);
            }
        }
        principals(one, &doubt, &mut own, &mut open);
        conditions(one, &doubt, &mut own, &mut open);
        all.push(Value::Object(own));
        doubts.push(Value::Object(open));
    }
    let version = json!("2012-10-17");
    (json!({ "Version": version, "Statement": all }), json!({ "Statement": doubts }))
}

fn principals(
    one: &Value,
    doubt: &Value,
    own: &mut Map<String, Value>,
    open: &mut Map<String, Value>,
) {
    for (theirs, ours) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let blocks = one.get(theirs).and_then(Value::as_array).filter(|list| !list.is_empty());
        let Some(blocks) = blocks else { continue };
        let (mut kinds, mut masks) = (Map::new(), Map::new());
        for (at, block) in blocks.iter().enumerate() {
            let Some(kind) = block.get("type").and_then(Value::as_str) else { continue };
            let kind = if kind == "*" { "AWS" } else { kind };
            let mask = doubt.get(theirs).and_then(|list| list.get(at));
            let words = block.get("identifiers").cloned().unwrap_or_default();
            let mask = mask.and_then(|mask| mask.get("identifiers")).cloned();
            kinds.insert(kind.to_owned(), words);
            masks.insert(kind.to_owned(), mask.unwrap_or_default());
        }
        own.insert(ours.to_owned(), Value::Object(kinds));
        open.insert(ours.to_owned(), Value::Object(masks));
    }
}

fn conditions(
    one: &Value,
    doubt: &Value,
    own: &mut Map<String, Value>,
    open: &mut Map<String, Value>,
) {
    let blocks = one.get("condition").and_then(Value::as_array).filter(|list| !list.is_empty());
    let Some(blocks) = blocks else { return };
    let (mut tests, mut masks) = (Map::new(), Map::new());
    for (at, block) in blocks.iter().enumerate() {
        let text = |name: &str| block.get(name).and_then(Value::as_str);
        let (Some(test), Some(variable)) = (text("test"), text("variable")) else {
            // An operator or a key that is not known: the whole condition is in doubt.
            open.insert("Condition".to_owned(), Value::Bool(true));
            own.insert("Condition".to_owned(), Value::Null);
            return;
        };
        let mask = doubt.get("condition").and_then(|list| list.get(at));
        let mask = mask.and_then(|mask| mask.get("values")).cloned().unwrap_or_default();
        for (into, value) in
            [(&mut tests, block.get("values").cloned().unwrap_or_default()), (&mut masks, mask)]
        {
            let keys = into.entry(test).or_insert_with(|| json!({}));
            if let Some(keys) = keys.as_object_mut() {
                keys.insert(variable.to_owned(), value);
            }
        }
    }
    own.insert("Condition".to_owned(), Value::Object(tests));
    open.insert("Condition".to_owned(), Value::Object(masks));
}

// === Attached policies ===

/// The account's own policies that sources show.
fn own_policies(graph: &Graph) -> BTreeMap<Key, PolicyAt> {
    let all = graph.of_either(&["aws_iam_policy"]).map(|resource| {
        let place = Place::top(graph, resource);
        let name = place.attribute("name").known_text();
        let name = name.unwrap_or_else(|| resource.key.to_string());
        let policy = written(&place.attribute("policy"), name, Origin::of(&resource.key));
        (resource.key.clone(), policy)
    });
    all.collect()
}

fn attached(place: &Place<'_>, own: &BTreeMap<Key, PolicyAt>) -> PolicyAt {
    named_by(&place.attribute("policy_arn"), own, place.origin())
}

/// The policy that an attribute names.
fn named_by(attribute: &Attribute<'_>, own: &BTreeMap<Key, PolicyAt>, origin: Origin) -> PolicyAt {
    let unknown = |note: Note, origin: Origin| PolicyAt {
        name: origin.to_string(),
        origin,
        of_aws: false,
        document: Val::Unknown(note),
        mentions: Vec::new(),
    };
    match attribute.key(&POLICY) {
        Val::Known(Some(key)) => by_key(own, origin, &key),
        Val::Assumed(Some(key), note) => {
            let mut policy = by_key(own, origin, &key);
            policy.document = match policy.document {
                Val::Known(policy) => Val::Assumed(policy, note),
                other => other,
            };
            policy
        }
        Val::Known(None) | Val::Assumed(None, _) => unknown(attribute.odd("is not given"), origin),
        Val::OneOf(_, note) | Val::Unknown(note) => unknown(note, origin),
    }
}

fn by_arn(graph: &Graph, own: &BTreeMap<Key, PolicyAt>, origin: Origin, arn: &str) -> PolicyAt {
    by_key(own, origin, &graph.resolve(&POLICY, arn))
}

fn by_key(own: &BTreeMap<Key, PolicyAt>, origin: Origin, key: &Key) -> PolicyAt {
    if let Some(found) = own.get(key) {
        return found.clone();
    }
    let name = key.to_string();
    let of_aws = name.contains(":iam::aws:policy/");
    let document = match managed_policy(&name) {
        Some(policy) => Val::Known(policy),
        None => Val::Unknown(format!("the policy {name}, which no source shows").into()),
    };
    PolicyAt { origin, name, of_aws, document, mentions: Vec::new() }
}

/// Gives policies to the roles that an attribute names; to all that it may be, as a note.
fn add(
    model: &mut Model,
    names: &BTreeMap<String, Option<Key>>,
    of: &Attribute<'_>,
    policies: &[PolicyAt],
    anywhere: &mut Option<Note>,
) {
    let roles = of.keys(&ROLE);
    for key in &roles.sure {
        let by_name = names.get(key.as_str()).cloned().flatten();
        let key = by_name.unwrap_or_else(|| key.clone());
        let Some(role) = model.roles.get_mut(&key) else { continue };
        for policy in policies {
            let mut policy = policy.clone();
            if let (Some(note), Val::Known(document)) = (&roles.assumed, &policy.document) {
                policy.document = Val::Assumed(document.clone(), note.clone());
            }
            role.policies.push(policy);
        }
    }
    let Some(note) = &roles.unknown else { return };
    for key in &roles.maybe {
        if let Some(role) = model.roles.get_mut(key) {
            role.open.get_or_insert_with(|| note.clone());
        }
    }
    if roles.open {
        anywhere.get_or_insert_with(|| note.clone());
    }
}
