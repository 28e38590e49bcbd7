//! The farm: what a `farm.yaml` says, as types.
//!
//! The doc comments are the documentation of the file: the JSON Schema and `docs/farm-file.md` are
//! made from them. What must hold between fields is checked in `crate::validate`.

mod access;
mod container;
mod database;
mod gate;
mod ingress;
mod network;
mod observe;
mod server;
mod service;

use std::collections::BTreeMap;

use crate::accept::Acceptances;
use crate::diagnostic::Diagnostic;
use crate::expect::Expectations;
use crate::record::{Read, Shape, record};
use crate::word::{AccountId, Label, Name, Region, Text};
use crate::yaml::{Node, Value};

pub use access::{
    ApiKeys, ApigwIam, Auth, Oauth, Permission, Replay, SigV4IssuedKeys, StsProof, ToolRule,
    ToolSelection,
};
pub use container::{
    Architecture, Container, ContainerCheck, GateScale, LogSettings, Scale, TaskSize,
    named_database,
};
pub use database::{Database, Engine};
pub use gate::{AuditFailure, Gate, GateAudit, GateLimits};
pub use ingress::{
    AccessLogs, Answer, Domain, Geo, Ingress, ManagedGroup, ManagedRules, ManagedSettings, Scheme,
    Tls, TlsPolicy, Waf,
};
pub use network::{
    Endpoints, ExistingNetwork, ExistingSubnet, FlowLogs, FlowTraffic, Nat, Network,
};
pub use observe::{Alarms, Detection, Monitoring, Repositories, Rotation};
pub use server::{BUILTIN, EVERYTHING, Health, Local, PORT_WORD, Server, ServerTls, Transport};
pub use service::{Behind, Existing, Service};

record! {
    /// A farm of MCP servers: which there are, who may call them, and what they may reach.
    Farm {
        /// The farm's name. Every AWS resource of it bears this name first.
        farm: Name;
        /// The AWS region.
        region: Region;
        /// The AWS account. It is where images without a registry are looked for.
        account: Option<AccountId> = None;
        /// The stage, as `prod`: a tag, and part of no name (use another `farm` for another copy).
        stage: Option<Name> = None;
        /// Tags on everything that can have some. `Farm` and, with a stage, `Stage` are added.
        tags: BTreeMap<Label, Text> = BTreeMap::new();
        /// The network: VPC, subnets, ways out.
        network: Network, record;
        /// Where clients come in.
        ingress: Ingress;
        /// How callers prove who they are: any one of these suffices. A server may have its own list.
        auth: Vec<Auth> = Vec::new();
        /// The gate: the service that authenticates, authorizes and routes every call.
        gate: Gate, record;
        /// The MCP servers by name.
        servers: BTreeMap<Name, Server>;
        /// Services that speak no MCP, and that servers call, by name.
        services: BTreeMap<Name, Service> = BTreeMap::new();
        /// Databases by name.
        databases: BTreeMap<Name, Database> = BTreeMap::new();
        /// Who may call which tools. The first rule that matches decides; with rules, what none of
        /// them allows is refused. Without rules, who may call a server may call its tools.
        tools: Vec<ToolRule> = Vec::new();
        /// Repositories of images that the farm owns.
        repositories: Repositories, record;
        /// How logs are kept, where a server says nothing else.
        logs: LogSettings, record;
        /// What is measured.
        monitoring: Monitoring, record;
        /// Alarms; none if absent.
        alarms: Option<Alarms> = None;
        /// Secrets that are rotated by a function of yours, on a schedule.
        rotation: Vec<Rotation> = Vec::new();
        /// Detection for the whole account: off, as an account has each of these once.
        detection: Detection, record;
        /// What must hold: statements that are proved beside the built-in ones. See
        /// [expectations](expectations.md).
        expect: Expectations = Expectations::default();
        /// Findings that you take, each with a reason and, if you like, a last day. See
        /// [expectations](expectations.md#acceptances).
        accept: Acceptances = Acceptances::default();
    }
}

/// Reads a farm file. `rule_ids` are those of all rules, of which acceptances name some.
///
/// # Errors
/// All problems of the file.
pub fn read(source: &str, rule_ids: &[&str]) -> Result<Farm, Vec<Diagnostic>> {
    let farm = crate::yaml::document(source, |root, problems| from_node(root, rule_ids, problems))?;
    // Without problems there is a farm.
    farm.ok_or_else(Vec::new)
}

/// Reads and validates a farm. It is one to use if no problem was found.
pub(crate) fn from_node(
    root: &Node,
    rule_ids: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<Farm> {
    if let Value::Mapping(entries) = &root.value
        && let Some((_, list)) =
            entries.iter().find(|(key, _)| key.scalar().is_some_and(|key| key.text == "accept"))
    {
        crate::accept::check_rules(list, rule_ids, problems);
    }
    let farm = Farm::read(root, problems);
    if let Some(farm) = &farm {
        crate::validate::check(farm, root, problems);
    }
    let hidden = crate::validate::hidden(root, problems);
    for problem in problems.iter_mut() {
        problem.hide(&hidden);
    }
    farm
}

impl Read for Expectations {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        Some(crate::expect::read_list(node, problems))
    }

    fn shape() -> Shape {
        crate::expect::shape()
    }

    fn show(&self) -> String {
        String::new()
    }
}

impl Read for Acceptances {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        Some(crate::accept::read_list(node, problems))
    }

    fn shape() -> Shape {
        crate::accept::shape()
    }

    fn show(&self) -> String {
        String::new()
    }
}
