//! Tools that do something: say things while they run, change the lists, break their stream, and the
//! two that people try first.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResult, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
};
use serde_json::json;

use super::{Call, text};
use crate::hang_up::HangUp;
use crate::shared::Change;

/// What lies between two messages of a tool, so that they come one by one.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) const TOOLS: &[(&str, &str)] = &[
    ("echo", "Says back what it is told"),
    ("add", "Adds two numbers"),
    ("test_tool_with_logging", "Logs three messages while it runs"),
    ("test_logging_tool", "Logs a message, if the caller wants any"),
    ("test_tool_with_progress", "Reports its progress while it runs"),
    ("test_reconnection", "Breaks its own stream; the answer waits for who comes back"),
    ("test_trigger_tool_change", "Says that the list of tools has changed"),
    ("test_trigger_prompt_change", "Says that the list of prompts has changed"),
    ("test_custom_header", "Says back an argument that travels in a header too"),
];

pub(super) async fn call(call: &Call<'_>) -> Result<CallToolResult, ErrorData> {
    Ok(match &*call.request.name {
        "echo" => text(call.words("message")?),
        "add" => text(format!("{}", call.number("a")? + call.number("b")?)),
        "test_custom_header" => text(call.words("region")?),
        "test_tool_with_logging" => {
            log(call, "Tool execution started").await;
            tokio::time::sleep(PAUSE).await;
            log(call, "Tool processing data").await;
            tokio::time::sleep(PAUSE).await;
            log(call, "Tool execution completed").await;
            text("The tool logged three messages.")
        }
        "test_logging_tool" => {
            log(call, "A message of the tool").await;
            text("The tool logged, if you asked for it.")
        }
        "test_tool_with_progress" => {
            progress(call).await;
            text("The tool is done.")
        }
        "test_reconnection" => {
            reconnection(call).await;
            text("The answer, after the stream was broken.")
        }
        "test_trigger_tool_change" => changed(call, Change::Tools).await,
        "test_trigger_prompt_change" => changed(call, Change::Prompts).await,
        name => return Err(super::unknown(name)),
    })
}

// A notification fails if the client has left, which is no failure of the tool.
async fn log(call: &Call<'_>, message: &str) {
    if call.server.wants(LoggingLevel::Info, call.context) {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(message));
        let _ = call.context.peer.notify_logging_message(message.with_logger("everything")).await;
    }
}

async fn progress(call: &Call<'_>) {
    let token = call.context.meta.get_progress_token();
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = &token {
            let progress = ProgressNotificationParam::new(token.clone(), done).with_total(100.0);
            let _ = call.context.peer.notify_progress(progress).await;
        }
        if done < 100.0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Ends the stream on which the answer was to come. With stdio there is none.
async fn reconnection(call: &Call<'_>) {
    let parts = call.context.extensions.get::<http::request::Parts>();
    if let Some(hang_up) = parts.and_then(|parts| parts.extensions.get::<HangUp>()) {
        hang_up.now();
    }
    tokio::time::sleep(PAUSE * 4).await;
}

/// Tells who subscribed (the newer era), and the session's own client (the older one).
async fn changed(call: &Call<'_>, change: Change) -> CallToolResult {
    call.server.shared().changed(change);
    if crate::server::is_legacy(call.context) {
        let peer = &call.context.peer;
        let _ = match change {
            Change::Tools => peer.notify_tool_list_changed().await,
            Change::Prompts => peer.notify_prompt_list_changed().await,
        };
    }
    text("Whoever wants to know was told.")
}
