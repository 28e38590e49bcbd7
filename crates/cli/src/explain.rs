//! `farmgate explain`: one question, its answer, and every path.

use farmgate_audit::explain::{self, Explanation};
use farmgate_audit::report::VERSION;
use serde::Serialize;

use crate::args::{Color, Explain, Format};
use crate::exit::Exit;
use crate::farm::{self, FarmFile};
use crate::input;
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render;
use crate::source;

/// An explanation as JSON: with the version of the format, as the report has it.
#[derive(Serialize)]
struct Versioned<'a> {
    version: u32,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// Answers the question.
///
/// # Errors
/// If a file can't be read, an input or a word is wrong, or the output can't be written.
pub fn run(args: &Explain, color: Color) -> Result<Exit, Failure> {
    let [files @ .., from, to] = args.words.as_slice() else {
        return Err(Failure::input(vec![Problem::Plain {
            code: "too-few-words",
            file: None,
            message: "a file, FROM and TO are needed".to_owned(),
            help: None,
        }]));
    };
    let files = input::sources(files).map_err(name_the_words)?;
    let model = if files.iter().any(farm::is_farm) {
        let farm = FarmFile::of(files, args.env.as_deref())?;
        farm.model(&farm.design())
    } else {
        let source = args.source.source.as_deref().map(source::read).transpose()?;
        input::model_with(files, source.unwrap_or_default()).map_err(Failure::input)?
    };
    let explanation = explain::explain(&model, from, to).map_err(|error| {
        Failure::input(vec![Problem::Plain {
            code: "unknown-word",
            file: None,
            message: error.to_string(),
            help: error.help(),
        }])
    })?;
    match args.format {
        Format::Json => {
            output::json(&Versioned { version: VERSION, explanation: &explanation })?;
        }
        Format::Text => {
            output::text(&render::explanation(&explanation, output::width()), color)?;
        }
    }
    Ok(Exit::Fine)
}

/// A word too many looks like a file that isn't there: says which words are files.
fn name_the_words(mut failure: Failure) -> Failure {
    if let Some(Problem::Plain { help, .. }) = failure.problems.last_mut() {
        *help = Some("the last two words are FROM and TO, all words before them are files".into());
    }
    failure
}
