//! A proof that somebody made for another farm isn't taken here: whoever runs that farm has it too.

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::proof::Proof;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// A farm that nobody has (RFC 6761).
const ANOTHER: &str = "another-farm.invalid";

control!("proof-for-another-farm", "a proof for STS that names another farm is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let proved = match &footing.sts {
        Ok(proved) => proved,
        Err(why) => return Trail::not_testable(why.clone()),
    };
    let Proof::Sts { region, key, .. } = proved.proof else {
        return Trail::not_testable("there is no proof for STS");
    };
    let proof = Proof::Sts { region, audience: ANOTHER, key };
    let ask = Ask::initialize(probe.target, proved.server);
    let sent = format!("{} with a proof for `{ANOTHER}`", ask.words());
    let came = call(probe, Some(&proof), proved.server, ask);
    let mut trail = Trail::default();
    trail.weigh(came.is(&[401, 403]), sent, &came, probe.words(&came));
    trail
}
