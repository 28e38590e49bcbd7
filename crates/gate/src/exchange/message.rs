//! What a request says, as far as the gate has to know: read from the body, checked against the
//! headers, and allowed or not.

use std::borrow::Cow;

use farmgate_keys::Principal;
use farmgate_mcp::{Era, Message, headers};
use http::request::Parts;
use http::{Method, StatusCode};

use super::entry::Entry;
use crate::authz::Forbidden;
use crate::refusal::Refusal;
use crate::state::{ServerState, State};

/// What is known of a message when its body is on its way.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Its id, as raw JSON.
    pub(super) id: Option<Box<str>>,
    /// None if it is no POST.
    pub(super) era: Option<Era>,
    /// Whether the answer may list tools that the caller may not call.
    pub(super) lists_tools: bool,
}

/// Reads a POST's body, checks it against the headers, and asks whether the caller may do this.
/// Other methods have no message.
pub(super) fn look(
    state: &State,
    server: &ServerState,
    principal: &Principal,
    head: &Parts,
    body: &[u8],
    entry: &mut Entry,
) -> Result<Facts, Refusal> {
    let restricted = !state.authorizer.is_open();
    if head.method != Method::POST {
        if !body.is_empty() {
            let text = "only POST has a body";
            return Err(Refusal::new("body_unexpected", StatusCode::BAD_REQUEST, text));
        }
        // A stream that is resumed may bring the answer to any earlier request.
        return Ok(Facts { lists_tools: restricted, ..Facts::default() });
    }
    let content = headers::check_content(&head.headers);
    content.map_err(|fault| Refusal::fault("content_type", &fault))?;
    let message = Message::parse(body).map_err(|fault| Refusal::fault("message", &fault))?;
    entry.message(word(&message), tool(&message), message.arguments);
    let era = headers::check(&head.headers, &message);
    let era = era.map_err(|fault| Refusal::fault("headers_disagree", &fault))?;
    allow(state, server, principal, &message)?;
    Ok(Facts {
        id: message.id.map(Box::from),
        era: Some(era),
        lists_tools: restricted && message.method.as_deref() == Some("tools/list"),
    })
}

/// Who may call which tool.
fn allow(
    state: &State,
    server: &ServerState,
    principal: &Principal,
    message: &Message<'_>,
) -> Result<(), Refusal> {
    state.authorizer.check(principal, &server.name, message).map_err(|forbidden| {
        let (code, status) = match forbidden {
            Forbidden::Tool => ("tool_forbidden", StatusCode::FORBIDDEN),
            Forbidden::Unnamed => ("tool_unnamed", StatusCode::BAD_REQUEST),
            Forbidden::Method => ("method_forbidden", StatusCode::FORBIDDEN),
        };
        Refusal::answering(code, status, &forbidden.to_string(), message.id)
    })
}

/// The method's name, without a copy where it is one of those that nearly all messages have.
fn word(message: &Message<'_>) -> Option<Cow<'static, str>> {
    const KNOWN: [&str; 10] = [
        "tools/call",
        "tools/list",
        "initialize",
        "notifications/initialized",
        "ping",
        "prompts/get",
        "prompts/list",
        "resources/read",
        "resources/list",
        "server/discover",
    ];
    let method = message.method.as_deref()?;
    let known = KNOWN.iter().copied().find(|known| *known == method);
    Some(known.map_or_else(|| Cow::Owned(bounded(method)), Cow::Borrowed))
}

/// The tool or the prompt. A resource's URI is not written down: it may hold anything.
fn tool(message: &Message<'_>) -> Option<String> {
    let named = matches!(message.method.as_deref(), Some("tools/call" | "prompts/get"));
    message.name.as_deref().filter(|_| named).map(bounded)
}

/// As much of a client's word as the audit holds.
fn bounded(text: &str) -> String {
    const MOST: usize = 128;
    text.chars().take(MOST).collect()
}
