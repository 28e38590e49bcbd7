//! VPC endpoints.

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{policy, text, texts, words};

/// Reads VPC endpoints.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ec2 describe-vpc-endpoints") {
        let Some(id) = text(&item.value, "VpcEndpointId") else { continue };
        let state = text(&item.value, "State").map(str::to_ascii_lowercase);
        if matches!(
            state.as_deref(),
            Some("deleted" | "deleting" | "failed" | "rejected" | "expired")
        ) {
            continue;
        }
        let mut made = Made::new("aws_vpc_endpoint", id, &item);
        made.copy(
            &item.value,
            &[
                ("vpc_id", "VpcId"),
                ("service_name", "ServiceName"),
                ("vpc_endpoint_type", "VpcEndpointType"),
                ("private_dns_enabled", "PrivateDnsEnabled"),
            ],
        )
        .set("subnet_ids", words(&item.value, "SubnetIds"))
        .set("route_table_ids", words(&item.value, "RouteTableIds"))
        .set("security_group_ids", texts(&item.value, "Groups", "GroupId"))
        .set("policy", policy(item.value.get("PolicyDocument")))
        .tags(&item.value, "Tags");
        making.add(made);
    }
}
