//! The clean example, and what is found in a plan.

use std::path::{Path, PathBuf};

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::Report;
use farmgate_aws::import::{Input, import};
use serde_json::Value;

/// A path in this crate.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The clean example's plan.
pub(crate) fn clean() -> Value {
    let text = std::fs::read(here("../../examples/clean-farm/plan.json")).expect("the plan");
    serde_json::from_slice(&text).expect("a plan in JSON")
}

/// What is to be said of a plan.
pub(crate) fn report(plan: &Value) -> Result<Report, String> {
    let bytes = serde_json::to_vec(plan).map_err(|error| error.to_string())?;
    let model = import(&[Input { name: "plan.json", bytes: &bytes }])
        .map_err(|errors| format!("it cannot be read: {errors:?}"))?;
    check(&model, &Options::default()).map_err(|problems| format!("{problems:?}"))
}

/// `high target-open-to-network aws_security_group.python`
pub(crate) fn findings(report: &Report) -> String {
    let lines = report.findings.iter().map(|finding| {
        format!("{} {} {}\n", finding.severity, finding.rule, finding.origins.join(" "))
    });
    lines.collect()
}
