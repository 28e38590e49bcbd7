//! What a network interface belongs to: told by its type and by the description that AWS's services
//! give to the interfaces that they make.
//!
//! An interface is a known thing's only if that thing, as it is read, has interfaces just like it:
//! in that subnet, with those groups, public or not. Else it stands for itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::folder::Region;
use super::interfaces::{Interface, Interfaces};
use super::made::Making;
use super::tasks;
use super::value::{list, text, words};

/// What is to be done with an interface.
pub(super) enum Owned {
    /// It is one of something that is read.
    Known,
    /// It stands for itself.
    Alone,
    /// It belongs to something that can't be said by an interface; why its VPC isn't closed.
    Unsaid(String),
}

/// Interfaces of one thing: where they are and what they carry.
struct Class {
    subnets: BTreeSet<String>,
    groups: BTreeSet<String>,
    public: bool,
}

impl Class {
    fn holds(&self, interface: &Interface) -> bool {
        self.subnets.contains(&interface.subnet)
            && self.groups == interface.groups
            && (self.public || interface.public.is_none())
    }
}

/// Everything that may own interfaces.
pub(super) struct Owners {
    /// By the end of their ARN: `app/NAME/ID`.
    balancers: BTreeMap<String, BTreeSet<String>>,
    /// Interfaces that endpoints and NAT gateways list as theirs.
    listed: BTreeSet<String>,
    instances: BTreeSet<String>,
    services: BTreeMap<String, Class>,
    links: Vec<Class>,
    databases: Vec<Class>,
    functions: Vec<(String, Class)>,
    /// The service of each task's interface, as far as tasks are shown.
    tasks: BTreeMap<String, Option<String>>,
    expected: Vec<(String, String, bool)>,
}

fn set(map: &Map<String, Value>, name: &str) -> BTreeSet<String> {
    map.get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn block<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m Map<String, Value>> {
    map.get(name)?.as_array()?.first()?.as_object()
}

impl Owners {
    pub(super) fn new(region: &Region<'_>, making: &Making, interfaces: &Interfaces) -> Self {
        let mut found = Self {
            balancers: BTreeMap::new(),
            listed: BTreeSet::new(),
            instances: making.of("aws_instance").map(|(id, _)| id.to_owned()).collect(),
            services: BTreeMap::new(),
            links: Vec::new(),
            databases: Vec::new(),
            functions: Vec::new(),
            tasks: tasks::owners(region),
            expected: Vec::new(),
        };
        found.add_balancers(making, interfaces);
        found.add_classes(making, interfaces);
        found.add_listed(region, interfaces);
        found
    }

    fn add_balancers(&mut self, making: &Making, interfaces: &Interfaces) {
        for (arn, said) in making.of("aws_lb") {
            let Some((_, end)) = arn.split_once(":loadbalancer/") else { continue };
            let present = interfaces.all.values().any(|one| balancer_of(one) == Some(end));
            let vpc = said.get("vpc_id").and_then(Value::as_str).unwrap_or_default();
            self.expected.push((vpc.to_owned(), arn.to_owned(), present));
            self.balancers.insert(end.to_owned(), set(said, "subnets"));
        }
    }

    fn add_classes(&mut self, making: &Making, interfaces: &Interfaces) {
        for (arn, said) in making.of("aws_ecs_service") {
            if let Some(network) = block(said, "network_configuration") {
                let public =
                    network.get("assign_public_ip").and_then(Value::as_bool).unwrap_or_default();
                let (subnets, groups) = (set(network, "subnets"), set(network, "security_groups"));
                self.services.insert(arn.to_owned(), Class { subnets, groups, public });
            }
        }
        for (_, said) in making.of("aws_apigatewayv2_vpc_link") {
            let (subnets, groups) = (set(said, "subnet_ids"), set(said, "security_group_ids"));
            self.links.push(Class { subnets, groups, public: false });
        }
        for (name, said) in making.of("aws_lambda_function") {
            if let Some(network) = block(said, "vpc_config") {
                let (subnets, groups) =
                    (set(network, "subnet_ids"), set(network, "security_group_ids"));
                let name = name.rsplit(':').next().unwrap_or(name);
                self.functions.push((name.to_owned(), Class { subnets, groups, public: false }));
            }
        }
        let mut found = Vec::new();
        for kind in ["aws_db_instance", "aws_rds_cluster"] {
            for (name, said) in making.of(kind) {
                let group =
                    said.get("db_subnet_group_name").and_then(Value::as_str).unwrap_or_default();
                let mut subnet_groups = making.of("aws_db_subnet_group");
                let subnets = subnet_groups
                    .find(|(_, of)| of.get("name").and_then(Value::as_str) == Some(group));
                let Some((_, of)) = subnets else { continue };
                let vpc = of.get("vpc_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                // A cluster is as public as any of its instances, which isn't said here.
                let public = said.get("publicly_accessible").and_then(Value::as_bool);
                let class = Class {
                    subnets: set(of, "subnet_ids"),
                    groups: set(said, "vpc_security_group_ids"),
                    public: public.unwrap_or(kind == "aws_rds_cluster"),
                };
                let present = interfaces.all.values().any(|one| is_rds(one) && class.holds(one));
                found.push((vpc, name.to_owned(), present));
                self.databases.push(class);
            }
        }
        self.expected.extend(found);
    }

    fn add_listed(&mut self, region: &Region<'_>, interfaces: &Interfaces) {
        let mut expect = |vpc: Option<&str>, what: &str, id: &str| {
            let present = interfaces.all.contains_key(id);
            self.expected.push((vpc.unwrap_or_default().to_owned(), what.to_owned(), present));
        };
        for item in region.items("ec2 describe-vpc-endpoints") {
            let what = text(&item.value, "VpcEndpointId").unwrap_or_default();
            for id in words(&item.value, "NetworkInterfaceIds") {
                expect(text(&item.value, "VpcId"), what, &id);
                self.listed.insert(id);
            }
        }
        for item in region.items("ec2 describe-nat-gateways") {
            if text(&item.value, "State") != Some("available") {
                continue;
            }
            let what = text(&item.value, "NatGatewayId").unwrap_or_default();
            for address in list(&item.value, "NatGatewayAddresses") {
                if let Some(id) = text(address, "NetworkInterfaceId") {
                    expect(text(&item.value, "VpcId"), what, id);
                    self.listed.insert(id.to_owned());
                }
            }
        }
        for reservation in region.items("ec2 describe-instances") {
            for instance in list(&reservation.value, "Instances") {
                let what = text(instance, "InstanceId").unwrap_or_default();
                for one in list(instance, "NetworkInterfaces") {
                    if let Some(id) = text(one, "NetworkInterfaceId") {
                        expect(text(instance, "VpcId"), what, id);
                    }
                }
            }
        }
    }

    /// What must have an interface in a VPC, and whether it has.
    pub(super) fn expected(&self, making: &Making, vpc: &str) -> Vec<(String, bool)> {
        let own = self.expected.iter().filter(|(of, ..)| of == vpc);
        let mut all: Vec<(String, bool)> =
            own.map(|(_, what, present)| (what.clone(), *present)).collect();
        // Whatever has a public address is attached to something.
        for (id, said) in making.of("aws_eip") {
            let attached = said.get("network_interface").and_then(Value::as_str);
            if attached.is_some_and(|eni| self.listed.contains(eni) && !self.is_shown(eni)) {
                all.push((id.to_owned(), false));
            }
        }
        all
    }

    fn is_shown(&self, interface: &str) -> bool {
        self.expected.iter().any(|(_, what, present)| *present && what == interface)
            || self.listed.contains(interface)
    }

    /// What an interface belongs to.
    pub(super) fn of(&self, interface: &Interface) -> Owned {
        let kind = interface.kind.as_str();
        // These pass packets on and open none themselves; routes say what goes through them.
        if matches!(kind, "nat_gateway" | "natGateway" | "transit_gateway") {
            return Owned::Known;
        }
        if self.listed.contains(&interface.id) {
            return Owned::Known;
        }
        if let Some((instance, place)) = &interface.instance
            && *place == 0
            && self.instances.contains(instance)
        {
            return Owned::Known;
        }
        let known = if let Some(end) = balancer_of(interface) {
            self.balancers.get(end).is_some_and(|subnets| subnets.contains(&interface.subnet))
        } else if interface.is_of_task() {
            match self.tasks.get(&interface.id) {
                Some(Some(service)) => {
                    self.services.get(service).is_some_and(|class| class.holds(interface))
                }
                Some(None) => false,
                None => self.services.values().any(|class| class.holds(interface)),
            }
        } else if is_rds(interface) {
            self.databases.iter().any(|class| class.holds(interface))
        } else if let Some(name) = interface.description.strip_prefix("AWS Lambda VPC ENI-") {
            self.functions
                .iter()
                .any(|(function, class)| name.starts_with(function) && class.holds(interface))
        } else if kind == "api_gateway_managed" || interface.requester.contains("apigateway") {
            self.links.iter().any(|class| class.holds(interface))
        } else {
            false
        };
        match known {
            true => Owned::Known,
            false if !interface.groups.is_empty() => Owned::Alone,
            false => Owned::Unsaid(format!(
                "isn't all known: nothing that is shown has the interface {}, which no security group \
                 filters",
                interface.id
            )),
        }
    }
}

/// `ELB app/NAME/ID`: the load balancer whose interface it is.
fn balancer_of(interface: &Interface) -> Option<&str> {
    interface.description.strip_prefix("ELB ").filter(|end| end.matches('/').count() == 2)
}

fn is_rds(interface: &Interface) -> bool {
    interface.requester == "amazon-rds" || interface.description == "RDSNetworkInterface"
}
