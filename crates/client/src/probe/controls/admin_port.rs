//! Metrics and the servers' state are for this machine alone, and for no page in its browser.

use std::net::SocketAddr;

use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;
use crate::probe::{local, past};

/// The port of the admin address, if nothing else is known.
const ADMIN_PORT: u16 = 9464;

control!("admin-port", "the admin port answers nobody from elsewhere");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let target = probe.target;
    let mut trail = Trail::default();
    if !target.is_local() {
        let port = target.admin.map_or(ADMIN_PORT, |admin| admin.port());
        past::closed(probe, &mut trail, "the admin port", SocketAddr::new(probe.gate().ip(), port));
        return trail;
    }
    let Some(admin) = target.admin else {
        return Trail::not_testable("the admin address isn't known");
    };
    if !admin.ip().to_canonical().is_loopback() {
        trail.failed(format!("nothing: the admin address is {admin}"), "it is not loopback");
        return trail;
    }
    rebound(probe, &mut trail, admin);
    // What is bound to one loopback address is nowhere else.
    let others = std::iter::once(local::SECOND).chain(local::outer());
    for other in others.filter(|it| *it != admin.ip() && it.is_ipv4() == admin.is_ipv4()) {
        past::closed(probe, &mut trail, "the admin port", SocketAddr::new(other, admin.port()));
    }
    trail
}

/// What a page of a stranger's site can send, whose name leads to this machine (DNS rebinding).
fn rebound(probe: &Probe<'_>, trail: &mut Trail, admin: SocketAddr) {
    let ask = b"GET /metrics HTTP/1.1\r\nhost: evil.example.com\r\nconnection: close\r\n\r\n";
    let came = match probe.plain(admin, None) {
        Ok(mut connection) => connection.ask(ask),
        Err(came) => came,
    };
    let sent = "GET /metrics to the admin port with `Host: evil.example.com`";
    // Of metrics no more than the status is told.
    let told = came.status().map_or_else(|| came.words(), |status| status.to_string());
    trail.judge(!came.got_through(), sent, told);
}
