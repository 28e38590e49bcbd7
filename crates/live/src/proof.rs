//! A proof of who somebody is, which STS verifies: a signed `sts:GetCallerIdentity` that isn't sent,
//! but handed to the farm's gate, which sends it.
//!
//! It is good for one farm, whose name is signed in it, and for minutes. Whoever gets hold of it
//! meanwhile is taken for its maker: it goes over TLS alone.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use farmgate_sigv4::sts::{self, Proof};
use secrecy::SecretString;

use crate::sign::{Scope, SignError, sign};
use crate::{NoRegion, Url};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The region's name can't be one.
    #[error(transparent)]
    Region(#[from] NoRegion),
    /// The farm's name can't be in a header.
    #[error("`{0}` can't be a farm's name")]
    Audience(String),
    /// It can't be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Makes a proof for the farm `audience`, to be verified by STS in `region`.
///
/// # Errors
/// If region or audience can't be such.
pub fn proof(
    region: &str,
    audience: &str,
    credentials: &Credentials,
    time: SystemTime,
) -> Result<SecretString, ProofError> {
    if !crate::region::is_region(region) {
        return Err(NoRegion.into());
    }
    let wrong = || ProofError::Audience(audience.to_owned());
    let url = Url::parse(&format!("https://{}/", sts::host(region))).map_err(|_| NoRegion)?;
    let request = http::Request::post("/")
        .header("content-type", sts::CONTENT_TYPE)
        .header(sts::AUDIENCE_HEADER, audience)
        .body(())
        .map_err(|_| wrong())?;
    let (mut head, ()) = request.into_parts();
    let scope = Scope { region: region.to_owned(), service: sts::SERVICE.to_owned() };
    sign(&mut head, &url, sts::BODY.as_bytes(), credentials, &scope, time)?;
    let text = |name: &str| {
        head.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
    };
    let proof = Proof {
        region: region.to_owned(),
        authorization: text("authorization").into(),
        date: text("x-amz-date"),
        token: credentials.session_token().map(|token| token.to_owned().into()),
        audience: audience.to_owned(),
    };
    Ok(proof.text())
}
