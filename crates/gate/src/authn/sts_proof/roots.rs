//! Who may say that it is STS: the authorities of Amazon Trust Services, which sign the certificates
//! of all of AWS's endpoints, and not the hundred and more that browsers believe. The image has no
//! authorities of its own, and STS decides who gets in.
//!
//! Amazon asks those who choose authorities themselves to take all five of them
//! (<https://www.amazontrust.com/repository/>). Names in China may also be signed by DigiCert, which
//! signed AWS's before; that is believed for those names alone.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Amazon Root CA 1 to 4, and Starfield Services Root Certificate Authority - G2.
const AMAZON: &str = include_str!("amazon.pem");
/// DigiCert Global Root CA and G2.
const DIGICERT: &str = include_str!("digicert.pem");

/// The authorities for a host.
///
/// # Errors
/// If one isn't a certificate, which the tests say of none.
pub(super) fn of(host: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let more = host.ends_with(".cn").then_some(DIGICERT);
    for pem in std::iter::once(AMAZON).chain(more) {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn they_are_amazons_and_in_china_digicerts_too() {
        assert_eq!(of("sts.eu-central-1.amazonaws.com").unwrap().len(), 5);
        assert_eq!(of("sts.cn-north-1.amazonaws.com.cn").unwrap().len(), 7);
    }
}
