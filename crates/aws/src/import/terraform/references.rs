//! What an expression's references lead to: through variables, outputs and modules to resources.
//!
//! References name what an expression mentions, not what it computes: a conditional, a slice and a
//! plain list look alike. So whatever is found here is an assumption, and what cannot be followed
//! (local values leave no trace in a plan) is told as missing.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde_json::Value;

use super::address::{Head, Index, Part, head, longest};
use super::graph::{Graph, Resource};
use super::modules::ModuleId;
use super::wanted::Wanted;
use crate::model::Key;

mod calls;
mod harmless;
mod resources;

/// How far one resolution goes before it gives up.
const MOST_STEPS: usize = 5_000;
/// How far all resolutions of one import go together: a plan made to be slow ends with unknowns.
const MOST_STEPS_TOGETHER: u64 = 50_000_000;
/// How many calls deep.
const DEEPEST: usize = 48;
/// How much that could not be followed is told of one expression.
const MOST_MISSING: usize = 20;

/// What could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Missing {
    /// A local value, named in this module: a plan does not show what it is.
    Local { name: String, module: ModuleId },
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { name, .. } => write!(f, "a local value (local.{name})"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// What a set of expressions leads to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The resources, in the order of mention and of their own keys.
    pub(super) keys: Vec<Key>,
    /// What could not be followed.
    pub(super) missing: BTreeSet<Missing>,
    /// Whether the expression picks among `keys` in a way that does not show.
    pub(super) loose: bool,
}

impl Found {
    /// The local values, and the module that names them, if the expression leads to nothing else.
    pub(super) fn only_locals(&self) -> Option<(ModuleId, Vec<&str>)> {
        if !self.keys.is_empty() || self.missing.len() >= MOST_MISSING {
            return None;
        }
        let mut of = None;
        let mut names = Vec::new();
        for what in &self.missing {
            match what {
                Missing::Local { name, module } if of.is_none_or(|other| other == *module) => {
                    of = Some(*module);
                    names.push(name.as_str());
                }
                _ => return None,
            }
        }
        Some((of?, names))
    }
}

/// Where an expression is evaluated.
#[derive(Clone)]
struct Scope<'g> {
    config: usize,
    module: ModuleId,
    /// `count.index` or `each.key`.
    index: Option<&'g Index>,
    for_each: Option<&'g Value>,
    /// What is taken of the value of the expression: `.vpc_id` of `each.value.vpc_id`. It belongs
    /// to whatever the expression names as a whole.
    of_it: Vec<Part>,
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
        taken: false,
    };
    if graph.followed.get() > MOST_STEPS_TOGETHER {
        search.steps = MOST_STEPS;
    }
    if let Some(scope) = scope_of(graph, resource) {
        for expression in expressions {
            search.expression(&scope, expression, 0);
        }
    }
    let steps = u64::try_from(search.steps).unwrap_or(u64::MAX);
    graph.followed.set(graph.followed.get().saturating_add(steps));
    search.found
}

fn scope_of<'g>(graph: &'g Graph, resource: &'g Resource) -> Option<Scope<'g>> {
    let written = graph.written(resource);
    Some(Scope {
        config: resource.config?,
        module: resource.module,
        index: resource.index.as_ref(),
        for_each: written.and_then(|written| written.for_each.as_ref()),
        of_it: Vec::new(),
    })
}

struct Search<'g, 'w> {
    graph: &'g Graph,
    wanted: &'w Wanted,
    found: Found,
    held: HashSet<Key>,
    steps: usize,
    /// Whether a `Scope::of_it` was used up.
    taken: bool,
}

impl<'g> Search<'g, '_> {
    fn push(&mut self, key: Key) {
        if self.held.insert(key.clone()) {
            self.found.keys.push(key);
        }
    }

    fn miss(&mut self, what: impl Into<String>) {
        self.missed(Missing::Other(what.into()));
    }

    fn missed(&mut self, what: Missing) {
        if self.found.missing.len() < MOST_MISSING {
            self.found.missing.insert(what);
        }
    }

    /// Counts a step; false once it is enough.
    fn step(&mut self, depth: usize) -> bool {
        self.steps += 1;
        let goes_on = self.steps <= MOST_STEPS && depth <= DEEPEST;
        if !goes_on {
            self.miss("more than could be followed");
        }
        goes_on
    }

    fn expression(&mut self, scope: &Scope<'g>, expression: &'g Value, depth: usize) {
        if !self.step(depth) {
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

    fn references(&mut self, scope: &Scope<'g>, references: &'g Value, depth: usize) {
        let texts = references.as_array().into_iter().flatten().filter_map(Value::as_str);
        let heads: Vec<Head> = longest(texts).into_iter().filter_map(head).collect();
        // `aws_subnet.a[count.index]` is written as `aws_subnet.a` beside `count.index`. A value of
        // the instance may be another's index: `aws_security_group.a[each.value.from]`.
        let own = heads.iter().any(|head| matches!(head, Head::EachKey))
            && !heads.iter().any(|head| matches!(head, Head::EachValue { .. }));
        let pick = if own { scope.index } else { None };
        // Of several references it does not show to which `of_it` belongs: they may be the members
        // of an object.
        let solid = heads.iter().filter(|head| !matches!(head, Head::EachKey | Head::Surroundings));
        let alone = solid.count() <= 1;
        let apart = Scope { of_it: Vec::new(), ..scope.clone() };
        let scope = if alone { scope } else { &apart };
        for head in heads {
            if !self.step(depth) {
                return;
            }
            self.head(scope, head, pick, depth + 1);
        }
    }

    fn head(&mut self, scope: &Scope<'g>, head: Head, pick: Option<&Index>, depth: usize) {
        match head {
            Head::Variable { name, rest } => {
                let of_it = [rest.as_slice(), &scope.of_it].concat();
                self.selected(&rest, |search| search.variable(scope, &name, of_it, depth));
            }
            Head::Local { name } => {
                let module = scope.module;
                self.missed(Missing::Local { name, module });
            }
            Head::Module { name, index, output, rest } => {
                let called = calls::Called { name, index: index.or_else(|| pick.cloned()), output };
                self.selected(&rest, |search| search.module(scope, called, &rest, depth));
            }
            Head::EachValue { rest } => {
                let Some(all) = scope.for_each else { return };
                let own: Vec<Part> = scope.index.cloned().map(Part::Index).into_iter().collect();
                let of_it = [own.as_slice(), &rest].concat();
                let inner = Scope { of_it, ..scope.clone() };
                self.selected(&own, |search| search.expression(&inner, all, depth));
            }
            Head::EachKey | Head::Surroundings => {}
            Head::Resource { group, kind, data, index, rest } => {
                let wraps = index.is_none();
                let index = index.or_else(|| pick.cloned());
                let named = resources::Named { group, kind, data, index, wraps, rest };
                self.resources(scope, named, depth);
            }
        }
    }

    /// Runs a search whose result is then picked from: `module.m.ids[0]`, `var.network.subnet`.
    fn selected(&mut self, rest: &[Part], search: impl FnOnce(&mut Self)) {
        let Some(first) = rest.first() else {
            return search(self);
        };
        let outer = std::mem::take(&mut self.found);
        let held = std::mem::take(&mut self.held);
        let taken = std::mem::take(&mut self.taken);
        search(self);
        let mut inner = std::mem::replace(&mut self.found, outer);
        self.held = held;
        let exact = std::mem::replace(&mut self.taken, taken);
        let chosen = match first {
            _ if exact => None,
            Part::Index(Index::Number(number)) if inner.missing.is_empty() => {
                usize::try_from(*number).ok().and_then(|at| inner.keys.get(at))
            }
            Part::Index(index @ Index::Text(_)) => {
                let suffix = index.to_string();
                let mut fits = inner.keys.iter().filter(|key| key.as_str().ends_with(&suffix));
                fits.next().filter(|_| fits.next().is_none())
            }
            // A member of an object: what fits is it, the rest are other members.
            Part::Name(_) if !inner.keys.is_empty() => {
                inner.missing.clear();
                None
            }
            _ => None,
        };
        if let Some(key) = chosen.cloned() {
            inner.keys = vec![key];
            inner.loose = false;
        }
        self.found.loose |= inner.loose || (inner.keys.len() > 1 && !exact);
        inner.missing.into_iter().for_each(|what| self.missed(what));
        inner.keys.into_iter().for_each(|key| self.push(key));
    }
}
