//! Web ACLs and their rules.

use super::graph::Graph;
use super::place::Place;
use crate::model::{Model, Note, Val, WebAcl, WebAclRule, WebAclRuleKind};

/// The statements that are told apart by name only.
const OTHERS: [&str; 11] = [
    "geo_match_statement",
    "ip_set_reference_statement",
    "not_statement",
    "and_statement",
    "or_statement",
    "byte_match_statement",
    "label_match_statement",
    "regex_match_statement",
    "regex_pattern_set_reference_statement",
    "size_constraint_statement",
    "sqli_match_statement",
];

/// Reads web ACLs.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_wafv2_web_acl"]) {
        let place = Place::top(graph, resource);
        let (rules, mut open) = rules(&place);
        if resource.data {
            // The data source shows no rules.
            open = Some(super::rules::made_elsewhere(&resource.key));
        }
        let acl = WebAcl {
            key: resource.key.clone(),
            name: place.attribute("name").text(),
            scope: place.attribute("scope").text(),
            blocks_by_default: blocks_by_default(&place),
            rules,
            open,
        };
        model.web_acls.insert(acl.key.clone(), acl);
    }
}

fn blocks_by_default(place: &Place<'_>) -> Val<bool> {
    let attribute = place.attribute("default_action");
    match place.only("default_action") {
        Some(action) => Val::Known(!action.blocks("block").list.is_empty()),
        None => Val::Unknown(attribute.pending()),
    }
}

fn rules(place: &Place<'_>) -> (Vec<WebAclRule>, Option<Note>) {
    // Provider 6.10 and later take all rules as one JSON text as well.
    let json = place.attribute("rule_json");
    let by_json = (!json.is_left_out()).then(|| json.odd("holds rules that are not read"));
    let blocks = place.blocks("rule");
    let rules = blocks.list.iter().map(rule).collect();
    (rules, by_json.or(blocks.open))
}

fn rule(place: &Place<'_>) -> WebAclRule {
    let action = match place.only("action") {
        Some(action) => word(&action, &["block", "count", "allow", "captcha", "challenge"]),
        None => place.only("override_action").and_then(|it| word(&it, &["none", "count"])),
    };
    WebAclRule {
        name: place.attribute("name").known_text().unwrap_or_default(),
        priority: place.attribute("priority").known_number(),
        kind: place.only("statement").map_or(WebAclRuleKind::Other(None), |it| kind(&it)),
        action,
    }
}

/// The one of these blocks that is there.
fn word(place: &Place<'_>, words: &[&'static str]) -> Option<String> {
    let found = words.iter().find(|word| !place.blocks(word).list.is_empty());
    found.map(|word| (*word).to_owned())
}

fn kind(statement: &Place<'_>) -> WebAclRuleKind {
    if let Some(rate) = statement.only("rate_based_statement") {
        return WebAclRuleKind::Rate {
            limit: rate.attribute("limit").known_number(),
            window: rate.attribute("evaluation_window_sec").known_number(),
            by: rate.attribute("aggregate_key_type").known_text(),
        };
    }
    if let Some(group) = statement.only("managed_rule_group_statement") {
        let overrides = group.blocks("rule_action_override").list;
        let counting = overrides.iter().filter(|it| {
            it.only("action_to_use").is_some_and(|action| word(&action, &["count"]).is_some())
        });
        let counted = counting.filter_map(|it| it.attribute("name").known_text()).collect();
        return WebAclRuleKind::Managed { name: group.attribute("name").known_text(), counted };
    }
    if statement.only("rule_group_reference_statement").is_some() {
        return WebAclRuleKind::Group;
    }
    WebAclRuleKind::Other(word(statement, &OTHERS))
}
