//! Interfaces, derived from what owns them.

use std::net::IpAddr;

use farmgate_net::addr::AddrSet;
use farmgate_net::topology::{Interface, InterfaceId, Public, SubnetId};
use farmgate_net::uncertain::{Note, Uncertain};

use super::routing::public_address;
use super::{Lowered, joined, len};
use crate::model::{EndpointKind, Key, LoadBalancerKind, Model, SetVal, Val};

/// An owner's interfaces, before they are placed.
struct Wanted<'m> {
    key: &'m Key,
    subnets: &'m SetVal<Key>,
    /// `None`: no group can filter them.
    groups: Option<&'m SetVal<Key>>,
    public: Uncertain<Public>,
    address: Option<IpAddr>,
}

impl Lowered {
    pub(super) fn add_interfaces(&mut self, model: &Model) {
        let private = || Uncertain::Known(Public::None);
        for (key, service) in &model.services {
            let public = service.assign_public_ip.as_ref().map(|p| public_address(*p, None));
            let groups = Some(&service.security_groups);
            self.place(&Wanted { key, subnets: &service.subnets, groups, public, address: None });
        }
        for (key, lb) in &model.load_balancers {
            if lb.kind == LoadBalancerKind::Gateway {
                continue;
            }
            let public = lb.internal.as_ref().map(|internal| public_address(!internal, None));
            let groups = lb.security_groups.as_ref();
            self.place(&Wanted { key, subnets: &lb.subnets, groups, public, address: None });
        }
        for (key, endpoint) in &model.endpoints {
            if endpoint.kind != EndpointKind::Interface {
                continue;
            }
            let groups = Some(&endpoint.security_groups);
            let subnets = &endpoint.subnets;
            self.place(&Wanted { key, subnets, groups, public: private(), address: None });
        }
        for (key, link) in model.vpc_links.iter().filter(|(_, link)| !link.v1) {
            let groups = Some(&link.security_groups);
            let subnets = &link.subnets;
            self.place(&Wanted { key, subnets, groups, public: private(), address: None });
        }
        for (key, database) in &model.databases {
            let public = database.public.as_ref().map(|p| public_address(*p, None));
            let groups = Some(&database.security_groups);
            self.place(&Wanted { key, subnets: &database.subnets, groups, public, address: None });
        }
        for (key, function) in &model.functions {
            let in_vpc = function.subnets.open || function.subnets.mentioned().next().is_some();
            if in_vpc {
                let groups = Some(&function.security_groups);
                let subnets = &function.subnets;
                self.place(&Wanted { key, subnets, groups, public: private(), address: None });
            }
        }
        for (key, instance) in &model.instances {
            let public = instance.public.as_ref().map(|p| public_address(*p, None));
            let subnets = one(&instance.subnet);
            let groups = Some(&instance.security_groups);
            let address = instance.address;
            self.place(&Wanted { key, subnets: &subnets, groups, public, address });
        }
    }

    fn place(&mut self, wanted: &Wanted<'_>) {
        let subnets = wanted.subnets;
        let mut placed = 0;
        for subnet in &subnets.sure {
            let id = match self.subnets.get(subnet) {
                Some(id) => *id,
                None => {
                    let note = format!("where {subnet} is and what it routes: no source shows it");
                    let id = self.unplaced(subnet, Some(&note.into()));
                    self.subnets.insert(subnet.clone(), id);
                    id
                }
            };
            self.interface(wanted, id, subnets.assumed.as_ref());
            placed += 1;
        }
        for subnet in &subnets.maybe {
            if let Some(id) = self.subnets.get(subnet).copied() {
                self.interface(wanted, id, subnets.unknown.as_ref());
                placed += 1;
            }
        }
        if placed == 0 || subnets.open {
            let id = self.unplaced(wanted.key, subnets.unknown.as_ref());
            self.interface(wanted, id, None);
        }
    }

    fn interface(&mut self, wanted: &Wanted<'_>, subnet: SubnetId, placed: Option<&Note>) {
        let placed = joined(placed.into_iter().chain(self.vpc_notes.get(&subnet)));
        let id = InterfaceId(len(&self.net.interfaces));
        let addresses = match wanted.address {
            Some(address) => AddrSet::single(address),
            // IPv6 addresses are given out only where a subnet has them; a class may have either.
            None => self.addresses_in(subnet),
        };
        let groups = wanted.groups.map(|groups| self.group_set(groups));
        self.net.interfaces.push(Interface {
            name: wanted.key.to_string(),
            subnet,
            placed,
            addresses,
            public: wanted.public.clone(),
            groups,
        });
        self.owners.push(wanted.key.clone());
        self.interfaces.entry(wanted.key.clone()).or_default().push(id);
    }
}

fn one(subnet: &Val<Option<Key>>) -> SetVal<Key> {
    match subnet {
        Val::Known(key) => SetVal::known(key.clone()),
        Val::Assumed(key, note) => SetVal::assumed(key.clone(), note.clone()),
        Val::OneOf(keys, note) => SetVal {
            maybe: keys.iter().flatten().cloned().collect(),
            unknown: Some(note.clone()),
            ..SetVal::default()
        },
        Val::Unknown(note) => SetVal::unknown(note.clone()),
    }
}
