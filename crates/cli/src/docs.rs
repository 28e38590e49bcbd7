//! The pages and schemas that are made from the program, so that they can't differ from it.
//!
//! They are committed; a test and CI fail when they are stale.

use std::fmt::Write as _;

use clap::CommandFactory as _;
use farmgate_audit::diff::Drift;
use farmgate_audit::report::Report;
use farmgate_audit::rules;

use crate::args::{Args, Color, Docs, Page, Schema, SchemaOf};
use crate::exit::Exit;
use crate::output;
use crate::problem::Failure;

/// Prints a schema.
///
/// # Errors
/// If the output can't be written.
pub fn schema(args: &Schema) -> Result<Exit, Failure> {
    match args.of {
        SchemaOf::Farm => output::text(&farmgate_farm::schema::text(), Color::Never)?,
        SchemaOf::Gate => output::json(&schemars::schema_for!(farmgate_farm::gate::Config))?,
        SchemaOf::Diff => output::json(&schemars::schema_for!(Drift))?,
        SchemaOf::Report => output::json(&schemars::schema_for!(Report))?,
    }
    Ok(Exit::Fine)
}

/// Prints a page.
///
/// # Errors
/// If the output can't be written.
pub fn run(args: &Docs) -> Result<Exit, Failure> {
    let page = match args.page {
        Page::Cli => cli(),
        Page::Rules => index(),
        Page::FarmFile => farmgate_farm::page::page(),
    };
    output::text(&page, Color::Never)?;
    Ok(Exit::Fine)
}

/// Every help text.
fn cli() -> String {
    let mut page = String::from(
        "# The command line\n\n\
         Made by `farmgate docs cli > docs/cli.md`; a test fails when it is stale.\n",
    );
    let mut command = Args::command().term_width(100);
    command.build();
    sections(&mut page, "farmgate", &mut command);
    page
}

/// A command, and those below it.
fn sections(page: &mut String, title: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let _ = write!(page, "\n## {title}\n\n```text\n");
    for line in help.trim_end().lines() {
        let _ = writeln!(page, "{}", line.trim_end());
    }
    page.push_str("```\n");
    for sub in command.get_subcommands_mut() {
        if !sub.is_hide_set() && sub.get_name() != "help" {
            let title = format!("{title} {}", sub.get_name());
            sections(page, &title, sub);
        }
    }
}

/// The list of the rules.
fn index() -> String {
    let mut page = String::from(
        "# The rules\n\n\
         Made by `farmgate docs rules > docs/rules/README.md`; a test fails when it is stale.\n\n\
         | Rule | Severity | What it finds |\n\
         | --- | --- | --- |\n",
    );
    for rule in rules::catalogue() {
        let (id, severity, title) = (rule.id, rule.severity, rule.title.replace('|', "\\|"));
        let _ = writeln!(page, "| [`{id}`]({id}.md) | {severity} | {title} |");
    }
    page
}
