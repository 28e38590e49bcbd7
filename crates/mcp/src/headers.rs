//! MCP's HTTP headers, checked against the body.
//!
//! Whatever is decided about a message is decided from its body, so a header can mislead nobody here.
//! It can mislead those who look at headers alone, before or behind: so one that is there has to say
//! what the body says. One that isn't there is the server's to miss, and whether a version is spoken
//! is the server's to answer: it says which ones are. The exception is a body that names a version in
//! `_meta` without the header, since its era would be one thing to the server and another here.
//!
//! `Mcp-Param-...` headers repeat arguments of tools. Which argument a header repeats stands in the
//! tool's schema (`x-mcp-header`), and its name need not be the argument's: without the schema nothing
//! can be compared, so they are passed on and otherwise ignored, as the specification demands of an
//! intermediary that doesn't recognize them (MCP 2026-07-28, Streamable HTTP, "Server Behavior for
//! Custom Headers"). The server compares them.

mod content;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::Fault;
use crate::fault::quoted;
use crate::message::{Message, subject};

pub use content::check_content;

/// The protocol's version.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// The method of the message in the body.
pub const METHOD: &str = "mcp-method";
/// What the request in the body is about.
pub const NAME: &str = "mcp-name";
/// The session of a legacy client.
pub const SESSION_ID: &str = "mcp-session-id";

/// The revisions with `initialize` and sessions.
const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The first revision without.
const FIRST_MODERN: &str = "2026-07-28";

/// Which of the two ways of speaking MCP over HTTP a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25 and older: `initialize` and sessions.
    Legacy,
    /// 2026-07-28 and newer: every request stands alone. `Mcp-Session-Id` means nothing, and
    /// whoever passes such a request on leaves that header out: what is stateless here must not have
    /// a session there.
    Modern,
}

/// Checks a POST's headers against its body, and tells its era.
///
/// The era is what body and header agree on. Without a version in `_meta`, it is the header's if that
/// is a modern one, and else legacy, as `initialize` always is. A version that isn't known (a newer
/// one, or one that never was) is passed on, for the server to answer. That is safe because nothing
/// is permitted by version: what a newer revision moved elsewhere in the body, a permission that needs
/// it doesn't find, and refuses.
///
/// # Errors
/// 400, -32020: one of `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name` comes twice, or isn't made
/// of visible ASCII, or doesn't say what the body says; or the first is missing while the body names a
/// version.
pub fn check(headers: &HeaderMap, message: &Message<'_>) -> Result<Era, Fault> {
    agree(headers, message).map_err(|fault| fault.with_id(message.id))
}

fn agree(headers: &HeaderMap, message: &Message<'_>) -> Result<Era, Fault> {
    let version = single(headers, PROTOCOL_VERSION)?;
    if let Some(body) = message.protocol_version.as_deref() {
        match version {
            Some(header) if header == body => {}
            Some(header) => return Err(differ("MCP-Protocol-Version", header, body)),
            None => return Err(Fault::mismatch("the header `MCP-Protocol-Version` is missing")),
        }
    }
    let method = message.method.as_deref();
    if let Some(header) = single(headers, METHOD)? {
        match method {
            Some(body) if body == header => {}
            Some(body) => return Err(differ("Mcp-Method", header, body)),
            None => return Err(nothing("Mcp-Method", header)),
        }
    }
    // Of methods that aren't known it isn't known either what their requests are about.
    if let Some(header) = single(headers, NAME)?
        && method.is_some_and(|method| subject(method).is_some())
    {
        let decoded = decode(header)
            .ok_or_else(|| Fault::mismatch("the header `Mcp-Name` is not well encoded"))?;
        match message.name.as_deref() {
            Some(body) if body == decoded => {}
            Some(body) => return Err(differ("Mcp-Name", &decoded, body)),
            None => return Err(nothing("Mcp-Name", &decoded)),
        }
    }
    Ok(era(version, message))
}

fn era(version: Option<&str>, message: &Message<'_>) -> Era {
    let modern = match (version, message.protocol_version.is_some()) {
        (None, _) => false,
        (Some(version), true) => !LEGACY.contains(&version),
        // Revisions are dates, and sort as texts do.
        (Some(version), false) => {
            let dated = version.len() == FIRST_MODERN.len() && version.starts_with("2");
            dated && version >= FIRST_MODERN && message.method.as_deref() != Some("initialize")
        }
    };
    if modern { Era::Modern } else { Era::Legacy }
}

/// The value of a header that must not come twice, without the space around it.
///
/// # Errors
/// 400, -32020: it comes twice, since one reader would take the first and another the last; or there
/// is something other than visible ASCII, space and tab in it.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Fault::mismatch(format!("the header `{name}` comes twice")));
    }
    match value.to_str() {
        Ok(value) => Ok(Some(value.trim_matches([' ', '\t']))),
        Err(_) => Err(Fault::mismatch(format!("the header `{name}` is not visible ASCII"))),
    }
}

/// What the value of `Mcp-Name` or `Mcp-Param-...` stands for: itself, or what is encoded in
/// `=?base64?...?=`. `None` if that isn't canonical base64 of UTF-8.
#[must_use]
pub fn decode(value: &str) -> Option<Cow<'_, str>> {
    let encoded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(encoded) = encoded else {
        return Some(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn differ(name: &str, header: &str, body: &str) -> Fault {
    let (header, body) = (quoted(header), quoted(body));
    Fault::mismatch(format!("the header `{name}` says {header}, and the body {body}"))
}

fn nothing(name: &str, header: &str) -> Fault {
    Fault::mismatch(format!("the header `{name}` says {}, and the body nothing", quoted(header)))
}
