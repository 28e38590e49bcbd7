//! `farmgate rules`: the catalogue, and one rule's page.

use farmgate_audit::rules::{self, RuleInfo};
use farmgate_farm::diagnostic;

use crate::args::{Color, Rules};
use crate::exit::Exit;
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render;

/// Lists the rules, or shows one.
///
/// # Errors
/// If no rule is called so, or the output can't be written.
pub fn run(args: &Rules, color: Color) -> Result<Exit, Failure> {
    let width = output::width();
    let text = match &args.id {
        None => render::catalogue(rules::catalogue(), width),
        Some(id) => render::markdown(find(id)?.page, width),
    };
    output::text(&text, color)?;
    Ok(Exit::Fine)
}

fn find(id: &str) -> Result<&'static RuleInfo, Failure> {
    rules::catalogue().find(|rule| rule.id == id).ok_or_else(|| {
        let help = nearest(id).map_or_else(
            || "`farmgate rules` lists them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Failure::input(vec![Problem::Plain {
            code: "unknown-rule",
            file: None,
            message: format!("no rule is called `{id}`"),
            help: Some(help),
        }])
    })
}

/// The id that is spelled most alike, or the first one that holds the word.
fn nearest(word: &str) -> Option<&'static str> {
    let ids = || rules::catalogue().map(|rule| rule.id);
    diagnostic::nearest(word, ids()).or_else(|| ids().find(|id| id.contains(word)))
}
