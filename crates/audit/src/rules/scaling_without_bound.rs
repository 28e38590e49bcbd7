//! `scaling-without-bound`: numbers of tasks that nothing bounds, nothing moves, or that contradict each
//! other.

use farmgate_aws::model::{Key, Model, Note, ScalingPolicy, ScalingTarget};

use super::waf_missing::fronts::only_described;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "scaling-without-bound",
        severity: Severity::Low,
        title: "the number of tasks has no bound, or nothing moves it",
        why: "What the internet can make scale it makes scale, and the bill is what the most tasks cost. \
              A range that nothing moves is worse in another way: it looks like scaling, and under load \
              nothing happens.",
        page: include_str!("../../../../docs/rules/scaling-without-bound.md"),
    },
    run,
};

/// Tasks of one service (Amazon ECS Developer Guide, "Amazon ECS service quotas": tasks per service).
const TASKS: u64 = 5_000;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    model.scaling_targets.values().filter_map(|target| finding(model, target)).collect()
}

fn finding(model: &Model, target: &ScalingTarget) -> Option<Finding> {
    let mut notes: Vec<Note> = Vec::new();
    let mut wrong = Vec::new();
    let mut fixes = Vec::new();
    let (min, max) = (target.min.get().copied(), target.max.get().copied());
    if let Some(max) = max.filter(|max| *max > TASKS) {
        wrong.push(format!(
            "may grow to {max} tasks, more than the {TASKS} of the quota: nothing bounds it"
        ));
        fixes.push("set `max_capacity` to what you would pay for");
    }
    if let Some(key) = target.service.get() {
        if let (Some(min), Some(max), Some(wanted)) = (min, max, desired(model, key))
            && !(min..=max).contains(&wanted)
        {
            wrong.push(format!("keeps {min} to {max} tasks, and {key} asks for {wanted}"));
            fixes.push("let `desired_count` be within the bounds");
        }
        if max > min {
            let (words, fix) = match moved(model, key) {
                Moved::Nothing => {
                    let note = format!("{key} has no scaling policy, since no source shows one");
                    notes.push(note.into());
                    ("is moved by no policy", "add a policy that tracks CPU or requests")
                }
                Moved::OnlyOut => (
                    "only grows: every policy has `disable_scale_in`",
                    "let one of the policies scale in",
                ),
                Moved::Both => ("", ""),
            };
            if !words.is_empty() {
                wrong.push(words.to_owned());
                fixes.push(fix);
            }
        }
    }
    if wrong.is_empty() {
        return None;
    }
    notes.extend(target.service.assumed().cloned());
    let title = format!("{} {}", target.key, listed(&wrong));
    let origins = [target.key.clone()];
    let mut finding = RULE.info.finding(Severity::Low, origins, title, listed(&fixes));
    finding.assumes = notes.iter().map(ToString::to_string).collect();
    Some(finding)
}

/// How many tasks a service asks for at first.
fn desired(model: &Model, service: &Key) -> Option<u64> {
    model.services.get(service)?.desired_count.get().copied().flatten()
}

enum Moved {
    Nothing,
    OnlyOut,
    /// Both ways, or it can't be told.
    Both,
}

fn moved(model: &Model, service: &Key) -> Moved {
    if only_described(model, service) && !model.detection.lists("aws_appautoscaling_policy") {
        return Moved::Both;
    }
    let mut own: Vec<&ScalingPolicy> = Vec::new();
    for policy in model.scaling_policies.values() {
        match policy.service.get() {
            Some(of) if of == service => own.push(policy),
            Some(of) if model.services.contains_key(of) => {}
            // It may be this service's.
            _ => return Moved::Both,
        }
    }
    if own.is_empty() {
        return Moved::Nothing;
    }
    match own.iter().all(|policy| policy.only_out.get() == Some(&true)) {
        true => Moved::OnlyOut,
        false => Moved::Both,
    }
}
