//! Certificates of listeners: from files, or made here; and what TLS a listener speaks.
//!
//! TLS 1.2 and 1.3 with rustls's defaults on aws-lc-rs: AEAD only, ECDHE only (X25519, P-256, P-384,
//! and X25519 with ML-KEM-768). No early data, which could be replayed. Sessions are resumed by
//! tickets whose keys rotate; nothing is kept of them here.

mod authority;
mod files;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, ProducesTickets};
use secrecy::{ExposeSecret, SecretString};

pub use authority::Authority;
use files::Files;

/// Why there is no certificate. It never says anything of a key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("`{path}` can't be read")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// What is there is no certificate as PEM.
    #[error("there is no certificate as PEM in it")]
    NoCertificate,
    /// What is there is no private key as PEM.
    #[error("there is no private key as PEM in it")]
    NoKey,
    /// Key and certificate don't belong together, or are of a kind that is not known.
    #[error("certificate and key can't be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A name that can't be in a certificate.
    #[error("a certificate can't be made: {0}")]
    Unmade(#[from] rcgen::Error),
    /// An authority that was not made by [`Authority::make`].
    #[error("this is not an authority of farmgate's making")]
    Foreign,
}

/// The certificate of listeners. Clones are one: what one reloads, all serve.
#[derive(Clone)]
pub struct Certificate {
    shared: Arc<Shared>,
}

struct Shared {
    served: ArcSwap<Served>,
    files: Option<Files>,
    tickets: Arc<dyn ProducesTickets>,
}

struct Served {
    config: Arc<ServerConfig>,
    pem: String,
    pin: [u8; 32],
}

/// A certificate chain and its key, as PEM.
struct Pair {
    chain: String,
    key: SecretString,
}

impl Certificate {
    /// From two PEM files: the certificate with those that lead to its authority, and its key.
    ///
    /// # Errors
    /// If a file can't be read, or the two don't belong together.
    pub fn files(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let files = Files::new(certificate, key);
        let pair = files.read()?;
        Self::of(&pair, Some(files))
    }

    /// Made now and signed by itself, for these names (addresses among them); for a year.
    ///
    /// # Errors
    /// If a name can't be in a certificate.
    pub fn self_made(names: &[String]) -> Result<Self, CertificateError> {
        Self::of(&authority::self_made(names)?, None)
    }

    /// Made now and signed by a local authority, for these names (addresses among them); for a year.
    ///
    /// # Errors
    /// If a name can't be in a certificate.
    pub fn signed_by(authority: &Authority, names: &[String]) -> Result<Self, CertificateError> {
        Self::of(&authority.sign(names)?, None)
    }

    fn of(pair: &Pair, files: Option<Files>) -> Result<Self, CertificateError> {
        let tickets = aws_lc_rs::Ticketer::new()?;
        let served = ArcSwap::from_pointee(Served::of(pair, &tickets)?);
        Ok(Self { shared: Arc::new(Shared { served, files, tickets }) })
    }

    /// Whether the files are others than those that were read last: by time, size or inode.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.shared.files.as_ref().is_some_and(Files::changed)
    }

    /// Reads the files again and serves what is in them from the next handshake on. False: it is
    /// not from files.
    ///
    /// # Errors
    /// If they can't be read or used; then what was served before still is.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let Some(files) = &self.shared.files else { return Ok(false) };
        files.reload(|pair| {
            self.shared.served.store(Arc::new(Served::of(pair, &self.shared.tickets)?));
            Ok(true)
        })
    }

    /// The certificate and those that lead to its authority, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.shared.served.load().pem.clone()
    }

    /// SHA-256 of the certificate: what [`Trust::Pins`](crate::client::Trust::Pins) takes.
    #[must_use]
    pub fn pin(&self) -> [u8; 32] {
        self.shared.served.load().pin
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.shared.served.load().config)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("files", &self.shared.files).finish()
    }
}

impl Served {
    fn of(pair: &Pair, tickets: &Arc<dyn ProducesTickets>) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pair.chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NoCertificate)?;
        let Some(own) = chain.first() else { return Err(CertificateError::NoCertificate) };
        let pin = pin(own);
        let key = PrivateKeyDer::from_pem_slice(pair.key.expose_secret().as_bytes())
            .map_err(|_| CertificateError::NoKey)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Arc::clone(tickets);
        Ok(Self { config: Arc::new(config), pem: pair.chain.clone(), pin })
    }
}

/// SHA-256 of a certificate.
pub(crate) fn pin(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let digest = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, certificate);
    let mut pin = [0; 32];
    for (to, from) in pin.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    pin
}
