//! `farmgate gate`: the gate alone, as it runs on Fargate.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use farmgate_farm::gate::{CONFIG_VARIABLE, Config};
use farmgate_gate::{Gate, Notice, Options, Secrets, StartError, StateError};
use tokio::signal::unix::{SignalKind, signal};

use crate::args;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, environment};
use crate::signals::Signals;

/// Set by ECS in every container of a task.
const ECS_VARIABLE: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// Serves until it is told to end, by SIGTERM or SIGINT; a second one ends it at once.
///
/// # Errors
/// If the configuration, a secret or a certificate is wrong, or if it can't listen.
pub fn run(args: &args::Gate) -> Result<Exit, Failure> {
    let config = config(args)?;
    let secrets = Secrets::from_environment();
    let options = Options {
        workers: args.workers.map(usize::from),
        config_file: args.config.clone(),
        emf: args.emf || std::env::var_os(ECS_VARIABLE).is_some(),
        notice: Some(Arc::new(tell)),
        ..Options::default()
    };
    for unverified in unverified(&config) {
        tell(&Notice { bad: true, text: unverified });
    }
    let gate = Gate::start(config, secrets, options).map_err(|error| failure(&error))?;
    let text = format!("listens on {}; metrics on http://{}/metrics", gate.address(), gate.admin());
    tell(&Notice { bad: false, text });
    let signals = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let signals = signals.map_err(|error| environment("no-runtime", error.to_string()))?;
    let mut ends = signals
        .block_on(serve(&gate))
        .map_err(|error| environment("no-signals", error.to_string()))?;
    tell(&Notice { bad: false, text: "drains".to_owned() });
    gate.drain();
    // A second signal is somebody who does not want to wait.
    signals.spawn(async move {
        ends.any().await;
        std::process::exit(130);
    });
    let stopped = signals.block_on(async { tokio::task::spawn_blocking(|| gate.stop()).await });
    stopped.map_err(|error| environment("gate-broke", error.to_string()))?;
    Ok(Exit::Fine)
}

/// Until a signal says that it is over. SIGHUP reads the files again.
async fn serve(gate: &Gate) -> io::Result<Signals> {
    let mut ends = Signals::new()?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            () = ends.any() => return Ok(ends),
            _ = hangup.recv() => {}
        }
        let (bad, text) = match gate.reload_files() {
            Ok(()) => (false, "SIGHUP: the files are in force".to_owned()),
            Err(error) => (true, format!("SIGHUP: what was in force stays: {error}")),
        };
        tell(&Notice { bad, text });
    }
}

fn config(args: &args::Gate) -> Result<Config, Failure> {
    let wrong = |message: String, help: &str| {
        Failure::input(vec![Problem::Plain {
            code: "bad-gate-config",
            file: args.config.as_ref().map(|path| path.display().to_string()),
            message,
            help: Some(help.to_owned()),
        }])
    };
    if let Some(file) = &args.config {
        return farmgate_gate::read_config(file)
            .map_err(|error| wrong(error, "`farmgate up` and `farmgate build` write such files"));
    }
    let text = std::env::var(CONFIG_VARIABLE).map_err(|_| {
        let message = format!("no configuration: `{CONFIG_VARIABLE}` is not set");
        wrong(message, "give a file with `--config`")
    })?;
    let help = "`farmgate build` writes its value into the gate's task definition";
    Config::parse(&text).map_err(|error| wrong(format!("`{CONFIG_VARIABLE}`: {error}"), help))
}

/// What callers are refused for, since this gate can't verify it.
fn unverified(config: &Config) -> Vec<String> {
    let ways = config.servers.iter().flat_map(|(name, server)| {
        let ways = server.authentication.iter().filter(|way| !farmgate_gate::verifies(way));
        ways.map(move |way| {
            format!(
                "server `{name}`: this version does not verify {}: such callers are refused",
                way.words()
            )
        })
    });
    ways.collect()
}

/// Tells what happens beside requests on the standard error: for people on a terminal, as JSON
/// otherwise. That nobody may be reading there changes nothing.
fn tell(notice: &Notice) {
    let mut err = io::stderr().lock();
    let level = if notice.bad { "warn" } else { "info" };
    let _ = if err.is_terminal() {
        let mark = if notice.bad { "warning: " } else { "" };
        writeln!(err, "gate: {mark}{}", notice.text)
    } else {
        let time = jiff::Timestamp::now().to_string();
        let line = serde_json::json!({ "time": time, "level": level, "event": notice.text });
        writeln!(err, "{line}")
    };
}

fn failure(error: &StartError) -> Failure {
    let problem =
        |code| Problem::Plain { code, file: None, message: error.to_string(), help: None };
    match error {
        StartError::State(StateError::Secret(_)) => Failure::input(vec![problem("secret-needed")]),
        StartError::State(_) => Failure::input(vec![problem("bad-gate-config")]),
        StartError::Certificate(_) => Failure::input(vec![problem("bad-certificate")]),
        StartError::Listen(..) => Failure::environment(vec![problem("cannot-listen")]),
        StartError::Audit(_) => Failure::environment(vec![problem("audit-unwritable")]),
        #[cfg(feature = "otlp")]
        StartError::Spans(_) => Failure::input(vec![problem("bad-otlp")]),
        StartError::Thread(_) => Failure::environment(vec![problem("no-thread")]),
    }
}
