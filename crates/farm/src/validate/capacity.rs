//! Whether the private subnets have as many addresses as the tasks may need one day.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::{Kind, Scope};
use crate::diagnostic::Diagnostic;
use crate::farm::{Auth, Behind, Endpoints, Engine, Scheme};
use crate::subnets::{self, usable};
use crate::word::{Reach, SecretStore};

/// The free addresses that a load balancer wants in each of its subnets.
const LOAD_BALANCER: u64 = 8;

/// Addresses that are needed: for tasks in all zones together, for the rest in each.
#[derive(Default)]
struct Needs {
    tasks: u64,
    endpoints: u64,
    load_balancers: u64,
    databases: u64,
}

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let farm = scope.farm;
    let sound = ["cidr", "zones", "private_cidrs", "existing"];
    if !farm.network.at.sound(&sound) || !farm.at.sound(&["network"]) {
        return;
    }
    let private = subnets::subnets(farm).private;
    let needs = needs(scope);
    let zones = u64::try_from(private.len()).unwrap_or_default().max(1);
    let tasks = needs.tasks.div_ceil(zones);
    let needed = tasks + needs.endpoints + needs.load_balancers + needs.databases;
    // One is enough to say it; derived subnets are all of a size.
    let small = (0..).zip(&private).find(|(_, (_, block))| usable(*block) < needed);
    if let Some((at, (zone, block))) = small {
        let title = format!(
            "the private subnet of zone `{zone}` has {} addresses for use, and {needed} are needed",
            usable(*block)
        );
        let problem = Diagnostic::error("too-small", title).at(&mark(scope, at, *block), "");
        problems.push(problem.help(needs.explained(*block, zones)));
    }
}

fn mark(scope: &Scope<'_>, at: usize, block: Ipv4Net) -> std::ops::Range<usize> {
    let network = &scope.farm.network;
    if let Some(existing) = &network.existing {
        let subnet = existing.private_subnets.iter().find(|it| it.cidr.0 == block.into());
        return subnet.map_or(network.at.key("existing"), |it| it.at.of("cidr")).clone();
    }
    match network.private_cidrs.get(at) {
        Some(written) => written.span.clone(),
        None => scope.value(&["network", "cidr"]),
    }
}

fn needs(scope: &Scope<'_>) -> Needs {
    let farm = scope.farm;
    let mut needs = Needs { tasks: farm.gate.max.get(), ..Needs::default() };
    for task in scope.tasks().iter().filter(|task| task.container.enabled) {
        let scale = &task.container.scale;
        needs.tasks += scale.max.map_or(scale.min.get(), crate::record::Number::get);
        if let Kind::Service(service) = &task.kind
            && service.behind == Behind::Alb
        {
            needs.load_balancers += LOAD_BALANCER;
        }
    }
    if farm.ingress.scheme == Scheme::Internal {
        needs.load_balancers += LOAD_BALANCER;
    }
    for database in farm.databases.values() {
        needs.databases += match database.engine {
            Engine::Postgres => 1,
        };
    }
    needs.endpoints = match &farm.network.endpoints {
        Endpoints::Auto => automatic(scope),
        Endpoints::None => 0,
        Endpoints::Only(list) => u64::try_from(list.len()).unwrap_or_default(),
    };
    needs
}

/// At most how many interface endpoints the tasks need.
fn automatic(scope: &Scope<'_>) -> u64 {
    let mut services = BTreeSet::from(["ecr.api", "ecr.dkr", "logs", "secretsmanager"]);
    let tasks = scope.tasks();
    for task in &tasks {
        for secret in task.container.secrets.values() {
            match secret.store {
                SecretStore::Parameter => services.extend(["ssm", "kms"]),
                SecretStore::SecretsManager | SecretStore::Database => {}
            }
        }
        for reach in &task.container.reaches {
            if let Reach::Aws(service) = &reach.value {
                services.insert(service);
            }
        }
    }
    let own = scope.farm.servers.values().filter_map(|server| server.auth.as_ref());
    if own.flatten().chain(&scope.farm.auth).any(|auth| matches!(auth, Auth::StsProof(_))) {
        services.insert("sts");
    }
    // These have gateway endpoints, which take no address.
    let interfaces = services.iter().filter(|service| !matches!(**service, "s3" | "dynamodb"));
    u64::try_from(interfaces.count()).unwrap_or_default()
}

// === impl Needs ===

impl Needs {
    fn explained(&self, block: Ipv4Net, zones: u64) -> String {
        let mut parts =
            vec![format!("{} tasks ({} in {zones} zones)", self.tasks.div_ceil(zones), self.tasks)];
        for (count, what) in [
            (self.endpoints, "endpoints"),
            (self.load_balancers, "of load balancers"),
            (self.databases, "of databases"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        format!("it is `{block}`; take a larger block, for {}", and(&parts))
    }
}

/// `a, b and c`.
fn and(parts: &[String]) -> String {
    match parts {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        parts => parts.concat(),
    }
}
