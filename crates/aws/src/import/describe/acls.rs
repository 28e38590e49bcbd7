//! Network ACLs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{flag, list, text, texts};

const LISTS: &str = "ec2 describe-network-acls";

/// The number from which on entries are AWS's own, which deny the rest.
const LAST: u64 = 32_767;

/// Reads network ACLs.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let mut associated = BTreeSet::new();
    for item in region.items(LISTS) {
        let Some(id) = text(&item.value, "NetworkAclId") else { continue };
        let default = flag(&item.value, "IsDefault") == Some(true);
        let kind = if default { "aws_default_network_acl" } else { "aws_network_acl" };
        let mut made = Made::new(kind, id, &item);
        let subnets = texts(&item.value, "Associations", "SubnetId");
        associated.extend(subnets.iter().cloned());
        made.copy(&item.value, &[("vpc_id", "VpcId")]).set("subnet_ids", subnets);
        made.set("ingress", entries(&item.value, false)).set("egress", entries(&item.value, true));
        making.add(made);
    }
    for item in region.items("ec2 describe-subnets") {
        let Some(id) = text(&item.value, "SubnetId") else { continue };
        if !associated.contains(id) {
            let name = format!("the network ACL of {id}");
            let mut made = Made::new("aws_network_acl_association", &name, &item);
            made.set("subnet_id", id).unsaid("network_acl_id", region.missing(LISTS));
            making.add(made);
        }
    }
}

fn entries(item: &Value, egress: bool) -> Vec<Value> {
    let ours = list(item, "Entries").filter(|entry| {
        let number = entry.get("RuleNumber").and_then(Value::as_u64);
        flag(entry, "Egress") == Some(egress) && number.is_none_or(|number| number < LAST)
    });
    ours.map(entry).collect()
}

fn entry(entry: &Value) -> Value {
    let mut block = Map::new();
    for (ours, theirs) in [
        ("rule_no", "RuleNumber"),
        ("action", "RuleAction"),
        ("protocol", "Protocol"),
        ("cidr_block", "CidrBlock"),
        ("ipv6_cidr_block", "Ipv6CidrBlock"),
    ] {
        if let Some(value) = entry.get(theirs).filter(|value| !value.is_null()) {
            block.insert(ours.to_owned(), value.clone());
        }
    }
    if let Some(range) = entry.get("PortRange") {
        for (ours, theirs) in [("from_port", "From"), ("to_port", "To")] {
            if let Some(port) = range.get(theirs).filter(|port| port.is_number()) {
                block.insert(ours.to_owned(), port.clone());
            }
        }
    }
    Value::Object(block)
}
