//! The AWS resources as configured, merged from one or several sources.
//!
//! Everything is keyed by [`Key`]: the Terraform address of a resource that a source manages, or
//! the bare id or ARN of one that is only mentioned. Lists are ordered by key, so that whatever is
//! printed from them is stable.

mod api;
mod compute;
mod data;
mod detection;
mod gate;
mod iam;
mod images;
mod literals;
mod load_balancing;
mod logs;
mod scaling;
mod secrets;
mod slice;
mod stages;
mod value;
mod vpc;
mod waf;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use api::*;
pub use compute::*;
pub use data::*;
pub use detection::*;
pub use gate::*;
pub use iam::*;
pub use images::*;
pub use literals::*;
pub use load_balancing::*;
pub use logs::*;
pub use scaling::*;
pub use secrets::*;
pub use stages::*;
pub use value::*;
pub use vpc::*;
pub use waf::*;

/// What was read, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that the caller gave it (a file name, or `-`).
    pub name: String,
    /// What it was found to be.
    pub kind: SourceKind,
    /// How many managed resources it holds.
    pub resources: usize,
}

/// The kinds of input that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// `terraform show -json` of a plan.
    TerraformPlan,
    /// `terraform show -json` of a state, or a state file.
    TerraformState,
    /// A CloudFormation template.
    CloudFormation,
    /// What `aws ... describe-*` printed of what exists.
    Described,
    /// The account itself, asked by farmgate.
    Live,
    /// A farm file.
    FarmFile,
}

/// Something that the reader must know of the sources: an incomplete plan, a disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable code in kebab-case.
    pub code: &'static str,
    /// One sentence.
    pub text: String,
    /// The resource in question, if there is one.
    pub on: Option<Key>,
}

/// A rule that the next apply takes away although another resource declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRule {
    /// The group that loses it.
    pub group: Key,
    /// The resource that declares it and will be undone.
    pub declared_by: Key,
    /// The rule.
    pub rule: SecurityGroupRule,
    /// Which way it looks.
    pub direction: Direction,
}

/// The whole model.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// What was read.
    pub sources: Vec<Source>,
    /// The region, if every source agrees on one.
    pub region: Option<String>,
    /// The account, if it is known.
    pub account: Option<String>,
    /// What the reader must know.
    pub warnings: Vec<Warning>,
    /// VPCs.
    pub vpcs: BTreeMap<Key, Vpc>,
    /// Subnets.
    pub subnets: BTreeMap<Key, Subnet>,
    /// Route tables.
    pub route_tables: BTreeMap<Key, RouteTable>,
    /// Internet and egress-only gateways.
    pub internet_gateways: BTreeMap<Key, InternetGateway>,
    /// NAT gateways.
    pub nat_gateways: BTreeMap<Key, NatGateway>,
    /// Prefix lists, the customer's and AWS's.
    pub prefix_lists: BTreeMap<Key, PrefixList>,
    /// Prefix lists that are named by literal ids.
    pub literal_lists: Vec<LiteralList>,
    /// Network ACLs.
    pub network_acls: BTreeMap<Key, NetworkAcl>,
    /// Security groups.
    pub security_groups: BTreeMap<Key, SecurityGroup>,
    /// VPC endpoints.
    pub endpoints: BTreeMap<Key, VpcEndpoint>,
    /// Rules that the next apply removes.
    pub removed_rules: Vec<RemovedRule>,
    /// Application, network and gateway load balancers.
    pub load_balancers: BTreeMap<Key, LoadBalancer>,
    /// Their listeners.
    pub listeners: BTreeMap<Key, Listener>,
    /// Their target groups.
    pub target_groups: BTreeMap<Key, TargetGroup>,
    /// HTTP, WebSocket and REST APIs.
    pub apis: BTreeMap<Key, Api>,
    /// API Gateway's links into a VPC.
    pub vpc_links: BTreeMap<Key, VpcLink>,
    /// CloudFront distributions.
    pub distributions: BTreeMap<Key, Distribution>,
    /// WAF associations: protected resource to web ACL.
    pub waf: BTreeMap<Key, WafAssociation>,
    /// Web ACLs.
    pub web_acls: BTreeMap<Key, WebAcl>,
    /// Stages of APIs.
    pub stages: BTreeMap<Key, ApiStage>,
    /// Domain names of API Gateway.
    pub api_domains: BTreeMap<Key, ApiDomain>,
    /// Flow logs.
    pub flow_logs: BTreeMap<Key, FlowLog>,
    /// What watches the account.
    pub detection: Detection,
    /// ECS clusters.
    pub clusters: BTreeMap<Key, Cluster>,
    /// ECS services.
    pub services: BTreeMap<Key, EcsService>,
    /// ECS task definitions.
    pub task_definitions: BTreeMap<Key, TaskDefinition>,
    /// Application Auto Scaling targets.
    pub scaling_targets: BTreeMap<Key, ScalingTarget>,
    /// What moves the numbers of tasks.
    pub scaling_policies: BTreeMap<Key, ScalingPolicy>,
    /// Lambda functions.
    pub functions: BTreeMap<Key, Function>,
    /// EC2 instances and other single interfaces.
    pub instances: BTreeMap<Key, Instance>,
    /// RDS instances and clusters.
    pub databases: BTreeMap<Key, Database>,
    /// Databases and tables of Timestream for LiveAnalytics.
    pub timestream: BTreeSet<Key>,
    /// Farmgate's own gates, by the ECS service that runs them.
    pub gates: BTreeMap<Key, Gate>,
    /// Cloud Map services.
    pub discovery: BTreeMap<Key, DiscoveryService>,
    /// ECR repositories.
    pub repositories: BTreeMap<Key, Repository>,
    /// What registries scan.
    pub registry_scanning: BTreeMap<Key, RegistryScanning>,
    /// Log groups.
    pub log_groups: BTreeMap<Key, LogGroup>,
    /// Secrets of Secrets Manager that a source makes or shows.
    pub secrets: BTreeMap<Key, Secret>,
    /// Parameters of Systems Manager that a source makes or shows.
    pub parameters: BTreeMap<Key, Parameter>,
    /// Under which key of KMS a secret or parameter is kept: one of the account's own, or none for AWS's.
    /// What is not in it, no source shows.
    pub encrypted: BTreeMap<Key, Val<Option<Key>>>,
    /// IAM roles.
    pub roles: BTreeMap<Key, Role>,
    /// Policies of repositories, secrets and keys.
    pub resource_policies: BTreeMap<Key, ResourcePolicy>,
    /// Everything whose physical name must be unique: kind, name.
    pub named: Arc<Vec<Named>>,
    /// What is not modelled, by Terraform type; of these, those that can carry traffic are in `opaque`.
    pub unmodelled: BTreeMap<String, Vec<Key>>,
    /// Unmodelled things that can connect networks (transit gateways, peerings, VPNs, firewalls).
    pub opaque: Vec<Opaque>,
    /// Where in which file an item is written, as far as the source has lines. What isn't in it is
    /// where the whole of its resource is: see [`Model::location`].
    pub locations: BTreeMap<Origin, Location>,
    /// Other names (ids, ARNs, DNS names) by which a key is known.
    pub aliases: Arc<BTreeMap<String, Key>>,
}

impl Model {
    /// The key of what is called so: an address, an id, an ARN.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Key {
        self.aliases.get(name).cloned().unwrap_or_else(|| Key::new(name))
    }

    /// Where an item is written: its own place, or the next one around it, up to its resource.
    #[must_use]
    pub fn location(&self, origin: &Origin) -> Option<&Location> {
        let mut path = origin.path.as_str();
        loop {
            let found = self.locations.get(&Origin::at(&origin.key, path));
            if found.is_some() || path.is_empty() {
                return found;
            }
            path = path.rsplit_once(['.', '[']).map_or("", |(around, _)| around);
        }
    }
}
