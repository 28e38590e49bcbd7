//! `probe.tf`: the task that tries the farm's controls from inside the network.

use super::containers;
use super::hcl::{File, List};
use super::tasks::{self, Of};
use crate::design::Design;

pub(super) fn file(design: &Design) -> File {
    let of = Of::One(&design.probe);
    let logs = || tasks::logs(design, of);
    let containers = design
        .probe
        .containers
        .iter()
        .map(|container| containers::one(container).attr("logConfiguration", logs()));
    let containers = List::new().items(containers).into();
    File::new()
        .comment(
            "The probe: no service runs it. `farmgate probe --from-task` prints the command that starts it\n\
             once, in a private subnet and with a group that nobody admits. What answers it is a finding.",
        )
        .blank()
        .block(tasks::definition(design, of, containers, false))
}
