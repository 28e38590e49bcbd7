//! What AWS says when it doesn't answer: its code and message, and what to make of them.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::xml::Element;

/// Characters of a code or message that are kept.
const LONGEST: usize = 500;

/// Why there is no answer, in AWS's words or ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `AccessDenied`.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What to make of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It may go well another time.
    NotNow,
    /// The credentials are over.
    Expired,
    /// The credentials are none, here.
    Stranger,
    /// That is the answer.
    Final,
}

/// As AWS's own tools have it
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
const NOT_NOW: [&str; 19] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
    "EC2ThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
];

const EXPIRED: [&str; 4] =
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];

const STRANGER: [&str; 8] = [
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "AuthFailure",
    "InvalidAccessKeyId",
];

/// Refusals that say that there is nothing: service, operation, code.
const ABSENT: [(&str, &str, &str); 11] = [
    ("ecr", "get-repository-policy", "RepositoryPolicyNotFoundException"),
    ("securityhub", "describe-hub", "InvalidAccessException"),
    ("securityhub", "describe-hub", "ResourceNotFoundException"),
    ("secretsmanager", "get-resource-policy", "ResourceNotFoundException"),
    ("wafv2", "get-web-acl-for-resource", "WAFNonexistentItemException"),
    ("waf-regional", "get-web-acl-for-resource", "WAFNonexistentItemException"),
    ("waf-regional", "get-web-acl-for-resource", "WAFUnavailableEntityException"),
    // Where the service isn't there any more.
    ("waf-regional", "get-web-acl-for-resource", super::caller::UNREACHABLE),
    ("waf-regional", "get-web-acl-for-resource", "Http404"),
    ("waf-regional", "get-web-acl-for-resource", "UnknownOperationException"),
    ("waf-regional", "get-web-acl-for-resource", "SubscriptionRequiredException"),
];

// === impl Refusal ===

impl Refusal {
    pub(super) fn new(code: &str, message: &str) -> Self {
        Self { code: plain(code), message: plain(message) }
    }

    /// Reads what came with a status that isn't 200.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let said = of_json(headers, body).or_else(|| of_xml(body));
        let (code, message) = said.unwrap_or_default();
        let code = if code.is_empty() { format!("Http{}", status.as_u16()) } else { code };
        // Before `:` or after `#` there is a namespace or an address.
        let code = code.split(':').next().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        let reason = status.canonical_reason().unwrap_or("no reason is given");
        Self::new(code, if message.is_empty() { reason } else { &message })
    }

    /// Whether it is an answer: that there is no such thing.
    pub(super) fn is_absence(&self, service: &str, operation: &str) -> bool {
        ABSENT.contains(&(service, operation, self.code.as_str()))
    }

    pub(super) fn kind(&self, status: StatusCode) -> Kind {
        let code = self.code.as_str();
        if EXPIRED.contains(&code) {
            return Kind::Expired;
        }
        let busy = matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504);
        if busy || NOT_NOW.contains(&code) {
            return Kind::NotNow;
        }
        if STRANGER.contains(&code) { Kind::Stranger } else { Kind::Final }
    }
}

fn of_json(headers: &HeaderMap, body: &[u8]) -> Option<(String, String)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |names: &[&str]| {
        names.iter().find_map(|name| body.get(name)?.as_str()).unwrap_or_default().to_owned()
    };
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let code = header.map_or_else(|| text(&["__type", "code", "Code"]), str::to_owned);
    Some((code, text(&["message", "Message", "errorMessage"])))
}

fn of_xml(body: &[u8]) -> Option<(String, String)> {
    let root = Element::read(body)?;
    let error = [&["Error"][..], &["Errors", "Error"]]
        .into_iter()
        .find_map(|path| path.iter().try_fold(&root, |element, name| element.child(name)));
    let error = error.unwrap_or(&root);
    let text = |name| error.text_at(&[name]).unwrap_or_default().to_owned();
    Some((text("Code"), text("Message")))
}

/// One line of bounded length.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|it| !it.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> (Refusal, Kind) {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let refusal = Refusal::read(status, &HeaderMap::new(), body.as_bytes());
        let kind = refusal.kind(status);
        (refusal, kind)
    }

    #[test]
    fn every_protocol_has_its_own_refusals() {
        let ec2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code>\
            <Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>";
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>\
            <Message>Rate exceeded</Message></Error></ErrorResponse>";
        let json = r#"{"__type":"com.amazonaws.ecs#AccessDeniedException","Message":"no\nmore"}"#;
        assert_eq!(read(403, ec2), (Refusal::new("UnauthorizedOperation", "no"), Kind::Final));
        assert_eq!(read(400, query), (Refusal::new("Throttling", "Rate exceeded"), Kind::NotNow));
        assert_eq!(
            read(400, json),
            (Refusal::new("AccessDeniedException", "no more"), Kind::Final)
        );
        let expired = r#"{"__type":"ExpiredTokenException"}"#;
        assert_eq!(read(400, expired).1, Kind::Expired);
        let html = (Refusal::new("Http503", "Service Unavailable"), Kind::NotNow);
        assert_eq!(read(503, "<html><br>"), html);
        let mut headers = HeaderMap::new();
        let value = http::HeaderValue::from_static("NotFoundException:http://x.y/");
        headers.insert("x-amzn-errortype", value);
        let refusal = Refusal::read(StatusCode::NOT_FOUND, &headers, b"{}");
        assert_eq!(refusal.code, "NotFoundException");
    }
}
