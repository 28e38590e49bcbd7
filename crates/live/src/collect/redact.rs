//! What is in answers and must not be kept: values that look like secrets. Each is replaced by
//! [`REDACTED`], so that it can be seen that there was one, and not what.
//!
//! The names and beginnings are those by which farm files are searched for secrets. What a command
//! line says of its own is not searched.

use serde_json::Value;

/// What stands for a value that isn't kept.
pub const REDACTED: &str = "farmgate:redacted";

/// What names of secrets end with.
const ENDINGS: [&str; 8] =
    ["_KEY", "_TOKEN", "_PASS", "_PWD", "APIKEY", "_CREDENTIAL", "_CREDENTIALS", "PASSPHRASE"];

/// What names of secrets hold.
const PARTS: [&str; 3] = ["PASSWORD", "PASSWD", "SECRET"];

/// What names end with whose value is about a secret, and is none.
const ABOUT: [&str; 9] =
    ["_FILE", "_PATH", "_ARN", "_NAME", "_HEADER", "_URL", "_LENGTH", "_TTL", "PUBLIC_KEY"];

/// What well-known secrets begin with, and how long they are at least.
const BEGINNINGS: [(&str, usize); 18] = [
    ("Bearer ", 10),
    ("AKIA", 20),
    ("ASIA", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AIza", 35),
    ("eyJ", 30),
    ("-----BEGIN", 10),
    ("fg_", 59),
    ("{\"version\":1,\"sign\":", 40),
];

/// Replaces what must not be kept in the answer of an operation.
pub(super) fn redact(service: &str, operation: &str, answer: &mut Value) {
    match (service, operation) {
        ("ecs", _) => environments(answer),
        ("cloudfront", _) => members(answer, &["HeaderValue"], false),
        ("elbv2", "describe-rules") => headers(answer),
        ("wafv2", _) => searched_headers(answer),
        ("apigateway", _) => members(answer, &["requestParameters"], true),
        ("apigatewayv2", _) => members(answer, &["RequestParameters"], true),
        _ => {}
    }
}

/// Environment variables and options of log drivers, wherever they are.
fn environments(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(environments),
        Value::Object(object) => {
            if let Some(Value::Array(variables)) = object.get_mut("environment") {
                for variable in variables {
                    let name = variable.get("name").and_then(Value::as_str).map(str::to_owned);
                    if let (Some(name), Some(value)) = (name, variable.get_mut("value")) {
                        hide(&name, value);
                    }
                }
            }
            if let Some(Value::Object(options)) = object.get_mut("options") {
                options.iter_mut().for_each(|(name, value)| hide(&name.replace('-', "_"), value));
            }
            let others = object.iter_mut().filter(|(name, _)| *name != "environment");
            others.for_each(|(_, value)| environments(value));
        }
        _ => {}
    }
}

fn hide(name: &str, value: &mut Value) {
    let Some(text) = value.as_str() else { return };
    let named = is_name_of_secret(name) && !matches!(text, "" | "true" | "false");
    if named || is_secret(text) {
        *value = Value::from(REDACTED);
    }
}

/// Members of these names: all of their texts; or, in maps of parameters, those for headers and queries
/// that are written there and not taken from a request.
fn members(value: &mut Value, names: &[&str], literal: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| members(item, names, literal)),
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::Object(map) if literal && names.contains(&name.as_str()) => {
                        let written =
                            map.iter_mut().filter(|(name, value)| is_written(name, value));
                        written.for_each(|(_, value)| replace(value));
                    }
                    Value::String(_) if !literal && names.contains(&name.as_str()) => {
                        replace(value);
                    }
                    _ => members(value, names, literal),
                }
            }
        }
        _ => {}
    }
}

/// Whether a parameter's value is written there, for a header or a query.
fn is_written(name: &str, value: &Value) -> bool {
    const TAKEN: [&str; 7] =
        ["$", "method.", "request.", "route.", "context.", "stageVariables.", "integration."];
    let name = name.to_ascii_lowercase();
    let taken = |text: &str| TAKEN.iter().any(|beginning| text.starts_with(beginning));
    (name.contains("header") || name.contains("querystring"))
        && value.as_str().is_some_and(|text| !taken(text))
}

fn replace(value: &mut Value) {
    *value = Value::from(REDACTED);
}

/// What headers must say for a rule: often a word that only a distribution knows.
fn headers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(headers),
        Value::Object(object) => {
            if let Some(Value::Array(values)) =
                object.get_mut("HttpHeaderConfig").and_then(|it| it.get_mut("Values"))
            {
                values.iter_mut().for_each(replace);
            }
            let headers_too = object.get("HttpHeaderConfig").is_some();
            if let Some(Value::Array(values)) = object.get_mut("Values").filter(|_| headers_too) {
                values.iter_mut().for_each(replace);
            }
            object.values_mut().for_each(headers);
        }
        _ => {}
    }
}

/// What a web ACL looks for in one header.
fn searched_headers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(searched_headers),
        Value::Object(object) => {
            let header =
                object.get("FieldToMatch").is_some_and(|it| it.get("SingleHeader").is_some());
            if let Some(text) = object.get_mut("SearchString").filter(|_| header) {
                replace(text);
            }
            object.values_mut().for_each(searched_headers);
        }
        _ => {}
    }
}

fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let secret = ENDINGS.iter().any(|ending| name.ends_with(ending))
        || PARTS.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "KEY" | "TOKEN");
    secret && !ABOUT.iter().any(|ending| name.ends_with(ending))
}

fn is_secret(text: &str) -> bool {
    let text = text.trim();
    let word = text.split_whitespace().next().unwrap_or_default();
    let known = BEGINNINGS.iter().any(|(beginning, length)| {
        text.starts_with(beginning) && word.len().max(text.len().min(10)) >= *length
    });
    // A signed token has three parts.
    let token = !text.starts_with("eyJ") || text.matches('.').count() == 2;
    (known && token) || has_password(text)
}

/// `postgres://user:password@host`.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
    password.is_some_and(|password| !password.is_empty())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_that_look_like_secrets_lose_their_values() {
        let mut answer = json!({ "taskDefinition": { "containerDefinitions": [{
            "environment": [
                { "name": "API_KEY", "value": "abc" },
                { "name": "API_URL", "value": "http://api:8080" },
                { "name": "STORE", "value": "postgres://u:p@db/x" },
                { "name": "GITHUB", "value": "ghp_0123456789abcdef0123" },
                { "name": "MAX_TOKENS", "value": "4096" },
                { "name": "PUBLIC_KEY", "value": "abc" },
            ],
            "logConfiguration": { "options": { "splunk-token": "abc", "awslogs-group": "g" } },
        }] } });
        redact("ecs", "describe-task-definition", &mut answer);
        let container = &answer["taskDefinition"]["containerDefinitions"][0];
        let values: Vec<&Value> = container["environment"]
            .as_array()
            .map(|list| list.iter().map(|it| &it["value"]).collect())
            .unwrap_or_default();
        let kept = [REDACTED, "http://api:8080", REDACTED, REDACTED, "4096", "abc"];
        assert_eq!(json!(values), json!(kept));
        let options = json!({ "splunk-token": REDACTED, "awslogs-group": "g" });
        assert_eq!(container["logConfiguration"]["options"], options);
    }

    #[test]
    fn what_only_another_service_should_know_is_not_kept() {
        let mut answer = json!({ "Items": [{ "HeaderName": "x-origin", "HeaderValue": "s3" }] });
        redact("cloudfront", "list-distributions", &mut answer);
        assert_eq!(
            answer["Items"][0],
            json!({ "HeaderName": "x-origin", "HeaderValue": REDACTED })
        );
        let mut answer = json!({ "Conditions": [
            { "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "x", "Values": ["s"] } },
            { "Field": "host-header", "Values": ["a"] },
        ] });
        redact("elbv2", "describe-rules", &mut answer);
        assert_eq!(answer["Conditions"][0]["HttpHeaderConfig"]["Values"], json!([REDACTED]));
        assert_eq!(answer["Conditions"][1]["Values"], json!(["a"]));
        let mut answer = json!({ "requestParameters": {
            "integration.request.header.x-key": "'abc'",
            "integration.request.path.proxy": "method.request.path.proxy",
        } });
        redact("apigateway", "get-resources", &mut answer);
        let kept = json!({
            "integration.request.header.x-key": REDACTED,
            "integration.request.path.proxy": "method.request.path.proxy",
        });
        assert_eq!(answer["requestParameters"], kept);
        let mut answer = json!({
            "SearchString": "c2VjcmV0", "FieldToMatch": { "SingleHeader": { "Name": "x" } },
        });
        redact("wafv2", "get-web-acl", &mut answer);
        assert_eq!(answer["SearchString"], json!(REDACTED));
    }
}
