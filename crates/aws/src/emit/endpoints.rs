//! `endpoints.tf`: VPC endpoints, by which tasks reach AWS without the internet.

use std::collections::BTreeSet;

use super::hcl::{Block, Expr, File, For, Object, Template, call, jsonencode, list, object, raw};
use super::{json, names};
use crate::design::{Design, EndpointDesign};

pub(super) fn file(design: &Design) -> File {
    let all: Vec<&EndpointDesign> = design.endpoints.values().collect();
    if all.is_empty() {
        return File::new();
    }
    let of = |label: &str| -> Vec<&EndpointDesign> {
        let fits = |endpoint: &&&EndpointDesign| names::endpoint_label(endpoint) == label;
        all.iter().filter(fits).copied().collect()
    };
    let mut file = File::new().block(policies(&all));
    let start = "aws_security_group.endpoints.id";
    let used = "aws_security_group.endpoint[each.key].id";
    let kinds = [
        ("start", Some(start), "What every task needs in order to start: its image and its log."),
        ("used", Some(used), "What some tasks use. Each admits its users' groups only."),
        ("gateway", None, "Routes to AWS that cost nothing. The layers of images are in S3."),
    ];
    for (label, group, comment) in kinds {
        let endpoints = of(label);
        if !endpoints.is_empty() {
            file = file.comment(comment).block(endpoint(design, label, group, &endpoints));
        }
    }
    file
}

/// What each endpoint lets through, by service.
fn policies(all: &[&EndpointDesign]) -> Block {
    let policies =
        all.iter().map(|endpoint| (endpoint.service.as_str(), json::expr(&endpoint.policy)));
    Block::locals()
        .comment(
            "What each endpoint lets through: what its users need of it. An endpoint is no way out for\n\
             somebody else's credentials.",
        )
        .attr("endpoint_policies", Object::new().attrs(policies).tall())
}

fn endpoint(
    design: &Design,
    label: &str,
    group: Option<&str>,
    endpoints: &[&EndpointDesign],
) -> Block {
    let services = list(endpoints.iter().map(|endpoint| endpoint.service.as_str()));
    let name = Template::new().text(design.service_name("")).value(raw("each.key"));
    let tag = Template::new().text(format!("{}-", design.farm.farm)).value(raw("each.key"));
    let block = Block::resource("aws_vpc_endpoint", label)
        .for_each(call("toset", [services]))
        .attr("vpc_id", names::vpc(design))
        .attr("service_name", name);
    let block = match group {
        Some(group) => block
            .attr("vpc_endpoint_type", "Interface")
            .attr("private_dns_enabled", true)
            .attr("subnet_ids", names::private_subnets(design))
            .attr("security_group_ids", [raw(group)]),
        None => block.attr("vpc_endpoint_type", "Gateway").attr("route_table_ids", tables(design)),
    };
    block
        .attr("policy", jsonencode(raw("local.endpoint_policies[each.key]")))
        .blank()
        .attr("tags", object().attr("Name", tag))
}

/// The route tables of the private subnets.
fn tables(design: &Design) -> Expr {
    let existing = design.private.iter().filter_map(|subnet| subnet.existing.as_ref());
    let ids: BTreeSet<&str> = existing.map(|(_, table)| table.as_str()).collect();
    if ids.is_empty() {
        return For::list("table", raw("aws_route_table.private"), raw("table.id")).into();
    }
    list(ids).into()
}
