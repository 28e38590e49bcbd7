//! The design: what a farm comes to on AWS, derived once.
//!
//! [`Design::of`] decides everything that has to be decided: which security groups there are and
//! which flows they admit, which endpoints are needed and by whom, what each task runs, may do and
//! is called. `lower` turns a design into the [`crate::model::Model`] about which statements are
//! proved, and `emit` turns the same design into Terraform. Neither decides anything by itself; that
//! both say the same is what translation validation proves.

mod base;
mod containers;
mod endpoints;
mod flows;
mod grants;
pub mod keys;
mod table;
mod tasks;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_farm::farm::Farm;
use farmgate_farm::gate;
use farmgate_farm::word::Name;
use ipnet::{IpNet, Ipv4Net};

pub use base::{Arns, NO_ACCOUNT};
pub use containers::{BRIDGE_PATH, BRIDGE_VOLUME, DEFAULT_USER, FARMGATE_USER};
pub use table::Row;
pub use whole::FLOW_LOGS;

/// A farm as it will be on AWS.
#[derive(Debug, Clone)]
pub struct Design {
    /// The farm, validated.
    pub farm: Farm,
    /// The account, if the file, the certificate or an image of ECR says it.
    pub account: Option<String>,
    /// The partition: `aws`.
    pub partition: &'static str,
    /// The public subnets, by zone letter; empty for an internal ingress in an existing VPC.
    pub public: Vec<SubnetDesign>,
    /// The private subnets, by zone letter.
    pub private: Vec<SubnetDesign>,
    /// Letters of the zones that have a NAT gateway (of the farm's own).
    pub nat: Vec<char>,
    /// Whether private subnets lead to the internet, by our NAT or an existing one.
    pub internet: bool,
    /// VPC endpoints by short service name: `ecr.api`, `s3`.
    pub endpoints: BTreeMap<String, EndpointDesign>,
    /// Every flow that is admitted, each once, in a stable order. Security groups are derived from
    /// these and from nothing else.
    pub flows: Vec<Flow>,
    /// Databases that nobody reaches: they have groups without rules.
    pub unreached: Vec<Party>,
    /// The tasks: the gate, then servers, then services, each in order of name. What is disabled
    /// or exists already is left out.
    pub tasks: Vec<Task>,
    /// The task that somebody starts by hand, to try the farm's controls from inside the network. No
    /// service runs it.
    pub probe: Task,
    /// The listener's rules: servers by priority.
    pub routes: Vec<RouteDesign>,
    /// The rule for the path at which clients of OAuth look first: forwarded to the gate, as those
    /// of `routes` are. None if no server takes OAuth tokens.
    pub metadata: Option<MetadataRule>,
    /// The gate's configuration.
    pub gate: gate::Config,
    /// Log groups by name, each with days of retention and KMS key.
    pub logs: BTreeMap<String, LogGroup>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetDesign {
    /// The zone's letter.
    pub letter: char,
    /// The zone: `us-west-2a`.
    pub zone: String,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// Id and route table's id, if it exists already.
    pub existing: Option<(String, String)>,
}

/// Someone who has a security group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The load balancer in front.
    Ingress,
    /// The gate.
    Gate,
    /// The task that tries the farm's controls from inside the network.
    Probe,
    /// A server.
    Server(Name),
    /// A service's tasks.
    Service(Name),
    /// A service's own load balancer.
    Balancer(Name),
    /// A service that exists: a group that isn't ours.
    Existing(Name),
    /// A database.
    Database(Name),
    /// The endpoints that every task needs in order to start: images and logs.
    Endpoints,
    /// An endpoint with a group of its own, by short service name.
    Endpoint(String),
}

/// An end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Someone with a security group.
    Party(Party),
    /// Addresses. All of IPv4 and all of IPv6 are two ends.
    Cidr(IpNet),
    /// A prefix list, by id.
    PrefixList(String),
    /// The prefix list of a gateway endpoint, by short service name: `s3`.
    Gateway(String),
}

/// Connections that are admitted: an egress rule of `from`'s group, where it has one of ours, and an
/// ingress rule of `to`'s group, where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Whence.
    pub from: End,
    /// Where to.
    pub to: End,
    /// The TCP port.
    pub port: u16,
    /// The rule's description: letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*` only, at most
    /// 255 characters (EC2 API, `IpRange`).
    pub why: String,
    /// Where in the farm file this is said, in bytes; the nearest place, if it follows from others.
    pub at: usize,
}

/// A VPC endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointDesign {
    /// The short service name: `ecr.api`.
    pub service: String,
    /// Whether it is a gateway endpoint (S3, DynamoDB).
    pub gateway: bool,
    /// Whose group it carries: [`Party::Endpoints`] or its own; none for a gateway endpoint.
    pub group: Option<Party>,
    /// Who uses it.
    pub users: BTreeSet<Party>,
    /// Its policy.
    pub policy: serde_json::Value,
}

/// A rule of the listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDesign {
    /// The server.
    pub server: Name,
    /// The path pattern.
    pub path: String,
    /// The priority.
    pub priority: u32,
    /// The URL at which clients find it.
    pub url: String,
    /// The parameter of Systems Manager that holds the URL.
    pub parameter: String,
}

/// A rule of the listener for the metadata of OAuth (RFC 9728), which the gate serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRule {
    /// The path pattern.
    pub path: String,
    /// The priority.
    pub priority: u32,
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Days for which logs are kept.
    pub retention: u64,
    /// The KMS key's ARN.
    pub kms_key: Option<String>,
    /// Whose it is, in words: `servers.python`, `flow logs`.
    pub of: String,
}

/// A Fargate service and its task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Who it is: the gate, a server or a service.
    pub party: Party,
    /// The name of service and task family, of log stream prefix and Cloud Map entry: `python`.
    pub name: String,
    /// The log group's name.
    pub log_group: String,
    /// CPU units.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// `X86_64` or `ARM64`.
    pub architecture: &'static str,
    /// The containers, those that end first, first.
    pub containers: Vec<ContainerDesign>,
    /// Empty volumes by name.
    pub volumes: Vec<String>,
    /// What the execution role may do.
    pub execution: Vec<Grant>,
    /// What the task role may do.
    pub role: Vec<Grant>,
    /// The port on which others connect to the task.
    pub port: u16,
    /// Whether that port speaks TLS.
    pub tls: bool,
    /// Whether it is found by a Cloud Map name.
    pub discovered: bool,
    /// `desired_count` at first.
    pub desired: u64,
    /// Tasks at least.
    pub min: u64,
    /// Tasks at most.
    pub max: u64,
    /// Targets of scaling.
    pub scaling: Scaling,
    /// Whether a deployment that fails is rolled back.
    pub circuit_breaker: bool,
    /// Seconds for which a load balancer's health checks do not count after a start.
    pub grace: u64,
    /// Where in the farm file it is, in bytes.
    pub at: usize,
}

/// Targets of scaling, and cooldowns in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scaling {
    /// CPU, in percent.
    pub cpu: Option<u64>,
    /// Memory, in percent.
    pub memory: Option<u64>,
    /// Requests a minute and task: of the load balancer for the gate and services behind one, as the
    /// gate counts them (`farmgate` namespace, metric `Requests`, dimensions `Farm`, `Server`) for
    /// servers.
    pub requests: Option<u64>,
    /// Scale-in cooldown.
    pub cooldown_in: u64,
    /// Scale-out cooldown.
    pub cooldown_out: u64,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerDesign {
    /// Its name in the task.
    pub name: String,
    /// Its image; where the file has none, what `check` assumes.
    pub image: String,
    /// Whether the task ends with it.
    pub essential: bool,
    /// `entryPoint`, if it isn't the image's.
    pub entry_point: Vec<String>,
    /// `command`, if it isn't the image's.
    pub command: Vec<String>,
    /// Ports, TCP.
    pub ports: Vec<u16>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Environment variables with secrets.
    pub secrets: BTreeMap<String, SecretSource>,
    /// `user`.
    pub user: String,
    /// `readonlyRootFilesystem`.
    pub read_only: bool,
    /// Volumes: name to path, and whether read-only.
    pub mounts: BTreeMap<String, (String, bool)>,
    /// `dependsOn`: container and condition (`SUCCESS`, `HEALTHY`, `START`).
    pub depends_on: Vec<(String, &'static str)>,
    /// `healthCheck`.
    pub health: Option<ContainerHealth>,
    /// `stopTimeout`, seconds.
    pub stop_timeout: u64,
}

/// Where an injected secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A `valueFrom` that is known: an ARN, of Secrets Manager without its random suffix (a partial
    /// ARN, Secrets Manager API Reference, `GetSecretValue`), with `:KEY::` for a key.
    Arn(String),
    /// What RDS made for a database, and the key in it.
    Database(Name, Option<String>),
}

/// A container's health check; times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerHealth {
    /// `["CMD", ...]`.
    pub command: Vec<String>,
    /// Between checks.
    pub interval: u64,
    /// For an answer.
    pub timeout: u64,
    /// Failures in a row.
    pub retries: u64,
    /// After the start.
    pub start_period: u64,
}

/// A statement of a role's policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Its `Sid`: letters and digits.
    pub sid: String,
    /// Actions.
    pub actions: Vec<String>,
    /// Resources; a database's managed secret is named by [`Grant::DATABASE`] and its name.
    pub resources: Vec<String>,
}

impl Grant {
    /// What stands before a database's name in [`Grant::resources`], for the ARN of its managed
    /// secret, which is known only once it is made.
    pub const DATABASE: &'static str = "database-secret:";
}

impl Party {
    /// The party's word in a farm: `servers.python`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Ingress => "ingress".to_owned(),
            Self::Gate => "gate".to_owned(),
            Self::Probe => "probe".to_owned(),
            Self::Server(name) => format!("servers.{name}"),
            Self::Service(name) | Self::Existing(name) => format!("services.{name}"),
            Self::Balancer(name) => format!("services.{name}.alb"),
            Self::Database(name) => format!("databases.{name}"),
            Self::Endpoints => "endpoints".to_owned(),
            Self::Endpoint(service) => format!("endpoints.{service}"),
        }
    }
}

impl Task {
    /// What happens while CloudWatch Logs does not keep up, as options of `awslogs`. What the gate
    /// writes is the record of who called what: it waits rather than drop a line.
    #[must_use]
    pub fn log_mode(&self) -> &'static [(&'static str, &'static str)] {
        match self.party {
            Party::Gate => &[("mode", "blocking")],
            _ => &[("mode", "non-blocking"), ("max-buffer-size", "4m")],
        }
    }
}

impl Design {
    /// The task of a party.
    #[must_use]
    pub fn task(&self, party: &Party) -> Option<&Task> {
        self.tasks.iter().find(|task| task.party == *party)
    }

    /// All task definitions: those that services run, and the probe's.
    pub fn definitions(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().chain([&self.probe])
    }

    /// The parties that have a group of ours, in order.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<&Party> {
        let ends = self.flows.iter().flat_map(|flow| [&flow.from, &flow.to]);
        let parties = ends.filter_map(|end| match end {
            End::Party(Party::Existing(_)) => None,
            End::Party(party) => Some(party),
            _ => None,
        });
        parties.chain(&self.unreached).collect()
    }

    /// The key of a private subnet's route table. Subnets that exist may share one; then it is that of
    /// the first of them.
    #[must_use]
    pub fn private_routes(&self, subnet: &SubnetDesign) -> crate::model::Key {
        let table = subnet.existing.as_ref().map(|(_, table)| table);
        let shares = |other: &&SubnetDesign| {
            table.is_some() && other.existing.as_ref().map(|(_, table)| table) == table
        };
        keys::private_routes(self.private.iter().find(shares).unwrap_or(subnet).letter)
    }

    /// The full name of a service's endpoint: `com.amazonaws.us-west-2.ecr.api`.
    #[must_use]
    pub fn service_name(&self, service: &str) -> String {
        format!("com.amazonaws.{}.{service}", self.farm.region)
    }
}
