//! Terraform's source beside a plan: where everything is written, and what its expressions come to.
//!
//! A plan says what is known, and of the rest only which names an expression mentions. The source says
//! what it computes. Its values are used for nothing else than what the plan doesn't know, and only if
//! the source is the plan's: see `terraform::settle`. Pure: files come in as bytes.

mod block;
mod eval;
mod folder;
mod functions;
mod hcl;
mod known;
mod number;
mod policy;
mod references;
mod text;
mod value;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

pub(super) use known::{Instance, Known};
pub(super) use references::subject;

use self::eval::{Env, Evaluator};
use self::folder::Files;
use self::value::Value;
use super::Input;
use crate::model::{Location, Warning};

/// How many unread files are told one by one.
const MOST_TOLD: usize = 10;
/// How deep a value may be to be taken over.
const DEEPEST: usize = 48;

/// Source that was read, not evaluated.
#[derive(Debug)]
pub(super) struct Source {
    files: Files,
}

/// What stands in a mask for the name of something that exists only after apply: `${aws_lb.a.arn}`. It
/// counts as known, where such names are looked up.
pub(super) const NAME: u8 = 1;

/// A value in the form of plans: what is known, and where it isn't.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// What is known; `null` elsewhere.
    pub(super) value: Json,
    /// A text, the reason, wherever it isn't known; in the shape of `value`.
    pub(super) mask: Json,
}

impl Source {
    /// Reads files; their names are paths in the root module's folder.
    pub(super) fn read(inputs: &[Input<'_>]) -> Self {
        Self { files: folder::read(inputs) }
    }

    /// The folders of local modules that are outside of the root module's, and weren't given.
    pub(super) fn outside(&self) -> BTreeSet<String> {
        self.files.outside()
    }

    /// Whether there is a root module at all.
    pub(super) fn has_root(&self) -> bool {
        self.files.root().is_some()
    }

    /// What couldn't be read.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let unread = &self.files.unread;
        let one = |(file, reason): &(String, String)| format!("the source {file} {reason}");
        let mut texts: Vec<String> = unread.iter().take(MOST_TOLD).map(one).collect();
        if unread.len() > MOST_TOLD {
            texts.push(format!(
                "{} further files of the source can't be read",
                unread.len() - MOST_TOLD
            ));
        }
        let warning = |text| Warning { code: "source-unreadable", text, on: None };
        texts.into_iter().map(warning).collect()
    }

    /// Looks at the source with the values of a plan or state.
    pub(super) fn look<'s>(&'s self, known: &'s Known<'s>) -> Looking<'s> {
        Looking { eval: Evaluator::new(&self.files, known), known }
    }

    /// What a resource block (`aws_lb.b`) mentions under a name, to be compared with a plan's
    /// configuration. The folder is that of [`Source::called`]. `None`: it isn't written at all.
    pub(super) fn mentions(
        &self,
        folder: &str,
        what: Part<'_>,
        name: &str,
    ) -> Option<BTreeSet<String>> {
        let folder = self.files.folders.get(folder)?;
        let block = match what {
            Part::Resource(group) => folder.resources.get(group)?,
            Part::Call(call) => folder.calls.get(call)?,
            Part::Output(output) => folder.outputs.get(output)?,
        };
        references::of_part(block, name)
    }

    /// Whether a folder was read, and declares this.
    pub(super) fn declares(&self, folder: &str, what: Part<'_>) -> Option<bool> {
        let folder = self.files.folders.get(folder)?;
        Some(match what {
            Part::Resource(group) => folder.resources.contains_key(group),
            Part::Call(call) => folder.calls.contains_key(call),
            Part::Output(output) => folder.outputs.contains_key(output),
        })
    }
}

/// A block of a module.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// `aws_lb.b`
    Resource(&'a str),
    /// The call of a module.
    Call(&'a str),
    /// An output.
    Output(&'a str),
}

/// Source together with the values of a plan or state.
pub(super) struct Looking<'s> {
    eval: Evaluator<'s>,
    known: &'s Known<'s>,
}

impl Looking<'_> {
    /// The folder in which a module instance is written.
    pub(super) fn folder_of(&self, module: &str) -> Option<String> {
        let scope = self.eval.scope_of(module)?;
        self.eval.folder(scope)?;
        Some(self.eval.scope(scope)?.folder.to_string())
    }

    fn block(&self, instance: &Instance<'_>) -> Option<(usize, &block::Block)> {
        let scope = self.eval.scope_of(instance.module)?;
        Some((scope, self.eval.folder(scope)?.resources.get(&instance.group)?))
    }

    /// Where a resource instance is written: the whole, and its attributes by name.
    pub(super) fn places(&self, at: usize) -> Vec<(String, Location)> {
        let Some((_, block)) = self.known.get(at).and_then(|instance| self.block(instance)) else {
            return Vec::new();
        };
        let whole = block.place.iter().map(|place| (String::new(), place.clone()));
        let inner = block
            .attributes
            .iter()
            .filter_map(|(name, written)| Some((name.clone(), written.place.clone()?)));
        whole.chain(inner).collect()
    }

    /// The nested blocks of a name with the place of each, if it is known which there are.
    pub(super) fn blocks(&self, at: usize, name: &str) -> Vec<(Shown, Option<Location>)> {
        let Some(instance) = self.known.get(at) else { return Vec::new() };
        let Some((scope, block)) = self.block(instance) else { return Vec::new() };
        if block.attributes.contains_key(name) {
            return Vec::new();
        }
        self.eval.refresh();
        let each = self.eval.each_of(scope, &instance.group, block, instance.index);
        let env =
            Env { scope, index: instance.index, each: each.as_ref(), names: None, vars: None };
        let found = self.eval.pieces(&env, block, name).unwrap_or_default();
        found.into_iter().map(|(value, place)| (self.shown(&value, 0), place)).collect()
    }

    /// What an attribute comes to, or the nested blocks of a name. `None`: it isn't written.
    pub(super) fn part(&self, at: usize, name: &str) -> Option<Shown> {
        Some(self.shown(&self.value(at, name)?, 0))
    }

    fn value(&self, at: usize, name: &str) -> Option<Value> {
        let instance = self.known.get(at)?;
        let (scope, block) = self.block(instance)?;
        self.eval.refresh();
        let each = self.eval.each_of(scope, &instance.group, block, instance.index);
        let env =
            Env { scope, index: instance.index, each: each.as_ref(), names: None, vars: None };
        self.eval.part(&env, block, name)
    }

    /// Whether a resource block is there, but says nothing of this name.
    pub(super) fn is_unwritten(&self, at: usize, name: &str) -> bool {
        let block = self.known.get(at).and_then(|instance| self.block(instance));
        block.is_some_and(|(_, block)| {
            let dynamic = || block.blocks.iter().any(|inner| eval::dynamic(inner) == Some(name));
            !block.attributes.contains_key(name) && block.named(name).next().is_none() && !dynamic()
        })
    }

    /// The attributes that later changes of are ignored; `None` if that isn't known.
    pub(super) fn ignored(&self, at: usize) -> Option<BTreeSet<String>> {
        let (_, block) = self.known.get(at).and_then(|instance| self.block(instance))?;
        let mut all = BTreeSet::new();
        for lifecycle in block.named("lifecycle") {
            let Some(list) = lifecycle.block.expression("ignore_changes") else { continue };
            all.extend(references::heads(list.as_array()?));
        }
        Some(all)
    }

    fn shown(&self, value: &Value, depth: usize) -> Shown {
        let hole = |why: &str| Shown { value: Json::Null, mask: Json::String(why.to_owned()) };
        if depth > DEEPEST || !self.eval.spend(1) {
            return hole("takes more than is evaluated");
        }
        match value {
            Value::Unknown(why) | Value::Failed(why) => hole(why),
            Value::Thing(_) => hole("is known only after apply"),
            Value::Reference(of) if of.is_text() => {
                Shown { value: Json::String(of.text()), mask: Json::from(NAME) }
            }
            Value::Reference(of) => {
                hole(&format!("is known only after apply: it is `{}.{}`", of.address, of.attribute))
            }
            Value::Made(text) => hole(&eval::uses(text)),
            Value::Encoded(inner) => self.shown(&apart(inner, 0), depth + 1),
            Value::Null => Shown { value: Json::Null, mask: Json::Null },
            Value::Bool(flag) => Shown { value: Json::Bool(*flag), mask: Json::Null },
            Value::Number(number) => match number.json() {
                Some(number) => Shown { value: Json::Number(number), mask: Json::Null },
                None => hole("is a number that isn't evaluated"),
            },
            Value::Text(text) => Shown { value: Json::String(text.to_string()), mask: Json::Null },
            Value::List(items) | Value::Set(items) => {
                let all = items.iter().map(|item| self.shown(item, depth + 1));
                let (values, masks): (Vec<Json>, Vec<Json>) =
                    all.map(|shown| (shown.value, shown.mask)).unzip();
                let known = masks.iter().all(Json::is_null);
                let mask = if known { Json::Null } else { Json::Array(masks) };
                Shown { value: Json::Array(values), mask }
            }
            Value::Object(members) => {
                let (mut values, mut masks) = (Map::new(), Map::new());
                for (name, member) in members.iter() {
                    let Shown { value, mask } = self.shown(member, depth + 1);
                    values.insert(name.clone(), value);
                    if !mask.is_null() {
                        masks.insert(name.clone(), mask);
                    }
                }
                let mask = if masks.is_empty() { Json::Null } else { Json::Object(masks) };
                Shown { value: Json::Object(values), mask }
            }
        }
    }
}

/// What is inside a JSON text: names of what exists only after apply stay holes there, since a text is
/// looked at as a text.
fn apart(value: &Value, depth: usize) -> Value {
    match value {
        _ if depth > DEEPEST => Value::unknown("takes more than is evaluated"),
        Value::Reference(of) => Value::unknown(format!(
            "is known only after apply: it is `{}.{}`",
            of.address, of.attribute
        )),
        Value::Made(text) => Value::unknown(eval::uses(text)),
        Value::List(items) | Value::Set(items) => {
            Value::list(items.iter().map(|item| apart(item, depth + 1)).collect())
        }
        Value::Object(members) => Value::object(
            members.iter().map(|(name, value)| (name.clone(), apart(value, depth + 1))).collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
