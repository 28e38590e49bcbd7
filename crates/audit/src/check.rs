//! From a model to a report: statements, findings, totals.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Location as Place, Model, Origin, SourceKind};
use farmgate_aws::network::Lowered;

use crate::prices::Prices;
use crate::prove::{Proof, Scope, expected};
use crate::report::{Location, Report, Source, Totals, VERSION, Warning};
use crate::rules;
use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::expect::Expectations;

/// What to check besides the built-in statements and rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The users' expectations: those of the farm file, of a file of their own, or both.
    pub expectations: Vec<Expectations>,
}

/// A selector that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// In which of [`Options::expectations`] it is.
    pub list: usize,
    /// What to say of it.
    pub problem: Diagnostic,
}

/// Proves all statements, runs all rules, and reports.
///
/// # Errors
/// Every selector of the expectations that matches nothing.
pub fn check(model: &Model, options: &Options) -> Result<Report, Vec<Unmatched>> {
    check_by(model, options, &Prices::default())
}

/// The same, by other prices than AWS's list prices.
///
/// # Errors
/// Every selector of the expectations that matches nothing.
pub fn check_by(
    model: &Model,
    options: &Options,
    prices: &Prices,
) -> Result<Report, Vec<Unmatched>> {
    let lowered = Lowered::new(model);
    let proof = Proof::new(model, &lowered);
    let mut statements = proof.statements(&Scope::default());
    let findings = rules::run(&proof, &statements, prices);
    let mut unmatched = Vec::new();
    let mut wanted = Vec::new();
    for (list, expectations) in options.expectations.iter().enumerate() {
        match expected(&proof, expectations, &statements) {
            Ok(proved) => wanted.extend(proved),
            Err(found) => {
                unmatched.extend(found.into_iter().map(|problem| Unmatched { list, problem }));
            }
        }
    }
    if !unmatched.is_empty() {
        return Err(unmatched);
    }
    statements.extend(wanted);
    statements.sort_by_key(|s| (s.verdict, s.family));
    let mut report = Report {
        version: VERSION,
        sources: model.sources.iter().map(source).collect(),
        warnings: model.warnings.iter().map(warning).collect(),
        statements,
        findings,
        accepted: Vec::new(),
        reaches: Vec::new(),
        unmodelled: model
            .unmodelled
            .iter()
            .map(|(kind, keys)| (kind.clone(), keys.len()))
            .collect(),
        locations: BTreeMap::new(),
        totals: Totals::default(),
    };
    report.locations = locations(model, &report);
    report.totals.resources = model.sources.iter().map(|s| s.resources).sum();
    report.recount();
    Ok(report)
}

pub(crate) fn source(source: &farmgate_aws::model::Source) -> Source {
    let kind = match source.kind {
        SourceKind::TerraformPlan => "terraform plan",
        SourceKind::TerraformState => "terraform state",
        SourceKind::CloudFormation => "cloudformation template",
        SourceKind::Described => "aws describe output",
        SourceKind::Live => "aws account",
        SourceKind::FarmFile => "farm file",
    };
    Source { name: source.name.clone(), kind: kind.to_owned(), resources: source.resources }
}

/// Where everything that a report names is written, as far as the sources have lines.
fn locations(model: &Model, report: &Report) -> BTreeMap<String, Location> {
    let because = report.statements.iter().flat_map(|s| s.because.iter().map(|b| &b.origin));
    let on = report.statements.iter().flat_map(|s| &s.on);
    let findings = report.findings.iter().flat_map(|finding| &finding.origins);
    locations_of(model, because.chain(on).chain(findings))
}

/// Where these origins are written, as far as the sources have lines.
pub(crate) fn locations_of<'o>(
    model: &Model,
    origins: impl Iterator<Item = &'o String>,
) -> BTreeMap<String, Location> {
    if model.locations.is_empty() {
        return BTreeMap::new();
    }
    let named: BTreeSet<&String> = origins.collect();
    let place = |text: &String| {
        // An origin prints as its key and, after a space, a path; keys may hold spaces as well.
        let whole = Origin::of(&Key::new(text));
        let parts = text.rsplit_once(' ').map(|(key, path)| Origin::at(&Key::new(key), path));
        let found = model.location(&whole).or_else(|| model.location(&parts?))?;
        let Place { file, line, column } = found;
        let place = Location { file: file.to_string(), line: *line, column: *column };
        Some((text.clone(), place))
    };
    named.into_iter().filter_map(place).collect()
}

fn warning(warning: &farmgate_aws::model::Warning) -> Warning {
    Warning {
        code: warning.code.to_owned(),
        origin: warning.on.as_ref().map(ToString::to_string),
        text: warning.text.clone(),
    }
}
