//! Security groups and their rules.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::folder::{Item, Region};
use super::made::{Made, Making};
use super::value::{flag, list, text};

const GROUPS: &str = "ec2 describe-security-groups";
const RULES: &str = "ec2 describe-security-group-rules";

/// Reads security groups.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items(GROUPS) {
        let Some(id) = text(&item.value, "GroupId") else { continue };
        let mut group = Made::new("aws_security_group", id, &item);
        group
            .copy(
                &item.value,
                &[
                    ("arn", "SecurityGroupArn"),
                    ("name", "GroupName"),
                    ("description", "Description"),
                    ("vpc_id", "VpcId"),
                ],
            )
            .set("ingress", rules(&item.value, "IpPermissions", id))
            .set("egress", rules(&item.value, "IpPermissionsEgress", id))
            .tags(&item.value, "Tags");
        making.add(group);
    }
    by_rules_alone(region, making);
}

/// One block for every kind of peer with a description of its own, as the provider reads them.
fn rules(item: &Value, name: &str, own: &str) -> Vec<Value> {
    let mut made = Vec::new();
    for permission in list(item, name) {
        let mut blocks: Vec<(Option<String>, Map<String, Value>)> = Vec::new();
        for (ours, theirs, member) in [
            ("cidr_blocks", "IpRanges", "CidrIp"),
            ("ipv6_cidr_blocks", "Ipv6Ranges", "CidrIpv6"),
            ("prefix_list_ids", "PrefixListIds", "PrefixListId"),
            ("security_groups", "UserIdGroupPairs", "GroupId"),
        ] {
            for peer in list(permission, theirs) {
                let Some(value) = text(peer, member) else { continue };
                let Some(block) = described(&mut blocks, text(peer, "Description"), permission)
                else {
                    continue;
                };
                if ours == "security_groups" && value == own {
                    block.insert("self".to_owned(), true.into());
                    continue;
                }
                if let Value::Array(all) =
                    block.entry(ours.to_owned()).or_insert_with(|| Value::Array(Vec::new()))
                {
                    all.push(value.into());
                }
            }
        }
        made.extend(blocks.into_iter().map(|(_, block)| Value::Object(block)));
    }
    made
}

/// The block of a permission for peers with this description.
fn described<'b>(
    blocks: &'b mut Vec<(Option<String>, Map<String, Value>)>,
    description: Option<&str>,
    permission: &Value,
) -> Option<&'b mut Map<String, Value>> {
    let known = blocks.iter().position(|(known, _)| known.as_deref() == description);
    let at = known.unwrap_or_else(|| {
        // Protocol, two ports, a peer, a description: large accounts hold very many of these.
        let mut block = Map::with_capacity(5);
        services(permission, "protocol", &mut block);
        if let Some(text) = description {
            block.insert("description".to_owned(), text.into());
        }
        blocks.push((description.map(str::to_owned), block));
        blocks.len() - 1
    });
    blocks.get_mut(at).map(|(_, block)| block)
}

/// Protocol and ports. AWS prints no ports for a rule that admits all protocols.
fn services(rule: &Value, protocol: &str, into: &mut Map<String, Value>) {
    let word = text(rule, "IpProtocol").unwrap_or("-1");
    into.insert(protocol.to_owned(), word.into());
    let all = word == "-1";
    for (ours, theirs) in [("from_port", "FromPort"), ("to_port", "ToPort")] {
        let port = rule.get(theirs).filter(|port| port.is_number() && !all).cloned();
        if let Some(port) = port.or_else(|| all.then(|| 0.into())) {
            into.insert(ours.to_owned(), port);
        }
    }
}

/// Groups of which only the rules are shown. There may be more rules than those, if the command was
/// given a filter.
fn by_rules_alone(region: &Region<'_>, making: &mut Making) {
    let mut groups = BTreeSet::new();
    for item in region.items(RULES) {
        let Some(group) = text(&item.value, "GroupId") else { continue };
        let shown = making.has("aws_security_group", group) && !groups.contains(group);
        if shown {
            continue;
        }
        if groups.insert(group.to_owned()) {
            making.add(nameless(region, &item, group));
        }
        if let Some(rule) = separate(&item, group) {
            making.add(rule);
        }
    }
}

fn nameless(region: &Region<'_>, item: &Item<'_>, group: &str) -> Made {
    let mut made = Made::new("aws_security_group", group, item);
    let reason = || region.missing(GROUPS);
    made.unsaid("name", reason()).unsaid("vpc_id", reason());
    let by_group = ["Filters", "Filter"].iter().any(|name| {
        item.page.request.parameters.get(*name).is_some_and(|all| {
            matches!(all.as_slice(), [only] if only.contains("group-id") && only.contains(group))
        })
    });
    if region.is_cut(RULES) || !(item.page.request.is_whole() || by_group) {
        made.unsaid("ingress", reason()).unsaid("egress", reason());
    }
    made
}

fn separate(item: &Item<'_>, group: &str) -> Option<Made> {
    let id = text(&item.value, "SecurityGroupRuleId")?;
    let kind = match flag(&item.value, "IsEgress")? {
        true => "aws_vpc_security_group_egress_rule",
        false => "aws_vpc_security_group_ingress_rule",
    };
    let mut ports = Map::new();
    services(&item.value, "ip_protocol", &mut ports);
    let mut made = Made::new(kind, id, item);
    made.set("security_group_id", group).copy(
        &item.value,
        &[
            ("cidr_ipv4", "CidrIpv4"),
            ("cidr_ipv6", "CidrIpv6"),
            ("prefix_list_id", "PrefixListId"),
            ("description", "Description"),
        ],
    );
    let peer = item.value.get("ReferencedGroupInfo").and_then(|info| text(info, "GroupId"));
    made.set("referenced_security_group_id", peer.map_or(json!(null), Value::from));
    for (name, value) in ports {
        made.set(&name, value);
    }
    Some(made)
}
