//! Logs, alarms, repositories and rotation; the gate's own image and logs.

use super::{Scope, amazon, container, twice};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{Alarms, Repositories, Rotation};
use crate::word::{Duration, Rate, SecretStore};
use crate::yaml::Value;

/// Secrets Manager's bounds of a schedule, in days.
const ROTATION: std::ops::RangeInclusive<u64> = 1..=1000;

/// The longest name of a repository.
const LONGEST_REPOSITORY: usize = 256;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let farm = scope.farm;
    container::logs(scope, &farm.logs, problems);
    if let Some(logs) = &farm.gate.logs {
        container::logs(scope, logs, problems);
    }
    if let Some(image) = farm.gate.image.as_ref().filter(|_| farm.gate.at.sound(&["image"])) {
        container::image(scope, image, farm.gate.at.of("image"), problems);
    }
    let flows = &farm.network.flow_logs;
    if flows.at.sound(&["retention"]) {
        container::period(flows.retention, flows.at.of("retention"), problems);
    }
    if let Some(alarms) = &farm.alarms {
        self::alarms(scope, alarms, problems);
    }
    repositories(&farm.repositories, problems);
    for rotation in &farm.rotation {
        self::rotation(scope, rotation, problems);
    }
    let secrets = farm.rotation.iter().filter(|rotation| rotation.at.sound(&["secret"]));
    let places = secrets.map(|it| (it.secret.name.as_str(), it.at.of("secret").clone()));
    let title = |secret: &&str| format!("{} is rotated twice", quoted(secret));
    twice(places, title, "remove one", problems);
}

fn alarms(scope: &Scope<'_>, alarms: &Alarms, problems: &mut Vec<Diagnostic>) {
    let at = &alarms.at;
    if let Some(topic) = alarms.topic.as_ref().filter(|_| at.sound(&["topic"])) {
        amazon::arn(scope, topic, &amazon::TOPIC, at.of("topic"), problems);
        if at.has("email") {
            let title = "the addresses would be told by a topic of the farm's own";
            let problem = Diagnostic::error("several-keys", title)
                .at(at.key("email"), "")
                .context(at.key("topic"), "and the alarms tell this one");
            problems.push(problem.help("write either `topic` or `email`"));
        }
    }
    let items = scope.node(&["alarms", "email"]).map(|(_, list)| &list.value);
    for (place, email) in alarms.email.iter().enumerate() {
        let text = email.as_str();
        let good = text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !host.contains('@')
                && text.chars().all(|c| c.is_ascii_graphic() && !",;<>\"".contains(c))
        });
        if !good {
            let title = format!("{} is not an address", quoted(text));
            let mark = match items {
                // None of them was left out.
                Some(Value::Sequence(items)) if items.len() == alarms.email.len() => {
                    items.get(place).map(crate::yaml::Node::mark)
                }
                _ => None,
            };
            let mark = mark.unwrap_or_else(|| at.of("email").clone());
            let problem = Diagnostic::error("bad-email", title).at(&mark, "");
            problems.push(problem.help("write an item for each, as `ops@example.com`"));
        }
    }
    let rates: [(&str, &Option<Rate>); 2] =
        [("errors", &alarms.errors), ("rejected", &alarms.rejected)];
    for (key, rate) in rates {
        if let Some(rate) = rate.filter(|_| at.sound(&[key]))
            && (!rate.per.as_seconds().is_multiple_of(60) || rate.per > Duration::days(1))
        {
            let title = format!("CloudWatch doesn't count for `{}`", rate.per);
            let problem = Diagnostic::error("out-of-range", title).at(at.of(key), "");
            problems.push(problem.help("it counts for whole minutes, up to a day: `10 per 5m`"));
        }
    }
}

fn repositories(repositories: &Repositories, problems: &mut Vec<Diagnostic>) {
    for name in &repositories.create {
        let text = name.as_str();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let part = |it: &str| it.starts_with(ends) && it.ends_with(ends) && it.chars().all(fits);
        let good = (2..=LONGEST_REPOSITORY).contains(&text.len()) && text.split('/').all(part);
        if !good {
            let title = format!("{} is not a repository's name", quoted(text));
            let problem = Diagnostic::error("bad-name", title).at(&name.span, "");
            problems.push(problem.help(
                "write it without registry and tag, with lowercase letters, digits and `._-/`: \
                 `farm/python`",
            ));
        }
    }
    let places = repositories.create.iter().map(|name| (name.as_str(), name.span.clone()));
    twice(places, |name| format!("{} is there twice", quoted(name)), "remove one", problems);
}

fn rotation(scope: &Scope<'_>, rotation: &Rotation, problems: &mut Vec<Diagnostic>) {
    let at = &rotation.at;
    if at.sound(&["secret"]) {
        let secret = &rotation.secret;
        let help = match secret.store {
            SecretStore::SecretsManager if secret.key.is_none() => None,
            SecretStore::SecretsManager => {
                Some("a secret is rotated with all of its keys: leave `#...` out")
            }
            SecretStore::Parameter => Some("Systems Manager rotates nothing"),
            SecretStore::Database => Some("RDS rotates what it manages by itself: remove this"),
        };
        if let Some(help) = help {
            let title = "only secrets of Secrets Manager are rotated by a function";
            let problem = Diagnostic::error("wrong-store", title).at(at.of("secret"), "");
            problems.push(problem.help(help));
        }
    }
    if at.sound(&["function"]) {
        amazon::arn(scope, &rotation.function, &amazon::FUNCTION, at.of("function"), problems);
    }
    let days = rotation.every.as_days();
    if at.sound(&["every"]) && (!ROTATION.contains(&days) || rotation.every != Duration::days(days))
    {
        let title = format!("Secrets Manager doesn't rotate every `{}`", rotation.every);
        let problem = Diagnostic::error("out-of-range", title).at(at.of("every"), "");
        problems.push(problem.help("write `1d` to `1000d`"));
    }
}
