//! A page of a stranger's site, whose name leads to the farm, gets nowhere (DNS rebinding).

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, call};
use crate::probe::proof::Proof;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("foreign-host", "a call whose `Host` is another's is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let target = probe.target;
    let proved = match footing.any() {
        Ok(proved) => proved,
        Err(why) => return Trail::not_testable(why),
    };
    let below = format!("evil.{}", target.host);
    let behind = format!("{}.evil.example.com", target.host);
    let mut trail = Trail::default();
    for host in ["evil.example.com", "169.254.169.254", behind.as_str(), below.as_str()] {
        if host == below && (target.host.parse::<std::net::IpAddr>().is_ok() || target.is_local()) {
            continue;
        }
        // The signature is over the host that is sent: only the name is wrong.
        let ask = Ask::initialize(target, proved.server).instead("host", host);
        let sent =
            format!("{} with {} and `Host: {host}`", ask.words(), proof_words(&proved.proof));
        let came = call(probe, Some(&proved.proof), proved.server, ask);
        trail.weigh(is_refused(&came), sent, &came, probe.words(&came));
    }
    trail
}

fn proof_words(proof: &Proof<'_>) -> &'static str {
    proof.words()
}

/// Whatever is answered, it isn't the server's answer, nor a question for a credential, which would
/// say that the host is taken.
fn is_refused(came: &crate::probe::answer::Came) -> bool {
    !came.got_through() && !came.is(&[401])
}
