//! Nobody but the farm's own load balancer says for whom it asks.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::probe::answer::Came;
use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::local;
use crate::probe::proof::Proof;
use crate::probe::target::Server;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// The headers in which proxies of all kinds say it.
const HEADERS: [&str; 4] = ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"];

/// Addresses for documentation (RFC 5737): nobody has them.
const NOBODYS: [IpAddr; 3] = [
    IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 77)),
    IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 77)),
    IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 77)),
];

control!("x-forwarded-for-from-strangers", "an address that a client claims is not believed");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let target = probe.target;
    let proved = footing.any().ok();
    let Some(server) = proved.map(|it| it.server).or_else(|| target.servers.first()) else {
        return Trail::not_testable("no server is known");
    };
    let proof = proved.map(|it| it.proof);
    let ask = |name: &str, value: &str| {
        let ask = Ask::initialize(target, server).with(name, value);
        call(probe, proof.as_ref(), server, ask)
    };
    let plain = call(probe, proof.as_ref(), server, Ask::initialize(target, server));
    if plain.status().is_none() || plain.is(&[400, 403]) {
        let told = probe.words(&plain);
        let mut trail = Trail::default();
        trail.unclear("a call that claims nothing", told, "from here nothing is let in anyway");
        return trail;
    }
    let mut trail = Trail::default();
    // Whoever believes the header stumbles over what is no address.
    let came = ask("X-Forwarded-For", "nobody");
    same(probe, &mut trail, &plain, "X-Forwarded-For: nobody", &came);
    match (&target.allow, target.allow.as_ref().and_then(|allow| outside(allow))) {
        (Some(allow), Some(address)) => {
            for header in HEADERS {
                let claim = format!("{header}: {address}");
                let came = ask(header, &address.to_string());
                same(probe, &mut trail, &plain, &claim, &came);
            }
            from_outside(probe, &mut trail, server, proof.as_ref(), allow);
        }
        _ => trail.lacks(
            "the farm's allow list isn't known or lets in everybody: what else would follow from \
             the header can't be seen",
        ),
    }
    trail
}

/// The header must change nothing.
fn same(probe: &Probe<'_>, trail: &mut Trail, plain: &Came, claim: &str, came: &Came) {
    let sent = format!("a call with `{claim}`");
    trail.weigh(came.status() == plain.status(), sent, came, probe.words(came));
}

/// From an address that is refused, in the name of one that isn't.
fn from_outside(
    probe: &Probe<'_>,
    trail: &mut Trail,
    server: &Server,
    proof: Option<&Proof<'_>>,
    allow: &[IpNet],
) {
    let allowed = allow.first().map(IpNet::addr);
    let (Some(from), Some(claimed)) = (local::refused(probe.target, allow), allowed) else {
        return;
    };
    let claimed = claimed.to_string();
    let ask = Ask::initialize(probe.target, server).with("X-Forwarded-For", &claimed);
    let ask = match proof.map(|proof| proof.prove(probe.target, ask.clone())) {
        Some(Ok(ask)) => ask,
        _ => ask,
    };
    // Whether `from` is refused at all is another control's to say.
    let before = probe.ask_from(Some(from), &Ask::initialize(probe.target, server).bytes());
    if !before.is(&[403]) {
        return;
    }
    let came = probe.ask_from(Some(from), &ask.bytes());
    let sent = format!("a call from {from} with `X-Forwarded-For: {claimed}`");
    trail.weigh(came.is(&[403]), sent, &came, probe.words(&came));
}

/// An address that is nobody's and not allowed.
fn outside(allow: &[IpNet]) -> Option<IpAddr> {
    let among = |address: &IpAddr| allow.iter().any(|block| block.contains(address));
    NOBODYS.into_iter().find(|address| !allow.is_empty() && !among(address))
}
