//! Rules of SARIF: the catalogue with its pages, and the kinds of statements.

use std::collections::BTreeMap;

use farmgate_audit::report::{Family, Severity, Statement, Verdict};
use farmgate_audit::rules::catalogue;
use serde_json::{Value, json};

use super::shortened;

/// What GitHub takes of a description.
const DESCRIPTION: usize = 1024;

/// The rules of a run, by their place in its list.
pub(super) struct Rules {
    list: Vec<Value>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    pub(super) fn new() -> Self {
        let mut rules = Self { list: Vec::new(), places: BTreeMap::new() };
        for rule in catalogue() {
            let uri = format!("{}/blob/main/docs/rules/{}.md", repository(), rule.id);
            let level = level(rule.severity);
            rules.add(
                rule.id,
                json!({
                    "id": rule.id,
                    "name": rule.id,
                    "shortDescription": { "text": shortened(rule.title, DESCRIPTION) },
                    "fullDescription": { "text": shortened(rule.why, DESCRIPTION) },
                    "help": { "text": format!("{}\n{uri}", rule.why), "markdown": rule.page },
                    "helpUri": uri,
                    "defaultConfiguration": { "level": level },
                    "properties": {
                        "security-severity": score(rule.severity),
                        "problem.severity": problem(level),
                        "precision": "very-high",
                        "tags": ["security", "aws"],
                    },
                }),
            );
        }
        rules
    }

    fn add(&mut self, id: &str, rule: Value) {
        self.places.insert(id.to_owned(), self.list.len());
        self.list.push(rule);
    }

    /// The place of a rule of the catalogue; none of one that this version doesn't have.
    pub(super) fn of(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The id and the place of the rule for a statement's kind, which is made if need be.
    pub(super) fn of_statement(&mut self, statement: &Statement) -> (String, usize) {
        let kind = kind(statement);
        let id = format!("statement/{kind}");
        if let Some(place) = self.of(&id) {
            return (id, place);
        }
        let (what, why) = words(kind, statement.family);
        let mut properties = json!({
            "problem.severity": "error",
            "precision": "very-high",
            "tags": [statement.family.to_string(), "aws"],
        });
        // What keeps a service from starting is wrong, and nobody gets in by it.
        if statement.family != Family::Life
            && let Some(object) = properties.as_object_mut()
        {
            object.insert("security-severity".to_owned(), json!(score(Severity::High)));
            object.insert(
                "tags".to_owned(),
                json!([statement.family.to_string(), "security", "aws"]),
            );
        }
        let rule = json!({
            "id": id,
            "name": id,
            "shortDescription": { "text": what },
            "fullDescription": { "text": why },
            "help": { "text": why, "markdown": why },
            "helpUri": format!("{}/blob/main/docs/json.md#statement", repository()),
            "defaultConfiguration": { "level": "error" },
            "properties": properties,
        });
        self.add(&id, rule);
        let place = self.list.len().saturating_sub(1);
        (id, place)
    }

    pub(super) fn finish(self) -> Vec<Value> {
        self.list
    }
}

fn repository() -> &'static str {
    env!("CARGO_PKG_REPOSITORY")
}

/// The kind of a statement: what stands before the resource in its id.
pub(super) fn kind(statement: &Statement) -> &str {
    statement.id.split(':').next().unwrap_or_default()
}

/// SARIF's word for a severity.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// SARIF's word for a statement that counts: an unknown one is doubt, and not shown to be false.
pub(super) fn level_of(statement: &Statement) -> &'static str {
    if statement.verdict == Verdict::Unknown { "warning" } else { "error" }
}

/// CodeQL's word for a level, which GitHub shows where there is no severity.
fn problem(level: &str) -> &'static str {
    match level {
        "error" => "error",
        "warning" => "warning",
        _ => "recommendation",
    }
}

/// A number within the span that GitHub shows as this severity: above 9.0 critical, from 7.0 high,
/// from 4.0 medium, below low. Something only worth knowing has the least there is.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.1",
    }
}

/// What a kind of statement says, and what it means that it is refuted.
fn words(kind: &str, family: Family) -> (String, &'static str) {
    let what = match kind {
        "only-through-ingress" => "a service is reached from the internet through its ingress only",
        "closed-to-network" => "in its network a service is reached by what is meant to only",
        "not-passed-by" => "a load balancer is reached through what stands before it only",
        "authenticates" => "callers from the internet are authenticated",
        "encrypted" => "every hop from the internet to a service is encrypted",
        "pulls-image" => "a service can pull its images",
        "ships-logs" => "a service can ship its logs",
        "reaches-targets" => "a front reaches what it forwards to",
        "reaches-what-it-names" => "a service reaches what its configuration names",
        "reaches-verifiers" => "a gate reaches those that it asks about callers",
        "endpoint-answers" => "a VPC endpoint is reached by those who need it",
        "expectation" => "what the team expects of who reaches whom",
        other => return (format!("{family}: {}", other.replace('-', " ")), because(family)),
    };
    (what.to_owned(), because(family))
}

fn because(family: Family) -> &'static str {
    match family {
        Family::Expectation => {
            "An expectation that somebody wrote down is false, or can't be shown to be true. The path \
             and the settings on it are in the result."
        }
        Family::Isolation => {
            "Something is reached by more than it is meant to be. A packet that shows it, and every \
             setting that lets it pass, are in the result."
        }
        Family::Life => {
            "Something that a service needs in order to start or to be healthy can't be reached. The \
             settings that would have to change are in the result."
        }
        Family::Trust => {
            "Callers aren't authenticated, or what they say isn't encrypted, on a way from the \
             internet. The hops in question are in the result."
        }
    }
}
