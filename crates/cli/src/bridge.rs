//! `farmgate bridge`: what stands before one server, and what its container needs beside it.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use farmgate_bridge::{Behind, Bridge, BridgeError, Children, Entry, Log, Settings};
use farmgate_bridge::{check, install, own};
use farmgate_farm::gate::PUBLIC_KEY_VARIABLE;
use farmgate_keys::Verifier;
use farmgate_runner::{Codes, Start, orphans};
use farmgate_wire::Drain;
use tokio::task::LocalSet;

use crate::args::{self, LogFormat};
use crate::exit::Exit;
use crate::problem::{Failure, Problem};
use crate::signals::Signals;

/// The variable with the server's name, for which a principal must be signed.
const SERVER_VARIABLE: &str = "FARMGATE_SERVER";

/// What variables of ours begin with. A server gets none of them.
const OWN_VARIABLES: &[u8] = b"FARMGATE_";

/// Does what the arguments ask for.
///
/// # Errors
/// If an argument or a variable is wrong, or if it can't listen, copy or give away.
pub fn run(args: &args::Bridge) -> Result<Exit, Failure> {
    if let Some(url) = &args.check {
        return ask(url, &args.codes);
    }
    if let Some(folder) = &args.install {
        let failed = |error| environment(format!("`{}`: {error}", folder.display()));
        return install::install(folder).map(|_| Exit::Fine).map_err(failed);
    }
    if let Some((owner, folders)) = args.own.split_first() {
        let owner = own::Owner::parse(owner).map_err(|message| wrong(message, None))?;
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        return own::own(owner, &folders).map(|()| Exit::Fine).map_err(environment);
    }
    serve(settings(args)?)
}

fn ask(url: &str, codes: &str) -> Result<Exit, Failure> {
    let codes = Codes::parse(codes).map_err(|message| wrong(message, None))?;
    let answered = runtime()?.block_on(LocalSet::new().run_until(check::check(url, &codes)));
    if let Err(why) = answered {
        // That nobody may be reading there changes nothing.
        let _unread = writeln!(io::stderr(), "{why}");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

fn serve(settings: Settings) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let log = settings.log.clone();
    LocalSet::new().block_on(&runtime, async {
        let failed = |error: io::Error| environment(format!("signals can't be caught: {error}"));
        let mut signals = Signals::new().map_err(failed)?;
        // Whatever else becomes our child was left behind by a server; in a container we may be the
        // first process, whose children all orphans become.
        if orphans::adopt().is_ok() {
            tokio::task::spawn_local(orphans::reap());
        }
        let bridge = Bridge::bind(settings).map_err(|error| refused(&error))?;
        let scheme = if bridge.tls() { "https" } else { "http" };
        log.tell(format!("listens on {scheme}://{}", bridge.address()));
        let drain = Drain::new();
        let begin = drain.clone();
        tokio::task::spawn_local(async move {
            signals.any().await;
            log.tell("drains");
            begin.begin();
            // A second signal is somebody who does not want to wait. What runs below us ends with us.
            signals.any().await;
            std::process::exit(130);
        });
        bridge.serve(drain).await.map_err(|error| refused(&error))?;
        Ok(Exit::Fine)
    })
}

fn settings(args: &args::Bridge) -> Result<Settings, Failure> {
    let Some(listen) = args.listen else {
        return Err(wrong("nothing is asked for".to_owned(), None));
    };
    let behind = match (&args.upstream, args.command.split_first()) {
        (Some(url), _) => Behind::Upstream(
            farmgate_bridge::upstream(url).map_err(|message| wrong(message, None))?,
        ),
        (None, Some((program, words))) => {
            let mut start = Start::new(program, words);
            start.environment = std::env::vars_os()
                .filter(|(name, _)| !name.as_encoded_bytes().starts_with(OWN_VARIABLES))
                .collect();
            Behind::Command(start)
        }
        (None, None) => {
            let help = "give `--upstream URL`, or a command behind `--`";
            return Err(wrong("there is no server to stand before".to_owned(), Some(help)));
        }
    };
    let children = Children {
        most: args.processes.into(),
        most_of_one: args.processes_per_caller.into(),
        idle: Duration::from_secs(args.idle),
        lifetime: Duration::from_secs(args.lifetime),
        ..Children::default()
    };
    let json = match args.log {
        LogFormat::Text => false,
        LogFormat::Json => true,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let mut settings = Settings::new(listen, behind, Log::new(move |entry| write(&entry, json)));
    settings.public_key = public_key()?;
    settings.server = std::env::var(SERVER_VARIABLE).ok().filter(|name| !name.is_empty());
    settings.plain = args.plain;
    settings.pass_principal = args.pass_principal;
    settings.drain_time = Duration::from_secs(args.drain);
    settings.children = children;
    Ok(settings)
}

/// The gate's public key. One that is set and empty is a mistake, and no wish for none.
fn public_key() -> Result<Option<Verifier>, Failure> {
    let Some(text) = std::env::var_os(PUBLIC_KEY_VARIABLE) else { return Ok(None) };
    let help = "`farmgate key init` prints it: it is `gate.public_key` of the farm file";
    let text = text.to_str().unwrap_or_default();
    let verifier = Verifier::parse(text);
    verifier
        .map(Some)
        .map_err(|error| wrong(format!("`{PUBLIC_KEY_VARIABLE}`: {error}"), Some(help)))
}

/// Writes to the standard error; that nobody may be reading there changes nothing.
fn write(entry: &Entry, json: bool) {
    let mut err = io::stderr().lock();
    let _unread = if json {
        let time = jiff::Timestamp::now();
        let line = serde_json::json!({
            "time": format!("{time:.3}"),
            "from": if entry.printed { "server" } else { "bridge" },
            "process": entry.child,
            "message": entry.text,
        });
        writeln!(err, "{line}")
    } else {
        match (entry.child, entry.printed) {
            (Some(number), true) => writeln!(err, "{number} | {}", entry.text),
            (Some(number), false) => writeln!(err, "bridge: process {number}: {}", entry.text),
            (None, _) => writeln!(err, "bridge: {}", entry.text),
        }
    };
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| environment(error.to_string()))
}

fn refused(error: &BridgeError) -> Failure {
    match error {
        BridgeError::Open(_) | BridgeError::Plain(_) => wrong(error.to_string(), None),
        BridgeError::Listen { .. } | BridgeError::Certificate(_) => environment(error.to_string()),
    }
}

fn wrong(message: String, help: Option<&str>) -> Failure {
    let help = help.map(str::to_owned);
    Failure::input(vec![Problem::Plain { code: "bad-bridge", file: None, message, help }])
}

fn environment(message: String) -> Failure {
    let problem = Problem::Plain { code: "no-bridge", file: None, message, help: None };
    Failure::environment(vec![problem])
}
