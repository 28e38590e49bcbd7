//! Stages of APIs and domain names of API Gateway.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::place::Place;
use super::target_groups::absent;
use super::wanted::{HTTP_API, REST_API, REST_STAGE};
use crate::model::{ApiDomain, ApiStage, Key, Model, Note, Val};

/// Reads stages and domain names.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_apigatewayv2_stage"]) {
        let place = Place::top(graph, resource);
        let settings = place.only("default_route_settings");
        let rate = match &settings {
            Some(block) => limit(block),
            None => absent(&place, "default_route_settings", None),
        };
        let stage = stage(&place, "name", place.attribute("api_id").needed(&HTTP_API), rate);
        model.stages.insert(stage.key.clone(), stage);
    }
    let (limits, anywhere) = limits(graph);
    for resource in graph.of(&["aws_api_gateway_stage"]) {
        let place = Place::top(graph, resource);
        let rate = match (limits.get(&resource.key), &anywhere) {
            (Some(rate), _) => rate.clone(),
            (None, Some(note)) => Val::Unknown(note.clone()),
            (None, None) => Val::Known(None),
        };
        let of = place.attribute("rest_api_id").needed(&REST_API);
        let stage = stage(&place, "stage_name", of, rate);
        model.stages.insert(stage.key.clone(), stage);
    }
    domains(graph, model);
}

fn stage(place: &Place<'_>, name: &'static str, api: Val<Key>, rate: Val<Option<u64>>) -> ApiStage {
    let access_logs = match place.only("access_log_settings") {
        Some(_) => Val::Known(true),
        None => absent(place, "access_log_settings", false),
    };
    let name = place.attribute(name).text();
    ApiStage { key: place.resource.key.clone(), api, name, access_logs, rate }
}

/// `throttling_rate_limit`, in whole requests a second; what is not positive is no limit (-1 of REST
/// APIs; zero, which the provider sends where nothing is written).
fn limit(block: &Place<'_>) -> Val<Option<u64>> {
    block.attribute("throttling_rate_limit").text().map(|text| {
        let rate: f64 = text.and_then(|text| text.parse().ok()).unwrap_or_default();
        let whole = format!("{:.0}", rate.ceil().clamp(0.0, 1e15));
        whole.parse().ok().filter(|rate| *rate > 0)
    })
}

/// The limits of all methods of REST stages (`*/*`), by stage; and a note if it is not known of which
/// stage one is.
fn limits(graph: &Graph) -> (BTreeMap<Key, Val<Option<u64>>>, Option<Note>) {
    let (mut by_stage, mut anywhere) = (BTreeMap::new(), None);
    for resource in graph.of(&["aws_api_gateway_method_settings"]) {
        let place = Place::top(graph, resource);
        if place.attribute("method_path").known_text().is_some_and(|path| path != "*/*") {
            continue;
        }
        let rate = place.only("settings").map_or(Val::Known(None), |block| limit(&block));
        match stage_of(graph, &place) {
            Ok(key) => {
                by_stage.insert(key, rate);
            }
            Err(note) => anywhere = Some(note),
        }
    }
    (by_stage, anywhere)
}

/// The stage of method settings, which name it by its API and its name.
fn stage_of(graph: &Graph, place: &Place<'_>) -> Result<Key, Note> {
    let name = place.attribute("stage_name");
    let of = place.attribute("rest_api_id").needed(&REST_API);
    if let (Some(Some(text)), Some(api)) = (name.text().get(), of.get()) {
        let named = graph.of(&["aws_api_gateway_stage"]).find(|resource| {
            let stage = Place::top(graph, resource);
            stage.attribute("stage_name").known_text().as_ref() == Some(text)
                && stage.attribute("rest_api_id").needed(&REST_API).get() == Some(api)
        });
        return named.map(|resource| resource.key.clone()).ok_or_else(|| name.odd("is no stage"));
    }
    match name.suggested(&REST_STAGE) {
        Val::Known(key) | Val::Assumed(key, _) => Ok(key),
        Val::OneOf(_, note) | Val::Unknown(note) => Err(note),
    }
}

fn domains(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_api_gateway_domain_name", "aws_apigatewayv2_domain_name"]) {
        let place = Place::top(graph, resource);
        let tls = match place.only("domain_name_configuration") {
            Some(block) => block.attribute("security_policy"),
            None => place.attribute("security_policy"),
        };
        let tls = if tls.is_left_out() { Val::Known(None) } else { tls.text() };
        let domain = ApiDomain { key: resource.key.clone(), tls };
        model.api_domains.insert(domain.key.clone(), domain);
    }
}
