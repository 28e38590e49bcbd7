//! Fixes are tried before they are advised: on a copy of the model, which is proved again.

use std::collections::BTreeMap;

use farmgate_aws::model::{
    Direction, EndpointKind, Key, Model, Origin, RuleList, RulePeers, SecurityGroup,
    SecurityGroupRule, SetVal, Val, VpcEndpoint,
};
use farmgate_aws::network::Lowered;
use farmgate_net::service::ServiceSet;
use ipnet::IpNet;

use crate::prove::{Proof, Scope};
use crate::report::{Family, Statement, Trial, Verdict};

/// Applies a change to a copy of the model and proves the statements in `scope` again. It works if
/// no statement about life that was proved before is lost, and each of `goals` (statement ids) is
/// proved now.
pub(crate) fn attempt(
    model: &Model,
    before: &BTreeMap<&str, &Statement>,
    change: &str,
    scope: &Scope,
    goals: &[&str],
    mutate: impl FnOnce(&mut Model),
) -> Trial {
    let mut changed = match &scope.only {
        Some(keys) => model.around(keys),
        None => model.clone(),
    };
    mutate(&mut changed);
    let lowered = Lowered::new(&changed);
    // Causes are written out only if something is lost: most trials lose nothing.
    let loses = |all: &[Statement]| all.iter().any(|new| is_lost(new, before));
    let mut after = Proof::new(&changed, &lowered).quietly().statements(scope);
    if loses(&after) {
        after = Proof::new(&changed, &lowered).statements(scope);
    }
    let now = |id: &str| after.iter().find(|s| s.id == id);
    let mut lost: Vec<String> = Vec::new();
    for new in after.iter().filter(|new| is_lost(new, before)) {
        let because = new.because.first().map(|b| format!(" ({}: {})", b.origin, b.text));
        let text = statement_without_way(&new.text);
        lost.push(format!("no longer: {text}{}", because.unwrap_or_default()));
    }
    let unmet = goals.iter().filter(|id| now(id).is_none_or(|s| s.verdict != Verdict::Proved));
    let unmet: Vec<&&str> = unmet.collect();
    let outcome = match (lost.as_slice(), unmet.is_empty()) {
        ([], true) => "nothing is cut off".to_owned(),
        ([], false) => "nothing is cut off, but it is not enough".to_owned(),
        ([one], _) => format!("cuts the service off; {one}"),
        ([one, more @ ..], _) => format!("cuts the service off; {one}; and {} more", more.len()),
    };
    Trial { change: change.to_owned(), works: lost.is_empty() && unmet.is_empty(), outcome }
}

/// Whether something that a service needs was proved before, and is no more.
fn is_lost(new: &Statement, before: &BTreeMap<&str, &Statement>) -> bool {
    let proved = |s: &Statement| s.verdict == Verdict::Proved;
    new.family == Family::Life
        && !proved(new)
        && before.get(new.id.as_str()).is_some_and(|old| proved(old))
}

fn statement_without_way(text: &str) -> &str {
    text.split(", by ").next().unwrap_or(text)
}

/// Removes rules by where they are written.
pub(crate) fn drop_rules(model: &mut Model, group: &Key, direction: Direction, origins: &[Origin]) {
    if let Some(group) = model.security_groups.get_mut(group) {
        group.rules_mut(direction).rules.retain(|rule| !origins.contains(&rule.origin));
    }
}

/// A rule between groups.
pub(crate) fn group_rule(key: &Key, services: ServiceSet, peer: &Key) -> SecurityGroupRule {
    SecurityGroupRule {
        origin: Origin::at(key, "new rule"),
        services: Val::Known(services),
        peers: RulePeers { groups: SetVal::known([peer.clone()]), ..RulePeers::default() },
        description: None,
    }
}

/// A rule for addresses.
pub(crate) fn cidr_rule(
    key: &Key,
    services: ServiceSet,
    cidrs: impl IntoIterator<Item = IpNet>,
) -> SecurityGroupRule {
    SecurityGroupRule {
        origin: Origin::at(key, "new rule"),
        services: Val::Known(services),
        peers: RulePeers { cidrs: SetVal::known(cidrs), ..RulePeers::default() },
        description: None,
    }
}

/// Adds a rule to a group.
pub(crate) fn add_rule(
    model: &mut Model,
    group: &Key,
    direction: Direction,
    rule: SecurityGroupRule,
) {
    if let Some(group) = model.security_groups.get_mut(group) {
        group.rules_mut(direction).rules.push(rule);
    }
}

/// Adds a group with these rules.
pub(crate) fn add_group(
    model: &mut Model,
    key: &Key,
    vpc: Option<Key>,
    ingress: Vec<SecurityGroupRule>,
    egress: Vec<SecurityGroupRule>,
) {
    let list = |rules| RuleList { rules, ..RuleList::default() };
    let group = SecurityGroup {
        key: key.clone(),
        name: Val::Known(None),
        description: None,
        vpc: Val::Known(vpc),
        is_default: false,
        managed: true,
        ingress: list(ingress),
        egress: list(egress),
        tags: Default::default(),
    };
    model.security_groups.insert(key.clone(), group);
}

/// Adds an interface endpoint with private DNS that these subnets' VPC reaches on 443.
pub(crate) fn add_endpoint(model: &mut Model, vpc: &Key, service_name: &str, subnets: SetVal<Key>) {
    let key = Key::new(&format!("new endpoint for {service_name}"));
    let group = Key::new(&format!("new group of {key}"));
    let cidrs: Vec<IpNet> =
        model.vpcs.get(vpc).map(|v| v.cidrs.mentioned().copied().collect()).unwrap_or_default();
    let admit = cidr_rule(&group, ServiceSet::tcp(443), cidrs);
    add_group(model, &group, Some(vpc.clone()), vec![admit], Vec::new());
    let endpoint = VpcEndpoint {
        key: key.clone(),
        vpc: Val::Known(vpc.clone()),
        kind: EndpointKind::Interface,
        service_name: Val::Known(service_name.to_owned()),
        private_dns: Val::Known(true),
        subnets,
        security_groups: SetVal::known([group]),
        route_tables: SetVal::default(),
        policy: Val::Known(None),
        tags: Default::default(),
    };
    model.endpoints.insert(key, endpoint);
}
