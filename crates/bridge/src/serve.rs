//! A bridge that listens: what it refuses to be started as, and how it ends.
//!
//! One thread: whoever calls gives a runtime with a `LocalSet`. A bridge stands beside one server,
//! whose processor time it isn't to take.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::ArcSwap;
use farmgate_wire as wire;
use farmgate_wire::{Certificate, CertificateError, Counts, Drain};

use crate::front::Front;
use crate::settings::Settings;

/// Names in the certificate that is made at the start. Whoever connects can't know it and takes any.
const NAMES: [&str; 4] = ["farmgate-bridge", "localhost", "127.0.0.1", "::1"];

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// Without a key anybody could call.
    #[error(
        "without a public key of the gate in `FARMGATE_PUBLIC_KEY` a bridge listens on a loopback \
         address only, and `{0}` is none"
    )]
    Open(SocketAddr),
    /// Plain HTTP is for loopback.
    #[error("plain HTTP is served on a loopback address only, and `{0}` is none")]
    Plain(SocketAddr),
    /// The address is taken, or isn't ours.
    #[error("can't listen on `{address}`: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// No certificate.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] CertificateError),
}

/// A bridge that listens and doesn't serve yet.
#[derive(Debug)]
pub struct Bridge {
    settings: Settings,
    listener: std::net::TcpListener,
    address: SocketAddr,
    certificate: Option<Certificate>,
}

/// Listens and serves until drained. Must run within a [`tokio::task::LocalSet`].
///
/// # Errors
/// If it can't listen, or isn't to be served as the settings say.
pub async fn run(settings: Settings, drain: Drain) -> Result<(), BridgeError> {
    Bridge::bind(settings)?.serve(drain).await
}

// === impl Bridge ===

impl Bridge {
    /// Listens.
    ///
    /// # Errors
    /// If it can't, or isn't to be served as the settings say.
    pub fn bind(settings: Settings) -> Result<Self, BridgeError> {
        let address = settings.listen;
        let loopback = address.ip().to_canonical().is_loopback();
        if settings.public_key.is_none() && !loopback {
            return Err(BridgeError::Open(address));
        }
        if settings.plain && !loopback {
            return Err(BridgeError::Plain(address));
        }
        let tls = settings.public_key.is_some() && !settings.plain;
        let names = NAMES.map(str::to_owned);
        let certificate = tls.then(|| Certificate::self_made(&names)).transpose()?;
        let failed = |error| BridgeError::Listen { address, error };
        let listener = wire::bind(address, false).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { settings, listener, address, certificate })
    }

    /// Where it listens: with the port that was picked, if it was to pick one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it serves TLS.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// Serves until drained: then nothing new is taken, what is under way may end, and all children
    /// are ended. Must run within a [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn serve(self, drain: Drain) -> Result<(), BridgeError> {
        let address = self.address;
        let limits = wire::Settings {
            drain_time: self.settings.drain_time,
            redirect: false,
            // Behind a gate there is one client with many connections.
            connections_per_address: wire::Settings::default().connections,
            ..wire::Settings::default()
        };
        let front = Rc::new(Front::new(&self.settings, &drain));
        let served = wire::serve(
            self.listener,
            self.certificate,
            Arc::new(ArcSwap::from_pointee(limits)),
            Arc::new(Counts::new()),
            Rc::clone(&front),
            drain,
        );
        let served = served.await;
        front.end().await;
        served.map_err(|error| BridgeError::Listen { address, error })
    }
}
