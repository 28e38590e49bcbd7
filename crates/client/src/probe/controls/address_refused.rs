//! Who may not come in, doesn't, whatever they bring.

use crate::probe::answer::Came;
use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, close};
use crate::probe::local;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("address-refused", "from an address that is not allowed, nobody gets in");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let target = probe.target;
    let allow = match &target.allow {
        None => return Trail::not_testable("it isn't known which addresses the farm lets in"),
        Some(allow) if allow.is_empty() => {
            return Trail::not_testable("the farm lets in every address, as its file says");
        }
        Some(allow) => allow,
    };
    let own = target.seen_from();
    let (bind, from) = match (own, local::refused(target, allow)) {
        (_, Some(address)) => (Some(address), address),
        (Some(own), None) if !allow.iter().any(|it| it.contains(&own)) => (None, own),
        (Some(_), None) => {
            return Trail::not_testable("this machine has only addresses that are allowed");
        }
        (None, None) => {
            return Trail::not_testable("it isn't known which address the farm sees from here");
        }
    };
    let Some(server) = target.servers.first() else {
        return Trail::not_testable("no server is known");
    };
    let proved = footing.any().ok();
    let server = proved.map_or(server, |it| it.server);
    let ask = Ask::initialize(target, server);
    let ask = match proved.map(|it| it.proof.prove(target, ask.clone())) {
        Some(Ok(ask)) => ask,
        _ => ask,
    };
    let came = probe.ask_from(bind, &ask.bytes());
    close(probe, proved.map(|it| it.proof).as_ref(), server, &came);
    let sent = format!("POST {} from {from}", server.path);
    let told = probe.words(&came);
    let mut trail = Trail::default();
    match &came {
        Came::NoConnection(_) | Came::Closed | Came::Silence => trail.held(sent, told),
        Came::Answer(answer) => trail.judge(answer.status == 403, sent, told),
        Came::Noise(_) | Came::Spent => trail.unclear(sent, told, "what came says nothing"),
    }
    trail
}
