//! How callers of an operation prove who they are.
//!
//! Only what the operation says itself: which of API Gateway's importers heed a requirement at the
//! root of a document is not documented for all, so one there is unknown.

use std::collections::BTreeSet;

use super::part::Part;

/// In the provider's words.
pub(super) struct Callers {
    pub(super) kind: &'static str,
    pub(super) api_key: bool,
}

/// Of one operation; why it isn't known, as a predicate.
pub(super) fn of(document: Part<'_>, operation: Part<'_>) -> Result<Callers, String> {
    let mut kinds = BTreeSet::new();
    let mut api_key = false;
    if let Some(own) = operation.get("x-amazon-apigateway-auth") {
        let kind = own.get("type").map(|kind| kind.text().unwrap_or_default());
        match kind.unwrap_or("NONE").to_ascii_uppercase().as_str() {
            "NONE" => {}
            "AWS_IAM" => drop(kinds.insert("AWS_IAM")),
            _ => return Err("is an `x-amazon-apigateway-auth` that is not known".to_owned()),
        }
    }
    let Some(requirements) = operation.get("security") else {
        if kinds.is_empty() && document.get("security").is_some_and(|all| !is_empty(all)) {
            return Err("is said at the root of the document only".to_owned());
        }
        return one(&kinds, false);
    };
    let doubtful = || "is a `security` that is not known".to_owned();
    let requirements = requirements.items().filter(|_| !requirements.is_doubtful());
    for requirement in requirements.ok_or_else(doubtful)? {
        let schemes = requirement.members().filter(|_| !requirement.is_doubtful());
        let schemes = schemes.filter(|schemes| !schemes.is_empty()).ok_or_else(doubtful)?;
        // SAM says so that its default is not meant; no scheme has that name.
        for name in schemes.keys().filter(|name| *name != "NONE") {
            match scheme(document, name)? {
                Some(kind) => drop(kinds.insert(kind)),
                None => api_key = true,
            }
        }
    }
    one(&kinds, api_key)
}

fn is_empty(list: Part<'_>) -> bool {
    !list.is_doubtful() && list.value().as_array().is_some_and(Vec::is_empty)
}

fn one(kinds: &BTreeSet<&'static str>, api_key: bool) -> Result<Callers, String> {
    let mut all = kinds.iter().copied();
    match (all.next(), all.next()) {
        (None, _) => Ok(Callers { kind: "NONE", api_key }),
        (Some(kind), None) => Ok(Callers { kind, api_key }),
        (Some(_), Some(_)) => Err("is one of several that its `security` names".to_owned()),
    }
}

/// What a scheme is; none if it is an API key.
fn scheme(document: Part<'_>, name: &str) -> Result<Option<&'static str>, String> {
    let all = match document.get("components") {
        Some(components) => components.get("securitySchemes"),
        None => document.get("securityDefinitions"),
    };
    let all = all.or_else(|| document.get("securityDefinitions"));
    let found = all.and_then(|all| all.get(name));
    let found = found.ok_or_else(|| format!("is `{name}`, which the document doesn't define"))?;
    let not_known = || format!("is `{name}`, of which the kind is not known");
    let word = |part: Option<Part<'_>>| part.map(|part| part.text().unwrap_or("?").to_owned());
    if found.is_doubtful() {
        return Err(not_known());
    }
    let authorizer = found.get("x-amazon-apigateway-authorizer");
    let of_authorizer = match authorizer {
        Some(it) if it.is_doubtful() => return Err(not_known()),
        Some(it) => Some(word(it.get("type")).unwrap_or_default()),
        None => None,
    };
    let of_scheme = word(found.get("x-amazon-apigateway-authtype")).unwrap_or_default();
    if of_scheme.eq_ignore_ascii_case("awsSigv4") {
        return Ok(Some("AWS_IAM"));
    }
    match of_authorizer.map(|kind| kind.to_ascii_lowercase()).as_deref() {
        Some("token" | "request") => Ok(Some("CUSTOM")),
        Some("cognito_user_pools") => Ok(Some("COGNITO_USER_POOLS")),
        Some("jwt") => Ok(Some("JWT")),
        None if word(found.get("type")).as_deref() == Some("apiKey") && of_scheme.is_empty() => {
            Ok(None)
        }
        _ => Err(not_known()),
    }
}
