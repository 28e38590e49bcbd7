//! The tools: their list, and who does what each says.

mod asking;
mod content;
mod input;
mod running;
mod schema;

use rmcp::ErrorData;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Tool};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};

use crate::server::Everything;

pub(crate) use content::PIXEL;

/// One call.
struct Call<'a> {
    server: &'a Everything,
    request: CallToolRequestParams,
    context: &'a RequestContext<RoleServer>,
}

/// All tools, in the same order each time.
pub(crate) fn list() -> Vec<Tool> {
    let tool = |(name, about): (&'static str, &'static str)| {
        Tool::new_with_raw(name, Some(about.into()), schema::of(name))
    };
    let lists = [content::TOOLS, running::TOOLS, asking::TOOLS, input::TOOLS];
    lists.into_iter().flatten().copied().map(tool).collect()
}

/// Does what a tool says.
///
/// # Errors
/// If there is no such tool, or what it needs isn't there. A tool that fails says so in its result.
pub(crate) async fn call(
    server: &Everything,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let call = Call { server, request, context };
    let is = |list: &[(&str, &str)]| list.iter().any(|(name, _)| *name == call.request.name);
    if is(content::TOOLS) {
        return content::call(&call.request.name).map(Into::into);
    }
    if is(running::TOOLS) {
        return running::call(&call).await.map(Into::into);
    }
    if is(asking::TOOLS) {
        return asking::call(&call).await;
    }
    if is(input::TOOLS) {
        return input::call(&call);
    }
    Err(unknown(&call.request.name))
}

fn unknown(name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no tool `{name}`"), None)
}

fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

fn failed(text: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

// === impl Call ===

impl Call<'_> {
    fn argument(&self, name: &str) -> Option<&Value> {
        self.request.arguments.as_ref()?.get(name)
    }

    /// An argument that is a text.
    ///
    /// # Errors
    /// If it isn't there, or isn't one: -32602.
    fn words(&self, name: &str) -> Result<&str, ErrorData> {
        let value = self.argument(name).and_then(Value::as_str);
        value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` has to be a text"), None))
    }

    /// An argument that is a number.
    ///
    /// # Errors
    /// If it isn't there, or isn't one: -32602.
    fn number(&self, name: &str) -> Result<f64, ErrorData> {
        let value = self.argument(name).and_then(Value::as_f64);
        value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` has to be a number"), None))
    }
}

/// A JSON object, as schemas are.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
