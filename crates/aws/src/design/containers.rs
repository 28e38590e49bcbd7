//! Containers: the gate's, a server's with its bridge, a service's.
//!
//! Farmgate's image has its binary at `/farmgate` as the entry point, and runs as [`FARMGATE_USER`],
//! who owns the directory [`BRIDGE_PATH`] of the image, which it declares as a volume.

use std::collections::BTreeMap;

use farmgate_farm::farm::{Container, ContainerCheck, Server};
use farmgate_farm::gate;
use farmgate_farm::word::{Name, SecretRef, SecretStore};

use super::base::Base;
use super::{ContainerDesign, ContainerHealth, SecretSource};

/// Who farmgate's image runs as.
pub const FARMGATE_USER: &str = "65532:65532";

/// Who a container runs as, if the file doesn't say.
pub const DEFAULT_USER: &str = "10001:10001";

/// The volume to which farmgate's binary is copied, for a server that speaks stdio.
pub const BRIDGE_VOLUME: &str = "farmgate";

/// Where that volume is mounted.
pub const BRIDGE_PATH: &str = "/opt/farmgate";

/// Where the volumes that can be written are mounted while they are given to who writes them.
const VOLUMES_PATH: &str = "/volumes";

/// The most that ECS takes for a container health check: timeout and start period, in seconds (ECS
/// API Reference, `HealthCheck`).
const LONGEST_TIMEOUT: u64 = 60;
const LONGEST_START: u64 = 300;

/// Seconds that a probe which is stopped may take to say what it found.
const PROBE_STOP: u64 = 10;

/// The gate's container.
pub(super) fn gate(base: &Base<'_>, config: &gate::Config, drain: u64) -> ContainerDesign {
    let keys = base.farm.gate.keys.clone().unwrap_or_else(|| SecretRef {
        store: SecretStore::SecretsManager,
        name: format!("{}/gate-keys", base.farm.farm),
        key: None,
    });
    let stores = gate::stores(base.farm);
    let stores = stores.iter().map(|(variable, store)| (variable.clone(), base.arns.secret(store)));
    let keys = (gate::KEYS_VARIABLE.to_owned(), base.arns.secret(&keys));
    ContainerDesign {
        name: "gate".to_owned(),
        command: vec!["gate".to_owned()],
        ports: vec![gate::PORT],
        environment: BTreeMap::from([(gate::CONFIG_VARIABLE.to_owned(), config.text())]),
        secrets: stores.chain([keys]).collect(),
        essential: true,
        stop_timeout: drain,
        ..farmgate(base)
    }
}

/// The probe's container.
pub(super) fn prober(base: &Base<'_>, places: &gate::ProbeTask) -> ContainerDesign {
    ContainerDesign {
        name: "probe".to_owned(),
        command: words(["probe", "--task"]),
        environment: BTreeMap::from([(gate::PROBE_VARIABLE.to_owned(), places.text())]),
        essential: true,
        stop_timeout: PROBE_STOP,
        ..farmgate(base)
    }
}

/// A server over HTTP and, beside it, the bridge that speaks TLS with the gate.
pub(super) fn bridged(base: &Base<'_>, name: &Name, server: &Server) -> Vec<ContainerDesign> {
    let container = &server.container;
    let upstream = format!("http://127.0.0.1:{}", server.port.get());
    let mut bridge = ContainerDesign {
        name: "bridge".to_owned(),
        command: words(["bridge", "--listen", &listen(), "--upstream", &upstream]),
        ports: vec![gate::PORT],
        environment: verifies(base, name),
        essential: true,
        stop_timeout: container.drain.as_seconds(),
        ..farmgate(base)
    };
    if container.check.is_none() {
        let url = format!("{upstream}{}", gate::health_path(server));
        let codes = server.health.codes.as_str();
        bridge.health = Some(probe(server, "/farmgate", &url, codes));
    }
    // The server's own port is not the task's: only the bridge, in the same task, connects to it.
    let mut all = plain(base, name, container, None);
    all.push(bridge);
    all
}

/// A server over stdio: an init container copies the bridge to a volume, and the bridge starts the
/// server's command, one process a session.
pub(super) fn stdio(base: &Base<'_>, name: &Name, server: &Server) -> Vec<ContainerDesign> {
    let container = &server.container;
    let binary = format!("{BRIDGE_PATH}/farmgate");
    let volume = |read_only| {
        BTreeMap::from([(BRIDGE_VOLUME.to_owned(), (BRIDGE_PATH.to_owned(), read_only))])
    };
    let install = ContainerDesign {
        name: "bridge-install".to_owned(),
        command: words(["bridge", "--install", BRIDGE_PATH]),
        essential: false,
        mounts: volume(false),
        stop_timeout: container.drain.as_seconds(),
        ..farmgate(base)
    };
    let mut all = plain(base, name, container, Some(gate::PORT));
    let Some(own) = all.last_mut() else { return all };
    own.entry_point = words([&binary, "bridge", "--listen", &listen(), "--"]);
    own.environment.extend(verifies(base, name));
    own.mounts.extend(volume(true));
    own.depends_on.push(("bridge-install".to_owned(), "SUCCESS"));
    if own.health.is_none() {
        let url = format!("https://127.0.0.1:{}{}", gate::PORT, gate::HEALTH_PATH);
        own.health = Some(probe(server, &binary, &url, "200"));
    }
    all.insert(0, install);
    all
}

/// A container, last, and before it what makes its volumes ready.
pub(super) fn plain(
    base: &Base<'_>,
    name: &Name,
    container: &Container,
    port: Option<u16>,
) -> Vec<ContainerDesign> {
    let mut own = written(base, name, container);
    own.ports = port.into_iter().collect();
    let volumes = volumes(base, container, &own.user);
    own.depends_on.extend(volumes.iter().map(|it| (it.name.clone(), "SUCCESS")));
    volumes.into_iter().chain([own]).collect()
}

/// Gives a container's empty volumes to the user that it runs as, and ends. Fargate makes them
/// root's, writable for nobody else, unless the image says otherwise (ECS Developer Guide, "Use bind
/// mounts"); so this has to be root, and needs nothing else.
fn volumes(base: &Base<'_>, container: &Container, user: &str) -> Option<ContainerDesign> {
    let is_root = container.user.as_ref().is_some_and(|user| user.is_root());
    if container.tmp.is_empty() || is_root {
        return None;
    }
    let paths = container.tmp.keys().map(|name| (name, format!("{VOLUMES_PATH}/{name}")));
    let paths: Vec<(String, String)> = paths.map(|(name, at)| (name.to_string(), at)).collect();
    let own = words(["bridge", "--own", user]);
    Some(ContainerDesign {
        name: "volumes".to_owned(),
        command: own.into_iter().chain(paths.iter().map(|(_, path)| path.clone())).collect(),
        essential: false,
        user: "0:0".to_owned(),
        mounts: paths.into_iter().map(|(name, path)| (name, (path, false))).collect(),
        stop_timeout: container.drain.as_seconds(),
        ..farmgate(base)
    })
}

/// A container as the file says.
fn written(base: &Base<'_>, name: &Name, container: &Container) -> ContainerDesign {
    let environment = container.environment.iter();
    let secrets = container.secrets.iter();
    let mounts = container.tmp.iter();
    ContainerDesign {
        name: name.as_str().to_owned(),
        image: base.image(name.as_str(), container),
        essential: true,
        entry_point: Vec::new(),
        command: container.command.iter().map(|word| word.as_str().to_owned()).collect(),
        ports: Vec::new(),
        environment: environment
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()))
            .collect(),
        secrets: secrets
            .map(|(name, secret)| (name.as_str().to_owned(), base.arns.secret(secret)))
            .collect::<BTreeMap<String, SecretSource>>(),
        user: container
            .user
            .as_ref()
            .map_or_else(|| DEFAULT_USER.to_owned(), |user| user.as_str().to_owned()),
        read_only: container.read_only_root,
        mounts: mounts
            .map(|(name, path)| (name.as_str().to_owned(), (path.as_str().to_owned(), false)))
            .collect(),
        depends_on: Vec::new(),
        health: container.check.as_ref().map(|check| health(check, container)),
        stop_timeout: container.drain.as_seconds(),
    }
}

/// A container of farmgate's image.
fn farmgate(base: &Base<'_>) -> ContainerDesign {
    ContainerDesign {
        image: base.farmgate(),
        user: FARMGATE_USER.to_owned(),
        read_only: true,
        ..ContainerDesign::default()
    }
}

fn health(check: &ContainerCheck, container: &Container) -> ContainerHealth {
    let command = check.command.iter().map(|word| word.as_str().to_owned());
    let start = check.start_period.unwrap_or(container.grace);
    ContainerHealth {
        command: std::iter::once("CMD".to_owned()).chain(command).collect(),
        interval: check.interval.as_seconds(),
        timeout: check.timeout.as_seconds(),
        retries: check.retries.get(),
        start_period: start.as_seconds().min(LONGEST_START),
    }
}

/// The bridge's own probe, as often as the gate's.
fn probe(server: &Server, binary: &str, url: &str, codes: &str) -> ContainerHealth {
    ContainerHealth {
        command: words(["CMD", binary, "bridge", "--check", url, "--codes", codes]),
        interval: server.health.interval.as_seconds(),
        timeout: server.health.timeout.as_seconds().min(LONGEST_TIMEOUT),
        retries: server.health.unhealthy.get(),
        start_period: server.container.grace.as_seconds().min(LONGEST_START),
    }
}

/// What a bridge verifies calls with: the gate's public key, and for which server they must be
/// signed. Neither is a secret.
fn verifies(base: &Base<'_>, server: &Name) -> BTreeMap<String, String> {
    let key = base.farm.gate.public_key.as_ref();
    let key = key.map(|key| key.as_str().to_owned()).unwrap_or_default();
    BTreeMap::from([
        (gate::PUBLIC_KEY_VARIABLE.to_owned(), key),
        (gate::SERVER_VARIABLE.to_owned(), server.as_str().to_owned()),
    ])
}

fn listen() -> String {
    format!("0.0.0.0:{}", gate::PORT)
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}
