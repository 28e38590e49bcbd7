//! Several sources become one: which of them show the same root module, and what each adds.
//!
//! A plan is later than a state: where both know a value, the plan's is used and a difference is
//! told, unless the plan itself says that it changes it. What a plan does not know yet is taken
//! from a state that does, and is then no assumption any more.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::config::Config;
use super::graph::{Graph, Resource, family};
use super::modules::Modules;
use super::raw::{self, Action, Parsed, Raw};
use super::settle::{Settled, close};
use crate::model::{Key, SourceKind, Warning};

pub(super) mod fill;

/// How many differences are told one by one.
const MOST_WARNINGS: usize = 100;

/// Sources of one root module.
#[derive(Default)]
struct Root {
    addresses: HashMap<String, usize>,
    gone: HashSet<String>,
    has_plan: bool,
    name: String,
}

#[derive(Default)]
struct Merger {
    modules: Modules,
    resources: Vec<Resource>,
    /// The root that showed each resource first.
    shown_by: Vec<usize>,
    configs: Vec<Config>,
    roots: Vec<Root>,
    /// Managed resources by type and id.
    by_id: HashMap<(String, String), usize>,
    taken: HashSet<String>,
    /// What plans delete or replace, and addresses that they delete.
    gone: HashSet<String>,
    former: Vec<(String, Key)>,
    warnings: Vec<Warning>,
    untold: usize,
    settled: Settled,
    /// What the source of a plan says of resources that are open yet.
    open: Vec<(usize, Map<String, Value>)>,
}

/// Merges all sources, and closes what is left open by what is settled.
pub(super) fn merge(sources: Vec<Parsed>, settled: Settled) -> (Graph, Vec<Warning>) {
    let mut merger = Merger { settled, ..Merger::default() };
    let (plans, states): (Vec<Parsed>, Vec<Parsed>) =
        sources.into_iter().partition(|source| source.kind == SourceKind::TerraformPlan);
    for source in plans.into_iter().chain(states) {
        merger.add(source);
    }
    if merger.untold > 0 {
        let text = format!("the sources disagree in {} further places", merger.untold);
        merger.warnings.push(Warning { code: "sources-disagree", text, on: None });
    }
    merger.close();
    let graph = Graph::new(merger.modules, merger.resources, merger.configs, merger.former);
    (graph, merger.warnings)
}

/// Types whose id is a name that several of them may have.
const NAMED_APART: [&str; 3] =
    ["aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action", "aws_apigatewayv2_stage"];

impl Merger {
    fn add(&mut self, source: Parsed) {
        let is_plan = source.kind == SourceKind::TerraformPlan;
        let root = self.root_of(&source, is_plan);
        let config = source.config.map(|config| {
            self.modules.add_called(root, &config);
            self.configs.push(config);
            self.configs.len() - 1
        });
        for raw in source.resources {
            self.place(root, raw, config, &source.name);
        }
        if let Some(root) = self.roots.get_mut(root) {
            self.gone.extend(source.gone.iter().cloned());
            root.gone.extend(source.gone);
            root.has_plan |= is_plan;
        }
        if let Some(config) = config.and_then(|config| self.configs.get(config)) {
            self.modules.add_called(root, config);
        }
    }

    /// The root that a source shows: one with which it shares addresses and ids, or a new one.
    fn root_of(&mut self, source: &Parsed, is_plan: bool) -> usize {
        for (at, root) in self.roots.iter().enumerate() {
            let (mut shared, mut equal, mut different) = (0_usize, 0_usize, 0_usize);
            for raw in source.resources.iter().filter(|raw| !raw.data) {
                // What the plan deletes is in the state still.
                shared += usize::from(root.gone.contains(&raw.address));
                let Some(other) = root.addresses.get(&raw.address) else {
                    continue;
                };
                let Some(other) = self.resources.get(*other) else {
                    continue;
                };
                shared += 1;
                let ids = (other.text("id"), raw.after.get("id").and_then(Value::as_str));
                if let (Some(one), Some(two)) = ids {
                    if one == two { equal += 1 } else { different += 1 }
                }
            }
            let planned_and_made = root.has_plan && !is_plan && shared > 0;
            if equal > different || (planned_and_made && different == 0) {
                return at;
            }
        }
        self.roots.push(Root { name: source.name.clone(), ..Root::default() });
        self.roots.len() - 1
    }

    fn place(&mut self, root: usize, raw: Raw, config: Option<usize>, source: &str) {
        let Some(known) = self.roots.get(root) else {
            return;
        };
        if known.gone.contains(&raw.address) {
            return;
        }
        let same = known.addresses.get(&raw.address).copied();
        let same = same.or_else(|| {
            let id = raw.after.get("id").and_then(Value::as_str)?;
            if raw.data || id.is_empty() || NAMED_APART.contains(&raw.kind.as_str()) {
                return None;
            }
            self.by_id.get(&(family(&raw.kind).to_owned(), id.to_owned())).copied()
        });
        if let Some(at) = same {
            let first = self.shown_by.get(at).and_then(|root| self.roots.get(*root));
            let other = first.map_or_else(String::new, |root| root.name.clone());
            self.fill(at, raw, &other, source);
            return;
        }
        let id = raw.after.get("id").and_then(Value::as_str);
        let removed = |id: &str| self.gone.contains(&raw::thing(&raw.kind, id));
        if !raw.data && raw.action == Action::Keep && id.is_some_and(removed) {
            return;
        }
        self.push(root, raw, config, source);
    }

    fn fill(&mut self, at: usize, mut raw: Raw, other: &str, source: &str) {
        let Some(resource) = self.resources.get_mut(at) else {
            return;
        };
        resource.packed.give(&mut resource.value);
        raw.packed.give(&mut raw.after);
        if resource.locations.is_empty() {
            resource.locations.clone_from(&raw.locations);
        }
        if resource.key.as_str() != raw.address {
            self.former.push((raw.address.clone(), resource.key.clone()));
        }
        for text in fill::fill(resource, &raw, other, source) {
            if self.warnings.len() >= MOST_WARNINGS {
                self.untold += 1;
                continue;
            }
            let on = Some(resource.key.clone());
            self.warnings.push(Warning { code: "sources-disagree", text, on });
        }
        if let Some(id) = resource.text("id") {
            self.by_id.entry((family(&resource.kind).to_owned(), id.to_owned())).or_insert(at);
        }
    }

    fn close(&mut self) {
        for (at, all) in std::mem::take(&mut self.open) {
            let Some(resource) = self.resources.get_mut(at) else { continue };
            for (name, pair) in all {
                let (Some(made), Some(mask)) = (pair.get(0), pair.get(1)) else { continue };
                if let Some(doubt) = resource.unknown.get_mut(&name) {
                    let value = resource.value.entry(name).or_insert(Value::Null);
                    close(value, doubt, made, mask);
                }
            }
        }
    }

    fn push(&mut self, root: usize, raw: Raw, config: Option<usize>, source: &str) {
        // Two root modules may use one address for two things: the later is told apart by its source.
        let key = if self.taken.contains(&raw.address) {
            format!("{} (of {source})", raw.address)
        } else {
            raw.address.clone()
        };
        let at = self.resources.len();
        // What is settled names things by their addresses, which must be theirs alone.
        let settled = self.settled.take(source, &raw.address);
        if !settled.is_empty() && key == raw.address {
            self.open.push((at, settled));
        }
        self.taken.insert(key.clone());
        let key = Key::new(&key);
        let prefix = if raw.data { "data." } else { "" };
        let resource = Resource {
            key: key.clone(),
            module: self.modules.at(root, &raw.module),
            data: raw.data,
            group: format!("{prefix}{}.{}", raw.kind, raw.name),
            kind: raw.kind,
            index: raw.index,
            action: raw.action,
            value: raw.after,
            unknown: raw.unknown,
            before: raw.before,
            locations: raw.locations,
            packed: raw.packed,
            config,
        };
        if let (false, Some(id)) = (resource.data, resource.text("id")) {
            self.by_id.entry((family(&resource.kind).to_owned(), id.to_owned())).or_insert(at);
        }
        self.resources.push(resource);
        self.shown_by.push(root);
        if let Some(root) = self.roots.get_mut(root) {
            root.addresses.insert(raw.address, at);
            if let Some(previous) = raw.previous {
                self.former.push((previous.clone(), key));
                root.addresses.entry(previous).or_insert(at);
            }
        }
    }
}

/// Whether a resource that is planned to change was already changed when the state was written.
/// For a replacement: whether the state still shows the old one.
fn is_older(action: Action, before: &Map<String, Value>, state: &Map<String, Value>) -> bool {
    action == Action::Replace && before.get("id").is_some_and(|id| state.get("id") == Some(id))
}
