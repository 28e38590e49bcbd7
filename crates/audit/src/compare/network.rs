//! Settings of VPCs, subnets, prefix lists, network ACLs and endpoints.

use farmgate_aws::model::{
    EndpointKind, Key, NetworkAcl, NetworkAclEntry, PrefixList, SetVal, Subnet, Vpc, VpcEndpoint,
};

use super::diff::{Alone, Diff, Entry, Item};
use super::document::same_endpoint_policy;
use super::names::Names;
use super::value::Value;

impl Item for Vpc {
    const KIND: &'static str = "VPC";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            cidrs,
            dns_support,
            dns_hostnames,
            // Says how far the sources reach, not how anything is set.
            open: _,
            main_route_table,
            default_security_group,
            default_network_acl,
            flow_logs,
            tags,
        } = left;
        diff.set("cidrs", cidrs, &right.cidrs);
        diff.val("dns_support", dns_support, &right.dns_support);
        diff.val("dns_hostnames", dns_hostnames, &right.dns_hostnames);
        let names = diff.names;
        adopted(diff, "main_route_table", (main_route_table, &right.main_route_table), |key| {
            names.left.route_tables.contains_key(key) || names.right.route_tables.contains_key(key)
        });
        let groups = (default_security_group, &right.default_security_group);
        adopted(diff, "default_security_group", groups, |key| {
            let managed = |model: &farmgate_aws::model::Model| {
                model.security_groups.get(key).is_some_and(|group| group.managed)
            };
            managed(names.left) || managed(names.right)
        });
        diff.val("flow_logs", flow_logs, &right.flow_logs);
        let lists = (default_network_acl, &right.default_network_acl);
        adopted(diff, "default_network_acl", lists, |key| {
            names.left.network_acls.contains_key(key) || names.right.network_acls.contains_key(key)
        });
        diff.tags(tags, &right.tags);
    }
}

/// What AWS makes with every VPC. It is there in both models; only where a source manages it does it
/// count that the other model says nothing of it.
fn adopted(
    diff: &mut Diff<'_>,
    setting: &str,
    (left, right): (&Option<Key>, &Option<Key>),
    managed: impl Fn(&Key) -> bool,
) {
    match (left, right) {
        (None, Some(only)) | (Some(only), None) if !managed(only) => {}
        _ => diff.plain(setting, left, right),
    }
}

impl Item for Subnet {
    const KIND: &'static str = "subnet";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, vpc, cidrs, zone, maps_public_ip, route_table, network_acl, tags } =
            left;
        diff.val("vpc", vpc, &right.vpc);
        diff.set("cidrs", cidrs, &right.cidrs);
        diff.val("zone", zone, &right.zone);
        diff.val("map_public_ip", maps_public_ip, &right.maps_public_ip);
        diff.val("route_table", route_table, &right.route_table);
        diff.val("network_acl", network_acl, &right.network_acl);
        diff.tags(tags, &right.tags);
    }
}

impl Item for PrefixList {
    const KIND: &'static str = "prefix list";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, aws_managed, entries } = left;
        diff.val("name", name, &right.name);
        diff.plain("aws_managed", aws_managed, &right.aws_managed);
        // What is on AWS's lists is up to AWS, whichever model shows it.
        if !aws_managed || !right.aws_managed {
            diff.set("entries", entries, &right.entries);
        }
    }

    fn alone(&self) -> Alone {
        if self.stands_for_itself() { Alone::Nothing } else { Alone::Differs }
    }

    /// AWS's lists do, and those of which a source knows nothing but the id.
    fn stands_for_itself(&self) -> bool {
        let SetVal { sure, maybe, open, unknown: _, assumed: _ } = &self.entries;
        self.aws_managed || (*open && sure.is_empty() && maybe.is_empty())
    }
}

impl Item for NetworkAcl {
    const KIND: &'static str = "network ACL";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        // Assumed entries count as those that there are.
        let Self { key: _, vpc, is_default, entries, open, assumed: _ } = left;
        diff.val("vpc", vpc, &right.vpc);
        diff.plain("is_default", is_default, &right.is_default);
        diff.entries("entry", (entries, &right.entries), (open.as_ref(), right.open.as_ref()));
    }
}

impl Entry for NetworkAclEntry {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.direction == right.direction && left.number == right.number
    }

    fn words(&self) -> String {
        format!("{:?} {}", self.direction, self.number).to_lowercase()
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, direction: _, number: _, allow, services, addresses } = left;
        diff.plain("allow", allow, &right.allow);
        diff.plain("services", services, &right.services);
        diff.plain("addresses", addresses, &right.addresses);
    }
}

impl Item for VpcEndpoint {
    const KIND: &'static str = "endpoint";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            vpc,
            kind,
            service_name,
            private_dns,
            subnets,
            security_groups,
            route_tables,
            policy,
            tags,
        } = left;
        diff.val("vpc", vpc, &right.vpc);
        diff.plain("kind", kind, &right.kind);
        diff.val("service_name", service_name, &right.service_name);
        if *kind != EndpointKind::Gateway || right.kind != EndpointKind::Gateway {
            diff.val("private_dns", private_dns, &right.private_dns);
        }
        diff.set("subnets", subnets, &right.subnets);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.set("route_tables", route_tables, &right.route_tables);
        let same = |a: &Option<String>, b: &Option<String>| {
            same_endpoint_policy(a.as_deref(), b.as_deref())
        };
        diff.val_by("policy", (policy, &right.policy), &same, &Value::words);
        diff.tags(tags, &right.tags);
    }
}
