//! Routes of APIs that are written as an OpenAPI document (`body`): each becomes the resources that
//! say the same apart, so that they are read like all others.
//!
//! See <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>.
//! A document of which not all that matters is known stays unread: then the API may have any routes.

mod part;
mod security;

use serde_json::{Map, Value, json};

use super::raw::{Packed, Parsed, Raw};
use part::Part;

/// How many paths one document may hold. API Gateway takes a few hundred.
const MOST_PATHS: usize = 5_000;

/// The members of a path that are methods.
const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

/// A member of an integration, and what it is called at a REST API's and at an HTTP API's.
const INTEGRATION: [(&str, &str, &str); 8] = [
    ("type", "type", "integration_type"),
    ("uri", "uri", "integration_uri"),
    ("connectionType", "connection_type", "connection_type"),
    ("connectionId", "connection_id", "connection_id"),
    ("timeoutInMillis", "timeout_milliseconds", "timeout_milliseconds"),
    ("integrationSubtype", "", "integration_subtype"),
    ("responseTransferMode", "response_transfer_mode", ""),
    ("integrationTarget", "integration_target", ""),
];

/// Adds the routes of all documents that can be read.
pub(super) fn expand(sources: &mut [Parsed]) {
    for source in sources {
        let mut made = Vec::new();
        for raw in &mut source.resources {
            let rest = match raw.kind.as_str() {
                "aws_api_gateway_rest_api" => true,
                "aws_apigatewayv2_api" => false,
                _ => continue,
            };
            if let Some(routes) = read(raw, rest) {
                made.extend(routes);
                raw.after.remove("body");
                if let Some(unknown) = raw.unknown.as_object_mut() {
                    unknown.remove("body");
                }
            }
        }
        source.resources.extend(made);
    }
}

/// The routes of one API; none if the document isn't known well enough.
fn read(api: &Raw, rest: bool) -> Option<Vec<Raw>> {
    let id = api.after.get("id")?.as_str()?;
    let body = api.after.get("body")?;
    let doubt = api.unknown.get("body").unwrap_or(&Value::Null);
    let parsed = match body {
        Value::String(text) if doubt.is_null() || *doubt == Value::Bool(false) => {
            Some(serde_json::from_str::<Value>(text).ok()?)
        }
        _ => None,
    };
    let document = Part::new(parsed.as_ref().unwrap_or(body), doubt);
    let paths = document.get("paths").filter(|paths| !paths.is_doubtful())?;
    // The first of more would look as if they were all.
    let members = paths.members().filter(|members| members.len() <= MOST_PATHS)?;
    let mut made = Vec::new();
    for path in members.keys() {
        let item = paths.get(path)?;
        if item.is_doubtful() || item.get("$ref").is_some() || path.starts_with("Fn::") {
            return None;
        }
        let of = Of { api, id, path, document, rest };
        if rest {
            made.push(of.raw(
                "aws_api_gateway_resource",
                path,
                json!({ "path": path }),
                Map::new(),
            ));
        }
        for (member, method) in METHODS {
            let Some(operation) = item.get(member) else { continue };
            if operation.is_doubtful() || operation.get("$ref").is_some() {
                return None;
            }
            of.operation(method, operation, &mut made)?;
        }
    }
    Some(made)
}

/// A path of an API.
#[derive(Clone, Copy)]
struct Of<'a> {
    api: &'a Raw,
    id: &'a str,
    path: &'a str,
    document: Part<'a>,
    rest: bool,
}

impl Of<'_> {
    fn operation(&self, method: &str, of: Part<'_>, into: &mut Vec<Raw>) -> Option<()> {
        let key = match (self.rest, self.path) {
            (false, "/$default" | "$default") => "$default".to_owned(),
            _ => format!("{method} {}", self.path),
        };
        let (mut known, mut unknown) = (Map::new(), Map::new());
        let name = if self.rest { "authorization" } else { "authorization_type" };
        match security::of(self.document, of) {
            Ok(security::Callers { kind, api_key }) => {
                known.insert(name.to_owned(), kind.into());
                known.insert("api_key_required".to_owned(), api_key.into());
            }
            Err(reason) => drop(unknown.insert(name.to_owned(), reason.into())),
        }
        let integration = self.integration(of.get("x-amazon-apigateway-integration"));
        if self.rest {
            let at = self.address(self.path);
            known.insert("resource_id".to_owned(), at.clone().into());
            known.insert("http_method".to_owned(), method.into());
            if let Some((mut after, doubt)) = integration {
                after.insert("resource_id".to_owned(), at.into());
                after.insert("http_method".to_owned(), method.into());
                let name = format!("{key} integration");
                into.push(self.raw("aws_api_gateway_integration", &name, after.into(), doubt));
            }
            into.push(self.raw("aws_api_gateway_method", &key, known.into(), unknown));
            return Some(());
        }
        known.insert("route_key".to_owned(), key.clone().into());
        if let Some((after, doubt)) = integration {
            let name = format!("{key} integration");
            known.insert(
                "target".to_owned(),
                format!("integrations/{}", self.address(&name)).into(),
            );
            into.push(self.raw("aws_apigatewayv2_integration", &name, after.into(), doubt));
        }
        into.push(self.raw("aws_apigatewayv2_route", &key, known.into(), unknown));
        Some(())
    }

    /// An integration, and what of it isn't known.
    fn integration(
        &self,
        of: Option<Part<'_>>,
    ) -> Option<(Map<String, Value>, Map<String, Value>)> {
        let mut of = of?;
        let (mut known, mut unknown) = (Map::new(), Map::new());
        let name = |rest: &'static str, http: &'static str| if self.rest { rest } else { http };
        let mut doubt = |reason: &Value| {
            for (_, rest, http) in INTEGRATION {
                unknown.insert(name(rest, http).to_owned(), reason.clone());
            }
        };
        if let Some(reference) = of.get("$ref") {
            let name =
                reference.text().and_then(|text| text.rsplit_once('/')).map(|(_, name)| name);
            let all = self.document.get("components");
            let all = all.and_then(|all| all.get("x-amazon-apigateway-integrations"));
            match name.and_then(|name| all?.get(name)) {
                Some(found) => of = found,
                None => doubt(&"is a reference to what the document doesn't hold".into()),
            }
        }
        if let Some(reason) = of.doubt() {
            doubt(reason);
        }
        for (member, rest, http) in INTEGRATION {
            let name = name(rest, http);
            let Some(value) = of.get(member).filter(|_| !name.is_empty()) else { continue };
            match value.doubt() {
                Some(reason) => drop(unknown.insert(name.to_owned(), reason.clone())),
                None if member == "type" || member == "connectionType" => {
                    let word = value.text().unwrap_or_default().to_ascii_uppercase();
                    known.insert(name.to_owned(), word.into());
                }
                None => drop(known.insert(name.to_owned(), value.value().clone())),
            }
        }
        if of.get("tlsConfig").is_some() {
            known.insert("tls_config".to_owned(), json!([{}]));
        }
        Some((known, unknown))
    }

    fn address(&self, what: &str) -> String {
        format!("{} {what}", self.api.address)
    }

    fn raw(&self, kind: &str, what: &str, after: Value, unknown: Map<String, Value>) -> Raw {
        let mut after = match after {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let address = self.address(what);
        after.insert("id".to_owned(), address.clone().into());
        let api = if self.rest { "rest_api_id" } else { "api_id" };
        after.insert(api.to_owned(), self.id.into());
        let whole = self.api.locations.iter().filter(|(path, _)| path.is_empty());
        let body = self.api.locations.iter().find(|(path, _)| path == "body");
        let place = body.or(whole.clone().next()).map(|(_, place)| (String::new(), place.clone()));
        Raw {
            name: self.api.name.clone(),
            address,
            previous: None,
            data: false,
            kind: kind.to_owned(),
            module: self.api.module.clone(),
            index: self.api.index.clone(),
            packed: Packed::default(),
            action: self.api.action,
            after,
            unknown: Value::Object(unknown),
            before: Map::new(),
            locations: place.into_iter().collect(),
        }
    }
}
