//! Tools of the older era, which ask the client by requests of their own: its model and its user.
//! In the newer era they ask by their result, or say which capability the client lacks.

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, ClientCapabilities, ClientResult, CreateMessageRequestParams, ElicitRequest,
    ElicitRequestParams, ElicitResult, ElicitationAction, SamplingMessage, ServerRequest,
};
use serde_json::{Value, json};

use super::{Call, failed, text};
use crate::ask;
use crate::server::is_legacy;

pub(super) const TOOLS: &[(&str, &str)] = &[
    ("test_sampling", "Asks the client's model"),
    ("test_elicitation", "Asks the user for a name and an address"),
    ("test_elicitation_sep1034_defaults", "Asks the user for values that have defaults"),
    ("test_elicitation_sep1330_enums", "Asks the user to choose, in every way there is"),
    ("test_missing_capability", "Needs a client with a model"),
    ("test_streaming_elicitation", "Asks the user by its result"),
];

pub(super) async fn call(call: &Call<'_>) -> Result<CallToolResponse, ErrorData> {
    match &*call.request.name {
        "test_sampling" => sampling(call).await,
        "test_elicitation" => {
            let schema = json!({
                "type": "object",
                "properties": {
                    "username": { "type": "string", "description": "User's response" },
                    "email": { "type": "string", "description": "User's email address" },
                },
                "required": ["username", "email"],
            });
            elicit(call, call.words("message")?, schema, "User response").await
        }
        "test_elicitation_sep1034_defaults" => {
            elicit(call, "Please check these values", defaults(), "Elicitation completed").await
        }
        "test_elicitation_sep1330_enums" => {
            elicit(call, "Please choose", choices(), "Elicitation completed").await
        }
        "test_missing_capability" => {
            let capabilities = call.context.client_capabilities();
            if capabilities.is_none_or(|capabilities| capabilities.sampling.is_none()) {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            Ok(text("The client has a model.").into())
        }
        "test_streaming_elicitation" => {
            let answers = call.request.input_responses.as_ref();
            if let Some(name) = ask::field(answers, "user_name", "name") {
                return Ok(text(format!("Hello, {name}!")).into());
            }
            let question = ask::form("What is your name?", &[("name", "string")])?;
            Ok(ask::back([("user_name", question)], None).into())
        }
        name => Err(super::unknown(name)),
    }
}

async fn sampling(call: &Call<'_>) -> Result<CallToolResponse, ErrorData> {
    let prompt = call.words("prompt")?;
    if !is_legacy(call.context) {
        let answers = call.request.input_responses.as_ref();
        return Ok(match ask::said(answers, "answer") {
            Some(answer) => text(format!("LLM response: {answer}")).into(),
            None => ask::back([("answer", ask::model(prompt, 100)?)], None).into(),
        });
    }
    let request = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    let answer = match call.context.peer.create_message(request).await {
        Ok(answer) => answer,
        Err(error) => return Ok(failed(format!("the client's model failed: {error}")).into()),
    };
    let block = answer.message.content.first().and_then(|block| block.as_text());
    let said = block.map_or("", |block| block.text.as_str());
    Ok(text(format!("LLM response: {said}")).into())
}

/// Asks the user, and says what came of it.
async fn elicit(
    call: &Call<'_>,
    message: &str,
    schema: Value,
    answer: &str,
) -> Result<CallToolResponse, ErrorData> {
    if !is_legacy(call.context) {
        let given = call.request.input_responses.as_ref().and_then(|all| all.get("answer"));
        if let Some(given) = given {
            let given: ElicitResult = ask::typed(given.clone())
                .map_err(|error| ErrorData::invalid_params(error.message, None))?;
            return Ok(text(told(answer, &given)).into());
        }
        let question = ask::typed(json!({
            "method": "elicitation/create",
            "params": { "message": message, "requestedSchema": schema },
        }))?;
        return Ok(ask::back([("answer", question)], None).into());
    }
    let request = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message.to_owned(),
        requested_schema: ask::typed(schema)?,
    };
    let question = ServerRequest::ElicitRequest(ElicitRequest::new(request));
    Ok(match call.context.peer.send_request(question).await {
        Ok(ClientResult::ElicitResult(given)) => text(told(answer, &given)).into(),
        Ok(_) => failed("the client answered another question").into(),
        Err(error) => failed(format!("the user could not be asked: {error}")).into(),
    })
}

fn told(answer: &str, given: &ElicitResult) -> String {
    let action = match given.action {
        ElicitationAction::Accept => "accept",
        ElicitationAction::Decline => "decline",
        ElicitationAction::Cancel => "cancel",
        _ => "unknown",
    };
    let content = given.content.clone().unwrap_or(Value::Null);
    format!("{answer}: action={action}, content={content}")
}

/// One value of every primitive type, with a default (SEP-1034).
fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "A name", "default": "John Doe" },
            "age": { "type": "integer", "description": "An age", "default": 30 },
            "score": { "type": "number", "description": "A score", "default": 95.5 },
            "status": {
                "type": "string",
                "description": "A status",
                "enum": ["active", "inactive", "pending"],
                "default": "active",
            },
            "verified": { "type": "boolean", "description": "Whether verified", "default": true },
        },
        "required": [],
    })
}

/// Every way to let a user choose (SEP-1330).
fn choices() -> Value {
    let titled = |words: [&str; 3], names: [&str; 3]| -> Vec<Value> {
        let pairs = words.iter().zip(names);
        pairs.map(|(word, name)| json!({ "const": word, "title": name })).collect()
    };
    let values = ["value1", "value2", "value3"];
    let options = ["option1", "option2", "option3"];
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": options },
            "titledSingle": {
                "type": "string",
                "oneOf": titled(values, ["First Option", "Second Option", "Third Option"]),
            },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {
                "type": "array",
                "items": { "type": "string", "enum": options },
            },
            "titledMulti": {
                "type": "array",
                "items": { "anyOf": titled(values, ["First Choice", "Second Choice", "Third Choice"]) },
            },
        },
        "required": [],
    })
}
