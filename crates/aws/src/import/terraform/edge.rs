//! What stands before load balancers and APIs: CloudFront and WAF.

use super::graph::Graph;
use super::integrations::host;
use super::place::Place;
use super::rules::one;
use super::vpc::join;
use super::wanted::{ORIGIN, PROTECTED, WEB_ACL};
use crate::model::{Distribution, Key, Model, SetVal, Val, WafAssociation};

/// Reads distributions and web ACL associations.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_cloudfront_distribution"]) {
        let place = Place::top(graph, resource);
        let distribution = distribution(&place);
        let key = distribution.key.clone();
        let web_acl = place.attribute("web_acl_id");
        if !web_acl.is_left_out() {
            let association = WafAssociation {
                key: key.clone(),
                resource: Val::Known(key.clone()),
                web_acl: web_acl.needed(&WEB_ACL),
            };
            model.waf.insert(key.clone(), association);
        }
        model.distributions.insert(key, distribution);
    }
    for resource in graph.of(&["aws_wafv2_web_acl_association"]) {
        let place = Place::top(graph, resource);
        let association = WafAssociation {
            key: resource.key.clone(),
            resource: place.attribute("resource_arn").needed(&PROTECTED),
            web_acl: place.attribute("web_acl_arn").needed(&WEB_ACL),
        };
        model.waf.insert(association.key.clone(), association);
    }
}

fn distribution(place: &Place<'_>) -> Distribution {
    let origins = place.blocks("origin");
    let mut to = SetVal::default();
    let mut origin_protocols = Vec::new();
    for origin in &origins.list {
        join(&mut to, origin_of(origin));
        if let Some(custom) = origin.only("custom_origin_config") {
            origin_protocols.extend(custom.attribute("origin_protocol_policy").known_text());
        }
    }
    if let Some(note) = origins.open {
        to.open = true;
        to.unknown.get_or_insert(note);
    }
    let mut https_only = Val::Known(true);
    let mut has_edge_function = false;
    for name in ["default_cache_behavior", "ordered_cache_behavior"] {
        for behaviour in place.blocks(name).list {
            let policy = behaviour.attribute("viewer_protocol_policy").text_or("allow-all");
            match (&https_only, policy) {
                (Val::Known(false), _) => {}
                (_, Val::Known(word)) if word == "allow-all" => https_only = Val::Known(false),
                (_, Val::Known(_)) => {}
                (_, other) => https_only = other.map(|_| true),
            }
            has_edge_function |= runs_before(&behaviour);
        }
    }
    Distribution {
        key: place.resource.key.clone(),
        origins: to,
        https_only,
        origin_protocols,
        has_edge_function,
        minimum_tls: minimum_tls(place),
    }
}

/// With CloudFront's own certificate it is `TLSv1` whatever is written (`ViewerCertificate` in the
/// CloudFront API Reference).
fn minimum_tls(place: &Place<'_>) -> Val<String> {
    let Some(block) = place.only("viewer_certificate") else {
        return Val::Unknown(place.attribute("viewer_certificate").pending());
    };
    match block.attribute("cloudfront_default_certificate").flag(false) {
        Val::Known(false) => block.attribute("minimum_protocol_version").text_or("TLSv1"),
        Val::Known(true) => Val::Known("TLSv1".to_owned()),
        other => other.map(|_| "TLSv1".to_owned()),
    }
}

/// Whether code sees a viewer's request before the cache does.
fn runs_before(behaviour: &Place<'_>) -> bool {
    ["lambda_function_association", "function_association"].into_iter().any(|name| {
        behaviour.blocks(name).list.iter().any(|block| {
            block.attribute("event_type").known_text().is_some_and(|word| word == "viewer-request")
        })
    })
}

fn origin_of(origin: &Place<'_>) -> SetVal<Key> {
    let domain = origin.attribute("domain_name");
    match domain.text() {
        Val::Known(Some(text)) => {
            let graph = origin.graph;
            let url = format!("https://{}", host(&text));
            let found = graph.find(&ORIGIN, &text).or_else(|| graph.find(&ORIGIN, &url));
            SetVal::known([found.unwrap_or_else(|| Key::new(&text))])
        }
        _ => one(domain.suggested(&ORIGIN).map(Some)),
    }
}
