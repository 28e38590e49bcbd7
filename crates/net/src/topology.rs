//! The parts of a network: sites, subnets, interfaces, gateways, relays.
//!
//! Plain data with integer ids; [`crate::reach`] asks the questions. Every part may carry notes
//! (see [`crate::uncertain`]) which end up in the answers that depend on it.

use crate::acl::Acl;
use crate::addr::AddrSet;
use crate::route::RouteTable;
use crate::rule::Group;
use crate::service::ServiceSet;
use crate::uncertain::{Note, Uncertain, UncertainSet};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
        impl $name {
            /// The position in the network's list of such parts.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// Names a [`Site`].
    SiteId,
    /// Names a [`Subnet`].
    SubnetId,
    /// Names a [`Group`].
    GroupId,
    /// Names a [`PrefixList`].
    ListId,
    /// Names an [`Acl`].
    AclId,
    /// Names a [`RouteTable`].
    TableId,
    /// Names an [`Interface`].
    InterfaceId,
    /// Names a [`Nat`].
    NatId,
    /// Names a [`Relay`].
    RelayId,
}

/// A private address space (a VPC): what is inside may talk by private addresses.
#[derive(Debug, Clone)]
pub struct Site {
    /// The name to print.
    pub name: String,
    /// Its address blocks, IPv4 and IPv6.
    pub addresses: AddrSet,
    /// Whether other interfaces than those listed may exist in it; the note says why.
    pub open: Option<Note>,
    /// Set if it may be one of the other sites: nothing says where what is in it is.
    pub unplaced: Option<Note>,
}

/// A named set of prefixes that rules and routes refer to.
#[derive(Debug, Clone)]
pub struct PrefixList {
    /// The name to print.
    pub name: String,
    /// Its content.
    pub addresses: Uncertain<AddrSet>,
    /// What its content is part of, whatever it is: a provider's lists hold public addresses only.
    pub within: AddrSet,
}

/// A subnet: where interfaces sit, with its list and its routes.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// The name to print.
    pub name: String,
    /// The site it belongs to.
    pub site: SiteId,
    /// Its address blocks.
    pub addresses: AddrSet,
    /// Its network list; a missing one admits all.
    pub acl: Uncertain<Option<AclId>>,
    /// Its routes.
    pub table: Uncertain<TableId>,
}

/// What stands at the other end of a public address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Public {
    /// No public address.
    None,
    /// A public IPv4 address out of this set (all of the public space if it is not yet known).
    Address(AddrSet),
}

/// A network interface, or a class of interfaces that differ in nothing but their address.
#[derive(Debug, Clone)]
pub struct Interface {
    /// The name to print.
    pub name: String,
    /// Where it sits.
    pub subnet: SubnetId,
    /// Why it is thought to sit there, if that was assumed.
    pub placed: Option<Note>,
    /// The private addresses that it may have (one, if known); IPv6 addresses too.
    pub addresses: AddrSet,
    /// Its public IPv4 address.
    pub public: Uncertain<Public>,
    /// Its groups; `None` for an interface that no group filters (an NLB made without one).
    pub groups: Option<UncertainSet<GroupId>>,
}

/// A gateway that translates the sources of outgoing connections.
#[derive(Debug, Clone)]
pub struct Nat {
    /// The name to print.
    pub name: String,
    /// Where it sits.
    pub subnet: SubnetId,
    /// Its private addresses.
    pub addresses: AddrSet,
    /// Its public address; a private one has none.
    pub public: Uncertain<Public>,
}

/// Who opens a relay's onward connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// One of these interfaces.
    Interfaces(Vec<InterfaceId>),
    /// Something outside of every site, with an address out of this set and on these lists.
    Outside(Outside),
}

/// Hosts outside of every site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The name to print.
    pub name: String,
    /// The addresses that they may have.
    pub addresses: AddrSet,
    /// The prefix lists that contain all of them.
    pub lists: Vec<ListId>,
    /// The prefix lists that contain none of them, whatever their content is.
    pub off_lists: Vec<ListId>,
}

/// Where a relay accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// On these interfaces.
    Interfaces(Vec<InterfaceId>),
    /// On a public address of the provider's, from these sources; no interface is involved.
    Managed(AddrSet),
}

/// One way through a relay.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The name to print (a listener, a route).
    pub name: String,
    /// The services on which it listens.
    pub listen: ServiceSet,
    /// The interfaces to which it connects.
    pub targets: Vec<InterfaceId>,
    /// The service on which it connects to them.
    pub service: ServiceSet,
    /// Whether the targets see the client's address instead of the relay's.
    pub preserves_client: bool,
    /// What was assumed in order to say so.
    pub assumed: Vec<Note>,
    /// What decides over whether it exists at all.
    pub maybe: Option<Note>,
}

/// A hop that ends a connection and opens another: a load balancer, a proxy, an API's private link.
#[derive(Debug, Clone)]
pub struct Relay {
    /// The name to print.
    pub name: String,
    /// Where it accepts.
    pub front: Front,
    /// Whence it connects.
    pub back: Back,
    /// Its ways through.
    pub forwards: Vec<Forward>,
}

/// A whole network.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Private address spaces.
    pub sites: Vec<Site>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// Stateful groups.
    pub groups: Vec<Group>,
    /// Prefix lists.
    pub lists: Vec<PrefixList>,
    /// Stateless lists.
    pub acls: Vec<Acl>,
    /// Route tables.
    pub tables: Vec<RouteTable>,
    /// Interfaces.
    pub interfaces: Vec<Interface>,
    /// Translating gateways.
    pub nats: Vec<Nat>,
    /// Relays.
    pub relays: Vec<Relay>,
}

impl Network {
    /// What a prefix list's content is part of, whatever it is.
    #[must_use]
    pub fn list_bound(&self, list: ListId) -> AddrSet {
        self.lists.get(list.index()).map_or_else(AddrSet::all, |found| found.within.clone())
    }
}
