//! A server's own port answers nobody but the gate.

use crate::probe::footing::Footing;
use crate::probe::past;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// Places that are asked.
const PLACES: usize = 64;

control!("server-port-past-the-gate", "no server answers at its own port, past the gate");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let places = probe
        .target
        .servers
        .iter()
        .flat_map(|server| server.addresses.iter().map(move |address| (server, *address)));
    let mut trail = Trail::default();
    for (server, address) in places.take(PLACES) {
        let what = format!("server `{}`", server.name);
        past::server(probe, &mut trail, &what, &server.path, address);
    }
    for server in probe.target.servers.iter().filter(|server| server.addresses.is_empty()) {
        trail.lacks(format!(
            "where server `{}` itself listens isn't known here: from inside the farm's network \
             `farmgate probe FARM --from-task` finds it",
            server.name
        ));
    }
    trail
}
