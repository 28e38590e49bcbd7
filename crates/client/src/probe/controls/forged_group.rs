//! A key proves its own group, and no other that a client may name.

use secrecy::ExposeSecret as _;

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::proof::Proof;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// A group that no farm has.
const MADE_UP: &str = "farmgate-probe-forged";

control!("forged-group", "a key with another group than its own is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let proved = match &footing.key {
        Ok(proved) => proved,
        Err(why) => return Trail::not_testable(why.clone()),
    };
    let Proof::ApiKey { header, group_header: Some(group_header), key } = proved.proof else {
        return Trail::not_testable("clients name no group: the key alone says it");
    };
    let other = proved.other.and_then(|other| match other {
        Proof::ApiKey { key, .. } => key.group.as_deref(),
        _ => None,
    });
    let mut trail = Trail::default();
    for group in other.into_iter().chain([MADE_UP]) {
        let ask = Ask::initialize(probe.target, proved.server)
            .with(header, key.key.expose_secret())
            .with(group_header, group);
        let sent = format!("{} with a key and the group `{group}`, not its own", ask.words());
        let came = call(probe, None, proved.server, ask);
        trail.weigh(came.is(&[401, 403]), sent, &came, probe.words(&came));
    }
    trail
}
