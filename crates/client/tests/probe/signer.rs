//! Signs as clients do, for a front that mends what it should let be refused.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use farmgate_client::probe::target::AccessKey;
use secrecy::ExposeSecret as _;

/// The headers of a signature over a request.
pub(crate) fn headers(
    request: SignableRequest<'_>,
    key: &AccessKey,
    (region, service): (&str, &str),
    time: SystemTime,
) -> Vec<(String, String)> {
    let secret = key.secret.expose_secret();
    let identity = Credentials::new(&key.id, secret, None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let (added, _) = sign(request, &parameters).unwrap().into_parts();
    let (headers, _) = added.into_parts();
    headers.iter().map(|it| (it.name().to_owned(), it.value().to_owned())).collect()
}

/// A request's text without its signature, signed anew.
pub(crate) fn sign_anew(
    method: &str,
    url: &str,
    headers_now: &[(String, String)],
    body: &[u8],
    key: &AccessKey,
    scope: (&str, &str),
) -> Vec<(String, String)> {
    let ours = |name: &str| {
        name.eq_ignore_ascii_case("authorization")
            || name.to_ascii_lowercase().starts_with("x-amz-")
    };
    let mut kept: Vec<(String, String)> =
        headers_now.iter().filter(|(name, _)| !ours(name)).cloned().collect();
    let pairs = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = SignableRequest::new(method, url, pairs, SignableBody::Bytes(body)).unwrap();
    let added = headers(request, key, scope, SystemTime::now());
    kept.extend(added);
    kept
}
