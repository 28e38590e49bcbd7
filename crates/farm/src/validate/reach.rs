//! `reaches:` and references to databases in `secrets:`: what they name exists, and can be meant.

use ipnet::{IpNet, Ipv4Net};

use super::{Scope, Task, meant, network, twice};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::named_database;
use crate::record::Spanned;
use crate::subnets::v4;
use crate::word::{Cidr, Reach, SecretRef, SecretStore};
use crate::yaml::Value;

/// A security group has at most so many rules, even on request.
const MOST: usize = 1000;

/// What RDS keeps in the secret that it manages.
const MANAGED: [&str; 2] = ["password", "username"];

pub(super) fn check(scope: &Scope<'_>, task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    let reaches = &task.container.reaches;
    if reaches.len() > MOST {
        let title = format!("a security group has at most {MOST} rules");
        let at = scope.key(&task.path(&["reaches"]));
        let problem = Diagnostic::error("too-many", title).at(&at, "");
        problems.push(problem.help("name wider blocks"));
        return;
    }
    let places = reaches.iter().map(|reach| (&reach.value, reach.span.clone()));
    let title = |reach: &&Reach| format!("{} is there twice", quoted(&reach.to_string()));
    twice(places, title, "remove one", problems);
    for reach in reaches {
        match &reach.value {
            Reach::Service(name) => service(scope, task, name.as_str(), reach, problems),
            Reach::Database(name) => {
                let names = scope.farm.databases.keys().map(crate::word::Name::as_str);
                if is_unknown(scope, "databases", name.as_str()) {
                    let title = format!("there is no database {}", quoted(name.as_str()));
                    let problem = Diagnostic::error("unknown-database", title).at(&reach.span, "");
                    problems.push(problem.help(meant(name.as_str(), "databases.", names)));
                }
            }
            Reach::Cidr(block, port) => addresses(scope, reaches, reach, (block, *port), problems),
            Reach::Aws(service) => {
                if let Some(near) = network::misspelt(service) {
                    let title = format!("{} is not a service of AWS", quoted(service));
                    let problem = Diagnostic::error("bad-reach", title).at(&reach.span, "");
                    problems.push(problem.help(format!("did you mean `aws:{near}`?")));
                }
            }
            Reach::Internet(_) => {}
        }
    }
    hosts(scope, task, problems);
    for secret in task.container.secrets.values().filter(|secret| !secret.span.is_empty()) {
        if secret.store == SecretStore::Database {
            database_secret(scope, secret, problems);
        }
    }
}

/// Variables that stand for the host of a database: it exists, and is reached.
fn hosts(scope: &Scope<'_>, task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    for (variable, value) in &task.container.environment {
        let Some(name) = named_database(value.as_str()) else {
            continue;
        };
        let at = scope.value(&task.path(&["environment", variable.as_str()]));
        if is_unknown(scope, "databases", name.as_str()) {
            let names = scope.farm.databases.keys().map(crate::word::Name::as_str);
            let title = format!("there is no database {}", quoted(name.as_str()));
            let problem = Diagnostic::error("unknown-database", title).at(&at, "");
            problems.push(problem.help(meant(name.as_str(), "databases.", names)));
        } else if !task.container.reaches.iter().any(|r| r.value == Reach::Database(name.clone())) {
            let title =
                format!("{} doesn't reach {}", quoted(task.name.as_str()), quoted(value.as_str()));
            let problem = Diagnostic::error("not-reached", title).at(&at, "");
            problems.push(problem.help(format!("write `reaches: [{value}]`")));
        }
    }
}

/// Whether nothing of that name is written, and it is certain that nothing was meant to be.
fn is_unknown(scope: &Scope<'_>, key: &'static str, name: &str) -> bool {
    match scope.node(&[key]) {
        Some((_, list)) => {
            matches!(list.value, Value::Mapping(_)) && scope.node(&[key, name]).is_none()
        }
        None => scope.farm.at.sound(&[key]),
    }
}

fn service(
    scope: &Scope<'_>,
    task: &Task<'_>,
    name: &str,
    reach: &Spanned<Reach>,
    problems: &mut Vec<Diagnostic>,
) {
    if is_unknown(scope, "services", name) {
        let names = scope.farm.services.keys().map(crate::word::Name::as_str);
        let help = if scope.farm.servers.contains_key(name) {
            format!("{} is a server, and servers are reached by the gate alone", quoted(name))
        } else {
            meant(name, "services.", names)
        };
        let title = format!("there is no service {}", quoted(name));
        let problem = Diagnostic::error("unknown-service", title).at(&reach.span, "");
        problems.push(problem.help(help));
        return;
    }
    let Some(found) = scope.farm.services.get(name) else {
        return;
    };
    if task.container.enabled && !found.container.enabled {
        let title = format!("{} is disabled", quoted(&format!("services.{name}")));
        let problem = Diagnostic::error("disabled", title)
            .at(&reach.span, "")
            .context(&scope.value(&["services", name, "enabled"]), "by this");
        let title = format!("enable it, or disable {} too", quoted(task.name.as_str()));
        problems.push(problem.help(title));
    }
}

fn addresses(
    scope: &Scope<'_>,
    reaches: &[Spanned<Reach>],
    reach: &Spanned<Reach>,
    (block, port): (&Cidr, u16),
    problems: &mut Vec<Diagnostic>,
) {
    let Some(addresses) = v4(block) else {
        let title = format!("`{block}` are addresses of IPv6, and the VPC has none");
        let problem = Diagnostic::error("not-ipv4", title).at(&reach.span, "");
        problems.push(problem.help("write addresses of IPv4"));
        return;
    };
    if let Some(own) = own_blocks(scope).into_iter().find(|own| meets(*own, addresses)) {
        let verb = if own.contains(&addresses) { "is in" } else { "holds" };
        let title = format!("`{addresses}` {verb} the farm's own network, `{own}`");
        let problem = Diagnostic::error("inside-vpc", title).at(&reach.span, "");
        problems
            .push(problem.help("name what is meant there: `services.NAME` or `databases.NAME`"));
        return;
    }
    let public = !network::is_private(addresses);
    let wider = reaches.iter().find(|other| match &other.value {
        Reach::Internet(other) => public && *other == port,
        Reach::Cidr(other, same) => *same == port && other != block && contains(other.0, addresses),
        _ => false,
    });
    if let Some(wider) = wider {
        let title = format!("{} is part of {}", quoted_reach(reach), quoted_reach(wider));
        let problem = Diagnostic::error("covered", title)
            .at(&reach.span, "")
            .context(&wider.span, "this allows it already");
        problems.push(problem.help("remove the wider one if it isn't meant, or this one"));
    }
}

fn quoted_reach(reach: &Spanned<Reach>) -> String {
    quoted(&reach.to_string())
}

fn meets(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

fn contains(wide: IpNet, narrow: Ipv4Net) -> bool {
    wide.contains(&IpNet::V4(narrow))
}

/// What is known of the VPC's addresses.
fn own_blocks(scope: &Scope<'_>) -> Vec<Ipv4Net> {
    let network = &scope.farm.network;
    if !scope.farm.at.sound(&["network"]) {
        return Vec::new();
    }
    match &network.existing {
        Some(existing) => {
            let subnets = existing.public_subnets.iter().chain(&existing.private_subnets);
            subnets.filter_map(|subnet| v4(&subnet.cidr)).take(64).collect()
        }
        None => v4(&network.cidr).into_iter().collect(),
    }
}

fn database_secret(scope: &Scope<'_>, secret: &Spanned<SecretRef>, problems: &mut Vec<Diagnostic>) {
    if is_unknown(scope, "databases", &secret.name) {
        let names = scope.farm.databases.keys().map(crate::word::Name::as_str);
        let title = format!("there is no database {}", quoted(&secret.name));
        let problem = Diagnostic::error("unknown-database", title).at(&secret.span, "");
        problems.push(problem.help(meant(&secret.name, "databases.", names)));
    } else if let Some(key) = secret.key.as_deref().filter(|key| !MANAGED.contains(key)) {
        let title = format!("the secret that RDS manages has no key {}", quoted(key));
        let problem = Diagnostic::error("unknown-secret-key", title).at(&secret.span, "");
        problems.push(problem.help("it has `username` and `password`"));
    }
}
