//! `farmgate check`: from files to a report, and from a report to an exit code.

use std::path::Path;
use std::time::Instant;

use farmgate_audit::accept::{self as acceptance, Words};
use farmgate_audit::baseline;
use farmgate_audit::check::{self, Options, Unmatched};
use farmgate_audit::prices::Prices;
use farmgate_audit::report::Report;
use farmgate_audit::rules;
use farmgate_aws::design::Design;
use farmgate_aws::model::{Model, Warning};
use farmgate_farm::accept::{self, Acceptances};
use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::expect::{self, Expectations};

use crate::args::{Check, Color, ReportFormat};
use crate::collect::account;
use crate::exit::{Exit, exit_code};
use crate::farm::{self, FarmFile};
use crate::input::{self, File};
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::{self, View};
use crate::source;

/// The acceptances that are read without being named.
const ACCEPT: &str = ".farmgate.yaml";

/// Checks, prints the report, and says how to end.
///
/// # Errors
/// If a file can't be read, an input is wrong, or the output can't be written.
pub fn run(args: &Check, color: Color) -> Result<Exit, Failure> {
    let start = Instant::now();
    let report = report(&mut read(args)?, args.env.as_deref())?;
    match args.format {
        ReportFormat::Json => output::json(&report)?,
        ReportFormat::Sarif => {
            output::json(&render::sarif(&report, std::env::current_dir().ok().as_deref()))?;
        }
        ReportFormat::Markdown => {
            output::text(&render::markdown_report(&report), Color::Never)?;
        }
        ReportFormat::Text => {
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
    terraform: Vec<File>,
    expect: Option<File>,
    accept: Option<File>,
    baseline: Option<File>,
    /// What the reader must know of the folders among the sources.
    notes: Vec<Warning>,
    /// The account that is one of the sources, as reports call it.
    account: Option<String>,
    prices: Option<File>,
}

/// Reads every file, and tells of all that can't be read.
fn read(args: &Check) -> Result<Files, Failure> {
    account::check(&args.live)?;
    let named = |path: &Option<_>| path.as_deref().map(input::file).transpose();
    let accept = match &args.accept {
        Some(path) => input::file(path).map(Some),
        None => input::file_if_there(Path::new(ACCEPT)),
    };

    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    let sources = match input::sources_and_notes(&args.files, &mut notes) {
        Ok(sources) => sources,
        Err(failure) if failure.exit == Exit::BadInput => return Err(failure),
        Err(failure) => {
            problems.extend(failure.problems);
            Vec::new()
        }
    };
    let terraform = match args.source.source.as_deref().map(source::read).transpose() {
        Ok(found) => found.unwrap_or_default(),
        Err(failure) => {
            problems.extend(failure.problems);
            Vec::new()
        }
    };
    let files = Files {
        sources,
        terraform,
        expect: keep(named(&args.expect), &mut problems).flatten(),
        accept: keep(accept, &mut problems).flatten(),
        baseline: keep(named(&args.baseline), &mut problems).flatten(),
        notes,
        account: None,
        prices: keep(named(&args.prices.prices), &mut problems).flatten(),
    };
    if !problems.is_empty() {
        return Err(Failure::environment(problems));
    }
    with_account(files, args)
}

/// Adds what an account says, if it is asked: last, since it takes longest.
fn with_account(mut files: Files, args: &Check) -> Result<Files, Failure> {
    if let Some(subject) = account::sources(&args.live)? {
        files.sources.extend(subject.files);
        files.account = Some(subject.name);
    }
    Ok(files)
}

/// What is checked: a model, and what a farm file says besides.
struct Subject {
    model: Model,
    farm: Option<(FarmFile, Design)>,
}

impl Subject {
    fn read(files: &mut Files, env: Option<&str>) -> Result<Self, Failure> {
        if !files.sources.iter().any(farm::is_farm) {
            if env.is_some() {
                return Err(no_farm("--env goes with a farm file, and there is none"));
            }
            let (sources, terraform) =
                (std::mem::take(&mut files.sources), std::mem::take(&mut files.terraform));
            let mut model = input::model_with(sources, terraform).map_err(Failure::input)?;
            model.warnings.append(&mut files.notes);
            if let Some(account) = &files.account {
                account::mark(&mut model, account);
            }
            return Ok(Self { model, farm: None });
        }
        if files.sources.len() > 1 {
            return Err(no_farm("a farm file is checked by itself, without other sources"));
        }
        let farm = FarmFile::of(std::mem::take(&mut files.sources), env)?;
        let design = farm.design();
        Ok(Self { model: farm.model(&design), farm: Some((farm, design)) })
    }
}

fn no_farm(message: &str) -> Failure {
    Failure::input(vec![Problem::Plain {
        code: "farm-and-others",
        file: None,
        message: message.to_owned(),
        help: None,
    }])
}

/// Makes the report of the files, and tells of all that is wrong with them.
fn report(files: &mut Files, env: Option<&str>) -> Result<Report, Failure> {
    let mut problems = Vec::new();
    let own = files.expect.as_ref().map(expectations).transpose();
    let own = keep_all(own, &mut problems).flatten();
    let acceptances = files.accept.as_ref().map(acceptances).transpose();
    let acceptances = keep_all(acceptances, &mut problems).flatten();
    let before = files.baseline.as_ref().map(before).transpose();
    let before = keep(before, &mut problems).flatten();
    let prices = files.prices.as_ref().map(prices).transpose();
    let prices = keep(prices, &mut problems).flatten().unwrap_or_default();
    let subject = match Subject::read(files, env) {
        Ok(subject) => Some(subject),
        Err(failure) if failure.exit == Exit::BadInput => {
            problems.extend(failure.problems);
            None
        }
        Err(failure) => return Err(failure),
    };
    let (Some(subject), true) = (subject, problems.is_empty()) else {
        return Err(Failure::input(problems));
    };
    let mut report = prove(&subject, own, files.expect.as_ref(), &prices)?;
    if let Some(acceptances) = acceptances {
        let words = if subject.farm.is_some() { Words::Farm } else { Words::Addresses };
        apply(&mut report, &acceptances, words);
    }
    if let Some(before) = before {
        baseline::compare(&mut report, &before);
    }
    Ok(report)
}

/// Proves what the model must hold, with the expectations of the farm file (first) and of a file of
/// their own, and adds what a farm file accepts and admits.
fn prove(
    subject: &Subject,
    own: Option<Expectations>,
    own_file: Option<&File>,
    prices: &Prices,
) -> Result<Report, Failure> {
    let farm = subject.farm.as_ref().map(|(farm, _)| farm);
    let of_farm = farm.map(|farm| farm.farm.expect.clone());
    let lists = usize::from(of_farm.is_some());
    let options = Options { expectations: of_farm.into_iter().chain(own).collect() };
    let mut report = check::check_by(&subject.model, &options, prices).map_err(|unmatched| {
        let (farms, others): (Vec<_>, Vec<_>) = unmatched.into_iter().partition(|u| u.list < lists);
        let diagnostics = |list: Vec<Unmatched>| -> Vec<Diagnostic> {
            list.into_iter().map(|unmatched| unmatched.problem).collect()
        };
        let mut problems = farm.map(|f| f.problems(&diagnostics(farms))).unwrap_or_default();
        if let Some(file) = own_file {
            let text = file.text().unwrap_or_default();
            problems.extend(Problem::of_diagnostics(&diagnostics(others), &file.name, text));
        }
        Failure::input(problems)
    })?;
    if let Some((farm, design)) = &subject.farm {
        apply(&mut report, &farm.farm.accept, Words::Farm);
        report.reaches = farm::reaches(design);
    }
    Ok(report)
}

/// Checks a farm that was read, as `check` does: for those who go on with it.
///
/// # Errors
/// If a selector of its expectations matches nothing.
pub fn check_farm(farm: FarmFile) -> Result<(FarmFile, Design, Model, Report), Failure> {
    let design = farm.design();
    let subject = Subject { model: farm.model(&design), farm: Some((farm, design)) };
    let report = prove(&subject, None, None, &Prices::default())?;
    let Subject { model, farm } = subject;
    let Some((farm, design)) = farm else {
        return Err(no_farm("there is no farm file"));
    };
    Ok((farm, design, model, report))
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

fn prices(file: &File) -> Result<Prices, Problem> {
    Prices::read(&file.bytes).map_err(|message| Problem::Plain {
        code: "no-prices",
        file: Some(file.name.clone()),
        message,
        help: Some("its form is in the page of the rule `endpoint-cost`".to_owned()),
    })
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
fn apply(report: &mut Report, acceptances: &Acceptances, words: Words) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let applied =
        acceptance::apply(acceptances, std::mem::take(&mut report.findings), words, today);
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
