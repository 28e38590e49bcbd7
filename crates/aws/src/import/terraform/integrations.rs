//! What API routes lead to, for both generations of API Gateway.

use super::attribute::Attribute;
use super::graph::Graph;
use super::place::Place;
use super::wanted::{FUNCTION, LOAD_BALANCER, PRIVATE, REST_LINK, VPC_LINK, Wanted};
use crate::model::{Integration, IntegrationTarget, Key, Val};

/// An `aws_apigatewayv2_integration`.
pub(super) fn http(place: &Place<'_>) -> Integration {
    let kind = place.attribute("integration_type").known_text().unwrap_or_default();
    let uri = place.attribute("integration_uri");
    let private =
        place.attribute("connection_type").known_text().is_some_and(|kind| kind == "VPC_LINK");
    let subtype = place.attribute("integration_subtype").known_text();
    let target = match (kind.as_str(), subtype) {
        ("MOCK", _) => IntegrationTarget::Mock,
        (_, Some(subtype)) => IntegrationTarget::Aws(subtype),
        ("AWS_PROXY", None) => IntegrationTarget::Lambda(function(&uri)),
        ("AWS", None) => aws(&uri),
        _ if private => IntegrationTarget::VpcLink {
            link: place.attribute("connection_id").needed(&VPC_LINK),
            to: private_target(&uri),
        },
        _ => IntegrationTarget::Internet(uri.text_or("")),
    };
    let tls = tls(place, &target, &uri, true);
    integration(place, kind, target, tls, &uri)
}

/// An `aws_api_gateway_integration`.
pub(super) fn rest(place: &Place<'_>) -> Integration {
    let kind = place.attribute("type").known_text().unwrap_or_default();
    let uri = place.attribute("uri");
    let private =
        place.attribute("connection_type").known_text().is_some_and(|kind| kind == "VPC_LINK");
    let target = match kind.as_str() {
        "MOCK" => IntegrationTarget::Mock,
        "AWS_PROXY" => IntegrationTarget::Lambda(function(&uri)),
        "AWS" => aws(&uri),
        _ if private => rest_private(place, &uri),
        _ => IntegrationTarget::Internet(uri.text_or("")),
    };
    let tls = tls(place, &target, &uri, false);
    integration(place, kind, target, tls, &uri)
}

fn integration(
    place: &Place<'_>,
    kind: String,
    target: IntegrationTarget,
    tls: Option<bool>,
    uri: &Attribute<'_>,
) -> Integration {
    Integration {
        origin: place.origin(),
        kind,
        target,
        port: uri.known_text().and_then(|uri| port(&uri)),
        timeout_ms: place.attribute("timeout_milliseconds").known_number(),
        streams: place
            .attribute("response_transfer_mode")
            .known_text()
            .is_some_and(|mode| mode == "STREAM"),
        tls,
    }
}

/// Whether the hop is encrypted. An HTTP API's private integration speaks plain HTTP unless it has
/// a `tls_config`; elsewhere the scheme of the address decides. AWS calls functions over TLS.
fn tls(
    place: &Place<'_>,
    target: &IntegrationTarget,
    uri: &Attribute<'_>,
    http_api: bool,
) -> Option<bool> {
    let config = place.blocks("tls_config");
    let scheme = uri.known_text().and_then(|uri| {
        let https = uri.starts_with("https://");
        (https || uri.starts_with("http://")).then_some(https)
    });
    match target {
        IntegrationTarget::Mock => None,
        IntegrationTarget::Lambda(_) | IntegrationTarget::Aws(_) => Some(true),
        IntegrationTarget::VpcLink { .. } if http_api => match scheme {
            Some(https) => Some(https),
            None if !config.list.is_empty() => Some(true),
            None if config.open.is_some() => None,
            None => Some(false),
        },
        IntegrationTarget::VpcLink { .. } | IntegrationTarget::Internet(_) => scheme,
    }
}

/// `arn:aws:apigateway:...:lambda:path/.../functions/FUNCTION/invocations`, or the function's ARN.
pub(super) fn function(uri: &Attribute<'_>) -> Val<Key> {
    let Val::Known(Some(text)) = uri.text() else {
        return uri.needed(&FUNCTION);
    };
    Val::Known(function_key(uri.graph, &text))
}

fn function_key(graph: &Graph, text: &str) -> Key {
    if let Some(key) = graph.find(&FUNCTION, text) {
        return key;
    }
    let inner = text.split_once("/functions/").map_or(text, |(_, rest)| rest);
    let inner = inner.strip_suffix("/invocations").unwrap_or(inner);
    if let Some(key) = graph.find(&FUNCTION, inner) {
        return key;
    }
    // `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER`
    let unqualified: Vec<&str> = inner.splitn(8, ':').take(7).collect();
    graph.resolve(&FUNCTION, &unqualified.join(":"))
}

/// Another AWS service, as `arn:aws:apigateway:REGION:SERVICE:...` names it.
fn aws(uri: &Attribute<'_>) -> IntegrationTarget {
    match uri.known_text() {
        Some(text) if text.contains(":lambda:path/") => IntegrationTarget::Lambda(function(uri)),
        Some(text) => IntegrationTarget::Aws(text.split(':').nth(4).unwrap_or(&text).to_owned()),
        None => match uri.suggested(&FUNCTION) {
            Val::Unknown(_) => IntegrationTarget::Aws("a service that is not known yet".to_owned()),
            found => IntegrationTarget::Lambda(found),
        },
    }
}

/// A listener, a load balancer or a discovery service: by ARN, or by the host of an address.
fn private_target(uri: &Attribute<'_>) -> Val<Key> {
    match uri.text() {
        Val::Known(Some(text)) => {
            let found = named(uri.graph, &PRIVATE, &text);
            Val::Known(found.unwrap_or_else(|| Key::new(&text)))
        }
        _ => uri.needed(&PRIVATE),
    }
}

/// What is called so, or is at this address.
pub(super) fn named(graph: &Graph, wanted: &Wanted, text: &str) -> Option<Key> {
    graph.find(wanted, text).or_else(|| graph.find(wanted, host(text)))
}

/// The port that an address names, or its scheme's.
pub(super) fn port(address: &str) -> Option<u16> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None if scheme == "https" => Some(443),
        None if scheme == "http" => Some(80),
        None => None,
    }
}

/// The host of an address.
pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

/// A REST API's private integration: its link's load balancer, or the one that it names (since
/// provider version 6, `integration_target`).
fn rest_private(place: &Place<'_>, uri: &Attribute<'_>) -> IntegrationTarget {
    let named_target = place.attribute("integration_target");
    let connection = place.attribute("connection_id");
    if !named_target.is_left_out() {
        let to = named_target.needed(&PRIVATE);
        return IntegrationTarget::VpcLink { link: connection.needed(&VPC_LINK), to };
    }
    let link = connection.needed(&REST_LINK);
    let by_uri = match uri.text() {
        Val::Known(Some(text)) => named(place.graph, &PRIVATE, &text).map(Val::Known),
        _ => match uri.suggested(&PRIVATE) {
            Val::Unknown(_) => None,
            found => Some(found),
        },
    };
    let to = by_uri.unwrap_or_else(|| match link.get().and_then(|key| place.graph.get(key)) {
        Some(resource) => {
            let targets =
                Place::top(place.graph, resource).attribute("target_arns").keys(&LOAD_BALANCER);
            let mut named = targets.mentioned();
            match (named.next(), named.next(), &targets.assumed) {
                (Some(only), None, Some(note)) => Val::Assumed(only.clone(), note.clone()),
                (Some(only), None, None) if targets.is_settled() => Val::Known(only.clone()),
                _ => Val::Unknown(uri.pending()),
            }
        }
        None => Val::Unknown(uri.pending()),
    });
    IntegrationTarget::VpcLink { link, to }
}
