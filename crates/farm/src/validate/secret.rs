//! Secrets where none have a place: in environment variables and commands.
//!
//! It looks at the tree and not at the types, so that a file with other mistakes hides its secrets
//! all the same.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Node, Scope};
use crate::diagnostic::{Diagnostic, quoted};
use crate::record::Word;
use crate::word::SecretRef;
use crate::yaml::Value;

/// What names of secrets end with.
const ENDINGS: [&str; 8] =
    ["_KEY", "_TOKEN", "_PASS", "_PWD", "APIKEY", "_CREDENTIAL", "_CREDENTIALS", "PASSPHRASE"];

/// What names of secrets hold.
const PARTS: [&str; 3] = ["PASSWORD", "PASSWD", "SECRET"];

/// What names end with whose value is about a secret, and is none.
const ABOUT: [&str; 9] =
    ["_FILE", "_PATH", "_ARN", "_NAME", "_HEADER", "_URL", "_LENGTH", "_TTL", "PUBLIC_KEY"];

/// What well-known secrets begin with, how many characters they have at least, and what they are.
const BEGINNINGS: [(&str, usize, &str); 18] = [
    ("Bearer ", 10, "a token"),
    ("AKIA", 20, "an access key of AWS"),
    ("ASIA", 20, "an access key of AWS"),
    ("ghp_", 20, "a token of GitHub"),
    ("gho_", 20, "a token of GitHub"),
    ("ghs_", 20, "a token of GitHub"),
    ("ghu_", 20, "a token of GitHub"),
    ("github_pat_", 20, "a token of GitHub"),
    ("glpat-", 20, "a token of GitLab"),
    ("sk-", 20, "an API key"),
    ("sk_live_", 16, "an API key"),
    ("xoxb-", 16, "a token of Slack"),
    ("xoxp-", 16, "a token of Slack"),
    ("AIza", 35, "an API key of Google"),
    ("eyJ", 30, "a signed token"),
    ("-----BEGIN", 10, "a private key"),
    ("fg_", 59, "a key of a farm"),
    ("{\"version\":1,\"sign\":", 40, "the keys of a gate"),
];

/// A place in which there is a secret.
struct Found<'a> {
    /// What to mark: the variable's key, or the item of a command.
    mark: Range<usize>,
    /// What is never shown.
    value: Range<usize>,
    /// The variable; none in a command.
    variable: Option<&'a str>,
    /// What the value is, if it shows.
    what: Option<&'static str>,
}

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for found in all(scope.root) {
        problems.push(problem(scope, &found));
    }
    for task in tasks(scope.root) {
        twice(task, problems);
        if let Some((_, local)) = task.entry("local") {
            twice(local, problems);
        }
    }
}

/// The parts of the file that are never shown: also where no environment is meant to be, as under
/// a misspelt key.
pub(super) fn hidden(root: &Node) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = all(root).into_iter().map(|found| found.value).collect();
    elsewhere(root, &mut hidden);
    hidden
}

fn elsewhere(node: &Node, hidden: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Scalar(scalar) => {
            if is_secret(&scalar.text).is_some() {
                hidden.push(node.span.clone());
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| elsewhere(item, hidden)),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                // The farm's own keys are in lower case.
                let name = key.scalar().map(|key| key.text.as_str()).unwrap_or_default();
                let variable = !name.chars().any(|c| c.is_ascii_lowercase());
                match value.scalar() {
                    Some(scalar)
                        if variable
                            && !scalar.text.is_empty()
                            && is_name_of_secret(name)
                            && SecretRef::parse(&scalar.text).is_err() =>
                    {
                        hidden.push(value.span.clone());
                    }
                    _ => elsewhere(value, hidden),
                }
            }
        }
        Value::Refused => {}
    }
}

fn problem(scope: &Scope<'_>, found: &Found<'_>) -> Diagnostic {
    let farm = if scope.farm.at.sound(&["farm"]) { scope.farm.farm.as_str() } else { "FARM" };
    let Some(variable) = found.variable else {
        let title = format!("an argument looks like {}", found.what.unwrap_or("a secret"));
        return Diagnostic::error("secret-in-command", title).at(&found.mark, "").help(
            "keep it in Secrets Manager, hand it over in a variable under `secrets`, and replace \
             it: whoever reads this file has it",
        );
    };
    let title = match found.what {
        Some(what) => format!("the value of {} looks like {what}", quoted(variable)),
        None => format!("{} looks like a secret", quoted(variable)),
    };
    let name = variable.to_ascii_lowercase().replace('_', "-");
    Diagnostic::error("secret-in-environment", title).at(&found.mark, "").help(format!(
        "keep it in Secrets Manager, and write under `secrets`: `{variable}: \
         \"secretsmanager:{farm}/{name}\"`"
    ))
}

/// All secrets in environments and commands.
fn all(root: &Node) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for task in tasks(root) {
        let local = task.entry("local").map(|(_, local)| local);
        let check = task.entry("check").map(|(_, check)| check);
        for holder in [Some(task), local].into_iter().flatten() {
            if let Some((_, environment)) = holder.entry("environment") {
                found.extend(entries(environment).iter().filter_map(variable));
            }
        }
        for holder in [Some(task), local, check].into_iter().flatten() {
            if let Some((_, command)) = holder.entry("command") {
                found.extend(items(command).iter().filter_map(argument));
            }
        }
    }
    found
}

/// The mappings of all servers and services.
fn tasks(root: &Node) -> impl Iterator<Item = &Node> {
    let lists = ["servers", "services"].into_iter().filter_map(|key| root.entry(key));
    lists.flat_map(|(_, list)| entries(list)).map(|(_, task)| task)
}

fn entries(node: &Node) -> &[(Node, Node)] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::Sequence(items) => items,
        _ => &[],
    }
}

fn variable((key, value): &(Node, Node)) -> Option<Found<'_>> {
    let name = key.scalar()?.text.as_str();
    let text = value.scalar()?.text.as_str();
    let what = is_secret(text);
    let named = is_name_of_secret(name) && !matches!(text, "" | "true" | "false");
    (what.is_some() || named).then(|| Found {
        mark: key.mark(),
        value: value.span.clone(),
        variable: Some(name),
        what,
    })
}

fn argument(item: &Node) -> Option<Found<'_>> {
    let text = item.scalar()?.text.as_str();
    // `--token=ghp_...` too.
    let value = text.split_once('=').map_or(text, |(_, value)| value);
    let what = Some(is_secret(text).or_else(|| is_secret(value))?);
    Some(Found { mark: item.mark(), value: item.span.clone(), variable: None, what })
}

fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let secret = ENDINGS.iter().any(|ending| name.ends_with(ending))
        || PARTS.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "KEY" | "TOKEN");
    secret && !ABOUT.iter().any(|ending| name.ends_with(ending))
}

fn is_secret(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let word = text.split_whitespace().next().unwrap_or_default();
    let known = BEGINNINGS.into_iter().find(|(beginning, length, _)| {
        text.starts_with(beginning) && word.len().max(text.len().min(10)) >= *length
    });
    let known = known.map(|(_, _, what)| what);
    // A signed token has three parts.
    let known = known.filter(|_| !text.starts_with("eyJ") || text.matches('.').count() == 2);
    known.or_else(|| has_password(text).then_some("a URL with a password"))
}

/// `postgres://user:password@host`.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
    // `${DB_PASSWORD}` is filled in elsewhere.
    password.is_some_and(|password| !password.is_empty() && !password.starts_with(['$', '<', '{']))
}

/// A variable that is both plain and secret.
fn twice(holder: &Node, problems: &mut Vec<Diagnostic>) {
    let (Some((_, environment)), Some((_, secrets))) =
        (holder.entry("environment"), holder.entry("secrets"))
    else {
        return;
    };
    let name = |key: &Node| key.scalar().map(|key| key.text.clone()).unwrap_or_default();
    let secrets: BTreeMap<String, &Node> =
        entries(secrets).iter().map(|(key, _)| (name(key), key)).collect();
    for (key, _) in entries(environment) {
        let name = name(key);
        if let Some(other) = secrets.get(&name) {
            let title = format!("{} is there as a secret too", quoted(&name));
            let problem = Diagnostic::error("duplicate", title)
                .at(&key.mark(), "")
                .context(&other.mark(), "the secret");
            problems.push(problem.help("remove it here"));
        }
    }
}
