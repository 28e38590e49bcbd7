//! Route tables, and which stands for each subnet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::folder::{Item, Region};
use super::made::{Made, Making};
use super::value::{flag, list, text};

/// The provider's name and AWS's of what a route matches and leads to.
const ROUTE: [(&str, &str); 11] = [
    ("cidr_block", "DestinationCidrBlock"),
    ("ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("destination_prefix_list_id", "DestinationPrefixListId"),
    ("nat_gateway_id", "NatGatewayId"),
    ("egress_only_gateway_id", "EgressOnlyInternetGatewayId"),
    ("network_interface_id", "NetworkInterfaceId"),
    ("transit_gateway_id", "TransitGatewayId"),
    ("vpc_peering_connection_id", "VpcPeeringConnectionId"),
    ("local_gateway_id", "LocalGatewayId"),
    ("carrier_gateway_id", "CarrierGatewayId"),
    ("core_network_arn", "CoreNetworkArn"),
];

/// Which table stands for what, as far as the tables are shown.
#[derive(Default)]
struct Tables {
    explicit: BTreeMap<String, String>,
    main: BTreeMap<String, String>,
}

/// Reads route tables.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let endpoints: BTreeSet<String> = region
        .items("ec2 describe-vpc-endpoints")
        .filter_map(|item| text(&item.value, "VpcEndpointId").map(str::to_owned))
        .collect();
    let mut tables = Tables::default();
    for item in region.items("ec2 describe-route-tables") {
        let Some(id) = text(&item.value, "RouteTableId") else { continue };
        let mut table = Made::new("aws_route_table", id, &item);
        table.copy(&item.value, &[("vpc_id", "VpcId")]);
        let routes: Vec<Value> =
            list(&item.value, "Routes").filter_map(|one| route(one, &endpoints)).collect();
        table.set("route", routes);
        making.add(table);
        associations(&item, id, &mut tables, making);
    }
    for item in region.items("ec2 describe-subnets") {
        let (Some(id), vpc) = (text(&item.value, "SubnetId"), text(&item.value, "VpcId")) else {
            continue;
        };
        if !tables.explicit.contains_key(id) {
            // A table that isn't shown may be associated with it.
            let all = region.shows("ec2 describe-route-tables");
            let main = vpc.and_then(|vpc| tables.main.get(vpc)).filter(|_| all);
            making.add(by_default(region, &item, id, main));
        }
    }
}

/// What a subnet has that is associated with no table: the VPC's main one, if it is shown.
fn by_default(region: &Region<'_>, item: &Item<'_>, subnet: &str, main: Option<&String>) -> Made {
    let name = format!("the route table of {subnet}");
    let mut made = Made::new("aws_route_table_association", &name, item);
    made.set("subnet_id", subnet);
    made.set_or("route_table_id", main.map(String::as_str), || {
        if region.shows("ec2 describe-route-tables") {
            "isn't shown: `aws ec2 describe-route-tables` shows neither one of its own nor the main \
             one of its VPC"
                .to_owned()
        } else {
            region.missing("ec2 describe-route-tables")
        }
    });
    made
}

fn associations(item: &Item<'_>, table: &str, tables: &mut Tables, making: &mut Making) {
    for one in list(&item.value, "Associations") {
        let state = one.get("AssociationState").and_then(|state| text(state, "State"));
        if matches!(state, Some("disassociated" | "disassociating" | "failed")) {
            continue;
        }
        if flag(one, "Main") == Some(true) {
            if let Some(vpc) = text(&item.value, "VpcId") {
                tables.main.insert(vpc.to_owned(), table.to_owned());
            }
            continue;
        }
        let fallback = format!("{table} association");
        let id = text(one, "RouteTableAssociationId").unwrap_or(&fallback);
        let mut made = Made::new("aws_route_table_association", id, item);
        made.set("route_table_id", table)
            .copy(one, &[("subnet_id", "SubnetId"), ("gateway_id", "GatewayId")]);
        if let Some(subnet) = text(one, "SubnetId") {
            tables.explicit.insert(subnet.to_owned(), table.to_owned());
        }
        making.add(made);
    }
}

/// A route as a block. The VPC's own are implied, and so are those of endpoints that are shown.
fn route(one: &Value, endpoints: &BTreeSet<String>) -> Option<Value> {
    let gateway = text(one, "GatewayId");
    let by_endpoint = gateway.is_some_and(|id| endpoints.contains(id));
    if by_endpoint || (gateway == Some("local") && text(one, "Origin") != Some("CreateRoute")) {
        return None;
    }
    let mut block = Map::new();
    for (ours, theirs) in ROUTE {
        if let Some(value) = text(one, theirs) {
            block.insert(ours.to_owned(), value.into());
        }
    }
    // Said only where they differ from what they are as a rule.
    for (ours, theirs, odd) in
        [("state", "State", "blackhole"), ("origin", "Origin", "EnableVgwRoutePropagation")]
    {
        if text(one, theirs) == Some(odd) {
            block.insert(ours.to_owned(), odd.into());
        }
    }
    // An endpoint of a gateway load balancer is printed as a gateway, too.
    match gateway {
        Some(id)
            if id.starts_with("vpce-") && !block.contains_key("destination_prefix_list_id") =>
        {
            block.insert("vpc_endpoint_id".to_owned(), id.into());
        }
        Some(id) => {
            block.insert("gateway_id".to_owned(), id.into());
        }
        None => {}
    }
    Some(Value::Object(block))
}
