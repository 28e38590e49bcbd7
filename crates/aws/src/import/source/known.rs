//! What a plan knows, in a form for the evaluator: the instances with their values, and the values of
//! the root module's variables.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::import::terraform::Index;

/// One resource instance of a plan.
#[derive(Debug)]
pub(in super::super) struct Instance<'p> {
    pub(in super::super) address: &'p str,
    /// The address of its module; empty for the root.
    pub(in super::super) module: &'p str,
    pub(in super::super) kind: &'p str,
    /// `aws_lb.b`, `data.aws_lb.b`.
    pub(in super::super) group: String,
    pub(in super::super) index: Option<&'p Index>,
    pub(in super::super) data: bool,
    pub(in super::super) values: &'p Map<String, Json>,
    /// What isn't known of them, in the same shape.
    pub(in super::super) unknown: &'p Json,
    /// The attributes that are read of this type.
    pub(in super::super) listed: &'static [&'static str],
}

/// What a plan knows.
#[derive(Debug, Default)]
pub(in super::super) struct Known<'p> {
    pub(in super::super) instances: Vec<Instance<'p>>,
    pub(in super::super) variables: HashMap<&'p str, &'p Json>,
    /// By module, and then by group.
    groups: HashMap<&'p str, HashMap<String, Vec<usize>>>,
}

impl<'p> Known<'p> {
    /// Indexes the instances.
    pub(in super::super) fn new(
        instances: Vec<Instance<'p>>,
        variables: HashMap<&'p str, &'p Json>,
    ) -> Self {
        let mut groups: HashMap<&'p str, HashMap<String, Vec<usize>>> = HashMap::new();
        for (at, instance) in instances.iter().enumerate() {
            let module = groups.entry(instance.module).or_default();
            module.entry(instance.group.clone()).or_default().push(at);
        }
        for members in groups.values_mut().flat_map(HashMap::values_mut) {
            members.sort_by_key(|at| instances.get(*at).and_then(|instance| instance.index));
        }
        Self { instances, variables, groups }
    }

    /// The instances of a block in a module instance, in the order of their indexes.
    pub(super) fn group(&self, module: &str, group: &str) -> &[usize] {
        let groups = self.groups.get(module);
        groups.and_then(|groups| groups.get(group)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Instance<'p>> {
        self.instances.get(at)
    }
}
