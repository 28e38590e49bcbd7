//! A signature that was made for another service is refused: it may have been made for somebody else.

use crate::probe::footing::Footing;
use crate::probe::proof::Scope;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

use super::signatures::signing;

control!("signature-wrong-service", "a signature for another service is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let signing = match signing(footing) {
        Ok(signing) => signing,
        Err(trail) => return trail,
    };
    let service = if signing.scope.service == "s3" { "sts" } else { "s3" };
    let mut trail = Trail::default();
    let ask = signing.signed(probe, Scope { service, ..signing.scope });
    signing.refused(probe, &mut trail, &format!("signed for the service `{service}`"), ask);
    trail
}
