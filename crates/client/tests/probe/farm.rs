//! A farm of one server behind a real gate, with three ways to prove who calls; and what a probe has
//! to know of it.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farmgate_client::probe::target::{AccessKey, ApiKey, Bounds, Secret, Server, Target, Way};
use farmgate_client::probe::{self, Cancel, Report, Settings, Trust, Verdict};
use farmgate_farm::gate::{self, Authentication, Config, Rate, Upstream};
use farmgate_gate::{Gate, Options, Secrets, Sts};
use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, NewKey};
use farmgate_wire::Certificate;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::backend::Backend;
use crate::{sts, weaken::Weakening};

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const SERVICE: &str = "execute-api";
pub(crate) const DOMAIN: &str = "mcp.example.com";

/// Requests of one address that the gate lets through: more than a probe needs before it tries this.
const REQUESTS: u32 = 300;

const FARM: &str = r#"
farm: test
region: us-east-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - api_keys: { store: "secretsmanager:test/api-keys", header: x-api-key, group_header: x-group-name }
  - sigv4_issued_keys: { store: "secretsmanager:test/access-keys" }
  - sts_proof: { principals: ["arn:aws:sts::123456789012:assumed-role/agents-*/*"] }
servers:
  echo: { route: /echo/mcp }
"#;

/// A certificate for everything on this machine, made once: it takes a while.
static CERTIFICATE: LazyLock<(String, String)> = LazyLock::new(|| {
    let names = ["127.0.0.1", "localhost", DOMAIN, "sts.us-east-1.amazonaws.com"];
    let made = rcgen::generate_simple_self_signed(names.map(str::to_owned)).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
});

/// A farm that runs.
pub(crate) struct Farm {
    pub(crate) gate: Gate,
    pub(crate) backend: Backend,
    pub(crate) callers: Callers,
    pub(crate) config: Config,
    _folder: TempDir,
}

/// Two principals, with a credential of each kind.
#[derive(Clone)]
pub(crate) struct Callers {
    pub(crate) keys: [ApiKey; 2],
    pub(crate) signing: [AccessKey; 2],
    pub(crate) aws: AccessKey,
}

pub(crate) fn server_config() -> Arc<ServerConfig> {
    let (chain, key) = &*CERTIFICATE;
    let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

pub(crate) fn roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE.0.as_bytes()).unwrap()).unwrap();
    Arc::new(roots)
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn new(name: &str, group: &str) -> NewKey {
    NewKey { name: Some(name.to_owned()), group: Some(group.to_owned()), expires: None }
}

// === impl Farm ===

impl Farm {
    /// With what a weakening changes of the configuration and of the server.
    pub(crate) fn start(weakening: &Weakening) -> Self {
        let backend = Backend::start(weakening.open_server);
        let written = farmgate_farm::farm::read(FARM, &[]).expect("a farm");
        let mut config =
            gate::config(&written, Vec::new(), |_, _| Upstream::plain(backend.address));
        config.listen = Some("127.0.0.1:0".parse().unwrap());
        config.admin = Some("127.0.0.1:0".parse().unwrap());
        config.allow = vec!["127.0.0.1/32".parse().unwrap()];
        config.audit.stdout = false;
        config.limits.head_bytes = 16 << 10;
        config.limits.body_bytes = 64 << 10;
        config.limits.per_address = Rate { requests: REQUESTS, seconds: 60 };
        for server in config.servers.values_mut() {
            server.health.path = "/probe".to_owned();
            server.health.codes = "200".to_owned();
            server.health.interval = 1;
            server.health.healthy = 1;
        }
        let intended = config.clone();
        (weakening.config)(&mut config);

        let keys = GateKeys::generate().unwrap();
        let (mut api, mut access) = (ApiKeys::default(), AccessKeys::default());
        let mut key = |name: &str, group: &str| {
            let (key, _) = api.add(&new(name, group), now()).unwrap();
            ApiKey { key, group: Some(group.to_owned()) }
        };
        let api_keys = [key("alice", "researchers"), key("bob", "visitors")];
        let mut pair = |name: &str, group: &str| {
            let (pair, _) = access.issue(&new(name, group), &keys, now()).unwrap();
            AccessKey { id: pair.id, secret: pair.secret, token: None }
        };
        let signing = [pair("alice", "researchers"), pair("bob", "visitors")];
        let aws = AccessKey {
            id: "AKIAEXAMPLEEXAMPLE00".to_owned(),
            secret: SecretString::from("a-secret-of-aws-that-the-stub-does-not-ask-for"),
            token: None,
        };

        let stores = gate::stores(&written);
        let mut secrets = Secrets::default().text(gate::KEYS_VARIABLE, keys.text());
        for (variable, store) in &stores {
            let text = if store.name.contains("access") { access.text() } else { api.text() };
            secrets = secrets.text(variable, SecretString::from(text));
        }
        let folder = TempDir::new().unwrap();
        let files: [PathBuf; 2] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&files[0], &CERTIFICATE.0).unwrap();
        std::fs::write(&files[1], &CERTIFICATE.1).unwrap();
        let options = Options {
            workers: Some(1),
            certificate: Some(Certificate::files(&files[0], &files[1]).unwrap()),
            sts: Sts::At { address: sts::start(server_config()), roots: roots() },
            ..Options::default()
        };
        let gate = Gate::start(config, secrets, options).unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while gate.states().iter().any(|state| state.probes == 0) {
            assert!(Instant::now() < until, "the server is never probed");
            std::thread::sleep(Duration::from_millis(5));
        }
        let callers = Callers { keys: api_keys, signing, aws };
        Self { gate, backend, callers, config: intended, _folder: folder }
    }

    /// What a probe knows of it: what it is meant to be, and where it is asked.
    pub(crate) fn target(&self, port: u16) -> Target {
        let server = &self.config.servers["echo"];
        let ways = server.authentication.iter().map(|way| match way {
            Authentication::ApiKeys { header, group_header, .. } => Way::ApiKey {
                header: header.clone(),
                group_header: group_header.clone(),
                keys: self.callers.keys.to_vec(),
            },
            Authentication::Sigv4IssuedKeys { region, service, .. } => Way::Signature {
                region: region.clone(),
                service: service.clone(),
                keys: self.callers.signing.to_vec(),
            },
            Authentication::StsProof { regions, audience, .. } => Way::StsProof {
                region: regions[0].clone(),
                audience: audience.clone(),
                key: Some(self.callers.aws.clone()),
            },
            other => Way::Other(other.words().to_owned()),
        });
        let limits = &self.config.limits;
        let secret = &self.callers.keys[0].key;
        Target {
            farm: "test".to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            addresses: vec!["127.0.0.1".parse().unwrap()],
            trust: Some(Trust::authorities(&CERTIFICATE.0).unwrap()),
            servers: vec![Server {
                name: "echo".to_owned(),
                path: "/echo/mcp".to_owned(),
                route: server.route.clone(),
                addresses: vec![self.backend.address],
                ways: ways.collect(),
            }],
            allow: Some(self.config.allow.clone()),
            own_address: None,
            default: Some(self.config.default.clone()),
            bounds: Some(Bounds {
                head_bytes: limits.head_bytes,
                body_bytes: limits.body_bytes,
                per_address: limits.per_address,
            }),
            gates: 1,
            admin: Some(self.gate.admin()),
            secrets: vec![Secret { what: "an API key".to_owned(), text: secret.clone() }],
        }
    }
}

/// The report, printed for whoever reads a test that failed.
pub(crate) fn probed(target: &Target) -> Report {
    let settings = Settings {
        patience: Duration::from_secs(5),
        settle: Duration::ZERO,
        rate_requests: 2 * REQUESTS,
        ..Settings::default()
    };
    let mut tell = |found: &probe::Finding| {
        println!(
            "{:12} {}: {} -> {}",
            found.verdict.words(),
            found.control,
            found.sent,
            found.came
        );
        for attempt in found.attempts.iter().filter(|it| it.verdict == Verdict::Failed) {
            println!("             {} -> {}", attempt.sent, attempt.came);
        }
        if let Some(because) = &found.because {
            println!("             because {because}");
        }
    };
    let report = probe::run(target, &settings, &Cancel::default(), &mut tell).unwrap();
    let text = serde_json::to_string(&report).unwrap();
    for way in target.servers.iter().flat_map(|server| &server.ways) {
        let secrets: Vec<&SecretString> = match way {
            Way::ApiKey { keys, .. } => keys.iter().map(|key| &key.key).collect(),
            Way::Signature { keys, .. } => keys.iter().map(|key| &key.secret).collect(),
            Way::StsProof { key, .. } => key.iter().map(|key| &key.secret).collect(),
            Way::Other(_) => Vec::new(),
        };
        let told = secrets.iter().any(|secret| text.contains(secret.expose_secret()));
        assert!(!told, "a report has a secret in it");
    }
    report
}
