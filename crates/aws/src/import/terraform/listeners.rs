//! Listeners and their rules.

use serde_json::Value;

use super::attribute::{Attribute, Doubt, network};
use super::graph::Graph;
use super::place::{Blocks, Place};
use super::rules::one;
use super::vpc::join;
use super::wanted::{LISTENER, LOAD_BALANCER, TARGET_GROUP};
use crate::model::{
    Action, Key, Listener, ListenerRule, LoadBalancerKind, Model, Note, SetVal, Val,
};

/// Reads listeners.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_lb_listener", "aws_alb_listener"]) {
        let listener = listener(&Place::top(graph, resource), model);
        model.listeners.insert(listener.key.clone(), listener);
    }
    let mut anywhere = None;
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
            Val::Unknown(note) => anywhere = Some(note),
        }
    }
    for listener in model.listeners.values_mut() {
        if let Some(note) = &anywhere {
            listener.open.get_or_insert_with(|| note.clone());
        }
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
        tls_policy: tls_policy(place),
        verifies_clients: mutual
            .and_then(|block| block.attribute("mode").known_text())
            .is_some_and(|mode| mode == "verify"),
        rules: vec![default],
        open: not_shown(&place.attribute("rule")),
    }
}

/// Why something may have more parts than the sources show, where a source says so.
pub(super) fn not_shown(attribute: &Attribute<'_>) -> Option<Note> {
    (attribute.doubt != Doubt::None && !attribute.unwritten).then(|| attribute.pending())
}

/// What is not written AWS decides; it does not depend on what is known after apply.
fn tls_policy(place: &Place<'_>) -> Val<Option<String>> {
    let policy = place.attribute("ssl_policy");
    if policy.is_left_out() { Val::Known(None) } else { policy.text() }
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

/// Adds a condition to a rule. One whose values are not known is told as a condition of another
/// kind: it narrows the rule, nobody knows how.
fn add_condition(condition: &Place<'_>, rule: &mut ListenerRule) {
    const KINDS: [(&str, &str); 6] = [
        ("path_pattern", "path-pattern"),
        ("host_header", "host-header"),
        ("source_ip", "source-ip"),
        ("http_header", "http-header"),
        ("http_request_method", "http-request-method"),
        ("query_string", "query-string"),
    ];
    for (name, word) in KINDS {
        let blocks = condition.blocks(name);
        if blocks.list.is_empty() {
            continue;
        }
        let lists: Option<Vec<Vec<String>>> = blocks.list.iter().map(values).collect();
        let values = lists.map(|lists| lists.concat());
        let header =
            blocks.list.first().and_then(|block| block.attribute("http_header_name").known_text());
        match (name, values) {
            ("path_pattern", Some(values)) if !values.is_empty() => rule.paths.extend(values),
            ("host_header", Some(values)) if !values.is_empty() => rule.hosts.extend(values),
            ("source_ip", Some(values)) if values.iter().all(|text| network(text).is_some()) => {
                rule.sources.extend(values.iter().filter_map(|text| network(text)));
            }
            ("http_header", _) => {
                rule.other_conditions
                    .push(format!("{word} {}", header.unwrap_or_default()).trim_end().to_owned());
            }
            (_, Some(values)) => {
                rule.other_conditions
                    .push(format!("{word} {}", values.join(" ")).trim_end().to_owned());
            }
            (_, None) => rule.other_conditions.push(format!("{word} (not known yet)")),
        }
    }
}

/// The values of a condition, if they are all known; of a query string, `key=value`.
fn values(block: &Place<'_>) -> Option<Vec<String>> {
    let attribute = block.attribute("values");
    if attribute.doubt != Doubt::None {
        return None;
    }
    match attribute.value {
        Some(Value::Array(items)) => {
            Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        }
        _ => {
            let part = |name| block.attribute(name).known_text();
            let value = part("value")?;
            Some(vec![part("key").map_or(value.clone(), |key| format!("{key}={value}"))])
        }
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
    let Some(word) = kind.known_text() else {
        return Action::Other(kind.pending());
    };
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
        join(&mut groups, weighted.blocks("target_group").keys("arn", &TARGET_GROUP));
    }
    if groups == SetVal::default() {
        groups = SetVal::unknown(single.pending());
    }
    groups
}

/// Without `on_unauthenticated_request` a request that is not logged in is sent to log in.
fn authenticate(kind: String, block: Option<&Place<'_>>) -> Action {
    let allows =
        block.map(|block| block.attribute("on_unauthenticated_request").text_or("authenticate"));
    // What is not known may be `allow`.
    let allows_anonymous = match allows {
        Some(Val::Known(word)) => word == "allow",
        Some(_) => true,
        None => false,
    };
    Action::Authenticate { kind, allows_anonymous }
}
