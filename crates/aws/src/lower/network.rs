//! VPC, subnets, routes, gateways, endpoints.

use std::net::Ipv4Addr;

use farmgate_farm::farm::{ExistingNetwork, FlowTraffic};
use ipnet::{IpNet, Ipv4Net};

use super::Lowering;
use crate::design::{SubnetDesign, keys};
use crate::model::{
    EndpointKind, InternetGateway, Key, Model, NatGateway, Note, Origin, PrefixList, Route,
    RouteDestination, RouteTable, RouteTarget, SetVal, Subnet, Tags, Val, Vpc, VpcEndpoint,
};

/// A value that the farm file says of something that isn't the farm's, or else is known.
fn described<T>(value: T, note: Option<&Note>) -> Val<T> {
    match note {
        Some(note) => Val::Assumed(value, note.clone()),
        None => Val::Known(value),
    }
}

/// The tag that names something.
pub(super) fn tag(name: impl Into<String>) -> Tags {
    Tags::from([("Name".to_owned(), name.into())])
}

impl Lowering<'_> {
    pub(super) fn network(&self, model: &mut Model) {
        let design = self.design;
        let farm = &design.farm.farm;
        match &design.farm.network.existing {
            Some(existing) => self.existing_vpc(existing, model),
            None => self.vpc(model),
        }
        let note = self.existing_network();
        let public = design.public.iter().map(|subnet| {
            let key = keys::public_subnet(subnet.letter);
            (subnet, key, keys::public_routes(), format!("{farm}-public-{}", subnet.letter))
        });
        let private = design.private.iter().map(|subnet| {
            let key = keys::private_subnet(subnet.letter);
            let table = self.design.private_routes(subnet);
            (subnet, key, table, format!("{farm}-private-{}", subnet.letter))
        });
        for (design, key, table, name) in public.chain(private) {
            let subnet = subnet(design, key, table, name, note.as_ref());
            model.subnets.insert(subnet.key.clone(), subnet);
        }
    }

    fn vpc(&self, model: &mut Model) {
        let design = self.design;
        let key = keys::vpc();
        let vpc = Vpc {
            key: key.clone(),
            cidrs: SetVal::known([design.farm.network.cidr.0]),
            dns_support: Val::Known(true),
            dns_hostnames: Val::Known(true),
            // All that is in it is in the farm file.
            open: None,
            main_route_table: None,
            default_security_group: Some(keys::default_group()),
            default_network_acl: None,
            flow_logs: Val::Known(design.farm.network.flow_logs.traffic != FlowTraffic::None),
            tags: tag(design.farm.farm.as_str()),
        };
        model.vpcs.insert(key.clone(), vpc);
        if !design.public.is_empty() {
            let gateway = keys::internet_gateway();
            let vpc = Val::Known(Some(key));
            let made = InternetGateway { key: gateway.clone(), vpc, egress_only: false };
            model.internet_gateways.insert(gateway.clone(), made);
            let target = RouteTarget::InternetGateway(gateway);
            self.table(keys::public_routes(), Some(target), None, model);
        }
        for letter in &design.nat {
            let nat = NatGateway {
                key: keys::nat(*letter),
                subnet: Val::Known(keys::public_subnet(*letter)),
                public: Val::Known(true),
                public_address: None,
                private_address: None,
            };
            model.nat_gateways.insert(nat.key.clone(), nat);
        }
        for subnet in &design.private {
            let own = design.nat.iter().find(|letter| **letter == subnet.letter);
            let nat = own.or_else(|| design.nat.first());
            let target = nat.map(|letter| RouteTarget::NatGateway(keys::nat(*letter)));
            self.table(design.private_routes(subnet), target, None, model);
        }
    }

    /// A VPC that exists, as far as the farm file describes it.
    fn existing_vpc(&self, existing: &ExistingNetwork, model: &mut Model) {
        let design = self.design;
        let key = keys::vpc();
        let assumed = self.existing_network();
        let own = design.public.iter().chain(&design.private);
        let vpc = Vpc {
            key: key.clone(),
            cidrs: SetVal {
                sure: own.map(|subnet| IpNet::V4(subnet.cidr)).collect(),
                assumed: assumed.clone(),
                ..SetVal::default()
            },
            dns_support: described(true, assumed.as_ref()),
            dns_hostnames: described(true, assumed.as_ref()),
            open: Some(format!("others may put interfaces into {}", existing.vpc).into()),
            main_route_table: None,
            default_security_group: None,
            default_network_acl: None,
            flow_logs: Val::Unknown(format!("the flow logs of {}", existing.vpc).into()),
            tags: Tags::new(),
        };
        model.vpcs.insert(key.clone(), vpc);
        let gateway = keys::internet_gateway();
        if !design.public.is_empty() || existing.nat {
            let vpc = described(Some(key), assumed.as_ref());
            let made = InternetGateway { key: gateway.clone(), vpc, egress_only: false };
            model.internet_gateways.insert(gateway.clone(), made);
            let target = RouteTarget::InternetGateway(gateway);
            self.table(keys::public_routes(), Some(target), assumed.as_ref(), model);
        }
        if existing.nat {
            self.existing_nat(assumed.as_ref(), model);
        }
        for subnet in &design.private {
            let target = existing.nat.then(|| RouteTarget::NatGateway(existing_nat()));
            self.table(design.private_routes(subnet), target, assumed.as_ref(), model);
        }
    }

    /// The NAT gateway of a VPC that exists: where it stands the file does not say, but that it
    /// leads to the internet.
    fn existing_nat(&self, assumed: Option<&Note>, model: &mut Model) {
        let subnet = Subnet {
            key: Key::new("network.nat-subnet"),
            vpc: described(keys::vpc(), assumed),
            cidrs: SetVal::default(),
            zone: Val::Unknown("the zone of the NAT gateway".into()),
            maps_public_ip: described(false, assumed),
            route_table: described(Some(keys::public_routes()), assumed),
            network_acl: described(None, assumed),
            tags: Tags::new(),
        };
        let nat = NatGateway {
            key: existing_nat(),
            subnet: described(subnet.key.clone(), assumed),
            public: described(true, assumed),
            public_address: None,
            private_address: None,
        };
        model.subnets.insert(subnet.key.clone(), subnet);
        model.nat_gateways.insert(nat.key.clone(), nat);
    }

    /// A route table whose default route leads there.
    fn table(
        &self,
        key: Key,
        target: Option<RouteTarget>,
        assumed: Option<&Note>,
        model: &mut Model,
    ) {
        let everything = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
        let at = self.design.farm.network.at.own().start;
        let routes = target.map(|target| Route {
            origin: Origin::at(&key, self.line(at)),
            destination: described(RouteDestination::Cidr(everything), assumed),
            target: described(target, assumed),
            propagated: false,
        });
        let table = RouteTable {
            key: key.clone(),
            vpc: described(keys::vpc(), assumed),
            routes: routes.into_iter().collect(),
            open: None,
            assumed: assumed.cloned(),
        };
        model.route_tables.insert(key, table);
    }

    pub(super) fn endpoints(&self, model: &mut Model) {
        let design = self.design;
        for endpoint in design.endpoints.values() {
            let service = design.service_name(&endpoint.service);
            let groups = endpoint.group.iter().map(keys::group);
            let tables = design.private.iter().map(|it| design.private_routes(it));
            let interface = !endpoint.gateway;
            let made = VpcEndpoint {
                key: keys::endpoint(&endpoint.service),
                vpc: Val::Known(keys::vpc()),
                kind: if interface { EndpointKind::Interface } else { EndpointKind::Gateway },
                service_name: Val::Known(service.clone()),
                private_dns: Val::Known(interface),
                subnets: if interface { self.private_subnets() } else { SetVal::default() },
                security_groups: SetVal::known(groups),
                route_tables: SetVal::known(tables.filter(|_| !interface)),
                policy: Val::Known(Some(endpoint.policy.to_string())),
                tags: tag(format!("{}-{}", design.farm.farm, endpoint.service)),
            };
            if !interface {
                let list = aws_list(&service);
                model.prefix_lists.insert(list.key.clone(), list);
            }
            model.endpoints.insert(made.key.clone(), made);
        }
    }
}

/// The key of the NAT gateway in a VPC that exists.
fn existing_nat() -> Key {
    Key::new("network.nat")
}

/// AWS's own prefix list of a service.
fn aws_list(service: &str) -> PrefixList {
    PrefixList {
        key: Key::new(service),
        name: Val::Known(Some(service.to_owned())),
        aws_managed: true,
        entries: SetVal::unknown(format!("the addresses of AWS's prefix list {service}").into()),
    }
}

fn subnet(
    design: &SubnetDesign,
    key: Key,
    table: Key,
    name: String,
    note: Option<&Note>,
) -> Subnet {
    Subnet {
        key,
        vpc: described(keys::vpc(), note),
        cidrs: SetVal {
            sure: [IpNet::V4(design.cidr)].into(),
            assumed: note.cloned(),
            ..SetVal::default()
        },
        zone: described(Some(design.zone.clone()), note),
        maps_public_ip: described(false, note),
        route_table: described(Some(table), note),
        network_acl: described(None, note),
        tags: if note.is_some() { Tags::new() } else { tag(name) },
    }
}
