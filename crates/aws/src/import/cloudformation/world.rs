//! All stacks together: which template makes which, what they export, and what was computed.

mod deploy;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use farmgate_farm::diagnostic::Diagnostic;

use super::environment::Environment;
use super::item::Item;
use super::template::{Declared, Template};
use super::value::{Evaluated, What};

/// A stack: a template, deployed once.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) template: usize,
    /// What its keys begin with: `Stack`, or `Stack/Nested`.
    pub(super) prefix: String,
    /// The stack that nests it, and as which resource.
    pub(super) parent: Option<(usize, usize)>,
    /// The stacks that it nests, by the names of their resources.
    pub(super) nested: HashMap<String, usize>,
    pub(super) environment: Environment,
}

/// What was or is being computed.
pub(super) type Memo = HashMap<(usize, &'static str, String), Evaluated>;

/// An export: the stack and the name of its output.
type Exports = HashMap<String, Vec<(usize, String)>>;

/// All stacks.
#[derive(Debug, Default)]
pub(super) struct World<'a> {
    pub(super) templates: Vec<Template<'a>>,
    pub(super) stacks: Vec<Stack>,
    pub(super) memo: RefCell<Memo>,
    exports: RefCell<Option<Arc<Exports>>>,
    /// By the ends of names that begin with that of their own stack.
    own_names: RefCell<Option<Arc<Exports>>>,
    /// What is wrong, by template and place.
    pub(super) problems: RefCell<BTreeMap<(usize, usize, String), Diagnostic>>,
    /// The parameters that were taken at their defaults, by stack.
    pub(super) defaults: RefCell<BTreeSet<(usize, String)>>,
    /// Exports of the same name in several stacks.
    pub(super) rivals: RefCell<BTreeMap<String, String>>,
    /// Which stack imports from which.
    pub(super) imports: RefCell<BTreeSet<(usize, usize)>>,
    /// Which stack a parameter of another is taken to name.
    pub(super) named_by: RefCell<BTreeMap<(usize, String), usize>>,
    /// See [`super::symbols::groups_with_egress`].
    pub(super) egress: RefCell<Option<Arc<BTreeSet<String>>>>,
    pub(super) steps: Cell<u64>,
}

impl<'a> World<'a> {
    pub(super) fn stack(&self, at: usize) -> Option<&Stack> {
        self.stacks.get(at)
    }

    pub(super) fn template(&self, stack: usize) -> Option<&Template<'a>> {
        self.templates.get(self.stacks.get(stack)?.template)
    }

    pub(super) fn declared(&self, stack: usize, resource: usize) -> Option<&Declared<'a>> {
        self.template(stack)?.resources.get(resource)
    }

    pub(super) fn environment(&self, stack: usize) -> Environment {
        self.stacks.get(stack).map(|stack| stack.environment.clone()).unwrap_or_default()
    }

    /// `Stack/Logical`.
    pub(super) fn key(&self, stack: usize, logical: &str) -> String {
        let prefix = self.stacks.get(stack).map_or("", |stack| stack.prefix.as_str());
        format!("{prefix}/{logical}")
    }

    /// Computes something once. What refers to itself is unknown.
    pub(super) fn once(
        &self,
        stack: usize,
        what: &'static str,
        name: &str,
        compute: impl FnOnce() -> Evaluated,
    ) -> Evaluated {
        let key = (stack, what, name.to_owned());
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        let circle = Evaluated::unknown(format!("depends on `{name}`, which refers to itself"));
        self.memo.borrow_mut().insert(key.clone(), circle);
        let value = compute();
        self.memo.borrow_mut().insert(key, value.clone());
        value
    }

    /// Notes a problem of a template, once for each place.
    pub(super) fn problem(&self, stack: usize, at: usize, problem: Diagnostic) {
        let Some(stack) = self.stacks.get(stack) else { return };
        let key = (stack.template, at, problem.title.clone());
        self.problems.borrow_mut().entry(key).or_insert(problem);
    }

    /// Which outputs are exported under a name.
    pub(super) fn exported(&self, name: &str) -> Vec<(usize, String)> {
        if self.exports.borrow().is_none() {
            // What an export's name is made of may be an import in turn: those see no exports yet.
            *self.exports.borrow_mut() = Some(Arc::default());
            let exports = Arc::new(self.all_exports());
            *self.exports.borrow_mut() = Some(exports);
        }
        let exports = self.exports.borrow().clone().unwrap_or_default();
        exports.get(name).cloned().unwrap_or_default()
    }

    fn all_exports(&self) -> Exports {
        let mut found = Exports::new();
        for (at, stack) in self.stacks.iter().enumerate() {
            let Some(template) = self.templates.get(stack.template) else { continue };
            for output in template.outputs.entries() {
                let Some(name) = output.item.get("Export").and_then(|it| it.get("Name")) else {
                    continue;
                };
                if output.item.get("Condition").is_some_and(|it| self.is_off(at, it)) {
                    continue;
                }
                if let Some(name) = self.evaluate(at, name, 0).as_text() {
                    found.entry(name).or_default().push((at, output.key.clone()));
                }
            }
        }
        found
    }

    /// Which outputs are exported under their stack's own name, followed by `end`.
    pub(super) fn exported_by_own_name(&self, end: &str) -> Vec<(usize, String)> {
        if self.own_names.borrow().is_none() {
            let found = Arc::new(self.all_own_names());
            *self.own_names.borrow_mut() = Some(found);
        }
        let found = self.own_names.borrow().clone().unwrap_or_default();
        found.get(end).cloned().unwrap_or_default()
    }

    fn all_own_names(&self) -> Exports {
        let mut found = Exports::new();
        for (at, stack) in self.stacks.iter().enumerate() {
            let Some(template) = self.templates.get(stack.template) else { continue };
            for output in template.outputs.entries() {
                let name = output.item.get("Export").and_then(|it| it.get("Name"));
                let text = name.and_then(|name| name.get("Fn::Sub")).and_then(Item::text);
                let end = text.and_then(|text| text.strip_prefix("${AWS::StackName}"));
                let off = || output.item.get("Condition").is_some_and(|it| self.is_off(at, it));
                if let Some(end) = end.filter(|_| !off()) {
                    found.entry(end.to_owned()).or_default().push((at, output.key.clone()));
                }
            }
        }
        found
    }

    fn is_off(&self, stack: usize, condition: &Item) -> bool {
        let holds = condition.text().map(|name| self.condition(stack, name, 0));
        holds.is_some_and(|holds| matches!(holds.what, What::Bool(false)))
    }

    /// What an output of a stack comes to.
    pub(super) fn output(&self, stack: usize, name: &str, depth: usize) -> Option<Evaluated> {
        let outputs = &self.template(stack)?.outputs;
        let value = outputs.get(name)?.get("Value")?;
        Some(self.once(stack, "output", name, || self.evaluate(stack, value, depth)))
    }
}
