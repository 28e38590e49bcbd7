//! `farmgate collect`: what an account has, saved as the `aws` command would print it.
//!
//! Which calls those are, and what of their answers is kept, is `farmgate_live::collect`'s affair.

pub mod account;
mod folder;

use std::fmt::Write as _;

use farmgate_live::collect::{Collected, OPERATIONS, Operation, policy};

use crate::args::{Collect, Color};
use crate::exit::Exit;
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::style::{BOLD, DIM};
use crate::render::words::visible;

/// Collects, or says what would be asked.
///
/// # Errors
/// If an argument or a variable is wrong, the account can't be asked, or the folder can't be written.
pub fn run(args: &Collect, color: Color) -> Result<Exit, Failure> {
    if args.policy {
        output::json(&policy())?;
        return Ok(Exit::Fine);
    }
    if args.dry_run {
        output::text(&calls(), color)?;
        return Ok(Exit::Fine);
    }
    let Some(out) = &args.out else {
        return Err(Failure::input(vec![Problem::Plain {
            code: "no-folder",
            file: None,
            message: "no folder is named to write to".to_owned(),
            help: Some("name one: `-o DIR`".to_owned()),
        }]));
    };
    // Before anything is asked that could not be kept.
    folder::check(out, args.force)?;
    let collected = account::collect(&args.account)?;
    folder::write(out, &collected, args.force)?;
    output::text(&told(&collected, &out.to_string_lossy()), color)?;
    Ok(Exit::Fine)
}

/// Every call, in the order of the list.
fn calls() -> String {
    let mut text = String::new();
    for (title, global) in [("in each region", false), ("once", true)] {
        let _ = writeln!(text, "{BOLD}{title}{BOLD:#}");
        for operation in OPERATIONS.iter().filter(|operation| operation.global == global) {
            let _ = writeln!(text, "  {}", call(operation));
        }
    }
    text
}

fn call(operation: &Operation) -> String {
    let mut line = format!("{} {}", operation.service, operation.name);
    let fixed = operation.fixed_words();
    if !fixed.is_empty() {
        let _ = write!(line, " {DIM}{fixed}{DIM:#}");
    }
    if let Some(what) = operation.per_what() {
        let _ = write!(line, ", for every {what}");
    }
    line
}

/// What was written, and what wasn't answered.
fn told(collected: &Collected, folder: &str) -> String {
    let documents = collected.documents.len();
    let account = match &collected.account {
        Some(account) => format!("account {account}"),
        None => "an account that can't be named".to_owned(),
    };
    let regions = collected.regions.join(", ");
    let mut text = format!("{}: {documents} documents of {account}, {regions}\n", visible(folder));
    if !collected.refused.is_empty() {
        let _ = writeln!(text, "without an answer, so what they show is not known:");
    }
    for ((call, code), count) in &collected.refused {
        let times = if *count == 1 { String::new() } else { format!(", {count} times") };
        let _ = writeln!(text, "  {} {DIM}{}{times}{DIM:#}", visible(call), visible(code));
    }
    text
}
