//! A report as SARIF 2.1.0, as code scanning reads it.
//!
//! One run. Its rules are the catalogue, and one for each kind of statement that has a result; its
//! results are the findings, the refuted statements and the unknown expectations, that is what may
//! make the exit code 1, and what somebody accepted as suppressed results. Every result has a
//! place in a file, since GitHub shows none without: where a source has no lines (a plan in JSON),
//! the file as a whole, and the resource's address as a logical location. Texts are shortened to
//! what GitHub takes ("SARIF support for code scanning").
//!
//! Nothing is decided here: what is new and what is accepted the report says.

mod fingerprints;
mod locations;
mod results;
mod rules;

use std::path::Path;

use farmgate_audit::report::{Report, Warning};
use serde_json::{Value, json};

use fingerprints::Fingerprints;
use locations::Files;
use rules::Rules;

/// The schema that the output is valid against, by its identifier.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Makes a SARIF log of a report. Absolute names of files below `base` are said relative to it, as
/// code scanning wants them.
#[must_use]
pub fn sarif(report: &Report, base: Option<&Path>) -> Value {
    let files = Files::new(report, base);
    let mut rules = Rules::new();
    let mut fingerprints = Fingerprints::new();
    let results = results::results(report, &files, &mut rules, &mut fingerprints);
    let warnings: Vec<Value> = report.warnings.iter().map(|w| notification(w, &files)).collect();
    let artifacts: Vec<Value> = report
        .sources
        .iter()
        .map(|source| {
            json!({
                "location": files.artifact(&source.name),
                "description": { "text": source.kind },
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "farmgate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.finish(),
            }},
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": warnings,
            }],
            "artifacts": artifacts,
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn notification(warning: &Warning, files: &Files<'_>) -> Value {
    let mut notification = json!({
        "level": "warning",
        "descriptor": { "id": warning.code },
        "message": { "text": warning.text },
    });
    if let (Some(origin), Some(object)) = (&warning.origin, notification.as_object_mut()) {
        object.insert("locations".to_owned(), json!([files.location(origin)]));
    }
    notification
}

/// At most so many characters, the last of them dots if something is missing.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}
