//! One JSON-RPC message, looked at and not changed.
//!
//! What is decided about a message is decided from its body, so everyone who reads the body has to
//! find the same in it. Parsers differ in what they make of a key that comes twice, of `Name` beside
//! `name`, of a batch, of half a surrogate: all of that is refused where it could matter, rather than
//! read in one of the ways. Arguments of tools are the tools' own: they have to be JSON, and no key
//! may come twice on their first level; what they mean is not looked at.

mod envelope;
mod params;

use std::borrow::Cow;
use std::ops::Range;

use crate::Fault;
use crate::json::Reader;

/// The most objects and arrays that may lie in each other in a message.
pub const MAX_DEPTH: u32 = 64;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has a method and an id, and wants an answer.
    Request,
    /// It has a method and no id.
    Notification,
    /// It has an id and a result or an error: it answers a request of the other side.
    Response,
}

/// One JSON-RPC message. Everything borrows from the body; raw JSON is as it came, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub kind: Kind,
    /// The id, as raw JSON: a text or a number.
    pub id: Option<&'a str>,
    /// The method.
    pub method: Option<Cow<'a, str>>,
    /// What it is about, where [`subject`] says that it is about something and it is a text.
    pub name: Option<Cow<'a, str>>,
    /// `params.arguments` as raw JSON.
    pub arguments: Option<&'a str>,
    /// `params._meta["io.modelcontextprotocol/protocolVersion"]`: the modern era.
    pub protocol_version: Option<Cow<'a, str>>,
    /// `params.protocolVersion` of `initialize`: the legacy era.
    pub initialize_version: Option<Cow<'a, str>>,
    /// Whether `params._meta["io.modelcontextprotocol/clientCapabilities"]` is an object.
    pub has_client_capabilities: bool,
    /// `params._meta.progressToken` as raw JSON.
    pub progress_token: Option<&'a str>,
    /// `params._meta["io.modelcontextprotocol/subscriptionId"]` as raw JSON: the id of the
    /// `subscriptions/listen` to which a notification belongs.
    pub subscription: Option<&'a str>,
    /// `params.progressToken` of `notifications/progress` as raw JSON.
    pub progress: Option<&'a str>,
    /// `params.requestId` of `notifications/cancelled` as raw JSON.
    pub cancelled: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// Reads a body, which is exactly one message. How long it may be is the caller's affair.
    ///
    /// # Errors
    /// - 400, -32700: it isn't JSON, begins with a byte order mark, goes on after the message, or
    ///   nests more deeply than [`MAX_DEPTH`].
    /// - 400, -32600: it is a batch; it isn't a request, notification or response of JSON-RPC 2.0;
    ///   a key comes twice in the message, in `params`, in `params._meta` or in `params.arguments`,
    ///   or there are more than 4096 in one of them; a key differs only in case from one that matters.
    /// - 400, -32602: the version in `_meta` isn't a text.
    pub fn parse(body: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(body, MAX_DEPTH).map_err(Fault::malformed)?;
        envelope::read(&mut reader)
    }

    /// Where a part of the message lies in its body, so that it can be replaced: `part` is what a
    /// field of this type borrows from that very body. `None` if it is from elsewhere.
    #[must_use]
    pub fn span(body: &[u8], part: &str) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
        let end = start.checked_add(part.len())?;
        (end <= body.len()).then_some(start..end)
    }
}

/// Which of its parameters says what a request is about. It is what `Mcp-Name` repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `params.name`.
    Name,
    /// `params.uri`.
    Uri,
    /// `params.taskId`.
    Task,
}

/// What the requests of a method are about, if the protocol says so: `tools/call`, `prompts/get` and
/// `resources/read` by MCP 2026-07-28; `resources/subscribe` and `resources/unsubscribe` by the
/// revisions that have them; `tasks/...` by its extension for tasks (SEP-2663).
#[must_use]
pub fn subject(method: &str) -> Option<Subject> {
    match method {
        "tools/call" | "prompts/get" => Some(Subject::Name),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => Some(Subject::Uri),
        "tasks/get" | "tasks/update" | "tasks/cancel" | "tasks/result" => Some(Subject::Task),
        _ => None,
    }
}

impl Subject {
    /// The parameter's key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Uri => "uri",
            Self::Task => "taskId",
        }
    }
}
