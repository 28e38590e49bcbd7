//! TLS towards targets: whom to believe.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::socket::Socket;
use crate::Failure;

/// Whom to believe that it is the target.
#[derive(Debug, Clone)]
pub enum Trust {
    /// Anyone: the connection is encrypted and not authenticated, as a load balancer's to its
    /// targets is.
    Any,
    /// Whoever has a certificate of one of these authorities for this name.
    Authority(Arc<RootCertStore>, ServerName<'static>),
    /// Whoever has the key of one of these certificates: SHA-256 of the certificate's DER each.
    Pins(Vec<[u8; 32]>),
}

/// TLS towards targets. Clones are one, and resume each other's sessions.
#[derive(Clone)]
pub struct TlsClient {
    connector: TlsConnector,
    name: Option<ServerName<'static>>,
}

impl TlsClient {
    /// TLS 1.2 and 1.3, which believes only who is named.
    ///
    /// # Errors
    /// If it would believe nobody.
    pub fn new(trust: Trust) -> Result<Self, Failure> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let (mut config, name) = match trust {
            Trust::Authority(roots, _) if roots.is_empty() => {
                return Err("there is no authority to believe".into());
            }
            Trust::Authority(roots, name) => {
                (builder.with_root_certificates(roots).with_no_client_auth(), Some(name))
            }
            Trust::Pins(pins) if pins.is_empty() => return Err("there is no pin to believe".into()),
            Trust::Any | Trust::Pins(_) => {
                let pins = match trust {
                    Trust::Pins(pins) => Some(pins),
                    _ => None,
                };
                let verifier = Arc::new(Presented { pins, provider });
                let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
                (builder.with_no_client_auth(), None)
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    pub(super) async fn handshake(
        &self,
        address: SocketAddr,
        socket: Socket,
    ) -> Result<TlsStream<Socket>, Failure> {
        // An address is not sent as a name (RFC 6066, 3), but tells sessions apart.
        let name = self.name.clone().unwrap_or_else(|| ServerName::from(address.ip()));
        Ok(self.connector.connect(name, socket).await?)
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsClient").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Believes a certificate as such: any, or one of those that are pinned. That the other end has its
/// key is verified in either case. Its names and dates say nothing here: who pins a certificate means
/// this one.
#[derive(Debug)]
struct Presented {
    pins: Option<Vec<[u8; 32]>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Presented {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let believed = match &self.pins {
            None => true,
            Some(pins) => pins.contains(&crate::tls::pin(certificate)),
        };
        if believed {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
