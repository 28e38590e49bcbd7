//! What clients come to.

use super::Table;
use super::scopes::Scope::{Any, Balancers, Certificates, LinkedRoles, WebAcl};

pub(super) const TABLE: Table = &[
    (
        "aws_lb",
        &[
            (
                Any,
                "elasticloadbalancing",
                "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeTags \
                 DescribeCapacityReservation",
            ),
            (
                Any,
                "ec2",
                "DescribeNetworkInterfaces DescribeAccountAttributes DescribeInternetGateways \
                 DescribeSecurityGroups DescribeSubnets DescribeVpcs",
            ),
            (
                Balancers,
                "elasticloadbalancing",
                "CreateLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets \
                 SetIpAddressType DeleteLoadBalancer AddTags RemoveTags",
            ),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_lb_listener",
        &[
            (
                Any,
                "elasticloadbalancing",
                "DescribeListeners DescribeListenerAttributes DescribeTags",
            ),
            (
                Balancers,
                "elasticloadbalancing",
                "CreateListener ModifyListener ModifyListenerAttributes DeleteListener AddTags \
                 RemoveTags",
            ),
        ],
    ),
    (
        "aws_lb_listener_rule",
        &[
            (Any, "elasticloadbalancing", "DescribeRules DescribeTags"),
            (
                Balancers,
                "elasticloadbalancing",
                "CreateRule ModifyRule SetRulePriorities DeleteRule AddTags RemoveTags",
            ),
        ],
    ),
    (
        "aws_lb_target_group",
        &[
            (
                Any,
                "elasticloadbalancing",
                "DescribeTargetGroups DescribeTargetGroupAttributes DescribeTags",
            ),
            (Any, "ec2", "DescribeVpcs"),
            (
                Balancers,
                "elasticloadbalancing",
                "CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup \
                 AddTags RemoveTags",
            ),
        ],
    ),
    (
        "aws_wafv2_web_acl",
        &[(
            WebAcl,
            "wafv2",
            "CreateWebACL GetWebACL UpdateWebACL DeleteWebACL ListTagsForResource TagResource \
                 UntagResource",
        )],
    ),
    (
        "aws_wafv2_web_acl_association",
        &[
            (Any, "elasticloadbalancing", "SetWebAcl"),
            (WebAcl, "wafv2", "AssociateWebACL DisassociateWebACL GetWebACLForResource GetWebACL"),
        ],
    ),
    (
        "aws_wafv2_web_acl_logging_configuration",
        &[
            (
                Any,
                "logs",
                "CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies \
                 PutResourcePolicy",
            ),
            (
                WebAcl,
                "wafv2",
                "PutLoggingConfiguration GetLoggingConfiguration DeleteLoggingConfiguration",
            ),
            (LinkedRoles, "iam", "CreateServiceLinkedRole"),
        ],
    ),
    (
        "aws_acm_certificate",
        &[
            (Any, "acm", "RequestCertificate"),
            (
                Certificates,
                "acm",
                "DescribeCertificate DeleteCertificate UpdateCertificateOptions \
                 ListTagsForCertificate AddTagsToCertificate RemoveTagsFromCertificate",
            ),
        ],
    ),
    ("aws_acm_certificate_validation", &[(Certificates, "acm", "DescribeCertificate")]),
];
