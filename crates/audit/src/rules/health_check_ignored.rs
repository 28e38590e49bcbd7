//! `health-check-ignored`: health checks that pass although the server doesn't work.
//!
//! A Dockerfile's `HEALTHCHECK`, which ECS ignores, is in no source; what a task definition or a
//! target group says is.

use farmgate_aws::model::{Container, Key, Model, TargetGroup, TaskDefinition};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "health-check-ignored",
        severity: Severity::Low,
        title: "a health check passes although the server fails",
        why: "ECS replaces what its health check calls unhealthy, and a load balancer sends nothing \
              there: a check that can't fail keeps a broken server in service, and a deployment that \
              breaks it counts as done. `curl` without `--fail` is content with a 500.",
        page: include_str!("../../../../docs/rules/health-check-ignored.md"),
    },
    run,
};

/// How many bytes of a command are looked at.
const MOST: usize = 16 * 1024;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter();
    let containers = definitions.filter_map(|(key, it)| of_containers(model, key, it));
    let groups = model.target_groups.values().filter_map(of_target_group);
    containers.chain(groups).collect()
}

fn of_containers(model: &Model, key: &Key, definition: &TaskDefinition) -> Option<Finding> {
    let containers = definition.containers.get()?.iter();
    let told = containers.filter_map(|it| Some(format!("that of `{}` {}", it.name, flaw(it)?)));
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return None;
    }
    let title = format!(
        "a health check of {} can't fail as it should: {}",
        services_of(model, key),
        listed(told)
    );
    let fix = "let the command end with an error for every status from 400 up (`curl --fail`, `wget \
               --spider`), and with nothing that makes it succeed";
    Some(RULE.info.finding(Severity::Low, [key.clone()], title, fix))
}

/// What is wrong with a container's command, in words.
fn flaw(container: &Container) -> Option<&'static str> {
    let (how, words) = container.health_command.split_first()?;
    let text = match how.as_str() {
        "CMD-SHELL" | "CMD" => words.join(" "),
        _ => return None,
    };
    if text.len() > MOST {
        return None;
    }
    let shell = how == "CMD-SHELL";
    if shell && always_succeeds(&text) {
        return Some("always succeeds");
    }
    if ignores_status(&text) {
        return Some("passes on HTTP 500 (`curl` without `--fail`)");
    }
    let asks = ["requests.get(", "httpx.get("].iter().any(|call| text.contains(call));
    let looks = ["raise_for_status", "status", ".ok", "is_success", "is_error", "assert"];
    (asks && !looks.iter().any(|word| text.contains(word)))
        .then_some("passes on HTTP 500 (nothing looks at the status)")
}

/// Whether a list of commands ends in one that succeeds, whatever the others did.
fn always_succeeds(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let leaves = text.contains("exit ") || text.contains("set -e");
    let either = ["|| true", "|| :", "|| exit 0"].iter().find_map(|tail| text.strip_suffix(tail));
    if let Some(before) = either {
        return !before.contains("exit ") && !before.contains("set -e");
    }
    let after = ["; true", "; :"].iter().any(|tail| text.ends_with(tail));
    let ends = text.strip_suffix("; exit 0").is_some_and(|before| !before.contains("exit "));
    (after && !leaves) || (ends && !text.contains("set -e"))
}

/// Whether the first program is `curl`, it asks by HTTP, nothing looks at what it says, and it isn't
/// told to fail for a status.
fn ignores_status(text: &str) -> bool {
    // What comes out, or in, may decide otherwise.
    if text.contains(['`', '>', '<', '$']) || text.replace("||", "").contains('|') {
        return false;
    }
    let first = text.split("||").next().unwrap_or_default();
    if first.contains("&&") || first.contains(';') {
        return false;
    }
    let mut words = first.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let is_curl = words.next().is_some_and(|it| it.rsplit('/').next() == Some("curl"));
    let words: Vec<&str> = words.collect();
    let asks = words.iter().any(|word| word.starts_with("http://") || word.starts_with("https://"));
    let decides = |word: &&str| match (word.strip_prefix("--"), word.strip_prefix('-')) {
        (Some(long), _) => ["fail", "write-out", "config"].iter().any(|it| long.starts_with(it)),
        (None, Some(short)) => short.contains(['f', 'w', 'K']),
        (None, None) => false,
    };
    is_curl && asks && !words.iter().any(|word| decides(word))
}

/// A target group that is content with what says that the server fails, or that it isn't there.
fn of_target_group(group: &TargetGroup) -> Option<Finding> {
    let health = &group.health;
    let by_http = matches!(health.protocol.as_deref(), Some("HTTP" | "HTTPS"));
    if !health.enabled || !by_http || group.protocol_version.as_deref() == Some("GRPC") {
        return None;
    }
    let codes = health.codes.as_deref()?;
    let (key, path) = (&group.key, health.path.as_deref().unwrap_or("/"));
    let title = if accepts(codes, 500..=599)? {
        format!("the health check of {key} takes `{codes}` for healthy: errors of the server too")
    } else if accepts(codes, 404..=404)? {
        format!(
            "the health check of {key} takes `{codes}` for healthy: a server without `{path}` too"
        )
    } else {
        return None;
    };
    let fix = "give the server a path that answers 200 when it works, and let the health check accept \
               that alone";
    Some(RULE.info.finding(Severity::Low, [key.clone()], title, fix))
}

/// Whether `200,400-499` has any of these codes; nothing if it isn't such a list.
fn accepts(codes: &str, wanted: std::ops::RangeInclusive<u16>) -> Option<bool> {
    let mut any = false;
    for part in codes.split(',') {
        let (low, high) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let (low, high): (u16, u16) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        any |= low <= *wanted.end() && high >= *wanted.start();
    }
    Some(any)
}

#[cfg(test)]
mod tests {
    use farmgate_aws::model::Container;

    use super::{accepts, flaw};

    fn of(command: &[&str]) -> Option<&'static str> {
        let health_command = command.iter().map(|&word| word.to_owned()).collect();
        flaw(&Container { health_command, ..Container::default() })
    }

    #[test]
    fn what_passes_on_500_is_found() {
        for text in [
            "curl http://localhost:8000/health || exit 1",
            "curl -s http://localhost:8000/health",
            "/usr/bin/curl -sS -o /dev/null http://localhost/ || exit 1",
            "curl --silent 'http://localhost:8000/health' || exit 1",
            "curl -f http://localhost/health || exit 0",
            "curl -f http://localhost/health || true",
            "curl -f http://localhost/health ; true",
            "wget -q -O - http://localhost/ ; exit 0",
            "python -c \"import requests; requests.get('http://localhost:8000/health')\"",
        ] {
            assert!(of(&["CMD-SHELL", text]).is_some(), "{text}");
        }
        assert!(of(&["CMD", "curl", "http://localhost/"]).is_some());
    }

    #[test]
    fn what_may_fail_is_fine() {
        for text in [
            "curl -f http://localhost:8000/health || exit 1",
            "curl -sf http://localhost/ || exit 1",
            "curl --fail-with-body -s http://localhost/ || exit 1",
            "curl -s http://localhost/ | grep ok || exit 1",
            "test $(curl -s -o /dev/null -w '%{http_code}' http://localhost/) = 200",
            "curl -s -w '%{http_code}' http://localhost/",
            "curl http://localhost/ && test -e /tmp/ready",
            "wget --spider -q http://localhost/ || exit 1",
            "nc -z localhost 8000",
            "python -c \"import urllib.request; urllib.request.urlopen('http://localhost/')\"",
            "python -c \"import requests; requests.get('http://localhost/').raise_for_status()\"",
            "test -e /tmp/ready || exit 1; true",
            "exit 1 || true",
            "",
        ] {
            assert_eq!(of(&["CMD-SHELL", text]), None, "{text}");
        }
        assert_eq!(
            of(&["CMD", "curl", "http://localhost/", "|| true"]),
            of(&["CMD", "curl", "http://a"])
        );
        assert_eq!(of(&["NONE"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn codes_are_lists_of_ranges() {
        assert_eq!(accepts("200,400-499", 404..=404), Some(true));
        assert_eq!(accepts("200, 400 ,406", 404..=404), Some(false));
        assert_eq!(accepts("200-599", 500..=599), Some(true));
        assert_eq!(accepts("any", 500..=599), None);
    }
}
