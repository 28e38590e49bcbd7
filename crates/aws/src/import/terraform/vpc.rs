//! VPCs, their gateways and prefix lists.

use std::collections::{BTreeSet, HashMap};

use ipnet::IpNet;
use serde_json::Value;

use super::graph::{Graph, Resource};
use super::place::Place;
use super::rules::made_elsewhere;
use super::wanted::{
    ACL, EGRESS_ONLY, EIP, GROUP, INTERNET_GATEWAY, PREFIX_LIST, ROUTE_TABLE, SUBNET, VPC,
};
use crate::model::{
    InternetGateway, Key, Model, NatGateway, Note, PrefixList, SetVal, Tags, Val, Vpc,
};

/// Reads VPCs, gateways and prefix lists.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    let defaults = Defaults::new(graph);
    for resource in graph.of_either(&["aws_vpc", "aws_default_vpc"]) {
        let vpc = vpc(graph, resource, &defaults);
        model.vpcs.insert(vpc.key.clone(), vpc);
    }
    add_blocks(graph, model);
    flow_logs(graph, model);
    gateways(graph, model);
    nat_gateways(graph, model);
    prefix_lists(graph, model);
}

/// The tags of a resource; only what is known.
pub(super) fn tags(resource: &Resource) -> Tags {
    let Some(Value::Object(tags)) = resource.value.get("tags") else {
        return Tags::new();
    };
    let known =
        tags.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    known.collect()
}

fn vpc(graph: &Graph, resource: &Resource, defaults: &Defaults) -> Vpc {
    let place = Place::top(graph, resource);
    let is_default = resource.kind == "aws_default_vpc";
    let mut cidrs = place.attribute("cidr_block").networks();
    // Without `assign_generated_ipv6_cidr_block` (or an IPAM pool) AWS gives no IPv6 block.
    let v6 = place.attribute("ipv6_cidr_block");
    let generated = place.attribute("assign_generated_ipv6_cidr_block").flag(false);
    if !v6.is_left_out() || generated != Val::Known(false) {
        join(&mut cidrs, v6.networks());
    }
    for block in place.blocks("cidr_block_associations").list {
        join(&mut cidrs, block.attribute("cidr_block").networks());
    }
    Vpc {
        key: resource.key.clone(),
        cidrs,
        dns_support: place.attribute("enable_dns_support").flag(true),
        dns_hostnames: place.attribute("enable_dns_hostnames").flag(is_default),
        open: open(&place),
        main_route_table: defaults.table(graph, resource),
        default_security_group: defaults.group(graph, resource),
        default_network_acl: defaults.list(graph, resource),
        flow_logs: not_logged(&place),
        tags: tags(resource),
    }
}

/// Why there may be more in a VPC than the sources show; `None` if it is known to be all.
fn open(place: &Place<'_>) -> Option<Note> {
    let shown = place.attribute("interfaces");
    if shown.is_absent() {
        return Some("other states may put interfaces into this VPC".into());
    }
    match shown.flag(false) {
        Val::Known(true) => None,
        _ => Some(shown.pending()),
    }
}

/// What is known of a VPC's flow logs while no source shows one: of a VPC that is managed
/// elsewhere, so may they be.
fn not_logged(place: &Place<'_>) -> Val<bool> {
    let key = &place.resource.key;
    if place.resource.data {
        return Val::Unknown(made_elsewhere(key));
    }
    let shown = place.attribute("flow_logs");
    if !shown.is_absent() {
        return shown.flag(false).map(|_| false);
    }
    Val::Assumed(false, format!("{key} has no flow log, since no source shows one").into())
}

/// A flow log of a whole VPC. One of a subnet or an interface is not one of its VPC.
fn flow_logs(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_flow_log"]) {
        let place = Place::top(graph, resource);
        match place.attribute("vpc_id").key(&VPC) {
            Val::Known(Some(key)) => {
                if let Some(vpc) = model.vpcs.get_mut(&key) {
                    vpc.flow_logs = Val::Known(true);
                }
            }
            Val::Assumed(Some(key), note) => {
                if let Some(vpc) = model.vpcs.get_mut(&key) {
                    vpc.flow_logs = Val::Assumed(true, note);
                }
            }
            Val::Known(None) | Val::Assumed(None, _) => {}
            Val::OneOf(_, note) | Val::Unknown(note) => {
                for vpc in model.vpcs.values_mut().filter(|vpc| vpc.flow_logs.known().is_none()) {
                    vpc.flow_logs = Val::Unknown(note.clone());
                }
            }
        }
    }
}

/// Adds what another attribute knows of the same set.
pub(super) fn join<T: Ord>(into: &mut SetVal<T>, other: SetVal<T>) {
    into.sure.extend(other.sure);
    into.maybe.extend(other.maybe);
    into.open |= other.open;
    into.unknown = into.unknown.take().or(other.unknown);
    into.assumed = into.assumed.take().or(other.assumed);
}

/// The resources that adopt a VPC's default things, by the VPC or by the thing's own id.
struct Adopted {
    by_vpc: HashMap<Key, Key>,
    by_id: HashMap<String, Key>,
}

impl Adopted {
    fn new(graph: &Graph, kind: &'static str, by: &'static str) -> Self {
        let mut found = Self { by_vpc: HashMap::new(), by_id: HashMap::new() };
        for resource in graph.of(&[kind]) {
            let place = Place::top(graph, resource);
            // `aws_vpc.a.default_route_table_id` names the VPC, before it is an id.
            for name in ["vpc_id", by] {
                if let Some(Some(vpc)) = place.attribute(name).key(&VPC).get() {
                    found.by_vpc.entry(vpc.clone()).or_insert_with(|| resource.key.clone());
                }
            }
            for name in ["id", by] {
                if let Some(id) = resource.text(name) {
                    found.by_id.insert(id.to_owned(), resource.key.clone());
                }
            }
        }
        found
    }

    fn of(&self, vpc: &Resource, attribute: &str) -> Option<Key> {
        let by_id = vpc.text(attribute).and_then(|id| self.by_id.get(id));
        by_id.or_else(|| self.by_vpc.get(&vpc.key)).cloned()
    }
}

/// What stands in every VPC by default.
struct Defaults {
    tables: Adopted,
    groups: Adopted,
    lists: Adopted,
    /// Tables that `aws_main_route_table_association` made the main ones.
    moved: HashMap<Key, Key>,
    /// The tables that come with VPCs, where separate routes say what is in them.
    own: HashMap<Key, Key>,
}

impl Defaults {
    fn new(graph: &Graph) -> Self {
        let mut moved = HashMap::new();
        for resource in graph.of(&["aws_main_route_table_association"]) {
            let place = Place::top(graph, resource);
            let vpc = place.attribute("vpc_id").needed(&VPC);
            let table = place.attribute("route_table_id").needed(&ROUTE_TABLE);
            if let (Some(vpc), Some(table)) = (vpc.get(), table.get()) {
                moved.insert(vpc.clone(), table.clone());
            }
        }
        Self {
            own: super::routes::own_tables(graph),
            tables: Adopted::new(graph, "aws_default_route_table", "default_route_table_id"),
            groups: Adopted::new(graph, "aws_default_security_group", "vpc_id"),
            lists: Adopted::new(graph, "aws_default_network_acl", "default_network_acl_id"),
            moved,
        }
    }

    /// A table or list that no source shows is not named: nothing is known of it.
    fn table(&self, graph: &Graph, vpc: &Resource) -> Option<Key> {
        let id = || graph.find(&ROUTE_TABLE, vpc.text("main_route_table_id")?);
        let moved = self.moved.get(&vpc.key).cloned();
        let adopted = || self.tables.of(vpc, "main_route_table_id");
        moved.or_else(id).or_else(adopted).or_else(|| self.own.get(&vpc.key).cloned())
    }

    fn list(&self, graph: &Graph, vpc: &Resource) -> Option<Key> {
        let id = || graph.find(&ACL, vpc.text("default_network_acl_id")?);
        self.lists.of(vpc, "default_network_acl_id").or_else(id)
    }

    /// A group is named by its id all the same.
    fn group(&self, graph: &Graph, vpc: &Resource) -> Option<Key> {
        let id = || Some(graph.resolve(&GROUP, vpc.text("default_security_group_id")?));
        self.groups.of(vpc, "default_security_group_id").or_else(id)
    }
}

/// `aws_vpc_ipv4_cidr_block_association` and its IPv6 twin.
fn add_blocks(graph: &Graph, model: &mut Model) {
    let kinds = ["aws_vpc_ipv4_cidr_block_association", "aws_vpc_ipv6_cidr_block_association"];
    let mut anywhere = BTreeSet::new();
    let mut why = None;
    for resource in graph.of(&kinds) {
        let place = Place::top(graph, resource);
        let name = if resource.kind.contains("ipv4") { "cidr_block" } else { "ipv6_cidr_block" };
        let blocks = place.attribute(name).networks();
        let of = place.attribute("vpc_id").needed(&VPC);
        match of {
            Val::Known(key) => {
                if let Some(vpc) = model.vpcs.get_mut(&key) {
                    join(&mut vpc.cidrs, blocks);
                }
            }
            Val::Assumed(key, note) => {
                if let Some(vpc) = model.vpcs.get_mut(&key) {
                    let assumed = Some(note);
                    join(&mut vpc.cidrs, SetVal { assumed, ..blocks });
                }
            }
            Val::OneOf(keys, note) => {
                for key in keys {
                    let Some(vpc) = model.vpcs.get_mut(&key) else {
                        continue;
                    };
                    vpc.cidrs.maybe.extend(blocks.sure.iter().copied());
                    vpc.cidrs.unknown.get_or_insert_with(|| note.clone());
                }
            }
            Val::Unknown(note) => {
                anywhere.extend(blocks.sure);
                why = Some(note);
            }
        }
    }
    if let Some(note) = why {
        for vpc in model.vpcs.values_mut() {
            vpc.cidrs.maybe.extend(anywhere.iter().copied());
            vpc.cidrs.unknown.get_or_insert_with(|| note.clone());
        }
    }
}

fn gateways(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_internet_gateway", "aws_egress_only_internet_gateway"]) {
        let place = Place::top(graph, resource);
        // A data source lists attachments.
        let attached = place.blocks("attachments").list.into_iter().next();
        let vpc = match attached {
            Some(block) if resource.data => block.attribute("vpc_id").key(&VPC),
            _ => place.attribute("vpc_id").key(&VPC),
        };
        let egress_only = EGRESS_ONLY.types.contains(&resource.kind.as_str());
        let gateway = InternetGateway { key: resource.key.clone(), vpc, egress_only };
        model.internet_gateways.insert(gateway.key.clone(), gateway);
    }
    for resource in graph.of(&["aws_internet_gateway_attachment"]) {
        let place = Place::top(graph, resource);
        let gateway = place.attribute("internet_gateway_id").needed(&INTERNET_GATEWAY);
        let vpc = place.attribute("vpc_id").key(&VPC);
        if let Some(gateway) = gateway.get().and_then(|key| model.internet_gateways.get_mut(key)) {
            gateway.vpc = vpc;
        }
    }
}

fn nat_gateways(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_nat_gateway"]) {
        let place = Place::top(graph, resource);
        let address = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let allocation = place.attribute("allocation_id").key(&EIP);
        let elastic = match allocation.get() {
            Some(Some(key)) => graph.get(key).and_then(|eip| eip.text("public_ip")),
            _ => None,
        };
        let gateway = NatGateway {
            key: resource.key.clone(),
            subnet: place.attribute("subnet_id").needed(&SUBNET),
            public: place
                .attribute("connectivity_type")
                .text_or("public")
                .map(|kind| kind == "public"),
            public_address: address(resource.text("public_ip")).or_else(|| address(elastic)),
            private_address: address(resource.text("private_ip")),
        };
        model.nat_gateways.insert(gateway.key.clone(), gateway);
    }
}

fn prefix_lists(graph: &Graph, model: &mut Model) {
    for resource in graph.of_either(&["aws_ec2_managed_prefix_list", "aws_prefix_list"]) {
        let place = Place::top(graph, resource);
        let name = place.attribute("name").text();
        let of_aws = resource.text("name").is_some_and(|name| name.starts_with("com.amazonaws."));
        let list = PrefixList {
            key: resource.key.clone(),
            name,
            aws_managed: resource.kind == "aws_prefix_list"
                || resource.text("owner_id") == Some("AWS")
                || of_aws,
            entries: entries(&place),
        };
        model.prefix_lists.insert(list.key.clone(), list);
    }
    for resource in graph.of(&["aws_ec2_managed_prefix_list_entry"]) {
        let place = Place::top(graph, resource);
        let blocks = place.attribute("cidr").networks();
        let list = place.attribute("prefix_list_id").needed(&PREFIX_LIST);
        if let Some(list) = list.get().and_then(|key| model.prefix_lists.get_mut(key)) {
            join(&mut list.entries, blocks);
        }
    }
    // `prefix_list_id` of a gateway endpoint: AWS's list of that service.
    for resource in graph.of_either(&["aws_vpc_endpoint"]) {
        let Some(service) = resource.text("service_name") else {
            continue;
        };
        let gateway = Place::top(graph, resource).attribute("vpc_endpoint_type").text_or("Gateway");
        if gateway == Val::Known("Gateway".to_owned()) {
            let list = service_list(service);
            model.prefix_lists.entry(list.key.clone()).or_insert(list);
        }
    }
}

fn entries(place: &Place<'_>) -> SetVal<IpNet> {
    let mut found = place.attribute("cidr_blocks").networks();
    for name in ["entry", "entries"] {
        let blocks = place.blocks(name);
        for block in &blocks.list {
            join(&mut found, block.attribute("cidr").networks());
        }
        if let Some(note) = blocks.open {
            found.open = true;
            found.unknown = Some(note);
        }
    }
    found
}

/// AWS's own prefix list of a service, whose entries no source shows.
fn service_list(service: &str) -> PrefixList {
    PrefixList {
        key: Key::new(service),
        name: Val::Known(Some(service.to_owned())),
        aws_managed: true,
        entries: SetVal::unknown(format!("the addresses of AWS's prefix list {service}").into()),
    }
}
