//! Security groups, network ACLs and their rules.
//!
//! A group without `SecurityGroupEgress` keeps the rules for everything with which EC2 makes it, of
//! IPv4 and of IPv6; a rule of its own resource does not take them away. See
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html>.

use super::super::making::{Making, each};
use super::super::value::{Evaluated, What};

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "EC2::SecurityGroup" => group(making),
        "EC2::SecurityGroupIngress" | "EC2::SecurityGroupEgress" => separate(making),
        "EC2::NetworkAcl" => making.copy_same(&["VpcId"]),
        "EC2::NetworkAclEntry" => entry(making),
        "EC2::SubnetNetworkAclAssociation" => making.copy_same(&["NetworkAclId", "SubnetId"]),
        _ => return false,
    }
    true
}

fn group(making: &mut Making<'_, '_>) {
    making.copy(&[("GroupDescription", "description"), ("VpcId", "vpc_id")]);
    for (property, name) in [("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")]
    {
        let given = making.get(property);
        let rules = given.map(|list| each(&list, rule));
        let none =
            rules.as_ref().is_none_or(|list| list.reason().is_none() && list.items().is_empty());
        if name == "egress" && none {
            let everything =
                ["cidr_blocks", "ipv6_cidr_blocks"].into_iter().zip(["0.0.0.0/0", "::/0"]);
            let rule = |(key, block): (&'static str, &str)| {
                let blocks = Evaluated::list(vec![Evaluated::text(block)]);
                Evaluated::map([("protocol", Some(Evaluated::text("-1"))), (key, Some(blocks))])
            };
            making.own().set("egress", &Evaluated::list(everything.map(rule).collect()));
        } else if let Some(rules) = rules {
            making.own().set(name, &rules);
        }
    }
}

/// An inline rule.
fn rule(of: &Evaluated) -> Evaluated {
    let text = |name: &str| of.get(name).cloned();
    let listed = |names: [&str; 2]| {
        let found = names.into_iter().find_map(|name| of.get(name))?;
        match &found.what {
            What::Unknown(_) => Some(found.clone()),
            _ => Some(Evaluated::list(vec![found.clone()])),
        }
    };
    let groups = listed(["SourceSecurityGroupId", "DestinationSecurityGroupId"]);
    Evaluated::map([
        ("protocol", text("IpProtocol")),
        ("from_port", text("FromPort")),
        ("to_port", text("ToPort")),
        ("cidr_blocks", listed(["CidrIp", "CidrIp"])),
        ("ipv6_cidr_blocks", listed(["CidrIpv6", "CidrIpv6"])),
        ("security_groups", groups.or_else(|| by_name(of))),
        ("prefix_list_ids", listed(["SourcePrefixListId", "DestinationPrefixListId"])),
        ("description", text("Description")),
    ])
}

/// A group that is named by its name, which holds in the default VPC only.
fn by_name(of: &Evaluated) -> Option<Evaluated> {
    of.get("SourceSecurityGroupName").map(|name| {
        let name = name.as_text().unwrap_or_default();
        Evaluated::unknown(format!("is the group named `{name}`, which no id names"))
    })
}

fn separate(making: &mut Making<'_, '_>) {
    making.copy(&[
        ("GroupId", "security_group_id"),
        ("IpProtocol", "ip_protocol"),
        ("FromPort", "from_port"),
        ("ToPort", "to_port"),
        ("CidrIp", "cidr_ipv4"),
        ("CidrIpv6", "cidr_ipv6"),
        ("SourceSecurityGroupId", "referenced_security_group_id"),
        ("DestinationSecurityGroupId", "referenced_security_group_id"),
        ("SourcePrefixListId", "prefix_list_id"),
        ("DestinationPrefixListId", "prefix_list_id"),
        ("Description", "description"),
    ]);
    if let (None, Some(name)) = (making.get("GroupId"), making.get("GroupName")) {
        let name = name.as_text().unwrap_or_default();
        let reason = format!("is not given; the group is named `{name}`, which no id names");
        making.own().set("security_group_id", &Evaluated::unknown(reason));
    }
    if let Some(groups) = by_name(&making.of) {
        making.own().set("referenced_security_group_id", &groups);
    }
}

fn entry(making: &mut Making<'_, '_>) {
    making.copy_same(&[
        "NetworkAclId",
        "RuleNumber",
        "Egress",
        "Protocol",
        "RuleAction",
        "CidrBlock",
        "Ipv6CidrBlock",
    ]);
    for (end, name) in [("From", "from_port"), ("To", "to_port")] {
        let value = making.path(&["PortRange", end]);
        making.own().set_any(name, value.as_ref());
    }
}
