//! The model lowered to packets: [`farmgate_net::topology::Network`], and the way back from its ids
//! to keys.
//!
//! Interfaces are derived from what owns them: a service has one class of interfaces per subnet, a
//! load balancer one node per subnet, and so on. What a source does not say becomes an unknown of
//! the network, never a default.

mod filters;
mod interfaces;
pub mod relays;
mod routing;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_net::addr::AddrSet;
use farmgate_net::topology::{
    AclId, GroupId, InterfaceId, ListId, NatId, Network, Outside, PrefixList, RelayId, SiteId,
    SubnetId, TableId,
};
use farmgate_net::uncertain::{Note, Uncertain};

use crate::model::{Key, Model};

/// A model as a network, with the ids of its parts.
#[derive(Debug, Clone, Default)]
pub struct Lowered {
    /// The network.
    pub net: Network,
    /// VPCs.
    pub sites: BTreeMap<Key, SiteId>,
    /// Subnets.
    pub subnets: BTreeMap<Key, SubnetId>,
    /// Security groups.
    pub groups: BTreeMap<Key, GroupId>,
    /// Prefix lists.
    pub lists: BTreeMap<Key, ListId>,
    /// Of these, those that AWS manages.
    pub aws_lists: BTreeSet<ListId>,
    /// Network ACLs.
    pub acls: BTreeMap<Key, AclId>,
    /// Route tables.
    pub tables: BTreeMap<Key, TableId>,
    /// NAT gateways.
    pub nats: BTreeMap<Key, NatId>,
    /// Interfaces by what owns them.
    pub interfaces: BTreeMap<Key, Vec<InterfaceId>>,
    /// What was assumed in order to say in which VPC a subnet is.
    pub vpc_notes: BTreeMap<SubnetId, Note>,
    /// The owner of each interface.
    pub owners: Vec<Key>,
    /// Relays by the load balancer, API, distribution or gate that they are.
    pub relays: BTreeMap<Key, Vec<RelayId>>,
    /// The key of each relay.
    pub relay_owners: Vec<Key>,
    /// Public addresses that VPCs use as their own.
    pub own_public: AddrSet,
}

impl Lowered {
    /// Lowers a model.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let mut lowered = Self::default();
        lowered.add_sites(model);
        let own = model.vpcs.values().flat_map(|vpc| vpc.cidrs.mentioned().copied());
        lowered.own_public = AddrSet::internet().only_v4().intersect(&own.collect());
        lowered.add_lists(model);
        lowered.add_groups(model);
        lowered.add_acls(model);
        lowered.add_subnets(model);
        lowered.add_nats(model);
        lowered.add_tables(model);
        lowered.add_interfaces(model);
        lowered.add_relays(model);
        lowered
    }

    /// The interfaces that something owns.
    #[must_use]
    pub fn interfaces_of(&self, key: &Key) -> &[InterfaceId] {
        self.interfaces.get(key).map_or(&[], Vec::as_slice)
    }

    /// The relays that something is.
    #[must_use]
    pub fn relays_of(&self, key: &Key) -> &[RelayId] {
        self.relays.get(key).map_or(&[], Vec::as_slice)
    }

    /// What owns an interface.
    #[must_use]
    pub fn owner(&self, interface: InterfaceId) -> Option<&Key> {
        self.owners.get(interface.index())
    }

    /// What a relay is.
    #[must_use]
    pub fn relay_owner(&self, relay: RelayId) -> Option<&Key> {
        self.relay_owners.get(relay.index())
    }

    /// The internet.
    #[must_use]
    pub fn internet() -> Outside {
        Outside {
            name: "the internet".to_owned(),
            addresses: AddrSet::internet(),
            lists: Vec::new(),
            off_lists: Vec::new(),
        }
    }

    /// An AWS service's public side, by its full name (`com.amazonaws.eu-west-1.s3`), which the
    /// service's prefix list covers if there is one.
    #[must_use]
    pub fn public_service(&self, service_name: &str) -> Outside {
        let own = self.lists.get(&Key::new(service_name)).copied();
        // AWS's list of one service holds no addresses of another.
        let others = self.aws_lists.iter().filter(|list| Some(**list) != own);
        Outside {
            name: service_name.to_owned(),
            addresses: AddrSet::internet().only_v4().subtract(&self.own_public),
            lists: own.into_iter().collect(),
            off_lists: others.copied().collect(),
        }
    }

    /// What is taken to be so where a VPC uses public addresses that aren't its owner's, perhaps.
    #[must_use]
    pub fn own_public_note(&self) -> Option<Note> {
        let blocks = self.own_public.prefixes();
        if blocks.is_empty() {
            return None;
        }
        let blocks: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        let text = format!(
            "no AWS service and no host that is named has addresses of {}",
            blocks.join(", ")
        );
        Some(format!("{text}, public ones that a VPC has as its own").into())
    }

    /// Where addresses of an AWS service may be.
    fn of_aws(&self) -> AddrSet {
        AddrSet::internet().subtract(&self.own_public)
    }

    /// The prefix list of a service, made if no source shows it.
    fn list_of_service(&mut self, service_name: &str) -> ListId {
        let key = Key::new(service_name);
        if let Some(id) = self.lists.get(&key) {
            return *id;
        }
        let id = ListId(len(&self.net.lists));
        self.net.lists.push(PrefixList {
            name: service_name.to_owned(),
            addresses: Uncertain::Unknown(
                format!("the addresses of {service_name}, which AWS manages").into(),
            ),
            within: self.of_aws(),
        });
        self.lists.insert(key, id);
        self.aws_lists.insert(id);
        id
    }
}

/// The next id in a list.
fn len<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// Several reasons for one assumption, as one note.
fn joined<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Option<Note> {
    let mut all: Vec<&str> = notes.into_iter().map(AsRef::as_ref).collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => None,
        [one] => Some(Note::from(*one)),
        more => Some(Note::from(more.join("; "))),
    }
}
