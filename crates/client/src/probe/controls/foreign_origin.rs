//! A page of a stranger's site, in a browser that can reach the farm, gets nowhere.

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("foreign-origin", "a call whose `Origin` is another's is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let proved = match footing.any() {
        Ok(proved) => proved,
        Err(why) => return Trail::not_testable(why),
    };
    let like = format!("https://{}.evil.example.com", probe.target.host);
    let mut trail = Trail::default();
    for origin in ["https://evil.example.com", "null", like.as_str()] {
        let ask = Ask::initialize(probe.target, proved.server).with("origin", origin);
        let sent = format!("{} with {} and `Origin: {origin}`", ask.words(), proved.proof.words());
        let came = call(probe, Some(&proved.proof), proved.server, ask);
        // MCP 2025-11-25: 403.
        trail.weigh(came.is(&[400, 403]), sent, &came, probe.words(&came));
    }
    trail
}
