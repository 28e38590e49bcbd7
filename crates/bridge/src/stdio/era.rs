//! Which era a server knows, found out once.
//!
//! A server of one era meets a message of the other in whatever way it likes: with one error or
//! another, as if it were one of its own, or not at all. So a new process for modern requests is
//! asked `server/discover` first, as the revision advises clients on standard streams (MCP
//! 2026-07-28, "Versioning"): an answer, or an error that only modern servers have, says that it is
//! modern; anything else that it isn't. One that stays silent is asked `initialize`, too, which every
//! legacy server answers; a process that has seen both is of no more use.

use std::cell::RefCell;
use std::rc::Rc;

use farmgate_mcp::fault::METHOD_NOT_FOUND;
use farmgate_mcp::{Fault, LATEST};
use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use super::modern::Shared;
use super::sessions::last;
use super::stream::Event;
use crate::settings::Children;

/// The versions with sessions.
pub(super) const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// A server's error of no other kind (JSON-RPC leaves -32000 to -32099 to servers).
pub(super) const SERVER_ERROR: i64 = -32000;

/// The errors that only modern servers have: `HeaderMismatch`, `MissingRequiredClientCapability` and
/// `UnsupportedProtocolVersion`.
const MODERN_ERRORS: [i64; 3] = [-32020, -32021, -32022];

/// What is known of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Era {
    /// It answers modern requests.
    Modern,
    /// It doesn't. These are the versions that it speaks, as far as is known.
    Legacy(Vec<String>),
}

/// What is known of the server, and who finds it out.
#[derive(Debug, Default)]
pub(super) struct Eras {
    known: RefCell<Option<Era>>,
    /// Held while a process for modern requests is started.
    pub(super) starting: Mutex<()>,
}

/// What was found out, and whether the process can be used.
pub(super) struct Learnt {
    pub(super) era: Era,
    pub(super) usable: bool,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Agreed>,
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Agreed {
    #[serde(rename = "protocolVersion")]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    #[serde(default)]
    data: serde_json::Value,
}

/// An answer's error, if it is one.
#[derive(Deserialize)]
struct Failed {
    error: Option<Code>,
}

#[derive(Deserialize)]
struct Code {
    code: i64,
    #[serde(rename = "message")]
    _message: IgnoredAny,
}

// === impl Eras ===

impl Eras {
    pub(super) fn known(&self) -> Option<Era> {
        self.known.borrow().clone()
    }

    pub(super) fn learnt(&self, era: Era) {
        *self.known.borrow_mut() = Some(era);
    }
}

/// Asks a new process.
///
/// # Errors
/// If it ends, or says nothing at all in time.
pub(super) async fn learn(process: &Rc<Shared>, bounds: &Children) -> Result<Learnt, Fault> {
    let deadline = Instant::now() + bounds.start_time;
    let gone = || super::gone(None);
    let params = format!(r#"{{"_meta":{META}}}"#);
    let discovery = process.ask("server/discover", &params).await.ok_or_else(gone)?;
    let mut discovery = Box::pin(last(discovery.reader(None)));
    if let Ok(answer) = timeout(bounds.era_time, &mut discovery).await {
        let era = judge(&answer.ok_or_else(gone)?);
        let Era::Legacy(known) = era else { return Ok(Learnt { era, usable: true }) };
        let versions = if known.is_empty() { agreed(process, deadline).await } else { known };
        return Ok(Learnt { era: Era::Legacy(versions), usable: false });
    }
    let mut agreement = Box::pin(agreed(process, deadline));
    let era = tokio::select! {
        // One that was only slow answers in order.
        biased;
        answer = &mut discovery => match judge(&answer.ok_or_else(gone)?) {
            Era::Legacy(known) if known.is_empty() => Era::Legacy(agreement.await),
            era => era,
        },
        versions = &mut agreement => match versions.is_empty() {
            false => Era::Legacy(versions),
            true => return Err(Fault::new(504, SERVER_ERROR, "the server did not start in time")),
        },
    };
    Ok(Learnt { era, usable: false })
}

/// Who asks.
const CLIENT: &str =
    concat!(r#"{"name":"farmgate-bridge","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);

/// What every modern request of our own has in `_meta`.
pub(super) const META: &str = concat!(
    r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
    r#""io.modelcontextprotocol/clientInfo":{"name":"farmgate-bridge","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"io.modelcontextprotocol/clientCapabilities":{}}"#
);

/// Asks `initialize`, for the version that a legacy server speaks; none if it doesn't say.
async fn agreed(process: &Rc<Shared>, deadline: Instant) -> Vec<String> {
    let [newest, ..] = LEGACY;
    let params =
        format!(r#"{{"protocolVersion":"{newest}","capabilities":{{}},"clientInfo":{CLIENT}}}"#);
    let Some(stream) = process.ask("initialize", &params).await else { return Vec::new() };
    let Ok(Some(event)) = timeout_at(deadline, last(stream.reader(None))).await else {
        return Vec::new();
    };
    let answer: Option<Answer> = serde_json::from_slice(&event.message).ok();
    answer.and_then(|answer| answer.result?.version).into_iter().collect()
}

/// What an answer to `server/discover` says.
fn judge(event: &Event) -> Era {
    let Ok(answer) = serde_json::from_slice::<Answer>(&event.message) else {
        return Era::Legacy(Vec::new());
    };
    match (answer.result, answer.error) {
        (Some(_), _) => Era::Modern,
        (None, Some(error)) if MODERN_ERRORS.contains(&error.code) => {
            let listed = error.data.get("supported").and_then(|it| it.as_array());
            let versions = listed.into_iter().flatten().filter_map(|it| it.as_str());
            let versions: Vec<String> = versions.map(str::to_owned).collect();
            let modern = versions.is_empty() || versions.iter().any(|it| is_modern(it));
            if modern { Era::Modern } else { Era::Legacy(versions) }
        }
        (None, _) => Era::Legacy(Vec::new()),
    }
}

/// The error for a modern request to a server that knows none, so that its client falls back to
/// `initialize` rather than wait.
pub(super) fn not_modern(versions: &[String], requested: &str, id: Option<&str>) -> Fault {
    let known: Vec<&str> = versions.iter().map(String::as_str).collect();
    let versions = if known.is_empty() { &LEGACY[..] } else { &known };
    Fault::unsupported_version(requested, versions).with_id(id)
}

/// Whether a version is one without sessions. Revisions are dates, and sort as texts do.
pub(super) fn is_modern(version: &str) -> bool {
    version.len() == LATEST.len() && version >= LATEST && version.starts_with('2')
}

/// The HTTP status of an answer (MCP 2026-07-28, "Streamable HTTP": errors).
pub(super) fn status(message: &[u8]) -> StatusCode {
    let failed: Option<Failed> = serde_json::from_slice(message).ok();
    match failed.and_then(|failed| failed.error).map(|error| error.code) {
        Some(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Some(code) if MODERN_ERRORS.contains(&code) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use bytes::Bytes;

    use super::*;

    fn judged(message: &'static str) -> Era {
        let message = Bytes::from_static(message.as_bytes());
        judge(&Event { number: 1, is_answer: true, message })
    }

    #[test]
    fn what_we_ask_is_of_the_newest_revision() {
        let meta: serde_json::Value = serde_json::from_str(META).unwrap_or_default();
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], LATEST);
    }

    #[test]
    fn any_error_that_is_not_a_modern_one_is_a_legacy_server() {
        let legacy = Era::Legacy(Vec::new());
        assert_eq!(judged(r#"{"result":{"supportedVersions":["2026-07-28"]}}"#), Era::Modern);
        for code in ["-32601", "-32602", "-32603", "-32000", "0"] {
            let answer: &str = &*format!(r#"{{"error":{{"code":{code},"message":"x"}}}}"#).leak();
            assert_eq!(judged(answer), legacy, "{code}");
        }
        assert_eq!(
            judged(
                r#"{"error":{"code":-32022,"message":"x","data":{"supported":["2099-01-01"]}}}"#
            ),
            Era::Modern
        );
        assert_eq!(
            judged(
                r#"{"error":{"code":-32022,"message":"x","data":{"supported":["2025-11-25"]}}}"#
            ),
            Era::Legacy(vec!["2025-11-25".to_owned()])
        );
        assert_eq!(judged("nonsense"), legacy);
    }

    #[test]
    fn statuses_are_those_of_the_revision() {
        for (message, status) in [
            (r#"{"result":{}}"#, 200),
            (r#"{"error":{"code":-32601,"message":""}}"#, 404),
            (r#"{"error":{"code":-32022,"message":""}}"#, 400),
            (r#"{"error":{"code":-32602,"message":""}}"#, 200),
            (r#"{"result":{"error":{"code":-32601}}}"#, 200),
        ] {
            assert_eq!(super::status(message.as_bytes()), status, "{message}");
        }
    }
}
