//! Who may come in, gets in: an allow list that shuts out its own is soon taken away altogether.

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("address-allowed", "from an address that is allowed, the farm answers");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let target = probe.target;
    let Some(allow) = &target.allow else {
        return Trail::not_testable("it isn't known which addresses the farm lets in");
    };
    let own = target.seen_from();
    let from = match own {
        Some(own) if allow.is_empty() || allow.iter().any(|it| it.contains(&own)) => {
            own.to_string()
        }
        Some(own) => return Trail::not_testable(format!("{own} is not among those allowed")),
        None if allow.is_empty() => "this machine".to_owned(),
        None => {
            return Trail::not_testable("it isn't known which address the farm sees from here");
        }
    };
    let proved = footing.any().ok();
    let Some(server) = proved.map(|it| it.server).or_else(|| target.servers.first()) else {
        return Trail::not_testable("no server is known");
    };
    let proof = proved.map(|it| it.proof);
    let came = call(probe, proof.as_ref(), server, Ask::initialize(target, server));
    let sent = format!("POST {} from {from}", server.path);
    let mut trail = Trail::default();
    // Without a credential a 401 shows that the address was let in.
    trail.weigh(came.is(&[401]) || came.got_through(), sent, &came, probe.words(&came));
    trail
}
