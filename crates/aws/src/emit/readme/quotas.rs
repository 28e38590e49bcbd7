//! Quotas of AWS that the farm comes near to, with what it uses.

use std::collections::BTreeMap;

use super::table;
use crate::design::{Design, End, Party};
use crate::emit::balancers;

/// A quota: what it is about, its default, how much the farm uses.
type Quota = (String, u64, u64);

pub(super) fn text(design: &Design) -> String {
    let rows: Vec<Vec<String>> = quotas(design)
        .into_iter()
        .map(|(what, default, used)| {
            let more = if used > default { "ask for more" } else { "" };
            vec![what, used.to_string(), default.to_string(), more.to_owned()]
        })
        .collect();
    format!(
        "What the farm uses, and what an account has by default. Service Quotas shows yours, and takes\n\
         requests for more.\n\n{}",
        table(&["quota", "used", "default", ""], &rows)
    )
}

fn quotas(design: &Design) -> Vec<Quota> {
    let number = |count: usize| u64::try_from(count).unwrap_or_default();
    let (whose, rules) = most_rules(design);
    let routes = number(design.routes.len()) + u64::from(design.metadata.is_some());
    let interfaces = number(design.endpoints.values().filter(|it| !it.gateway).count());
    let cpu: u64 = design.tasks.iter().map(|task| task.max * task.cpu).sum();
    let balancers = number(balancers::of(design).len()) + 1;
    let one = |what: &str, default: u64, used: u64| (what.to_owned(), default, used);
    let mut quotas = vec![
        (
            format!("Rules of a security group in a direction (L-0EA8095F), most: {whose}"),
            60,
            rules,
        ),
        one("Rules of a load balancer", 100, routes),
        one("Load balancers of a region (L-53DA6B97)", 50, balancers),
        one(
            "Fargate vCPUs of a region (L-3032A538), with all tasks that may be",
            6,
            cpu.div_ceil(1024),
        ),
        one("Interface endpoints of a VPC (L-29B6F2EB)", 50, interfaces),
    ];
    if design.farm.network.existing.is_none() {
        quotas.push(one("VPCs of a region (L-F678F1CE)", 5, 1));
        quotas.push(one(
            "Elastic IP addresses of a region (L-0263D0A3)",
            5,
            number(design.nat.len()),
        ));
    }
    quotas
}

/// The group that has the most rules in a direction, and how many. A prefix list counts for as many
/// as it may have entries, of which nothing is known here: it is one.
fn most_rules(design: &Design) -> (String, u64) {
    let mut counts: BTreeMap<(&Party, bool), u64> = BTreeMap::new();
    for flow in &design.flows {
        for (end, ingress) in [(&flow.from, false), (&flow.to, true)] {
            if let End::Party(party) = end {
                *counts.entry((party, ingress)).or_default() += 1;
            }
        }
    }
    let ours = counts.iter().filter(|((party, _), _)| !matches!(party, Party::Existing(_)));
    let most = ours.max_by_key(|(_, count)| **count);
    most.map_or_else(
        || (String::new(), 0),
        |((party, ingress), count)| {
            let way = if *ingress { "into" } else { "out of" };
            (format!("{way} {}", party.word()), *count)
        },
    )
}
