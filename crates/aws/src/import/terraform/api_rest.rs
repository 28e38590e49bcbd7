//! API Gateway v1: REST APIs, whose routes are spread over resources, methods and integrations.

use std::collections::HashMap;

use super::api_http::{add_route, open_all, unread};
use super::authorization::{self, Words};
use super::graph::Graph;
use super::integrations;
use super::listeners::not_shown;
use super::place::Place;
use super::subnets::also_assuming;
use super::wanted::{LOAD_BALANCER, REST_API, REST_AUTHORIZER, REST_RESOURCE};
use crate::model::{Api, ApiKind, ApiRoute, Integration, Key, Model, Note, SetVal, Val, VpcLink};

/// How deep paths may be nested. AWS allows fewer.
const DEEPEST: usize = 64;

const WORDS: Words = Words {
    attribute: "authorization",
    tokens: "COGNITO_USER_POOLS",
    authorizer: &REST_AUTHORIZER,
};

/// Reads REST APIs.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_api_gateway_rest_api"]) {
        let api = api(&Place::top(graph, resource));
        model.apis.insert(api.key.clone(), api);
    }
    for resource in graph.of(&["aws_api_gateway_rest_api_policy"]) {
        let place = Place::top(graph, resource);
        let of = place.attribute("rest_api_id").needed(&REST_API);
        if let Some(api) = of.get().and_then(|key| model.apis.get_mut(key)) {
            api.policy = place.attribute("policy").text();
        }
    }
    let integrations = integrations(graph);
    let mut anywhere = None;
    for resource in graph.of(&["aws_api_gateway_method"]) {
        let place = Place::top(graph, resource);
        let of = place.attribute("rest_api_id").needed(&REST_API);
        anywhere = add_route(model, of, &route(&place, &integrations)).or(anywhere);
    }
    open_all(model, true, anywhere.as_ref());
    for resource in graph.of(&["aws_api_gateway_stage", "aws_api_gateway_deployment"]) {
        let place = Place::top(graph, resource);
        let is_stage = resource.kind == "aws_api_gateway_stage";
        if !is_stage && place.attribute("stage_name").is_left_out() {
            continue;
        }
        let of = place.attribute("rest_api_id").needed(&REST_API);
        if let Some(api) = of.get().and_then(|key| model.apis.get_mut(key)) {
            api.stages.push(resource.key.clone());
        }
    }
    for resource in graph.of_either(&["aws_api_gateway_vpc_link"]) {
        let link = VpcLink {
            key: resource.key.clone(),
            subnets: SetVal::default(),
            security_groups: SetVal::default(),
            targets: Place::top(graph, resource).attribute("target_arns").keys(&LOAD_BALANCER),
            v1: true,
        };
        model.vpc_links.insert(link.key.clone(), link);
    }
}

fn api(place: &Place<'_>) -> Api {
    let body = place.attribute("body");
    let policy = place.attribute("policy");
    let private = place.only("endpoint_configuration").map_or(Val::Known(false), |block| {
        let types = block.attribute("types");
        match types.value.and_then(serde_json::Value::as_array) {
            Some(list) => Val::Known(list.iter().any(|word| word == "PRIVATE")),
            None if types.is_left_out() => Val::Known(false),
            None => Val::Unknown(types.pending()),
        }
    });
    Api {
        key: place.resource.key.clone(),
        kind: ApiKind::Rest,
        name: place.attribute("name").text(),
        private,
        policy: if policy.is_left_out() { Val::Known(None) } else { policy.text() },
        routes: Vec::new(),
        stages: Vec::new(),
        open: not_shown(&place.attribute("route"))
            .or_else(|| (!body.is_left_out()).then(|| unread(&body))),
    }
}

/// An integration, by resource and method.
type Integrations = HashMap<(Key, String), Vec<(Integration, Option<Note>)>>;

fn integrations(graph: &Graph) -> Integrations {
    let mut found = Integrations::new();
    for resource in graph.of(&["aws_api_gateway_integration"]) {
        let place = Place::top(graph, resource);
        let method = place.attribute("http_method").known_text();
        let at = place.attribute("resource_id").needed(&REST_RESOURCE);
        let integration = integrations::rest(&place);
        let assumed = at.assumed().cloned();
        if let (Some(at), Some(method)) = (at.get(), method) {
            found.entry((at.clone(), method)).or_default().push((integration, assumed));
        }
    }
    found
}

fn route(place: &Place<'_>, integrations: &Integrations) -> ApiRoute {
    let method = place.attribute("http_method");
    let at = place.attribute("resource_id").needed(&REST_RESOURCE);
    let (integration, route) = match method.known_text() {
        Some(word) => {
            let path = path(place.graph, at.clone(), 0);
            (integration_at(&at, &word, integrations), path.map(|path| format!("{word} {path}")))
        }
        None => (Val::Unknown(method.pending()), Val::Unknown(method.pending())),
    };
    ApiRoute {
        origin: place.origin(),
        route,
        authorization: authorization::read(place, &WORDS),
        integration,
    }
}

fn integration_at(at: &Val<Key>, method: &str, all: &Integrations) -> Val<Option<Integration>> {
    let Some(key) = at.get() else {
        return Val::Unknown(at.missing().cloned().unwrap_or_else(|| "a method's resource".into()));
    };
    let found = all.get(&(key.clone(), method.to_owned())).map_or(&[][..], Vec::as_slice);
    match found {
        [] => Val::Known(None),
        [(only, assumed)] => match assumed.as_ref().or(at.assumed()) {
            Some(note) => Val::Assumed(Some(only.clone()), note.clone()),
            None => Val::Known(Some(only.clone())),
        },
        many => {
            let note = format!("which of {} integrations {method} has", many.len());
            Val::OneOf(many.iter().map(|(one, _)| Some(one.clone())).collect(), note.into())
        }
    }
}

/// The path of a resource: its own, or its parent's with its part.
fn path(graph: &Graph, at: Val<Key>, depth: usize) -> Val<String> {
    let (key, note) = match at {
        Val::Known(key) => (key, None),
        Val::Assumed(key, note) => (key, Some(note)),
        Val::OneOf(_, note) | Val::Unknown(note) => return Val::Unknown(note),
    };
    let assuming = |path: Val<String>| match &note {
        Some(note) => also_assuming(path, note),
        None => path,
    };
    let Some(resource) = graph.get(&key) else {
        return Val::Unknown(super::rules::not_in_sources(&key));
    };
    if resource.kind == "aws_api_gateway_rest_api" {
        return assuming(Val::Known("/".to_owned()));
    }
    if let Some(path) = resource.text("path") {
        return assuming(Val::Known(path.to_owned()));
    }
    let place = Place::top(graph, resource);
    let part = place.attribute("path_part");
    let Some(part_text) = part.known_text() else {
        return Val::Unknown(part.pending());
    };
    if depth > DEEPEST {
        return Val::Unknown(part.odd("is nested too deep"));
    }
    let parent = path(graph, place.attribute("parent_id").needed(&REST_RESOURCE), depth + 1);
    assuming(parent.map(|parent| format!("{}/{part_text}", parent.trim_end_matches('/'))))
}
