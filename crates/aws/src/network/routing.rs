//! Sites, subnets, NAT gateways and route tables.

use std::net::IpAddr;

use farmgate_net::addr::AddrSet;
use farmgate_net::route::{Destination, Route as NetRoute, RouteTable as NetTable, Via};
use farmgate_net::topology::{Nat, NatId, Public, Site, SiteId, Subnet, SubnetId, TableId};
use farmgate_net::uncertain::{Note, Uncertain};
use ipnet::IpNet;

use super::{Lowered, joined, len};
use crate::model::{
    EndpointKind, Key, Model, Route, RouteDestination, RouteTable, RouteTarget, Val, VpcEndpoint,
};

impl Lowered {
    pub(super) fn add_sites(&mut self, model: &Model) {
        for (key, vpc) in &model.vpcs {
            let addresses = vpc.cidrs.mentioned().copied().collect();
            self.site(key, addresses, vpc.open.clone());
        }
    }

    fn site(&mut self, key: &Key, addresses: AddrSet, open: Option<Note>) -> SiteId {
        if let Some(id) = self.sites.get(key) {
            return *id;
        }
        let id = SiteId(len(&self.net.sites));
        self.net.sites.push(Site { name: key.to_string(), addresses, open, unplaced: None });
        self.sites.insert(key.clone(), id);
        id
    }

    /// The site of a VPC that only a reference names, growing with what is found in it.
    pub(super) fn site_of(&mut self, vpc: &Val<Key>, addresses: &AddrSet) -> SiteId {
        let key = match vpc {
            Val::Known(key) | Val::Assumed(key, _) => key.clone(),
            Val::OneOf(_, note) | Val::Unknown(note) => Key::new(note),
        };
        let known = self.sites.contains_key(&key);
        let note = || Some(Note::from(format!("{key} is not in the sources")));
        let id = self.site(&key, addresses.clone(), note());
        if let (Some(missing), Some(site)) = (vpc.missing(), self.net.sites.get_mut(id.index())) {
            site.unplaced = Some(missing.clone());
        }
        if !known {
            return id;
        }
        if let Some(site) = self.net.sites.get_mut(id.index())
            && !addresses.is_subset(&site.addresses)
        {
            site.addresses = site.addresses.union(addresses);
        }
        id
    }

    pub(super) fn add_subnets(&mut self, model: &Model) {
        let implied = self.implied_tables(model);
        for (key, subnet) in &model.subnets {
            let mut addresses: AddrSet = subnet.cidrs.mentioned().copied().collect();
            if addresses.is_empty() {
                let vpc = subnet.vpc.get().and_then(|vpc| model.vpcs.get(vpc));
                addresses =
                    vpc.map_or_else(AddrSet::all, |v| v.cidrs.mentioned().copied().collect());
            }
            let site = self.site_of(&subnet.vpc, &addresses);
            let vpc = subnet.vpc.get();
            let main = vpc.and_then(|vpc| implied.get(vpc)).copied();
            let table = match &subnet.route_table {
                Val::Known(None) | Val::Assumed(None, _) => match main {
                    Some(id) => Uncertain::Known(id),
                    None => Uncertain::Unknown(format!("the main route table of {key}").into()),
                },
                value => value.as_ref().map(|table| self.table_id(model, table.as_ref(), key)),
            };
            let acl = subnet
                .network_acl
                .as_ref()
                .map(|acl| acl.as_ref().and_then(|acl| self.acls.get(acl)).copied());
            let acl = match (&subnet.network_acl, acl) {
                // Named, but in no source: it may hold anything.
                (Val::Known(Some(name)), Uncertain::Known(None)) => {
                    Uncertain::Unknown(format!("the entries of {name}").into())
                }
                (_, acl) => acl,
            };
            let id = SubnetId(len(&self.net.subnets));
            self.net.subnets.push(Subnet { name: key.to_string(), site, addresses, acl, table });
            self.subnets.insert(key.clone(), id);
            self.vpc_notes.extend(subnet.vpc.assumed().map(|note| (id, note.clone())));
        }
    }

    /// For every VPC in the sources whose main route table they don't show: a table with the local
    /// routes alone, which is what AWS makes.
    fn implied_tables(&mut self, model: &Model) -> std::collections::BTreeMap<Key, TableId> {
        let mut implied = std::collections::BTreeMap::new();
        for (table, id) in model.route_tables.keys().zip(0..) {
            self.tables.insert(table.clone(), TableId(id));
            self.net.tables.push(NetTable { name: table.to_string(), ..NetTable::default() });
        }
        for (key, vpc) in &model.vpcs {
            if let Some(main) = &vpc.main_route_table
                && let Some(id) = self.tables.get(main)
            {
                implied.insert(key.clone(), *id);
                continue;
            }
            let id = TableId(len(&self.net.tables));
            let cidrs = vpc.cidrs.mentioned().copied();
            self.net.tables.push(NetTable {
                name: format!("the main route table of {key}"),
                routes: local_routes(key, cidrs),
                open: None,
                assumed: Some(
                    format!("the main route table of {key} has local routes only, since no source shows another").into(),
                ),
            });
            implied.insert(key.clone(), id);
        }
        implied
    }

    fn table_id(&mut self, model: &Model, table: Option<&Key>, subnet: &Key) -> TableId {
        let name = match table {
            Some(table) => table.to_string(),
            None => format!("the main route table of {subnet}"),
        };
        if let Some(id) = table.and_then(|table| self.tables.get(table)) {
            return *id;
        }
        let id = TableId(len(&self.net.tables));
        let note: Note = format!("the routes of {name}, which no source shows").into();
        let vpc = model.subnets.get(subnet).and_then(|s| s.vpc.get());
        let cidrs = vpc.and_then(|v| model.vpcs.get(v)).map(|v| v.cidrs.mentioned().copied());
        let routes = cidrs.map(|c| local_routes(&Key::new(&name), c)).unwrap_or_default();
        self.net.tables.push(NetTable {
            name: name.clone(),
            routes,
            open: Some(note),
            assumed: None,
        });
        self.tables.insert(Key::new(&name), id);
        id
    }

    pub(super) fn add_nats(&mut self, model: &Model) {
        for (key, nat) in &model.nat_gateways {
            let subnet = nat.subnet.get().and_then(|s| self.subnets.get(s)).copied();
            let subnet = match subnet {
                Some(id) => id,
                None => self.unplaced(key, nat.subnet.missing()),
            };
            let addresses = match nat.private_address {
                Some(address) => AddrSet::single(address),
                None => self.addresses_in(subnet).only_v4(),
            };
            let public =
                nat.public.as_ref().map(|public| public_address(*public, nat.public_address));
            let id = NatId(len(&self.net.nats));
            self.net.nats.push(Nat { name: key.to_string(), subnet, addresses, public });
            self.nats.insert(key.clone(), id);
        }
    }

    pub(super) fn addresses_in(&self, subnet: SubnetId) -> AddrSet {
        self.net.subnets.get(subnet.index()).map(|s| s.addresses.clone()).unwrap_or_default()
    }

    /// A subnet of which nothing is known, for something that no source places.
    pub(super) fn unplaced(&mut self, owner: &Key, note: Option<&Note>) -> SubnetId {
        let note: Note = match note {
            Some(note) => note.clone(),
            None => format!("the subnets of {owner}").into(),
        };
        let name = format!("the unknown subnet of {owner}");
        let site = if self.sites.len() == 1 {
            // With one VPC only there is nowhere else that the sources could mean.
            self.sites.values().next().copied().unwrap_or(SiteId(0))
        } else {
            let id = self.site(&Key::new(&name), AddrSet::all(), Some(note.clone()));
            if let Some(site) = self.net.sites.get_mut(id.index()) {
                site.unplaced = Some(note.clone());
            }
            id
        };
        let addresses = self.net.sites.get(site.index()).map(|s| s.addresses.clone());
        let id = SubnetId(len(&self.net.subnets));
        self.net.subnets.push(Subnet {
            name,
            site,
            addresses: addresses.unwrap_or_else(AddrSet::all),
            acl: Uncertain::Unknown(note.clone()),
            table: Uncertain::Unknown(note),
        });
        id
    }

    pub(super) fn add_tables(&mut self, model: &Model) {
        for (key, table) in &model.route_tables {
            let made = self.lower_table(model, key, table);
            let slot = self.tables.get(key).and_then(|id| self.net.tables.get_mut(id.index()));
            if let Some(slot) = slot {
                *slot = made;
            }
        }
        for (key, endpoint) in &model.endpoints {
            if endpoint.kind == EndpointKind::Gateway {
                self.add_gateway_endpoint(model, key, endpoint);
            }
        }
        let Some(note) = self.own_public_note() else { return };
        let lists = &self.aws_lists;
        let by_list = |route: &NetRoute| matches!(route.destination, Destination::List(id) if lists.contains(&id));
        for table in self.net.tables.iter_mut().filter(|table| table.routes.iter().any(by_list)) {
            table.assumed = joined(table.assumed.iter().chain([&note]));
        }
    }

    fn lower_table(&mut self, model: &Model, key: &Key, table: &RouteTable) -> NetTable {
        let vpc = table.vpc.get();
        let mut routes = match vpc.and_then(|vpc| model.vpcs.get(vpc)) {
            Some(vpc) => local_routes(key, vpc.cidrs.mentioned().copied()),
            // Of a VPC that no source shows, at least its subnets are known to be in it.
            None => {
                let site = vpc.and_then(|vpc| self.sites.get(vpc));
                let site = site.and_then(|id| self.net.sites.get(id.index()));
                let prefixes = site.map(|s| s.addresses.prefixes()).unwrap_or_default();
                local_routes(key, prefixes.into_iter())
            }
        };
        let mut open = table.open.clone();
        for route in &table.routes {
            match self.lower_route(route) {
                Ok(route) => routes.push(route),
                Err(note) => open = joined(open.iter().chain([&note])),
            }
        }
        NetTable { name: key.to_string(), routes, open, assumed: table.assumed.clone() }
    }

    fn lower_route(&mut self, route: &Route) -> Result<NetRoute, Note> {
        let destination = match &route.destination {
            Val::Known(value) | Val::Assumed(value, _) => match value {
                RouteDestination::Cidr(cidr) => Destination::Prefix(*cidr),
                RouteDestination::PrefixList(list) => {
                    let id = self.lists.get(list).copied();
                    Destination::List(id.unwrap_or_else(|| self.list_of_service(list.as_str())))
                }
            },
            Val::OneOf(_, note) | Val::Unknown(note) => return Err(note.clone()),
        };
        let via = match &route.target {
            Val::Known(target) | Val::Assumed(target, _) => self.via(target),
            Val::OneOf(_, note) | Val::Unknown(note) => Via::Opaque(note.clone()),
        };
        let assumed = joined(route.destination.assumed().into_iter().chain(route.target.assumed()));
        Ok(NetRoute {
            name: route.origin.to_string(),
            destination,
            via,
            propagated: route.propagated,
            assumed,
        })
    }

    fn via(&self, target: &RouteTarget) -> Via {
        match target {
            RouteTarget::Local => Via::Local,
            RouteTarget::InternetGateway(_) => Via::InternetGateway,
            RouteTarget::EgressOnlyGateway(_) => Via::EgressOnlyGateway,
            RouteTarget::NatGateway(key) => match self.nats.get(key) {
                Some(id) => Via::Nat(*id),
                None => Via::Opaque(format!("{key}, which no source shows").into()),
            },
            RouteTarget::GatewayEndpoint(key) => Via::ServiceGateway(key.to_string()),
            RouteTarget::Interface(key) => {
                Via::Opaque(format!("what {key} does with packets").into())
            }
            RouteTarget::Opaque(what) => Via::Opaque(what.as_str().into()),
            RouteTarget::Blackhole => Via::Blackhole,
        }
    }

    /// A gateway endpoint adds a route to its service's prefix list in each of its tables.
    fn add_gateway_endpoint(&mut self, model: &Model, key: &Key, endpoint: &VpcEndpoint) {
        let Some(service) = endpoint.service_name.get() else {
            return;
        };
        let list = self.list_of_service(service);
        let route = NetRoute {
            name: key.to_string(),
            destination: Destination::List(list),
            via: Via::ServiceGateway(key.to_string()),
            propagated: false,
            assumed: endpoint.route_tables.assumed.clone(),
        };
        for table in &endpoint.route_tables.sure {
            let slot = self.tables.get(table).and_then(|id| self.net.tables.get_mut(id.index()));
            if let Some(table) = slot
                && !table.routes.iter().any(|r| r.via == route.via)
            {
                table.routes.push(route.clone());
            }
        }
        if endpoint.route_tables.is_settled() {
            return;
        }
        let note = endpoint.route_tables.unknown.clone();
        let note = note.unwrap_or_else(|| format!("the route tables of {key}").into());
        // It may be in any table of its VPC: there the service's addresses may take it.
        let maybe = NetRoute { via: Via::Opaque(note), ..route };
        for (table_key, table) in &model.route_tables {
            let same_vpc = table.vpc.get().is_some() && table.vpc.get() == endpoint.vpc.get();
            let sure = endpoint.route_tables.sure.contains(table_key);
            let slot = self.tables.get(table_key);
            let slot = slot.and_then(|id| self.net.tables.get_mut(id.index()));
            if let Some(slot) = slot.filter(|_| same_vpc && !sure) {
                slot.routes.push(maybe.clone());
            }
        }
    }
}

fn local_routes(key: &Key, cidrs: impl Iterator<Item = IpNet>) -> Vec<NetRoute> {
    cidrs
        .map(|cidr| NetRoute {
            name: format!("{key} local"),
            destination: Destination::Prefix(cidr),
            via: Via::Local,
            propagated: false,
            assumed: None,
        })
        .collect()
}

pub(super) fn public_address(public: bool, known: Option<IpAddr>) -> Public {
    match (public, known) {
        (false, _) => Public::None,
        (true, Some(address)) => Public::Address(AddrSet::single(address)),
        (true, None) => Public::Address(AddrSet::internet().only_v4()),
    }
}
