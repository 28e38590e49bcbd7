//! `flow-logs-rejects-only`: VPCs that log only what is rejected, while something in them can send to
//! the internet: what it sends is written down nowhere.
//!
//! Where nothing can, what got in is in the logs of the fronts, and is not told of.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, FlowLog, Key, Model, SetVal};
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;

use super::egress_to_internet::ways;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "flow-logs-rejects-only",
        severity: Severity::Info,
        title: "what gets out to the internet is not logged",
        why: "Rejected flows show who tries what, and which rule is missing; they never show what got \
              through. After an incident the question is what a server sent, to whom and how much, \
              and only a log of accepted flows answers it.",
        page: include_str!("../../../../docs/rules/flow-logs-rejects-only.md"),
    },
    run,
};

/// So many senders are named in a title.
const NAMED: usize = 3;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    facts.model().vpcs.keys().filter_map(|vpc| finding(facts, vpc)).collect()
}

fn finding(facts: &Facts<'_>, vpc: &Key) -> Option<Finding> {
    let model = facts.model();
    let logs = logs_of(model, vpc)?;
    let senders = senders(facts, vpc);
    let named = match senders.len() {
        0 => return None,
        count if count > NAMED => {
            let more = format!("{} more", count - NAMED);
            listed(senders.iter().take(NAMED).map(ToString::to_string).chain([more]))
        }
        _ => listed(&senders),
    };
    let title =
        format!("only what is rejected in {vpc} is logged, and {named} may send to the internet");
    let fix = "log all traffic (`traffic_type = \"ALL\"`), to S3 if CloudWatch costs too much; or \
               accept this where the way out is narrow";
    let mut finding = RULE.info.finding(Severity::Info, [vpc.clone()], title, fix);
    let notes = logs.iter().filter_map(|log| log.vpc.assumed());
    finding.assumes.extend(notes.map(ToString::to_string));
    Some(finding)
}

/// The flow logs of a VPC, if these are known and all are for what is rejected.
fn logs_of<'m>(model: &'m Model, vpc: &Key) -> Option<Vec<&'m FlowLog>> {
    let mut own = Vec::new();
    for log in model.flow_logs.values() {
        match log.vpc.get() {
            Some(Some(of)) if of == vpc => own.push(log),
            Some(_) => {}
            None => return None,
        }
    }
    let rejects =
        |log: &&FlowLog| matches!(log.traffic.get(), Some(Some(word)) if word == "REJECT");
    (!own.is_empty() && own.iter().all(rejects)).then_some(own)
}

/// What runs in a VPC and may open connections to addresses of the internet that its groups name, by
/// a gateway that leads there. A prefix list of AWS's is not counted: it leads to a service of AWS.
fn senders(facts: &Facts<'_>, vpc: &Key) -> BTreeSet<Key> {
    let model = facts.model();
    let within = |subnets: &SetVal<Key>| {
        let mut of = subnets.sure.iter().filter_map(|key| model.subnets.get(key));
        of.any(|subnet| subnet.vpc.get() == Some(vpc))
    };
    let services = model.services.iter().map(|(key, it)| (key, &it.subnets, &it.security_groups));
    let functions = model.functions.iter().map(|(key, it)| (key, &it.subnets, &it.security_groups));
    let own = services.chain(functions).filter(|(_, subnets, _)| within(subnets));
    let sends = own.filter(|(key, _, groups)| {
        let ports = let_out(model, groups);
        !ports.is_empty() && !ways(facts, key, &ports).is_empty()
    });
    sends.map(|(key, ..)| key.clone()).collect()
}

/// The ports on which groups let out to any address of the internet that they name.
fn let_out(model: &Model, groups: &SetVal<Key>) -> ServiceSet {
    let groups = groups.sure.iter().filter_map(|key| model.security_groups.get(key));
    let rules = groups.flat_map(|group| &group.rules(Direction::Egress).rules);
    let to_internet = rules.filter(|rule| {
        let to: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
        !to.intersect(&AddrSet::internet()).is_empty()
    });
    let ports = to_internet.filter_map(|rule| rule.services.get());
    ports.fold(ServiceSet::empty(), |all, services| all.union(services))
}
