//! VPCs and subnets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{flag, list, text, words};

/// Reads VPCs and subnets.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let defaults = Defaults::new(region);
    for item in region.items("ec2 describe-vpcs") {
        let Some(id) = text(&item.value, "VpcId") else { continue };
        let mut vpc = Made::new("aws_vpc", id, &item);
        vpc.copy(&item.value, &[("cidr_block", "CidrBlock")]).tags(&item.value, "Tags");
        let arn = text(&item.value, "OwnerId").zip(region.name.as_deref());
        if let Some((owner, name)) = arn {
            vpc.set("arn", format!("arn:aws:ec2:{name}:{owner}:vpc/{id}"));
        }
        blocks(&item.value, &mut vpc);
        settings(region, id, &mut vpc);
        defaults.of(id, &mut vpc);
        flow_logs(region, &mut vpc);
        making.add(vpc);
    }
    implied(region, making, &defaults);
    for item in region.items("ec2 describe-subnets") {
        let Some(id) = text(&item.value, "SubnetId") else { continue };
        let mut subnet = Made::new("aws_subnet", id, &item);
        subnet
            .copy(
                &item.value,
                &[
                    ("arn", "SubnetArn"),
                    ("vpc_id", "VpcId"),
                    ("cidr_block", "CidrBlock"),
                    ("availability_zone", "AvailabilityZone"),
                    ("map_public_ip_on_launch", "MapPublicIpOnLaunch"),
                ],
            )
            .tags(&item.value, "Tags");
        if let Some(block) = sixes(&item.value).first() {
            subnet.set("ipv6_cidr_block", block.as_str());
        }
        making.add(subnet);
    }
}

/// The IPv6 blocks that are associated.
fn sixes(item: &Value) -> Vec<String> {
    associated(item, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")
}

fn associated(item: &Value, set: &str, block: &str, state: &str) -> Vec<String> {
    let all = list(item, set).filter(|one| {
        let state = one.get(state).and_then(|state| text(state, "State"));
        matches!(state, None | Some("associated" | "associating"))
    });
    all.filter_map(|one| text(one, block)).map(str::to_owned).collect()
}

fn blocks(item: &Value, vpc: &mut Made) {
    let mut all = associated(item, "CidrBlockAssociationSet", "CidrBlock", "CidrBlockState");
    let six = sixes(item);
    if let Some(first) = six.first() {
        vpc.set("ipv6_cidr_block", first.as_str());
    }
    all.extend(six);
    if all.len() > 1 {
        vpc.set("cidr_block_associations", listed("cidr_block", all));
    }
}

fn listed(name: &str, all: impl IntoIterator<Item = String>) -> Value {
    all.into_iter().map(|one| json!({ name: one })).collect()
}

/// DNS in a VPC, each attribute in a document of its own.
fn settings(region: &Region<'_>, id: &str, vpc: &mut Made) {
    const NAMES: [(&str, &str, &str); 2] = [
        ("enable_dns_support", "EnableDnsSupport", "enableDnsSupport"),
        ("enable_dns_hostnames", "EnableDnsHostnames", "enableDnsHostnames"),
    ];
    for (ours, theirs, argument) in NAMES {
        let found = region.items("ec2 describe-vpc-attribute").find_map(|item| {
            let own = text(&item.value, "VpcId") == Some(id);
            item.value.get(theirs).filter(|_| own).and_then(|value| flag(value, "Value"))
        });
        vpc.set_or(ours, found, || {
            let arguments = format!("--attribute {argument} --vpc-id {id}");
            region.missing_of("ec2 describe-vpc-attribute", &arguments)
        });
    }
}

fn flow_logs(region: &Region<'_>, vpc: &mut Made) {
    let shown = region.shows("ec2 describe-flow-logs").then_some(true);
    vpc.set_or("flow_logs", shown, || region.missing("ec2 describe-flow-logs"));
}

/// What stands in every VPC by default, by VPC.
#[derive(Default)]
struct Defaults {
    tables: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
    lists: BTreeMap<String, String>,
}

impl Defaults {
    fn new(region: &Region<'_>) -> Self {
        let mut found = Self::default();
        for item in region.items("ec2 describe-route-tables") {
            let main = list(&item.value, "Associations").any(|one| flag(one, "Main") == Some(true));
            note(&item.value, "RouteTableId", main, &mut found.tables);
        }
        for item in region.items("ec2 describe-security-groups") {
            let default = text(&item.value, "GroupName") == Some("default");
            note(&item.value, "GroupId", default, &mut found.groups);
        }
        for item in region.items("ec2 describe-network-acls") {
            let default = flag(&item.value, "IsDefault") == Some(true);
            note(&item.value, "NetworkAclId", default, &mut found.lists);
        }
        found
    }

    fn of(&self, vpc: &str, made: &mut Made) {
        let names = [
            ("main_route_table_id", &self.tables),
            ("default_security_group_id", &self.groups),
            ("default_network_acl_id", &self.lists),
        ];
        for (name, known) in names {
            if let Some(id) = known.get(vpc) {
                made.set(name, id.as_str());
            }
        }
    }
}

fn note(item: &Value, name: &str, wanted: bool, into: &mut BTreeMap<String, String>) {
    if let (Some(vpc), Some(id)) = (text(item, "VpcId"), text(item, name).filter(|_| wanted)) {
        into.entry(vpc.to_owned()).or_insert_with(|| id.to_owned());
    }
}

/// VPCs that no `describe-vpcs` shows: every route table has a local route for each of their blocks.
/// See <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html>.
fn implied(region: &Region<'_>, making: &mut Making, defaults: &Defaults) {
    let mut seen = BTreeSet::new();
    for item in region.items("ec2 describe-route-tables") {
        let Some(id) = text(&item.value, "VpcId") else { continue };
        if making.has("aws_vpc", id) || !seen.insert(id.to_owned()) {
            continue;
        }
        let local = list(&item.value, "Routes").filter(|route| {
            text(route, "GatewayId") == Some("local")
                && text(route, "Origin") != Some("CreateRoute")
        });
        let blocks: Vec<String> = local
            .filter_map(|route| {
                text(route, "DestinationCidrBlock")
                    .or_else(|| text(route, "DestinationIpv6CidrBlock"))
            })
            .map(str::to_owned)
            .collect();
        if blocks.is_empty() {
            continue;
        }
        let mut vpc = Made::new("aws_vpc", id, &item);
        if let [only] = blocks.as_slice() {
            vpc.set("cidr_block", only.as_str());
        } else {
            vpc.set("cidr_block_associations", listed("cidr_block", blocks));
        }
        settings(region, id, &mut vpc);
        defaults.of(id, &mut vpc);
        flow_logs(region, &mut vpc);
        making.add(vpc);
    }
}

/// Flow logs, each of a VPC, a subnet or an interface.
pub(super) fn logs(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ec2 describe-flow-logs") {
        let Some(id) = text(&item.value, "FlowLogId") else { continue };
        if text(&item.value, "FlowLogStatus").is_some_and(|status| status != "ACTIVE") {
            continue;
        }
        let mut log = Made::new("aws_flow_log", id, &item);
        log.copy(
            &item.value,
            &[
                ("traffic_type", "TrafficType"),
                ("log_destination", "LogDestination"),
                ("log_destination_type", "LogDestinationType"),
                ("log_group_name", "LogGroupName"),
            ],
        );
        let of = text(&item.value, "ResourceId").unwrap_or_default();
        let name = match of.split('-').next() {
            Some("vpc") => "vpc_id",
            Some("subnet") => "subnet_id",
            Some("eni") => "eni_id",
            _ => "transit_gateway_id",
        };
        log.set(name, of);
        making.add(log);
    }
}

/// What joins a VPC to others: peerings, transit gateways, VPNs.
pub(super) fn joins(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ec2 describe-vpc-peering-connections") {
        let state = item.value.get("Status").and_then(|status| text(status, "Code"));
        let Some(id) = text(&item.value, "VpcPeeringConnectionId") else { continue };
        if matches!(state, Some("deleted" | "deleting" | "rejected" | "failed" | "expired")) {
            continue;
        }
        let vpc = |side: &str| item.value.get(side).and_then(|side| text(side, "VpcId"));
        let mut peering = Made::new("aws_vpc_peering_connection", id, &item);
        peering.set("vpc_id", vpc("RequesterVpcInfo")).set("peer_vpc_id", vpc("AccepterVpcInfo"));
        making.add(peering);
    }
    for item in region.items("ec2 describe-transit-gateway-vpc-attachments") {
        let Some(id) = text(&item.value, "TransitGatewayAttachmentId") else { continue };
        if matches!(
            text(&item.value, "State"),
            Some("deleted" | "deleting" | "rejected" | "failed")
        ) {
            continue;
        }
        let mut joined = Made::new("aws_ec2_transit_gateway_vpc_attachment", id, &item);
        joined
            .copy(&item.value, &[("transit_gateway_id", "TransitGatewayId"), ("vpc_id", "VpcId")]);
        joined.set("subnet_ids", words(&item.value, "SubnetIds"));
        making.add(joined);
    }
    for item in region.items("ec2 describe-transit-gateway-attachments") {
        let Some(id) = text(&item.value, "TransitGatewayAttachmentId") else { continue };
        let of_vpc = text(&item.value, "ResourceType") == Some("vpc");
        if !of_vpc
            || matches!(
                text(&item.value, "State"),
                Some("deleted" | "deleting" | "rejected" | "failed")
            )
        {
            continue;
        }
        let mut joined = Made::new("aws_ec2_transit_gateway_vpc_attachment", id, &item);
        joined.copy(
            &item.value,
            &[("transit_gateway_id", "TransitGatewayId"), ("vpc_id", "ResourceId")],
        );
        making.add(joined);
    }
    for item in region.items("ec2 describe-vpn-gateways") {
        let attached =
            list(&item.value, "VpcAttachments").find(|one| text(one, "State") == Some("attached"));
        if let (Some(id), Some(attached)) = (text(&item.value, "VpnGatewayId"), attached) {
            let mut gateway = Made::new("aws_vpn_gateway", id, &item);
            gateway.copy(attached, &[("vpc_id", "VpcId")]);
            making.add(gateway);
        }
    }
}
