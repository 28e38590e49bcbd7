//! Connections to a URL: whom TLS believes, and which address answers.
//!
//! Plain HTTP goes to addresses of this machine only, whatever a name resolves to. No proxy of the
//! environment is used.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use farmgate_wire::client::{Connection, TlsClient, Trust, connect};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::Url;

/// A URL that can be connected to.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    tls: Option<TlsClient>,
}

/// Why there are no certificates of authorities.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The file can't be read, or holds no certificate.
    #[error("`{0}`: {1}")]
    File(String, String),
    /// The system has none.
    #[error("this system has no certificates of authorities; name a file with `--ca`")]
    None,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// The name has no address.
    #[error("`{host}` has no address: {why}")]
    Name {
        /// The name.
        host: String,
        /// What the resolver says.
        why: String,
    },
    /// A name for plain HTTP has an address of another machine.
    #[error("`{0}` is not this machine, and plain HTTP goes nowhere else")]
    Elsewhere(String),
    /// Nothing answers, or it is not to be believed.
    #[error("{authority}: {why}")]
    Connect {
        /// Host and port.
        authority: String,
        /// What went wrong.
        why: String,
        /// Whether it is a matter of certificates, which waiting doesn't change.
        tls: bool,
    },
}

// === impl Endpoint ===

impl Endpoint {
    /// An endpoint that believes these authorities.
    ///
    /// # Errors
    /// If the host can't be in a certificate, or there is no authority.
    pub fn new(url: Url, roots: &Arc<RootCertStore>) -> Result<Self, Unreachable> {
        let failed = |why: String| Unreachable::Connect {
            authority: url.authority().to_owned(),
            why,
            tls: true,
        };
        let tls = if url.is_tls() {
            let name = ServerName::try_from(url.host().to_owned())
                .map_err(|error| failed(error.to_string()))?;
            let trust = Trust::Authority(Arc::clone(roots), name);
            Some(TlsClient::new(trust).map_err(|error| failed(error.to_string()))?)
        } else {
            None
        };
        Ok(Self { url, tls })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Connects to the first of its addresses that answers, each within `timeout`. Must run within a
    /// [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// If none does.
    pub async fn connect(&self, timeout: Duration) -> Result<Connection, Unreachable> {
        let host = self.url.host();
        let named = |why: String| Unreachable::Name { host: host.to_owned(), why };
        let found = tokio::net::lookup_host((host, self.url.port()));
        let found = tokio::time::timeout(timeout, found)
            .await
            .map_err(|_| named("the resolver does not answer".to_owned()))?
            .map_err(|error| named(error.to_string()))?;
        let mut last = None;
        // More would only keep the caller waiting.
        for address in found.take(4) {
            if self.tls.is_none() && !address.ip().is_loopback() {
                return Err(Unreachable::Elsewhere(host.to_owned()));
            }
            match connect(address, self.tls.as_ref(), timeout).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        let Some(error) = last else { return Err(named("it has none".to_owned())) };
        let tls = error
            .downcast_ref::<std::io::Error>()
            .and_then(|error| error.get_ref())
            .is_some_and(|inner| inner.is::<rustls::Error>());
        Err(Unreachable::Connect {
            authority: self.url.authority().to_owned(),
            why: error.to_string(),
            tls,
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Endpoint").field(&self.url).finish()
    }
}

/// The authorities in a PEM file.
///
/// # Errors
/// If it can't be read, or there is none in it.
pub fn roots_of(file: &Path) -> Result<Arc<RootCertStore>, RootsError> {
    let failed = |why: String| RootsError::File(file.display().to_string(), why);
    let read = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&read) {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("there is no certificate in it".to_owned()));
    }
    Ok(Arc::new(roots))
}

/// No authorities: for what is not encrypted.
#[must_use]
pub fn roots_of_nobody() -> Arc<RootCertStore> {
    Arc::new(RootCertStore::empty())
}

/// The authorities that this system believes; SSL_CERT_FILE and SSL_CERT_DIR say otherwise.
///
/// # Errors
/// If there is none.
pub fn system_roots() -> Result<Arc<RootCertStore>, RootsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(RootsError::None) } else { Ok(Arc::new(roots)) }
}
