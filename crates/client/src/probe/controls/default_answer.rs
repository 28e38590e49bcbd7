//! Where no server is, the farm's one answer is, to everybody.

use wildmatch::WildMatch;

use crate::probe::answer::Answer;
use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::target::Target;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// Paths at which others have had something to find.
const PATHS: [&str; 7] = [
    "/farmgate-probe-nothing-here",
    "/",
    "/metrics",
    "/ready",
    "/admin",
    "/.env",
    "/.well-known/farmgate-probe",
];

control!("default-answer", "where no server is, the answer is the one that is configured");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let target = probe.target;
    let mut trail = Trail::default();
    let free = PATHS.iter().filter(|path| !leads_somewhere(target, path));
    for path in free {
        let ask = Ask::new(target, "GET", path);
        let came = probe.ask(&ask.bytes());
        let told = probe.words(&came);
        match came.answer() {
            Some(answer) => trail.judge(is_default(target, answer), ask.words(), told),
            None => trail.unclear(ask.words(), told, "nothing came that says what is configured"),
        }
    }
    trail
}

/// Whether an answer is the one of the farm's file; if that isn't known, one that gives nothing away.
pub(super) fn is_default(target: &Target, answer: &Answer) -> bool {
    match &target.default {
        Some(default) => {
            let body = default.body.as_bytes().trim_ascii();
            answer.status == default.status && answer.body.trim_ascii() == body
        }
        None => matches!(answer.status, 401 | 403 | 404) && answer.body.len() <= 1024,
    }
}

fn leads_somewhere(target: &Target, path: &str) -> bool {
    target.servers.iter().any(|server| WildMatch::new(&server.route).matches(path))
}
