//! What is written down of a request: begun with its head, ended with the last byte of its answer,
//! or with whatever came before that.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use farmgate_keys::Principal;
use farmgate_wire::Body;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer::{Answer, Content};
use super::stream::Flow;
use crate::audit::{Decision, Record, SessionName};
use crate::metrics::ServerMetrics;
use crate::shared::Shared;
use crate::state::ServerState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The line of a request that is under way. It is written when this is dropped, if not before:
/// nothing that began goes unwritten.
pub(super) struct Entry {
    shared: Arc<Shared>,
    metrics: Option<Arc<ServerMetrics>>,
    record: Record,
    started: Instant,
    written: bool,
}

// === impl Entry ===

impl Entry {
    pub(super) fn new(shared: &Arc<Shared>, head: &Parts) -> Self {
        let record = Record::begin(&head.method, head.uri.path(), &head.headers);
        let shared = Arc::clone(shared);
        Self { shared, metrics: None, record, started: Instant::now(), written: false }
    }

    pub(super) fn address(&mut self, address: IpAddr) {
        self.record.address = Some(address);
    }

    pub(super) fn server(&mut self, server: &ServerState) {
        self.metrics = Some(Arc::clone(&server.metrics));
        self.record.server = Some(Arc::clone(&server.name));
    }

    pub(super) fn principal(&mut self, principal: &Arc<Principal>) {
        self.record.principal = Some(Arc::clone(principal));
    }

    pub(super) fn message(
        &mut self,
        method: Option<Cow<'static, str>>,
        tool: Option<String>,
        arguments: Option<&str>,
    ) {
        self.record.mcp_method = method;
        self.record.tool = tool;
        if let Some(arguments) = arguments {
            self.record.arguments = self.shared.log.arguments(arguments);
        }
    }

    /// A session, by what the client has of it.
    pub(super) fn session(&mut self, sealed: &HeaderValue) {
        self.record.session = sealed.to_str().ok().map(SessionName::of);
    }

    pub(super) fn target(&mut self, target: SocketAddr) {
        self.record.target = Some(target);
    }

    pub(super) fn retried(&mut self) {
        self.shared.metrics.retried();
    }

    pub(super) fn bytes_in(&mut self, bytes: usize) {
        self.record.bytes_in = bytes as u64;
    }

    pub(super) fn bytes_out(&mut self, bytes: usize) {
        self.record.bytes_out += bytes as u64;
    }

    /// The request's id, as it goes to the server and back to the client.
    pub(super) fn id_header(&self) -> HeaderValue {
        self.record.id.header()
    }

    /// Sets the headers that say in which trace the server's work belongs.
    pub(super) fn trace(&self, headers: &mut HeaderMap) {
        self.record.trace.pass_on(headers);
    }

    /// The answer, with the line written once its last byte is sent.
    pub(super) fn follow(mut self, answer: Answer) -> Response<Body> {
        let Answer { mut head, body } = answer;
        head.headers.insert(REQUEST_ID, self.id_header());
        self.record.decision = Decision::Allowed;
        self.record.status = head.status.as_u16();
        let body = match body {
            Content::Whole(bytes) => {
                self.bytes_out(bytes.len());
                self.end(None);
                Body::full(bytes)
            }
            Content::Stream { body, hold, idle, events } => {
                let open = self.metrics.as_ref().filter(|_| events.is_some());
                let open = open.map(|metrics| metrics.stream());
                Body::stream(Flow::new(body, (hold, open), idle, events, self))
            }
        };
        Response::from_parts(head, body)
    }

    /// A refusal, which is written at once.
    pub(super) fn refused(
        mut self,
        code: &'static str,
        status: StatusCode,
        bytes: u64,
        mut response: Response<Body>,
    ) -> Response<Body> {
        response.headers_mut().insert(REQUEST_ID, self.id_header());
        self.record.decision = Decision::Refused;
        self.record.status = status.as_u16();
        self.record.bytes_out = bytes;
        self.end(Some(code));
        response
    }

    /// Writes the line.
    pub(super) fn end(&mut self, code: Option<&'static str>) {
        if std::mem::replace(&mut self.written, true) {
            return;
        }
        self.record.reason = code;
        self.record.took = self.started.elapsed();
        self.shared.metrics.request(self.metrics.as_deref(), &self.record);
        #[cfg(feature = "otlp")]
        if let Some(spans) = &self.shared.spans {
            spans.request(&self.record);
        }
        self.shared.log.write(&self.record);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Until there is an answer, only the client can have gone.
        self.end(Some("client_gone"));
    }
}
