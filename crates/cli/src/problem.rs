//! What is wrong with the inputs or the environment, and how it is told on the standard error.

use std::io::{self, Write as _};

use farmgate_farm::diagnostic::Diagnostic;

use crate::args::Color;
use crate::exit::Exit;
use crate::input;
use crate::output;
use crate::render::style;
use crate::render::words::visible;

/// One thing that is wrong.
#[derive(Debug)]
pub enum Problem {
    /// With a file as a whole, or with a word of the command line.
    Plain {
        /// A stable code.
        code: &'static str,
        /// The file in question.
        file: Option<String>,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// With a place in a file: a rendered diagnostic.
    Rendered(String),
}

/// Why there is no result: every problem that was found, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What is wrong; at least one.
    pub problems: Vec<Problem>,
}

/// One thing of the environment that is wrong, in no file.
pub(crate) fn environment(code: &'static str, message: String) -> Failure {
    Failure::environment(vec![Problem::Plain { code, file: None, message, help: None }])
}

// === impl Failure ===

impl Failure {
    /// Inputs that are wrong.
    #[must_use]
    pub fn input(problems: Vec<Problem>) -> Failure {
        Failure { exit: Exit::BadInput, problems }
    }

    /// An environment that doesn't give what is needed.
    #[must_use]
    pub fn environment(problems: Vec<Problem>) -> Failure {
        Failure { exit: Exit::Environment, problems }
    }

    /// Writes every problem to the standard error and says how to end. That nobody may be reading
    /// there changes nothing.
    #[must_use]
    pub fn tell(&self, color: Color) -> Exit {
        let mut err = anstream::AutoStream::new(io::stderr().lock(), output::choice(color));
        for problem in &self.problems {
            if err.write_all(problem.render().as_bytes()).is_err() {
                break;
            }
        }
        self.exit
    }
}

// === impl Problem ===

impl Problem {
    /// The diagnostics of a file, each as one problem.
    pub fn of_diagnostics(found: &[Diagnostic], file: &str, source: &str) -> Vec<Problem> {
        let render = |d: &Diagnostic| Problem::Rendered(d.render(file, source, true));
        found.iter().map(render).collect()
    }

    /// The problem as it is printed, with colours.
    #[must_use]
    pub fn render(&self) -> String {
        match self {
            Problem::Rendered(text) => format!("{}\n", text.trim_end_matches('\n')),
            Problem::Plain { code, file, message, help } => {
                let (red, cyan) = (style::ERROR, style::HELP);
                let file = file
                    .as_deref()
                    .map(input::shown)
                    .map_or(String::new(), |file| format!("{}: ", visible(file)));
                let message = visible(message);
                let mut text = format!("{red}error[{code}]{red:#}: {file}{message}\n");
                for line in help.iter().flat_map(|help| help.lines()) {
                    text.push_str(&format!("  {cyan}help{cyan:#}: {}\n", visible(line)));
                }
                text
            }
        }
    }
}
