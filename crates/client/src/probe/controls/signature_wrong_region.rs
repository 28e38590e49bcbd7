//! A signature that was made for another region is refused: it may have been made for somebody else.

use crate::probe::footing::Footing;
use crate::probe::proof::Scope;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

use super::signatures::signing;

control!("signature-wrong-region", "a signature for another region is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let signing = match signing(footing) {
        Ok(signing) => signing,
        Err(trail) => return trail,
    };
    let region =
        if signing.scope.region == "us-gov-east-1" { "ap-east-1" } else { "us-gov-east-1" };
    let mut trail = Trail::default();
    let ask = signing.signed(probe, Scope { region, ..signing.scope });
    signing.refused(probe, &mut trail, &format!("signed for the region `{region}`"), ask);
    trail
}
