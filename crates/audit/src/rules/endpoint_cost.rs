//! `endpoint-cost`: what interface endpoints cost where a NAT gateway stands beside them, and from
//! how much traffic on they are cheaper.
//!
//! Arithmetic, and no more: how much goes through them no source shows. Endpoints with a policy of
//! their own restrict what can be reached, which NAT can't, and are not reckoned.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{EndpointKind, Key, Model, Val, VpcEndpoint};
use serde_json::Value;

use super::{Facts, Rule, RuleInfo};
use crate::prices::{Price, Prices};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "endpoint-cost",
        severity: Severity::Info,
        title: "interface endpoints beside a NAT gateway cost more than they save below some traffic",
        why: "An interface endpoint is paid by the hour in every zone, used or not, and saves the \
              difference between a GB by NAT and one by endpoint. It keeps traffic within AWS's network \
              and can have a policy, which may well be worth it; but then it should have one.",
        page: include_str!("../../../../docs/rules/endpoint-cost.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let Some(price) = model.region.as_deref().and_then(|region| facts.prices.of(region)) else {
        return Vec::new();
    };
    let mut by_vpc: BTreeMap<&Key, Vec<&VpcEndpoint>> = BTreeMap::new();
    for endpoint in model.endpoints.values().filter(|endpoint| is_for_way_alone(endpoint)) {
        if let Some(vpc) = endpoint.vpc.get() {
            by_vpc.entry(vpc).or_default().push(endpoint);
        }
    }
    let found = by_vpc.into_iter().filter(|(vpc, _)| has_nat(model, vpc));
    found.filter_map(|(vpc, endpoints)| finding(facts.prices, price, vpc, &endpoints)).collect()
}

/// Whether it is an interface endpoint in known zones that restricts nothing.
fn is_for_way_alone(endpoint: &VpcEndpoint) -> bool {
    endpoint.kind == EndpointKind::Interface
        && !endpoint.subnets.open
        && endpoint.subnets.maybe.is_empty()
        && !endpoint.subnets.sure.is_empty()
        && match endpoint.policy.get() {
            Some(None) => true,
            Some(Some(text)) => allows_everything(text),
            None => false,
        }
}

/// Whether it is the policy that AWS gives an endpoint for which none is written.
fn allows_everything(text: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return false };
    let statements = policy.get("Statement").and_then(Value::as_array);
    let everything = |statement: &Value| {
        let is = |name: &str| statement.get(name).is_some_and(|value| *value == "*");
        statement.get("Effect").is_some_and(|effect| *effect == "Allow")
            && is("Action")
            && is("Resource")
            && statement.get("Condition").is_none()
            && (is("Principal")
                || statement.pointer("/Principal/AWS").is_some_and(|value| *value == "*"))
    };
    statements.is_some_and(|all| all.iter().any(everything))
}

fn has_nat(model: &Model, vpc: &Key) -> bool {
    model.nat_gateways.values().any(|nat| {
        let subnet = nat.subnet.get().and_then(|key| model.subnets.get(key));
        nat.public == Val::Known(true) && subnet.is_some_and(|subnet| subnet.vpc.get() == Some(vpc))
    })
}

fn finding(
    prices: &Prices,
    price: Price,
    vpc: &Key,
    endpoints: &[&VpcEndpoint],
) -> Option<Finding> {
    let zones: Vec<usize> = endpoints.iter().map(|it| it.subnets.sure.len()).collect();
    let all = u64::try_from(zones.iter().sum::<usize>()).ok()?;
    let one = u64::try_from(endpoints.len()).ok()?;
    let most = zones.iter().max().copied().unwrap_or_default();
    let break_even = price.break_even(all)?;
    let what = if one == 1 { "interface endpoint" } else { "interface endpoints" };
    let in_zones = if most == 1 { "one zone".to_owned() } else { format!("{most} zones") };
    let title = format!(
        "{one} {what} in {in_zones} of {vpc} cost{} {} a month, more than NAT below {} GB",
        if one == 1 { "s" } else { "" },
        dollars(price.month(all)),
        grouped(break_even),
    );
    let in_one = match (most, price.break_even(one)) {
        (2.., Some(less)) => format!(
            "; in one zone they cost {}, and NAT is cheaper below {} GB",
            dollars(price.month(one)),
            grouped(less)
        ),
        _ => String::new(),
    };
    let fix = format!(
        "give them policies, and they are worth it for what they forbid; else count what goes through \
         them (CloudWatch, `AWS/PrivateLinkEndpoints`, `BytesProcessed`), and leave to NAT what does \
         not pay{in_one}",
    );
    let origins = endpoints.iter().map(|endpoint| endpoint.key.clone());
    let mut finding = RULE.info.finding(Severity::Info, origins, title, fix);
    let notes: BTreeSet<String> = endpoints
        .iter()
        .flat_map(|it| it.subnets.assumed.iter().chain(it.vpc.assumed()))
        .map(ToString::to_string)
        .collect();
    finding.assumes = notes.into_iter().chain([format!("prices are {}", prices.source)]).collect();
    Some(finding)
}

/// Millionths of a dollar, to the cent.
fn dollars(millionths: u64) -> String {
    let cents = millionths.saturating_add(5_000) / 10_000;
    format!("${}.{:02}", grouped(cents / 100), cents % 100)
}

/// A number with its thousands apart: `1,669`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
