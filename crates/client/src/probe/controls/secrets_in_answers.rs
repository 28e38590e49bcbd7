//! Nothing that the farm serves has a secret in it.

use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!(
    "secrets-in-answers",
    "no answer has a key, an internal header or a server's address in it"
);

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let (found, answers, bytes) = probe.scan.found();
    if answers == 0 {
        return Trail::not_testable("nothing was answered");
    }
    let sent = format!("looked for {} texts in all that came", probe.scan.wanted());
    let mut trail = Trail::default();
    match found.is_empty() {
        true => trail.held(sent, format!("none of them in {bytes} bytes")),
        false => trail.failed(sent, format!("{} in {bytes} bytes", found.join(", "))),
    }
    trail
}
