//! A configuration made ready to serve: compiled once, shared by all workers, swapped as a whole.

use std::sync::Arc;

use farmgate_farm::gate::{self, Authentication, Config};
use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, Sealer, Signer};
use farmgate_sigv4::Rules;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue};
use thiserror::Error;

use crate::authn::{ApiGateway, ApiKeyHeader, Authenticator, IssuedKeys, Memory, StsProof};
use crate::authz::Authorizer;
use crate::metrics::{Metrics, ServerMetrics};
use crate::route::{Hosts, Routes};
use crate::secrets::{SecretError, Secrets};

/// What a worker has to know to serve a request.
pub(crate) struct State {
    /// Counts configurations: a higher one is a later one.
    pub(crate) generation: u64,
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    pub(crate) hosts: Hosts,
    pub(crate) servers: Vec<ServerState>,
    /// The headers that carry credentials of any server, and so must not reach one.
    pub(crate) credentials: Vec<HeaderName>,
    pub(crate) authorizer: Authorizer,
    pub(crate) signer: Signer,
    pub(crate) sealer: Sealer,
}

/// What it has to know of a server.
pub(crate) struct ServerState {
    /// Its place among the servers of its configuration.
    pub(crate) index: usize,
    pub(crate) name: Arc<str>,
    pub(crate) ways: Vec<Arc<dyn Authenticator>>,
    pub(crate) challenges: Vec<HeaderValue>,
    pub(crate) metrics: Arc<ServerMetrics>,
}

/// Why a configuration can't be served.
#[derive(Debug, Error)]
pub enum StateError {
    /// A secret isn't there.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The gate's own keys are wrong.
    #[error("`{variable}` is wrong: {0}", variable = gate::KEYS_VARIABLE)]
    Keys(farmgate_keys::KeysError),
    /// A store of keys is wrong.
    #[error("the store `{0}` is wrong: {1}")]
    Store(String, farmgate_keys::StoreError),
    /// Something else in the configuration is wrong.
    #[error("{0}")]
    Config(String),
}

// === impl State ===

impl State {
    /// Compiles a configuration with its secrets.
    ///
    /// # Errors
    /// If a secret is missing or weak, or if the configuration can't be served.
    pub(crate) fn new(
        config: Config,
        secrets: &Secrets,
        generation: u64,
        metrics: &Metrics,
        memory: &Memory,
    ) -> Result<Self, StateError> {
        if config.plain && !config.listen.is_some_and(|it| it.ip().is_loopback()) {
            let why = "`plain` serves without TLS: `listen` must be an address of loopback";
            return Err(StateError::Config(why.to_owned()));
        }
        let keys = GateKeys::parse(&secrets.get(gate::KEYS_VARIABLE)?).map_err(StateError::Keys)?;
        let mut servers = Vec::with_capacity(config.servers.len());
        let mut made = Ways { secrets, keys: &keys, memory, known: Vec::new() };
        for (name, server) in &config.servers {
            let mut ways = Vec::new();
            for way in &server.authentication {
                ways.extend(made.get(way)?);
            }
            let challenges = ways.iter().map(|way: &Arc<dyn Authenticator>| way.challenge());
            let challenges = challenges.collect();
            servers.push(ServerState {
                index: servers.len(),
                name: Arc::from(name.as_str()),
                ways,
                challenges,
                metrics: metrics.server(name),
            });
        }
        let routes = Routes::new(&config).map_err(StateError::Config)?;
        let hosts = Hosts::new(&config).map_err(StateError::Config)?;
        let authorizer = Authorizer::new(&config.tools);
        let mut credentials = vec![AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];
        for way in servers.iter().flat_map(|server| &server.ways) {
            credentials.extend(way.credentials().iter().cloned());
        }
        credentials.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        credentials.dedup();
        Ok(Self {
            generation,
            routes,
            hosts,
            servers,
            credentials,
            authorizer,
            signer: keys.signer(),
            sealer: keys.sealer(),
            config,
        })
    }
}

/// Whether this gate can verify a way to prove who calls. Callers who bring another are refused.
#[must_use]
pub fn verifies(way: &Authentication) -> bool {
    !matches!(way, Authentication::Oauth { .. })
}

/// Ways to prove who calls, each made once, however many servers have it: a store is opened key by
/// key.
struct Ways<'a> {
    secrets: &'a Secrets,
    keys: &'a GateKeys,
    memory: &'a Memory,
    known: Vec<(&'a Authentication, Option<Arc<dyn Authenticator>>)>,
}

// === impl Ways ===

impl<'a> Ways<'a> {
    /// The way that a configuration names; none for those that this gate can't verify, whose callers
    /// are refused.
    fn get(
        &mut self,
        way: &'a Authentication,
    ) -> Result<Option<Arc<dyn Authenticator>>, StateError> {
        if let Some((_, made)) = self.known.iter().find(|(known, _)| *known == way) {
            return Ok(made.clone());
        }
        let made = self.make(way)?;
        self.known.push((way, made.clone()));
        Ok(made)
    }

    fn make(&self, way: &Authentication) -> Result<Option<Arc<dyn Authenticator>>, StateError> {
        let of_store = |store: &str| {
            let store = store.to_owned();
            |error| StateError::Store(store, error)
        };
        match way {
            Authentication::ApiKeys { store, header, group_header } => {
                let keys = ApiKeys::parse(&self.secrets.get(store)?).map_err(of_store(store))?;
                ready(ApiKeyHeader::new(keys, header, group_header.as_deref()))
            }
            Authentication::Sigv4IssuedKeys {
                store,
                region,
                service,
                replay,
                unsigned_payload,
            } => {
                let keys = AccessKeys::parse(&self.secrets.get(store)?).map_err(of_store(store))?;
                let keys = keys.open(self.keys).map_err(of_store(store))?;
                let (region, service) = (region.clone(), service.clone());
                let rules = Rules { region, service, unsigned_payload: *unsigned_payload };
                ready(IssuedKeys::new(keys, rules, *replay, self.memory))
            }
            Authentication::StsProof { principals, regions, audience } => {
                ready(StsProof::new(principals, regions, audience, self.memory))
            }
            Authentication::ApigwIam { secret, principals } => {
                ready(ApiGateway::new(&self.secrets.get(secret)?, principals))
            }
            Authentication::Oauth { .. } => Ok(None),
        }
    }
}

fn ready(
    way: Result<impl Authenticator + 'static, String>,
) -> Result<Option<Arc<dyn Authenticator>>, StateError> {
    Ok(Some(Arc::new(way.map_err(StateError::Config)?)))
}
