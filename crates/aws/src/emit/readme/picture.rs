//! The network, drawn with characters that every terminal has.

use farmgate_farm::farm::{Behind, FlowTraffic, Scheme};
use farmgate_farm::gate;

use crate::design::{Design, End, Party, SubnetDesign, Task};

/// How many lines of one kind are drawn; the table below the picture has all.
const MOST: usize = 24;

/// The widest line inside the boxes.
const WIDTH: usize = 84;

pub(super) fn text(design: &Design) -> String {
    let mut lines = clients(design);
    lines.extend(boxed(&vpc_title(design), &vpc(design)));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Lines in a box.
fn boxed(title: &str, lines: &[String]) -> Vec<String> {
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let width = widest.max(title.chars().count() + 2);
    let head =
        format!("+- {title} {}+", "-".repeat(width.saturating_sub(title.chars().count() + 1)));
    let inner = lines.iter().map(|line| format!("| {line:<width$} |"));
    let foot = format!("+{}+", "-".repeat(width + 2));
    std::iter::once(head).chain(inner).chain([foot]).collect()
}

/// An arrow down, with what it carries.
fn arrow(what: &str) -> Vec<String> {
    vec!["      |".to_owned(), format!("      | {what}"), "      v".to_owned()]
}

/// A list of words, in lines that are not too long.
fn wrapped(label: &str, words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = label.to_owned();
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 < words.len() { "," } else { "" };
        if line.len() + word.len() + 2 > WIDTH && line.len() > label.len() {
            lines.push(std::mem::replace(&mut line, " ".repeat(label.len())));
        }
        line.push_str(&format!(" {word}{comma}"));
    }
    lines.push(line);
    lines
}

fn clients(design: &Design) -> Vec<String> {
    let ingress = &design.farm.ingress;
    let allowed: Vec<String> =
        ingress.allow.iter().map(|client| client.value.to_string()).collect();
    let mut lines = wrapped("clients:", &allowed);
    let redirect = if ingress.tls.redirect { " (80 says where 443 is)" } else { "" };
    lines.extend(arrow(&format!("443 TLS{redirect}")));
    lines
}

fn vpc_title(design: &Design) -> String {
    match &design.farm.network.existing {
        Some(existing) => format!("{} (yours)", existing.vpc),
        None => format!("VPC {}", design.farm.network.cidr),
    }
}

fn subnets(kind: &str, subnets: &[SubnetDesign]) -> String {
    let blocks: Vec<String> =
        subnets.iter().map(|subnet| format!("{} {}", subnet.letter, subnet.cidr)).collect();
    format!("{kind} subnets: {}", blocks.join(", "))
}

fn vpc(design: &Design) -> Vec<String> {
    let front = balancer(design);
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    match design.farm.ingress.scheme {
        Scheme::InternetFacing => outside.push(front),
        Scheme::Internal => {
            inside.push(front);
            inside.extend(arrow(&format!("{} TLS", gate::PORT)));
        }
    }
    outside.extend(design.nat.iter().map(|letter| format!("NAT gateway in {letter}")));
    let mut lines = Vec::new();
    if !outside.is_empty() {
        lines.extend(boxed(&subnets("public", &design.public), &outside));
    }
    if design.farm.ingress.scheme == Scheme::InternetFacing {
        lines.extend(arrow(&format!("{} TLS", gate::PORT)));
    }
    inside.extend(tasks(design));
    lines.extend(boxed(&subnets("private", &design.private), &inside));
    let traffic = match design.farm.network.flow_logs.traffic {
        _ if design.farm.network.existing.is_some() => return lines,
        FlowTraffic::Rejected => "rejected",
        FlowTraffic::All => "all",
        FlowTraffic::None => "none",
    };
    lines.push(format!("flow logs: {traffic}"));
    lines
}

fn balancer(design: &Design) -> String {
    let acl = if design.farm.ingress.waf.is_some() { ", behind a web ACL" } else { "" };
    format!("load balancer {}{acl}", design.farm.farm)
}

fn tasks(design: &Design) -> Vec<String> {
    let mut lines = Vec::new();
    let servers: Vec<&Task> =
        design.tasks.iter().filter(|task| matches!(task.party, Party::Server(_))).collect();
    if let Some(gate) = design.task(&Party::Gate) {
        lines.push(format!("gate, {}", count(gate)));
        let longest = servers.iter().map(|task| task.name.len()).max().unwrap_or_default();
        for task in servers.iter().take(MOST) {
            lines.push("  |".to_owned());
            let route = design.routes.iter().find(|route| route.server.as_str() == task.name);
            let path = route.map_or("", |route| route.path.as_str());
            let name = format!("{:<longest$}", task.name);
            let port = format!("{} TLS", task.port);
            lines.push(format!("  +-- {port:>9} --> {name}  {path}, {}", count(task)));
            let reached = reaches(design, &task.party);
            if !reached.is_empty() {
                let pipe = "  |                   ";
                let label = format!("{pipe}reaches");
                lines.extend(wrapped(&label, &reached).into_iter().map(|line| kept(pipe, &line)));
            }
        }
        if servers.len() > MOST {
            lines.push("  |".to_owned());
            lines.push(format!("  +-- and {} more", servers.len() - MOST));
        }
        // The last branch has nothing below it.
        trim_pipes(&mut lines);
    }
    lines.extend(services(design));
    lines
}

/// A line that goes on with the pipe of the branch.
fn kept(pipe: &str, line: &str) -> String {
    match line.get(..pipe.len()) {
        Some(start) if start.trim().is_empty() => {
            format!("{pipe}{}", line.get(pipe.len()..).unwrap_or_default())
        }
        _ => line.to_owned(),
    }
}

/// Takes the pipe away below the last branch.
fn trim_pipes(lines: &mut [String]) {
    let last = lines.iter().rposition(|line| line.starts_with("  +--"));
    for line in lines.iter_mut().skip(last.map_or(0, |last| last + 1)) {
        if let Some(rest) = line.strip_prefix("  |") {
            *line = format!("   {rest}");
        }
    }
}

fn count(task: &Task) -> String {
    match (task.min, task.max) {
        (1, 1) => "1 task".to_owned(),
        (min, max) if min == max => format!("{min} tasks"),
        (min, max) => format!("{min} to {max} tasks"),
    }
}

/// What a party reaches besides endpoints.
fn reaches(design: &Design, party: &Party) -> Vec<String> {
    let mut reached: Vec<String> = Vec::new();
    for flow in design.flows.iter().filter(|flow| flow.from == End::Party(party.clone())) {
        let word = match &flow.to {
            End::Party(Party::Endpoints | Party::Endpoint(_)) | End::Gateway(_) => continue,
            End::Party(Party::Balancer(name)) => format!("services.{name}:{}", flow.port),
            end => format!("{}:{}", end.word(), flow.port),
        };
        if !reached.contains(&word) {
            reached.push(word);
        }
    }
    reached
}

/// What servers call, and endpoints.
fn services(design: &Design) -> Vec<String> {
    let farm = &design.farm;
    let mut lines = vec![String::new()];
    for (name, service) in farm.services.iter().take(MOST) {
        let what = match (&service.existing, service.behind) {
            (Some(existing), _) => {
                format!("{} (yours), {}", existing.host(), existing.security_group)
            }
            (None, Behind::Alb) => "internal load balancer, 443 TLS".to_owned(),
            (None, Behind::Name) => format!("{name}.{}", design.namespace()),
        };
        lines.push(format!("services.{name}: {what}"));
        let reached = reaches(design, &Party::Service(name.clone()));
        if !reached.is_empty() {
            lines.extend(wrapped("    reaches", &reached));
        }
    }
    for (name, database) in farm.databases.iter().take(MOST) {
        let zones = if database.multi_az { "two zones" } else { "one zone" };
        lines.push(format!(
            "databases.{name}: {} {}, {zones}",
            database.engine.word(),
            database.port.get()
        ));
    }
    let endpoints: Vec<String> = design.endpoints.keys().cloned().collect();
    if !endpoints.is_empty() {
        lines.extend(wrapped("endpoints:", &endpoints));
    }
    lines
}
