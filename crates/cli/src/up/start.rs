//! What is decided and read before anything is started: keys, stores, secrets, ports, the gate's
//! configuration.

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use farmgate_audit::report::Report;
use farmgate_farm::farm::Farm;
use farmgate_farm::gate;

use super::config::Here;
use super::find::Found;
use super::signed::Signed;
use super::{Prepared, access, config, plan, stores};
use crate::args::{Format, Up};
use crate::farm::FarmFile;
use crate::problem::{Failure, environment};
use crate::secrets::Local;

/// The file of the audit in its folder.
const AUDIT: &str = "audit.jsonl";

/// The port of metrics, if nobody has it.
const ADMIN_PORT: u16 = farmgate_gate::ADMIN_PORT;

pub(super) fn prepare(
    args: &Up,
    found: Found,
    file: &FarmFile,
    report: Report,
) -> Result<Prepared, Failure> {
    let farm = &file.farm;
    let state = Local::open(&found.path)?;
    let key = access::key(&args.group, args.key_env.as_deref(), crate::key::now())?;
    let public_key = state.gate_keys()?.public();
    let json = args.format == Format::Json;
    let people = !json && std::io::stdout().is_terminal();
    let plan = plan::plan(farm, &folder(&found.path)?, &state, &public_key, people)?;
    let mut notes = Vec::new();
    let listen = free(args.listen, &mut notes);
    let admin = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ADMIN_PORT);
    let admin = free(admin, &mut notes);
    let here = Here { listen, admin, audit: audit_folder(&state)?.join(AUDIT), stdout: true };
    let mut config = config::config(farm, &plan, here);
    let secrets = stores::secrets(farm, &state, &mut config, &mut notes)?;
    notes.extend(about_access(farm, &config, &key, &args.group));
    Ok(Prepared {
        farm: farm.farm.as_str().to_owned(),
        file: found.path,
        embedded: found.embedded,
        report,
        header: config::key_header(farm),
        secrets,
        signed: Signed::of(&config),
        group: args.group.clone(),
        json,
        config,
        plan,
        key,
        state,
        notes,
    })
}

/// The folder of the audit, as it is told: whole, since people look there from anywhere.
fn audit_folder(state: &Local) -> Result<std::path::PathBuf, Failure> {
    let folder = state.audit_folder()?;
    Ok(std::fs::canonicalize(&folder).unwrap_or(folder))
}

/// Where commands start: the folder of the farm file.
fn folder(file: &Path) -> Result<std::path::PathBuf, Failure> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = std::fs::canonicalize(parent.unwrap_or(Path::new(".")));
    folder.map_err(|error| environment("no-folder", format!("the farm's folder: {error}")))
}

/// The address, or one with a free port if somebody has that. (The gate's workers share a port, so
/// that two farms of one user would too, if nobody looked.)
fn free(wanted: SocketAddr, notes: &mut Vec<String>) -> SocketAddr {
    match TcpListener::bind(wanted) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            notes.push(format!("{wanted} is taken, so another port is used"));
            SocketAddr::new(wanted.ip(), 0)
        }
        // What else is wrong, the gate says.
        _ => wanted,
    }
}

/// What is to be known about who gets in.
fn about_access(
    farm: &Farm,
    config: &gate::Config,
    key: &access::RunKey,
    group: &str,
) -> Vec<String> {
    let mut notes = Vec::new();
    let refused = access::refused(config, &key.principal);
    if !refused.is_empty() {
        let names: Vec<String> = refused.iter().map(|name| format!("`{name}`")).collect();
        let servers = names.join(", ");
        notes.push(format!(
            "the rules of `tools` allow key:local of group:{group} no tool of {servers}: name a \
             group that they allow, with `--group`"
        ));
    }
    let unverified: std::collections::BTreeSet<&str> = config
        .servers
        .values()
        .flat_map(|server| &server.authentication)
        .filter(|way| !farmgate_gate::verifies(way))
        .map(gate::Authentication::words)
        .collect();
    for words in unverified {
        notes.push(format!("this version does not verify {words}: such callers are refused"));
    }
    if !config.listen.is_some_and(|address| address.ip().is_loopback()) {
        let who = match config.allow.is_empty() {
            true => "everybody, as the farm's `ingress.allow` says".to_owned(),
            false => "this machine and the farm's `ingress.allow`".to_owned(),
        };
        notes.push(format!("it listens for others too, and takes connections from {who}"));
    }
    if farm.servers.values().any(|server| !server.container.enabled) {
        notes.push("servers that are not enabled are not run".to_owned());
    }
    notes
}
