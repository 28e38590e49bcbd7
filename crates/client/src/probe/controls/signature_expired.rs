//! A signature holds for minutes: one of an hour ago is refused, and one of the future.

use std::time::Duration;

use crate::probe::footing::Footing;
use crate::probe::proof::Scope;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

use super::signatures::signing;

const HOUR: Duration = Duration::from_secs(3600);

control!("signature-expired", "a signature of an hour ago is refused, and one of the future");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let signing = match signing(footing) {
        Ok(signing) => signing,
        Err(trail) => return trail,
    };
    let mut trail = Trail::default();
    let times = [
        ("signed as an hour ago", signing.scope.time.checked_sub(HOUR)),
        ("signed as in an hour", signing.scope.time.checked_add(HOUR)),
    ];
    for (what, time) in times {
        let ask = time.and_then(|time| signing.signed(probe, Scope { time, ..signing.scope }));
        signing.refused(probe, &mut trail, what, ask);
    }
    trail
}
