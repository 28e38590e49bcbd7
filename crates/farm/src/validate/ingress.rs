//! `ingress:`: who may connect, the certificate, the load balancer's bounds.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Scope, amazon, network, twice, waf};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{Answer, FlowTraffic, Ingress, Scheme};
use crate::record::Spanned;
use crate::word::{Client, Duration};

/// An application load balancer's longest idle timeout.
const LONGEST_IDLE: Duration = Duration::seconds(4000);

/// The longest body of a fixed response.
const LONGEST_BODY: usize = 1024;

/// A security group has at most so many rules, even on request.
const MOST_CLIENTS: usize = 1000;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let ingress = &scope.farm.ingress;
    let at = &ingress.at;
    allow(scope, ingress, problems);
    certificate(scope, ingress, problems);
    domains(scope, problems);
    if at.sound(&["idle_timeout"]) && ingress.idle_timeout > LONGEST_IDLE {
        let title = format!("`{}` is longer than a load balancer waits", ingress.idle_timeout);
        let problem = Diagnostic::error("out-of-range", title).at(at.of("idle_timeout"), "");
        problems.push(problem.help("write at most `4000s`"));
    }
    let logs = &ingress.access_logs;
    if logs.at.sound(&["retention"]) && !logs.retention.as_seconds().is_multiple_of(86_400) {
        let title = format!("`{}` is no number of days", logs.retention);
        let problem = Diagnostic::error("out-of-range", title).at(logs.at.of("retention"), "");
        problems.push(problem.help("S3 keeps logs for whole days: `90d`"));
    }
    answer(&ingress.default, problems);
    if let Some(waf) = &ingress.waf {
        waf::check(waf, problems);
    }
    let flows = &scope.farm.network.flow_logs;
    if let Some(alarms) = &scope.farm.alarms
        && alarms.at.has("rejected")
        && flows.at.sound(&["traffic"])
        && flows.traffic == FlowTraffic::None
    {
        let title = "an alarm of rejected flows needs flow logs";
        let problem = Diagnostic::error("needs-flow-logs", title)
            .at(alarms.at.key("rejected"), "")
            .context(flows.at.of("traffic"), "there are none");
        problems.push(problem.help("write `traffic: rejected` under `flow_logs`"));
    }
}

fn allow(scope: &Scope<'_>, ingress: &Ingress, problems: &mut Vec<Diagnostic>) {
    let (at, clients) = (&ingress.at, &ingress.allow);
    if at.sound(&["allow"]) && clients.is_empty() {
        let problem = Diagnostic::error("nobody", "nobody could connect");
        problems.push(
            problem.at(at.of("allow"), "").help(
                "list CIDR blocks or prefix lists, or write `internet` if anybody may connect",
            ),
        );
    }
    if clients.len() > MOST_CLIENTS {
        let title = format!("a security group has at most {MOST_CLIENTS} rules");
        let problem = Diagnostic::error("too-many", title).at(at.key("allow"), "");
        problems.push(problem.help("make a prefix list of them"));
        return;
    }
    let places = clients.iter().map(|client| (&client.value, client.span.clone()));
    let title = |client: &&Client| format!("{} is there twice", quoted(&client.to_string()));
    twice(places, title, "remove one", problems);
    for client in clients {
        let wider = clients
            .iter()
            .find(|other| other.value != client.value && covers(&other.value, &client.value));
        if let Some(wider) = wider {
            let title = format!("{} is part of {}", quoted_client(client), quoted_client(wider));
            let problem = Diagnostic::error("covered", title)
                .at(&client.span, "")
                .context(&wider.span, "this allows it already");
            problems.push(problem.help("remove the wider one if it isn't meant, or this one"));
        }
        if let Client::Cidr(block) = &client.value
            && at.sound(&["scheme"])
            && ingress.scheme == Scheme::InternetFacing
            && never_public(&block.0)
        {
            let title = format!("`{block}` is never the address of a client");
            let problem = Diagnostic::error("never-matches", title).at(&client.span, "");
            problems.push(problem.help(never_help(scope, block.0)));
        }
    }
}

fn quoted_client(client: &Spanned<Client>) -> String {
    quoted(&client.to_string())
}

/// Why, and what to do.
fn never_help(scope: &Scope<'_>, block: IpNet) -> String {
    let inside = match block {
        IpNet::V4(block) => network::is_private(block),
        IpNet::V6(_) => false,
    };
    let mut help = "an internet-facing load balancer sees public addresses only".to_owned();
    if inside {
        help.push_str(": write the public ones of your NAT gateways, or `scheme: internal`");
    }
    if scope.farm.network.existing.is_none() && !inside {
        help.push_str(": remove it");
    }
    help
}

/// Whether one client's addresses are among another's.
fn covers(wide: &Client, narrow: &Client) -> bool {
    match (wide, narrow) {
        (Client::Internet, Client::Cidr(_)) => true,
        (Client::Cidr(wide), Client::Cidr(narrow)) => wide.0.contains(&narrow.0),
        _ => false,
    }
}

/// Whether no packet of the internet has such a source.
fn never_public(block: &IpNet) -> bool {
    match block {
        IpNet::V4(block) => {
            let first = block.network();
            let local =
                |it: Ipv4Addr| it.is_loopback() || it.is_link_local() || it.octets()[0] == 0;
            network::is_private(*block)
                || (block.prefix_len() >= 8 && (local(first) || first.octets()[0] >= 224))
        }
        IpNet::V6(block) => {
            let first: Ipv6Addr = block.network();
            block.prefix_len() >= 7
                && (first.is_unique_local()
                    || first.is_unicast_link_local()
                    || first.is_multicast()
                    || first.is_loopback())
        }
    }
}

fn certificate(scope: &Scope<'_>, ingress: &Ingress, problems: &mut Vec<Diagnostic>) {
    let (tls, domain) = (&ingress.tls, &ingress.domain);
    match &tls.certificate {
        Some(arn) if tls.at.sound(&["certificate"]) => {
            let at = tls.at.of("certificate");
            amazon::arn(scope, arn, &amazon::CERTIFICATE, at, problems);
            let own = scope.farm.account.as_ref().filter(|_| scope.farm.at.sound(&["account"]));
            if let Some(own) = own.filter(|own| own.as_str() != arn.account())
                && arn.service() == "acm"
            {
                let title = "the certificate is another account's";
                let problem = Diagnostic::error("wrong-account", title)
                    .at(at, "")
                    .context(&scope.value(&["account"]), "the farm's account");
                let help = format!("a load balancer takes those of its own account, {own}");
                problems.push(problem.help(help));
            }
        }
        Some(_) => {}
        None => {
            let sound = ingress.at.has("domain") && ingress.at.sound(&["tls", "domain"]);
            if sound && domain.zone.is_none() {
                let title = "there is no certificate, and no zone in which to validate one";
                let problem = Diagnostic::error("no-certificate", title)
                    .at(&scope.key(&["ingress", "domain"]), "");
                problems.push(problem.help(
                    "write `zone: Z...` here, or `certificate: \"arn:aws:acm:...\"` under `tls`",
                ));
            }
        }
    }
}

/// A name is for one thing.
fn domains(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let ingress = &scope.farm.ingress;
    let mut places = Vec::new();
    if ingress.domain.at.sound(&["name"]) && ingress.at.sound(&["domain"]) {
        places.push((ingress.domain.name.as_str(), scope.value(&["ingress", "domain", "name"])));
    }
    for (name, service) in &scope.farm.services {
        if let Some(domain) = service.domain.as_ref().filter(|_| service.at.sound(&["domain"])) {
            let at = scope.value(&["services", name.as_str(), "domain"]);
            places.push((domain.as_str(), at));
        }
    }
    let title = |domain: &&str| format!("{} is the name of two load balancers", quoted(domain));
    twice(places, title, "give each its own name", problems);
}

fn answer(answer: &Answer, problems: &mut Vec<Diagnostic>) {
    let at = &answer.at;
    let status = answer.status.get();
    if at.sound(&["status"]) && (300..400).contains(&status) {
        let title = format!("a load balancer's own answer has no status {status}");
        let problem = Diagnostic::error("out-of-range", title).at(at.of("status"), "");
        problems.push(problem.help("take one of 200-299 or 400-599, as `404`"));
    }
    if !at.sound(&["body"]) {
        return;
    }
    let body = answer.body.as_str();
    if body.len() > LONGEST_BODY {
        let title = format!("the body has {} bytes, more than {LONGEST_BODY}", body.len());
        problems
            .push(Diagnostic::error("too-long", title).at(at.of("body"), "").help("shorten it"));
    } else if let Err(error) = serde_json::from_str::<serde_json::Value>(body) {
        let title = format!("the body is not JSON: {}", place_free(&error.to_string()));
        let problem = Diagnostic::error("not-json", title).at(at.of("body"), "");
        problems.push(problem.help(r#"write it as `'{"error":"not found"}'`"#));
    }
}

/// An error of the JSON reader without its line and column, which count in the text.
fn place_free(error: &str) -> &str {
    error.split(" at line ").next().unwrap_or_default()
}
