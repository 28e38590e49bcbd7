//! Through calls of modules: upwards by variables, downwards by outputs.

use serde_json::Value;

use super::super::address::{Index, Part};
use super::super::config::Module;
use super::super::modules::ModuleId;
use super::{Scope, Search};

/// `module.NAME[INDEX].OUTPUT`
pub(super) struct Called {
    pub(super) name: String,
    pub(super) index: Option<Index>,
    pub(super) output: Option<String>,
}

impl<'g> Search<'g, '_> {
    /// The value of a variable, of which `of_it` is taken.
    pub(super) fn variable(
        &mut self,
        scope: &Scope<'g>,
        name: &str,
        of_it: Vec<Part>,
        depth: usize,
    ) {
        let graph = self.graph;
        let declared = graph.module(scope.config, scope.module).and_then(|m| m.variables.get(name));
        let Some((parent, call)) = graph.call(scope.config, scope.module) else {
            match graph.variable(scope.config, name) {
                _ if declared.is_some_and(|variable| variable.sensitive) => {
                    self.miss(format!("a sensitive variable (var.{name})"));
                }
                Some(value) => self.constants_at(value, &of_it),
                None => self.miss(format!("a variable without a value (var.{name})")),
            }
            return;
        };
        if let Some(expression) = call.expressions.get(name) {
            let inner = Scope {
                config: scope.config,
                module: parent,
                index: graph.modules.index(scope.module),
                for_each: call.for_each.as_ref(),
                of_it,
            };
            self.expression(&inner, expression, depth);
        } else if let Some(default) = declared.and_then(|variable| variable.default.as_ref()) {
            self.constants_at(default, &of_it);
        } else if declared.is_none() {
            self.miss(format!("a variable without a value (var.{name})"));
        }
    }

    /// Literal ids in a part of a known value.
    fn constants_at(&mut self, value: &Value, of_it: &[Part]) {
        let mut here = value;
        for part in of_it {
            let inner = match (part, here) {
                (Part::Name(name) | Part::Index(Index::Text(name)), Value::Object(members)) => {
                    members.get(name)
                }
                (Part::Index(Index::Number(at)), Value::Array(items)) => {
                    usize::try_from(*at).ok().and_then(|at| items.get(at))
                }
                _ => None,
            };
            let Some(inner) = inner else { break };
            here = inner;
            self.taken = true;
        }
        self.constants(here);
    }

    /// The outputs of a module that is called from here, of which `rest` is taken.
    pub(super) fn module(
        &mut self,
        scope: &Scope<'g>,
        called: Called,
        rest: &[Part],
        depth: usize,
    ) {
        let graph = self.graph;
        let Called { name, mut index, mut output } = called;
        let mut of_it = [rest, &scope.of_it].concat();
        let all = graph.modules.children(scope.module, &name);
        let instance =
            |index: &Index| all.iter().copied().find(|at| graph.modules.index(*at) == Some(index));
        if output.is_none() {
            // `each.value.x` over `module.m`, `var.m["a"].x` with `m = module.m`.
            if let Some(Part::Index(own)) = of_it.first()
                && instance(own).is_some()
            {
                index = Some(own.clone());
            }
            if matches!(of_it.first(), Some(Part::Index(_))) {
                of_it.remove(0);
            }
            // Otherwise it is a member of an object around the module.
            let called = graph.module(scope.config, scope.module).and_then(|m| m.calls.get(&name));
            if let (Some(Part::Name(first)), Some(call)) = (of_it.first(), called)
                && call.module.outputs.contains_key(first)
            {
                output = Some(first.clone());
                self.taken = true;
            }
            if matches!(of_it.first(), Some(Part::Name(_))) {
                of_it.remove(0);
            }
        }
        let chosen = match index.as_ref().and_then(instance) {
            Some(one) => vec![one],
            None => all.to_vec(),
        };
        if chosen.is_empty() {
            let call = graph.module(scope.config, scope.module).and_then(|m| m.calls.get(&name));
            if call.is_some_and(|call| !call.module.has_resources) {
                self.miss(format!("module.{name}, which holds no resources"));
            }
        }
        for child in chosen {
            let Some(module) = graph.module(scope.config, child) else {
                continue;
            };
            let inner = self.inside(scope, child, of_it.clone());
            match &output {
                Some(output) => match module.outputs.get(output) {
                    Some(expression) => self.expression(&inner, expression, depth),
                    None => self.miss(format!("module.{name}.{output}")),
                },
                None => self.any_output(&inner, module, depth),
            }
        }
    }

    fn inside(&self, scope: &Scope<'g>, module: ModuleId, of_it: Vec<Part>) -> Scope<'g> {
        Scope { config: scope.config, module, index: None, for_each: None, of_it }
    }

    /// `module.m[each.key].x` is written as `module.m`: it is some output. If but one names what is
    /// wanted, it is that one.
    fn any_output(&mut self, inner: &Scope<'g>, module: &'g Module, depth: usize) {
        let mut outputs: Vec<_> = module.outputs.iter().collect();
        outputs.sort_by_key(|(name, _)| *name);
        let before = std::mem::take(&mut self.found);
        let held = std::mem::take(&mut self.held);
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for (_, expression) in outputs {
            self.expression(inner, expression, depth);
            let found = std::mem::take(&mut self.found);
            self.held.clear();
            if found.keys.is_empty() { others.push(found) } else { fitting.push(found) }
        }
        self.found = before;
        self.held = held;
        self.found.loose |= fitting.len() > 1;
        let told = if fitting.is_empty() { others } else { fitting };
        for found in told {
            self.found.loose |= found.loose;
            found.missing.into_iter().for_each(|what| self.missed(what));
            found.keys.into_iter().for_each(|key| self.push(key));
        }
    }
}
