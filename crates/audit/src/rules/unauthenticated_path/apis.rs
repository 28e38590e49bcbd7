//! API routes without authorization.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Api, ApiKind, ApiRoute, Authorization, Integration, IntegrationTarget, Key, Listener, Model,
    Note, Val,
};

use super::super::streaming_behind_http_api::{Behind, behind};
use super::super::{Facts, shown_by};
use super::{RULE, servers, some};
use crate::prove::Scope;
use crate::prove::policy::{Effect, Policy};
use crate::prove::trust::{
    Verifier, behind_route, forwards, is_health, needs_authorization, verifier,
};
use crate::report::{Finding, Fix, Severity, Trial};

/// A route that anyone may call, and what it leads to.
struct Open<'m> {
    route: &'m ApiRoute,
    name: &'m str,
    severity: Severity,
    services: BTreeSet<Key>,
    assumes: BTreeSet<Note>,
}

pub(super) fn findings(facts: &Facts<'_>, budget: &mut usize) -> Vec<Finding> {
    let mut all = Vec::new();
    for (key, api) in facts.model().apis.iter().filter(|(_, api)| open_to_the_internet(api)) {
        let routes = api.routes.iter().filter(|route| needs_authorization(api, route));
        let open: Vec<Open<'_>> = routes.filter_map(|route| open(facts, route)).collect();
        let (health, others): (Vec<Open<'_>>, Vec<Open<'_>>) =
            open.into_iter().partition(|open| is_health(open.name));
        if !others.is_empty() {
            all.push(callable(facts, (key, api), &others, budget));
        }
        if !health.is_empty() {
            all.push(healthy(key, &health));
        }
    }
    all
}

/// Not private, and without a resource policy that may stop callers.
fn open_to_the_internet(api: &Api) -> bool {
    let policy = match &api.policy {
        Val::Known(None) | Val::Assumed(None, _) => true,
        Val::Known(Some(text)) | Val::Assumed(Some(text), _) => {
            let anything = Some("execute-api:/stage/METHOD/path");
            let effect = Policy::new(text).evaluate("execute-api:Invoke", anything);
            // A denial elsewhere may be written for this route's ARN.
            effect == Effect::Allows && !text.contains("\"Deny\"")
        }
        Val::OneOf(..) | Val::Unknown(_) => false,
    };
    policy && api.private.get() == Some(&false)
}

fn open<'m>(facts: &Facts<'m>, route: &'m ApiRoute) -> Option<Open<'m>> {
    let name = route.route.get()?;
    let authorization = route.authorization.get()?;
    let anyone = matches!(authorization, Authorization::None | Authorization::ApiKeyOnly);
    let integration = route.integration.get()?.as_ref()?;
    if !anyone || is_meant_to_be_open(name) || is_verified_behind(facts, integration) {
        return None;
    }
    let (services, mut assumes) = match behind(facts, integration) {
        Behind::Nothing => return None,
        Behind::Elsewhere => (BTreeSet::new(), BTreeSet::new()),
        Behind::Services(services, assumes) => (services, assumes),
    };
    let inward = matches!(integration.target, IntegrationTarget::VpcLink { .. });
    let severity = if inward || !services.is_empty() { Severity::Critical } else { Severity::High };
    let notes = [route.route.assumed(), route.authorization.assumed(), route.integration.assumed()];
    assumes.extend(notes.into_iter().flatten().cloned());
    Some(Open { route, name, severity, services, assumes })
}

/// CORS preflights carry no credentials (Fetch Standard, "CORS protocol and credentials"), and
/// OAuth clients read `/.well-known/...` before they have any (RFC 8414, RFC 9728).
fn is_meant_to_be_open(name: &str) -> bool {
    let (method, path) = name.split_once(' ').unwrap_or(("", name));
    let metadata =
        matches!(method, "GET" | "HEAD") && path.split('/').any(|segment| segment == ".well-known");
    method == "OPTIONS" || metadata
}

/// Whether a load balancer behind the route verifies callers on each of its ways, or nothing but
/// gates is behind it: what these let through is theirs to tell.
fn is_verified_behind(facts: &Facts<'_>, integration: &Integration) -> bool {
    let IntegrationTarget::VpcLink { to, .. } = &integration.target else {
        return false;
    };
    if behind_route(facts.proof, &integration.target).is_some() {
        return true;
    }
    let Some(listener) = to.get().and_then(|to| facts.model().listeners.get(to)) else {
        return false;
    };
    let verified = |listener: &Listener| {
        let mut leading = listener.rules.iter().filter(|rule| forwards(rule)).peekable();
        leading.peek().is_some()
            && leading.all(|rule| {
                let verifier = verifier(facts.proof, listener, rule);
                matches!(verifier, Verifier::Action(_) | Verifier::Gates(_))
            })
    };
    listener.open.is_none() && verified(listener)
}

fn callable(
    facts: &Facts<'_>,
    (key, api): (&Key, &Api),
    open: &[Open<'_>],
    budget: &mut usize,
) -> Finding {
    let severity = open.iter().map(|o| o.severity).max().unwrap_or(Severity::High);
    let routes = some(&open.iter().map(|o| format!("`{}`", o.name)).collect());
    let keys_only =
        open.iter().all(|o| o.route.authorization.get() == Some(&Authorization::ApiKeyOnly));
    let how = if keys_only { "with an API key alone" } else { "without authorization" };
    let verb = if open.len() == 1 { "leads" } else { "lead" };
    let to = destination(open);
    let title = format!("{routes} of {key} {verb} from the internet to {to} {how}");
    let tried = trial(facts, key, open, budget);
    let fix = Fix { text: advice(api).to_owned(), tried };
    let origins = open.iter().map(|o| o.route.origin.key.clone());
    let mut finding = RULE.info.finding(severity, origins, title, fix);
    finding.assumes = notes(open);
    shown_by(finding, facts.statement("authenticates", key))
}

fn healthy(key: &Key, open: &[Open<'_>]) -> Finding {
    let routes = some(&open.iter().map(|o| format!("`{}`", o.name)).collect());
    let verb = if open.len() == 1 { "lets" } else { "let" };
    let title =
        format!("{routes} of {key} {verb} anyone on the internet call {}", destination(open));
    let fix = "remove the route if only the load balancer needs it, which probes its targets by \
               itself; or let a monitor sign its requests; or accept this";
    let origins = open.iter().map(|o| o.route.origin.key.clone());
    let mut finding = RULE.info.finding(Severity::Low, origins, title, fix);
    finding.assumes = notes(open);
    finding
}

fn destination(open: &[Open<'_>]) -> String {
    let services: BTreeSet<Key> = open.iter().flat_map(|o| o.services.iter().cloned()).collect();
    if !services.is_empty() {
        return servers(&services);
    }
    let targets = open.iter().filter_map(|o| o.route.integration.get()?.as_ref());
    let names: BTreeSet<String> = targets.map(|i| target(&i.target)).collect();
    some(&names)
}

fn target(target: &IntegrationTarget) -> String {
    match target {
        IntegrationTarget::VpcLink { to, .. } => {
            to.get().map_or_else(|| "its VPC link".to_owned(), ToString::to_string)
        }
        IntegrationTarget::Internet(host) => {
            host.get().cloned().unwrap_or_else(|| "a public address".to_owned())
        }
        IntegrationTarget::Lambda(function) => {
            function.get().map_or_else(|| "a Lambda function".to_owned(), ToString::to_string)
        }
        IntegrationTarget::Aws(service) => service.clone(),
        IntegrationTarget::Mock => "API Gateway".to_owned(),
    }
}

fn notes(open: &[Open<'_>]) -> Vec<String> {
    let all: BTreeSet<&Note> = open.iter().flat_map(|o| &o.assumes).collect();
    all.into_iter().map(ToString::to_string).collect()
}

fn advice(api: &Api) -> &'static str {
    match api.kind {
        ApiKind::Rest => {
            "set `authorization` on each `aws_api_gateway_method` to `AWS_IAM`, or to `CUSTOM` or \
             `COGNITO_USER_POOLS` with an `authorizer_id`; an API key is for metering"
        }
        ApiKind::WebSocket => {
            "set `authorization_type` of the `$connect` route to `AWS_IAM`, or to `CUSTOM` with an \
             `authorizer_id`"
        }
        ApiKind::Http => {
            "set `authorization_type` on each `aws_apigatewayv2_route` to `AWS_IAM`, or to `JWT` or \
             `CUSTOM` with an `authorizer_id`"
        }
    }
}

fn trial(facts: &Facts<'_>, key: &Key, open: &[Open<'_>], budget: &mut usize) -> Vec<Trial> {
    let Some(left) = budget.checked_sub(1) else {
        return Vec::new();
    };
    *budget = left;
    let goal = format!("authenticates:{key}");
    let scope = Scope::of([key.clone()]);
    let origins: Vec<_> = open.iter().map(|o| o.route.origin.clone()).collect();
    let change = "require `AWS_IAM` on them";
    vec![facts.attempt(change, &scope, &[&goal], |model: &mut Model| {
        let routes = model.apis.get_mut(key).into_iter().flat_map(|api| &mut api.routes);
        for route in routes.filter(|route| origins.contains(&route.origin)) {
            route.authorization = Val::Known(Authorization::Iam);
        }
    })]
}
