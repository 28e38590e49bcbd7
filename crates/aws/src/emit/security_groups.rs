//! `security_groups.tf`: a group for everyone, and the rules, which come from the design's flows and
//! from nothing else.

use std::collections::BTreeSet;

use farmgate_farm::farm::Scheme;

use super::hcl::{Block, Body, Expr, File, Template, call, list, object, raw};
use super::rules::{self, Rules};
use super::{members, names};
use crate::design::{Design, Party};

pub(super) fn file(design: &Design) -> File {
    let mut rules = rules::of(design);
    let mut file = File::new()
        .comment(
            "A group for everyone, and its rules: who reaches whom, and nobody else. Rules name groups, so\n\
             they hold wherever a task is started. They are resources of their own, so that a group is there\n\
             before the rules that name it, and other modules can add some.\n\
             \n\
             Where a group has no egress rule here it has none at all: Terraform takes away the one that AWS\n\
             gives to new groups.",
        )
        .blank();
    for group in groups(design) {
        file = file.comment(group.comment).block(resource(design, &group));
        for rule in rules.take(group.label) {
            file = file.block(rule);
        }
    }
    others(file, rules)
}

/// Rules of groups that aren't ours.
fn others(file: File, rules: Rules) -> File {
    let mut file = file;
    for (id, blocks) in rules.rest() {
        file = file.comment(format!(
            "{id} isn't ours: these rules are added to it, and the rest stays its owner's."
        ));
        for block in blocks {
            file = file.block(block);
        }
    }
    file
}

/// A resource of groups: one, or one for each of several.
struct Group {
    label: &'static str,
    /// Over what, if there may be several.
    each: Option<Expr>,
    comment: &'static str,
    description: &'static str,
}

fn groups(design: &Design) -> Vec<Group> {
    let labels: BTreeSet<&str> =
        design.groups().into_iter().map(|party| names::label(party).0).collect();
    let ingress = match design.farm.ingress.scheme {
        Scheme::InternetFacing => {
            "The load balancer in front. Only those come in that the farm allows."
        }
        Scheme::Internal => {
            "The load balancer in front, which has no public address. Only those come in that the\n\
             farm allows."
        }
    };
    // A description can't change without a new group.
    let all = [
        ("ingress", ingress, "Load balancer in front"),
        ("gate", "The gate: only the load balancer comes in.", "Gate"),
        (
            "probe",
            "The probe, which somebody starts by hand: it tries the servers' ports, and nobody lets it in.",
            "Probe",
        ),
        ("server", "MCP servers: only the gate comes in.", "MCP server"),
        ("service", "Services: only those come in that say so.", "Service"),
        ("balancer", "The load balancers of services.", "Load balancer of service"),
        ("database", "Databases: nothing goes out.", "Database"),
        (
            "endpoints",
            "The endpoints that every task needs in order to start.",
            "Endpoints for images and logs",
        ),
        ("endpoint", "The endpoints that some tasks use.", "Endpoint"),
    ];
    let has = |label: &str| {
        labels.contains(label) || (label == "database" && !design.farm.databases.is_empty())
    };
    let groups = all.into_iter().filter(|(label, ..)| has(label));
    groups
        .map(|(label, comment, description)| Group {
            label,
            each: each(design, label),
            comment,
            description,
        })
        .collect()
}

/// Over what the groups of a kind are made.
fn each(design: &Design, label: &str) -> Option<Expr> {
    let local = members::local(label);
    match (label, local) {
        (_, Some(local)) => Some(raw(local)),
        ("endpoint", None) => {
            let of = |party: &Party| match party {
                Party::Endpoint(service) => Some(service.clone()),
                _ => None,
            };
            let services: Vec<String> = design.groups().into_iter().filter_map(of).collect();
            Some(call("toset", [list(services)]))
        }
        _ => None,
    }
}

fn resource(design: &Design, group: &Group) -> Block {
    let name = names::physical(design, &[group.label]);
    let (name, description): (Expr, Expr) = match &group.each {
        None => (name.into(), group.description.into()),
        Some(_) => {
            let with = |text: String| Template::new().text(text).value(raw("each.key")).into();
            (with(format!("{name}-")), with(format!("{} ", group.description)))
        }
    };
    let block = Block::resource("aws_security_group", group.label);
    let block = group.each.iter().fold(block, |block, each| block.for_each(each.clone()));
    block.extend(
        Body::new()
            .attr("name", name.clone())
            .attr("description", description)
            .attr("vpc_id", names::vpc(design))
            .blank()
            .attr("tags", object().attr("Name", name)),
    )
}
