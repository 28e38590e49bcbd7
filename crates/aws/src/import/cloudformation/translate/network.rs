//! VPCs, subnets, routes, gateways, endpoints.

use super::super::making::{Made, Making, each, pick, policy};
use super::super::value::Evaluated;

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "EC2::VPC" => vpc(making),
        "EC2::VPCCidrBlock" => block(making),
        "EC2::Subnet" => subnet(making),
        "EC2::RouteTable" => making.copy_same(&["VpcId"]),
        "EC2::Route" => route(making),
        "EC2::SubnetRouteTableAssociation" | "EC2::GatewayRouteTableAssociation" => {
            making.copy_same(&["RouteTableId", "SubnetId", "GatewayId"]);
        }
        "EC2::InternetGateway" => {}
        "EC2::EgressOnlyInternetGateway" => making.copy_same(&["VpcId"]),
        "EC2::VPCGatewayAttachment" => attachment(making),
        "EC2::NatGateway" => {
            making.copy_same(&["AllocationId", "SubnetId", "ConnectivityType"]);
        }
        "EC2::EIP" => {
            let allocation = making.attribute("AllocationId");
            making.own().set("id", &allocation);
            making.own().set("allocation_id", &allocation);
            making.copy(&[("InstanceId", "instance")]);
        }
        "EC2::EIPAssociation" => {
            making.copy_same(&["AllocationId", "InstanceId", "NetworkInterfaceId"]);
        }
        "EC2::PrefixList" => {
            making.copy(&[("PrefixListName", "name")]);
            if let Some(entries) = making.get("Entries") {
                let entries = each(&entries, |entry| pick(entry, &[("Cidr", "cidr")]));
                making.own().set("entry", &entries);
            }
        }
        "EC2::VPCEndpoint" => endpoint(making),
        "EC2::FlowLog" => flow_log(making),
        _ => return false,
    }
    true
}

fn vpc(making: &mut Making<'_, '_>) {
    making.copy_same(&["CidrBlock", "EnableDnsSupport", "EnableDnsHostnames"]);
    if making.get("CidrBlock").is_none() {
        let reason = "is what an IPAM pool gives";
        making.own().set("cidr_block", &Evaluated::unknown(reason));
    }
    let default = making.attribute("DefaultSecurityGroup");
    making.own().set("default_security_group_id", &default);
}

/// `AWS::EC2::VPCCidrBlock`: of IPv4, or of IPv6, which AWS or a pool gives.
fn block(making: &mut Making<'_, '_>) {
    making.copy_same(&["VpcId", "CidrBlock"]);
    let v6 = ["AmazonProvidedIpv6CidrBlock", "Ipv6CidrBlock", "Ipv6Pool", "Ipv6IpamPoolId"];
    if v6.iter().any(|name| making.get(name).is_some()) {
        let key = making.own().key.clone();
        *making.own() = Made::new("aws_vpc_ipv6_cidr_block_association", key);
        making.identify();
        making.copy_same(&["VpcId", "Ipv6CidrBlock"]);
        if making.get("Ipv6CidrBlock").is_none() {
            let reason = "is a block that AWS gives on deployment";
            making.own().set("ipv6_cidr_block", &Evaluated::unknown(reason));
        }
    } else if making.get("CidrBlock").is_none() {
        let reason = "is a block that a pool gives on deployment";
        making.own().set("cidr_block", &Evaluated::unknown(reason));
    }
}

fn subnet(making: &mut Making<'_, '_>) {
    making.copy_same(&[
        "VpcId",
        "CidrBlock",
        "Ipv6CidrBlock",
        "AvailabilityZone",
        "MapPublicIpOnLaunch",
    ]);
    if making.get("AvailabilityZone").is_none() {
        let zone = making.get("AvailabilityZoneId");
        let zone = zone.unwrap_or_else(|| Evaluated::unknown("is chosen by AWS on deployment"));
        making.own().set("availability_zone", &zone);
    }
    if making.get("CidrBlock").is_none() && making.get("Ipv4IpamPoolId").is_some() {
        making.own().set("cidr_block", &Evaluated::unknown("is what an IPAM pool gives"));
    }
}

fn route(making: &mut Making<'_, '_>) {
    making.copy_same(&[
        "RouteTableId",
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "CarrierGatewayId",
        "CoreNetworkArn",
        "GatewayId",
        "InstanceId",
        "LocalGatewayId",
        "NatGatewayId",
        "NetworkInterfaceId",
        "TransitGatewayId",
        "VpcEndpointId",
        "VpcPeeringConnectionId",
    ]);
    making.copy(&[("EgressOnlyInternetGatewayId", "egress_only_gateway_id")]);
}

fn attachment(making: &mut Making<'_, '_>) {
    if making.get("VpnGatewayId").is_some() {
        let key = making.own().key.clone();
        *making.own() = Made::new("aws_vpn_gateway_attachment", key);
        making.identify();
        making.copy_same(&["VpcId", "VpnGatewayId"]);
        return;
    }
    making.copy_same(&["VpcId", "InternetGatewayId"]);
}

fn endpoint(making: &mut Making<'_, '_>) {
    making.copy_same(&[
        "VpcId",
        "ServiceName",
        "VpcEndpointType",
        "PrivateDnsEnabled",
        "SubnetIds",
        "SecurityGroupIds",
        "RouteTableIds",
    ]);
    let kind = making.get("VpcEndpointType").and_then(|kind| kind.as_text());
    if kind.as_deref() == Some("Interface") && making.get("PrivateDnsEnabled").is_none() {
        // The references of CloudFormation and of EC2 disagree.
        let reason = "is not given, and then it isn't documented which it is";
        making.own().set("private_dns_enabled", &Evaluated::unknown(reason));
    }
    if let Some(document) = making.get("PolicyDocument") {
        making.own().set("policy", &policy(&document));
    }
}

fn flow_log(making: &mut Making<'_, '_>) {
    making.copy_same(&["TrafficType", "LogDestination", "LogDestinationType", "LogGroupName"]);
    let of = making.get("ResourceId");
    let kind = making.get("ResourceType").and_then(|kind| kind.as_text());
    let name = match kind.as_deref() {
        Some("VPC") => "vpc_id",
        Some("Subnet") => "subnet_id",
        Some("NetworkInterface") => "eni_id",
        _ => "vpc_id",
    };
    making.own().set_any(name, of.as_ref());
}

/// CDK's own custom resource that takes all rules out of a VPC's default group. All others are only
/// named.
pub(super) fn custom(kind: &str, making: &mut Making<'_, '_>) {
    let group = making.get("DefaultSecurityGroupId");
    let (true, Some(group)) = (kind == "Custom::VpcRestrictDefaultSG", group) else {
        making.made.clear();
        return;
    };
    let key = making.own().key.clone();
    *making.own() = Made::new("aws_default_security_group", key);
    making.own().set("id", &group);
    making.own().text("name", "default");
    // `Stack/Vpc.DefaultSecurityGroup` is of `Stack/Vpc`.
    let text = group.as_text().unwrap_or_default();
    match text.strip_suffix(".DefaultSecurityGroup") {
        Some(vpc) => making.own().text("vpc_id", vpc),
        None => {
            let reason = "is that of a group which is not in the sources";
            making.own().set("vpc_id", &Evaluated::unknown(reason));
        }
    }
}
