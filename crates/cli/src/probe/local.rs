//! The farm that `farmgate up` runs on this machine: where it is, what it is meant to do here, and
//! keys for it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use farmgate_client::probe::Target;
use farmgate_client::probe::target::{Secret, Way};
use farmgate_farm::farm::Farm;
use farmgate_farm::gate::{self, Authentication};
use farmgate_farm::word::SecretRef;
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::input;
use super::keys::Minted;
use super::known::{self, Url};
use crate::args;
use crate::problem::{Failure, Problem};
use crate::secrets::Local;
use crate::up::running::Running;

/// Loopback, where whoever listens on one address doesn't listen.
const SECOND: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

/// For a connection on this machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// The shortest text that may be a key.
const SHORTEST: usize = 32;

/// The target, and the keys that were made for it.
///
/// # Errors
/// If it doesn't run, or something can't be read or written.
pub(super) fn target(
    path: &Path,
    farm: &Farm,
    args: &args::Probe,
) -> Result<(Target, Minted), Failure> {
    let local = Local::open(path)?;
    let running = Running::read(local.folder())?.ok_or_else(|| not_running(path))?;
    let url = Url::parse(&running.url)?;
    // This machine, whatever a file says.
    let mut target = known::place(&url, &[], Some(&running.ca))?;
    let mut config = known::config(farm);
    config.servers.retain(|name, _| running.servers.iter().any(|it| it.name == *name));
    config.allow = allowed(config.allow, url.port);
    let stores = gate::stores(farm);
    let store = |variable: &str| {
        let found = stores.iter().find(|(known, _)| known == variable);
        found
            .map(|(_, store)| store.clone())
            .ok_or_else(|| input("no-store", format!("the farm has no store `{variable}`"), ""))
    };
    let mut minted = Minted::default();
    let mut made: Vec<(SecretRef, Way)> = Vec::new();
    known::describe(&mut target, farm, &config, |_, way| {
        let store = match way {
            Authentication::ApiKeys { store: name, .. }
            | Authentication::Sigv4IssuedKeys { store: name, .. } => store(name)?,
            _ => return known::given(way, args),
        };
        // Servers that share a store share the keys.
        if let Some((_, way)) = made.iter().find(|(known, it)| *known == store && is_like(it, way))
        {
            return Ok(way.clone());
        }
        let new = mint(&mut minted, &local, &store, way)?;
        made.push((store, new.clone()));
        Ok(new)
    })?;
    for server in &mut target.servers {
        let of_server = running.servers.iter().filter(|it| it.name == server.name);
        let places = of_server.flat_map(|it| &it.addresses).filter_map(|it| it.parse().ok());
        // Only this machine is asked.
        server.addresses =
            places.filter(|it: &SocketAddr| it.ip().to_canonical().is_loopback()).collect();
    }
    target.admin = running.admin.parse().ok();
    target.secrets.extend(kept(&local, farm)?);
    Ok((target, minted))
}

/// Whether what was made is for such a way: with the same headers or scope.
fn is_like(made: &Way, way: &Authentication) -> bool {
    match (made, way) {
        (
            Way::ApiKey { header, group_header, .. },
            Authentication::ApiKeys { header: wanted, group_header: group, .. },
        ) => header == wanted && group_header == group,
        (
            Way::Signature { region, service, .. },
            Authentication::Sigv4IssuedKeys { region: wanted, service: of, .. },
        ) => region == wanted && service == of,
        _ => false,
    }
}

fn mint(
    minted: &mut Minted,
    local: &Local,
    store: &SecretRef,
    way: &Authentication,
) -> Result<Way, Failure> {
    Ok(match way {
        Authentication::ApiKeys { header, group_header, .. } => Way::ApiKey {
            header: header.clone(),
            group_header: group_header.clone(),
            keys: minted.api_keys(local, store)?,
        },
        Authentication::Sigv4IssuedKeys { region, service, .. } => Way::Signature {
            region: region.clone(),
            service: service.clone(),
            keys: minted.access_keys(local, store)?,
        },
        other => Way::Other(other.words().to_owned()),
    })
}

/// Whom the gate lets in here: this machine; and whom the farm lets in, where it listens for others
/// too. (A gate that listens on all addresses is found on a second one of loopback.)
fn allowed(of_farm: Vec<IpNet>, port: u16) -> Vec<IpNet> {
    let others = TcpStream::connect_timeout(&SocketAddr::new(SECOND, port), PATIENCE).is_ok();
    if others && of_farm.is_empty() {
        return of_farm;
    }
    let loopback: [IpNet; 2] = [
        ipnet::Ipv4Net::new_assert([127, 0, 0, 0].into(), 8).into(),
        ipnet::Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
    ];
    loopback.into_iter().chain(of_farm.into_iter().filter(|_| others)).collect()
}

/// What the farm keeps on this machine, and nobody may be told: the gate's own keys, and what its
/// servers are given.
fn kept(local: &Local, farm: &Farm) -> Result<Vec<Secret>, Failure> {
    let mut all = Vec::new();
    let keys = local.gate_keys()?.text();
    let parsed: Value = serde_json::from_str(keys.expose_secret()).unwrap_or_default();
    collect(&parsed, &mut |text| {
        all.push(Secret { what: "a key of the gate's own".to_owned(), text });
    });
    for (name, server) in gate::enabled(farm) {
        let of_local = server.local.iter().flat_map(|local| local.secrets.values());
        for text in of_local.filter_map(|secret| local.secret(secret).ok()) {
            let what = format!("a secret of server `{}`", name.as_str());
            all.push(Secret { what, text });
        }
    }
    Ok(all)
}

/// The texts in a tree of JSON that are long enough to be keys.
fn collect(value: &Value, take: &mut dyn FnMut(SecretString)) {
    match value {
        Value::String(text) if text.len() >= SHORTEST => take(SecretString::from(text.as_str())),
        Value::Array(all) => all.iter().for_each(|value| collect(value, take)),
        Value::Object(all) => all.values().for_each(|value| collect(value, take)),
        _ => {}
    }
}

fn not_running(path: &Path) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "not-running",
        file: Some(path.to_string_lossy().into_owned()),
        message: "this farm doesn't run on this machine".to_owned(),
        help: Some("start it with `farmgate up`, and probe it from another terminal".to_owned()),
    }])
}
