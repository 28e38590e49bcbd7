//! Variables, local values, modules and their outputs.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::block::Block;
use super::super::folder::local;
use super::super::value::{Thing, Value};
use super::{Env, Evaluator, Kept, MOST_SCOPES, Parent, Scope, TOO_MUCH};
use crate::import::terraform::Index;

/// What is said of what a source marks as sensitive.
pub(super) const SENSITIVE: &str = "is sensitive and not read";

impl Evaluator<'_> {
    /// `var.NAME`
    pub(super) fn variable(&self, scope: usize, name: &str) -> Value {
        self.once(Kept::Variable(scope, Rc::from(name)), || self.variable_now(scope, name))
    }

    fn variable_now(&self, scope: usize, name: &str) -> Value {
        let declared = self.folder(scope).and_then(|folder| folder.variables.get(name));
        let Some(declared) = declared else {
            return Value::unknown(format!("names `var.{name}`, which the source doesn't declare"));
        };
        let is = |flag| is_true(declared, flag);
        if is("sensitive") || is("ephemeral") {
            return Value::unknown(SENSITIVE);
        }
        let own = Env { scope, index: None, each: None, names: None, vars: None };
        let default = || declared.expression("default").map(|default| self.eval(&own, default));
        let given = self.given(scope, name);
        let refuses_null = declared.attributes.contains_key("nullable") && !is("nullable");
        let value = match given {
            Some(Value::Null) if refuses_null => default(),
            Some(given) => Some(given),
            None => default(),
        };
        let Some(value) = value else {
            return Value::unknown(format!("names `var.{name}`, which has no value"));
        };
        match declared.expression("type") {
            Some(kind) => self.converted(&own, value, kind, 0),
            None => value,
        }
    }

    /// What a variable is set to: by the plan or the files of values for the root module, by the call
    /// for others.
    fn given(&self, scope: usize, name: &str) -> Option<Value> {
        let parent = self.scope(scope)?.parent.clone();
        let Some(parent) = parent else {
            if let Some(value) = self.known.variables.get(name) {
                return Some(Value::of_json(value));
            }
            let written = self.files.values.get(name)?;
            let nowhere = Env { scope, index: None, each: None, names: None, vars: None };
            return Some(self.eval(&nowhere, &written.expression));
        };
        let call = self.folder(parent.scope)?.calls.get(parent.call.as_ref())?;
        let expression = call.expression(name)?;
        let each = self.each_of(
            parent.scope,
            &format!("module.{}", parent.call),
            call,
            parent.index.as_ref(),
        );
        let env = Env {
            scope: parent.scope,
            index: parent.index.as_ref(),
            each: each.as_ref(),
            names: None,
            vars: None,
        };
        Some(self.eval(&env, expression))
    }

    /// `local.NAME`
    pub(super) fn local(&self, scope: usize, name: &str) -> Value {
        let written = self.folder(scope).and_then(|folder| folder.locals.get(name));
        let Some(written) = written else {
            return Value::unknown(format!(
                "names `local.{name}`, which the source doesn't declare"
            ));
        };
        self.once(Kept::Local(scope, Rc::from(name)), || {
            let env = Env { scope, index: None, each: None, names: None, vars: None };
            self.eval(&env, &written.expression)
        })
    }

    /// `module.NAME.OUTPUT`
    pub(super) fn output(&self, scope: usize, name: &str) -> Value {
        let Some(folder) = self.folder(scope) else {
            return Value::unknown("is of a module whose source isn't there");
        };
        let Some(output) = folder.outputs.get(name) else {
            return Value::failed(format!("names the output `{name}`, which there isn't"));
        };
        if is_true(output, "sensitive") || is_true(output, "ephemeral") {
            return Value::unknown(SENSITIVE);
        }
        let Some(expression) = output.expression("value") else {
            return Value::unknown(format!("names the output `{name}`, which has no value"));
        };
        self.once(Kept::Output(scope, Rc::from(name)), || {
            self.eval(&Env { scope, index: None, each: None, names: None, vars: None }, expression)
        })
    }

    /// `module.NAME`: one instance, or all of them by their indexes.
    pub(super) fn module(&self, scope: usize, name: &str) -> Value {
        let Some(call) = self.folder(scope).and_then(|folder| folder.calls.get(name)) else {
            return Value::unknown(format!("names `module.{name}`, which the source doesn't call"));
        };
        let thing = |index: Option<Index>| match self.child(scope, name, index) {
            Some(child) => Value::Thing(Thing::Module(child)),
            None => Value::unknown(format!("names `module.{name}`, whose source isn't there")),
        };
        let repeat = self.repeat(scope, &format!("module.{name}"), call);
        match repeat {
            None => thing(None),
            Some(Value::Object(all)) => Value::object(
                all.keys()
                    .map(|key| (key.clone(), thing(Some(Index::Text(key.clone())))))
                    .collect::<BTreeMap<_, _>>(),
            ),
            Some(Value::Number(count)) => {
                let Some(count) = count.as_index().filter(|count| self.spend(*count)) else {
                    return Value::unknown(TOO_MUCH);
                };
                let index = |at: usize| u64::try_from(at).ok().map(Index::Number);
                Value::list((0..count).map(|at| thing(index(at))).collect())
            }
            Some(other) => other,
        }
    }

    /// What a block is repeated for: `None` if it isn't; a map, or a number; or why it isn't known.
    pub(in super::super) fn repeat(
        &self,
        scope: usize,
        group: &str,
        block: &Block,
    ) -> Option<Value> {
        let env = Env { scope, index: None, each: None, names: None, vars: None };
        let (expression, counted) = match (block.expression("for_each"), block.expression("count"))
        {
            (Some(all), _) => (all, false),
            (_, Some(count)) => (count, true),
            _ => return None,
        };
        Some(self.once(Kept::Repeat(scope, Rc::from(group)), || {
            let value = self.eval(&env, expression);
            if counted {
                return value
                    .number()
                    .map_or_else(|| super::operators::no_use(&value, "a number"), Value::Number);
            }
            match &value {
                Value::Set(items) => {
                    let mut all = BTreeMap::new();
                    for item in items.iter() {
                        let Some(name) = item.as_text() else {
                            return super::operators::no_use(item, "texts");
                        };
                        all.insert(name.to_string(), Value::Text(name));
                    }
                    Value::object(all)
                }
                Value::Object(_) => value,
                other => super::operators::no_use(other, "a map or a set"),
            }
        }))
    }

    /// `each.value` of the instance with this index.
    pub(in super::super) fn each_of(
        &self,
        scope: usize,
        group: &str,
        block: &Block,
        index: Option<&Index>,
    ) -> Option<Value> {
        let Some(Index::Text(key)) = index else { return None };
        block.expression("for_each")?;
        match self.repeat(scope, group, block)? {
            Value::Object(all) => {
                Some(all.get(key).cloned().unwrap_or_else(|| {
                    Value::unknown("isn't among what the source repeats it for")
                }))
            }
            other => Some(other),
        }
    }

    /// The scope of a called module.
    pub(in super::super) fn child(
        &self,
        scope: usize,
        name: &str,
        index: Option<Index>,
    ) -> Option<usize> {
        let key = (scope, Rc::<str>::from(name), index.clone());
        if let Some(found) = self.children.borrow().get(&key) {
            return Some(*found);
        }
        let here = self.scope(scope)?;
        let call = self.folder(scope)?.calls.get(name)?;
        let dotted =
            if here.key.is_empty() { name.to_owned() } else { format!("{}.{name}", here.key) };
        let folder = match local(&here.folder, call) {
            Some(found) => found?,
            None => self.files.modules.get(&dotted)?.clone(),
        };
        self.files.folders.get(&folder)?;
        if self.scopes.borrow().len() >= MOST_SCOPES {
            return None;
        }
        let shown = index.as_ref().map_or_else(String::new, Index::to_string);
        let dot = if here.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}module.{name}{shown}", here.path);
        let made = Scope {
            folder: Rc::from(folder),
            path: Rc::from(path),
            key: Rc::from(dotted),
            parent: Some(Parent { scope, call: Rc::from(name), index }),
        };
        let mut scopes = self.scopes.borrow_mut();
        scopes.push(Rc::new(made));
        let id = scopes.len() - 1;
        self.children.borrow_mut().insert(key, id);
        Some(id)
    }
}

/// Whether a block says so, literally.
fn is_true(block: &Block, name: &str) -> bool {
    let written = block.expression(name);
    // Anything else than a literal `false` counts as said: it may hide something.
    written.is_some_and(|flag| flag.as_bool() != Some(false) && flag.as_str() != Some("false"))
}
