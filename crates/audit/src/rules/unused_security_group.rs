//! `unused-security-group`: groups that nothing carries and nothing names.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model, SecurityGroup, VpcEndpoint};
use farmgate_net::topology::Interface;

use super::waf_missing::fronts::only_described;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "unused-security-group",
        severity: Severity::Info,
        title: "a security group is on no interface and in no rule",
        why: "It filters nothing, so what its rules promise holds for nobody. Left lying about, it \
              is what somebody attaches in a hurry, with rules that nobody has read for years.",
        page: include_str!("../../../../docs/rules/unused-security-group.md"),
    },
    run,
};

/// Unmodelled types that join networks and carry no group.
const WITHOUT_GROUPS: [&str; 8] = [
    "aws_ec2_transit_gateway",
    "aws_vpc_peering_connection",
    "aws_vpn_",
    "aws_customer_gateway",
    "aws_dx_",
    "aws_networkmanager_",
    "aws_globalaccelerator_",
    "aws_ec2_carrier_gateway",
];

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    if !owns_interfaces(model) || others_may_carry(model) {
        return Vec::new();
    }
    let named = named_by_rules(model);
    let interfaces = facts.proof.lowered.net.interfaces.iter();
    let unknown: Vec<&Interface> = interfaces
        .filter(|interface| interface.groups.as_ref().is_some_and(|groups| groups.open))
        .collect();
    let groups = model.security_groups.values().filter(|group| group.managed && !group.is_default);
    let by_hand = run_by_hand(model);
    let unused: Vec<Key> = groups
        .filter(|group| !(by_hand && admits_nobody(group)))
        .filter(|group| !may_be_elsewhere(model, group))
        .filter(|group| !named.contains(&group.key) && !is_carried(facts, group, &unknown))
        .map(|group| group.key.clone())
        .collect();
    if unused.is_empty() {
        return Vec::new();
    }
    let title = match unused.as_slice() {
        [one] => {
            format!("{one} is on no interface of these sources, and no other group's rule names it")
        }
        many => format!(
            "{} groups are on no interface of these sources, and no other group's rule names them",
            many.len()
        ),
    };
    let fix = format!(
        "remove {}, unless another state attaches it; or name it in `security_groups` of what it \
         is meant for",
        listed(&unused)
    );
    vec![RULE.info.finding(Severity::Info, unused, title, fix)]
}

/// Whether the sources show anything that carries groups at all, and not the network alone.
fn owns_interfaces(model: &Model) -> bool {
    let in_vpc = |function: &farmgate_aws::model::Function| {
        function.subnets.open || function.subnets.mentioned().next().is_some()
    };
    !model.services.is_empty()
        || !model.load_balancers.is_empty()
        || !model.instances.is_empty()
        || !model.databases.is_empty()
        || model.functions.values().any(in_vpc)
}

/// Whether there is a task definition that no service runs: somebody starts it by hand, or on a
/// schedule, and says then which groups it carries.
fn run_by_hand(model: &Model) -> bool {
    model.task_definitions.keys().any(|key| {
        model.services.values().all(|service| match service.task_definition.get() {
            Some(Some(run)) => run != key,
            Some(None) => true,
            None => false,
        })
    })
}

/// A task that is run once takes no connections, and so its group admits nobody.
fn admits_nobody(group: &SecurityGroup) -> bool {
    let ingress = &group.ingress;
    ingress.rules.is_empty() && ingress.open.is_none() && !group.egress.rules.is_empty()
}

/// Whether a group of an account may be on an interface that isn't shown.
fn may_be_elsewhere(model: &Model, group: &SecurityGroup) -> bool {
    let vpc = group.vpc.get().and_then(Option::as_ref).and_then(|vpc| model.vpcs.get(vpc));
    only_described(model, &group.key) && vpc.is_none_or(|vpc| vpc.open.is_some())
}

/// Whether there is something that is not modelled and may carry any group.
fn others_may_carry(model: &Model) -> bool {
    let carries = |kind: &String| !WITHOUT_GROUPS.iter().any(|prefix| kind.starts_with(prefix));
    let endpoint =
        |endpoint: &VpcEndpoint| endpoint.kind == farmgate_aws::model::EndpointKind::Other;
    let unmodelled = model.unmodelled.keys().filter(|kind| *kind != "aws_vpc_endpoint");
    unmodelled.into_iter().any(carries) || model.endpoints.values().any(endpoint)
}

/// The groups that rules of other groups name.
fn named_by_rules(model: &Model) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    for group in model.security_groups.values() {
        let removed = model.removed_rules.iter().filter(|removed| removed.group == group.key);
        let rules = group.ingress.rules.iter().chain(&group.egress.rules);
        for rule in rules.chain(removed.map(|removed| &removed.rule)) {
            let others = rule.peers.groups.mentioned().filter(|key| **key != group.key);
            all.extend(others.cloned());
        }
    }
    all
}

/// Whether some interface carries it, or may; of the `unknown` ones the groups are not all known.
fn is_carried(facts: &Facts<'_>, group: &SecurityGroup, unknown: &[&Interface]) -> bool {
    let Some(id) = facts.proof.lowered.groups.get(&group.key) else {
        return true;
    };
    !facts.proof.engine.carriers(*id).is_empty()
        || unknown.iter().any(|interface| is_near(facts, interface, group))
}

/// Whether an interface may be in the group's VPC.
fn is_near(facts: &Facts<'_>, interface: &Interface, group: &SecurityGroup) -> bool {
    let net = &facts.proof.lowered.net;
    let subnet = net.subnets.get(interface.subnet.index());
    let site = subnet.and_then(|subnet| net.sites.get(subnet.site.index()));
    match (group.vpc.get(), site) {
        (Some(Some(vpc)), Some(site)) => {
            site.name == vpc.as_str() || !facts.model().vpcs.contains_key(site.name.as_str())
        }
        _ => true,
    }
}
