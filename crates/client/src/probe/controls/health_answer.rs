//! The health path says that the gate is up, and nothing else.

use farmgate_farm::gate::HEALTH_PATH;

use crate::probe::answer::Answer;
use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

use super::default_answer::is_default;

control!("health-answer", "the health path says that the gate is up, and nothing else");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let mut trail = Trail::default();
    for method in ["GET", "POST"] {
        let ask = Ask::new(probe.target, method, HEALTH_PATH);
        let came = probe.ask(&ask.bytes());
        let told = probe.words(&came);
        let sent = format!("{} without a credential", ask.words());
        match came.answer() {
            // A load balancer that doesn't forward it has its own answer.
            Some(answer) => {
                let held = says_no_more(answer, method) || is_default(probe.target, answer);
                trail.judge(held, sent, told);
            }
            None => trail.unclear(sent, told, "nothing came that says what is configured"),
        }
    }
    trail
}

fn says_no_more(answer: &Answer, method: &str) -> bool {
    match method {
        "GET" => answer.status == 200 && answer.body.trim_ascii() == br#"{"status":"ok"}"#,
        _ => matches!(answer.status, 404 | 405) && answer.body.is_empty(),
    }
}
