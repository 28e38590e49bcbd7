//! What things are called in the emitted Terraform: addresses, expressions that name them, physical
//! names at AWS, and which key of the farm's model is which address.
//!
//! An address never depends on who else is in the farm, so that another server moves nothing.

use std::collections::BTreeMap;

use farmgate_farm::farm::Existing;
use farmgate_farm::word::Name;

use super::hcl::{Expr, For, quoted, raw};
use crate::design::{Design, EndpointDesign, Party, SubnetDesign, Task, keys};
use crate::model::Key;

/// The length of names that a load balancer, or a target group, may have.
pub const BALANCER_NAME: usize = 32;

/// The length of names that a role may have.
pub const ROLE_NAME: usize = 64;

/// A role of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// With which ECS starts it.
    Execution,
    /// With which its containers run.
    Task,
}

impl Role {
    /// As in addresses and names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Task => "task",
        }
    }
}

// === Parties ===

/// The label of the resources of a party, and the key among them if there may be several.
#[must_use]
pub fn label(party: &Party) -> (&'static str, Option<&str>) {
    match party {
        Party::Ingress => ("ingress", None),
        Party::Gate => ("gate", None),
        Party::Probe => ("probe", None),
        Party::Server(name) => ("server", Some(name.as_str())),
        Party::Service(name) => ("service", Some(name.as_str())),
        Party::Balancer(name) => ("balancer", Some(name.as_str())),
        Party::Existing(name) => ("existing", Some(name.as_str())),
        Party::Database(name) => ("database", Some(name.as_str())),
        Party::Endpoints => ("endpoints", None),
        Party::Endpoint(service) => ("endpoint", Some(service)),
    }
}

/// The address of a party's resource of a type: `aws_ecs_service.server["python"]`.
#[must_use]
pub fn address(kind: &str, party: &Party) -> String {
    let (label, key) = label(party);
    at(&format!("{kind}.{label}"), key)
}

/// An address, with a key if there is one.
fn at(base: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{base}[{}]", quoted(key)),
        None => base.to_owned(),
    }
}

/// The address of a party's security group; of one that exists, its id.
#[must_use]
pub fn group_address(design: &Design, party: &Party) -> String {
    match party {
        Party::Existing(name) => existing_group(design, name).to_owned(),
        party => address("aws_security_group", party),
    }
}

/// The id of a party's security group, as an expression.
#[must_use]
pub fn group(design: &Design, party: &Party) -> Expr {
    match party {
        Party::Existing(name) => existing_group(design, name).into(),
        party => raw(address("aws_security_group", party)).dot("id"),
    }
}

/// The id of the security group of a service that exists.
fn existing_group<'a>(design: &'a Design, name: &Name) -> &'a str {
    existing(design, name).map_or("", |existing| existing.security_group.as_str())
}

/// What is said of a service that exists.
#[must_use]
pub fn existing<'a>(design: &'a Design, name: &Name) -> Option<&'a Existing> {
    design.farm.services.get(name)?.existing.as_ref()
}

/// The address of a load balancer: the one in front, or that of a service.
#[must_use]
pub fn balancer_address(party: &Party) -> String {
    match party {
        Party::Balancer(name) => at("aws_lb.service", Some(name.as_str())),
        _ => "aws_lb.ingress".to_owned(),
    }
}

/// The address of the target group behind a load balancer.
#[must_use]
pub fn targets_address(party: &Party) -> String {
    match party {
        Party::Balancer(name) => at("aws_lb_target_group.service", Some(name.as_str())),
        _ => "aws_lb_target_group.gate".to_owned(),
    }
}

/// The address of a load balancer's listener.
#[must_use]
pub fn listener_address(party: &Party, port: u16) -> String {
    match (party, port) {
        (Party::Balancer(name), _) => at("aws_lb_listener.service", Some(name.as_str())),
        (_, 80) => "aws_lb_listener.http".to_owned(),
        _ => "aws_lb_listener.https".to_owned(),
    }
}

/// The address of a task's role: `aws_iam_role.server_execution["python"]`.
#[must_use]
pub fn role_address(party: &Party, role: Role) -> String {
    let (label, key) = label(party);
    at(&format!("aws_iam_role.{label}_{}", role.word()), key)
}

/// The address of a task's ECS service. Services behind a load balancer of their own are a resource
/// apart.
#[must_use]
pub fn service_address(task: &Task) -> String {
    match &task.party {
        Party::Service(name) if !task.discovered => {
            at("aws_ecs_service.balanced", Some(name.as_str()))
        }
        party => address("aws_ecs_service", party),
    }
}

/// The address of an endpoint. Those that every task needs in order to start share a security group,
/// and so a block; the others have groups of their own.
#[must_use]
pub fn endpoint_address(endpoint: &EndpointDesign) -> String {
    at(&format!("aws_vpc_endpoint.{}", endpoint_label(endpoint)), Some(&endpoint.service))
}

/// The label of an endpoint: `start`, `used` or `gateway`.
#[must_use]
pub fn endpoint_label(endpoint: &EndpointDesign) -> &'static str {
    match &endpoint.group {
        _ if endpoint.gateway => "gateway",
        Some(Party::Endpoints) => "start",
        _ => "used",
    }
}

// === The network ===

/// The VPC's id.
#[must_use]
pub fn vpc(design: &Design) -> Expr {
    match &design.farm.network.existing {
        Some(existing) => existing.vpc.as_str().into(),
        None => raw("aws_vpc.farm.id"),
    }
}

/// The ids of the private subnets.
#[must_use]
pub fn private_subnets(design: &Design) -> Expr {
    subnets("aws_subnet.private", &design.private)
}

/// The ids of the public subnets.
#[must_use]
pub fn public_subnets(design: &Design) -> Expr {
    subnets("aws_subnet.public", &design.public)
}

/// The subnets of the load balancer in front: public ones, if it has public addresses.
#[must_use]
pub fn ingress_subnets(design: &Design) -> Expr {
    match design.farm.ingress.scheme {
        farmgate_farm::farm::Scheme::InternetFacing => public_subnets(design),
        farmgate_farm::farm::Scheme::Internal => private_subnets(design),
    }
}

/// The ids of subnets: of all instances of a resource, or as they are known.
fn subnets(address: &str, subnets: &[SubnetDesign]) -> Expr {
    let existing: Option<Vec<&str>> =
        subnets.iter().map(|subnet| subnet.existing.as_ref().map(|(id, _)| id.as_str())).collect();
    match existing {
        Some(ids) if !ids.is_empty() => ids.into(),
        _ => For::list("subnet", raw(address), raw("subnet.id")).into(),
    }
}

// === Physical names ===

/// A name at AWS: the farm's, then these words, joined by hyphens.
#[must_use]
pub fn physical(design: &Design, words: &[&str]) -> String {
    let farm = design.farm.farm.as_str();
    std::iter::once(farm).chain(words.iter().copied()).collect::<Vec<_>>().join("-")
}

/// A name at AWS of at most so many characters. One that is too long ends with a number made of all
/// of it, so that two of them stay different and each stays as it is.
#[must_use]
pub fn physical_within(design: &Design, words: &[&str], longest: usize) -> String {
    /// The hyphen and eight hexadecimal digits.
    const ENDING: usize = 9;
    let name = physical(design, words);
    if name.len() <= longest {
        return name;
    }
    // FNV-1a, of 32 bits: no more is asked of it than to differ.
    let number = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let kept: String = name.chars().take(longest.saturating_sub(ENDING)).collect();
    format!("{}-{number:08x}", kept.trim_end_matches('-'))
}

/// The name of a load balancer: the one in front, or that of a service.
#[must_use]
pub fn balancer_name(design: &Design, party: &Party) -> String {
    match party {
        Party::Balancer(name) => {
            physical_within(design, &["service", name.as_str()], BALANCER_NAME)
        }
        _ => physical_within(design, &[], BALANCER_NAME),
    }
}

/// The name of the target group behind a load balancer.
#[must_use]
pub fn targets_name(design: &Design, party: &Party) -> String {
    match party {
        Party::Balancer(_) => balancer_name(design, party),
        _ => physical_within(design, &["gate"], BALANCER_NAME),
    }
}

/// The words by which a party's resources are called: `server-python`.
#[must_use]
pub fn words(party: &Party) -> Vec<&str> {
    let (label, key) = label(party);
    std::iter::once(label).chain(key).collect()
}

// === The model's keys ===

/// Which key of the farm's model is which resource: its Terraform address, or its id where it exists
/// already. Security groups that exist have their id for a key in both.
#[must_use]
pub fn names(design: &Design) -> BTreeMap<Key, Key> {
    let mut names = BTreeMap::new();
    network(design, &mut names);
    parties(design, &mut names);
    protection(design, &mut names);
    for endpoint in design.endpoints.values() {
        names.insert(keys::endpoint(&endpoint.service), Key::new(&endpoint_address(endpoint)));
    }
    let repositories = &design.farm.repositories.create;
    for name in repositories.iter().map(|name| name.value.as_str()) {
        let address = at("aws_ecr_repository.farm", Some(name));
        names.insert(keys::repository(name), Key::new(&address));
    }
    names
}

/// The VPC's parts.
fn network(design: &Design, names: &mut BTreeMap<Key, Key>) {
    let mut name = |key: Key, address: String| names.insert(key, Key::new(&address));
    for subnet in &design.public {
        let own = format!("aws_subnet.public[\"{}\"]", subnet.letter);
        let id = subnet.existing.as_ref().map_or(own, |(id, _)| id.clone());
        name(keys::public_subnet(subnet.letter), id);
    }
    for subnet in &design.private {
        let letter = subnet.letter;
        let (id, table) = subnet.existing.clone().unwrap_or_else(|| {
            let of = |kind: &str| format!("{kind}.private[\"{letter}\"]");
            (of("aws_subnet"), of("aws_route_table"))
        });
        name(keys::private_subnet(letter), id);
        name(design.private_routes(subnet), table);
    }
    if let Some(existing) = &design.farm.network.existing {
        name(keys::vpc(), existing.vpc.as_str().to_owned());
        if let Some((_, table)) = design.public.first().and_then(|subnet| subnet.existing.as_ref())
        {
            name(keys::public_routes(), table.clone());
        }
        return;
    }
    name(keys::vpc(), "aws_vpc.farm".to_owned());
    name(keys::default_group(), "aws_default_security_group.farm".to_owned());
    if let Some((group, _)) = super::network::flow_group(design) {
        name(keys::log_group(group), "aws_cloudwatch_log_group.flow".to_owned());
        name(keys::flow_role(), "aws_iam_role.flow".to_owned());
    }
    if !design.public.is_empty() {
        name(keys::public_routes(), "aws_route_table.public".to_owned());
        name(keys::internet_gateway(), "aws_internet_gateway.farm".to_owned());
    }
    for letter in &design.nat {
        name(keys::nat(*letter), format!("aws_nat_gateway.nat[\"{letter}\"]"));
    }
}

/// What watches the account, the network and the numbers of tasks.
fn protection(design: &Design, names: &mut BTreeMap<Key, Key>) {
    let on = &design.farm.detection;
    let all = [
        (on.cloudtrail, keys::trail(), "aws_cloudtrail.farm"),
        (on.guardduty, keys::detector(), "aws_guardduty_detector.farm"),
        (on.security_hub, keys::hub(), "aws_securityhub_account.farm"),
        (on.config, keys::recorder(), "aws_config_configuration_recorder.farm"),
        (on.config, keys::config_role(), "aws_iam_role.config"),
        (super::network::flow_group(design).is_some(), keys::flow_log(), "aws_flow_log.farm"),
    ];
    for (_, key, address) in all.into_iter().filter(|(on, ..)| *on) {
        names.insert(key, Key::new(address));
    }
    for task in &design.tasks {
        let (label, key) = label(&task.party);
        for (metric, ..) in super::scaling::moved_by(task) {
            let address = at(&format!("aws_appautoscaling_policy.{label}_{metric}"), key);
            names.insert(keys::scaling_policy(&task.party, metric), Key::new(&address));
        }
    }
}

/// What has a security group, and what runs in it.
fn parties(design: &Design, names: &mut BTreeMap<Key, Key>) {
    let mut name = |key: Key, address: &str| names.insert(key, Key::new(address));
    for party in design.groups() {
        name(keys::group(party), &group_address(design, party));
    }
    let balancers = design.groups().into_iter().filter(|p| matches!(p, Party::Balancer(_)));
    for party in balancers.chain([&Party::Ingress]) {
        name(keys::party(party), &balancer_address(party));
        name(keys::targets(party), &targets_address(party));
        name(keys::listener(party, 443), &listener_address(party, 443));
    }
    if design.farm.ingress.tls.redirect {
        name(keys::listener(&Party::Ingress, 80), &listener_address(&Party::Ingress, 80));
    }
    if design.farm.ingress.waf.is_some() {
        name(keys::waf(), "aws_wafv2_web_acl_association.ingress");
        name(keys::web_acl(), "aws_wafv2_web_acl.ingress");
        name(keys::log_group(&super::waf::log_group(design)), "aws_cloudwatch_log_group.waf");
    }
    name(keys::cluster(), "aws_ecs_cluster.farm");
    for task in &design.tasks {
        let party = &task.party;
        name(keys::party(party), &service_address(task));
        name(keys::scaling(party), &address("aws_appautoscaling_target", party));
        if task.discovered {
            name(keys::discovery(party), &address("aws_service_discovery_service", party));
        }
    }
    for task in design.definitions() {
        let party = &task.party;
        name(keys::log_group(&task.log_group), &address("aws_cloudwatch_log_group", party));
        name(keys::task(party), &address("aws_ecs_task_definition", party));
        name(keys::execution_role(party), &role_address(party, Role::Execution));
        name(keys::task_role(party), &role_address(party, Role::Task));
    }
    for route in &design.routes {
        let server = Party::Server(route.server.clone());
        let address = at("aws_ssm_parameter.endpoint", Some(route.server.as_str()));
        name(keys::parameter(&server), &address);
    }
    for database in design.farm.databases.keys() {
        let party = Party::Database(database.clone());
        name(keys::group(&party), &group_address(design, &party));
        name(keys::party(&party), &address("aws_db_instance", &party));
    }
    for (key, group) in super::databases::log_groups(design) {
        let address = at("aws_cloudwatch_log_group.database", Some(&key));
        name(keys::log_group(&group), &address);
    }
}
