//! A call without a credential is refused, by every server.

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// Servers that are asked.
const SERVERS: usize = 32;

control!("no-credential", "a call without a credential is refused by every server");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let mut trail = Trail::default();
    for server in probe.target.servers.iter().take(SERVERS) {
        let ask = Ask::initialize(probe.target, server);
        let sent = format!("{} without a credential", ask.words());
        let came = call(probe, None, server, ask);
        let told = probe.words(&came);
        if came.is(&[401, 403]) {
            trail.held(sent, told);
        } else if came.got_through() {
            trail.failed(sent, told);
        } else {
            let why = format!("server `{}` answers neither as open nor as closed", server.name);
            trail.unclear(sent, told, why);
        }
    }
    trail
}
