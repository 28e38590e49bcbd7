//! The keys under which a farm's parts are in its model: the words of the farm file, so that
//! statements and findings speak the person's language.

use super::Party;
use crate::model::Key;

/// The VPC.
#[must_use]
pub fn vpc() -> Key {
    Key::new("network")
}

/// A public subnet.
#[must_use]
pub fn public_subnet(letter: char) -> Key {
    Key::new(&format!("network.public-{letter}"))
}

/// A private subnet.
#[must_use]
pub fn private_subnet(letter: char) -> Key {
    Key::new(&format!("network.private-{letter}"))
}

/// The route table of all public subnets.
#[must_use]
pub fn public_routes() -> Key {
    Key::new("network.routes.public")
}

/// The route table of a private subnet.
#[must_use]
pub fn private_routes(letter: char) -> Key {
    Key::new(&format!("network.routes.private-{letter}"))
}

/// The internet gateway.
#[must_use]
pub fn internet_gateway() -> Key {
    Key::new("network.internet-gateway")
}

/// A NAT gateway.
#[must_use]
pub fn nat(letter: char) -> Key {
    Key::new(&format!("network.nat-{letter}"))
}

/// The VPC's default security group, emptied.
#[must_use]
pub fn default_group() -> Key {
    Key::new("groups.default")
}

/// The security group of a party; of one that exists, its id is the key.
#[must_use]
pub fn group(party: &Party) -> Key {
    Key::new(&format!("groups.{}", party.word()))
}

/// What a party is in the model: its load balancer, service, database or endpoint.
#[must_use]
pub fn party(party: &Party) -> Key {
    Key::new(&party.word())
}

/// An endpoint, by short service name.
#[must_use]
pub fn endpoint(service: &str) -> Key {
    Key::new(&format!("endpoints.{service}"))
}

/// The listener of a load balancer, on a port: `ingress.443`.
#[must_use]
pub fn listener(balancer: &Party, port: u16) -> Key {
    Key::new(&format!("{}.{port}", balancer.word()))
}

/// The target group behind a load balancer: `ingress.targets`.
#[must_use]
pub fn targets(balancer: &Party) -> Key {
    Key::new(&format!("{}.targets", balancer.word()))
}

/// The task definition of a party.
#[must_use]
pub fn task(party: &Party) -> Key {
    Key::new(&format!("{}.task", party.word()))
}

/// The scaling target of a party.
#[must_use]
pub fn scaling(party: &Party) -> Key {
    Key::new(&format!("{}.scaling", party.word()))
}

/// The Cloud Map entry of a party.
#[must_use]
pub fn discovery(party: &Party) -> Key {
    Key::new(&format!("{}.name", party.word()))
}

/// The ECS cluster.
#[must_use]
pub fn cluster() -> Key {
    Key::new("cluster")
}

/// The association of the web ACL with the load balancer.
#[must_use]
pub fn waf() -> Key {
    Key::new("ingress.waf")
}

/// The web ACL.
#[must_use]
pub fn web_acl() -> Key {
    Key::new("ingress.web-acl")
}

/// The flow log of the VPC.
#[must_use]
pub fn flow_log() -> Key {
    Key::new("network.flow-log")
}

/// The trail of CloudTrail.
#[must_use]
pub fn trail() -> Key {
    Key::new("detection.cloudtrail")
}

/// The detector of GuardDuty.
#[must_use]
pub fn detector() -> Key {
    Key::new("detection.guardduty")
}

/// Security Hub.
#[must_use]
pub fn hub() -> Key {
    Key::new("detection.security-hub")
}

/// The recorder of AWS Config.
#[must_use]
pub fn recorder() -> Key {
    Key::new("detection.config")
}

/// What moves the number of a party's tasks by a metric: `cpu`, `memory`, `requests`.
#[must_use]
pub fn scaling_policy(party: &Party, metric: &str) -> Key {
    Key::new(&format!("{}.scaling.{metric}", party.word()))
}

/// The role that writes flow logs.
#[must_use]
pub fn flow_role() -> Key {
    Key::new("network.flow-logs.role")
}

/// The role with which Config reads configurations.
#[must_use]
pub fn config_role() -> Key {
    Key::new("detection.config.role")
}

/// A log group, by its name.
#[must_use]
pub fn log_group(name: &str) -> Key {
    Key::new(&format!("logs.{name}"))
}

/// The parameter of the endpoint registry that names a server's URL.
#[must_use]
pub fn parameter(server: &Party) -> Key {
    Key::new(&format!("{}.parameter", server.word()))
}

/// The execution role of a party.
#[must_use]
pub fn execution_role(party: &Party) -> Key {
    Key::new(&format!("{}.execution-role", party.word()))
}

/// The task role of a party.
#[must_use]
pub fn task_role(party: &Party) -> Key {
    Key::new(&format!("{}.role", party.word()))
}

/// A repository.
#[must_use]
pub fn repository(name: &str) -> Key {
    Key::new(&format!("repositories.{name}"))
}
