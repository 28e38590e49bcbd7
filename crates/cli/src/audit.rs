//! `farmgate audit`: says whether a gate's audit is what the gate wrote.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use farmgate_gate::audit::verify::{ChainReport, Problem as Wrong, Report, Start, Tail, Verifier};

use crate::args::{Audit, AuditAction, AuditVerify, Color, Format};
use crate::exit::Exit;
use crate::input;
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::style::{BAD, BOLD, DIM, DOUBT, GOOD};
use crate::render::words::visible;

/// Does what is asked for.
///
/// # Errors
/// If a file can't be read, holds no line of an audit, or the output can't be written.
pub fn run(args: &Audit, color: Color) -> Result<Exit, Failure> {
    match &args.action {
        AuditAction::Verify(verify) => run_verify(verify, color),
    }
}

fn run_verify(args: &AuditVerify, color: Color) -> Result<Exit, Failure> {
    let report = read(args)?;
    if report.chains.is_empty() {
        return Err(Failure::input(vec![Problem::Plain {
            code: "no-audit",
            file: None,
            message: format!("none of {} lines is a line of an audit", report.other_lines),
            help: Some(
                "an audit's lines are JSON with `chain`, `seq` and `prev`; an export must give \
                 them as they are, one a line"
                    .to_owned(),
            ),
        }]));
    }
    match args.format {
        Format::Text => output::text(&text(&report), color)?,
        Format::Json => output::json(&report)?,
    }
    Ok(if report.intact { Exit::Fine } else { Exit::Findings })
}

fn read(args: &AuditVerify) -> Result<Report, Failure> {
    let mut verifier = Verifier::new(args.heads.clone());
    if args.files.iter().filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        return Err(Failure::input(vec![Problem::Plain {
            code: "stdin-twice",
            file: None,
            message: "`-` is given twice, and the standard input can be read only once".to_owned(),
            help: None,
        }]));
    }
    let mut problems = Vec::new();
    for path in &args.files {
        let name = path.to_string_lossy();
        let read = if name == "-" {
            verifier.read(input::shown("-"), io::stdin().lock())
        } else {
            File::open(path).and_then(|file| verifier.read(&name, BufReader::new(file)))
        };
        if let Err(error) = read {
            problems.push(input::unreadable(&name, &error));
        }
    }
    if problems.is_empty() { Ok(verifier.finish()) } else { Err(Failure::environment(problems)) }
}

// === for people ===

fn text(report: &Report) -> String {
    let mut text = String::new();
    for chain in &report.chains {
        of_chain(chain, &mut text);
        text.push('\n');
    }
    for head in &report.heads_without_lines {
        line(&mut text, &format!("{BAD}no line{BAD:#} of the chain of head {head} was read"));
    }
    if report.other_lines > 0 {
        let count = counted(report.other_lines, "line");
        line(&mut text, &format!("{DIM}{count} of others, or that can't be read{DIM:#}"));
    }
    let chains = counted(report.chains.len() as u64, "chain");
    let verdict = if report.intact {
        let doubt = report.chains.iter().any(|it| !matches!(it.tail, Tail::Closed));
        let but = if doubt { "; what was behind the last line, see above" } else { "" };
        format!("{GOOD}intact{GOOD:#}: {chains}{but}")
    } else {
        format!("{BAD}broken{BAD:#}: {chains} read, and not as written")
    };
    line(&mut text, &verdict);
    text
}

fn of_chain(chain: &ChainReport, text: &mut String) {
    let farm = chain.farm.as_deref().map_or(String::new(), |farm| format!(" of {}", visible(farm)));
    let version = chain.version.as_deref().map_or(String::new(), |it| format!(" {}", visible(it)));
    let id = visible(&chain.chain);
    line(text, &format!("{BOLD}{id}{BOLD:#}{farm}{DIM}{version}{DIM:#}"));
    let (lines, requests) = (counted(chain.lines, "line"), counted(chain.requests, "request"));
    let (from, to) = (visible(&chain.first_time), visible(&chain.last_time));
    line(text, &format!("  {lines}, {requests}, {from} to {to}"));
    if chain.lost > 0 {
        let lost = counted(chain.lost, "line");
        line(text, &format!("  {DOUBT}lost{DOUBT:#}: {lost} could not be written at the time"));
    }
    if chain.repeated > 0 {
        let repeated = counted(chain.repeated, "line");
        line(text, &format!("  {DIM}{repeated} read more than once{DIM:#}"));
    }
    if let Start::Later { line: first } = chain.start {
        line(text, &format!("  starts with line {first}: what was before is not here"));
    }
    for problem in &chain.problems {
        line(text, &format!("  {BAD}broken{BAD:#}: {}", words(problem)));
    }
    line(text, &format!("  {}", tail(chain.tail)));
    line(text, &format!("  {DIM}head {}{DIM:#}", visible(&chain.head)));
}

fn tail(tail: Tail) -> String {
    match tail {
        Tail::Closed => format!("{GOOD}ended{GOOD:#}: the gate wrote its last line"),
        Tail::Anchored { line } => {
            format!("{GOOD}anchored{GOOD:#}: nothing up to line {line} was cut off")
        }
        Tail::Unanchored { line } => format!(
            "{DOUBT}unanchored{DOUBT:#}: may have been cut after line {line}, or the gate runs, or \
             it crashed; --head proves it"
        ),
        Tail::Cut { line, head } => {
            format!("{BAD}cut{BAD:#} after line {line}: a head names line {head}")
        }
    }
}

fn words(problem: &Wrong) -> String {
    match problem {
        Wrong::Changed { line, place } => {
            let place = visible(place);
            format!("line {line} ({place}) is not the one to which the next was chained")
        }
        Wrong::Missing { from, to, before } if from == to => {
            format!("line {from} is missing, before {}", visible(before))
        }
        Wrong::Missing { from, to, before } => {
            format!("lines {from} to {to} are missing, before {}", visible(before))
        }
        Wrong::Forked { line, place } => {
            format!("there are two different lines {line}, one in {}", visible(place))
        }
        Wrong::Reordered { line, place, lines } => {
            let count = counted(*lines, "line");
            format!("{count} in the wrong order: line {line} ({})", visible(place))
        }
        Wrong::BadStart { place } => {
            format!("it doesn't start as a chain does ({})", visible(place))
        }
        Wrong::BadEnd { line } => format!("line {line} ends it, and is not its last line"),
        Wrong::HeadRefuted { line } => format!("line {line} is not the one that a head names"),
        Wrong::CutOff { from, head } => format!("lines {from} to {head} are cut off"),
        Wrong::HeadBefore { line } => {
            format!("a head names line {line}, which is not here: it proves nothing")
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to memory can't fail.
    let _ = writeln!(text, "{line}");
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
