//! `data.aws_iam_policy_document`: the policy that it renders.
//!
//! See <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>.

use std::collections::BTreeMap;

use super::block::Block;
use super::eval::{Env, Evaluator};
use super::functions::encode;
use super::value::Value;

/// The attributes of a statement, and what policies call them.
const LISTS: [(&str, &str); 4] = [
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
];

/// The policy as JSON, with what isn't known in it.
pub(super) fn render(eval: &Evaluator<'_>, env: &Env<'_>, block: &Block) -> Value {
    let others =
        ["source_policy_documents", "override_policy_documents", "source_json", "override_json"];
    if others.iter().any(|name| block.attributes.contains_key(*name)) {
        return Value::unknown("is made of other policy documents");
    }
    let content = eval.body(env, block);
    let Value::Object(members) = &content else { return content };
    let mut policy = BTreeMap::new();
    let version = members.get("version").filter(|value| !matches!(value, Value::Null));
    policy.insert(
        "Version".to_owned(),
        version.cloned().unwrap_or_else(|| Value::text("2012-10-17")),
    );
    if let Some(id) = members.get("policy_id") {
        policy.insert("Id".to_owned(), id.clone());
    }
    let statements = match members.get("statement") {
        None => Vec::new(),
        Some(Value::List(items)) => {
            match items.iter().map(statement).collect::<Result<Vec<_>, _>>() {
                Ok(statements) => statements,
                Err(hole) => return hole,
            }
        }
        Some(other) => return other.clone(),
    };
    policy.insert("Statement".to_owned(), Value::list(statements));
    encode(eval, &Value::object(policy))
}

fn statement(written: &Value) -> Result<Value, Value> {
    let Value::Object(members) = written else { return Err(written.clone()) };
    let mut made = BTreeMap::new();
    let given = |name: &str| members.get(name).filter(|value| !matches!(value, Value::Null));
    made.insert(
        "Effect".to_owned(),
        given("effect").cloned().unwrap_or_else(|| Value::text("Allow")),
    );
    if let Some(sid) = given("sid") {
        made.insert("Sid".to_owned(), sid.clone());
    }
    for (name, word) in LISTS {
        if let Some(list) = given(name)
            && list.items().is_none_or(|items| !items.is_empty())
        {
            made.insert(word.to_owned(), single(list));
        }
    }
    for (name, word) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(Value::List(blocks)) = given(name) {
            made.insert(word.to_owned(), principals(blocks)?);
        }
    }
    if let Some(Value::List(blocks)) = given("condition") {
        made.insert("Condition".to_owned(), conditions(blocks)?);
    }
    Ok(Value::object(made))
}

/// A list of one like its item, as the provider writes it.
fn single(list: &Value) -> Value {
    match list.items().map(|items| items.as_slice()) {
        Some([only]) => only.clone(),
        _ => list.clone(),
    }
}

fn unread() -> Value {
    Value::unknown("is made of blocks that aren't known")
}

fn principals(blocks: &[Value]) -> Result<Value, Value> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for block in blocks {
        let Value::Object(members) = block else { return Err(unread()) };
        let kind = members.get("type").and_then(Value::as_text).ok_or_else(unread)?;
        let ids = members.get("identifiers").and_then(Value::items).ok_or_else(unread)?;
        let anyone = matches!(ids.as_slice(), [Value::Text(only)] if only.as_ref() == "*");
        if kind.as_ref() == "*" && anyone && blocks.len() == 1 {
            return Ok(Value::text("*"));
        }
        all.entry(kind.to_string()).or_default().extend(ids.iter().cloned());
    }
    let one = |(kind, ids)| (kind, single(&Value::list(ids)));
    Ok(Value::object(all.into_iter().map(one).collect()))
}

fn conditions(blocks: &[Value]) -> Result<Value, Value> {
    let mut all: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for block in blocks {
        let Value::Object(members) = block else { return Err(unread()) };
        let text = |name: &str| members.get(name).and_then(Value::as_text).ok_or_else(unread);
        let (test, variable) = (text("test")?, text("variable")?);
        let values = members.get("values").cloned().ok_or_else(unread)?;
        let of = all.entry(test.to_string()).or_default();
        if of.insert(variable.to_string(), single(&values)).is_some() {
            return Err(Value::unknown("names one variable in two conditions"));
        }
    }
    let one = |(test, of): (String, BTreeMap<String, Value>)| (test, Value::object(of));
    Ok(Value::object(all.into_iter().map(one).collect()))
}
