//! Starting and stopping a gate: its threads, and what each of them does.
//!
//! Every worker is a thread with a runtime, a listener and connections of its own; nothing that a
//! request needs is locked. One more thread probes the servers, resolves their names, serves the
//! admin address and looks for changes of the files.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use farmgate_farm::gate::Config;
use farmgate_keys::Signer;
use farmgate_wire::{Certificate, CertificateError, Counts, Drain};
use thiserror::Error;
use tokio::task::LocalSet;

use crate::audit::{AuditError, Head, Log, Sink, tell_heads};
use crate::authn::{Memory, Sts};
use crate::exchange::Worker;
use crate::limit::Limiter;
use crate::metrics::Metrics;
use crate::principal;
use crate::reload::Reloader;
use crate::secrets::Secrets;
use crate::shared::Shared;
use crate::state::{State, StateError};
use crate::upstream::{self, Client, Pool, TargetState, Upstreams};

/// The port of the admin address, on loopback, if the configuration says nothing else.
pub const ADMIN_PORT: u16 = 9464;

/// For how long streams may go on after a drain began, if no server says more.
const LEAST_DRAIN: Duration = Duration::from_secs(30);

/// For how long a client's connection may wait for its next request.
const CLIENTS_IDLE: Duration = Duration::from_secs(75);

/// How a gate is started, beside its configuration.
#[derive(Default)]
pub struct Options {
    /// How many workers there are; one for each processor if absent.
    pub workers: Option<usize>,
    /// Its certificate; if absent, the configuration's, or one that is made now.
    pub certificate: Option<Certificate>,
    /// Where the audit's lines go in place of the standard output.
    pub sink: Option<Box<dyn Sink>>,
    /// The file of the configuration: when it changes, it is read again.
    pub config_file: Option<PathBuf>,
    /// Whether counts of requests are written to the standard output for CloudWatch, as embedded
    /// metric format.
    pub emf: bool,
    /// For how long streams go on after a drain began; as long as the server with the longest
    /// `drain`, and 30 seconds at least, if absent.
    pub drain: Option<Duration>,
    /// Who is told what happens beside requests; nobody if absent.
    pub notice: Option<Notify>,
    /// Where STS is: at AWS, but for tests.
    pub sts: Sts,
}

/// Takes news of a gate: one line of text each, for its log.
pub type Notify = Arc<dyn Fn(&Notice) + Send + Sync>;

/// What happens beside requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether somebody should look.
    pub bad: bool,
    /// What happened.
    pub text: String,
}

/// Why a gate can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration or a secret is wrong.
    #[error(transparent)]
    State(#[from] StateError),
    /// The certificate can't be had.
    #[error("the certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// It can't listen.
    #[error("can't listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The audit can't be written.
    #[error("the audit: {0}")]
    Audit(#[from] AuditError),
    /// The environment asks for spans in a way that there isn't.
    #[cfg(feature = "otlp")]
    #[error("spans: {0}")]
    Spans(#[from] crate::trace::otlp::OtlpError),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(io::Error),
}

/// A gate that runs.
pub struct Gate {
    address: SocketAddr,
    admin: SocketAddr,
    shared: Arc<Shared>,
    reloader: Arc<Reloader>,
    drain: Drain,
    control: Drain,
    workers: Vec<JoinHandle<()>>,
    controller: Option<JoinHandle<()>>,
}

// === impl Gate ===

impl Gate {
    /// Starts a gate. When this returns, it listens.
    ///
    /// # Errors
    /// If the configuration, a secret or the certificate is wrong, or if it can't listen or write
    /// its audit.
    pub fn start(config: Config, secrets: Secrets, options: Options) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::new(&config.farm));
        let workers = options.workers.unwrap_or_else(processors).max(1);
        let wire = Arc::new(ArcSwap::from_pointee(settings(&config, options.drain)));
        let memory = Memory::new(options.sts);
        let state = State::new(config, &secrets, 0, &metrics, &memory)?;
        let config = &state.config;
        let probes = Arc::new(ArcSwap::from_pointee(state.signer.clone()));
        let principal = Some(signs(Arc::clone(&probes)));
        let upstream = upstream::Options { principal, ..upstream::Options::default() };
        let upstreams = Upstreams::new(config, upstream).map_err(StateError::Config)?;
        let certificate = certificate(config, options.certificate)?;
        let listeners = listen(config, workers)?;
        let address = first_address(&listeners)?;
        let (admin_listener, admin) = admin(config)?;
        // Last of what can fail: it takes a lock and begins a chain.
        let log = Log::start(&config.audit, &config.farm, options.sink, &metrics)?;
        #[cfg(feature = "otlp")]
        let (spans, sending) = crate::trace::otlp::from_environment(&config.farm)?.unzip();
        #[cfg(not(feature = "otlp"))]
        let sending = None;
        let shared = Arc::new(Shared {
            limiter: Limiter::new(&config.limits),
            state: ArcSwap::from_pointee(state),
            memory,
            log,
            metrics,
            upstreams,
            probes,
            counts: Arc::new(Counts::default()),
            #[cfg(feature = "otlp")]
            spans,
            draining: AtomicBool::new(false),
        });
        let reloader = Arc::new(Reloader::new(
            Arc::clone(&shared),
            Arc::clone(&wire),
            secrets,
            certificate.clone(),
            options.config_file,
            options.drain,
            options.notice,
        ));
        let mut gate = Self {
            address,
            admin,
            shared,
            reloader,
            drain: Drain::new(),
            control: Drain::new(),
            workers: Vec::new(),
            controller: None,
        };
        for (index, listener) in listeners.into_iter().enumerate() {
            let worker = gate.worker(index, listener, certificate.clone(), &wire)?;
            gate.workers.push(worker);
        }
        gate.controller = Some(gate.controller(admin_listener, options.emf, sending)?);
        if let Some(text) = crate::admin::warning(admin) {
            gate.reloader.tell(true, text);
        }
        Ok(gate)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics and its readiness are.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The servers' targets and how they are.
    #[must_use]
    pub fn states(&self) -> Vec<TargetState> {
        self.shared.upstreams.states()
    }

    /// Takes another configuration, as a whole or not at all. Requests that are under way end by the
    /// one with which they began. The addresses, on which it listens, stay.
    ///
    /// # Errors
    /// If it is wrong: then the one in force stays.
    pub fn reload(&self, config: Config) -> Result<(), StateError> {
        self.reloader.take(config)
    }

    /// Reads its files again, changed or not: the configuration, the keys and stores, the
    /// certificate.
    ///
    /// # Errors
    /// If one of them is wrong: then what is in force stays.
    pub fn reload_files(&self) -> Result<(), String> {
        self.reloader.read_again()
    }

    /// Takes no more connections; what is under way goes on.
    pub fn drain(&self) {
        self.shared.draining.store(true, std::sync::atomic::Ordering::Relaxed);
        self.drain.begin();
    }

    /// Drains, and waits until every request is answered, every stream ended or out of time, and the
    /// audit written.
    pub fn stop(mut self) {
        self.drain();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing left to wait for.
            let _ = worker.join();
        }
        self.control.begin();
        if let Some(controller) = self.controller.take() {
            let _ = controller.join();
        }
        self.shared.log.close();
    }

    fn worker(
        &self,
        index: usize,
        listener: TcpListener,
        certificate: Option<Certificate>,
        wire: &Arc<ArcSwap<farmgate_wire::Settings>>,
    ) -> Result<JoinHandle<()>, StartError> {
        let (shared, wire, drain) =
            (Arc::clone(&self.shared), Arc::clone(wire), self.drain.clone());
        let work = move || async move {
            let counts = Arc::clone(&shared.counts);
            let worker = Worker {
                client: Client::new(Pool::default()),
                principals: principal::Headers::default(),
                shared,
            };
            let worker = Rc::new(worker);
            // It returns when it is drained; a listener that breaks for good can't be mended.
            let _ = farmgate_wire::serve(listener, certificate, wire, counts, worker, drain).await;
        };
        thread(format!("gate-{index}"), work)
    }

    /// The thread for all that is no request.
    fn controller(
        &self,
        admin: TcpListener,
        emf: bool,
        sending: Option<Sending>,
    ) -> Result<JoinHandle<()>, StartError> {
        let (shared, reloader) = (Arc::clone(&self.shared), Arc::clone(&self.reloader));
        let control = self.control.clone();
        let work = move || async move {
            let upstreams = Arc::clone(&shared.upstreams);
            let teller = Arc::clone(&reloader);
            let tell = move |head: &Head| teller.tell(false, format!("the audit's head: {head}"));
            tokio::join!(
                upstreams.watch(control.clone()),
                reloader.watch(control.clone()),
                crate::admin::serve(admin, Arc::clone(&shared), control.clone()),
                crate::metrics::emf(Arc::clone(&shared), emf, control.clone()),
                tell_heads(shared.log.clone(), tell, control.clone()),
                spans(sending, control.clone()),
            );
        };
        thread("gate-control".to_owned(), work)
    }
}

/// What sends spans, if the gate was built for it.
#[cfg(feature = "otlp")]
type Sending = crate::trace::otlp::Sending;
#[cfg(not(feature = "otlp"))]
type Sending = std::convert::Infallible;

#[cfg(feature = "otlp")]
async fn spans(sending: Option<Sending>, until: Drain) {
    if let Some(sending) = sending {
        sending.run(until).await;
    }
}

#[cfg(not(feature = "otlp"))]
#[allow(clippy::unused_async, reason = "with the feature it is none")]
async fn spans(_sending: Option<Sending>, _until: Drain) {}

impl Drop for Gate {
    fn drop(&mut self) {
        self.drain.begin();
        self.control.begin();
    }
}

/// A bridge answers only what the gate signed, probes as well.
fn signs(signer: Arc<ArcSwap<Signer>>) -> upstream::Principal {
    Arc::new(move |server: &str| {
        principal::header(&signer.load(), &principal::of_the_gate(), server)
    })
}

/// A thread with a runtime of its own.
fn thread<F: Future<Output = ()>>(
    name: String,
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Thread)?;
    let run = move || LocalSet::new().block_on(&runtime, work());
    std::thread::Builder::new().name(name).spawn(run).map_err(StartError::Thread)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What the listeners have to know of a configuration.
pub(crate) fn settings(config: &Config, drain: Option<Duration>) -> farmgate_wire::Settings {
    let limits = &config.limits;
    let drains = config.servers.values().map(|server| Duration::from_secs(server.drain));
    farmgate_wire::Settings {
        head_bytes: limits.head_bytes,
        headers: limits.headers,
        head_time: Duration::from_secs(limits.head_seconds),
        idle_time: idle_time(config),
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        uncounted: config.trusted_proxies.clone(),
        drain_time: drain.unwrap_or_else(|| drains.max().unwrap_or_default().max(LEAST_DRAIN)),
        redirect: !config.plain,
        ..farmgate_wire::Settings::default()
    }
}

/// For how long a connection may wait for its next request. A load balancer keeps its connections as
/// long as its own clients', and takes one that we close meanwhile for a broken target: so ours is
/// the longer patience.
fn idle_time(config: &Config) -> Duration {
    match config.trusted_proxies.is_empty() {
        true => CLIENTS_IDLE,
        false => Duration::from_secs(config.idle_timeout) + CLIENTS_IDLE,
    }
}

fn certificate(
    config: &Config,
    given: Option<Certificate>,
) -> Result<Option<Certificate>, CertificateError> {
    if config.plain {
        return Ok(None);
    }
    if let Some(given) = given {
        return Ok(Some(given));
    }
    if let Some(tls) = &config.tls {
        return Certificate::files(&tls.certificate, &tls.key).map(Some);
    }
    Certificate::self_made(&config.hosts).map(Some)
}

/// One listener for each worker, all on one address.
fn listen(config: &Config, workers: usize) -> Result<Vec<TcpListener>, StartError> {
    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), config.port);
    let mut address = config.listen.unwrap_or(any);
    let mut listeners = Vec::with_capacity(workers);
    for _ in 0..workers {
        let bound = farmgate_wire::bind(address, workers > 1);
        let listener = bound.map_err(|error| StartError::Listen(address, error))?;
        address = listener.local_addr().map_err(|error| StartError::Listen(address, error))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn first_address(listeners: &[TcpListener]) -> Result<SocketAddr, StartError> {
    let none = || io::Error::from(io::ErrorKind::NotConnected);
    let first = listeners.first().ok_or_else(none).and_then(TcpListener::local_addr);
    first.map_err(StartError::Thread)
}

fn admin(config: &Config) -> Result<(TcpListener, SocketAddr), StartError> {
    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ADMIN_PORT);
    let wanted = config.admin.unwrap_or(loopback);
    let failed = |error| StartError::Listen(wanted, error);
    let listener = farmgate_wire::bind(wanted, false).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
