//! Certificates that are made here: signed by themselves, or by an authority of this machine that
//! can sign for the farm's own names only.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::{CertificateError, Pair};

/// How long an authority lasts, and what it signs. Clients refuse certificates of more than 398 days.
const AUTHORITY_DAYS: u64 = 3650;
const CERTIFICATE_DAYS: u64 = 365;
/// Clocks differ; what is made now is valid from an hour ago.
const EARLIER: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What stands before the name in a subject of one attribute, the common name, as UTF-8 (X.690):
/// SET, SEQUENCE and the attribute's OID, with their lengths left out.
const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
const UTF8: u8 = 0x0c;

/// An authority of this machine. It is constrained to the names for which it was made, so that
/// whoever trusts it trusts it for no other.
pub struct Authority {
    name: String,
    certificate: String,
    key: SecretString,
}

impl Authority {
    /// Makes one, for `localhost`, loopback and these names (addresses among them; a name stands for
    /// those below it, too).
    ///
    /// # Errors
    /// If a name can't be in a certificate.
    pub fn make(name: &str, names: &[String]) -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = issuer(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        validity(&mut params, AUTHORITY_DAYS);
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: own.iter().chain(names).map(|name| subtree(name)).collect(),
            excluded_subtrees: Vec::new(),
        });
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { name: name.to_owned(), certificate, key: key.serialize_pem().into() })
    }

    /// One that was made before, from the PEM of its certificate and of its key.
    ///
    /// # Errors
    /// If it is not one of [`Authority::make`]'s, or the two don't belong together.
    pub fn parse(certificate_pem: &str, key_pem: &SecretString) -> Result<Self, CertificateError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| CertificateError::NoCertificate)?;
        let anchor = webpki_subject(&certificate)?;
        let name = common_name(&anchor).ok_or(CertificateError::Foreign)?.to_owned();
        let key =
            KeyPair::from_pem(key_pem.expose_secret()).map_err(|_| CertificateError::NoKey)?;
        let parsed = rustls::server::ParsedCertificate::try_from(&certificate)?;
        if *parsed.subject_public_key_info() != *rcgen::PublicKeyData::subject_public_key_info(&key)
        {
            return Err(CertificateError::Unusable(rustls::Error::InconsistentKeys(
                rustls::InconsistentKeys::KeyMismatch,
            )));
        }
        Ok(Self { name, certificate: certificate_pem.to_owned(), key: key.serialize_pem().into() })
    }

    /// Its certificate, as PEM: what clients are to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// Its key, as PEM.
    #[must_use]
    pub fn key_pem(&self) -> SecretString {
        self.key.clone()
    }

    pub(super) fn sign(&self, names: &[String]) -> Result<Pair, CertificateError> {
        let own = KeyPair::from_pem(self.key.expose_secret())?;
        let key = KeyPair::generate()?;
        let mut params = leaf(names)?;
        params.use_authority_key_identifier_extension = true;
        let signed = params.signed_by(&key, &Issuer::new(issuer(&self.name), own))?;
        // The authority goes along: some clients pin what a chain ends with.
        let chain = signed.pem() + &self.certificate;
        Ok(Pair { chain, key: key.serialize_pem().into() })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A certificate that signs itself.
pub(super) fn self_made(names: &[String]) -> Result<Pair, CertificateError> {
    let key = KeyPair::generate()?;
    let certificate = leaf(names)?.self_signed(&key)?;
    Ok(Pair { chain: certificate.pem(), key: key.serialize_pem().into() })
}

fn leaf(names: &[String]) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    validity(&mut params, CERTIFICATE_DAYS);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "farmgate");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// What of an authority its signatures depend on.
fn issuer(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn validity(params: &mut CertificateParams, days: u64) {
    let now = SystemTime::now();
    params.not_before = (now - EARLIER).into();
    params.not_after = (now + DAY * u32::try_from(days).unwrap_or(u32::MAX)).into();
}

fn subtree(name: &str) -> GeneralSubtree {
    match name.parse() {
        Ok(IpAddr::V4(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::V4(address.octets(), [u8::MAX; 4]))
        }
        Ok(IpAddr::V6(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::V6(address.octets(), [u8::MAX; 16]))
        }
        Err(_) => GeneralSubtree::DnsName(name.to_owned()),
    }
}

/// The subject of a certificate, as DER: what is in its SEQUENCE.
fn webpki_subject(certificate: &CertificateDer<'_>) -> Result<Vec<u8>, CertificateError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone())?;
    let subject = roots.roots.first().map(|root| root.subject.to_vec());
    subject.ok_or(CertificateError::Foreign)
}

/// The common name, if the subject is nothing else: one SET of one attribute, with short lengths or
/// those of one byte.
fn common_name(subject: &[u8]) -> Option<&str> {
    let set = value(subject, 0x31)?;
    let attribute = value(set, 0x30)?;
    let name = value(attribute.strip_prefix(&COMMON_NAME)?, UTF8)?;
    std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
}

/// The value of the one DER element of that tag that the bytes are.
fn value(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (length, value) = match bytes {
        [first, 0x81, length, value @ ..] if *first == tag && *length >= 0x80 => (length, value),
        [first, length, value @ ..] if *first == tag && *length < 0x80 => (length, value),
        _ => return None,
    };
    (value.len() == usize::from(*length)).then_some(value)
}
