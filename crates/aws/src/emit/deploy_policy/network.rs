//! The VPC, and names in it.

use super::Table;
use super::scopes::Scope::{Any, Names, PassRoles, Vpc, VpcOwn, Zone, ZoneChanges, Zones};

pub(super) const TABLE: Table = &[
    (
        "aws_vpc",
        &[
            (
                Any,
                "ec2",
                "DescribeVpcs DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
            ),
            (Vpc, "ec2", "CreateVpc DescribeVpcAttribute ModifyVpcAttribute CreateTags"),
            (VpcOwn, "ec2", "DeleteVpc DeleteTags"),
        ],
    ),
    (
        "aws_subnet",
        &[
            (Any, "ec2", "DescribeSubnets DescribeNetworkInterfaces"),
            (Vpc, "ec2", "CreateSubnet ModifySubnetAttribute CreateTags"),
            (VpcOwn, "ec2", "DeleteSubnet DeleteTags"),
        ],
    ),
    (
        "aws_internet_gateway",
        &[
            (Any, "ec2", "DescribeInternetGateways"),
            (Vpc, "ec2", "CreateInternetGateway AttachInternetGateway CreateTags"),
            (VpcOwn, "ec2", "DetachInternetGateway DeleteInternetGateway DeleteTags"),
        ],
    ),
    (
        "aws_eip",
        &[
            (Any, "ec2", "DescribeAddresses DescribeAddressesAttribute"),
            (Vpc, "ec2", "AllocateAddress DisassociateAddress CreateTags"),
            (VpcOwn, "ec2", "ReleaseAddress DeleteTags"),
        ],
    ),
    (
        "aws_nat_gateway",
        &[
            (Any, "ec2", "DescribeNatGateways"),
            (Vpc, "ec2", "CreateNatGateway CreateTags"),
            (VpcOwn, "ec2", "DeleteNatGateway DeleteTags"),
        ],
    ),
    (
        "aws_route_table",
        &[
            (Any, "ec2", "DescribeRouteTables"),
            (Vpc, "ec2", "CreateRouteTable CreateTags"),
            (VpcOwn, "ec2", "DeleteRouteTable DeleteTags"),
        ],
    ),
    (
        "aws_route",
        &[
            (Any, "ec2", "DescribeRouteTables"),
            (VpcOwn, "ec2", "CreateRoute ReplaceRoute DeleteRoute"),
        ],
    ),
    (
        "aws_route_table_association",
        &[
            (Any, "ec2", "DescribeRouteTables"),
            (Vpc, "ec2", "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation"),
        ],
    ),
    (
        "aws_default_security_group",
        &[
            (Any, "ec2", "DescribeSecurityGroups DescribeSecurityGroupRules"),
            (Vpc, "ec2", "RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags"),
            (VpcOwn, "ec2", "DeleteTags"),
        ],
    ),
    (
        "aws_security_group",
        &[
            (
                Any,
                "ec2",
                "DescribeSecurityGroups DescribeSecurityGroupRules DescribeNetworkInterfaces",
            ),
            (
                Vpc,
                "ec2",
                "CreateSecurityGroup RevokeSecurityGroupIngress RevokeSecurityGroupEgress \
                 CreateTags",
            ),
            (VpcOwn, "ec2", "DeleteSecurityGroup DeleteTags"),
        ],
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        &[
            (Any, "ec2", "DescribeSecurityGroupRules"),
            (
                Vpc,
                "ec2",
                "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress ModifySecurityGroupRules \
                 CreateTags",
            ),
            (VpcOwn, "ec2", "DeleteTags"),
        ],
    ),
    (
        "aws_vpc_security_group_egress_rule",
        &[
            (Any, "ec2", "DescribeSecurityGroupRules"),
            (
                Vpc,
                "ec2",
                "AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress ModifySecurityGroupRules \
                 CreateTags",
            ),
            (VpcOwn, "ec2", "DeleteTags"),
        ],
    ),
    (
        "aws_vpc_endpoint",
        &[
            (
                Any,
                "ec2",
                "DescribeVpcEndpoints DescribePrefixLists DescribeNetworkInterfaces \
                 DescribeSecurityGroups DescribeSubnets DescribeVpcs",
            ),
            (Vpc, "ec2", "CreateVpcEndpoint ModifyVpcEndpoint CreateTags"),
            (VpcOwn, "ec2", "DeleteVpcEndpoints DeleteTags"),
            (Zones, "route53", "AssociateVPCWithHostedZone"),
        ],
    ),
    (
        "aws_flow_log",
        &[
            (Any, "ec2", "DescribeFlowLogs"),
            (Vpc, "ec2", "CreateFlowLogs CreateTags"),
            (VpcOwn, "ec2", "DeleteFlowLogs DeleteTags"),
            (PassRoles, "iam", "PassRole"),
        ],
    ),
    (
        "aws_route53_record",
        &[
            (Zone, "route53", "ChangeResourceRecordSets GetHostedZone ListResourceRecordSets"),
            (ZoneChanges, "route53", "GetChange"),
        ],
    ),
    (
        "aws_route53_zone",
        &[
            (Any, "route53", "CreateHostedZone"),
            (Any, "ec2", "DescribeVpcs"),
            (
                Zones,
                "route53",
                "GetHostedZone DeleteHostedZone UpdateHostedZoneComment ChangeTagsForResource \
                 ListTagsForResource AssociateVPCWithHostedZone DisassociateVPCFromHostedZone \
                 ChangeResourceRecordSets ListResourceRecordSets",
            ),
            (ZoneChanges, "route53", "GetChange"),
        ],
    ),
    (
        "aws_service_discovery_private_dns_namespace",
        &[
            (
                Any,
                "servicediscovery",
                "CreatePrivateDnsNamespace ListTagsForResource TagResource UntagResource",
            ),
            (Any, "route53", "CreateHostedZone ListHostedZonesByName"),
            (Any, "ec2", "DescribeVpcs DescribeRegions"),
            (
                Names,
                "servicediscovery",
                "GetNamespace DeleteNamespace UpdatePrivateDnsNamespace GetOperation",
            ),
            (Zones, "route53", "GetHostedZone DeleteHostedZone"),
        ],
    ),
    (
        "aws_service_discovery_service",
        &[
            (Any, "servicediscovery", "ListTagsForResource TagResource UntagResource"),
            (
                Names,
                "servicediscovery",
                "CreateService GetService UpdateService DeleteService GetOperation",
            ),
        ],
    ),
];
