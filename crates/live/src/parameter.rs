//! One parameter of AWS Systems Manager: the address of a farm's server, kept where an account's
//! other settings are.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use farmgate_wire::Body;
use farmgate_wire::body::collect;
use http::{HeaderValue, Request, StatusCode};
use rustls::RootCertStore;
use secrecy::SecretString;
use serde::Deserialize;

use crate::sign::{Scope, SignError, sign};
use crate::{Chain, Endpoint, NoCredentials, NoRegion, Unreachable, Url};

/// How long each step may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer; a parameter has at most 8 KiB.
const LONGEST: usize = 64 << 10;
/// Where SSM is, if not where it is in its region: as AWS's own tools read it, the first that is set.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"];

/// Why a parameter can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// There are no credentials to ask with.
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    /// It isn't known where to ask.
    #[error(transparent)]
    Region(#[from] NoRegion),
    /// The endpoint in the environment is none.
    #[error("`{0}` is no endpoint of SSM")]
    Endpoint(&'static str),
    /// The request can't be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// SSM can't be reached.
    #[error("SSM can't be reached: {0}")]
    Unreachable(#[from] Unreachable),
    /// It broke off, or said what can't be read.
    #[error("SSM gave no answer that can be read")]
    Broken,
    /// SSM refuses.
    #[error("SSM in {region} says {status} {code} to {key_id}")]
    Refused {
        /// The region that was asked.
        region: String,
        /// The status.
        status: u16,
        /// SSM's own word for it: `ParameterNotFound`, `AccessDeniedException`.
        code: String,
        /// The access key id that asked.
        key_id: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Parameter")]
    parameter: Parameter,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Value")]
    value: String,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
}

impl Chain {
    /// Reads a parameter, decrypted if it is encrypted. Must run within a
    /// [`tokio::task::LocalSet`]. AWS_ENDPOINT_URL_SSM and AWS_ENDPOINT_URL say where SSM is.
    ///
    /// # Errors
    /// If there are no credentials or no region, or SSM doesn't give it.
    pub async fn parameter(
        &self,
        name: &str,
        roots: &Arc<RootCertStore>,
    ) -> Result<SecretString, ParameterError> {
        let region = self.region().await?;
        let url = endpoint(&region, &|name| std::env::var(name).ok())?;
        let credentials = self.credentials().await?;
        let body = serde_json::json!({ "Name": name, "WithDecryption": true }).to_string();
        let request = Request::post(url.target())
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "AmazonSSM.GetParameter")
            .body(())
            .map_err(|_| ParameterError::Broken)?;
        let (mut head, ()) = request.into_parts();
        let host = HeaderValue::from_str(url.authority()).map_err(|_| ParameterError::Broken)?;
        head.headers.insert(http::header::HOST, host);
        let scope = Scope { region: region.clone(), service: "ssm".to_owned() };
        sign(&mut head, &url, body.as_bytes(), &credentials, &scope, SystemTime::now())?;
        let (status, answer) = ask(Endpoint::new(url, roots)?, head, body.into()).await?;
        if status == StatusCode::OK {
            let answer: Answer =
                serde_json::from_slice(&answer).map_err(|_| ParameterError::Broken)?;
            return Ok(answer.parameter.value.into());
        }
        let key_id = credentials.access_key_id().to_owned();
        Err(ParameterError::Refused {
            region,
            status: status.as_u16(),
            code: word(&answer),
            key_id,
        })
    }
}

async fn ask(
    endpoint: Endpoint,
    head: http::request::Parts,
    body: Bytes,
) -> Result<(StatusCode, Bytes), ParameterError> {
    let mut connection = endpoint.connect(TIMEOUT).await?;
    let sent = connection.send(Request::from_parts(head, Body::full(body)));
    let answer = tokio::time::timeout(TIMEOUT, sent).await.map_err(|_| ParameterError::Broken)?;
    let answer = answer.map_err(|_| ParameterError::Broken)?;
    let status = answer.status();
    let body = collect(answer.into_body(), LONGEST, TIMEOUT).await;
    Ok((status, body.map_err(|_| ParameterError::Broken)?))
}

/// Where SSM is.
fn endpoint(
    region: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Url, ParameterError> {
    let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if !ignored.is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        for name in ENDPOINTS {
            if let Some(text) = variable(name).filter(|text| !text.is_empty()) {
                return Url::parse(&text).map_err(|_| ParameterError::Endpoint(name));
            }
        }
    }
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Url::parse(&format!("https://ssm.{region}.{suffix}/"))
        .map_err(|_| ParameterError::Region(NoRegion))
}

/// The last part of an error's type, if it is a word.
fn word(answer: &[u8]) -> String {
    let refusal: Option<Refusal> = serde_json::from_slice(answer).ok();
    let kind = refusal.map(|refusal| refusal.kind).unwrap_or_default();
    let word = kind.rsplit('#').next().unwrap_or_default();
    word.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ssm_is_where_the_environment_says() {
        let none = |_: &str| None;
        let of = |region: &str| endpoint(region, &none).unwrap().to_string();
        assert_eq!(of("eu-central-1"), "https://ssm.eu-central-1.amazonaws.com/");
        assert_eq!(of("cn-north-1"), "https://ssm.cn-north-1.amazonaws.com.cn/");
        let both = |name: &str| match name {
            "AWS_ENDPOINT_URL_SSM" => Some("http://127.0.0.1:1/".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://127.0.0.1:2/".to_owned()),
            _ => None,
        };
        assert_eq!(endpoint("eu-central-1", &both).unwrap().port(), 1);
        let plain = |_: &str| Some("http://ssm.example.com/".to_owned());
        assert!(endpoint("eu-central-1", &plain).is_err(), "plain HTTP leaves no machine");
        let ignored = |name: &str| match name {
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" => Some("true".to_owned()),
            name => both(name),
        };
        assert!(endpoint("eu-central-1", &ignored).unwrap().is_tls());
    }

    #[test]
    fn a_refusal_is_a_word() {
        assert_eq!(
            word(br#"{"__type":"com.amazonaws.ssm#ParameterNotFound"}"#),
            "ParameterNotFound"
        );
        assert_eq!(word(b"<html>"), "");
        assert_eq!(word(br#"{"__type":"\u001b[31mX y"}"#), "31mXy");
    }
}
