//! API Gateway v2: HTTP and WebSocket APIs.

use super::attribute::{Attribute, Doubt};
use super::authorization::{self, Words};
use super::endpoints::default_group_at;
use super::graph::{Graph, Resource};
use super::integrations;
use super::listeners::not_shown;
use super::place::Place;
use super::wanted::{AUTHORIZER, GROUP, HTTP_API, INTEGRATION, SUBNET};
use crate::model::{
    Api, ApiKind, ApiRoute, Authorization, Integration, IntegrationTarget, Key, Model, Note,
    SetVal, Val, VpcLink,
};

const WORDS: Words =
    Words { attribute: "authorization_type", tokens: "JWT", authorizer: &AUTHORIZER };

/// Reads HTTP and WebSocket APIs.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_apigatewayv2_api"]) {
        let api = api(&Place::top(graph, resource));
        model.apis.insert(api.key.clone(), api);
    }
    let mut anywhere = None;
    for resource in graph.of(&["aws_apigatewayv2_route"]) {
        let place = Place::top(graph, resource);
        let of = place.attribute("api_id").needed(&HTTP_API);
        anywhere = add_route(model, of, &route(&place)).or(anywhere);
    }
    open_all(model, false, anywhere.as_ref());
    for resource in graph.of(&["aws_apigatewayv2_stage"]) {
        let of = Place::top(graph, resource).attribute("api_id").needed(&HTTP_API);
        if let Some(api) = of.get().and_then(|key| model.apis.get_mut(key)) {
            api.stages.push(resource.key.clone());
        }
    }
    for resource in graph.of_either(&["aws_apigatewayv2_vpc_link"]) {
        let link = link(&Place::top(graph, resource), model);
        model.vpc_links.insert(link.key.clone(), link);
    }
}

/// Gives a route to its API; to all that may be it, as a note that they may have more. Returns the
/// note if nothing is known of the API.
pub(super) fn add_route(model: &mut Model, api: Val<Key>, route: &ApiRoute) -> Option<Note> {
    match api {
        Val::Known(key) | Val::Assumed(key, _) => {
            if let Some(api) = model.apis.get_mut(&key) {
                api.routes.push(route.clone());
            }
        }
        Val::OneOf(keys, note) => {
            for key in keys {
                if let Some(api) = model.apis.get_mut(&key) {
                    api.open.get_or_insert_with(|| note.clone());
                }
            }
        }
        Val::Unknown(note) => return Some(note),
    }
    None
}

/// Says of all APIs of these kinds that they may have more routes.
pub(super) fn open_all(model: &mut Model, rest: bool, note: Option<&Note>) {
    let Some(note) = note else { return };
    for api in model.apis.values_mut().filter(|api| (api.kind == ApiKind::Rest) == rest) {
        api.open.get_or_insert_with(|| note.clone());
    }
}

fn api(place: &Place<'_>) -> Api {
    let web_socket =
        place.attribute("protocol_type").known_text().is_some_and(|kind| kind == "WEBSOCKET");
    let body = place.attribute("body");
    Api {
        key: place.resource.key.clone(),
        kind: if web_socket { ApiKind::WebSocket } else { ApiKind::Http },
        name: place.attribute("name").text(),
        private: Val::Known(false),
        policy: Val::Known(None),
        routes: quick_route(place).into_iter().collect(),
        stages: Vec::new(),
        open: not_shown(&place.attribute("route"))
            .or_else(|| (!body.is_left_out()).then(|| unread(&body))),
    }
}

/// Why a document says nothing of its routes.
pub(super) fn unread(body: &Attribute<'_>) -> Note {
    match body.doubt {
        Doubt::None => body.odd("may hold more routes"),
        _ => body.pending(),
    }
}

/// "Quick create": an API with a `target` gets one route to it, open to all.
fn quick_route(place: &Place<'_>) -> Option<ApiRoute> {
    let target = place.attribute("target");
    if target.is_left_out() {
        return None;
    }
    let mut origin = place.origin();
    origin.path = "target".to_owned();
    let known = target.known_text();
    let calls_function = known.as_deref().is_none_or(|text| text.starts_with("arn:"));
    let (kind, to) = if calls_function {
        ("AWS_PROXY", IntegrationTarget::Lambda(integrations::function(&target)))
    } else {
        ("HTTP_PROXY", IntegrationTarget::Internet(target.text_or("")))
    };
    let tls = if calls_function {
        Some(true)
    } else {
        known.as_deref().map(|text| text.starts_with("https://"))
    };
    let integration = Integration {
        origin: origin.clone(),
        kind: kind.to_owned(),
        target: to,
        port: None,
        timeout_ms: None,
        streams: false,
        tls,
    };
    Some(ApiRoute {
        origin,
        route: place.attribute("route_key").text_or("$default"),
        authorization: Val::Known(Authorization::None),
        integration: Val::Known(Some(integration)),
    })
}

fn route(place: &Place<'_>) -> ApiRoute {
    let target = place.attribute("target");
    let integration = match target.text() {
        Val::Known(None) => Val::Known(None),
        Val::Known(Some(text)) => {
            let id = text.strip_prefix("integrations/").unwrap_or(&text);
            Val::Known(Some(place.graph.resolve(&INTEGRATION, id)))
        }
        _ => target.suggested(&INTEGRATION).map(Some),
    };
    ApiRoute {
        origin: place.origin(),
        route: place.attribute("route_key").text_or("$default"),
        authorization: authorization::read(place, &WORDS),
        integration: read_integration(place.graph, integration),
    }
}

/// The integration behind a key; one that no source shows is unknown.
fn read_integration(graph: &Graph, of: Val<Option<Key>>) -> Val<Option<Integration>> {
    let missing = match &of {
        Val::Known(Some(key)) if graph.get(key).is_none() => Some(key.clone()),
        _ => None,
    };
    if let Some(key) = missing {
        return Val::Unknown(super::rules::not_in_sources(&key));
    }
    of.map(|key| {
        let resource: &Resource = graph.get(&key?)?;
        Some(integrations::http(&Place::top(graph, resource)))
    })
}

fn link(place: &Place<'_>, model: &Model) -> VpcLink {
    let subnets = place.attribute("subnet_ids").keys(&SUBNET);
    let groups = place.attribute("security_group_ids");
    let groups = if groups.is_left_out() { SetVal::default() } else { groups.keys(&GROUP) };
    let none = groups == SetVal::default();
    VpcLink {
        key: place.resource.key.clone(),
        security_groups: if none { default_group_at(model, &subnets) } else { groups },
        subnets,
        targets: SetVal::default(),
        v1: false,
    }
}
