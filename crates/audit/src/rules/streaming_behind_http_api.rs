//! `streaming-behind-http-api`: an MCP server behind an API that buffers and cuts off its answers.
//!
//! WebSocket APIs hold the connection themselves and are not meant.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Api, ApiKind, Integration, IntegrationTarget, Key, Listener, Note,
};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::prove::trust::{is_health, listeners_of};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "streaming-behind-http-api",
        severity: Severity::Medium,
        title: "an HTTP API cuts off and buffers what an MCP server streams",
        why: "MCP servers answer with event streams and tools may take minutes, but API Gateway's \
              HTTP APIs end a request after 30 seconds and hand an answer on only when it is \
              complete. Nor can a WAF be associated with an HTTP API.",
        page: include_str!("../../../../docs/rules/streaming-behind-http-api.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    facts.model().apis.iter().filter_map(|(key, api)| finding(facts, key, api)).collect()
}

fn finding(facts: &Facts<'_>, key: &Key, api: &Api) -> Option<Finding> {
    if api.kind == ApiKind::WebSocket {
        return None;
    }
    let (mut servers, mut assumes) = (BTreeSet::new(), BTreeSet::new());
    for route in api.routes.iter().filter(|r| !r.route.get().is_some_and(|name| is_health(name))) {
        let Some(Some(integration)) = route.integration.get() else {
            continue;
        };
        let linked = matches!(integration.target, IntegrationTarget::VpcLink { .. });
        let streams = api.kind == ApiKind::Rest && integration.streams;
        if linked
            && !streams
            && let Behind::Services(found, notes) = behind(facts, integration)
        {
            servers.extend(found);
            assumes.extend(notes);
            assumes.extend(route.integration.assumed().cloned());
        }
    }
    if servers.is_empty() {
        return None;
    }
    let servers = listed(&servers);
    let mut finding = match api.kind {
        ApiKind::Rest => RULE.info.finding(
            Severity::Low,
            [key.clone()],
            format!("{key} buffers the answers of {servers} and ends them after 29 s by default"),
            "set `response_transfer_mode = \"STREAM\"` on the `aws_api_gateway_integration` (AWS \
             provider 6; regional endpoint), which allows up to 15 minutes",
        ),
        ApiKind::Http | ApiKind::WebSocket => RULE.info.finding(
            Severity::Medium,
            [key.clone()],
            format!(
                "{key} is an HTTP API: it buffers the answers of {servers} and ends them after 30 s"
            ),
            "put a REST API (`aws_api_gateway_rest_api`, regional) in its place, with \
             `response_transfer_mode = \"STREAM\"` on the integration (AWS provider 6; up to 15 \
             minutes, WAF and IAM authorization possible), or an application load balancer",
        ),
    };
    finding.assumes = assumes.iter().map(ToString::to_string).collect();
    Some(finding)
}

/// What an integration leads to.
pub(super) enum Behind {
    /// These ECS services, with what was assumed in order to say so.
    Services(BTreeSet<Key>, BTreeSet<Note>),
    /// Something else, or something that no source shows.
    Elsewhere,
    /// Nothing: API Gateway or the load balancer answers by itself.
    Nothing,
}

/// Follows an integration through load balancers and Cloud Map to ECS services.
pub(super) fn behind(facts: &Facts<'_>, integration: &Integration) -> Behind {
    let model = facts.model();
    let (to, note) = match &integration.target {
        IntegrationTarget::Mock => return Behind::Nothing,
        IntegrationTarget::Lambda(_) | IntegrationTarget::Aws(_) => return Behind::Elsewhere,
        IntegrationTarget::VpcLink { to, .. } => (to.get().cloned(), to.assumed()),
        IntegrationTarget::Internet(host) => {
            (host.get().map(|host| model.resolve(host)), host.assumed())
        }
    };
    let Some(to) = to else {
        return Behind::Elsewhere;
    };
    let mut found = Followed::default();
    found.assumes.extend(note.cloned());
    if let Some(listener) = model.listeners.get(&to) {
        found.listener(facts, listener);
    } else if model.load_balancers.contains_key(&to) {
        found.load_balancer(facts, &to);
    } else {
        found.registered(facts, &to);
    }
    match (found.services.is_empty(), found.listeners > 0 && !found.leads) {
        (false, _) => Behind::Services(found.services, found.assumes),
        (true, true) => Behind::Nothing,
        (true, false) => Behind::Elsewhere,
    }
}

#[derive(Default)]
struct Followed {
    services: BTreeSet<Key>,
    assumes: BTreeSet<Note>,
    seen: BTreeSet<Key>,
    /// How many listeners were met, and whether any of them may forward.
    listeners: usize,
    leads: bool,
}

impl Followed {
    fn load_balancer(&mut self, facts: &Facts<'_>, lb: &Key) {
        // A target group of type `alb` leads to another load balancer, and could lead back.
        if self.seen.insert(lb.clone()) {
            for listener in listeners_of(facts.proof, lb) {
                self.listener(facts, listener);
            }
        }
    }

    fn listener(&mut self, facts: &Facts<'_>, listener: &Listener) {
        let actions = || listener.rules.iter().flat_map(|rule| &rule.actions);
        let leads = |action: &Action| matches!(action, Action::Forward(_) | Action::Other(_));
        self.listeners += 1;
        self.leads |= listener.open.is_some() || listener.rules.is_empty() || actions().any(leads);
        for action in actions() {
            let Action::Forward(groups) = action else {
                continue;
            };
            for group in &groups.sure {
                self.assumes.extend(groups.assumed.clone());
                self.target_group(facts, group);
            }
        }
    }

    fn target_group(&mut self, facts: &Facts<'_>, key: &Key) {
        let Some(group) = facts.model().target_groups.get(key) else {
            return;
        };
        for target in facts.proof.lowered.targets(facts.model(), key, group) {
            if facts.model().services.contains_key(&target.owner) {
                self.service(facts, &target.owner);
                self.assumes.extend(target.assumed);
            } else if facts.model().load_balancers.contains_key(&target.owner) {
                self.load_balancer(facts, &target.owner);
            }
        }
    }

    /// A service; of a gate those to which it leads.
    fn service(&mut self, facts: &Facts<'_>, key: &Key) {
        let gate = facts.model().gates.get(key);
        let routes = gate.into_iter().flat_map(|gate| &gate.routes);
        let servers: Vec<&Key> = routes.filter_map(|route| route.to.get()).collect();
        if servers.is_empty() {
            self.services.insert(key.clone());
        }
        self.services.extend(servers.into_iter().cloned());
    }

    /// Services that are found by a Cloud Map name.
    fn registered(&mut self, facts: &Facts<'_>, discovery: &Key) {
        for (key, service) in &facts.model().services {
            for registry in service.registries.iter().filter(|r| r.get() == Some(discovery)) {
                self.service(facts, key);
                self.assumes.extend(registry.assumed().cloned());
            }
        }
    }
}
