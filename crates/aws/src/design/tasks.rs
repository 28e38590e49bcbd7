//! Tasks: the gate's, the servers', the services', and the probe.

use farmgate_farm::farm::{
    Architecture, Container, LogSettings, Scale, Server, ServerTls, Service, Transport,
};
use farmgate_farm::gate;
use farmgate_farm::record::Number;
use farmgate_farm::word::Name;

use super::base::Base;
use super::containers::{self, BRIDGE_VOLUME};
use super::{ContainerDesign, Grant, LogGroup, Party, Scaling, Task, grants};

/// Seconds for which a gate that goes away may finish the calls in progress: as long as Fargate
/// waits at most (ECS Developer Guide, `stopTimeout`).
const GATE_DRAIN: u64 = 120;

/// Seconds that a gate may take to start before the load balancer's checks count.
const GATE_GRACE: u64 = 60;

/// All tasks: the gate, then servers, then services, each in order of name.
pub(super) fn all(base: &Base<'_>, config: &gate::Config) -> Vec<Task> {
    let mut tasks = vec![gate_task(base, config)];
    tasks.extend(gate::enabled(base.farm).map(|(name, server)| server_task(base, name, server)));
    let services = base.farm.services.iter();
    let made = services.filter(|(_, service)| service.existing.is_none());
    let there = made.filter(|(_, service)| service.container.enabled);
    tasks.extend(there.map(|(name, service)| service_task(base, name, service)));
    tasks
}

/// CPU units and MiB of the probe: the least that Fargate has.
const PROBE_SIZE: (u64, u64) = (256, 512);

/// The probe: farmgate's own image, told where to look. It holds no secret and may do nothing at AWS.
pub(super) fn probe(base: &Base<'_>, tasks: &[Task]) -> Task {
    let at = base.farm.gate.at.own().start;
    let parts = Parts {
        name: "probe".to_owned(),
        containers: vec![containers::prober(base, &places(base, tasks))],
        role: Vec::new(),
        size: PROBE_SIZE,
        architecture: base.farm.gate.architecture,
    };
    Task { desired: 0, min: 0, max: 0, at, ..task(base, Party::Probe, parts) }
}

/// Where the probe looks: at each server's task, by its name, on the port that the gate calls and, if
/// a bridge stands before it, on its own. The gate has no name but the load balancer's.
fn places(base: &Base<'_>, tasks: &[Task]) -> gate::ProbeTask {
    let servers = gate::enabled(base.farm).map(|(name, server)| {
        let party = Party::Server(name.clone());
        let task = tasks.iter().find(|task| task.party == party);
        let host = format!("{name}.{}", super::whole::namespace(base.farm));
        let ports = task.map(|task| task.port).into_iter().chain(behind_bridge(server));
        (name.as_str().to_owned(), ports.map(|port| format!("{host}:{port}")).collect())
    });
    gate::ProbeTask {
        version: gate::PROBE_VERSION,
        farm: base.farm.farm.as_str().to_owned(),
        url: format!("https://{}", base.farm.ingress.domain.name),
        servers: servers.collect(),
        gate: Vec::new(),
        admin: Vec::new(),
    }
}

/// The port of a server that only the bridge beside it may reach.
pub(super) fn behind_bridge(server: &Server) -> Option<u16> {
    let bridged = server.transport == Transport::Http && server.tls == ServerTls::Bridge;
    bridged.then(|| u16::try_from(server.port.get()).ok()).flatten()
}

/// The name of a party's log group.
fn log_group(base: &Base<'_>, party: &Party) -> String {
    let farm = &base.farm.farm;
    match party {
        Party::Server(name) => format!("/ecs/{farm}/servers/{name}"),
        Party::Service(name) => format!("/ecs/{farm}/services/{name}"),
        other => format!("/ecs/{farm}/{}", other.word()),
    }
}

fn gate_task(base: &Base<'_>, config: &gate::Config) -> Task {
    let gate = &base.farm.gate;
    let scale = &gate.scale;
    let (min, max) = (gate.min.get(), gate.max.get());
    let parts = Parts {
        name: "gate".to_owned(),
        containers: vec![containers::gate(base, config, GATE_DRAIN)],
        role: Vec::new(),
        size: (gate.size.cpu.get(), gate.size.memory.get()),
        architecture: gate.architecture,
    };
    Task {
        desired: min,
        min,
        max,
        scaling: Scaling {
            cpu: Some(scale.cpu.get()),
            memory: scale.memory.map(Number::get),
            requests: scale.requests.map(Number::get),
            cooldown_in: scale.r#in.as_seconds(),
            cooldown_out: scale.out.as_seconds(),
        },
        port: gate::PORT,
        tls: true,
        grace: GATE_GRACE,
        at: gate.at.own().start,
        ..task(base, Party::Gate, parts)
    }
}

fn server_task(base: &Base<'_>, name: &Name, server: &Server) -> Task {
    let container = &server.container;
    let bridged = server.tls == ServerTls::Bridge;
    let mut parts = Parts::of(name, container);
    parts.containers = match (server.transport, bridged) {
        (Transport::Stdio, _) => containers::stdio(base, name, server),
        (Transport::Http, true) => containers::bridged(base, name, server),
        (Transport::Http, false) => {
            let port = u16::try_from(server.port.get()).unwrap_or_default();
            containers::plain(base, name, container, Some(port))
        }
    };
    let port = if bridged { u64::from(gate::PORT) } else { server.port.get() };
    let mut volumes = volumes(container);
    if server.transport == Transport::Stdio {
        volumes.push(BRIDGE_VOLUME.to_owned());
    }
    Task {
        port: u16::try_from(port).unwrap_or_default(),
        tls: true,
        discovered: true,
        volumes,
        at: server.at.own().start,
        ..contained(base, Party::Server(name.clone()), container, parts)
    }
}

fn service_task(base: &Base<'_>, name: &Name, service: &Service) -> Task {
    let container = &service.container;
    let port = port(service);
    let mut parts = Parts::of(name, container);
    parts.containers = containers::plain(base, name, container, Some(port));
    Task {
        port,
        tls: service.tls,
        discovered: service.behind == farmgate_farm::farm::Behind::Name,
        volumes: volumes(container),
        at: service.at.own().start,
        ..contained(base, Party::Service(name.clone()), container, parts)
    }
}

/// The port of a service of ours.
pub(super) fn port(service: &Service) -> u16 {
    service.port.and_then(|port| u16::try_from(port.get()).ok()).unwrap_or_default()
}

/// What a task is made of.
struct Parts {
    name: String,
    containers: Vec<ContainerDesign>,
    role: Vec<Grant>,
    size: (u64, u64),
    architecture: Architecture,
}

impl Parts {
    fn of(name: &Name, container: &Container) -> Self {
        Self {
            name: name.as_str().to_owned(),
            containers: Vec::new(),
            role: grants::role(&container.permissions),
            size: (container.size.cpu.get(), container.size.memory.get()),
            architecture: container.architecture,
        }
    }
}

/// A task of one of the farm's containers: its scaling, as it says.
fn contained(base: &Base<'_>, party: Party, container: &Container, parts: Parts) -> Task {
    let scale: &Scale = &container.scale;
    let min = scale.min.get();
    Task {
        desired: container.desired.map_or(min, Number::get),
        min,
        max: scale.max.map_or(min, Number::get),
        scaling: Scaling {
            cpu: scale.cpu.map(Number::get),
            memory: scale.memory.map(Number::get),
            requests: scale.requests.map(Number::get),
            cooldown_in: scale.r#in.as_seconds(),
            cooldown_out: scale.out.as_seconds(),
        },
        circuit_breaker: container.circuit_breaker,
        grace: container.grace.as_seconds(),
        ..task(base, party, parts)
    }
}

fn task(base: &Base<'_>, party: Party, parts: Parts) -> Task {
    let log_group = log_group(base, &party);
    let execution = grants::execution(&base.arns, &parts.containers, &log_group);
    Task {
        party,
        name: parts.name,
        log_group,
        cpu: parts.size.0,
        memory: parts.size.1,
        architecture: match parts.architecture {
            Architecture::X86 => "X86_64",
            Architecture::Arm => "ARM64",
        },
        containers: parts.containers,
        volumes: Vec::new(),
        execution,
        role: parts.role,
        port: 0,
        tls: false,
        discovered: false,
        desired: 1,
        min: 1,
        max: 1,
        scaling: Scaling::default(),
        circuit_breaker: true,
        grace: 0,
        at: 0,
    }
}

fn volumes(container: &Container) -> Vec<String> {
    container.tmp.keys().map(|name| name.as_str().to_owned()).collect()
}

/// A task's log group.
pub(super) fn logs(base: &Base<'_>, task: &Task) -> LogGroup {
    let farm = base.farm;
    let own: Option<&LogSettings> = match &task.party {
        Party::Gate => farm.gate.logs.as_ref(),
        Party::Server(name) => farm.servers.get(name).and_then(|it| it.container.logs.as_ref()),
        Party::Service(name) => farm.services.get(name).and_then(|it| it.container.logs.as_ref()),
        _ => None,
    };
    let settings = own.unwrap_or(&farm.logs);
    LogGroup {
        retention: settings.retention.as_days(),
        kms_key: settings.kms_key.as_ref().map(|key| key.as_str().to_owned()),
        of: task.party.word(),
    }
}
