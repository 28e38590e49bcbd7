//! `farmgate probe`: the controls of a running farm, tried from outside, on this machine, or by a
//! task in the farm's network.
//!
//! What is known of a farm comes from its file here, and credentials from the environment or, for a
//! farm that runs on this machine, from its own stores. How controls are tried is
//! `farmgate_client::probe`.

mod keys;
mod known;
mod local;
mod task;

use std::io;
use std::path::{Path, PathBuf};

use farmgate_client::probe::{
    self as client, Cancel, ControlInfo, Finding, ProbeError, Report, Settings, Target,
};
use farmgate_farm::diagnostic;
use tokio::runtime::Runtime;

use crate::args::{self, Color, Format};
use crate::exit::Exit;
use crate::farm::FarmFile;
use crate::output;
use crate::problem::{Failure, Problem, environment};
use crate::render;
use crate::signals::Signals;
use crate::up;
use keys::Minted;

/// The farm file, if none is named.
const FARM: &str = "farm.yaml";

/// The exit code of what a signal ended, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

/// Does what the arguments ask for.
///
/// # Errors
/// If an input is wrong, nothing answers, or the output can't be written.
pub fn run(args: &args::Probe, color: Color) -> Result<Exit, Failure> {
    if args.controls {
        output::text(&render::probe::catalogue(output::width()), color)?;
        return Ok(Exit::Fine);
    }
    if let Some(id) = &args.about {
        output::text(&render::markdown(find(id)?.page, output::width()), color)?;
        return Ok(Exit::Fine);
    }
    if args.task {
        return task::run();
    }
    if let Some(log) = &args.task_log {
        let report = task::read(log)?;
        return told(&report, args, color);
    }
    if args.from_task {
        let (_, farm) = farm(args.named(), args.env.as_deref())?;
        output::text(&task::commands(farm.farm.farm.as_str()), color)?;
        return Ok(Exit::Fine);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| environment("no-runtime", error.to_string()))?;
    // Before a key is made, so that none is left behind.
    let signals = runtime.block_on(async { Signals::new() });
    let signals = signals.map_err(|error| environment("no-signals", error.to_string()))?;
    let (target, minted) = if args.local {
        let path = up::find::farm(args.named())?.path;
        let farm = FarmFile::open(&path, args.env.as_deref())?;
        local::target(&path, &farm.farm, args)?
    } else {
        (known::target(args)?, Minted::default())
    };
    let report = probe((runtime, signals), target, minted, args, color)?;
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::text(&render::probe::totals(&report, output::width()), color)?,
    }
    Ok(exit(&report))
}

/// Probes, tells each control as soon as it is known, and revokes the keys that were made for it,
/// whatever happens.
fn probe(
    (runtime, mut signals): (Runtime, Signals),
    target: Target,
    mut minted: Minted,
    args: &args::Probe,
    color: Color,
) -> Result<Report, Failure> {
    let (width, verbose, text) = (output::width(), args.verbose, args.format == Format::Text);
    if text {
        output::text(&render::probe::head(&target, width), color)?;
    }
    let cancel = Cancel::default();
    let found = runtime.block_on(async {
        let ends = cancel.clone();
        let probing = tokio::task::spawn_blocking(move || {
            let mut tell = |finding: &Finding| {
                // If nobody reads, the exit code still says what was found.
                let shown = text.then(|| render::probe::finding(finding, verbose, width));
                let _ = shown.map(|shown| output::text(&shown, color));
            };
            client::run(&target, &Settings::default(), &ends, &mut tell)
        });
        tokio::select! {
            found = probing => {
                found.map_err(|error| environment("probe-broke", error.to_string())).map(Some)
            }
            () = signals.any() => Ok(None),
        }
    });
    cancel.cancel();
    let revoked = minted.revoke();
    runtime.shutdown_background();
    match found? {
        Some(Ok(report)) => revoked.map(|()| report),
        Some(Err(error)) => Err(failed(&error)),
        None => {
            // They end by themselves in minutes; who ended this should know.
            let _ = revoked.map_err(|failure| failure.tell(color));
            std::process::exit(INTERRUPTED);
        }
    }
}

/// Prints a report that is there.
fn told(report: &Report, args: &args::Probe, color: Color) -> Result<Exit, Failure> {
    match args.format {
        Format::Json => output::json(report)?,
        Format::Text => {
            let width = output::width();
            let rows =
                report.controls.iter().map(|it| render::probe::finding(it, args.verbose, width));
            let text = rows.collect::<String>() + &render::probe::totals(report, width);
            output::text(&text, color)?;
        }
    }
    Ok(exit(report))
}

fn exit(report: &Report) -> Exit {
    if report.totals.failed > 0 { Exit::Findings } else { Exit::Fine }
}

/// The farm file that is named, or that of this folder; and where it is.
fn farm(named: Option<&Path>, env: Option<&str>) -> Result<(PathBuf, FarmFile), Failure> {
    let path = match named {
        Some(folder) if folder.is_dir() => folder.join(FARM),
        Some(path) => path.to_owned(),
        None if Path::new(FARM).is_file() => PathBuf::from(FARM),
        None => {
            return Err(input(
                "no-farm",
                "there is no farm.yaml here".to_owned(),
                "name the farm file, or a URL of this machine",
            ));
        }
    };
    let farm = FarmFile::open(&path, env)?;
    Ok((path, farm))
}

fn failed(error: &ProbeError) -> Failure {
    let (code, help) = match error {
        ProbeError::Silent { .. } => {
            ("nothing-answers", "start it, or look whether it lets this machine in")
        }
        ProbeError::Untrusted { .. } => (
            "not-trusted",
            "name the authority's certificate with `--ca`; `farmgate up` says where its is",
        ),
        ProbeError::Cancelled => ("ended", "run it again"),
    };
    Failure::environment(vec![Problem::Plain {
        code,
        file: None,
        message: error.to_string(),
        help: Some(help.to_owned()),
    }])
}

fn find(id: &str) -> Result<&'static ControlInfo, Failure> {
    client::catalogue().find(|control| control.id == id).ok_or_else(|| {
        let near = diagnostic::nearest(id, client::catalogue().map(|control| control.id));
        let help = near.map_or_else(
            || "`farmgate probe --controls` lists them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        input("unknown-control", format!("no control is called `{id}`"), &help)
    })
}

/// What is wrong with what was given.
fn input(code: &'static str, message: String, help: &str) -> Failure {
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    Failure::input(vec![Problem::Plain { code, file: None, message, help }])
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "cannot-read",
        file: Some(path.to_string_lossy().into_owned()),
        message: error.to_string(),
        help: None,
    }])
}
