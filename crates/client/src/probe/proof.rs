//! Credentials, as a request carries them; and signatures, right ones and such as are wrong in one
//! way.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use farmgate_farm::gate::STS_PROOF_HEADER;
use farmgate_sigv4::sts;
use secrecy::{ExposeSecret as _, SecretString};

use super::ask::Ask;
use super::target::{AccessKey, ApiKey, Target};

/// A way to prove who calls, with what it takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'t> {
    ApiKey { header: &'t str, group_header: Option<&'t str>, key: &'t ApiKey },
    Signature { region: &'t str, service: &'t str, key: &'t AccessKey },
    Sts { region: &'t str, audience: &'t str, key: &'t AccessKey },
}

/// Credentials that can't sign. It says nothing of them.
#[derive(Debug)]
pub(crate) struct Unsigned;

/// For what a signature is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) time: SystemTime,
}

// === impl Proof ===

impl Proof<'_> {
    /// A request that carries it.
    pub(crate) fn prove(&self, target: &Target, ask: Ask) -> Result<Ask, Unsigned> {
        match self {
            Self::ApiKey { header, group_header, key } => {
                let ask = ask.with(header, key.key.expose_secret());
                Ok(match (group_header, &key.group) {
                    (Some(header), Some(group)) => ask.with(header, group),
                    _ => ask,
                })
            }
            Self::Signature { region, service, key } => {
                let scope = Scope { region, service, time: SystemTime::now() };
                signed(target, ask, key, scope)
            }
            Self::Sts { region, audience, key } => {
                let proof = sts_proof(region, audience, key)?;
                Ok(ask.with(STS_PROOF_HEADER, proof.expose_secret()))
            }
        }
    }

    /// It, in words.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::ApiKey { .. } => "an API key",
            Self::Signature { .. } => "a SigV4 signature",
            Self::Sts { .. } => "a proof for STS",
        }
    }
}

/// A request with a signature in its headers: over all headers that it has by now, and its body.
pub(crate) fn signed(
    target: &Target,
    ask: Ask,
    key: &AccessKey,
    scope: Scope<'_>,
) -> Result<Ask, Unsigned> {
    let url = format!("{}{}", target.url(), ask.path);
    let headers = ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Bytes(&ask.body);
    let request = SignableRequest::new(&ask.method, url, headers, body).map_err(|_| Unsigned)?;
    let added = headers_of(request, key, scope)?;
    Ok(added.into_iter().fold(ask, |ask, (name, value)| ask.with(&name, &value)))
}

/// A proof for STS: a signed `sts:GetCallerIdentity` that names its audience.
pub(crate) fn sts_proof(
    region: &str,
    audience: &str,
    key: &AccessKey,
) -> Result<SecretString, Unsigned> {
    let host = sts::host(region);
    let headers = [
        ("host", host.as_str()),
        ("content-type", sts::CONTENT_TYPE),
        (sts::AUDIENCE_HEADER, audience),
    ];
    let body = SignableBody::Bytes(sts::BODY.as_bytes());
    let url = format!("https://{host}/");
    let request = SignableRequest::new("POST", url, headers.into_iter(), body);
    // A second back: nobody's clock is exact, and none likes what comes from the future.
    let time = SystemTime::now() - Duration::from_secs(1);
    let scope = Scope { region, service: sts::SERVICE, time };
    let added = headers_of(request.map_err(|_| Unsigned)?, key, scope)?;
    let value = |wanted: &str| {
        let found = added.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone()).ok_or(Unsigned)
    };
    let proof = sts::Proof {
        region: region.to_owned(),
        authorization: SecretString::from(value("authorization")?),
        date: value("x-amz-date")?,
        token: key.token.clone(),
        audience: audience.to_owned(),
    };
    Ok(proof.text())
}

/// The headers that a signature adds.
fn headers_of(
    request: SignableRequest<'_>,
    key: &AccessKey,
    scope: Scope<'_>,
) -> Result<Vec<(String, String)>, Unsigned> {
    let token = key.token.as_ref().map(|token| token.expose_secret().to_owned());
    let secret = key.secret.expose_secret();
    let identity = Credentials::new(&key.id, secret, token, None, "farmgate-probe").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsigned)?
        .into();
    let (added, _) = sign(request, &parameters).map_err(|_| Unsigned)?.into_parts();
    let (headers, _) = added.into_parts();
    Ok(headers.iter().map(|it| (it.name().to_owned(), it.value().to_owned())).collect())
}
