//! The prompts, and what completes their arguments.

use rmcp::ErrorData;
use rmcp::model::{
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt,
    PromptArgument, PromptMessage, ResourceContents, Role,
};

use crate::ask;
use crate::tools::PIXEL;

const SIMPLE: &str = "test_simple_prompt";
const WITH_ARGUMENTS: &str = "test_prompt_with_arguments";
const WITH_RESOURCE: &str = "test_prompt_with_embedded_resource";
const WITH_IMAGE: &str = "test_prompt_with_image";
const ASKING: &str = "test_input_required_result_prompt";

/// What completes an argument: the words that begin with what was typed.
const WORDS: [&str; 6] = ["hello", "madrid", "paris", "park", "party", "world"];

/// All prompts.
pub(crate) fn list() -> Vec<Prompt> {
    let argument = |name: &str, about: &str| {
        PromptArgument::new(name).with_description(about).with_required(true)
    };
    vec![
        Prompt::new(SIMPLE, Some("A prompt without arguments"), None),
        Prompt::new(
            WITH_ARGUMENTS,
            Some("A prompt with two arguments"),
            Some(vec![argument("arg1", "The first"), argument("arg2", "The second")]),
        ),
        Prompt::new(
            WITH_RESOURCE,
            Some("A prompt that brings a resource"),
            Some(vec![argument("resourceUri", "The resource's URI")]),
        ),
        Prompt::new(WITH_IMAGE, Some("A prompt that brings a picture"), None),
        Prompt::new(ASKING, Some("A prompt that asks back for its context"), None),
    ]
}

/// The messages of a prompt, or what is asked back.
///
/// # Errors
/// If there is no such prompt, or an argument is missing: -32602.
pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let messages = match request.name.as_str() {
        SIMPLE => vec![said("This is a simple prompt for testing.")],
        WITH_ARGUMENTS => {
            let (one, two) = (argument(request, "arg1")?, argument(request, "arg2")?);
            vec![said(format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }
        WITH_RESOURCE => {
            let uri = argument(request, "resourceUri")?;
            let text = ResourceContents::text("Embedded resource content for testing.", uri)
                .with_mime_type("text/plain");
            vec![
                PromptMessage::new(Role::User, ContentBlock::resource(text)),
                said("Please process the embedded resource above."),
            ]
        }
        WITH_IMAGE => vec![
            PromptMessage::new(Role::User, ContentBlock::image(PIXEL, "image/png")),
            said("Please analyze the image above."),
        ],
        ASKING => return asking(request),
        name => {
            return Err(ErrorData::invalid_params(format!("there is no prompt `{name}`"), None));
        }
    };
    Ok(GetPromptResult::new(messages).into())
}

/// Words that complete what was typed, for an argument of a prompt.
pub(crate) fn complete(prompt: &str, typed: &str) -> Vec<String> {
    if prompt != WITH_ARGUMENTS {
        return Vec::new();
    }
    let typed = typed.to_lowercase();
    WORDS.iter().filter(|word| word.starts_with(&typed)).map(|&word| word.to_owned()).collect()
}

fn asking(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let answers = request.input_responses.as_ref();
    let Some(context) = ask::field(answers, "user_context", "context") else {
        let question = ask::form("What context should the prompt use?", &[("context", "string")])?;
        return Ok(ask::back([("user_context", question)], None).into());
    };
    Ok(GetPromptResult::new(vec![said(format!("The context is: {context}"))]).into())
}

fn said(text: impl Into<String>) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}

fn argument<'a>(request: &'a GetPromptRequestParams, name: &str) -> Result<&'a str, ErrorData> {
    let value = request.arguments.as_ref().and_then(|all| all.get(name));
    let value = value.and_then(serde_json::Value::as_str);
    value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` is missing"), None))
}
