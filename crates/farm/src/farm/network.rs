//! `network:`.

use crate::diagnostic::Diagnostic;
use crate::record::{Read, Shape, Spanned, choice, record};
use crate::word::{Cidr, ResourceId, Text, Zones};
use crate::yaml::{Node, Value};

record! {
    /// The network: VPC, subnets, ways out.
    Network {
        /// The VPC's addresses: a private IPv4 block from /16 to /24.
        cidr: Cidr = default_cidr();
        /// How many availability zones (`2`), or which (`a,c`).
        zones: Zones = Zones::Count(2);
        /// The public subnets' addresses, one block for each zone. Only load balancers and NAT
        /// gateways are there. Derived from `cidr` if absent.
        public_cidrs: Vec<Spanned<Cidr>> = Vec::new();
        /// The private subnets' addresses, one block for each zone. All tasks are there. Derived
        /// from `cidr` if absent.
        private_cidrs: Vec<Spanned<Cidr>> = Vec::new();
        /// The way from private subnets to the internet.
        nat: Nat = Nat::None;
        /// VPC endpoints, by which tasks reach AWS without the internet.
        endpoints: Endpoints = Endpoints::Auto;
        /// Flow logs of the VPC.
        flow_logs: FlowLogs, record;
        /// A VPC that exists, in place of one that is made.
        existing: Option<ExistingNetwork> = None;
    }
}

fn default_cidr() -> Cidr {
    Cidr(ipnet::IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 16)))
}

choice! {
    /// The way from private subnets to the internet.
    Nat {
        /// None: tasks reach AWS by endpoints, and nothing else.
        None = "none",
        /// One NAT gateway for all zones. If its zone fails, so does the way out.
        One = "one",
        /// A NAT gateway in each zone.
        PerZone = "per-zone",
    }
}

/// VPC endpoints: `auto`, `none`, or a list of services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoints {
    /// Those that the tasks need.
    Auto,
    /// None: all goes by NAT.
    None,
    /// These, as `ecr.api`; what the tasks need beyond goes by NAT.
    Only(Vec<Spanned<Text>>),
}

const ENDPOINTS: &[(&str, &str)] =
    &[("auto", "Those that the tasks need."), ("none", "None: all goes by NAT.")];

impl Read for Endpoints {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        if let Value::Sequence(_) = node.value {
            return Vec::<Spanned<Text>>::read(node, problems).map(Self::Only);
        }
        match crate::record::choose(node, ENDPOINTS, problems)? {
            "none" => Some(Self::None),
            _ => Some(Self::Auto),
        }
    }

    fn shape() -> Shape {
        Shape::AnyOf(vec![Shape::Choice(ENDPOINTS), Vec::<Text>::shape()])
    }

    fn show(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::None => "none".to_owned(),
            Self::Only(list) => list.show(),
        }
    }
}

record! {
    /// Flow logs of the VPC, in CloudWatch Logs.
    FlowLogs {
        /// What is logged.
        traffic: FlowTraffic = FlowTraffic::Rejected;
        /// For how long; one of the periods that CloudWatch Logs has.
        retention: crate::word::Duration = crate::word::Duration::days(30);
    }
}

choice! {
    /// What flow logs hold.
    FlowTraffic {
        /// What groups and ACLs rejected.
        Rejected = "rejected",
        /// Everything.
        All = "all",
        /// Nothing: no flow logs.
        None = "none",
    }
}

record! {
    /// A VPC that exists. Its subnets and routes are described here, since farmgate asks no account.
    ExistingNetwork {
        /// Its id.
        vpc: ResourceId;
        /// Its subnets that lead to an internet gateway, for load balancers; one for each zone.
        public_subnets: Vec<ExistingSubnet> = Vec::new();
        /// Its subnets for tasks; one for each zone.
        private_subnets: Vec<ExistingSubnet>;
        /// Whether its private subnets lead to a NAT gateway.
        nat: bool = false;
    }
}

record! {
    /// A subnet that exists.
    ExistingSubnet {
        /// Its id.
        id: ResourceId;
        /// Its addresses.
        cidr: Cidr;
        /// Its zone's letter, as `a`.
        zone: Text;
        /// Its route table's id; S3's gateway endpoint is put there.
        route_table: ResourceId;
    }
}
