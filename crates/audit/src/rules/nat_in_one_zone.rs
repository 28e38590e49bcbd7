//! `nat-in-one-zone`: subnets whose only way out is in another zone.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, RouteDestination, RouteTarget, Subnet};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "nat-in-one-zone",
        severity: Severity::Info,
        title: "subnets lead out by a NAT gateway of another zone",
        why: "If that zone fails, the tasks of the others run on without a way out, and new ones \
              that need it don't start. A NAT gateway in each zone costs its hourly price again, and \
              saves what traffic between zones costs.",
        page: include_str!("../../../../docs/rules/nat-in-one-zone.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let used = used(facts);
    let mut far: BTreeMap<&Key, BTreeSet<&Key>> = BTreeMap::new();
    for subnet in model.subnets.values().filter(|subnet| used.contains(&subnet.key)) {
        let Some(nat) = nat_of(model, subnet) else { continue };
        let stands = model.nat_gateways.get(nat).and_then(|nat| nat.subnet.get());
        let stands = stands.and_then(|subnet| model.subnets.get(subnet)).and_then(zone);
        if let (Some(own), Some(other)) = (zone(subnet), stands)
            && own != other
        {
            far.entry(nat).or_default().insert(&subnet.key);
        }
    }
    far.into_iter().map(|(nat, subnets)| finding(nat, &subnets)).collect()
}

/// The subnets in which a service or a function is.
fn used(facts: &Facts<'_>) -> BTreeSet<Key> {
    let model = facts.model();
    let services = model.services.values().map(|service| &service.subnets);
    let functions = model.functions.values().map(|function| &function.subnets);
    services.chain(functions).flat_map(|subnets| subnets.sure.iter().cloned()).collect()
}

fn zone(subnet: &Subnet) -> Option<&String> {
    subnet.zone.get().and_then(Option::as_ref)
}

/// The NAT gateway to which a subnet's default route leads.
fn nat_of<'m>(model: &'m Model, subnet: &Subnet) -> Option<&'m Key> {
    let table = model.route_tables.get(subnet.route_table.get()?.as_ref()?)?;
    table.routes.iter().find_map(|route| match (route.destination.get()?, route.target.get()?) {
        (RouteDestination::Cidr(block), RouteTarget::NatGateway(nat)) => {
            (block.prefix_len() == 0).then_some(nat)
        }
        _ => None,
    })
}

fn finding(nat: &Key, subnets: &BTreeSet<&Key>) -> Finding {
    let verb = if subnets.len() == 1 { "leads" } else { "lead" };
    let title = format!("{} {verb} out by {nat}, which is in another zone", listed(subnets));
    let fix = "make a NAT gateway in each zone, and lead each zone's subnets to their own";
    RULE.info.finding(Severity::Info, [nat.clone()], title, fix)
}
