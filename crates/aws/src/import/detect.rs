//! Tells what the bytes of an input are, and says it plainly if they are nothing that is read.
//!
//! Only the top level of a JSON document is looked at here; its parts stay unparsed.

mod json;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Refusal;
use crate::model::SourceKind;

/// The members of a JSON object, unparsed.
pub(crate) type Members<'a> = BTreeMap<Name<'a>, &'a RawValue>;

/// A name in a JSON document, borrowed wherever it holds no escapes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl std::borrow::Borrow<str> for Name<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One JSON object of a text that may hold several, one after the other.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) text: &'a str,
    pub(crate) members: Members<'a>,
}

/// A source, recognized but not yet read.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// `terraform show -json` of a plan.
    Plan(Members<'a>),
    /// `terraform show -json` of a state.
    ShownState(Members<'a>),
    /// A state file.
    StateFile(Members<'a>),
    /// A CloudFormation template, YAML or JSON.
    Template(&'a str),
    /// CDK's `manifest.json`, or its list of assets.
    Manifest(Members<'a>),
    /// What `aws ... describe-*` and its like print: one document, or one after the other.
    Described(Vec<Part<'a>>),
}

impl Found<'_> {
    pub(crate) fn kind(&self) -> SourceKind {
        match self {
            Self::Plan(_) => SourceKind::TerraformPlan,
            Self::ShownState(_) | Self::StateFile(_) => SourceKind::TerraformState,
            Self::Template(_) | Self::Manifest(_) => SourceKind::CloudFormation,
            Self::Described(_) => SourceKind::Described,
        }
    }
}

/// Recognizes an input.
pub(crate) fn read(bytes: &[u8]) -> Result<Found<'_>, Refusal> {
    let text = text::decode(bytes)?;
    if is_yaml_template(text) {
        return Ok(Found::Template(text));
    }
    let (members, rest) = json::members(text)?;
    if rest.is_empty() {
        return kind(text, members);
    }
    // A loop of calls prints their answers one after the other.
    let head = text.get(..text.len() - rest.len()).unwrap_or(text);
    let mut parts = vec![Part { text: head, members }];
    json::further(text, rest, &mut parts)?;
    if parts.iter().any(|part| super::describe::is_described(&part.members)) {
        return Ok(Found::Described(parts));
    }
    Err(json::trailing(text, rest))
}

/// The same in UTF-8, of an input in UTF-16, as PowerShell's `>` writes it; none if it is in UTF-8, or
/// no text.
pub(crate) fn recoded(bytes: &[u8]) -> Option<Vec<u8>> {
    text::recoded(bytes)
}

/// The text of an input that was recognized.
pub(crate) fn text(bytes: &[u8]) -> &str {
    text::decode(bytes).unwrap_or_default()
}

/// How far into a text is looked for what marks a source.
const BEGINNING: usize = 4096;

/// Whether a text that can't be read as a whole begins as a source does.
pub(crate) fn begins_a_source(bytes: &[u8]) -> bool {
    let start = bytes.get(..BEGINNING.min(bytes.len())).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let Some(members) = start.strip_prefix('{') else { return false };
    let mut keys = serde_json::Deserializer::from_str(members).into_iter::<String>();
    let first = keys.next().and_then(Result::ok).unwrap_or_default();
    let marks =
        ["AWSTemplateFormatVersion", "format_version", "terraform_version", "farmgateRequest"];
    marks.iter().any(|mark| start.contains(&format!("\"{mark}\"")))
        || first == "Resources"
        || super::describe::is_member(&first)
}

/// Whether a text that is no JSON has the sections of a CloudFormation template.
fn is_yaml_template(text: &str) -> bool {
    let section =
        |line: &str| line.starts_with("AWSTemplateFormatVersion") || line.starts_with("Resources:");
    !text.trim_start().starts_with(['{', '[']) && text.lines().any(section)
}

fn has(members: &Members<'_>, names: &[&str]) -> bool {
    names.iter().any(|name| members.contains_key(*name))
}

fn kind<'a>(text: &'a str, members: Members<'a>) -> Result<Found<'a>, Refusal> {
    if has(&members, &["AWSTemplateFormatVersion", "Resources"]) {
        return Ok(Found::Template(text));
    }
    if has(&members, &["artifacts"]) && has(&members, &["version"]) {
        return Ok(Found::Manifest(members));
    }
    if has(&members, &["files"]) && has(&members, &["dockerImages"]) && has(&members, &["version"])
    {
        return Ok(Found::Manifest(members));
    }
    if has(&members, &["format_version"]) {
        let plan =
            ["resource_changes", "planned_values", "configuration", "errored", "prior_state"];
        if has(&members, &plan) {
            format_version(&members)?;
            return complete_plan(members);
        }
        if has(&members, &["values"]) {
            format_version(&members)?;
            return Ok(Found::ShownState(members));
        }
        if has(&members, &["provider_schemas"]) {
            return Err(Refusal::new("provider-schemas", "these are provider schemas, not a plan")
                .help("run `terraform show -json FILE` for a plan or a state"));
        }
        return Err(Refusal::new("empty-state", "the state is empty")
            .help("apply first, or give a plan: `terraform show -json FILE`"));
    }
    if has(&members, &["version"]) && has(&members, &["lineage", "serial", "terraform_version"]) {
        return state_file(members);
    }
    if super::describe::is_described(&members) {
        return Ok(Found::Described(vec![Part { text, members }]));
    }
    Err(unknown(&members))
}

fn complete_plan(members: Members<'_>) -> Result<Found<'_>, Refusal> {
    let errored = members.get("errored").is_some_and(|raw| raw.get().trim() == "true");
    if errored {
        return Err(Refusal::new(
            "plan-errored",
            "the plan is incomplete because planning failed; what it holds proves nothing",
        )
        .help("mend the errors that `terraform plan` prints, and plan again"));
    }
    Ok(Found::Plan(members))
}

/// Terraform promises to keep to one major version of the format while it only adds to it.
/// See <https://developer.hashicorp.com/terraform/internals/json-format#format-summary>.
fn format_version(members: &Members<'_>) -> Result<(), Refusal> {
    let raw = members.get("format_version").map_or("", |raw| raw.get());
    let text = raw.trim_matches('"');
    let major = text.split('.').next().and_then(|part| part.parse::<u64>().ok());
    match major {
        Some(0 | 1) => Ok(()),
        _ => Err(Refusal::new(
            "format-version",
            format!("its format version {} is not known; versions 0.x and 1.x are", shown(raw)),
        )
        .help("use a newer farmgate, or an older Terraform")),
    }
}

fn state_file(members: Members<'_>) -> Result<Found<'_>, Refusal> {
    let raw = members.get("version").map_or("", |raw| raw.get());
    if raw.trim() == "4" {
        return Ok(Found::StateFile(members));
    }
    Err(Refusal::new(
        "state-version",
        format!(
            "its state version {} is not known; version 4 is (Terraform 0.12 and later)",
            shown(raw)
        ),
    )
    .help("run `terraform show -json` in its folder, and give what that prints"))
}

fn unknown(members: &Members<'_>) -> Refusal {
    let message = if members.is_empty() {
        "this is an empty JSON object, neither a Terraform plan nor a state".to_owned()
    } else {
        let names: Vec<String> =
            members.keys().take(4).map(|name| format!("`{}`", cut(&name.0, 40))).collect();
        let more = if members.len() > names.len() { " ..." } else { "" };
        format!(
            "this is JSON, but neither a Terraform plan nor a state; it holds {}{more}",
            names.join(", ")
        )
    };
    Refusal::new("not-a-source", message)
        .help("run `terraform show -json FILE` and give what it prints")
}

/// A raw JSON value, short enough to print.
fn shown(raw: &str) -> String {
    format!("`{}`", cut(raw.trim_matches('"'), 20))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    } else {
        let head: String =
            text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{head}...")
    }
}
