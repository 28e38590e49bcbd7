//! An endpoint's policy, as far as it decides without knowing the caller.
//!
//! Source: IAM User Guide, "Policy evaluation logic": an explicit deny wins, then an allow is
//! needed. What depends on a condition, a principal or a resource that is not known stays open.

use std::collections::BTreeSet;

use serde_json::Value;
use wildmatch::WildMatch;

/// What a policy says of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Allowed, whoever calls.
    Allows,
    /// Denied, whoever calls.
    Denies,
    /// That depends, on this.
    Depends(String),
}

/// A policy, read once.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Its statements; none if it isn't JSON.
    statements: Option<Vec<Value>>,
}

impl Policy {
    /// Reads a policy's JSON text.
    pub(crate) fn new(text: &str) -> Self {
        let statements = serde_json::from_str::<Value>(text).ok().map(|mut policy| {
            match policy.get_mut("Statement").map(Value::take) {
                Some(Value::Array(list)) => list,
                Some(one) => vec![one],
                None => Vec::new(),
            }
        });
        Self { statements }
    }

    /// The accounts in the ARNs of its resources.
    pub(crate) fn accounts(&self) -> BTreeSet<&str> {
        let statements = self.statements.iter().flatten();
        let resources = statements.flat_map(|statement| words(statement.get("Resource")));
        let accounts = resources.filter_map(|arn| arn.split(':').nth(4));
        accounts.filter(|it| it.len() == 12 && it.bytes().all(|b| b.is_ascii_digit())).collect()
    }

    /// Evaluates it for an action on a resource (`None`: not known which).
    pub(crate) fn evaluate(&self, action: &str, resource: Option<&str>) -> Effect {
        let Some(statements) = &self.statements else {
            return Effect::Depends("the policy is not valid JSON".to_owned());
        };
        let mut allowed = false;
        let mut depends: Option<String> = None;
        for statement in statements {
            if !names_action(statement, action) {
                continue;
            }
            let limit = limits(statement, resource);
            let deny = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
            match (deny, limit) {
                (_, Limit::Elsewhere) => {}
                (true, Limit::None) => return Effect::Denies,
                (false, Limit::None) => allowed = true,
                (_, Limit::Depends(on)) => depends = Some(on),
            }
        }
        match (allowed, depends) {
            (_, Some(on)) => Effect::Depends(on),
            (true, None) => Effect::Allows,
            (false, None) => Effect::Denies,
        }
    }
}

enum Limit {
    /// Whoever calls, on whatever.
    None,
    /// On another resource than the one in question.
    Elsewhere,
    /// On this.
    Depends(String),
}

fn words(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn names_action(statement: &Value, action: &str) -> bool {
    let matches = |pattern: &&str| {
        WildMatch::new(&pattern.to_ascii_lowercase()).matches(&action.to_ascii_lowercase())
    };
    match statement.get("NotAction") {
        Some(except) => !words(Some(except)).iter().any(matches),
        None => words(statement.get("Action")).iter().any(matches),
    }
}

fn limits(statement: &Value, resource: Option<&str>) -> Limit {
    if statement.get("Condition").is_some_and(|c| c.as_object().is_none_or(|o| !o.is_empty())) {
        return Limit::Depends("it has a condition".to_owned());
    }
    let principal = statement.get("Principal");
    let anyone = match principal {
        None => statement.get("NotPrincipal").is_none(),
        Some(Value::Object(map)) => map.values().any(|v| words(Some(v)).contains(&"*")),
        Some(value) => words(Some(value)).contains(&"*"),
    };
    if !anyone {
        return Limit::Depends("it names principals".to_owned());
    }
    if statement.get("NotResource").is_some() {
        return Limit::Depends("it excludes resources".to_owned());
    }
    let resources = words(statement.get("Resource"));
    if resources.contains(&"*") {
        return Limit::None;
    }
    match resource {
        Some(resource) if resources.iter().any(|r| WildMatch::new(r).matches(resource)) => {
            Limit::None
        }
        Some(_) => Limit::Elsewhere,
        None => Limit::Depends(format!("it is limited to {}", resources.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Policy};

    fn evaluate(text: &str, action: &str, resource: Option<&str>) -> Effect {
        Policy::new(text).evaluate(action, resource)
    }

    fn policy(statements: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
    }

    #[test]
    fn a_full_access_policy_allows() {
        let text = policy(r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#);
        assert_eq!(evaluate(&text, "logs:PutLogEvents", None), Effect::Allows);
    }

    #[test]
    fn what_no_statement_names_is_denied() {
        let text = policy(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#);
        assert_eq!(evaluate(&text, "logs:PutLogEvents", None), Effect::Denies);
    }

    #[test]
    fn a_deny_wins_over_an_allow() {
        let text = policy(
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
               {"Effect":"Deny","Principal":{"AWS":"*"},"Action":"secretsmanager:Get*","Resource":"*"}"#,
        );
        assert_eq!(evaluate(&text, "secretsmanager:GetSecretValue", None), Effect::Denies);
        assert_eq!(evaluate(&text, "secretsmanager:PutSecretValue", None), Effect::Allows);
    }

    #[test]
    fn a_resource_decides_if_it_is_known() {
        let text = policy(
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::mine/*"}"#,
        );
        let other = Some("arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/x");
        assert_eq!(evaluate(&text, "s3:GetObject", other), Effect::Denies);
        assert_eq!(evaluate(&text, "s3:GetObject", Some("arn:aws:s3:::mine/x")), Effect::Allows);
        assert!(matches!(evaluate(&text, "s3:GetObject", None), Effect::Depends(_)));
    }

    #[test]
    fn conditions_and_principals_stay_open() {
        let text = policy(
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"*","Resource":"*"}"#,
        );
        assert!(matches!(evaluate(&text, "s3:GetObject", None), Effect::Depends(_)));
    }
}
