//! What an expression's references lead to: through variables, outputs and modules to resources.
//!
//! References name what an expression mentions, not what it computes: a conditional, a slice and a
//! plain list look alike. So whatever is found here is an assumption, and what cannot be followed
//! (local values leave no trace in a plan) is told as missing.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::address::{Head, Index, Part, head, longest};
use super::graph::{Graph, Resource};
use super::modules::ModuleId;
use super::wanted::Wanted;
use crate::model::Key;

mod harmless;

/// How far one resolution goes before it gives up.
const MOST_STEPS: usize = 5_000;
/// How far all resolutions of one import go together: a plan made to be slow ends with unknowns.
const MOST_STEPS_TOGETHER: u64 = 50_000_000;
/// How many calls deep.
const DEEPEST: usize = 48;

/// What a set of expressions leads to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The resources, in the order of mention and of their own keys.
    pub(super) keys: Vec<Key>,
    /// What could not be followed, in words.
    pub(super) missing: BTreeSet<String>,
    /// Whether the expression picks among `keys` in a way that does not show.
    pub(super) loose: bool,
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
struct Scope<'g> {
    config: usize,
    module: ModuleId,
    /// `count.index` or `each.key`.
    index: Option<&'g Index>,
    for_each: Option<&'g Value>,
}

/// Follows the expressions of a resource to what is wanted.
pub(super) fn follow(
    graph: &Graph,
    resource: &Resource,
    expressions: &[&Value],
    wanted: &Wanted,
) -> Found {
    let mut search = Search {
        graph,
        wanted,
        found: Found::default(),
        held: HashSet::new(),
        steps: 0,
    };
    if graph.followed.get() > MOST_STEPS_TOGETHER {
        search.steps = MOST_STEPS;
    }
    if let Some(scope) = scope_of(graph, resource) {
        for expression in expressions {
            search.expression(scope, expression, 0);
        }
    }
    let steps = u64::try_from(search.steps).unwrap_or(u64::MAX);
    graph
        .followed
        .set(graph.followed.get().saturating_add(steps));
    search.found
}

fn scope_of<'g>(graph: &'g Graph, resource: &'g Resource) -> Option<Scope<'g>> {
    Some(Scope {
        config: resource.config?,
        module: resource.module,
        index: resource.index.as_ref(),
        for_each: graph
            .written(resource)
            .and_then(|written| written.for_each.as_ref()),
    })
}

struct Search<'g, 'w> {
    graph: &'g Graph,
    wanted: &'w Wanted,
    found: Found,
    held: HashSet<Key>,
    steps: usize,
}

impl<'g> Search<'g, '_> {
    fn push(&mut self, key: Key) {
        if self.held.insert(key.clone()) {
            self.found.keys.push(key);
        }
    }

    fn miss(&mut self, what: impl Into<String>) {
        if self.found.missing.len() < 20 {
            self.found.missing.insert(what.into());
        }
    }

    fn expression(&mut self, scope: Scope<'g>, expression: &'g Value, depth: usize) {
        self.steps += 1;
        if self.steps > MOST_STEPS || depth > DEEPEST {
            self.miss("more than could be followed");
            return;
        }
        match expression {
            Value::Object(members) => {
                if let Some(constant) = members.get("constant_value") {
                    self.constants(constant);
                } else if let Some(references) = members.get("references") {
                    self.references(scope, references, depth);
                } else {
                    for member in members.values() {
                        self.expression(scope, member, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.expression(scope, item, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Literal ids.
    fn constants(&mut self, value: &Value) {
        match value {
            Value::String(text) if self.wanted.looks_like(text) => {
                self.push(self.graph.resolve(self.wanted, text));
            }
            Value::Array(items) => items.iter().for_each(|item| self.constants(item)),
            Value::Object(members) => members.values().for_each(|item| self.constants(item)),
            _ => {}
        }
    }

    fn references(&mut self, scope: Scope<'g>, references: &'g Value, depth: usize) {
        let texts = references
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let heads: Vec<Head> = longest(texts).into_iter().filter_map(head).collect();
        // `aws_subnet.a[count.index]` is written as `aws_subnet.a` beside `count.index`.
        let own = heads
            .iter()
            .any(|head| matches!(head, Head::EachKey | Head::EachValue));
        let pick = if own { scope.index } else { None };
        for head in &heads {
            self.steps += 1;
            if self.steps > MOST_STEPS {
                self.miss("more than could be followed");
                return;
            }
            self.head(scope, head, pick, depth + 1);
        }
    }

    fn head(&mut self, scope: Scope<'g>, head: &Head, pick: Option<&Index>, depth: usize) {
        match head {
            Head::Variable { name, rest } => {
                self.selected(rest, |search| search.variable(scope, name, depth));
            }
            Head::Local { name } => self.miss(format!("a local value (local.{name})")),
            Head::Module {
                name,
                index,
                output,
                rest,
            } => {
                let instance = index.as_ref().or(pick);
                self.selected(rest, |search| {
                    search.module(scope, name, instance, output.as_deref(), depth);
                });
            }
            Head::EachValue => {
                if let Some(all) = scope.for_each {
                    let pick = scope.index.cloned().map(Part::Index);
                    self.selected(pick.as_slice(), |search| {
                        search.expression(scope, all, depth)
                    });
                }
            }
            Head::EachKey | Head::Surroundings => {}
            Head::Resource {
                group,
                kind,
                data,
                index,
                rest,
            } => {
                let instance = index.as_ref().or(pick);
                self.resources(scope, group, kind, *data, instance, rest, depth);
            }
        }
    }

    /// Runs a search whose result is then picked from: `module.m.ids[0]`, `var.network.subnet`.
    fn selected(&mut self, rest: &[Part], search: impl FnOnce(&mut Self)) {
        let Some(first) = rest.first() else {
            return search(self);
        };
        let keys = std::mem::take(&mut self.found.keys);
        let held = std::mem::take(&mut self.held);
        let missed = self.found.missing.len();
        search(self);
        let inner = std::mem::replace(&mut self.found.keys, keys);
        self.held = held;
        let complete = self.found.missing.len() == missed;
        let chosen = match first {
            Part::Index(Index::Number(number)) if complete => {
                usize::try_from(*number).ok().and_then(|at| inner.get(at))
            }
            Part::Index(index @ Index::Text(_)) => {
                let suffix = index.to_string();
                let mut fits = inner.iter().filter(|key| key.as_str().ends_with(&suffix));
                fits.next().filter(|_| fits.next().is_none())
            }
            _ => None,
        };
        match chosen {
            Some(key) => self.push(key.clone()),
            None => {
                self.found.loose |= inner.len() > 1;
                inner.into_iter().for_each(|key| self.push(key));
            }
        }
    }

    fn variable(&mut self, scope: Scope<'g>, name: &str, depth: usize) {
        let graph = self.graph;
        let declared = graph
            .module(scope.config, scope.module)
            .and_then(|m| m.variables.get(name));
        let Some((parent, call)) = graph.call(scope.config, scope.module) else {
            match graph.variable(scope.config, name) {
                _ if declared.is_some_and(|variable| variable.sensitive) => {
                    self.miss(format!("a sensitive variable (var.{name})"));
                }
                Some(value) => self.constants(value),
                None => self.miss(format!("a variable without a value (var.{name})")),
            }
            return;
        };
        if let Some(expression) = call.expressions.get(name) {
            let index = graph.modules.index(scope.module);
            let for_each = call.for_each.as_ref();
            let scope = Scope {
                config: scope.config,
                module: parent,
                index,
                for_each,
            };
            self.expression(scope, expression, depth);
        } else if let Some(default) = declared.and_then(|variable| variable.default.as_ref()) {
            self.constants(default);
        } else if declared.is_none() {
            self.miss(format!("a variable without a value (var.{name})"));
        }
    }

    fn module(
        &mut self,
        scope: Scope<'g>,
        name: &str,
        instance: Option<&Index>,
        output: Option<&str>,
        depth: usize,
    ) {
        let graph = self.graph;
        let all = graph.modules.children(scope.module, name);
        let one = all
            .iter()
            .copied()
            .find(|child| instance.is_some() && graph.modules.index(*child) == instance);
        let chosen = match one {
            Some(one) => vec![one],
            None => all.to_vec(),
        };
        if chosen.is_empty() {
            let call = graph
                .module(scope.config, scope.module)
                .and_then(|m| m.calls.get(name));
            if call.is_some_and(|call| !call.module.has_resources) {
                self.miss(format!("module.{name}, which holds no resources"));
            }
        }
        for child in chosen {
            let Some(module) = graph.module(scope.config, child) else {
                continue;
            };
            let inner = Scope {
                config: scope.config,
                module: child,
                index: None,
                for_each: None,
            };
            match output {
                Some(output) => match module.outputs.get(output) {
                    Some(expression) => self.expression(inner, expression, depth),
                    None => self.miss(format!("module.{name}.{output}")),
                },
                // `module.m[each.key].x` is written as `module.m`: any of its outputs.
                None => {
                    let before = self.found.keys.len();
                    let mut outputs: Vec<_> = module.outputs.iter().collect();
                    outputs.sort_by_key(|(name, _)| *name);
                    for (_, expression) in outputs {
                        self.expression(inner, expression, depth);
                    }
                    self.found.loose |= self.found.keys.len() > before + 1;
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one reference")]
    fn resources(
        &mut self,
        scope: Scope<'g>,
        group: &str,
        kind: &str,
        data: bool,
        instance: Option<&Index>,
        rest: &[Part],
        depth: usize,
    ) {
        let graph = self.graph;
        if !kind.starts_with("aws_") {
            if !harmless::provider(kind) {
                self.miss(format!("{group}, of another provider"));
            }
            return;
        }
        let one = instance.and_then(|index| graph.member(scope.module, group, index));
        let members: Vec<&Resource> = match one {
            Some(one) => vec![one],
            None => graph.members(scope.module, group).collect(),
        };
        let attribute = rest.iter().find_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Index(_) => None,
        });
        let wanted = self.wanted.takes(kind, data);
        for member in members {
            if wanted {
                self.member(member);
            } else {
                self.indirect(member, group, attribute, depth);
            }
            self.steps += 1;
            if self.steps > MOST_STEPS {
                self.miss("more than could be followed");
                return;
            }
        }
    }

    fn member(&mut self, member: &Resource) {
        if !member.data {
            self.push(member.key.clone());
            return;
        }
        match member.text("id") {
            Some(id) => self.push(self.graph.resolve(self.wanted, id)),
            None => self.miss(format!("{}, which is read only during apply", member.key)),
        }
    }

    /// An attribute of something else: `aws_db_subnet_group.a.subnet_ids`.
    fn indirect(
        &mut self,
        member: &'g Resource,
        group: &str,
        attribute: Option<&str>,
        depth: usize,
    ) {
        self.steps += 1;
        let Some(attribute) = attribute else {
            if !harmless::kind(&member.kind) {
                self.miss(format!("something of {group}"));
            }
            return;
        };
        if harmless::kind(&member.kind) || harmless::attribute(attribute) {
            return;
        }
        if attribute == "prefix_list_id" && self.wanted.takes("aws_prefix_list", true) {
            // The list of the service that a gateway endpoint is for, before it has an id.
            if let Some(list) = member
                .text("prefix_list_id")
                .or_else(|| member.text("service_name"))
            {
                self.push(self.graph.resolve(self.wanted, list));
                return;
            }
        }
        let graph = self.graph;
        let written = graph
            .written(member)
            .and_then(|written| written.expressions.get(attribute));
        if let Some(known) = member.value.get(attribute).filter(|value| !value.is_null()) {
            self.constants(known);
        } else if let (Some(expression), Some(scope)) = (written, scope_of(graph, member)) {
            self.expression(scope, expression, depth + 1);
        } else {
            self.miss(format!("{group}.{attribute}"));
        }
    }
}
