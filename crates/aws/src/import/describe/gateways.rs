//! Internet and NAT gateways, Elastic IP addresses, and what joins networks.

use super::folder::Region;
use super::made::{Made, Making};
use super::network;
use super::value::{list, text};

/// Reads gateways and addresses.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    const KINDS: [(&str, &str, &str); 2] = [
        ("ec2 describe-internet-gateways", "aws_internet_gateway", "InternetGatewayId"),
        (
            "ec2 describe-egress-only-internet-gateways",
            "aws_egress_only_internet_gateway",
            "EgressOnlyInternetGatewayId",
        ),
    ];
    for (operation, kind, id) in KINDS {
        for item in region.items(operation) {
            let Some(id) = text(&item.value, id) else { continue };
            let attached = list(&item.value, "Attachments").find(|one| {
                matches!(text(one, "State"), None | Some("available" | "attached" | "attaching"))
            });
            let mut gateway = Made::new(kind, id, &item);
            gateway.set("vpc_id", attached.and_then(|one| text(one, "VpcId")));
            making.add(gateway);
        }
    }
    for item in region.items("ec2 describe-nat-gateways") {
        let Some(id) = text(&item.value, "NatGatewayId") else { continue };
        if matches!(text(&item.value, "State"), Some("deleted" | "deleting" | "failed")) {
            continue;
        }
        let mut gateway = Made::new("aws_nat_gateway", id, &item);
        gateway.copy(
            &item.value,
            &[("subnet_id", "SubnetId"), ("connectivity_type", "ConnectivityType")],
        );
        if let Some(address) = list(&item.value, "NatGatewayAddresses").next() {
            gateway.copy(
                address,
                &[
                    ("allocation_id", "AllocationId"),
                    ("public_ip", "PublicIp"),
                    ("private_ip", "PrivateIp"),
                ],
            );
        }
        making.add(gateway);
    }
    for item in region.items("ec2 describe-addresses") {
        let Some(id) = text(&item.value, "AllocationId") else { continue };
        let mut address = Made::new("aws_eip", id, &item);
        address.copy(
            &item.value,
            &[
                ("allocation_id", "AllocationId"),
                ("public_ip", "PublicIp"),
                ("network_interface", "NetworkInterfaceId"),
                ("instance", "InstanceId"),
            ],
        );
        making.add(address);
    }
    network::logs(region, making);
    network::joins(region, making);
}
