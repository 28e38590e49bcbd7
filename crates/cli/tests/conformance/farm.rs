//! A gate before the server under test, with everything on: keys, limits, audit, signed principals.

use std::net::SocketAddr;
use std::path::Path;

use farmgate_farm::gate::{
    Authentication, Config, Health, KEYS_VARIABLE, Limits, Rate, Server, Upstream, VERSION,
};
use farmgate_gate::{Gate, Options, Secrets};
use farmgate_keys::{ApiKeys, GateKeys, NewKey};
use secrecy::{ExposeSecret as _, SecretString};

use crate::relay::Relay;
use crate::target::{Process, Target};

const STORE: &str = "FARMGATE_STORE_1";

/// More than the suite asks.
const MANY: Rate = Rate { requests: 1_000_000, seconds: 60 };

/// A gate, and a relay before it that adds the key: the suite can't.
pub(crate) struct Farm {
    relay: Relay,
    gate: Option<Gate>,
    _bridge: Option<Process>,
}

impl Farm {
    /// A gate before the target; before a stdio server with a bridge that wants what it signs.
    pub(crate) fn before(target: &Target) -> Self {
        let keys = GateKeys::generate().unwrap();
        let (bridge, address) = match target.is_stdio() {
            true => {
                let (bridge, address) = target.bridge(&keys.public());
                (Some(bridge), address)
            }
            false => (None, target.address()),
        };
        let mut store = ApiKeys::default();
        let new = NewKey { name: None, group: None, expires: None };
        let key = store.add(&new, 0).unwrap().0.expose_secret().to_owned();
        let secrets = Secrets::default()
            .text(KEYS_VARIABLE, keys.text())
            .text(STORE, SecretString::from(store.text()));
        let options = Options { workers: Some(2), ..Options::default() };
        let gate = Gate::start(config(address, bridge.is_some()), secrets, options).unwrap();
        let relay = Relay::start(gate.address(), &format!("x-api-key: {key}"));
        Self { relay, gate: Some(gate), _bridge: bridge }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.relay.address())
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.stop();
        }
    }
}

fn config(target: SocketAddr, bridge: bool) -> Config {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    std::fs::create_dir_all(&folder).unwrap();
    let audit = farmgate_farm::gate::AuditFile {
        path: folder.join(format!("audit-{}.jsonl", target.port())),
        rotate_bytes: 1 << 20,
        keep_days: 1,
    };
    let server = Server {
        route: "/mcp".to_owned(),
        priority: 1,
        upstream: Upstream { tls: bridge, bridge, ..Upstream::plain(target) },
        authentication: vec![Authentication::ApiKeys {
            store: STORE.to_owned(),
            header: "x-api-key".to_owned(),
            group_header: None,
        }],
        health: Health {
            path: if bridge { "/farmgate" } else { "/mcp" }.to_owned(),
            codes: "200-499".to_owned(),
            interval: 5,
            timeout: 4,
            healthy: 2,
            unhealthy: 10,
        },
        drain: 1,
    };
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Config {
        version: VERSION,
        farm: "conformance".to_owned(),
        port: 0,
        listen: Some(anywhere),
        plain: true,
        admin: Some(anywhere),
        tls: None,
        hosts: vec!["localhost".to_owned()],
        trusted_proxies: Vec::new(),
        allow: Vec::new(),
        idle_timeout: 3600,
        default: farmgate_farm::gate::Answer::default(),
        limits: Limits { per_principal: MANY, per_address: MANY, ..Limits::default() },
        audit: farmgate_farm::gate::Audit {
            stdout: false,
            file: Some(audit),
            ..farmgate_farm::gate::Audit::default()
        },
        servers: [("under-test".to_owned(), server)].into(),
        tools: Vec::new(),
    }
}
