//! Sizes that Fargate offers, and how many tasks there are.

use std::ops::Range;

use super::{Scope, Task};
use crate::diagnostic::Diagnostic;
use crate::farm::TaskSize;
use crate::record::{Number, Places};

/// The sizes that Fargate offers (Amazon ECS Developer Guide, "Task CPU and memory"): CPU units,
/// least and greatest memory, and the step between, in MiB.
const SIZES: [(u64, u64, u64, u64); 7] = [
    // 512, 1024 and 2048: the step isn't even.
    (256, 512, 2048, 0),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// A task's size, and how many there are.
pub(super) fn check(scope: &Scope<'_>, task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    let own = scope.key(&task.path(&[]));
    size(&task.container.size, &own, problems);
    let scale = &task.container.scale;
    let at = &scale.at;
    let min = scale.min.get();
    let max = scale.max.map_or(min, Number::get);
    if !at.sound(&["min", "max"]) {
        return;
    }
    if max < min {
        problems.push(fewer(at, max, min));
        return;
    }
    let targets = [
        ("cpu", scale.cpu.is_some()),
        ("memory", scale.memory.is_some()),
        ("requests", scale.requests.is_some()),
    ];
    for (key, _) in targets.into_iter().filter(|(_, there)| *there && max == min) {
        let title = format!("{}, so a target for `{key}` does nothing", always(min));
        let problem = Diagnostic::error("useless-key", title).at(at.key(key), "");
        problems.push(problem.help("write a `max` above `min`, or remove it"));
    }
    let desired = task.container.desired.map(Number::get);
    if let Some(desired) = desired.filter(|_| task.container.at.sound(&["desired"]))
        && !(min..=max).contains(&desired)
    {
        let title = if min == max {
            format!("`{desired}` tasks are started, and {}", always(min))
        } else {
            format!("`{desired}` is not from {min} to {max}, the bounds of its scaling")
        };
        let problem = Diagnostic::error("out-of-range", title)
            .at(task.container.at.of("desired"), "")
            .context(&scope.key(&task.path(&["scale"])), "");
        problems.push(problem.help("change it, or `min` or `max` under `scale`"));
    }
}

/// The gate's size, and how many tasks of it there are.
pub(super) fn gate(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let gate = &scope.farm.gate;
    let (min, max) = (gate.min.get(), gate.max.get());
    if gate.at.sound(&["min", "max"]) && max < min {
        problems.push(fewer(&gate.at, max, min));
    }
    size(&gate.size, &scope.key(&["gate"]), problems);
}

fn always(tasks: u64) -> String {
    match tasks {
        1 => "there is always one task".to_owned(),
        tasks => format!("there are always {tasks} tasks"),
    }
}

fn fewer(at: &Places, max: u64, min: u64) -> Diagnostic {
    let title = format!("at most {max} is less than at least {min}");
    let (mark, other) = if at.has("max") { ("max", "min") } else { ("min", "max") };
    let problem = Diagnostic::error("out-of-range", title).at(at.of(mark), "");
    let problem = if at.has(other) { problem.context(at.of(other), "") } else { problem };
    problem.help(format!("write `max: {min}` or more"))
}

fn size(size: &TaskSize, own: &Range<usize>, problems: &mut Vec<Diagnostic>) {
    let (cpu, memory) = (size.cpu.get(), size.memory.get());
    if !size.at.sound(&["cpu", "memory"]) || offered(cpu, memory) {
        return;
    }
    let (title, key) = if SIZES.iter().any(|(it, ..)| *it == cpu) {
        (format!("Fargate offers no {memory} MiB with {cpu} CPU units"), "memory")
    } else {
        (format!("Fargate offers no {cpu} CPU units"), "cpu")
    };
    let other = if key == "memory" { "cpu" } else { "memory" };
    let written = if size.at.has(key) { key } else { other };
    let mark = if size.at.has(written) { size.at.of(written) } else { own };
    let mut problem = Diagnostic::error("bad-size", title).at(mark, "");
    if key == "memory" && written == key && size.at.has(other) {
        problem = problem.context(size.at.of(other), "");
    }
    problems.push(problem.help(match large_enough(cpu, memory) {
        Some((cpu, memory)) => {
            format!("the nearest that is large enough: `cpu: {cpu}`, `memory: {memory}`")
        }
        None => "the largest is `cpu: 16384`, `memory: 122880`".to_owned(),
    }));
}

fn offered(cpu: u64, memory: u64) -> bool {
    large_enough(cpu, memory) == Some((cpu, memory))
}

/// The smallest size with at least so much: by CPU units, then by memory.
fn large_enough(cpu: u64, memory: u64) -> Option<(u64, u64)> {
    SIZES.into_iter().filter(|(units, ..)| *units >= cpu).find_map(|(units, least, most, step)| {
        let wanted = memory.max(least);
        let fitting = match step {
            0 => wanted.next_power_of_two(),
            step => wanted.div_ceil(step) * step,
        };
        (fitting <= most).then_some((units, fitting))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_that_the_developer_guide_lists() {
        let count = |cpu| (1..=122_880_u64).filter(|memory| offered(cpu, *memory)).count();
        assert_eq!([256, 512, 1024, 2048, 4096, 8192, 16384].map(count), [3, 4, 7, 13, 23, 12, 12]);
        assert!(offered(4096, 30720) && offered(8192, 20480) && !offered(8192, 18432));
        assert_eq!(large_enough(256, 3000), Some((512, 3072)));
        assert_eq!(large_enough(300, 512), Some((512, 1024)));
        assert_eq!(large_enough(16384, 122_881), None);
    }
}
