//! A plan in JSON: the resources that there will be once it is applied.
//!
//! Read from `resource_changes`; what a plan does not touch at all (data sources already read,
//! resources left out by `-target`) comes from `prior_state`.
//! See <https://developer.hashicorp.com/terraform/internals/json-format#plan-representation>.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::Refusal;
use super::super::detect::{Members, Name};
use super::address::Index;
use super::config::Say;
use super::raw::{self, Action, Census, Packed, Parsed, Raw, hide, object, pick};
use super::{config, schema, state};
use crate::model::{SourceKind, Warning};

#[derive(Deserialize)]
struct ChangeText<'a> {
    #[serde(borrow)]
    address: Name<'a>,
    #[serde(borrow, default)]
    previous_address: Option<Name<'a>>,
    #[serde(borrow, default)]
    module_address: Option<Name<'a>>,
    #[serde(borrow)]
    mode: Name<'a>,
    #[serde(borrow, rename = "type")]
    kind: Name<'a>,
    #[serde(borrow)]
    name: Name<'a>,
    #[serde(default)]
    index: Value,
    #[serde(borrow, default)]
    provider_name: Option<Name<'a>>,
    #[serde(borrow, default)]
    deposed: Option<Name<'a>>,
    #[serde(borrow)]
    change: Change<'a>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    actions: Vec<Name<'a>>,
    #[serde(borrow, default)]
    before: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after_unknown: Option<&'a RawValue>,
    #[serde(borrow, default)]
    before_sensitive: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after_sensitive: Option<&'a RawValue>,
}

/// What becomes of a resource.
enum Fate {
    Is(Action),
    /// Terraform lets go of it, but it stays as it was.
    Forgotten,
    Gone,
}

/// Reads a plan.
pub(super) fn parse(name: &str, members: &Members<'_>) -> Result<Parsed, Refusal> {
    let mut census = Census::default();
    let mut resources = Vec::new();
    let mut mentioned = HashSet::new();
    let mut deleted = Vec::new();
    let mut unsettled = BTreeSet::new();
    if let Some(raw) = members.get("resource_changes") {
        let changes: Option<Vec<ChangeText<'_>>> = serde_json::from_str(raw.get())
            .map_err(|error| malformed("resource_changes", &error))?;
        for change in changes.unwrap_or_default() {
            let provider = change.provider_name.as_ref().map_or("", |name| &name.0);
            let gone = matches!(fate(&change.change.actions), Fate::Gone);
            census.add(&change.kind.0, gone || change.mode.0 == "data", provider)?;
            mentioned.insert(change.address.0.clone().into_owned());
            if gone && change.deposed.is_none() {
                deleted.push(change.address.0.clone().into_owned());
            }
            deleted.extend(removed(&change));
            if let Some(Name(previous)) = &change.previous_address {
                mentioned.insert(previous.clone().into_owned());
            }
            unsettled_of(&change, &mut unsettled);
            if change.deposed.is_none() {
                resources.extend(
                    resource(&change).map_err(|error| malformed("resource_changes", &error))?,
                );
            }
        }
    }
    if let Some(raw) = members.get("prior_state") {
        let prior = state::shown(raw, &mut census, &|address| !mentioned.contains(address))
            .map_err(|error| error.into_refusal("prior_state"))?;
        resources.extend(prior);
    }
    census.check("plan")?;
    let config = match members.get("configuration") {
        Some(raw) => Some(
            config::parse(raw, members.get("variables").copied())
                .map_err(|error| malformed("configuration", &error))?,
        ),
        None => None,
    };
    let config = config.map(|mut config| {
        config.locals_hold_more = hold_more(&config.root, false, &unsettled);
        config
    });
    let warnings = warnings(name, members);
    let kind = SourceKind::TerraformPlan;
    Ok(Parsed {
        name: name.to_owned(),
        kind,
        resources,
        config,
        gone: deleted,
        managed: census.managed,
        warnings,
    })
}

/// `aws_lb.b` with the paths of what of it is not known yet: `load_balancer.target_group_arn`.
fn unsettled_of(change: &ChangeText<'_>, into: &mut BTreeSet<(String, String)>) {
    let raw = change.change.after_unknown.filter(|raw| raw.get().len() > 2);
    let mask = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let Some(mask) = mask else { return };
    unsettled(&mask, "", &format!("{}.{}", change.kind.0, change.name.0), into);
}

fn unsettled(mask: &Value, path: &str, name: &str, into: &mut BTreeSet<(String, String)>) {
    match mask {
        Value::Bool(true) => {
            into.insert((name.to_owned(), path.to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| unsettled(item, path, name, into)),
        Value::Object(members) => {
            for (member, mask) in members {
                let dot = if path.is_empty() { "" } else { "." };
                unsettled(mask, &format!("{path}{dot}{member}"), name, into);
            }
        }
        _ => {}
    }
}

/// Whether an attribute that a local value may decide is not known yet. Names are known before, so
/// attributes that take the name of a role count in any case.
fn hold_more(
    module: &config::Module,
    called: bool,
    unsettled: &BTreeSet<(String, String)>,
) -> bool {
    let open = |(it, say): &((String, String), Say)| {
        let (name, path) = it;
        let around = path.match_indices('.').filter_map(|(at, _)| path.get(..at));
        let mut around = around.chain([path.as_str()]);
        let within = |other: &&(String, String)| {
            let rest = other.1.strip_prefix(path.as_str());
            other.0 == *name && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let counts = called || *say == Say::Local;
        counts
            && (path.contains("role")
                || path.contains("profile")
                || around.any(|path| unsettled.contains(&(name.clone(), path.to_owned())))
                || unsettled
                    .range(it.clone()..)
                    .nth(usize::from(unsettled.contains(it)))
                    .as_ref()
                    .is_some_and(within))
    };
    let mut calls = module.calls.values();
    module.vague.iter().any(open) || calls.any(|call| hold_more(&call.module, true, unsettled))
}

fn warnings(name: &str, members: &Members<'_>) -> Vec<Warning> {
    let complete = members.get("complete").is_none_or(|raw| raw.get().trim() != "false");
    if complete {
        return Vec::new();
    }
    let text = format!(
        "the plan {name} is incomplete (`-target`, deferred actions, or nothing left to apply); what it leaves out is read from its prior state"
    );
    vec![Warning { code: "plan-incomplete", text, on: None }]
}

pub(super) fn malformed(part: &str, error: &serde_json::Error) -> Refusal {
    let whole = error.to_string();
    let what: String =
        whole.split(" at line ").next().unwrap_or_default().chars().take(120).collect();
    Refusal::new("malformed", format!("its `{part}` is not as Terraform writes it: {what}"))
        .help("was it edited by hand or by another tool?")
}

fn fate(actions: &[Name<'_>]) -> Fate {
    let has = |wanted: &str| actions.iter().any(|action| action.0 == wanted);
    match (has("create"), has("delete")) {
        (true, true) => Fate::Is(Action::Replace),
        (true, false) => Fate::Is(Action::Create),
        (false, true) => Fate::Gone,
        (false, false) if has("update") => Fate::Is(Action::Update),
        (false, false) if has("read") => Fate::Is(Action::Read),
        (false, false) if has("forget") => Fate::Forgotten,
        (false, false) => Fate::Is(Action::Keep),
    }
}

/// `TYPE ID` of a thing that won't be there any more: another source may show it by its id.
fn removed(change: &ChangeText<'_>) -> Option<String> {
    let removes = matches!(fate(&change.change.actions), Fate::Gone | Fate::Is(Action::Replace));
    let before = object(pick(change.change.before.filter(|_| removes), &["id"]).ok()?);
    before.get("id")?.as_str().map(|id| raw::thing(&change.kind.0, id))
}

fn resource(change: &ChangeText<'_>) -> Result<Option<Raw>, serde_json::Error> {
    let data = change.mode.0 == "data";
    let Some(attributes) = schema::attributes(&change.kind.0, data) else {
        return Ok(None);
    };
    let parts = &change.change;
    let (action, after, sensitive) = match fate(&parts.actions) {
        Fate::Gone => return Ok(None),
        Fate::Forgotten => (Action::Keep, parts.before, parts.before_sensitive),
        Fate::Is(action) => (action, parts.after, parts.after_sensitive),
    };
    let mut value = pick(after, attributes)?;
    let unknown = match action {
        Action::Keep => Value::Null,
        _ => pick(parts.after_unknown, attributes)?,
    };
    let unknown = hide(&mut value, unknown, &pick(sensitive, attributes)?);
    let before = if matches!(action, Action::Update | Action::Replace) {
        let mut before = pick(parts.before, attributes)?;
        hide(&mut before, Value::Null, &pick(parts.before_sensitive, attributes)?);
        object(before)
    } else {
        serde_json::Map::new()
    };
    Ok(Some(Raw {
        address: change.address.0.clone().into_owned(),
        previous: change.previous_address.as_ref().map(|name| name.0.clone().into_owned()),
        data,
        kind: change.kind.0.clone().into_owned(),
        name: change.name.0.clone().into_owned(),
        module: change
            .module_address
            .as_ref()
            .map_or_else(String::new, |m| m.0.clone().into_owned()),
        index: Index::of(&change.index),
        action,
        after: object(value),
        unknown,
        before,
        locations: Vec::new(),
        packed: Packed::default(),
    }))
}
