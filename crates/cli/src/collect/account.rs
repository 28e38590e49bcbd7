//! An account as a source: asked with the credentials of whoever runs the program.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farmgate_audit::credential;
use farmgate_aws::model::{Model, Source, SourceKind};
use farmgate_live::collect::{CollectError, Collected, Judge, Pace, Progress, Settings};
use farmgate_live::{Chain, roots_of, roots_of_nobody, system_roots};
use tokio::task::LocalSet;

use crate::args::{Account, Live};
use crate::input::File;
use crate::problem::{Failure, Problem, environment};

/// How often the line of progress is written anew.
const PAUSE: Duration = Duration::from_millis(100);
/// The folder that an account's documents seem to be in.
const PREFIX: &str = "live/";

/// Asks an account.
///
/// # Errors
/// If an argument or a variable is wrong, or the account can't be asked.
pub fn collect(account: &Account) -> Result<Collected, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let roots = match variable("AWS_CA_BUNDLE").filter(|file| !file.is_empty()) {
        Some(file) => roots_of(Path::new(&file)),
        // An emulation without TLS needs none.
        None => system_roots().or_else(|_| Ok(Arc::clone(&roots_of_nobody()))),
    };
    let settings = Settings {
        roots: roots.map_err(|error| wrong(error.to_string()))?,
        regions: account.regions.clone(),
        pace: Pace::of(&variable),
        judge: Judge { is_credential: credential::is_credential, word: credential::NOT_KEPT },
        variable: Rc::new(variable),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| environment("no-thread", error.to_string()))?;
    let chain = Rc::new(Chain::new(account.profile.clone(), None));
    let line = Line::default();
    let collected = LocalSet::new().block_on(&runtime, async {
        farmgate_live::collect::collect(chain, settings, &|progress| line.show(progress)).await
    });
    line.clear();
    // Names that are being resolved must not keep anybody waiting.
    runtime.shutdown_background();
    collected.map_err(|error| failure(&error))
}

/// Whether the arguments fit together.
///
/// # Errors
/// If a region or a profile is named without `--live`.
pub fn check(args: &Live) -> Result<(), Failure> {
    let named = !args.account.regions.is_empty() || args.account.profile.is_some();
    if named && !args.live {
        return Err(wrong("--region and --profile go with --live".to_owned()));
    }
    Ok(())
}

/// What is asked for with `--live`: an account's documents as if they were files; none without it.
///
/// # Errors
/// As [`collect`].
pub fn sources(args: &Live) -> Result<Option<Subject>, Failure> {
    if !args.live {
        return Ok(None);
    }
    let collected = collect(&args.account)?;
    let account = collected.account.as_deref().unwrap_or("that can't be named");
    let name = format!("account {account} ({})", collected.regions.join(", "));
    let file = |document: farmgate_live::collect::Document| File {
        name: format!("{PREFIX}{}", document.path()),
        bytes: document.text().into_bytes(),
    };
    Ok(Some(Subject { name, files: collected.documents.into_iter().map(file).collect() }))
}

/// An account as a source.
#[derive(Debug)]
pub struct Subject {
    /// What it is called in reports.
    pub name: String,
    /// Its documents.
    pub files: Vec<File>,
}

/// Says of a model's sources what they are: hundreds of documents are one account. Where they were
/// read together with saved ones, nobody can say which is which.
pub fn mark(model: &mut Model, name: &str) {
    let of_account = |source: &Source| source.name.starts_with(PREFIX);
    if !model.sources.iter().any(of_account) {
        return;
    }
    let resources = model.sources.iter().filter(|it| of_account(it)).map(|it| it.resources).sum();
    model.sources.retain(|source| !of_account(source));
    model.sources.push(Source { name: name.to_owned(), kind: SourceKind::Live, resources });
}

fn wrong(message: String) -> Failure {
    Failure::input(vec![Problem::Plain { code: "live", file: None, message, help: None }])
}

fn failure(error: &CollectError) -> Failure {
    let message = error.to_string();
    match error {
        CollectError::Region(_)
        | CollectError::NotRegion(_)
        | CollectError::Partitions(..)
        | CollectError::Place(_) => wrong(message),
        _ => environment("live", message),
    }
}

/// A line for people who wait: on a terminal only.
#[derive(Default)]
struct Line {
    shown: Cell<Option<Instant>>,
}

impl Line {
    fn show(&self, Progress { done, known }: Progress) {
        let recent = self.shown.get().is_some_and(|at| at.elapsed() < PAUSE);
        if recent || !io::stderr().is_terminal() {
            return;
        }
        self.shown.set(Some(Instant::now()));
        // That nobody may be reading there changes nothing.
        let _unread = write!(io::stderr(), "\r\x1b[Kasking AWS: {done} of {known} calls");
    }

    fn clear(&self) {
        if self.shown.get().is_some() {
            let _unread = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
