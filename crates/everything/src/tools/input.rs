//! Tools of the newer era, which need more from the client than they were called with: they answer
//! `input_required`, and are called again with the answers (SEP-2322).
//!
//! What an answer lacks is asked for again; a state that was not given here is refused.

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, InputRequest, InputRequiredResult, InputResponses};

use super::{Call, text};
use crate::ask;

pub(super) const TOOLS: &[(&str, &str)] = &[
    ("test_input_required_result_elicitation", "Asks for a name"),
    ("test_input_required_result_sampling", "Asks the client's model"),
    ("test_input_required_result_list_roots", "Asks for the client's roots"),
    ("test_input_required_result_request_state", "Asks, and wants its state back"),
    ("test_input_required_result_multiple_inputs", "Asks for three things at once"),
    ("test_input_required_result_multi_round", "Asks twice, one after the other"),
    ("test_input_required_result_tampered_state", "Asks, and refuses a state that was changed"),
    ("test_input_required_result_capabilities", "Asks for what the client can give"),
];

/// The steps in a state.
const ASKED: &str = "asked";
const NAMED: &str = "named:";

pub(super) fn call(call: &Call<'_>) -> Result<CallToolResponse, ErrorData> {
    let tool = &*call.request.name;
    let answers = call.request.input_responses.as_ref();
    match tool {
        "test_input_required_result_elicitation" => {
            Ok(match ask::field(answers, "user_name", "name") {
                Some(name) => text(format!("Hello, {name}!")).into(),
                None => ask::back([("user_name", name()?)], None).into(),
            })
        }
        "test_input_required_result_sampling" => {
            let question = ask::model("What is the capital of France?", 100)?;
            Ok(match ask::said(answers, "capital_question") {
                Some(answer) => text(answer).into(),
                None => ask::back([("capital_question", question)], None).into(),
            })
        }
        "test_input_required_result_list_roots" => Ok(match ask::uris(answers, "client_roots") {
            Some(uris) => text(format!("The roots are: {}", uris.join(", "))).into(),
            None => ask::back([("client_roots", ask::roots()?)], None).into(),
        }),
        "test_input_required_result_request_state"
        | "test_input_required_result_tampered_state" => confirmed(call, answers),
        "test_input_required_result_multiple_inputs" => three(call, answers),
        "test_input_required_result_multi_round" => rounds(call, answers),
        "test_input_required_result_capabilities" => able(call, answers),
        name => Err(super::unknown(name)),
    }
}

fn name() -> Result<InputRequest, ErrorData> {
    ask::form("What is your name?", &[("name", "string")])
}

/// Which step the client is at: `None` if it brought no state.
fn step(call: &Call<'_>) -> Result<Option<String>, ErrorData> {
    let state = call.request.request_state.as_deref();
    state.map(|state| call.server.shared().open(&call.request.name, state)).transpose()
}

/// The state that says so.
fn state(call: &Call<'_>, step: &str) -> Option<String> {
    Some(call.server.shared().seal(&call.request.name, step))
}

fn confirmed(
    call: &Call<'_>,
    answers: Option<&InputResponses>,
) -> Result<CallToolResponse, ErrorData> {
    let step = step(call)?;
    let answer = ask::field(answers, "confirm", "ok");
    if let (Some(ASKED), Some(answer)) = (step.as_deref(), answer) {
        return Ok(text(format!("state-ok, confirmed: {answer}")).into());
    }
    let question = ask::form("Please confirm", &[("ok", "boolean")])?;
    Ok(ask::back([("confirm", question)], state(call, ASKED)).into())
}

fn three(call: &Call<'_>, answers: Option<&InputResponses>) -> Result<CallToolResponse, ErrorData> {
    let step = step(call)?;
    let user = ask::field(answers, "user_name", "name");
    let greeting = ask::said(answers, "greeting");
    let roots = ask::uris(answers, "client_roots");
    if let (Some(ASKED), Some(user), Some(greeting), Some(roots)) =
        (step.as_deref(), user, greeting, roots)
    {
        return Ok(text(format!("{greeting} {user}, of {}", roots.join(", "))).into());
    }
    let questions = [
        ("user_name", name()?),
        ("greeting", ask::model("Generate a greeting", 50)?),
        ("client_roots", ask::roots()?),
    ];
    Ok(ask::back(questions, state(call, ASKED)).into())
}

fn rounds(
    call: &Call<'_>,
    answers: Option<&InputResponses>,
) -> Result<CallToolResponse, ErrorData> {
    let step = step(call)?;
    if let Some(name) = step.as_deref().and_then(|step| step.strip_prefix(NAMED)) {
        if let Some(color) = ask::field(answers, "step2", "color") {
            return Ok(text(format!("{name} likes {color}.")).into());
        }
        return second(call, name).map(Into::into);
    }
    if let (Some(ASKED), Some(name)) = (step.as_deref(), ask::field(answers, "step1", "name")) {
        return second(call, &name).map(Into::into);
    }
    let question = ask::form("Step 1: What is your name?", &[("name", "string")])?;
    Ok(ask::back([("step1", question)], state(call, ASKED)).into())
}

fn second(call: &Call<'_>, name: &str) -> Result<InputRequiredResult, ErrorData> {
    let question = ask::form("Step 2: What is your favorite color?", &[("color", "string")])?;
    Ok(ask::back([("step2", question)], state(call, &format!("{NAMED}{name}"))))
}

/// Asks only for what the client said that it can give.
fn able(call: &Call<'_>, answers: Option<&InputResponses>) -> Result<CallToolResponse, ErrorData> {
    let able = call.context.client_capabilities().unwrap_or_default();
    if able.sampling.is_some() {
        return Ok(match ask::said(answers, "greeting") {
            Some(greeting) => text(greeting).into(),
            None => ask::back([("greeting", ask::model("Say hello", 50)?)], None).into(),
        });
    }
    if able.elicitation.is_some() {
        return Ok(match ask::field(answers, "user_name", "name") {
            Some(name) => text(format!("Hello, {name}!")).into(),
            None => ask::back([("user_name", name()?)], None).into(),
        });
    }
    Ok(text("The client can't be asked anything.").into())
}
