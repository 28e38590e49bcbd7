//! SAM's APIs, and the routes to functions and state machines that their events declare.
//!
//! As the transform makes them, seen in its own output; see
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html>.
//! What else it adds (roles, permissions, mappings of queues) is not made.

use super::super::making::{Made, Making, deep, one};
use super::super::symbols;
use super::super::value::{Evaluated, What};
use super::super::world::World;

/// The APIs that are made for events which name none: of REST and of HTTP.
const IMPLICIT: [&str; 2] = ["ServerlessRestApi", "ServerlessHttpApi"];

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "Serverless::Api" => rest_api(making),
        "Serverless::HttpApi" => http_api(making),
        "Serverless::StateMachine" => events(making, None),
        _ => return false,
    }
    true
}

/// Whether SAM writes an API's document itself, of the events that name it.
fn is_written(api: &Evaluated) -> bool {
    ["DefinitionBody", "DefinitionUri"].iter().all(|name| api.path(&[name]).is_none())
}

fn document(making: &mut Making<'_, '_>) {
    if is_written(&making.of) {
        return;
    }
    let unknown = |reason: &str| Some(Evaluated::unknown(reason));
    let body = match (making.get("DefinitionBody"), making.path(&["Auth"])) {
        (Some(_), Some(_)) => unknown("is an OpenAPI document that SAM's `Auth` changes"),
        (Some(body), None) => Some(body),
        (None, _) => unknown("is an OpenAPI document in another file, which is not read"),
    };
    making.own().set_any("body", body.as_ref());
}

fn rest_api(making: &mut Making<'_, '_>) {
    document(making);
    if making.path(&["Auth", "ResourcePolicy"]).is_some() {
        let reason = "is what SAM makes of `ResourcePolicy`, which is not read";
        making.own().set("policy", &Evaluated::unknown(reason));
    }
    let endpoints = making.get("EndpointConfiguration").map(|of| match of.get("Type") {
        Some(kind) => kind.clone(),
        None => of,
    });
    let endpoints = endpoints.map(|kind| match kind.reason() {
        Some(_) => kind,
        None => Evaluated::map([("types", Some(Evaluated::list(vec![kind])))]),
    });
    making.own().set_any("endpoint_configuration", one(endpoints.as_ref()).as_ref());
    let mut stage = making.further("aws_api_gateway_stage", "Stage");
    stage.set("rest_api_id", &making.reference());
    stage.set_any("stage_name", making.get("StageName").as_ref());
    let logs = making.get("AccessLogSetting").map(|of| deep(&of));
    stage.set_any("access_log_settings", one(logs.as_ref()).as_ref());
    stage_id(making, &mut stage, "restapis");
    making.made.push(stage);
    super::apis::limits(making);
}

fn http_api(making: &mut Making<'_, '_>) {
    document(making);
    making.own().text("protocol_type", "HTTP");
    let mut stage = making.further("aws_apigatewayv2_stage", "Stage");
    stage.set("api_id", &making.reference());
    let name = making.get("StageName").unwrap_or_else(|| Evaluated::text("$default"));
    stage.set("name", &name);
    for (property, name) in [
        ("AccessLogSettings", "access_log_settings"),
        ("DefaultRouteSettings", "default_route_settings"),
    ] {
        let block = making.get(property).map(|of| deep(&of));
        stage.set_any(name, one(block.as_ref()).as_ref());
    }
    stage_id(making, &mut stage, "apis");
    making.made.push(stage);
}

/// As a web ACL is associated with it.
fn stage_id(making: &Making<'_, '_>, stage: &mut Made, word: &str) {
    let name = making.get("StageName").map_or(Some("$default".to_owned()), |name| name.as_text());
    if let (Some(api), Some(name)) = (making.reference().as_text(), name) {
        let here = making.world.environment(making.stack);
        let start = format!("arn:{}:apigateway:{}", here.partition(), here.region());
        stage.text("arn", &format!("{start}::/{word}/{api}/stages/{name}"));
        stage.text("id", &format!("{api}/{name}"));
    }
}

/// The routes that the events of a function or a state machine declare.
pub(super) fn events(making: &mut Making<'_, '_>, function: Option<&Evaluated>) {
    let Some(events) = making.get("Events") else { return };
    let What::Map(members) = &events.what else { return };
    for (name, at, event) in members {
        let rest = match event.get("Type").and_then(Evaluated::as_text).as_deref() {
            Some("Api") => true,
            Some("HttpApi") => false,
            _ => continue,
        };
        let nothing = Evaluated::nothing();
        let of = event.get("Properties").unwrap_or(&nothing);
        let Some(api) = api(making, of, rest) else { continue };
        let route = Route { of, api, name, at: *at, rest };
        route.make(making, function);
    }
}

/// The API of an event: its id, and its properties if it is one of this template; none if its
/// routes are written elsewhere.
fn api(
    making: &Making<'_, '_>,
    of: &Evaluated,
    rest: bool,
) -> Option<(Evaluated, Option<Evaluated>)> {
    let named = of.get(if rest { "RestApiId" } else { "ApiId" });
    let Some(named) = named else {
        let implicit = Evaluated::text(implicit_id(making.world, making.stack, rest));
        let global = globals(making, if rest { "Api" } else { "HttpApi" });
        return Some((implicit, Some(global)));
    };
    let kind = if rest { "AWS::Serverless::Api" } else { "AWS::Serverless::HttpApi" };
    let all = making.world.template(making.stack)?.resources.iter().enumerate();
    let found = all.filter(|(_, declared)| declared.kind == kind).map(|(at, _)| at).find(|at| {
        let id = symbols::reference(making.world, making.stack, *at, 0).as_text();
        id.is_some() && id == named.as_text()
    });
    // An API of another kind has its routes written out: the event only asks for a permission.
    let found = found.map(|at| symbols::properties(making.world, making.stack, at, 0))?;
    is_written(&found).then(|| (named.clone(), Some(found)))
}

fn globals(making: &Making<'_, '_>, section: &str) -> Evaluated {
    let template = making.world.template(making.stack);
    let found = template.and_then(|it| it.globals.as_ref()).and_then(|all| all.get(section));
    found.map_or_else(Evaluated::nothing, |item| making.world.evaluate(making.stack, item, 0))
}

fn implicit_id(world: &World<'_>, stack: usize, rest: bool) -> String {
    let name = if rest { IMPLICIT[0] } else { IMPLICIT[1] };
    world.key(stack, name).replace(['/', '.', '_'], "-")
}

/// The APIs that a stack's events make by themselves.
pub(super) fn implicit(world: &World<'_>, stack: usize, made: &[super::Raw]) -> Vec<Made> {
    let kinds = [("aws_api_gateway_method", "rest_api_id"), ("aws_apigatewayv2_route", "api_id")];
    let mut all = Vec::new();
    for (rest, (kind, attribute)) in [true, false].into_iter().zip(kinds) {
        let id = implicit_id(world, stack, rest);
        let is_its = |raw: &&super::Raw| {
            raw.kind == kind && raw.after.get(attribute).and_then(|of| of.as_str()) == Some(&id)
        };
        if !made.iter().any(|raw| is_its(&raw)) {
            continue;
        }
        let (kind, name) = match rest {
            true => ("aws_api_gateway_rest_api", IMPLICIT[0]),
            false => ("aws_apigatewayv2_api", IMPLICIT[1]),
        };
        let mut api = Made::new(kind, world.key(stack, name));
        api.text("id", &id);
        if !rest {
            api.text("protocol_type", "HTTP");
        }
        all.push(api);
    }
    all
}

/// One event.
struct Route<'e> {
    of: &'e Evaluated,
    api: (Evaluated, Option<Evaluated>),
    name: &'e str,
    at: Option<usize>,
    rest: bool,
}

impl Route<'_> {
    fn make(&self, making: &mut Making<'_, '_>, function: Option<&Evaluated>) {
        let (method, path) = self.called();
        let key = format!("Events.{}", self.name);
        let (route, integration) = match self.rest {
            true => ("aws_api_gateway_method", "aws_api_gateway_integration"),
            false => ("aws_apigatewayv2_route", "aws_apigatewayv2_integration"),
        };
        let mut route = making.further(route, &key);
        let mut to = making.further(integration, &format!("{key} integration"));
        if let Some(at) = self.at {
            route.at(at);
        }
        let id = Evaluated::text(to.key.clone());
        to.set("id", &id);
        let timeout = self.of.get("TimeoutInMillis");
        to.set_any("timeout_milliseconds", timeout);
        let kind = if function.is_some() { "AWS_PROXY" } else { "AWS" };
        let states = Evaluated::text("arn:aws:apigateway:REGION:states:action/StartExecution");
        let uri = function.unwrap_or(&states);
        let api = &self.api.0;
        self.callers(&mut route);
        if self.rest {
            let mut resource = making.further("aws_api_gateway_resource", &format!("{key} path"));
            let at = Evaluated::text(resource.key.clone());
            resource.set("id", &at);
            resource.set("rest_api_id", api);
            resource.set("path", &path);
            for made in [&mut route, &mut to] {
                made.set("rest_api_id", api);
                made.set("resource_id", &at);
                made.set("http_method", &method);
            }
            to.text("type", kind);
            to.set("uri", uri);
            to.set_any("response_transfer_mode", self.of.get("ResponseTransferMode"));
            making.made.push(resource);
        } else {
            let words = [&method, &path].map(Evaluated::as_text);
            let key = match words {
                [_, Some(path)] if path == "$default" || path == "/$default" => {
                    Evaluated::text("$default")
                }
                [Some(method), Some(path)] => Evaluated::text(format!("{method} {path}")),
                _ => Evaluated::unknown("is made of what is not known"),
            };
            route.set("api_id", api);
            route.set("route_key", &key);
            route.set("target", &Evaluated::text(format!("integrations/{}", to.key)));
            to.set("api_id", api);
            to.text("integration_type", kind);
            to.set("integration_uri", uri);
        }
        making.made.push(to);
        making.made.push(route);
    }

    /// The method and the path.
    fn called(&self) -> (Evaluated, Evaluated) {
        let path = self.of.get("Path").cloned().unwrap_or_else(|| Evaluated::text("$default"));
        let method = self.of.get("Method").cloned().unwrap_or_else(|| Evaluated::text("ANY"));
        let method = match method.as_text().map(|word| word.to_ascii_uppercase()) {
            Some(word) if word == "X-AMAZON-APIGATEWAY-ANY-METHOD" || word == "*" => {
                Evaluated::text("ANY")
            }
            Some(word) => Evaluated::text(word),
            None => method,
        };
        (method, path)
    }

    /// How callers prove who they are.
    fn callers(&self, route: &mut Made) {
        let kind = if self.rest { "authorization" } else { "authorization_type" };
        let of_api = self.api.1.as_ref().and_then(|api| api.path(&["Auth"]));
        let key = self.of.path(&["Auth", "ApiKeyRequired"]);
        route.set_any("api_key_required", key.or_else(|| of_api?.path(&["ApiKeyRequired"])));
        let named = self.of.path(&["Auth", "Authorizer"]);
        let named = named.or_else(|| of_api?.path(&["DefaultAuthorizer"]));
        let known = match named.map(|name| (name, name.as_text())) {
            None => Ok("NONE"),
            Some((name, None)) => {
                Err(name.reason().map_or("is not known".to_owned(), ToString::to_string))
            }
            Some((_, Some(name))) if name == "NONE" => Ok("NONE"),
            Some((_, Some(name))) if name == "AWS_IAM" => Ok("AWS_IAM"),
            Some((_, Some(name))) => self.authorizer(of_api, &name),
        };
        match known {
            Ok(word) => route.text(kind, word),
            Err(reason) => route.set(kind, &Evaluated::unknown(reason)),
        }
    }

    fn authorizer(&self, of_api: Option<&Evaluated>, name: &str) -> Result<&'static str, String> {
        let found = of_api.and_then(|auth| auth.path(&["Authorizers", name]));
        let has = |member: &str| found.is_some_and(|it| it.get(member).is_some());
        if found.is_some_and(|it| it.reason().is_none()) {
            match self.rest {
                true if has("UserPoolArn") => return Ok("COGNITO_USER_POOLS"),
                true | false if has("FunctionArn") => return Ok("CUSTOM"),
                false if has("JwtConfiguration") || has("IdentitySource") => return Ok("JWT"),
                _ => {}
            }
        }
        Err(format!("is by the authorizer `{name}`, which the API doesn't declare"))
    }
}
