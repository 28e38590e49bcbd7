//! One span for each request, sent to a collector over OTLP/HTTP in its JSON encoding
//! (opentelemetry.io, "OTLP Specification 1.10", OTLP/HTTP; every collector takes it).
//!
//! The encoding is small and fixed, so it is written here over the HTTP client that is there anyway:
//! OpenTelemetry's own exporter would bring a second set of clients and some thirty crates. Nothing
//! waits for it: spans for which there is no room, or that a collector doesn't take, are dropped and
//! counted. It speaks plain HTTP to a collector beside the gate; TLS to elsewhere is a collector's
//! business.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use farmgate_wire::Drain;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Trace, hex};
use crate::audit::{Decision, Record, cut};

/// Spans that may wait.
const QUEUE: usize = 2048;
/// Spans that are sent at a time.
const BATCH: usize = 512;
/// How long spans are collected.
const COLLECT: Duration = Duration::from_secs(5);
/// How long a collector may take for a batch.
const SEND: Duration = Duration::from_secs(10);
/// Bytes of a collector's answer that are read.
const ANSWER: usize = 64 << 10;

/// Takes spans. Clones send to the same collector.
#[derive(Clone)]
pub struct Exporter {
    spans: mpsc::Sender<Value>,
    counts: Arc<Counts>,
}

/// What became of spans.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
}

/// Sends what an [`Exporter`] takes.
pub struct Sending {
    target: Target,
    resource: Value,
    spans: mpsc::Receiver<Value>,
    counts: Arc<Counts>,
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    authority: String,
    path: String,
    headers: HeaderMap,
}

/// Settings of traces that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OtlpError {
    /// The endpoint is no URL of plain HTTP.
    #[error(
        "`{0}` must be a URL as `http://127.0.0.1:4318`; for TLS put a collector beside the gate"
    )]
    Endpoint(&'static str),
    /// The headers are no list. (What is in them may be secret.)
    #[error("`{0}` must be a list as `name=value,name=value`")]
    Headers(&'static str),
    /// Another encoding is asked for.
    #[error("`{0}` must be `http/json`, which is what is sent, or absent")]
    Protocol(&'static str),
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SERVICE: &str = "OTEL_SERVICE_NAME";

/// The exporter that the environment asks for, in OpenTelemetry's own words; none if it names no
/// endpoint.
///
/// # Errors
/// If it asks for what there isn't.
pub fn from_environment(farm: &str) -> Result<Option<(Exporter, Sending)>, OtlpError> {
    from(farm, |name| env::var(name).ok().filter(|value| !value.is_empty()))
}

fn from(
    farm: &str,
    variable: impl Fn(&'static str) -> Option<String>,
) -> Result<Option<(Exporter, Sending)>, OtlpError> {
    let target = match (variable(TRACES_ENDPOINT), variable(ENDPOINT)) {
        (Some(url), _) => Target::of(&url, "").ok_or(OtlpError::Endpoint(TRACES_ENDPOINT))?,
        (None, Some(url)) => Target::of(&url, "/v1/traces").ok_or(OtlpError::Endpoint(ENDPOINT))?,
        (None, None) => return Ok(None),
    };
    if variable(PROTOCOL).is_some_and(|protocol| protocol != "http/json") {
        return Err(OtlpError::Protocol(PROTOCOL));
    }
    let headers =
        headers(&variable(HEADERS).unwrap_or_default()).ok_or(OtlpError::Headers(HEADERS))?;
    let service = variable(SERVICE).unwrap_or_else(|| "farmgate".to_owned());
    let resource = json!({ "attributes": [
        text("service.name", &service),
        text("service.namespace", farm),
        text("service.version", env!("CARGO_PKG_VERSION")),
    ] });
    let (sender, spans) = mpsc::channel(QUEUE);
    let counts = Arc::new(Counts::default());
    let exporter = Exporter { spans: sender, counts: Arc::clone(&counts) };
    let target = Target { headers, ..target };
    Ok(Some((exporter, Sending { target, resource, spans, counts })))
}

// === impl Exporter ===

impl Exporter {
    /// Takes a request that ended, if its trace is to be recorded. It never waits.
    pub fn request(&self, record: &Record) {
        if record.trace.is_sampled() && self.spans.try_send(span(record)).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many spans a collector took, and how many were dropped.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.sent.load(Ordering::Relaxed), self.counts.dropped.load(Ordering::Relaxed))
    }
}

// === impl Sending ===

impl Sending {
    /// Sends spans until `until` begins, and then those that wait.
    pub async fn run(mut self, until: Drain) {
        let mut batch = Vec::new();
        loop {
            let collected = async {
                while batch.len() < BATCH {
                    match self.spans.recv().await {
                        Some(span) => batch.push(span),
                        None => return,
                    }
                }
            };
            let ended = tokio::select! {
                _ = timeout(COLLECT, collected) => self.spans.is_closed(),
                () = until.begun() => true,
            };
            while batch.len() < BATCH
                && let Ok(span) = self.spans.try_recv()
            {
                batch.push(span);
            }
            self.send(std::mem::take(&mut batch)).await;
            if ended && self.spans.is_empty() {
                return;
            }
        }
    }

    async fn send(&self, spans: Vec<Value>) {
        if spans.is_empty() {
            return;
        }
        let count = spans.len() as u64;
        let body = json!({ "resourceSpans": [{
            "resource": self.resource,
            "scopeSpans": [{ "scope": { "name": "farmgate" }, "spans": spans }],
        }] });
        let sent = timeout(SEND, self.target.post(body.to_string())).await;
        let counter =
            if matches!(sent, Ok(Some(()))) { &self.counts.sent } else { &self.counts.dropped };
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

// === impl Target ===

impl Target {
    /// From a URL of plain HTTP, with a path that is put behind its own.
    fn of(url: &str, behind: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16().unwrap_or(80);
        let path = uri.path();
        let path = if behind.is_empty() { path } else { path.trim_end_matches('/') };
        Some(Self {
            authority: format!("{}:{port}", authority.host()),
            path: format!("{path}{behind}"),
            headers: HeaderMap::new(),
        })
    }

    /// Sends a batch over a connection of its own. Some if the collector took it.
    async fn post(&self, body: String) -> Option<()> {
        let stream = TcpStream::connect(&self.authority).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(connection);
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.parse().ok()?;
        *request.headers_mut() = self.headers.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        request.headers_mut().insert(HOST, HeaderValue::try_from(&self.authority).ok()?);
        let answer = sender.send_request(request).await.ok();
        let taken = match answer {
            Some(answer) if answer.status().is_success() => {
                Limited::new(answer.into_body(), ANSWER).collect().await.ok().map(|_| ())
            }
            _ => None,
        };
        connection.abort();
        taken
    }
}

// === encoding ===

/// A request as a span, with the names of OpenTelemetry's semantic conventions. Neither who called
/// nor what with: traces go further than audits.
fn span(record: &Record) -> Value {
    let Trace { id, parent, span, .. } = &record.trace;
    let mcp = record.mcp_method.as_deref();
    let mut attributes = vec![
        text("http.request.method", record.method.as_str()),
        text("url.path", record.path.split('?').next().unwrap_or_default()),
        number("http.response.status_code", u64::from(record.status)),
        number("http.request.body.size", record.bytes_in),
        number("http.response.body.size", record.bytes_out),
    ];
    let texts = [
        ("farmgate.server", record.server.as_deref()),
        ("mcp.method.name", mcp),
        ("gen_ai.tool.name", record.tool.as_deref().filter(|_| mcp == Some("tools/call"))),
        ("error.type", record.reason),
    ];
    attributes.extend(texts.iter().filter_map(|(key, value)| Some(text(key, (*value)?))));
    let refused = record.decision == Decision::Refused;
    let decision = if refused { "refused" } else { "allowed" };
    attributes.push(text("farmgate.decision", decision));
    attributes.push(text("farmgate.request.id", &record.id.to_string()));
    // A server's span is an error if the server is at fault, not the client.
    let failed = record.status >= 500;
    json!({
        "traceId": hex(id),
        "spanId": hex(span),
        "parentSpanId": parent.map(|parent| hex(&parent)).unwrap_or_default(),
        "name": mcp.unwrap_or(record.method.as_str()),
        "kind": 2,
        "startTimeUnixNano": nanoseconds(record.time).to_string(),
        "endTimeUnixNano": nanoseconds(record.time + record.took).to_string(),
        "attributes": attributes,
        "status": if failed { json!({ "code": 2 }) } else { json!({}) },
    })
}

/// What a client chose is cut.
fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": cut(value, 512) } })
}

/// 64-bit numbers are texts in JSON (Protocol Buffers, "ProtoJSON format").
fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// `name=value` pairs, separated by commas.
fn headers(list: &str) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for pair in list.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let mut value = HeaderValue::try_from(value.trim()).ok()?;
        value.set_sensitive(true);
        headers.append(HeaderName::try_from(name.trim()).ok()?, value);
    }
    Some(headers)
}

#[cfg(test)]
mod tests;
