//! `services:`: ports and load balancers of those that are made, groups and URLs of those that exist.

use super::{Scope, amazon, useless};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{Behind, Existing, Service};
use crate::word::Name;

/// What is said of a service that exists.
const OF_EXISTING: [&str; 2] = ["existing", "enabled"];

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for (name, service) in &scope.farm.services {
        match &service.existing {
            Some(existing) => {
                keys(service, problems);
                self::existing(existing, problems);
            }
            None if service.at.sound(&["existing"]) => made(scope, name, service, problems),
            None => {}
        }
    }
}

fn made(scope: &Scope<'_>, name: &Name, service: &Service, problems: &mut Vec<Diagnostic>) {
    let at = &service.at;
    let own = scope.key(&["services", name.as_str()]);
    let missing = |key: &str, why: &str, help: &str| {
        let title = format!("the key {} is missing: {why}", quoted(key));
        Diagnostic::error("missing-key", title).at(&own, "").help(help)
    };
    if service.port.is_none() && at.sound(&["port"]) {
        let why = "a service listens somewhere";
        problems.push(missing("port", why, "write it as `port: 8000`"));
    }
    if !at.sound(&["behind"]) {
        return;
    }
    match service.behind {
        Behind::Alb => {
            if service.domain.is_none() && at.sound(&["domain"]) {
                let why = "its load balancer has a name";
                let help = "write a name of a private zone, as `domain: api.internal.example.com`";
                problems.push(missing("domain", why, help));
            }
            if service.certificate.is_none() && at.sound(&["certificate"]) {
                let why = "its load balancer serves HTTPS";
                let help = "write the ARN of a certificate of ACM for its `domain`";
                problems.push(missing("certificate", why, help));
            }
        }
        Behind::Name => {
            for key in ["domain", "certificate", "health"].into_iter().filter(|key| at.has(key)) {
                let problem = useless(key, at.key(key), "the service has no load balancer");
                problems.push(problem.help("remove it, or write `behind: alb`"));
            }
            let scale = &service.container.scale;
            if scale.requests.is_some() {
                let why = "only a load balancer counts a service's requests";
                let problem = useless("requests", scale.at.key("requests"), why);
                problems.push(problem.help("scale by `cpu` or `memory`, or write `behind: alb`"));
            }
        }
    }
    if let Some(arn) = service.certificate.as_ref().filter(|_| at.sound(&["certificate"])) {
        amazon::arn(scope, arn, &amazon::CERTIFICATE, at.of("certificate"), problems);
    }
}

/// Keys about what isn't made.
fn keys(service: &Service, problems: &mut Vec<Diagnostic>) {
    let at = &service.at;
    for key in at.written().filter(|key| !OF_EXISTING.contains(key)) {
        let problem = useless(key, at.key(key), "the service exists");
        problems.push(problem.context(at.key("existing"), "this stands for it"));
    }
}

fn existing(existing: &Existing, problems: &mut Vec<Diagnostic>) {
    let at = &existing.at;
    if at.sound(&["security_group"]) {
        let group = &existing.security_group;
        amazon::id(group, "sg", "a security group", at.of("security_group"), problems);
    }
    let url = existing.url.as_str();
    if at.sound(&["url"]) && !is_url(existing) {
        let title = format!("{} is not a URL", quoted(url));
        let problem = Diagnostic::error("bad-url", title).at(at.of("url"), "");
        problems.push(problem.help("write it as `https://api.internal.example.com`"));
    }
    if at.sound(&["private"]) && !existing.private {
        let title = "rules that name a security group never match a public address";
        let host = existing.host();
        let problem = Diagnostic::error("public-existing", title)
            .at(at.of("private"), "")
            .context(at.of("url"), "its name");
        problems.push(problem.help(format!(
            "take a name that resolves to private addresses in the VPC; or remove the service, and \
             let those that call {} reach `internet:{}`",
            quoted(host),
            existing.url_port().unwrap_or(443)
        )));
    }
}

fn is_url(existing: &Existing) -> bool {
    let url = existing.url.as_str();
    let host = existing.host();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    existing.url_port().is_some_and(|port| port > 0)
        && !host.is_empty()
        && host.chars().all(fits)
        && authority.is_some_and(|authority| !authority.contains('@'))
        && url.chars().all(|c| c.is_ascii_graphic())
}
