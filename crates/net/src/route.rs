//! Route tables: the longest prefix wins, and at equal length a static route over a propagated one.
//!
//! Says which route decides, not where the packet ends up: that takes the rest of the network.

mod claim;
mod lookup;

pub use lookup::{Content, Part};

use ipnet::IpNet;

use crate::topology::{InterfaceId, ListId, NatId};
use crate::uncertain::Note;

/// What a route matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A prefix.
    Prefix(IpNet),
    /// The members of a prefix list.
    List(ListId),
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The site itself.
    Local,
    /// The gateway to the internet, both ways; translates private to public IPv4 one to one.
    InternetGateway,
    /// The gateway to the internet for connections opened from inside (IPv6).
    EgressOnlyGateway,
    /// A translating gateway.
    Nat(NatId),
    /// A gateway endpoint of the named service (S3, DynamoDB).
    ServiceGateway(String),
    /// An interface that forwards.
    Interface(InterfaceId),
    /// Something that the model does not follow; what lies behind it is unknown.
    Opaque(Note),
    /// Nowhere.
    Blackhole,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The name to print.
    pub name: String,
    /// What it matches.
    pub destination: Destination,
    /// Where it leads.
    pub via: Via,
    /// Whether it was propagated (by a gateway) rather than written.
    pub propagated: bool,
    /// What was assumed in order to read it so.
    pub assumed: Option<Note>,
}

/// A route table. The site's own addresses are routed by explicit [`Via::Local`] routes.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    /// The name to print.
    pub name: String,
    /// Its routes, in any order.
    pub routes: Vec<Route>,
    /// Set if there may be more routes than these, to anywhere.
    pub open: Option<Note>,
    /// What was assumed of the list of routes as a whole.
    pub assumed: Option<Note>,
}
