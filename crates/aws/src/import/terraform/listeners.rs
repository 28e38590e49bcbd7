//! Listeners and their rules.

use super::graph::Graph;
use super::place::{Blocks, Place};
use super::rules::one;
use super::vpc::join;
use super::wanted::{LISTENER, LOAD_BALANCER, TARGET_GROUP};
use crate::model::{Action, Key, Listener, ListenerRule, LoadBalancerKind, Model, SetVal, Val};

/// Reads listeners.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_lb_listener", "aws_alb_listener"]) {
        let listener = listener(&Place::top(graph, resource), model);
        model.listeners.insert(listener.key.clone(), listener);
    }
    for resource in graph.of(&["aws_lb_listener_rule", "aws_alb_listener_rule"]) {
        let place = Place::top(graph, resource);
        match place.attribute("listener_arn").needed(&LISTENER) {
            Val::Known(key) | Val::Assumed(key, _) => {
                if let Some(listener) = model.listeners.get_mut(&key) {
                    listener.rules.push(rule(&place));
                }
            }
            Val::OneOf(keys, note) => {
                for key in keys {
                    if let Some(listener) = model.listeners.get_mut(&key) {
                        listener.open.get_or_insert_with(|| note.clone());
                    }
                }
            }
            Val::Unknown(note) => {
                for listener in model.listeners.values_mut() {
                    listener.open.get_or_insert_with(|| note.clone());
                }
            }
        }
    }
    for listener in model.listeners.values_mut() {
        // AWS numbers rules without a priority itself, after the others; the default comes last.
        listener.rules.sort_by_key(|rule| (is_default(rule), rule.priority.unwrap_or(u32::MAX)));
    }
}

fn is_default(rule: &ListenerRule) -> bool {
    rule.origin.path == "default_action"
}

fn listener(place: &Place<'_>, model: &Model) -> Listener {
    let load_balancer = place.attribute("load_balancer_arn").needed(&LOAD_BALANCER);
    let kind = load_balancer.get().and_then(|key| model.load_balancers.get(key)).map(|lb| lb.kind);
    let default_protocol = if kind == Some(LoadBalancerKind::Network) { "TCP" } else { "HTTP" };
    let blocks = place.blocks("default_action");
    let mut origin = place.origin();
    origin.path = "default_action".to_owned();
    let default = ListenerRule {
        origin,
        priority: None,
        paths: Vec::new(),
        hosts: Vec::new(),
        sources: Vec::new(),
        other_conditions: Vec::new(),
        actions: actions(&blocks),
    };
    let mutual = place.only("mutual_authentication");
    Listener {
        key: place.resource.key.clone(),
        load_balancer,
        port: needed_port(place),
        protocol: place.attribute("protocol").text_or(default_protocol),
        tls_policy: place.attribute("ssl_policy").known_text(),
        verifies_clients: mutual
            .and_then(|block| block.attribute("mode").known_text())
            .is_some_and(|mode| mode == "verify"),
        rules: vec![default],
        open: None,
    }
}

fn needed_port(place: &Place<'_>) -> Val<u16> {
    let port = place.attribute("port");
    match port.number() {
        Val::Known(Some(number)) => Val::Known(number),
        Val::Unknown(note) => Val::Unknown(note),
        _ => Val::Unknown(port.odd("is not given")),
    }
}

fn rule(place: &Place<'_>) -> ListenerRule {
    let mut rule = ListenerRule {
        origin: place.origin(),
        priority: place.attribute("priority").known_number(),
        paths: Vec::new(),
        hosts: Vec::new(),
        sources: Vec::new(),
        other_conditions: Vec::new(),
        actions: actions(&place.blocks("action")),
    };
    for condition in place.blocks("condition").list {
        add_condition(&condition, &mut rule);
    }
    rule
}

fn add_condition(condition: &Place<'_>, rule: &mut ListenerRule) {
    let texts = |block: &Place<'_>| -> Vec<String> {
        block
            .attribute("values")
            .value
            .and_then(serde_json::Value::as_array)
            .map(|items| items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            .unwrap_or_default()
    };
    if let Some(block) = condition.only("path_pattern") {
        rule.paths.extend(texts(&block));
    }
    if let Some(block) = condition.only("host_header") {
        rule.hosts.extend(texts(&block));
    }
    if let Some(block) = condition.only("source_ip") {
        rule.sources.extend(block.attribute("values").networks().sure);
    }
    if let Some(block) = condition.only("http_header") {
        let name = block.attribute("http_header_name").known_text().unwrap_or_default();
        rule.other_conditions.push(format!("http-header {name}").trim_end().to_owned());
    }
    for (name, word) in [("http_request_method", "http-request-method"), ("query_string", "query-string")] {
        let blocks = condition.blocks(name);
        if blocks.list.is_empty() {
            continue;
        }
        let values: Vec<String> = blocks.list.iter().flat_map(texts).collect();
        rule.other_conditions.push(format!("{word} {}", values.join(" ")).trim_end().to_owned());
    }
}

fn actions(blocks: &Blocks<'_>) -> Vec<Action> {
    let mut actions: Vec<(u64, Action)> = blocks
        .list
        .iter()
        .map(|block| (block.attribute("order").known_number().unwrap_or(0), action(block)))
        .collect();
    actions.sort_by_key(|(order, _)| *order);
    let mut actions: Vec<Action> = actions.into_iter().map(|(_, action)| action).collect();
    if let Some(note) = &blocks.open {
        actions.push(Action::Other(note.clone()));
    }
    actions
}

fn action(block: &Place<'_>) -> Action {
    let kind = block.attribute("type");
    let Some(word) = kind.known_text() else { return Action::Other(kind.pending()) };
    match word.as_str() {
        "forward" => Action::Forward(forward(block)),
        "redirect" => {
            let to = block.only("redirect").map(|redirect| redirect.attribute("protocol").text());
            let https = matches!(to, Some(Val::Known(Some(protocol))) if protocol == "HTTPS");
            Action::Redirect { https }
        }
        "fixed-response" => Action::FixedResponse,
        "authenticate-oidc" => authenticate(word, block.only("authenticate_oidc").as_ref()),
        "authenticate-cognito" => authenticate(word, block.only("authenticate_cognito").as_ref()),
        "jwt-validation" => Action::Authenticate { kind: word, allows_anonymous: false },
        _ => Action::Other(kind.odd("is no action that is read")),
    }
}

fn forward(block: &Place<'_>) -> SetVal<Key> {
    let single = block.attribute("target_group_arn");
    let mut groups =
        if single.is_left_out() { SetVal::default() } else { one(single.key(&TARGET_GROUP)) };
    if let Some(weighted) = block.only("forward") {
        for target in weighted.blocks("target_group").list {
            join(&mut groups, one(target.attribute("arn").key(&TARGET_GROUP)));
        }
    }
    if groups == SetVal::default() {
        groups = SetVal::unknown(single.pending());
    }
    groups
}

/// Without `on_unauthenticated_request` a request that is not logged in is sent to log in.
fn authenticate(kind: String, block: Option<&Place<'_>>) -> Action {
    let allows = block.map(|block| block.attribute("on_unauthenticated_request").text_or("authenticate"));
    // What is not known may be `allow`.
    let allows_anonymous = match allows {
        Some(Val::Known(word)) => word == "allow",
        Some(_) => true,
        None => false,
    };
    Action::Authenticate { kind, allows_anonymous }
}
