//! Tries to take a service's public addresses away: alone, with endpoints, with NAT.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    EndpointKind, Key, Model, NatGateway, Origin, Route, RouteDestination, RouteTable, RouteTarget,
    SetVal, Subnet, Val,
};
use farmgate_net::addr::AddrSet;

use super::subnets_of;
use crate::fix::add_endpoint;
use crate::prove::{Scope, listed};
use crate::report::Trial;
use crate::rules::Facts;

/// The AWS services that a task needs, by the kind of statement that says so.
const NEEDS: [(&str, &[&str]); 4] = [
    ("pulls-image", &["ecr.api", "ecr.dkr", "s3"]),
    ("ships-logs", &["logs"]),
    ("fetches-secretsmanager", &["secretsmanager"]),
    ("fetches-ssm", &["ssm"]),
];

/// What was tried, up to the first that works.
pub(super) fn tries(facts: &Facts<'_>, key: &Key, goals: &[&str]) -> Vec<Trial> {
    let scope = Scope::of([key.clone()]);
    let alone = |model: &mut Model| {
        if let Some(service) = model.services.get_mut(key) {
            service.assign_public_ip = Val::Known(false);
        }
    };
    let mut tried = vec![facts.attempt("set `assign_public_ip = false`", &scope, goals, alone)];
    if works(&tried) {
        return tried;
    }
    let needs = needs(facts, key);
    if !needs.is_empty() {
        let change = format!(
            "set it with endpoints for {} (DNS hostnames and support on)",
            listed(&needs)
        );
        tried.push(facts.attempt(&change, &scope, goals, |model| {
            alone(model);
            endpoints(facts, model, key, &needs);
        }));
    }
    if !works(&tried) {
        let change = "set it in private subnets behind a NAT gateway";
        tried.push(facts.attempt(change, &scope, goals, |model| {
            alone(model);
            behind_nat(model, key);
        }));
    }
    tried
}

fn works(tried: &[Trial]) -> bool {
    tried.last().is_some_and(|trial| trial.works)
}

/// What no endpoint stands for yet.
fn needs(facts: &Facts<'_>, key: &Key) -> BTreeSet<&'static str> {
    let vpc = vpc_of(facts, key);
    let needs = NEEDS
        .iter()
        .filter(|(kind, _)| facts.statement(kind, key).is_some());
    needs
        .flat_map(|(_, services)| services.iter().copied())
        .filter(|service| facts.proof.endpoints_for(vpc.as_ref(), service).is_empty())
        .collect()
}

fn vpc_of(facts: &Facts<'_>, key: &Key) -> Option<Key> {
    let first = facts.proof.lowered.interfaces_of(key).first()?;
    facts.proof.vpc_of(*first).map(|vpc| vpc.key.clone())
}

fn endpoints(facts: &Facts<'_>, model: &mut Model, key: &Key, needs: &BTreeSet<&'static str>) {
    let Some(vpc) = vpc_of(facts, key) else {
        return;
    };
    let Some(subnets) = model.services.get(key).map(subnets_of) else {
        return;
    };
    if let Some(vpc) = model.vpcs.get_mut(&vpc) {
        vpc.dns_support = Val::Known(true);
        vpc.dns_hostnames = Val::Known(true);
    }
    for service in needs {
        let name = facts.proof.service_name(service);
        let before: BTreeSet<Key> = model.endpoints.keys().cloned().collect();
        add_endpoint(model, &vpc, &name, subnets.clone());
        if *service == "s3" {
            let own = model
                .route_tables
                .values()
                .filter(|table| table.vpc.get() == Some(&vpc));
            let tables = SetVal::known(own.map(|table| table.key.clone()).collect::<Vec<_>>());
            let new = model
                .endpoints
                .iter_mut()
                .filter(|(key, _)| !before.contains(*key));
            for (_, endpoint) in new {
                endpoint.kind = EndpointKind::Gateway;
                endpoint.route_tables = tables.clone();
            }
        }
    }
}

/// Moves a service to private twins of its subnets, which have a route to a NAT gateway.
fn behind_nat(model: &mut Model, key: &Key) {
    let Some(subnets) = model.services.get(key).map(|s| s.subnets.sure.clone()) else {
        return;
    };
    let Some(first) = subnets.first() else { return };
    let Some(vpc) = model.subnets.get(first).map(|subnet| subnet.vpc.clone()) else {
        return;
    };
    let (nat, table) = (
        Key::new("new NAT gateway"),
        Key::new("new private route table"),
    );
    model.nat_gateways.insert(
        nat.clone(),
        NatGateway {
            key: nat.clone(),
            subnet: Val::Known(first.clone()),
            public: Val::Known(true),
            public_address: None,
            private_address: None,
        },
    );
    let anywhere = AddrSet::v4().prefixes().into_iter();
    let routes = anywhere.map(|cidr| Route {
        origin: Origin::at(&table, "new route"),
        destination: Val::Known(RouteDestination::Cidr(cidr)),
        target: Val::Known(RouteTarget::NatGateway(nat.clone())),
        propagated: false,
    });
    let routes: Vec<Route> = routes.collect();
    model.route_tables.insert(
        table.clone(),
        RouteTable {
            key: table.clone(),
            vpc,
            routes,
            open: None,
            assumed: None,
        },
    );
    let mut twins = BTreeSet::new();
    for public in &subnets {
        let Some(subnet) = model.subnets.get(public).cloned() else {
            continue;
        };
        let twin = Key::new(&format!("new private twin of {public}"));
        twins.insert(twin.clone());
        let route_table = Val::Known(Some(table.clone()));
        model.subnets.insert(
            twin.clone(),
            Subnet {
                key: twin,
                route_table,
                ..subnet
            },
        );
    }
    if let Some(service) = model.services.get_mut(key) {
        service.subnets = SetVal::known(twins);
    }
}
