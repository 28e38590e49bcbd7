//! `farmgate check`: from files to a report, and from a report to an exit code.

use std::path::Path;
use std::time::Instant;

use farmgate_audit::accept as acceptance;
use farmgate_audit::baseline;
use farmgate_audit::check::{self, Options};
use farmgate_audit::report::Report;
use farmgate_audit::rules;
use farmgate_farm::accept::{self, Acceptances};
use farmgate_farm::expect::{self, Expectations};

use crate::args::{Check, Color, Format};
use crate::exit::{Exit, exit_code};
use crate::input::{self, File};
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::{self, View};

/// The acceptances that are read without being named.
const ACCEPT: &str = ".farmgate.yaml";

/// Checks, prints the report, and says how to end.
///
/// # Errors
/// If a file can't be read, an input is wrong, or the output can't be written.
pub fn run(args: &Check, color: Color) -> Result<Exit, Failure> {
    let start = Instant::now();
    let report = report(&read(args)?)?;
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => {
            let view =
                View { width: output::width(), verbose: args.verbose, time: Some(start.elapsed()) };
            output::text(&render::report(&report, &view), color)?;
        }
    }
    Ok(exit_code(&report, args.fail_on))
}

/// The files, as read.
struct Files {
    sources: Vec<File>,
    expect: Option<File>,
    accept: Option<File>,
    baseline: Option<File>,
}

/// Reads every file, and tells of all that can't be read.
fn read(args: &Check) -> Result<Files, Failure> {
    let named = |path: &Option<_>| path.as_deref().map(input::file).transpose();
    let accept = match &args.accept {
        Some(path) => input::file(path).map(Some),
        None => input::file_if_there(Path::new(ACCEPT)),
    };

    let mut problems = Vec::new();
    let sources = match input::sources(&args.files) {
        Ok(sources) => sources,
        Err(failure) if failure.exit == Exit::BadInput => return Err(failure),
        Err(failure) => {
            problems.extend(failure.problems);
            Vec::new()
        }
    };
    let files = Files {
        sources,
        expect: keep(named(&args.expect), &mut problems).flatten(),
        accept: keep(accept, &mut problems).flatten(),
        baseline: keep(named(&args.baseline), &mut problems).flatten(),
    };
    if problems.is_empty() { Ok(files) } else { Err(Failure::environment(problems)) }
}

/// Makes the report of the files, and tells of all that is wrong with them.
fn report(files: &Files) -> Result<Report, Failure> {
    let mut problems = Vec::new();
    let expectations = files.expect.as_ref().map(expectations).transpose();
    let expectations = keep_all(expectations, &mut problems).flatten();
    let acceptances = files.accept.as_ref().map(acceptances).transpose();
    let acceptances = keep_all(acceptances, &mut problems).flatten();
    let before = files.baseline.as_ref().map(before).transpose();
    let before = keep(before, &mut problems).flatten();
    let model = keep_all(input::model(&files.sources), &mut problems);

    let (Some(model), true) = (model, problems.is_empty()) else {
        return Err(Failure::input(problems));
    };
    let mut report = check::check(&model, &Options { expectations: expectations.into_iter().collect() }).map_err(|found| {
        let found: Vec<_> = found.into_iter().map(|u| u.problem).collect();
        let (name, text) = files
            .expect
            .as_ref()
            .map_or(("", ""), |file| (file.name.as_str(), file.text().unwrap_or_default()));
        Failure::input(Problem::of_diagnostics(&found, name, text))
    })?;
    if let Some(acceptances) = acceptances {
        apply(&mut report, &acceptances);
    }
    if let Some(before) = before {
        baseline::compare(&mut report, &before);
    }
    Ok(report)
}

fn expectations(file: &File) -> Result<Expectations, Vec<Problem>> {
    let text = file.text().map_err(|problem| vec![problem])?;
    expect::read(text).map_err(|found| Problem::of_diagnostics(&found, &file.name, text))
}

fn acceptances(file: &File) -> Result<Acceptances, Vec<Problem>> {
    let text = file.text().map_err(|problem| vec![problem])?;
    let ids: Vec<&str> = rules::catalogue().map(|rule| rule.id).collect();
    accept::read(text, &ids).map_err(|found| Problem::of_diagnostics(&found, &file.name, text))
}

fn before(file: &File) -> Result<Report, Problem> {
    baseline::read(&file.bytes).map_err(|error| Problem::Plain {
        code: error.code(),
        file: Some(file.name.clone()),
        message: error.to_string(),
        help: Some(error.help().to_owned()),
    })
}

/// Moves what is accepted out of the findings.
fn apply(report: &mut Report, acceptances: &Acceptances) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let applied = acceptance::apply(acceptances, std::mem::take(&mut report.findings), today);
    report.findings = applied.findings;
    report.accepted.extend(applied.accepted);
    report.warnings.extend(applied.warnings);
    report.recount();
}

fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    keep_all(result.map_err(|problem| vec![problem]), problems)
}

fn keep_all<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|found| problems.extend(found)).ok()
}
