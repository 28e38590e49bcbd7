//! `dead-configuration`: settings that can't take effect.
//!
//! Rules of a listener that an earlier one takes everything from, and parts of a task definition that
//! Fargate, or the way its containers are networked, doesn't have.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Listener, ListenerRule, Model, TaskDefinition};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "dead-configuration",
        severity: Severity::Low,
        title: "a setting can never take effect",
        why: "Whoever reads it believes in a path, a volume or a privilege that isn't there, and \
              builds on it. Some of it AWS refuses when it is applied, and some it takes without a \
              word: a rule that never matches answers nobody.",
        page: include_str!("../../../../docs/rules/dead-configuration.md"),
    },
    run,
};

/// How many rules of one listener are compared; AWS's quota is 100 a load balancer.
const MOST_RULES: usize = 512;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let rules = model.listeners.values().flat_map(dead_rules);
    let definitions = model.task_definitions.iter();
    let tasks = definitions.filter_map(|(key, it)| of_task(model, key, it));
    rules.chain(tasks).collect()
}

/// The rules of a listener before which another stands that takes all that they would.
fn dead_rules(listener: &Listener) -> Vec<Finding> {
    let mut rules: Vec<&ListenerRule> =
        listener.rules.iter().filter(|rule| rule.priority.is_some()).take(MOST_RULES).collect();
    rules.sort_by_key(|rule| rule.priority);
    let mut found = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..at).unwrap_or_default().iter();
        let mut earlier = earlier.filter(|it| it.priority != rule.priority);
        let Some(taker) = earlier.find(|earlier| takes_all_of(earlier, rule)) else { continue };
        let (own, other) = (&rule.origin.key, &taker.origin.key);
        let title = format!("{own} never matches: {other} comes first and takes all that it would");
        let fix = "give the narrower rule the lower priority, or drop it";
        let origins = [own.clone(), other.clone(), listener.key.clone()];
        found.push(RULE.info.finding(Severity::Low, origins, title, fix));
    }
    found
}

/// Whether every request that fits the later rule fits the earlier one.
fn takes_all_of(earlier: &ListenerRule, later: &ListenerRule) -> bool {
    // What isn't known of a rule, or is of another kind, narrows it nobody knows how.
    if !earlier.other_conditions.is_empty() {
        return false;
    }
    let all = |wide: &[String], narrow: &[String], fold: bool| {
        wide.is_empty()
            || (!narrow.is_empty()
                && narrow.iter().all(|narrow| wide.iter().any(|wide| covers(wide, narrow, fold))))
    };
    // Every path begins with a slash.
    let any_path = earlier.paths.iter().any(|path| path == "*" || path == "/*");
    let sources = earlier.sources.is_empty()
        || (!later.sources.is_empty()
            && later
                .sources
                .iter()
                .all(|narrow| earlier.sources.iter().any(|wide| wide.contains(narrow))));
    sources
        && (any_path || all(&earlier.paths, &later.paths, false))
        && all(&earlier.hosts, &later.hosts, true)
}

/// Whether a pattern fits all that another fits, as far as that is plain: the same pattern, or a text
/// with one `*` at its end that the other begins with. Hosts don't tell capitals apart, paths do.
fn covers(wide: &str, narrow: &str, fold: bool) -> bool {
    let same = |a: &str, b: &str| if fold { a.eq_ignore_ascii_case(b) } else { a == b };
    if wide == "*" || same(wide, narrow) {
        return true;
    }
    let Some(start) = wide.strip_suffix('*').filter(|start| !start.contains(['*', '?'])) else {
        return false;
    };
    narrow.get(..start.len()).is_some_and(|head| same(head, start) && !head.contains(['*', '?']))
}

fn of_task(model: &Model, key: &Key, definition: &TaskDefinition) -> Option<Finding> {
    let mut dead: BTreeSet<String> = BTreeSet::new();
    if runs_on_fargate(model, key, definition) {
        let of_host =
            definition.volumes.iter().filter(|it| matches!(it.host_path.get(), Some(Some(_))));
        dead.extend(of_host.filter_map(|volume| {
            Some(format!(
                "the volume `{}` is a path of a host, and Fargate has none",
                volume.name.get()?
            ))
        }));
        for container in definition.containers.get().into_iter().flatten() {
            if container.run.privileged {
                dead.insert(format!(
                    "`{}` is privileged, which Fargate doesn't have",
                    container.name
                ));
            }
        }
    }
    if definition.network_mode.get().is_some_and(|mode| mode.as_deref() == Some("awsvpc")) {
        for container in definition.containers.get().into_iter().flatten() {
            if !container.run.links.is_empty() {
                let name = &container.name;
                dead.insert(format!(
                    "`{name}` has links, which `awsvpc` doesn't have: all are on localhost"
                ));
            }
        }
    }
    if dead.is_empty() {
        return None;
    }
    let title = format!(
        "settings of {} have no effect, or ECS refuses them: {}",
        services_of(model, key),
        listed(dead)
    );
    let fix = "take them out; on Fargate a volume without a host path is empty and lasts as long as the \
               task, and what has to last longer is on EFS";
    Some(RULE.info.finding(Severity::Low, [key.clone()], title, fix))
}

fn runs_on_fargate(model: &Model, key: &Key, definition: &TaskDefinition) -> bool {
    let runs = |of: &Option<Key>| of.as_ref() == Some(key);
    let services = model.services.values();
    let mut services = services.filter(|it| it.task_definition.get().is_some_and(runs));
    definition.for_fargate.known() == Some(&true)
        || services.any(|it| it.fargate.known() == Some(&true))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_pattern_covers_what_begins_alike() {
        assert!(covers("*", "/a", false));
        assert!(covers("/a/*", "/a/b", false));
        assert!(covers("/a/*", "/a/*/c", false));
        assert!(covers("/a*", "/a/*", false));
        assert!(covers("A.example.com", "a.example.com", true));
        for (wide, narrow) in [
            ("/a", "/a/b"),
            ("/a/*", "/a"),
            ("/a/*", "/*"),
            ("/a/?*", "/a/bc"),
            ("/a/b*", "/a/?c"),
            ("/A/*", "/a/b"),
        ] {
            assert!(!covers(wide, narrow, false), "{wide} {narrow}");
        }
    }
}
