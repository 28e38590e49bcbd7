//! A credential that nobody issued is refused, however well it is formed.

use std::time::SystemTime;

use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, NewKey};
use secrecy::SecretString;

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, Proved, call};
use crate::probe::proof::Proof;
use crate::probe::target::{AccessKey, ApiKey};
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

const NO_RANDOMNESS: &str = "this system has no randomness";

control!("wrong-key", "a key that the farm didn't issue is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let mut trail = Trail::default();
    for proved in [&footing.key, &footing.signature] {
        match proved {
            Ok(proved) => try_wrong(probe, proved, &mut trail),
            Err(why) => trail.lacks(why.clone()),
        }
    }
    trail
}

/// The same call, with a key of the same form and group that was made just now.
fn try_wrong(probe: &Probe<'_>, proved: &Proved<'_>, trail: &mut Trail) {
    let (api_key, access_key);
    let proof = match proved.proof {
        Proof::ApiKey { header, group_header, key } => {
            let Some(wrong) = new_key() else { return trail.lacks(NO_RANDOMNESS) };
            api_key = ApiKey { key: wrong, group: key.group.clone() };
            Proof::ApiKey { header, group_header, key: &api_key }
        }
        Proof::Signature { region, service, .. } => {
            let Some(wrong) = new_access_key() else { return trail.lacks(NO_RANDOMNESS) };
            access_key = wrong;
            Proof::Signature { region, service, key: &access_key }
        }
        Proof::Sts { .. } => return,
    };
    let ask = Ask::initialize(probe.target, proved.server);
    let sent = format!("{} with {}, of a key that nobody issued", ask.words(), proof.words());
    let came = call(probe, Some(&proof), proved.server, ask);
    trail.weigh(came.is(&[401, 403]), sent, &came, probe.words(&came));
}

fn new() -> (NewKey, i64) {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    (NewKey { name: None, group: Some("probe".to_owned()), expires: None }, now)
}

/// A key as the farm's own are written, which nobody has.
fn new_key() -> Option<SecretString> {
    let (new, now) = new();
    ApiKeys::default().add(&new, now).ok().map(|(key, _)| key)
}

/// The same for SigV4.
fn new_access_key() -> Option<AccessKey> {
    let (new, now) = new();
    let (pair, _) = AccessKeys::default().issue(&new, &GateKeys::generate().ok()?, now).ok()?;
    Some(AccessKey { id: pair.id, secret: pair.secret, token: None })
}
