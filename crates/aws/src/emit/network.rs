//! `network.tf`: the VPC, its subnets, its ways out, and what is logged of it.
//!
//! Of a VPC that exists nothing is made, and there is no such file.

use farmgate_farm::farm::FlowTraffic;

use super::hcl::{Block, File, Object, Template, indexed, jsonencode, list, object, raw};
use super::{iam_documents, names};
use crate::design::{Design, FLOW_LOGS, LogGroup};

pub(super) fn file(design: &Design) -> File {
    if design.farm.network.existing.is_some() {
        return File::new();
    }
    let file = File::new()
        .block(zones(design))
        .block(vpc(design))
        .comment(
            "What gets no group of its own lands in the VPC's default one. It has no rule, so that it opens\n\
             nothing.",
        )
        .block(default_group());
    let file = public(design).into_iter().fold(file, Section::add);
    let file = private(design).into_iter().fold(file, Section::add);
    flow_logs(design).into_iter().fold(file, Section::add)
}

/// A block with the comment above it.
struct Section(&'static str, Block);

impl Section {
    fn add(file: File, Self(comment, block): Self) -> File {
        let file = if comment.is_empty() { file } else { file.comment(comment) };
        file.block(block)
    }
}

fn zones(design: &Design) -> Block {
    let mut zones = Object::new().tall();
    for private in &design.private {
        let public = design.public.iter().find(|public| public.letter == private.letter);
        let subnets = object()
            .maybe("public", public.map(|subnet| subnet.cidr.to_string()))
            .attr("private", private.cidr.to_string());
        zones = zones.attr(private.letter.to_string(), subnets);
    }
    Block::locals()
        .comment("Availability zones, by letter, with the addresses of their subnets.")
        .attr("zones", zones)
}

fn vpc(design: &Design) -> Block {
    Block::resource("aws_vpc", "farm")
        .attr("cidr_block", design.farm.network.cidr.to_string())
        .blank()
        .comment("Endpoints and Cloud Map names are answered by the VPC's own DNS.")
        .attr("enable_dns_support", true)
        .attr("enable_dns_hostnames", true)
        .blank()
        .attr("tags", tag(design, ""))
}

/// `{ Name = "FARM..." }`
fn tag(design: &Design, more: &str) -> Object {
    object().attr("Name", format!("{}{more}", design.farm.farm))
}

/// The same, with the letter of a zone.
fn tag_each(design: &Design, more: &str) -> Object {
    let name = Template::new().text(format!("{}-{more}-", design.farm.farm));
    object().attr("Name", name.value(raw("each.key")))
}

fn default_group() -> Block {
    Block::resource("aws_default_security_group", "farm").attr("vpc_id", raw("aws_vpc.farm.id"))
}

fn subnet(design: &Design, kind: &str) -> Block {
    let zone = Template::new().text(design.farm.region.as_str()).value(raw("each.key"));
    Block::resource("aws_subnet", kind)
        .for_each(raw("local.zones"))
        .attr("vpc_id", raw("aws_vpc.farm.id"))
        .attr("availability_zone", zone)
        .attr("cidr_block", raw("each.value").dot(kind))
        .attr("map_public_ip_on_launch", false)
        .blank()
        .attr("tags", tag_each(design, kind))
}

fn association(kind: &str, table: &str) -> Block {
    Block::resource("aws_route_table_association", kind)
        .for_each(raw("local.zones"))
        .attr("subnet_id", raw(format!("aws_subnet.{kind}[each.key].id")))
        .attr("route_table_id", raw(table))
}

/// The public subnets and the internet gateway, if something stands there.
fn public(design: &Design) -> Vec<Section> {
    if design.public.is_empty() {
        return Vec::new();
    }
    let gateway = Block::resource("aws_internet_gateway", "farm")
        .attr("vpc_id", raw("aws_vpc.farm.id"))
        .blank()
        .attr("tags", tag(design, ""));
    let table = Block::resource("aws_route_table", "public")
        .attr("vpc_id", raw("aws_vpc.farm.id"))
        .blank()
        .attr("tags", tag(design, "-public"));
    let route = Block::resource("aws_route", "public_internet")
        .attr("route_table_id", raw("aws_route_table.public.id"))
        .attr("destination_cidr_block", "0.0.0.0/0")
        .attr("gateway_id", raw("aws_internet_gateway.farm.id"));
    let here = match design.nat.as_slice() {
        [] => {
            "Public subnets: only the load balancer is here. Nothing gets a public address unasked."
        }
        _ => {
            "Public subnets: only the load balancer and NAT are here. Nothing gets a public address unasked."
        }
    };
    vec![
        Section(here, subnet(design, "public")),
        Section("", gateway),
        Section("", table),
        Section("", route),
        Section("", association("public", "aws_route_table.public.id")),
    ]
}

/// The private subnets, and the way out by NAT, if there is one.
fn private(design: &Design) -> Vec<Section> {
    let comment = match design.nat.as_slice() {
        [] => "Private subnets: all tasks are here. They have no way to the internet.",
        _ => "Private subnets: all tasks are here. No way leads in from the internet.",
    };
    let table = Block::resource("aws_route_table", "private")
        .for_each(raw("local.zones"))
        .attr("vpc_id", raw("aws_vpc.farm.id"))
        .blank()
        .attr("tags", tag_each(design, "private"));
    let mut sections = vec![
        Section(comment, subnet(design, "private")),
        Section("", table),
        Section("", association("private", "aws_route_table.private[each.key].id")),
    ];
    if !design.nat.is_empty() {
        sections.extend(nat(design));
    }
    sections
}

fn nat(design: &Design) -> Vec<Section> {
    let letters = list(design.nat.iter().map(char::to_string));
    let zones = super::hcl::call("toset", [letters]);
    let address = Block::resource("aws_eip", "nat")
        .for_each(zones.clone())
        .attr("domain", "vpc")
        .blank()
        .attr("tags", tag_each(design, "nat"));
    let gateway = Block::resource("aws_nat_gateway", "nat")
        .for_each(zones)
        .attr("allocation_id", raw("aws_eip.nat[each.key].id"))
        .attr("subnet_id", raw("aws_subnet.public[each.key].id"))
        .blank()
        .attr("tags", tag_each(design, "nat"))
        .depends_on(["aws_internet_gateway.farm"]);
    let everywhere = design.private.iter().all(|subnet| design.nat.contains(&subnet.letter));
    let (comment, id) = match design.nat.first() {
        Some(first) if !everywhere => (
            "One NAT gateway for all zones: if its zone fails, the others lose their way out.",
            indexed("aws_nat_gateway.nat", &first.to_string()).dot("id"),
        ),
        _ => ("A NAT gateway in each zone.", raw("aws_nat_gateway.nat[each.key].id")),
    };
    let route = Block::resource("aws_route", "private_internet")
        .for_each(raw("local.zones"))
        .attr("route_table_id", raw("aws_route_table.private[each.key].id"))
        .attr("destination_cidr_block", "0.0.0.0/0")
        .attr("nat_gateway_id", id);
    vec![Section(comment, address), Section("", gateway), Section("", route)]
}

/// The log group of flow logs, if there are any.
pub(super) fn flow_group(design: &Design) -> Option<(&String, &LogGroup)> {
    design.logs.iter().find(|(_, group)| group.of == FLOW_LOGS)
}

fn flow_logs(design: &Design) -> Vec<Section> {
    let Some((name, settings)) = flow_group(design) else { return Vec::new() };
    let (comment, traffic) = match design.farm.network.flow_logs.traffic {
        FlowTraffic::All => ("All flows in the VPC are logged.", "ALL"),
        _ => ("What security groups reject in the VPC is logged.", "REJECT"),
    };
    let group = Block::resource("aws_cloudwatch_log_group", "flow")
        .attr("name", name)
        .attr("retention_in_days", settings.retention)
        .maybe("kms_key_id", settings.kms_key.as_ref());
    let log = Block::resource("aws_flow_log", "farm")
        .attr("vpc_id", raw("aws_vpc.farm.id"))
        .attr("traffic_type", traffic)
        .attr("log_destination", raw("aws_cloudwatch_log_group.flow.arn"))
        .attr("iam_role_arn", raw("aws_iam_role.flow.arn"))
        .blank()
        .comment("A minute, and not ten, so that an alarm comes while it happens.")
        .attr("max_aggregation_interval", 60)
        .blank()
        .attr("tags", tag(design, ""));
    vec![
        Section(comment, log),
        Section("", group),
        Section("", flow_role(design)),
        Section("", flow_policy(design)),
    ]
}

/// The role with which the flow log writes.
fn flow_role(design: &Design) -> Block {
    let arn = design.arns().of("ec2", "vpc-flow-log/*");
    let source = object().attr("ArnLike", object().attr("aws:SourceArn", arn));
    let trust = iam_documents::trust("vpc-flow-logs.amazonaws.com", source);
    Block::resource("aws_iam_role", "flow")
        .attr("name", names::physical_within(design, &["flow"], names::ROLE_NAME))
        .attr("description", "Writes the VPC's flow log")
        .attr("assume_role_policy", jsonencode(trust))
}

fn flow_policy(design: &Design) -> Block {
    // By its name, so that a plan shows what the role may do.
    let streams = flow_group(design).map(|(name, _)| design.arns().log_streams(name));
    let write = object()
        .attr("Sid", "WriteFlows")
        .attr("Effect", "Allow")
        .attr("Action", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"])
        .attr("Resource", streams.unwrap_or_default());
    let find = object()
        .attr("Sid", "FindGroup")
        .attr("Effect", "Allow")
        .attr("Action", "logs:DescribeLogGroups")
        .attr("Resource", design.arns().of("logs", "log-group:*"));
    let policy =
        object().attr("Version", "2012-10-17").attr("Statement", list([write, find])).tall();
    Block::resource("aws_iam_role_policy", "flow")
        .attr("name", "write-flows")
        .attr("role", raw("aws_iam_role.flow.id"))
        .attr("policy", jsonencode(policy))
}
