//! Results of SARIF: findings, accepted ones, refuted statements and unknown expectations.

use farmgate_audit::report::{Accepted, Family, Finding, Report, Statement, Verdict};
use serde_json::{Map, Value, json};

use super::fingerprints::Fingerprints;
use super::locations::Files;
use super::rules::{Rules, level, level_of};

/// GitHub refuses a result with more locations, and one with more steps.
const LOCATIONS: usize = 1000;

/// All results: statements first, as in the report.
pub(super) fn results(
    report: &Report,
    files: &Files<'_>,
    rules: &mut Rules,
    fingerprints: &mut Fingerprints,
) -> Vec<Value> {
    let against_baseline = report.totals.known_before.is_some();
    let mut all = Vec::new();
    for statement in report.statements.iter().filter(|statement| counts(statement)) {
        let mut result = of_statement(statement, files, rules, fingerprints);
        if against_baseline {
            put(&mut result, "baselineState", baseline_state(statement.known));
        }
        all.push(Value::Object(result));
    }
    let accepted = report.accepted.iter().map(|accepted| (&accepted.finding, Some(accepted)));
    let findings = report.findings.iter().map(|finding| (finding, None)).chain(accepted);
    for (finding, accepted) in findings {
        let mut result = of_finding(finding, files, rules, fingerprints);
        if against_baseline {
            put(&mut result, "baselineState", baseline_state(finding.known));
        }
        if let Some(accepted) = accepted {
            put(&mut result, "suppressions", json!([suppression(accepted)]));
        }
        all.push(Value::Object(result));
    }
    all
}

/// Whether a statement may make the exit code 1.
fn counts(statement: &Statement) -> bool {
    match statement.verdict {
        Verdict::Refuted => true,
        Verdict::Unknown => statement.family == Family::Expectation,
        Verdict::Proved => false,
    }
}

fn baseline_state(known: bool) -> Value {
    json!(if known { "unchanged" } else { "new" })
}

fn suppression(accepted: &Accepted) -> Value {
    let until = accepted.until.as_ref().map(|day| format!(" (until {day})")).unwrap_or_default();
    json!({
        "kind": "external",
        "status": "accepted",
        "justification": format!("{}{until}", accepted.why),
    })
}

fn of_finding(
    finding: &Finding,
    files: &Files<'_>,
    rules: &Rules,
    fingerprints: &mut Fingerprints,
) -> Map<String, Value> {
    let mut text = sentence(&finding.title);
    if !finding.fix.text.is_empty() {
        text.push_str(&format!(" To fix: {}", sentence(&finding.fix.text)));
    }
    let origins: Vec<&str> = finding.origins.iter().map(String::as_str).collect();
    let mut result = base(&finding.rule, rules.of(&finding.rule), &text);
    put(&mut result, "level", json!(level(finding.severity)));
    places(&mut result, &origins, files);
    put(
        &mut result,
        "partialFingerprints",
        fingerprints.next(&finding.rule, origins.iter().copied()),
    );
    put(
        &mut result,
        "properties",
        json!({
            "severity": finding.severity.to_string(),
            "statements": finding.statements,
            "assumes": finding.assumes,
        }),
    );
    result
}

fn of_statement(
    statement: &Statement,
    files: &Files<'_>,
    rules: &mut Rules,
    fingerprints: &mut Fingerprints,
) -> Map<String, Value> {
    let (rule, place) = rules.of_statement(statement);
    let mut text = format!("{}: {}", statement.verdict, sentence(&statement.text));
    if let Some(witness) = &statement.witness {
        text.push_str(&format!(" {} -> {}:{}.", witness.from, witness.to, witness.service));
    }
    for missing in &statement.missing {
        text.push_str(&format!(" Not known: {}.", missing));
    }
    let mut result = base(&rule, Some(place), &text);
    put(&mut result, "level", json!(level_of(statement)));
    // What causes it is where it is mended; what it is about may have no line of its own.
    let causes = statement.because.iter().map(|because| because.origin.as_str());
    let mut origins: Vec<&str> = Vec::new();
    for origin in causes.chain(statement.on.iter().map(String::as_str)) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    places(&mut result, &origins, files);
    put(&mut result, "partialFingerprints", fingerprints.next(&rule, [statement.id.as_str()]));
    if statement.because.len() > 1 {
        put(&mut result, "codeFlows", json!([{ "threadFlows": [flow(statement, files)] }]));
    }
    put(
        &mut result,
        "properties",
        json!({
            "statement": statement.id,
            "family": statement.family.to_string(),
            "verdict": statement.verdict.to_string(),
            "assumes": statement.assumes,
        }),
    );
    result
}

/// The path of a statement: every setting that causes the verdict, in order.
fn flow(statement: &Statement, files: &Files<'_>) -> Value {
    let steps = statement.because.iter().take(LOCATIONS).map(|because| {
        let text = format!("{}: {} {}", because.code, because.origin, because.text);
        json!({ "location": files.said(&because.origin, &text) })
    });
    json!({ "locations": steps.collect::<Vec<Value>>() })
}

fn base(rule: &str, place: Option<usize>, text: &str) -> Map<String, Value> {
    let mut result = Map::new();
    put(&mut result, "ruleId", json!(rule));
    if let Some(place) = place {
        put(&mut result, "ruleIndex", json!(place));
    }
    put(&mut result, "message", json!({ "text": text }));
    result
}

/// The first origin with a line, or the first one, is the place; the others are related to it.
fn places(result: &mut Map<String, Value>, origins: &[&str], files: &Files<'_>) {
    let first = origins.iter().position(|origin| files.has_line(origin)).unwrap_or(0);
    let Some(primary) = origins.get(first) else {
        put(result, "locations", json!([files.whole()]));
        return;
    };
    put(result, "locations", json!([files.location(primary)]));
    let others = origins.iter().enumerate().filter(|(at, _)| *at != first);
    let others = others.take(LOCATIONS).zip(1..).map(|((_, origin), id)| {
        let mut location = files.said(origin, origin);
        if let Some(object) = location.as_object_mut() {
            object.insert("id".to_owned(), json!(id));
        }
        location
    });
    let others: Vec<Value> = others.collect();
    if !others.is_empty() {
        put(result, "relatedLocations", json!(others));
    }
}

/// A text as a sentence: with a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

fn put(result: &mut Map<String, Value>, name: &str, value: Value) {
    result.insert(name.to_owned(), value);
}
