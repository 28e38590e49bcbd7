//! Signatures over requests: AWS's own signer (`aws-sigv4`), set up as its tools set it up.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningError, SigningSettings, sign as v4,
};
use aws_sigv4::sign::v4::SigningParams;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::Url;

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The region's name.
    pub region: String,
    /// The service's name in signatures: `execute-api`.
    pub service: String,
}

/// Why a request can't be signed. Nothing of the credentials is in it.
#[derive(Debug, thiserror::Error)]
#[error("the request can't be signed: {0}")]
pub struct SignError(String);

/// The service whose requests don't cover their bodies: it takes no other.
const LATTICE: &str = "vpc-lattice-svcs";

/// Signs a request to `url`: every header that it has by now is covered, and the body. `Host` is set
/// if it isn't there; `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization` are added.
///
/// # Errors
/// If a header isn't text.
pub fn sign(
    head: &mut Parts,
    url: &Url,
    body: &[u8],
    credentials: &Credentials,
    scope: &Scope,
    time: SystemTime,
) -> Result<(), SignError> {
    if !head.headers.contains_key(http::header::HOST) {
        let host = HeaderValue::from_str(url.authority()).map_err(failed)?;
        head.headers.insert(http::header::HOST, host);
    }
    let uri = {
        let scheme = if url.is_tls() { "https" } else { "http" };
        let target = head.uri.path_and_query().map_or("/", |it| it.as_str());
        format!("{scheme}://{}{target}", url.authority())
    };
    let mut headers = Vec::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        headers.push((name.as_str(), value.to_str().map_err(failed)?));
    }
    let lattice = scope.service == LATTICE;
    let body = if lattice { SignableBody::UnsignedPayload } else { SignableBody::Bytes(body) };
    let mut settings = SigningSettings::default();
    if lattice {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| SignError(error.to_string()))?
        .into();
    let signed = |error: SigningError| SignError(error.to_string());
    let request = SignableRequest::new(head.method.as_str(), uri, headers.into_iter(), body)
        .map_err(signed)?;
    let (instructions, _) = v4(request, &params).map_err(signed)?.into_parts();
    let added: Vec<_> =
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (name, value) in added {
        let name: HeaderName = name.parse().map_err(failed)?;
        let mut value = HeaderValue::from_str(&value).map_err(failed)?;
        value.set_sensitive(true);
        head.headers.insert(name, value);
    }
    Ok(())
}

/// The reason says what kind of thing is wrong, and not what it is.
fn failed(_: impl std::error::Error) -> SignError {
    SignError("a header isn't text".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn signed(scope: &Scope, token: Option<&str>) -> Parts {
        let url = Url::parse("https://farm.example.com/a/mcp").unwrap();
        let request = http::Request::post(url.target())
            .header("content-type", "application/json")
            .header("mcp-session-id", "one")
            .body(())
            .unwrap();
        let (mut head, ()) = request.into_parts();
        let token = token.map(str::to_owned);
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", token, None, "test");
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000);
        sign(&mut head, &url, b"{}", &credentials, scope, time).unwrap();
        head
    }

    fn scope(service: &str) -> Scope {
        Scope { region: "us-west-2".to_owned(), service: service.to_owned() }
    }

    #[test]
    fn everything_that_is_sent_is_covered() {
        let head = signed(&scope("execute-api"), Some("token"));
        let authorization = head.headers.get("authorization").unwrap().to_str().unwrap();
        for part in [
            "Credential=AKIDEXAMPLE/20261118/us-west-2/execute-api/aws4_request",
            "SignedHeaders=content-type;host;mcp-session-id;x-amz-date;x-amz-security-token",
        ] {
            assert!(authorization.contains(part), "{authorization}");
        }
        assert_eq!(head.headers.get("x-amz-security-token").unwrap(), "token");
        assert_eq!(head.headers.get("host").unwrap(), "farm.example.com");
        assert!(!head.headers.contains_key("x-amz-content-sha256"));
        assert!(head.headers.get("authorization").unwrap().is_sensitive());
    }

    #[test]
    fn a_lattice_gets_what_it_takes() {
        let head = signed(&scope(LATTICE), None);
        assert_eq!(head.headers.get("x-amz-content-sha256").unwrap(), "UNSIGNED-PAYLOAD");
    }
}
