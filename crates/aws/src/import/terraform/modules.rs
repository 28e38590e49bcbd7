//! The module instances of all sources, as a tree: where a reference is looked up.

use std::collections::HashMap;

use super::address::{Index, Step, module_steps};
use super::config::{Config, Module};

/// Names a module instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ModuleId(usize);

#[derive(Debug)]
struct Instance {
    root: usize,
    parent: Option<ModuleId>,
    name: String,
    index: Option<Index>,
    children: HashMap<String, Vec<ModuleId>>,
}

/// All module instances of all roots.
#[derive(Debug, Default)]
pub(super) struct Modules {
    instances: Vec<Instance>,
    by_path: HashMap<(usize, String), ModuleId>,
}

impl Modules {
    /// The instance at this path in this root; made if it is not there yet.
    pub(super) fn at(&mut self, root: usize, path: &str) -> ModuleId {
        if let Some(found) = self.by_path.get(&(root, path.to_owned())) {
            return *found;
        }
        let mut here = self.root(root);
        for step in module_steps(path) {
            here = self.child(here, &step);
        }
        self.by_path.insert((root, path.to_owned()), here);
        here
    }

    fn root(&mut self, root: usize) -> ModuleId {
        let path = (root, String::new());
        if let Some(found) = self.by_path.get(&path) {
            return *found;
        }
        let id = self.push(Instance {
            root,
            parent: None,
            name: String::new(),
            index: None,
            children: HashMap::new(),
        });
        self.by_path.insert(path, id);
        id
    }

    fn push(&mut self, instance: Instance) -> ModuleId {
        self.instances.push(instance);
        ModuleId(self.instances.len() - 1)
    }

    fn child(&mut self, parent: ModuleId, step: &Step) -> ModuleId {
        let found = self.children(parent, &step.name).iter().copied();
        let found = found.into_iter().find(|child| self.index(*child) == step.index.as_ref());
        if let Some(found) = found {
            return found;
        }
        let root = self.get(parent).map_or(0, |instance| instance.root);
        let id = self.push(Instance {
            root,
            parent: Some(parent),
            name: step.name.clone(),
            index: step.index.clone(),
            children: HashMap::new(),
        });
        if let Some(instance) = self.instances.get_mut(parent.0) {
            instance.children.entry(step.name.clone()).or_default().push(id);
        }
        id
    }

    /// Adds the instances of modules that hold no resource of their own and are called once: their
    /// outputs may still pass something on.
    pub(super) fn add_called(&mut self, root: usize, config: &Config) {
        let top = self.root(root);
        self.add_below(top, &config.root);
    }

    fn add_below(&mut self, here: ModuleId, module: &Module) {
        for (name, call) in &module.calls {
            if !call.repeated && self.children(here, name).is_empty() {
                self.child(here, &Step { name: name.clone(), index: None });
            }
            for child in self.children(here, name).to_vec() {
                self.add_below(child, &call.module);
            }
        }
    }

    fn get(&self, id: ModuleId) -> Option<&Instance> {
        self.instances.get(id.0)
    }

    /// The instances of a module called from here.
    pub(super) fn children(&self, id: ModuleId, name: &str) -> &[ModuleId] {
        self.get(id).and_then(|instance| instance.children.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The instance's own key.
    pub(super) fn index(&self, id: ModuleId) -> Option<&Index> {
        self.get(id).and_then(|instance| instance.index.as_ref())
    }

    /// The calling instance, and the name of the call.
    pub(super) fn parent(&self, id: ModuleId) -> Option<(ModuleId, &str)> {
        let instance = self.get(id)?;
        Some((instance.parent?, instance.name.as_str()))
    }

    /// What is written for the module of this instance.
    pub(super) fn config<'c>(&self, id: ModuleId, config: &'c Config) -> Option<&'c Module> {
        match self.parent(id) {
            None => Some(&config.root),
            Some((parent, name)) => Some(&self.config(parent, config)?.calls.get(name)?.module),
        }
    }
}
