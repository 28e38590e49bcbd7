//! Evaluates expressions as Terraform does, as far as the source and the plan's values go.
//!
//! Bounded: every step costs, every level counts, and what is too much is unknown. It never fails:
//! what Terraform would refuse is [`Value::Failed`], for `try` and `can`, and what can't be told is
//! [`Value::Unknown`] with the reason.

mod blocks;
mod convert;
mod loops;
mod names;
mod operators;
mod resources;
mod template;
mod traverse;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey};

pub(super) use blocks::dynamic;
pub(super) use operators::{no_use, number, uses};

use super::folder::{Files, Folder};
use super::functions;
use super::known::Known;
use super::value::Value;
use crate::import::terraform::Index;

/// How many steps one import takes together.
const MOST_STEPS: u64 = 20_000_000;
/// How many steps one attribute may take.
const MOST_STEPS_AT_ONCE: u64 = 200_000;
/// How many levels deep, through expressions, local values and modules together.
const DEEPEST: usize = 150;
/// How many module instances are looked into.
const MOST_SCOPES: usize = 10_000;

/// A module instance.
#[derive(Debug)]
pub(super) struct Scope {
    /// Its folder.
    pub(super) folder: Rc<str>,
    /// Its address: `module.a["x"]`; empty for the root.
    pub(super) path: Rc<str>,
    /// The names of the calls that lead to it, as Terraform's manifest joins them.
    key: Rc<str>,
    parent: Option<Parent>,
}

#[derive(Debug, Clone)]
struct Parent {
    scope: usize,
    call: Rc<str>,
    index: Option<Index>,
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Env<'e> {
    pub(super) scope: usize,
    /// `each.key` or `count.index`.
    pub(super) index: Option<&'e Index>,
    /// `each.value`.
    pub(super) each: Option<&'e Value>,
    /// The names that `for` and `dynamic` give.
    pub(super) names: Option<&'e Frame<'e>>,
    /// What a template in a file is given.
    pub(super) vars: Option<&'e BTreeMap<String, Value>>,
}

/// A name within an expression.
pub(super) struct Frame<'e> {
    pub(super) name: &'e str,
    pub(super) value: Value,
    pub(super) outer: Option<&'e Frame<'e>>,
}

impl Env<'_> {
    fn named(&self, name: &str) -> Option<Value> {
        let mut here = self.names;
        while let Some(frame) = here {
            if frame.name == name {
                return Some(frame.value.clone());
            }
            here = frame.outer;
        }
        self.vars?.get(name).cloned()
    }
}

/// What is evaluated once and kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kept {
    Local(usize, Rc<str>),
    Variable(usize, Rc<str>),
    Output(usize, Rc<str>),
    /// `for_each` or `count` of a resource or a call.
    Repeat(usize, Rc<str>),
    /// An attribute of a resource instance, as it is written.
    Attribute(usize, Rc<str>),
}

/// A call of a module: the scope that calls, its name, and which instance.
type Child = (usize, Rc<str>, Option<Index>);

/// The evaluator of one source with the values of one plan.
pub(super) struct Evaluator<'s> {
    pub(super) files: &'s Files,
    pub(super) known: &'s Known<'s>,
    scopes: RefCell<Vec<Rc<Scope>>>,
    children: RefCell<HashMap<Child, usize>>,
    kept: RefCell<HashMap<Kept, Option<Value>>>,
    spent: Cell<u64>,
    until: Cell<u64>,
    depth: Cell<usize>,
}

/// What is said of an expression that takes too long.
const TOO_MUCH: &str = "takes more than is evaluated";

impl<'s> Evaluator<'s> {
    pub(super) fn new(files: &'s Files, known: &'s Known<'s>) -> Self {
        let nothing: Rc<str> = Rc::from("");
        let root =
            Scope { folder: nothing.clone(), path: nothing.clone(), key: nothing, parent: None };
        Self {
            files,
            known,
            scopes: RefCell::new(vec![Rc::new(root)]),
            children: RefCell::default(),
            kept: RefCell::default(),
            spent: Cell::new(0),
            until: Cell::new(MOST_STEPS_AT_ONCE),
            depth: Cell::new(0),
        }
    }

    /// Gives what comes next its own share of the steps.
    pub(super) fn refresh(&self) {
        let until = self.spent.get().saturating_add(MOST_STEPS_AT_ONCE).min(MOST_STEPS);
        self.until.set(until);
    }

    /// Takes steps; false once there are no more.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let spent = self.spent.get().saturating_add(steps);
        self.spent.set(spent);
        spent <= self.until.get()
    }

    /// Runs something one level deeper.
    fn deeper(&self, run: impl FnOnce() -> Value) -> Value {
        let depth = self.depth.get();
        if depth >= DEEPEST || !self.spend(1) {
            return Value::unknown(TOO_MUCH);
        }
        self.depth.set(depth + 1);
        let value = run();
        self.depth.set(depth);
        value
    }

    /// Evaluates once, and finds out if it needs itself.
    fn once(&self, kept: Kept, run: impl FnOnce() -> Value) -> Value {
        if let Some(found) = self.kept.borrow().get(&kept) {
            return found.clone().unwrap_or_else(|| Value::unknown("refers to itself"));
        }
        self.kept.borrow_mut().insert(kept.clone(), None);
        let value = run();
        // What ran out of steps may be within reach of another attribute.
        let ran_out = matches!(&value, Value::Unknown(why) if why.as_ref() == TOO_MUCH);
        if ran_out && self.spent.get() < MOST_STEPS {
            self.kept.borrow_mut().remove(&kept);
        } else {
            self.kept.borrow_mut().insert(kept, Some(value.clone()));
        }
        value
    }

    pub(super) fn scope(&self, scope: usize) -> Option<Rc<Scope>> {
        self.scopes.borrow().get(scope).cloned()
    }

    pub(super) fn folder(&self, scope: usize) -> Option<&'s Folder> {
        self.files.folders.get(self.scope(scope)?.folder.as_ref())
    }

    /// The value of an expression.
    pub(super) fn eval(&self, env: &Env<'_>, expression: &Expression) -> Value {
        self.deeper(|| self.dispatch(env, expression))
    }

    fn dispatch(&self, env: &Env<'_>, expression: &Expression) -> Value {
        match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(flag) => Value::Bool(*flag.value()),
            Expression::Number(number) => super::number::Number::parse(&number.value().to_string())
                .map_or_else(|| Value::unknown("is a number that isn't read"), Value::Number),
            Expression::String(text) => Value::text(text.value()),
            Expression::Array(array) => {
                self.collected(array.iter().map(|item| self.eval(env, item)))
            }
            Expression::Object(object) => self.object(env, object),
            Expression::StringTemplate(template) => self.quoted(env, template),
            Expression::HeredocTemplate(heredoc)
                if heredoc.indent().is_some_and(|spaces| spaces > 0)
                    && template::is_stripped(&heredoc.template) =>
            {
                Value::unknown("is an indented heredoc with directives")
            }
            Expression::HeredocTemplate(heredoc) => self.template(env, &heredoc.template),
            Expression::Parenthesis(inner) => self.eval(env, inner.inner()),
            Expression::Variable(name) => env
                .named(name.as_str())
                .unwrap_or_else(|| Value::unknown(format!("names `{}`", name.as_str()))),
            Expression::Conditional(choice) => self.choice(env, choice),
            Expression::FuncCall(call) => self.call(env, call),
            Expression::Traversal(path) => self.traversal(env, path),
            Expression::UnaryOp(operation) => self.unary(env, operation),
            Expression::BinaryOp(operation) => self.binary(env, operation),
            Expression::ForExpr(of) => self.for_each_of(env, of),
        }
    }

    /// A list of what was evaluated; refused if an item is.
    pub(super) fn collected(&self, items: impl Iterator<Item = Value>) -> Value {
        let mut list = Vec::new();
        for item in items {
            if matches!(item, Value::Failed(_)) {
                return item;
            }
            if !self.spend(1) {
                return Value::unknown(TOO_MUCH);
            }
            list.push(item);
        }
        Value::list(list)
    }

    fn object(&self, env: &Env<'_>, object: &Object) -> Value {
        let mut members = BTreeMap::new();
        for (key, value) in object {
            let key = match key {
                ObjectKey::Ident(name) => Value::text(name.as_str()),
                ObjectKey::Expression(Expression::Variable(name)) => Value::text(name.as_str()),
                ObjectKey::Expression(key) => self.eval(env, key),
            };
            let Some(name) = key.as_text() else {
                return key.hole().unwrap_or_else(|| Value::unknown("has a name that isn't known"));
            };
            let value = self.eval(env, value.expr());
            if matches!(value, Value::Failed(_)) {
                return value;
            }
            members.insert(name.to_string(), value);
        }
        Value::object(members)
    }

    fn call(&self, env: &Env<'_>, call: &FuncCall) -> Value {
        let name = call.name.name.as_str();
        if call.name.is_namespaced() && call.name.namespace.iter().any(|of| of.as_str() != "core") {
            return Value::unknown(format!("calls a provider's function, `{name}`"));
        }
        if matches!(name, "try" | "can") {
            return self.attempt(env, name, call);
        }
        let mut args = Vec::new();
        for arg in call.args.iter() {
            let value = self.eval(env, arg);
            if matches!(value, Value::Failed(_)) {
                return value;
            }
            args.push(value);
        }
        if call.args.expand_final() {
            let Some(last) = args.pop() else {
                return Value::failed("expands nothing");
            };
            match last.items() {
                Some(items) => args.extend(items.iter().cloned()),
                None => {
                    return last
                        .hole()
                        .unwrap_or_else(|| Value::unknown("expands what is no list"));
                }
            }
        }
        if !self.spend(args.len()) {
            return Value::unknown(TOO_MUCH);
        }
        functions::call(self, env, name, &args)
    }

    /// `try` and `can`, which look at what Terraform would refuse.
    fn attempt(&self, env: &Env<'_>, name: &str, call: &FuncCall) -> Value {
        let mut last = Value::failed("has nothing to try");
        for arg in call.args.iter() {
            let value = self.eval(env, arg);
            match (&value, name) {
                (Value::Unknown(_), _) => return value,
                (Value::Failed(_), "can") => return Value::Bool(false),
                (_, "can") => return Value::Bool(true),
                (Value::Failed(_), _) => last = value,
                _ => return value,
            }
        }
        last
    }
}
