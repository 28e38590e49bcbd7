//! `public-address`: tasks and instances that have an address on the internet.
//!
//! Load balancers and NAT gateways are meant to have one; databases are `database-public`'s.

use std::collections::BTreeSet;

use farmgate_aws::model::{EcsService, Key, Model, Note, SetVal};
use farmgate_net::addr::AddrSet;
use farmgate_net::reach::Verdict as Reached;
use farmgate_net::service::ServiceSet;

use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::listed;
use crate::report::{Finding, Fix, Severity, Statement, Trial, Verdict};

mod private;

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "public-address",
        severity: Severity::High,
        title: "a task or instance has an address on the internet",
        why: "With a public address only the security group stands between the internet and the \
              server, and one rule too wide is enough: no load balancer, authorizer or WAF is \
              passed. Servers behind a load balancer need none, since what they open themselves can \
              go by NAT or endpoints.",
        page: include_str!("../../../../docs/rules/public-address.md"),
    },
    run,
};

/// How many changes are tried at most.
const TRIALS: usize = 8;
/// How many of these one service may need.
const TRIALS_OF_ONE: usize = 3;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let mut budget = TRIALS;
    let mut all = Vec::new();
    for (key, found) in &model.services {
        if found.assign_public_ip.get() == Some(&true) {
            all.push(service(facts, key, found, &mut budget));
        }
    }
    all.extend(instances(model));
    all
}

/// Whether the internet reaches something directly.
pub(super) struct Reach<'p> {
    pub(super) statement: Option<&'p Statement>,
    /// In words.
    pub(super) how: String,
}

impl<'p> Reach<'p> {
    pub(super) fn of(facts: &Facts<'p>, key: &Key) -> Self {
        let statement = facts.statement("only-through-ingress", key);
        let how = match statement.map(|s| s.verdict) {
            Some(Verdict::Refuted) => directly(facts, key),
            Some(Verdict::Proved) => {
                "its groups and routes let nothing of the internet in".to_owned()
            }
            _ => "whether the internet gets in is not known".to_owned(),
        };
        Self { statement, how }
    }

    /// What taking the address away has to prove.
    pub(super) fn goal(&self) -> Option<&'p str> {
        self.statement
            .filter(|s| refuted(Some(s)))
            .map(|s| s.id.as_str())
    }
}

/// Who gets in, on what.
fn directly(facts: &Facts<'_>, key: &Key) -> String {
    let (mut services, mut peers) = (ServiceSet::empty(), AddrSet::empty());
    for interface in facts.proof.lowered.interfaces_of(key) {
        let question = facts
            .proof
            .hosts_to(*interface, &ServiceSet::all())
            .direct();
        let answer = facts.proof.ask(&question);
        if answer.verdict == Reached::Yes {
            services = services.union(&answer.sure.services());
            peers = peers.union(&answer.sure.peers());
        }
    }
    let who = match AddrSet::internet().only_v4().is_subset(&peers) {
        true => "the internet".to_owned(),
        false => peers.to_string(),
    };
    format!("{who} opens {services} to it")
}

/// The finding, with what shows it and what was assumed.
fn made(key: &Key, what: &str, reach: &Reach<'_>, fix: Fix, assumed: Option<&Note>) -> Finding {
    let severity = if refuted(reach.statement) {
        Severity::High
    } else {
        Severity::Low
    };
    let title = format!("{key} {what}, and {}", reach.how);
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes = assumed.into_iter().map(ToString::to_string).collect();
    shown_by(finding, reach.statement)
}

fn service(facts: &Facts<'_>, key: &Key, found: &EcsService, budget: &mut usize) -> Finding {
    let reach = Reach::of(facts, key);
    let goals: Vec<&str> = reach.goal().into_iter().collect();
    let mut tried = Vec::new();
    if *budget >= TRIALS_OF_ONE {
        tried = private::tries(facts, key, &goals);
        *budget -= tried.len();
    }
    let fix = Fix {
        text: text(&tried),
        tried,
    };
    made(
        key,
        "gives its tasks public addresses",
        &reach,
        fix,
        found.assign_public_ip.assumed(),
    )
}

fn text(tried: &[Trial]) -> String {
    let alone = "set `assign_public_ip = false` in `network_configuration`";
    match tried {
        [first] if first.works => format!("{alone}: nothing needs the address"),
        [] => format!(
            "{alone}, and let the tasks reach ECR, logs and secrets by a NAT gateway or by endpoints"
        ),
        [_, .., last] if last.works => format!(
            "{alone}, but not by itself, since the tasks pull images and ship logs by that address: \
             {} (a NAT gateway and endpoints both do, by what the tasks need)",
            last.change
        ),
        _ => format!(
            "{alone}, but not by itself, since the tasks pull images and ship logs by that address: \
             put them into subnets with a route to a NAT gateway, or add endpoints for ECR, S3, logs \
             and secrets"
        ),
    }
}

/// All instances together: an address of theirs is often what they are there for.
fn instances(model: &Model) -> Option<Finding> {
    let public: BTreeSet<&Key> = model
        .instances
        .iter()
        .filter(|(_, instance)| instance.public.get() == Some(&true))
        .map(|(key, _)| key)
        .collect();
    let title = match public.len() {
        0 => return None,
        1 => format!("{} has a public address", listed(&public)),
        many => format!("{many} instances have public addresses"),
    };
    let fix = "set `associate_public_ip_address = false`; administer them by Session Manager, or \
               accept this where the address is what they are there for";
    let keys = public.iter().map(|key| (*key).clone());
    let mut finding = RULE.info.finding(Severity::Low, keys, title, fix);
    let notes = public
        .iter()
        .filter_map(|key| model.instances.get(*key)?.public.assumed());
    finding.assumes = notes.map(ToString::to_string).collect();
    Some(finding)
}

/// The subnets of a service, known for certain.
fn subnets_of(service: &EcsService) -> SetVal<Key> {
    SetVal::known(service.subnets.sure.iter().cloned())
}
