//! `gate.limits`: what could never happen as it is written.

use super::Scope;
use crate::diagnostic::{Diagnostic, quoted};

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let (limits, ingress) = (&scope.farm.gate.limits, &scope.farm.ingress);
    let at = &limits.at;
    let (answer, idle) = (&limits.answer, &ingress.idle_timeout);
    let sound = at.sound(&["answer"]) && ingress.at.sound(&["idle_timeout"]);
    // What isn't written ends with the load balancer's patience.
    if sound && at.has("answer") && answer > idle {
        let title = format!("the load balancer waits {idle} and no longer for an answer");
        let problem = Diagnostic::error("out-of-range", title).at(at.of("answer"), "");
        let help = format!("`gate.limits.answer` is at most `ingress.idle_timeout`: {idle}");
        problems.push(problem.help(help));
    }
    let (one, all) = (limits.at_a_time_per_principal.get(), limits.at_a_time.get());
    let sound = at.sound(&["at_a_time", "at_a_time_per_principal"]);
    if sound && at.has("at_a_time") && at.has("at_a_time_per_principal") && one > all {
        let title = format!("one principal would have more than all have: {one} of {all}");
        let problem = Diagnostic::error("out-of-range", title)
            .at(at.of("at_a_time_per_principal"), "")
            .context(at.of("at_a_time"), "all of them");
        problems.push(problem.help(format!("write at most {}", quoted(&all.to_string()))));
    }
}
