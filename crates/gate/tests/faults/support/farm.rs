//! A gate before its backends, with keys of two callers: what a test starts from.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use farmgate_farm::gate::{
    Answer as Default404, Audit, Authentication, Config, Health, Limits, Rate, Server, ToolRule,
    Upstream, VERSION,
};
use farmgate_gate::{Gate, Options, Secrets, StartError, Sts};
use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, NewKey};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use super::backend::{Backend, PROBE};
use super::client::{Answer, Ask, Client};
use super::{secure, wait_until};

pub(crate) const STORE: &str = "FARMGATE_STORE_1";
pub(crate) const KEYS: &str = "FARMGATE_KEYS";
/// Access keys, for whom signs.
pub(crate) const ACCESS: &str = "FARMGATE_STORE_2";

/// A farm that has not started.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) store: ApiKeys,
    pub(crate) access: AccessKeys,
    /// More secrets, by their names.
    pub(crate) secrets: Vec<(&'static str, String)>,
    pub(crate) sts: Sts,
    pub(crate) keys: GateKeys,
    pub(crate) alice: Caller,
    pub(crate) bob: Caller,
    folder: TempDir,
}

/// Whoever has a key.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) key: String,
    pub(crate) group: String,
}

/// A farm that runs.
pub(crate) struct Farm {
    pub(crate) gate: Gate,
    pub(crate) config: Config,
    pub(crate) store: ApiKeys,
    pub(crate) alice: Caller,
    pub(crate) bob: Caller,
    folder: TempDir,
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A new key in a store.
pub(crate) fn add(store: &mut ApiKeys, name: &str, group: &str) -> Caller {
    let new = NewKey { name: Some(name.into()), group: Some(group.into()), expires: None };
    let (key, _) = store.add(&new, now()).unwrap();
    Caller { key: key.expose_secret().to_owned(), group: group.to_owned() }
}

/// A server at `/NAME`, or at `/mcp` if it is called `echo`, with API keys.
pub(crate) fn server(name: &str, target: SocketAddr) -> Server {
    Server {
        route: if name == "echo" { "/mcp".to_owned() } else { format!("/{name}") },
        priority: 1,
        upstream: Upstream::plain(target),
        authentication: vec![Authentication::ApiKeys {
            store: STORE.to_owned(),
            header: "x-api-key".to_owned(),
            group_header: Some("x-group-name".to_owned()),
        }],
        health: Health {
            path: PROBE.to_owned(),
            codes: "200".to_owned(),
            interval: 1,
            timeout: 1,
            healthy: 1,
            unhealthy: 2,
        },
        drain: 5,
    }
}

pub(crate) fn tools(allow: bool, principal: &str, tools: &[&str]) -> ToolRule {
    ToolRule {
        allow,
        principals: vec![principal.to_owned()],
        server: "*".to_owned(),
        tools: tools.iter().map(|&tool| tool.to_owned()).collect(),
    }
}

// === impl Setup ===

impl Setup {
    pub(crate) fn of(servers: &[(&str, &Backend)]) -> Self {
        let named = servers.iter().map(|(name, backend)| (*name, backend.address()));
        Self::at(&named.collect::<Vec<_>>())
    }

    /// In plain HTTP on loopback; no limit is near; nothing is audited.
    pub(crate) fn at(servers: &[(&str, SocketAddr)]) -> Self {
        let mut store = ApiKeys::default();
        let alice = add(&mut store, "alice", "researchers");
        let bob = add(&mut store, "bob", "visitors");
        let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let plenty = Rate { requests: 100_000_000, seconds: 300 };
        let servers = servers.iter().map(|(name, at)| ((*name).to_owned(), server(name, *at)));
        let config = Config {
            version: VERSION,
            farm: "faults".to_owned(),
            port: 8443,
            listen: Some(loopback),
            plain: true,
            admin: Some(loopback),
            tls: None,
            hosts: vec!["mcp.example.com".to_owned()],
            trusted_proxies: Vec::new(),
            allow: Vec::new(),
            idle_timeout: 3600,
            default: Default404::default(),
            limits: Limits { per_principal: plenty, per_address: plenty, ..Limits::default() },
            audit: Audit { stdout: false, ..Audit::default() },
            servers: servers.collect::<BTreeMap<_, _>>(),
            tools: Vec::new(),
        };
        let keys = GateKeys::generate().unwrap();
        Self {
            config,
            store,
            access: AccessKeys::default(),
            secrets: Vec::new(),
            sts: Sts::default(),
            keys,
            alice,
            bob,
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn start(self) -> Farm {
        self.try_start().unwrap()
    }

    pub(crate) fn try_start(self) -> Result<Farm, StartError> {
        let Self { config, store, access, secrets: more, sts, keys, alice, bob, folder } = self;
        let path = |name: &str| folder.path().join(name);
        write(path("keys.json"), keys.text().expose_secret());
        write(path("store.json"), &store.text());
        write(path("access.json"), &access.text());
        let mut secrets = Secrets::default()
            .file(KEYS, path("keys.json"))
            .file(STORE, path("store.json"))
            .file(ACCESS, path("access.json"));
        for (name, value) in more {
            write(path(name), &value);
            secrets = secrets.file(name, path(name));
        }
        let options = Options { workers: Some(2), sts, ..Options::default() };
        let gate = Gate::start(config.clone(), secrets, options)?;
        let farm = Farm { gate, config, store, alice, bob, folder };
        farm.until_probed();
        Ok(farm)
    }
}

// === impl Farm ===

impl Farm {
    pub(crate) fn address(&self) -> SocketAddr {
        self.gate.address()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// A client that speaks TLS, as the gate must then do.
    pub(crate) fn secure_client(&self, protocols: &[&str]) -> Client {
        secure::connect(self.address(), protocols).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        self.client().ask(ask)
    }

    /// A call of `echo` by Alice.
    pub(crate) fn call(&self, id: u64, text: &str) -> Ask {
        self.alice.signs(Ask::call(id, text))
    }

    /// Whether a call goes all the way, as it should.
    pub(crate) fn is_well(&self) -> bool {
        self.ask(&self.call(99, "well")).echoes(99, "well")
    }

    /// The same over TLS.
    pub(crate) fn is_well_over_tls(&self) -> bool {
        let mut client = self.secure_client(&["http/1.1"]);
        client.ask(&self.call(99, "well")).echoes(99, "well")
    }

    /// Requests that are under way to any target.
    pub(crate) fn outstanding(&self) -> usize {
        self.gate.states().iter().map(|state| state.outstanding as usize).sum()
    }

    /// Until every target was probed once: before, it isn't known which is well.
    fn until_probed(&self) {
        wait_until("all targets are probed", || {
            let states = self.gate.states();
            states.iter().all(|state| state.probes > 0)
        });
    }

    /// What an admin page says.
    pub(crate) fn admin(&self, path: &str) -> Answer {
        Client::connect(self.gate.admin()).ask(&Ask::new("GET", path))
    }

    /// The sum of a metric over its labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.admin("/metrics").text();
        let mut found = text.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let first = found.next().unwrap_or_else(|| panic!("no metric `{name}` in:\n{text}"));
        let value = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
        found.map(value).sum::<f64>() + value(first)
    }

    /// Until nothing is under way and no client is connected.
    pub(crate) fn until_idle(&self) {
        self.until_idle_but(0);
    }

    /// Until nothing is under way and only so many clients are connected.
    pub(crate) fn until_idle_but(&self, connections: u32) {
        wait_until("nothing is under way", || self.outstanding() == 0);
        wait_until("all connections are closed", || {
            self.metric("farmgate_open_connections") == f64::from(connections)
        });
    }

    /// Puts another store in place of the one that the gate reads, as `farmgate key` does.
    pub(crate) fn write_store(&self, store: &ApiKeys) {
        self.replace("store.json", &store.text());
    }

    pub(crate) fn write_keys(&self, keys: &GateKeys) {
        self.replace("keys.json", keys.text().expose_secret());
    }

    /// Puts another store of access keys in place of the one that the gate reads.
    pub(crate) fn write_access(&self, access: &AccessKeys) {
        self.replace("access.json", &access.text());
    }

    /// Puts another value in place of one of the further secrets.
    pub(crate) fn write_secret(&self, name: &str, value: &str) {
        self.replace(name, value);
    }

    /// The keys that the gate reads now.
    pub(crate) fn keys(&self) -> GateKeys {
        let text = std::fs::read_to_string(self.folder.path().join("keys.json")).unwrap();
        GateKeys::parse(&SecretString::from(text)).unwrap()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn replace(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        let beside = path.with_extension("new");
        write(beside.clone(), text);
        std::fs::rename(beside, path).unwrap();
    }

    /// Ends the gate; a gate that doesn't end fails the test.
    pub(crate) fn stop(self) {
        self.gate.stop();
    }
}

// === impl Caller ===

impl Caller {
    pub(crate) fn signs(&self, ask: Ask) -> Ask {
        ask.key(&self.key, &self.group)
    }
}

fn write(path: PathBuf, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
