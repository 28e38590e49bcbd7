//! Another configuration, other keys, another certificate, without a restart: each is taken as a
//! whole or not at all.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use farmgate_farm::gate::Config;
use farmgate_wire::{Certificate, Drain};

use crate::secrets::{Secrets, Stamps, stamp};
use crate::shared::Shared;
use crate::start::{Notice, Notify, settings};
use crate::state::{State, StateError};

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The largest configuration.
const LARGEST: u64 = 16 << 20;

/// What a gate reads again.
pub(crate) struct Reloader {
    shared: Arc<Shared>,
    wire: Arc<ArcSwap<farmgate_wire::Settings>>,
    secrets: Secrets,
    certificate: Option<Certificate>,
    file: Option<PathBuf>,
    drain: Option<Duration>,
    notice: Option<Notify>,
    /// One change after the other.
    turn: Mutex<()>,
}

// === impl Reloader ===

impl Reloader {
    pub(crate) fn new(
        shared: Arc<Shared>,
        wire: Arc<ArcSwap<farmgate_wire::Settings>>,
        secrets: Secrets,
        certificate: Option<Certificate>,
        file: Option<PathBuf>,
        drain: Option<Duration>,
        notice: Option<Notify>,
    ) -> Self {
        Self { shared, wire, secrets, certificate, file, drain, notice, turn: Mutex::new(()) }
    }

    /// Takes another configuration, with the secrets as they are now.
    ///
    /// # Errors
    /// If something is wrong: then the one in force stays.
    pub(crate) fn take(&self, mut config: Config) -> Result<(), StateError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &self.shared;
        let old = shared.state.load_full();
        let stays = [
            ("listen", config.listen != old.config.listen || config.port != old.config.port),
            ("plain", config.plain != old.config.plain),
            ("admin", config.admin != old.config.admin),
            ("tls", config.tls != old.config.tls),
            ("audit", config.audit != old.config.audit),
        ];
        for (what, _) in stays.iter().filter(|(_, changed)| *changed) {
            self.tell(true, format!("`{what}` changed: it holds from the next start on"));
        }
        config.plain = old.config.plain;
        config.listen = old.config.listen;
        let next = old.generation + 1;
        let state = State::new(config, &self.secrets, next, &shared.metrics, &shared.memory)?;
        shared.upstreams.update(&state.config).map_err(StateError::Config)?;
        shared.limiter.update(&state.config.limits);
        shared.limiter.retain_servers(|name| state.config.servers.contains_key(name));
        self.wire.store(Arc::new(settings(&state.config, self.drain)));
        shared.probes.store(Arc::new(state.signer.clone()));
        shared.state.store(Arc::new(state));
        shared.metrics.reloaded();
        Ok(())
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// If one is wrong: then what is in force stays.
    pub(crate) fn read_again(&self) -> Result<(), String> {
        if let Some(certificate) = &self.certificate {
            certificate.reload().map_err(|error| error.to_string())?;
        }
        let config = match &self.file {
            Some(file) => read(file)?,
            None => self.shared.state.load().config.clone(),
        };
        self.take(config).map_err(|error| error.to_string())
    }

    /// Looks at the files until the gate ends, and takes what changed.
    pub(crate) async fn watch(&self, until: Drain) {
        let mut known = self.stamps();
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = until.begun() => return,
            }
            let now = self.stamps();
            let certificate = self.certificate.as_ref().is_some_and(Certificate::changed);
            if now == known && !certificate {
                continue;
            }
            known = now;
            match self.read_again() {
                Ok(()) => self.tell(false, "files changed: they are read and in force".to_owned()),
                Err(error) => {
                    self.shared.metrics.reload_refused();
                    self.tell(true, format!("files changed, and what was in force stays: {error}"));
                }
            }
        }
    }

    fn stamps(&self) -> (Stamps, Option<(std::time::SystemTime, u64)>) {
        (self.secrets.stamps(), self.file.as_deref().and_then(stamp))
    }

    pub(crate) fn tell(&self, bad: bool, text: String) {
        if let Some(notice) = &self.notice {
            notice(&Notice { bad, text });
        }
    }
}

/// Reads a configuration.
///
/// # Errors
/// If it can't be read, or isn't one.
pub fn read(file: &std::path::Path) -> Result<Config, String> {
    let name = file.display();
    let length = std::fs::metadata(file).map_err(|error| format!("`{name}`: {error}"))?.len();
    if length > LARGEST {
        return Err(format!("`{name}` has more than {LARGEST} bytes"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| format!("`{name}`: {error}"))?;
    Config::parse(&text).map_err(|error| format!("`{name}`: {error}"))
}
