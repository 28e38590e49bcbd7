//! Asking the client: by a request of the server in the older era, by an `input_required` result in
//! the newer one.

use std::collections::BTreeMap;

use rmcp::ErrorData;
use rmcp::model::{InputRequest, InputRequiredResult, InputResponses};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A result that asks the client for something, with the state that it has to bring back.
pub(crate) fn back<const N: usize>(
    questions: [(&str, InputRequest); N],
    state: Option<String>,
) -> InputRequiredResult {
    let questions: BTreeMap<_, _> =
        questions.into_iter().map(|(key, question)| (key.to_owned(), question)).collect();
    InputRequiredResult::new(Some(questions), state)
}

/// Asks the user for values, each with its JSON type; all are required.
pub(crate) fn form(message: &str, fields: &[(&str, &str)]) -> Result<InputRequest, ErrorData> {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    typed(json!({
        "method": "elicitation/create",
        "params": {
            "message": message,
            "requestedSchema": { "type": "object", "properties": properties, "required": required },
        },
    }))
}

/// Asks the client's model.
pub(crate) fn model(prompt: &str, tokens: u32) -> Result<InputRequest, ErrorData> {
    typed(json!({
        "method": "sampling/createMessage",
        "params": {
            "messages": [{ "role": "user", "content": { "type": "text", "text": prompt } }],
            "maxTokens": tokens,
        },
    }))
}

/// Asks for the client's roots.
pub(crate) fn roots() -> Result<InputRequest, ErrorData> {
    typed(json!({ "method": "roots/list", "params": {} }))
}

/// What the user filled in for a field; `None` if this answer isn't there, or isn't a form that was
/// accepted, or lacks the field.
pub(crate) fn field(answers: Option<&InputResponses>, key: &str, field: &str) -> Option<String> {
    let answer = answers?.get(key)?;
    if answer.get("action")?.as_str()? != "accept" {
        return None;
    }
    match answer.get("content")?.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The text that the client's model gave.
pub(crate) fn said(answers: Option<&InputResponses>, key: &str) -> Option<String> {
    let content = answers?.get(key)?.get("content")?;
    let block = content.as_array().map_or(Some(content), |blocks| blocks.first())?;
    Some(block.get("text")?.as_str()?.to_owned())
}

/// The URIs of the client's roots.
pub(crate) fn uris(answers: Option<&InputResponses>, key: &str) -> Option<Vec<String>> {
    let roots = answers?.get(key)?.get("roots")?.as_array()?;
    let uri = |root: &Value| Some(root.get("uri")?.as_str()?.to_owned());
    roots.iter().map(uri).collect()
}

/// A value as one of the SDK's types, which are checked on the way.
///
/// # Errors
/// If it doesn't fit, which is a mistake in this crate.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value)
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
