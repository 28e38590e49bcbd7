//! JSON texts compared by what they say: policies of endpoints and APIs, configurations.
//!
//! Two policies are equal here if IAM reads them alike whatever the request: order, one value
//! instead of a list of one, statement ids and the letter case of actions say nothing (IAM User
//! Guide, "IAM JSON policy elements reference"). No two statements are merged.

use serde_json::{Map, Value};

/// Whether two policies of an endpoint say the same. None is AWS's default, full access (AWS
/// PrivateLink Guide, "Endpoint policies").
pub(super) fn same_endpoint_policy(left: Option<&str>, right: Option<&str>) -> bool {
    let full = || r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
    same_policy(left.unwrap_or_else(full), right.unwrap_or_else(full))
}

/// Whether two policies say the same.
pub(super) fn same_policy(left: &str, right: &str) -> bool {
    left == right
        || match (parsed(left), parsed(right)) {
            (Some(left), Some(right)) => policy(&left) == policy(&right),
            _ => false,
        }
}

/// Whether two texts are equal, or both the same JSON object or list.
pub(super) fn same_text(left: &str, right: &str) -> bool {
    let document =
        |text| parsed(text).filter(|value| matches!(value, Value::Object(_) | Value::Array(_)));
    left == right || matches!((document(left), document(right)), (Some(a), Some(b)) if a == b)
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// The statements of a policy, each in one form, in order of their text; and its version, which
/// says whether variables are read, if there are any.
fn policy(document: &Value) -> Option<(Vec<String>, Option<String>)> {
    let mut statements: Vec<String> = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().map(statement).collect::<Option<_>>()?,
        Some(one) => vec![statement(one)?],
        None => return None,
    };
    statements.sort_unstable();
    statements.dedup();
    let variables = statements.iter().any(|text| text.contains("${"));
    let version = document.get("Version").filter(|_| variables).map(ToString::to_string);
    Some((statements, version))
}

/// One statement in one form; `None` for what is no object.
fn statement(value: &Value) -> Option<String> {
    let mut all = std::collections::BTreeMap::new();
    for (name, value) in value.as_object()?.iter().filter(|(name, _)| *name != "Sid") {
        let told = match name.as_str() {
            "Action" | "NotAction" => members(value, str::to_ascii_lowercase),
            "Principal" | "NotPrincipal" if value == "*" => r#"{"AWS":["*"]}"#.to_owned(),
            "Principal" | "NotPrincipal" => {
                mapped(value.as_object()?, |part| members(part, str::to_owned))
            }
            "Condition" => mapped(value.as_object()?, |part| match part.as_object() {
                Some(keys) => mapped(keys, |part| members(part, str::to_owned)),
                None => part.to_string(),
            }),
            _ => members(value, str::to_owned),
        };
        all.insert(name.clone(), told);
    }
    Some(format!("{all:?}"))
}

fn mapped(object: &Map<String, Value>, told: impl Fn(&Value) -> String) -> String {
    let parts: std::collections::BTreeMap<&String, String> =
        object.iter().map(|(name, value)| (name, told(value))).collect();
    let parts: Vec<String> = parts.iter().map(|(name, told)| format!("{name:?}:{told}")).collect();
    format!("{{{}}}", parts.join(","))
}

/// One value or a list of them, as a sorted list.
fn members(value: &Value, form: impl Fn(&str) -> String) -> String {
    let told = |value: &Value| match value.as_str() {
        Some(text) => format!("{:?}", form(text)),
        None => value.to_string(),
    };
    let mut all: Vec<String> = match value {
        Value::Array(list) => list.iter().map(told).collect(),
        one => vec![told(one)],
    };
    all.sort_unstable();
    all.dedup();
    format!("[{}]", all.join(","))
}

#[cfg(test)]
mod tests {
    use super::{same_endpoint_policy, same_policy, same_text};

    #[test]
    fn order_and_lists_of_one_say_nothing() {
        let left = r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"a","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:x"]}]}"#;
        let right = r#"{"Statement":{"Action":["s3:listBucket","s3:GetObject"],"Resource":"arn:x",
            "Principal":{"AWS":"*"},"Effect":"Allow"},"Version":"2012-10-17"}"#;
        assert!(same_policy(left, right));
        assert!(!same_policy(left, &right.replace("arn:x", "*")));
        assert!(!same_policy(left, &right.replace("Allow", "Deny")));
    }

    #[test]
    fn conditions_count() {
        let with = |condition: &str| {
            format!(
                r#"{{"Statement":[{{"Effect":"Allow","Action":"*","Condition":{condition}}}]}}"#
            )
        };
        let one = with(r#"{"StringEquals":{"aws:PrincipalAccount":"1"}}"#);
        assert!(same_policy(&one, &with(r#"{"StringEquals":{"aws:PrincipalAccount":["1"]}}"#)));
        assert!(!same_policy(&one, &with(r#"{"StringEquals":{"aws:PrincipalAccount":"2"}}"#)));
        assert!(!same_policy(&one, &with("{}")));
    }

    #[test]
    fn no_policy_of_an_endpoint_is_full_access() {
        let full = r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}"#;
        assert!(same_endpoint_policy(None, Some(full)));
        assert!(!same_endpoint_policy(None, Some(&full.replace("Allow", "Deny"))));
        assert!(!same_endpoint_policy(None, Some("no JSON")));
    }

    #[test]
    fn texts_are_the_same_if_they_are_the_same_document() {
        assert!(same_text(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#));
        assert!(!same_text(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same_text("1", "1.0"));
    }
}
