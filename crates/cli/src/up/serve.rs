//! The farm while it runs: gate and servers are started, the screen is printed, changes are told,
//! and on a signal everything ends in order.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use farmgate_farm::gate::{Config, KEYS_VARIABLE};
use farmgate_gate::audit::AuditError;
use farmgate_gate::{Gate, Notice, Options, StartError};
use farmgate_wire::Certificate;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior};

use super::config::RUN_STORE;
use super::log::{Lines, Log};
use super::servers::{Condition, Servers};
use super::signed::Place;
use super::{Prepared, connect, running as told};
use crate::args::Color;
use crate::exit::Exit;
use crate::output;
use crate::problem::{Failure, Problem, environment};
use crate::render::up::{Running, Server, running};
use crate::signals::Signals;

/// How often servers are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long the screen waits for servers that aren't ready; for programs it waits longer.
const SCREEN_WAIT: Duration = Duration::from_secs(3);
const JSON_WAIT: Duration = Duration::from_secs(120);

/// How long calls and streams may go on after Ctrl-C, before their servers are stopped.
const DRAIN: Duration = Duration::from_secs(5);

/// The exit code of what a second signal ends at once, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

/// What was started, as it is shown.
struct Shown {
    name: String,
    endpoint: String,
    address: SocketAddr,
    runs: String,
}

/// Runs everything until a signal comes.
pub(super) async fn serve(mut prepared: Prepared, color: Color) -> Result<Exit, Failure> {
    // Before anything is started, so that nothing is left behind.
    let mut signals =
        Signals::new().map_err(|error| environment("no-signals", error.to_string()))?;
    let log = Arc::new(Log::new(color, prepared.json));
    let planned = std::mem::take(&mut prepared.plan.servers);
    let shown: Vec<Shown> = planned
        .iter()
        .map(|planned| Shown {
            name: planned.name.clone(),
            endpoint: planned.endpoint.clone(),
            address: planned.address,
            runs: planned.shown.clone(),
        })
        .collect();
    let gate = gate(&mut prepared, &log)?;
    let told = announce(&prepared, &gate, &shown)?;
    let servers = Servers::start(planned, &log);
    let wait = if prepared.json { JSON_WAIT } else { SCREEN_WAIT };
    let mut ended = false;
    tokio::select! {
        () = settled(&servers, &gate, wait) => {}
        () = signals.any() => ended = true,
    }
    let mut known = servers.conditions(&gate.states());
    if !ended {
        let shown = tell(&prepared, &gate, &shown, &known, color);
        log.begin();
        // If nobody reads, the farm runs all the same; if nothing can be written, it ends.
        if let Err(failure) = shown {
            end(gate, servers, signals, &log).await;
            return Err(failure);
        }
        watch(&servers, &gate, &mut known, &mut signals, &log).await;
    }
    log.begin();
    drop(told);
    end(gate, servers, signals, &log).await;
    log.close();
    Ok(Exit::Fine)
}

/// Says to other commands on this machine what runs, until what this gives is dropped.
fn announce(prepared: &Prepared, gate: &Gate, shown: &[Shown]) -> Result<told::Told, Failure> {
    let servers = shown.iter().map(|shown| told::Server {
        name: shown.name.clone(),
        route: shown.endpoint.clone(),
        addresses: vec![shown.address.to_string()],
    });
    let ca = authority(prepared);
    let (url, admin) = (connect::base(gate.address()), gate.admin().to_string());
    told::Running::new(&prepared.farm, url, ca, admin, servers.collect())
        .tell(prepared.state.folder())
}

/// The certificate that clients have to trust: its whole path, since they look there from anywhere.
fn authority(prepared: &Prepared) -> PathBuf {
    let ca = prepared.state.authority_file();
    std::fs::canonicalize(&ca).unwrap_or(ca)
}

/// Until every server is ready or can't be, or time is up.
async fn settled(servers: &Servers, gate: &Gate, wait: Duration) {
    let until = Instant::now() + wait;
    while Instant::now() < until {
        if servers.conditions(&gate.states()).values().all(Condition::is_settled) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Tells what becomes of the servers, until a signal comes.
async fn watch(
    servers: &Servers,
    gate: &Gate,
    known: &mut BTreeMap<String, Condition>,
    signals: &mut Signals,
    log: &Log,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = signals.any() => return,
            _ = look.tick() => {}
        }
        for (name, now) in servers.conditions(&gate.states()) {
            let before = known.get(&name);
            if before.map(Condition::word) != Some(now.word()) {
                log.changed(&name, &now);
                known.insert(name, now);
            }
        }
    }
}

/// Calls may end for a while; then servers are stopped, with which every stream ends.
async fn end(gate: Gate, servers: Servers, mut signals: Signals, log: &Log) {
    log.notice(false, "ends; Ctrl-C again ends it at once");
    gate.drain();
    tokio::spawn(async move {
        signals.any().await;
        // Processes end with this one: their keepers see to that.
        std::process::exit(INTERRUPTED);
    });
    let mut stopping = tokio::task::spawn_blocking(move || gate.stop());
    let drained = tokio::time::timeout(DRAIN, &mut stopping).await;
    servers.stop().await;
    if drained.is_err() {
        // Without servers no stream goes on.
        let _ = stopping.await;
    }
}

/// Starts the gate. An address that somebody took since it was free gets another port.
fn gate(prepared: &mut Prepared, log: &Arc<Log>) -> Result<Gate, Failure> {
    let state = &prepared.state;
    let secrets = std::mem::take(&mut prepared.secrets)
        .file(KEYS_VARIABLE, state.gate_keys_file()?)
        .text(RUN_STORE, prepared.key.store.clone());
    let authority = state.authority(&prepared.config.hosts)?;
    let certificate = Certificate::signed_by(&authority, &prepared.config.hosts)
        .map_err(|error| environment("bad-certificate", error.to_string()))?;
    loop {
        let told = Arc::clone(log);
        let options = Options {
            certificate: Some(certificate.clone()),
            sink: Some(Box::new(Lines::new(Arc::clone(log)))),
            notice: Some(Arc::new(move |notice: &Notice| told.notice(notice.bad, &notice.text))),
            drain: Some(DRAIN),
            ..Options::default()
        };
        let error = match Gate::start(prepared.config.clone(), secrets.clone(), options) {
            Ok(gate) => return Ok(gate),
            Err(error) => error,
        };
        if !another_port(&mut prepared.config, &error) {
            return Err(not_started(&error));
        }
    }
}

/// Whether somebody else writes the audit.
fn is_audited(error: &StartError) -> bool {
    matches!(error, StartError::Audit(AuditError::Taken(_)))
}

fn not_started(error: &StartError) -> Failure {
    let twice = is_audited(error);
    Failure::environment(vec![Problem::Plain {
        code: if twice { "farm-runs" } else { "gate-not-started" },
        file: None,
        message: format!("the gate can't start: {error}"),
        help: twice.then(|| "this farm runs already: end that, or run it there".to_owned()),
    }])
}

/// Takes another port where the one that was wanted is taken; false if that isn't what is wrong.
fn another_port(config: &mut Config, error: &StartError) -> bool {
    let StartError::Listen(taken, error) = error else { return false };
    if error.kind() != io::ErrorKind::AddrInUse || taken.port() == 0 {
        return false;
    }
    let mut wanted = [&mut config.listen, &mut config.admin].into_iter().flatten();
    wanted.find(|address| *address == taken).is_some_and(|address| {
        address.set_port(0);
        true
    })
}

/// Prints the screen, or the line for programs.
fn tell(
    prepared: &Prepared,
    gate: &Gate,
    shown: &[Shown],
    known: &BTreeMap<String, Condition>,
    color: Color,
) -> Result<(), Failure> {
    let base = connect::base(gate.address());
    let servers: Vec<Server> = shown
        .iter()
        .map(|shown| Server {
            name: shown.name.clone(),
            url: format!("{base}{}", shown.endpoint),
            condition: known.get(&shown.name).cloned().unwrap_or(Condition::Starting),
            runs: shown.runs.clone(),
        })
        .collect();
    let ca = authority(prepared);
    let connect = connect::connect(&servers, &prepared.header, prepared.key.made.as_ref(), &ca);
    let signed = signed(prepared, &servers, &connect.ca);
    if prepared.json {
        return line(prepared, gate, &base, &servers, &connect.ca);
    }
    let left: Vec<(String, String)> =
        prepared.plan.left.iter().map(|left| (left.name.clone(), left.why.clone())).collect();
    let audit = prepared.config.audit.file.as_ref().map(|file| file.path.clone());
    let text = running(
        &Running {
            farm: &prepared.farm,
            file: &prepared.file,
            embedded: prepared.embedded,
            report: &prepared.report,
            servers: &servers,
            left: &left,
            connect: &connect,
            signed: &signed,
            admin: gate.admin().to_string(),
            audit: &audit.unwrap_or_default(),
            notes: &prepared.notes,
            isolation: &farmgate_runner::isolation(),
        },
        output::width(),
    );
    output::text(&text, color)
}

/// How callers who sign connect: to the first server that is ready.
fn signed(prepared: &Prepared, servers: &[Server], ca: &str) -> Vec<(&'static str, String)> {
    let ready = servers.iter().find(|server| server.condition.is_ready());
    let Some(server) = ready.or_else(|| servers.first()) else { return Vec::new() };
    let here = prepared.file == std::path::Path::new("farm.yaml");
    let farm = Some(prepared.file.as_path()).filter(|_| !here);
    prepared.signed.commands(&Place { farm, group: &prepared.group, url: &server.url, ca })
}

/// What programs want to know, on one line.
fn line(
    prepared: &Prepared,
    gate: &Gate,
    base: &str,
    servers: &[Server],
    ca: &str,
) -> Result<(), Failure> {
    use secrecy::ExposeSecret as _;
    let servers: Vec<_> = servers
        .iter()
        .map(|server| {
            json!({
                "name": server.name,
                "url": server.url,
                "state": server.condition.word(),
                "why": server.condition.why(),
                "runs": server.runs,
            })
        })
        .collect();
    let left: Vec<_> = prepared
        .plan
        .left
        .iter()
        .map(|left| json!({ "name": left.name, "why": left.why }))
        .collect();
    let line = json!({
        "event": "ready",
        "farm": prepared.farm,
        "address": gate.address(),
        "admin": gate.admin(),
        "url": base,
        "ca": ca,
        "header": prepared.header,
        "sigv4": prepared.signed.scope.as_ref().map(
            |(region, service)| json!({ "region": region, "service": service })
        ),
        "sts_audience": prepared.signed.audience,
        "key": prepared.key.made.as_ref().map(|key| key.expose_secret()),
        "servers": servers,
        "not_run": left,
        "notes": prepared.notes,
        "audit": prepared.config.audit.file.as_ref().map(|file| &file.path),
    });
    output::text(&format!("{line}\n"), Color::Never)
}
