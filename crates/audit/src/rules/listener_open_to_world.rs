//! `listener-open-to-world`: a load balancer that lets most of the internet in.
//!
//! Counts addresses, exactly: two halves of the address space are the whole of it.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Direction, Key, Listener, LoadBalancer, LoadBalancerKind, Model, Note, Origin, SetVal,
};
use farmgate_aws::network::relays::listen;
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;

use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::trust::{Verifier, forwards, is_health, listeners_of, open_routes, verifier};
use crate::prove::{Scope, fronts_of, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "listener-open-to-world",
        severity: Severity::High,
        title: "a load balancer lets most of the internet in",
        why: "Every scanner of the internet finds the port within the hour, and all that stands \
              between it and the servers is what the load balancer or the servers themselves ask \
              for. CDK's `add_listener` opens it so by default, also where the documents say that \
              only the VPC or CloudFront gets in.",
        page: include_str!("../../../../docs/rules/listener-open-to-world.md"),
    },
    run,
};

/// How many fixes are tried at most.
const TRIALS: usize = 8;
/// As many addresses as an IPv4 /8 and an IPv6 /16: no list of callers has such an entry.
const LARGE_V4: u64 = 1 << 24;
const LARGE_V6: u128 = 1 << 112;

/// The ports on which the internet gets into one load balancer.
#[derive(Default)]
struct Opening {
    listeners: BTreeSet<Key>,
    services: ServiceSet,
    peers: AddrSet,
    rules: Vec<Origin>,
    assumes: BTreeSet<Note>,
}

/// Whether a set of addresses holds at least half of the public ones of either family.
pub(super) fn is_most_of_the_internet(addresses: &AddrSet) -> bool {
    let internet = AddrSet::internet();
    let (v4, v6) = addresses.intersect(&internet).count();
    let (all_v4, all_v6) = internet.count();
    v4 >= all_v4 / 2 || v6 >= all_v6 / 2
}

/// What of the internet surely gets into a load balancer on a listener's port.
pub(super) fn admitted(
    facts: &Facts<'_>,
    lb: &Key,
    listener: &Listener,
) -> (AddrSet, BTreeSet<Note>) {
    let (mut peers, mut assumes) = (AddrSet::empty(), BTreeSet::new());
    for interface in facts.proof.lowered.interfaces_of(lb) {
        let question = facts.proof.hosts_to(*interface, &listen(listener)).direct();
        let answer = facts.proof.ask(&question);
        let sure = answer.sure.peers();
        if !sure.is_empty() {
            peers = peers.union(&sure);
            assumes.extend(answer.assumes);
        }
    }
    (peers, assumes)
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut budget = TRIALS;
    let facing = facts.model().load_balancers.iter().filter(|(_, lb)| {
        lb.kind != LoadBalancerKind::Gateway && lb.internal.get() == Some(&false)
    });
    facing
        .filter_map(|(key, lb)| {
            Some(finding(facts, key, lb, &opening(facts, key, lb)?, &mut budget))
        })
        .collect()
}

fn opening(facts: &Facts<'_>, key: &Key, lb: &LoadBalancer) -> Option<Opening> {
    let mut found = Opening::default();
    // A port that only redirects or answers by itself leads nowhere.
    let leading = listeners_of(facts.proof, key).filter(|l| l.rules.iter().any(forwards));
    for listener in leading {
        let (peers, assumes) = admitted(facts, key, listener);
        if is_most_of_the_internet(&peers) {
            found.listeners.insert(listener.key.clone());
            found.services = found.services.union(&listen(listener));
            found.peers = found.peers.union(&peers);
            found.assumes.extend(assumes);
            found.assumes.extend(listener.load_balancer.assumed().cloned());
        }
    }
    if found.listeners.is_empty() {
        return None;
    }
    found.assumes.extend(lb.internal.assumed().cloned());
    found.rules = widest_rules(facts.model(), lb, &found.services);
    Some(found)
}

/// The rules of its groups that let large parts of the internet in, without those that add nothing.
fn widest_rules(model: &Model, lb: &LoadBalancer, services: &ServiceSet) -> Vec<Origin> {
    let groups = lb.security_groups.iter().flat_map(|groups| &groups.sure);
    let rules = groups.filter_map(|group| model.security_groups.get(group));
    let mut rules: Vec<(AddrSet, &Origin)> = rules
        .flat_map(|group| &group.ingress.rules)
        .filter(|rule| rule.services.get().is_some_and(|s| s.overlaps(services)))
        .map(|rule| (rule.peers.cidrs.sure.iter().copied().collect::<AddrSet>(), &rule.origin))
        .map(|(from, origin)| (from.intersect(&AddrSet::internet()), origin))
        .filter(|(from, _)| !from.is_empty())
        .collect();
    rules.sort_by_key(|(from, _)| std::cmp::Reverse(from.count()));
    let mut together = AddrSet::empty();
    let mut all = Vec::new();
    for (from, origin) in rules {
        let (v4, v6) = from.count();
        if !from.is_subset(&together) && (v4 >= LARGE_V4 || v6 >= LARGE_V6) {
            together = together.union(&from);
            all.push(origin.clone());
        }
    }
    all
}

fn finding(
    facts: &Facts<'_>,
    key: &Key,
    lb: &LoadBalancer,
    opening: &Opening,
    budget: &mut usize,
) -> Finding {
    let fronts: BTreeSet<&Key> = fronts_of(facts.proof, key)
        .into_iter()
        .filter_map(|relay| facts.proof.lowered.relay_owner(relay))
        .collect();
    let passed = facts.statement("not-passed-by", key).filter(|s| refuted(Some(s)));
    let asks = authenticates(facts, key);
    let severity = if asks && fronts.is_empty() { Severity::Medium } else { Severity::High };
    let whole = AddrSet::internet().only_v4().is_subset(&opening.peers);
    let who = if whole { "the whole internet" } else { "most of the internet" };
    let past = match (fronts.is_empty(), asks) {
        (false, _) => format!(", past {}", listed(&fronts)),
        (true, false) => ", and nothing there verifies a caller".to_owned(),
        (true, true) => String::new(),
    };
    let title = format!("{who} opens {} to {key}{past}", opening.services);
    let origins = opening.listeners.iter().chain(opening.rules.iter().map(|rule| &rule.key));
    let origins: Vec<Key> = origins.cloned().collect();
    let fix = fix(facts, (key, lb), opening, &fronts, budget);
    let mut finding = RULE.info.finding(severity, origins, title, fix);
    finding.assumes = opening.assumes.iter().map(ToString::to_string).collect();
    shown_by(finding, passed)
}

/// Whether anything on a load balancer verifies its callers, or all gates behind it.
fn authenticates(facts: &Facts<'_>, lb: &Key) -> bool {
    listeners_of(facts.proof, lb).any(|listener| {
        let mut leading = listener.rules.iter().filter(|rule| {
            forwards(rule) && !(rule.paths.len() == 1 && rule.paths.iter().all(|p| is_health(p)))
        });
        leading.any(|rule| match verifier(facts.proof, listener, rule) {
            Verifier::Action(_) => true,
            Verifier::Gates(gates) => gates.iter().all(|gate| open_routes(gate).next().is_none()),
            Verifier::Unknown(_) | Verifier::Nobody => false,
        })
    })
}

/// CloudFront's own addresses, as AWS names their list.
const CLOUDFRONT: &str = "com.amazonaws.global.cloudfront.origin-facing";
/// Stands for the callers' addresses (RFC 5737).
const EXAMPLE: &str = "203.0.113.0/24";

fn fix(
    facts: &Facts<'_>,
    (key, lb): (&Key, &LoadBalancer),
    opening: &Opening,
    fronts: &BTreeSet<&Key>,
    budget: &mut usize,
) -> Fix {
    let model = facts.model();
    if fronts.iter().any(|front| model.apis.contains_key(*front)) {
        let change = "`internal = true`";
        let text = format!(
            "set {change} on {key} (it is made anew), and admit the VPC link's group alone"
        );
        let tried = try_on(facts, key, fronts, change, budget, |model| {
            if let Some(lb) = model.load_balancers.get_mut(key) {
                lb.internal = farmgate_aws::model::Val::Known(true);
            }
        });
        return Fix { text, tried };
    }
    let rules = listed(opening.rules.iter().map(|rule| format!("`{rule}`")));
    if lb.security_groups.is_none() || opening.rules.is_empty() {
        let text = format!(
            "make {key} anew with `security_groups` that admit your callers' addresses alone; if it \
             is meant to be public, accept this with the reason"
        );
        return text.into();
    }
    let behind_cloudfront = !fronts.is_empty();
    let (who, text) = match behind_cloudfront {
        true => (
            CLOUDFRONT,
            format!("in {rules} admit the prefix list `{CLOUDFRONT}` alone (or use a VPC origin)"),
        ),
        false => (
            EXAMPLE,
            format!(
                "in {rules} admit your callers' addresses or a prefix list alone; if it is meant to \
                 be public, accept this with the reason"
            ),
        ),
    };
    let change = format!("admit {who} alone in {rules}");
    let tried = try_on(facts, key, fronts, &change, budget, |model| {
        admit_alone(model, lb, &opening.rules, behind_cloudfront);
    });
    Fix { text, tried }
}

fn admit_alone(model: &mut Model, lb: &LoadBalancer, rules: &[Origin], cloudfront: bool) {
    let groups = lb.security_groups.iter().flat_map(|groups| &groups.sure);
    for group in groups {
        let Some(group) = model.security_groups.get_mut(group) else {
            continue;
        };
        let wide = group.rules_mut(Direction::Ingress).rules.iter_mut();
        for rule in wide.filter(|rule| rules.contains(&rule.origin)) {
            rule.peers.cidrs = SetVal::default();
            if cloudfront {
                rule.peers.prefix_lists = SetVal::known([Key::new(CLOUDFRONT)]);
            } else {
                rule.peers.cidrs = SetVal::known(EXAMPLE.parse().ok());
            }
        }
    }
}

/// Tries a change with everything that connects to the load balancer, or from it.
fn try_on(
    facts: &Facts<'_>,
    lb: &Key,
    fronts: &BTreeSet<&Key>,
    change: &str,
    budget: &mut usize,
    mutate: impl FnOnce(&mut Model),
) -> Vec<Trial> {
    let Some(left) = budget.checked_sub(1) else {
        return Vec::new();
    };
    *budget = left;
    let callers = facts.statements.iter().filter(|s| {
        s.id.starts_with("reaches-what-it-names:") && s.on.iter().any(|on| on == lb.as_str())
    });
    let callers = callers.flat_map(|s| &s.on).map(|on| Key::new(on));
    let fronts = fronts.iter().map(|front| (*front).clone());
    let scope = Scope::of(callers.chain(fronts).chain([lb.clone()]));
    vec![facts.attempt(change, &scope, &[], mutate)]
}
