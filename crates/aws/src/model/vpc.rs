//! VPCs and what filters and routes packets in them.

use std::net::IpAddr;

use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;
use ipnet::IpNet;

use super::{Key, Note, Origin, SetVal, Val};

pub use farmgate_net::rule::Direction;

/// A VPC.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// Its own key.
    pub key: Key,
    /// All of its CIDR blocks, IPv4 and IPv6 (also `aws_vpc_ipv4_cidr_block_association`).
    pub cidrs: SetVal<IpNet>,
    /// `enable_dns_support`; the provider's default is true.
    pub dns_support: Val<bool>,
    /// `enable_dns_hostnames`; the provider's default is false.
    pub dns_hostnames: Val<bool>,
    /// Whether all that exists in it is in the sources. A plan that creates the VPC knows all that
    /// the same plan puts there, not what other states put there; so the world is closed only if
    /// somebody says so, and this names why it is open.
    pub open: Option<Note>,
    /// Its main route table, once it is known.
    pub main_route_table: Option<Key>,
    /// Its default security group, where a source manages or names it.
    pub default_security_group: Option<Key>,
    /// Its default network ACL, where a source manages or names it.
    pub default_network_acl: Option<Key>,
    /// Whether its flows are logged.
    pub flow_logs: Val<bool>,
    /// Tags.
    pub tags: Tags,
}

/// Tags, name to value.
pub type Tags = std::collections::BTreeMap<String, String>;

/// A subnet.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its own key.
    pub key: Key,
    /// Its VPC.
    pub vpc: Val<Key>,
    /// Its CIDR blocks.
    pub cidrs: SetVal<IpNet>,
    /// Its availability zone.
    pub zone: Val<Option<String>>,
    /// `map_public_ip_on_launch`.
    pub maps_public_ip: Val<bool>,
    /// Its route table, explicit or the VPC's main one; `None`: the main one, which no source shows.
    pub route_table: Val<Option<Key>>,
    /// Its network ACL; `None`: the VPC's default one, unmanaged, which admits all.
    pub network_acl: Val<Option<Key>>,
    /// Tags.
    pub tags: Tags,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// The VPC itself.
    Local,
    /// An internet gateway.
    InternetGateway(Key),
    /// An egress-only internet gateway.
    EgressOnlyGateway(Key),
    /// A NAT gateway.
    NatGateway(Key),
    /// A gateway endpoint.
    GatewayEndpoint(Key),
    /// A network interface or an instance.
    Interface(Key),
    /// Transit gateway, peering, VPN, carrier, local gateway, firewall endpoint ...: not followed.
    Opaque(String),
    /// Its target is gone.
    Blackhole,
}

/// What a route matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteDestination {
    /// A CIDR block.
    Cidr(IpNet),
    /// A prefix list.
    PrefixList(Key),
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where it is written (`aws_route_table` inline, or an `aws_route`).
    pub origin: Origin,
    /// What it matches.
    pub destination: Val<RouteDestination>,
    /// Where it leads.
    pub target: Val<RouteTarget>,
    /// Whether a gateway propagated it.
    pub propagated: bool,
}

/// A route table. The VPC's local routes are implied and not listed.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// Its own key.
    pub key: Key,
    /// Its VPC.
    pub vpc: Val<Key>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Set if there may be routes not listed; says why.
    pub open: Option<Note>,
    /// Set if the absence of further routes was assumed.
    pub assumed: Option<Note>,
}

/// An internet gateway or an egress-only one.
#[derive(Debug, Clone)]
pub struct InternetGateway {
    /// Its own key.
    pub key: Key,
    /// The VPC it is attached to.
    pub vpc: Val<Option<Key>>,
    /// Whether it is an egress-only (IPv6) one.
    pub egress_only: bool,
}

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct NatGateway {
    /// Its own key.
    pub key: Key,
    /// Its subnet.
    pub subnet: Val<Key>,
    /// `connectivity_type`: public or private.
    pub public: Val<bool>,
    /// Its Elastic IP address, if it is known.
    pub public_address: Option<IpAddr>,
    /// Its private address, if it is known.
    pub private_address: Option<IpAddr>,
}

/// A prefix list.
#[derive(Debug, Clone)]
pub struct PrefixList {
    /// Its own key.
    pub key: Key,
    /// Its name: `com.amazonaws.eu-west-1.s3` for AWS's.
    pub name: Val<Option<String>>,
    /// Whether AWS manages it.
    pub aws_managed: bool,
    /// Its entries; AWS's are unknown until a source shows them.
    pub entries: SetVal<IpNet>,
}

/// A network ACL.
#[derive(Debug, Clone)]
pub struct NetworkAcl {
    /// Its own key.
    pub key: Key,
    /// Its VPC.
    pub vpc: Val<Key>,
    /// Whether it is the VPC's default one.
    pub is_default: bool,
    /// Its entries, both ways.
    pub entries: Vec<NetworkAclEntry>,
    /// Set if the entries are not all known.
    pub open: Option<Note>,
    /// Set if the absence of further entries was assumed.
    pub assumed: Option<Note>,
}

/// One entry of a network ACL.
#[derive(Debug, Clone)]
pub struct NetworkAclEntry {
    /// Where it is written.
    pub origin: Origin,
    /// Which way.
    pub direction: Direction,
    /// Its rule number.
    pub number: u32,
    /// Whether it allows.
    pub allow: bool,
    /// Protocols and ports.
    pub services: ServiceSet,
    /// The peer's addresses.
    pub addresses: AddrSet,
}

/// Who a security group rule admits; the parts are alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulePeers {
    /// CIDR blocks, IPv4 and IPv6.
    pub cidrs: SetVal<IpNet>,
    /// Security groups (`self` resolved to the group's own key).
    pub groups: SetVal<Key>,
    /// Prefix lists.
    pub prefix_lists: SetVal<Key>,
}

/// One rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroupRule {
    /// Where it is written: `ingress[0]` of the group, or the separate resource.
    pub origin: Origin,
    /// Protocols and ports; unknown ones admit at most all.
    pub services: Val<ServiceSet>,
    /// Peers.
    pub peers: RulePeers,
    /// Its description.
    pub description: Option<String>,
}

/// How the rules of a group came to be known.
#[derive(Debug, Clone, Default)]
pub struct RuleList {
    /// The rules.
    pub rules: Vec<SecurityGroupRule>,
    /// Set if there may be rules not listed; says why.
    pub open: Option<Note>,
    /// Set if the absence of further rules was assumed (a block that may have been dynamic).
    pub assumed: Option<Note>,
    /// Whether the group's own resource writes rules inline (`ingress`, `egress`).
    pub inline: bool,
}

/// A security group.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its description.
    pub description: Option<String>,
    /// Its VPC; `None`: the region's default VPC.
    pub vpc: Val<Option<Key>>,
    /// Whether it is a VPC's default group.
    pub is_default: bool,
    /// Whether a source manages it (false: only its id is known, its rules are open).
    pub managed: bool,
    /// What it admits in.
    pub ingress: RuleList,
    /// What it admits out.
    pub egress: RuleList,
    /// Tags.
    pub tags: Tags,
}

impl SecurityGroup {
    /// The rules of one direction.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> &RuleList {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The rules of one direction, to change.
    pub fn rules_mut(&mut self, direction: Direction) -> &mut RuleList {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

/// The kind of a VPC endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// Interfaces in subnets.
    Interface,
    /// A route target (S3, DynamoDB).
    Gateway,
    /// Gateway Load Balancer, resource, service network: not followed.
    Other,
}

/// A VPC endpoint.
#[derive(Debug, Clone)]
pub struct VpcEndpoint {
    /// Its own key.
    pub key: Key,
    /// Its VPC.
    pub vpc: Val<Key>,
    /// Its kind.
    pub kind: EndpointKind,
    /// The full service name: `com.amazonaws.eu-west-1.ecr.api`.
    pub service_name: Val<String>,
    /// `private_dns_enabled`.
    pub private_dns: Val<bool>,
    /// Its subnets (interface endpoints).
    pub subnets: SetVal<Key>,
    /// Its security groups (interface endpoints); none given: the VPC's default group.
    pub security_groups: SetVal<Key>,
    /// Its route tables (gateway endpoints).
    pub route_tables: SetVal<Key>,
    /// Its policy as JSON text; `None`: AWS's default, which allows all.
    pub policy: Val<Option<String>>,
    /// Tags.
    pub tags: Tags,
}

/// Something that can carry traffic and is not modelled.
#[derive(Debug, Clone)]
pub struct Opaque {
    /// Its own key.
    pub key: Key,
    /// Its Terraform type.
    pub kind: String,
    /// The VPCs, subnets or others that it mentions.
    pub touches: Vec<Key>,
}
