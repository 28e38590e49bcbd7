//! ECS, Lambda and EC2.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Key, Note, Origin, SetVal, Tags, Val};

/// An ECS cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Whether a source makes it; a data source only shows that it is there.
    pub managed: bool,
    /// Whether Container Insights is on, if it is written.
    pub container_insights: Val<Option<String>>,
}

/// An ECS service.
#[derive(Debug, Clone)]
pub struct EcsService {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its cluster.
    pub cluster: Val<Option<Key>>,
    /// Its task definition.
    pub task_definition: Val<Option<Key>>,
    /// `desired_count`.
    pub desired_count: Val<Option<u64>>,
    /// Whether it runs on Fargate (`launch_type` or a capacity provider).
    pub fargate: Val<bool>,
    /// Its subnets.
    pub subnets: SetVal<Key>,
    /// Its security groups; none given: the VPC's default group.
    pub security_groups: SetVal<Key>,
    /// `assign_public_ip`.
    pub assign_public_ip: Val<bool>,
    /// Its load balancer attachments.
    pub load_balancers: Vec<ServiceTarget>,
    /// Its Cloud Map registrations.
    pub registries: Vec<Val<Key>>,
    /// Whether a deployment that fails is rolled back.
    pub rolls_back: Val<bool>,
    /// Tags.
    pub tags: Tags,
}

/// A `load_balancer` block of a service.
#[derive(Debug, Clone)]
pub struct ServiceTarget {
    /// Where it is written.
    pub origin: Origin,
    /// The target group.
    pub target_group: Val<Key>,
    /// The container.
    pub container: String,
    /// The container's port.
    pub port: Val<u16>,
}

/// An ECS task definition.
#[derive(Debug, Clone)]
pub struct TaskDefinition {
    /// Its own key.
    pub key: Key,
    /// Its family.
    pub family: Val<Option<String>>,
    /// `network_mode`.
    pub network_mode: Val<Option<String>>,
    /// Its containers; unknown as a whole while any part of the JSON is.
    pub containers: Val<Vec<Container>>,
    /// Resources that the containers' expression mentions, if it is unknown.
    pub mentions: Vec<Key>,
    /// The execution role, if it is named.
    pub execution_role: Val<Option<Key>>,
    /// The task role, if it is named.
    pub task_role: Val<Option<Key>>,
    /// EFS file systems that its volumes mount.
    pub file_systems: Vec<Val<Key>>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Whether it must be fit for Fargate (`requires_compatibilities`).
    pub for_fargate: Val<bool>,
    /// Whether its containers are for Windows (`runtime_platform`).
    pub windows: Val<bool>,
    /// `pid_mode`: `host` or `task`.
    pub pid_mode: Val<Option<String>>,
}

/// A volume of a task definition.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its name.
    pub name: Val<String>,
    /// The path of the host that it stands for, if it is one.
    pub host_path: Val<Option<String>>,
}

/// A container of a task definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Option<String>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// `user`, if it is written; else the image decides.
    pub user: Option<String>,
    /// `readonlyRootFilesystem`.
    pub read_only: bool,
    /// Its container ports with protocol (`tcp`, `udp`).
    pub ports: Vec<(u16, String)>,
    /// Environment variables: names to values (never printed unless they are addresses that a statement needs).
    pub environment: BTreeMap<String, String>,
    /// Injected secrets: names to `valueFrom`.
    pub secrets: BTreeMap<String, String>,
    /// `logDriver`.
    pub log_driver: Option<String>,
    /// The log driver's options.
    pub log_options: BTreeMap<String, String>,
    /// `repositoryCredentials.credentialsParameter`.
    pub repository_credentials: Option<String>,
    /// The health check's command.
    pub health_command: Vec<String>,
    /// How it is run, and what it may do.
    pub run: ContainerRun,
    /// What of it is not known, by its name in the JSON (`image`, `environment.API_URL`), and why; of
    /// an image that is to be pinned yet, `image.digest`.
    pub unknown: BTreeMap<String, Note>,
}

impl Container {
    /// Whether all of a setting is known, by its name in the JSON (`user`, `logConfiguration`).
    #[must_use]
    pub fn knows(&self, setting: &str) -> bool {
        !self.unknown.keys().any(|path| {
            let inner = path.strip_prefix(setting);
            path.is_empty() || inner.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// How a container is run, and what it may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerRun {
    /// `entryPoint`.
    pub entry_point: Vec<String>,
    /// `command`.
    pub command: Vec<String>,
    /// `privileged`.
    pub privileged: bool,
    /// `linuxParameters.capabilities.add`.
    pub capabilities: Vec<String>,
    /// `links`: names of containers of the same host.
    pub links: Vec<String>,
    /// `mountPoints`.
    pub mounts: Vec<Mount>,
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    /// The volume.
    pub volume: String,
    /// Where the container sees it.
    pub path: String,
    /// Whether it can only read it.
    pub read_only: bool,
}

/// An Application Auto Scaling target.
#[derive(Debug, Clone)]
pub struct ScalingTarget {
    /// Its own key.
    pub key: Key,
    /// `resource_id`, or the service that it refers to.
    pub service: Val<Key>,
    /// `min_capacity`.
    pub min: Val<u64>,
    /// `max_capacity`.
    pub max: Val<u64>,
}

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its subnets, if it is in a VPC.
    pub subnets: SetVal<Key>,
    /// Its security groups, if it is in a VPC.
    pub security_groups: SetVal<Key>,
    /// `authorization_type` of its function URLs.
    pub urls: Vec<Val<String>>,
    /// Its container image, if it is one.
    pub image: Val<Option<String>>,
}

/// Something with one interface: an EC2 instance or an `aws_network_interface`.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its own key.
    pub key: Key,
    /// Its subnet.
    pub subnet: Val<Option<Key>>,
    /// Its security groups.
    pub security_groups: SetVal<Key>,
    /// Whether it has a public address.
    pub public: Val<bool>,
    /// Its private address, if it is known.
    pub address: Option<IpAddr>,
    /// Tags.
    pub tags: Tags,
}

/// A Cloud Map service.
#[derive(Debug, Clone)]
pub struct DiscoveryService {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its namespace's name, if it is known.
    pub namespace: Val<Option<String>>,
    /// Why it cannot be followed, if so.
    pub note: Option<Note>,
}
