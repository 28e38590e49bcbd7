//! The bounded evaluator of a template's expressions: what they come to, or why that is not known.
//!
//! Functions as in
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>.
//! What only deployment gives (ids, ARNs) is a stand-in that is equal to itself wherever it is
//! named, so that references join exactly.

mod conditions;
mod imports;
mod lists;
mod texts;

use farmgate_farm::diagnostic::{Diagnostic, nearest};

use super::item::{Form, Item};
use super::symbols;
use super::value::{Evaluated, What};
use super::world::World;

/// How deep expressions may lead to each other.
pub(super) const DEEPEST: usize = 160;

/// How many parts all evaluations of one import may touch.
const MOST_STEPS: u64 = 40_000_000;

/// How long a computed text may be.
pub(super) const LONGEST: usize = 1 << 20;

impl World<'_> {
    /// What an expression of a stack comes to.
    pub(super) fn evaluate(&self, stack: usize, item: &Item, depth: usize) -> Evaluated {
        self.steps.set(self.steps.get() + 1);
        if depth > DEEPEST || self.steps.get() > MOST_STEPS {
            return Evaluated::unknown("is more than is computed").at(item.at);
        }
        let what = match &item.form {
            Form::Null => What::Nothing,
            Form::Bool(flag) => What::Bool(*flag),
            Form::Number(number) => What::Number(number.clone()),
            Form::Text(text) => What::Text(text.clone()),
            Form::List(items) => {
                let all = items.iter().map(|item| self.evaluate(stack, item, depth + 1));
                What::List(all.filter(|item| !item.is_nothing()).collect())
            }
            Form::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Ref" || only.key.starts_with("Fn::") => {
                    return self.function(stack, &only.key, &only.item, depth + 1).at(item.at);
                }
                _ => {
                    if let Some(made) = entries.iter().find(|it| it.key.starts_with("Fn::")) {
                        let name = made.key.trim_start_matches("Fn::");
                        let reason = format!("is made by `{name}` when the template is deployed");
                        return Evaluated::unknown(reason).at(item.at);
                    }
                    let member = |entry: &super::item::Entry| {
                        let value = self.evaluate(stack, &entry.item, depth + 1);
                        (entry.key.clone(), Some(entry.at), value)
                    };
                    What::Map(entries.iter().map(member).collect())
                }
            },
        };
        Evaluated::from(what).at(item.at)
    }

    fn function(&self, stack: usize, name: &str, of: &Item, depth: usize) -> Evaluated {
        match name {
            "Ref" => match of.text() {
                Some(name) => self.reference(stack, name, of.at, depth),
                None => self.misused(stack, "Ref", of, "the name of a resource or a parameter"),
            },
            "Fn::GetAtt" => self.get_att(stack, of, depth),
            "Fn::Sub" => self.sub(stack, of, depth),
            "Fn::Join" => self.join(stack, of, depth),
            "Fn::Split" => self.split(stack, of, depth),
            "Fn::Select" => self.select(stack, of, depth),
            "Fn::FindInMap" => self.find_in_map(stack, of, depth),
            "Fn::If" => self.if_(stack, of, depth),
            "Fn::ImportValue" => self.import(stack, of, depth),
            "Fn::GetAZs" => self.zones(stack, of, depth),
            "Fn::Cidr" => self.cidr(stack, of, depth),
            "Fn::Length" => self.length(stack, of, depth),
            "Fn::ToJsonString" => self.json_string(stack, of, depth),
            // Only user data is encoded, which nothing reads.
            "Fn::Base64" => Evaluated::unknown("is encoded text, which is not read"),
            "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => self.logic(stack, name, of, depth),
            "Fn::Transform" => {
                let macro_name = of.get("Name").and_then(Item::text).unwrap_or("a macro");
                Evaluated::unknown(format!("is made by the macro `{macro_name}` on deployment"))
            }
            _ if name.starts_with("Fn::ForEach") => {
                Evaluated::unknown("is made by `Fn::ForEach`, which is not expanded")
            }
            _ => {
                let all = FUNCTIONS.iter().copied();
                let title = format!("CloudFormation has no function `{name}`");
                let problem = Diagnostic::error("unknown-function", title).at(&mark(of.at, 1), "");
                let problem = match nearest(name, all) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem,
                };
                if self.template(stack).is_some_and(|template| template.macros.is_empty()) {
                    self.problem(stack, of.at, problem);
                }
                Evaluated::unknown(format!("is made by `{name}`, which is not known"))
            }
        }
    }

    /// Notes that a function is given what it doesn't take.
    pub(super) fn misused(&self, stack: usize, name: &str, of: &Item, wants: &str) -> Evaluated {
        let title = format!("`{name}` takes {wants}");
        let problem = Diagnostic::error("misused-function", title).at(&mark(of.at, 1), "");
        self.problem(stack, of.at, problem);
        Evaluated::unknown(format!("is a `{name}` that can't be read"))
    }

    /// What `Ref` comes to: a pseudo parameter, a parameter, or a resource.
    pub(super) fn reference(&self, stack: usize, name: &str, at: usize, depth: usize) -> Evaluated {
        if let Some(word) = name.strip_prefix("AWS::") {
            return self.pseudo(stack, word, at);
        }
        let Some(template) = self.template(stack) else {
            return Evaluated::unknown("is nowhere");
        };
        if template.parameters.get(name).is_some() {
            return self.once(stack, "parameter", name, || self.parameter(stack, name, depth + 1));
        }
        if let Some(resource) = template.resource(name) {
            return symbols::reference(self, stack, resource, depth + 1);
        }
        self.undeclared(stack, name, at)
    }

    /// Notes that a name is neither a parameter's nor a resource's. Macros make resources of
    /// their own, so of a template with one that is only unknown.
    pub(super) fn undeclared(&self, stack: usize, name: &str, at: usize) -> Evaluated {
        let Some(template) = self.template(stack) else {
            return Evaluated::unknown("is nowhere");
        };
        if let Some(first) = template.macros.first() {
            return Evaluated::unknown(format!("is `{name}`, which the macro `{first}` makes"));
        }
        let parameters = template.parameters.entries().iter().map(|entry| entry.key.as_str());
        let resources = template.resources.iter().map(|resource| resource.name.as_str());
        let title = format!("`{name}` is neither a parameter nor a resource of this template");
        let found = template.text.get(at..).and_then(|text| text.find(name));
        let start = at + found.filter(|offset| *offset < 200).unwrap_or(0);
        let problem = Diagnostic::error("undeclared", title).at(&mark(start, name.len()), "");
        let problem = match nearest(name, parameters.chain(resources)) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        };
        self.problem(stack, at, problem);
        Evaluated::unknown(format!("is `{name}`, which is not declared"))
    }

    /// `AWS::Region` and its like.
    fn pseudo(&self, stack: usize, word: &str, at: usize) -> Evaluated {
        let environment = self.environment(stack);
        let told = |known: bool, text: &str, what: &str| {
            let reason = format!("depends on {what}, which no source says");
            if known { Evaluated::text(text) } else { Evaluated::symbol(text, &reason, false) }
        };
        let in_region = environment.region.is_some();
        match word {
            "NoValue" => Evaluated::nothing(),
            "Region" => told(in_region, environment.region(), "the region"),
            "AccountId" => {
                told(environment.account.is_some(), environment.account(), "the account")
            }
            "Partition" => told(in_region, environment.partition(), "the region"),
            "URLSuffix" => told(in_region, environment.suffix(), "the region"),
            "StackName" => {
                let prefix = self.stack(stack).map_or("", |stack| stack.prefix.as_str());
                let reason = "depends on the stack's name, which only its deployment gives";
                Evaluated::symbol(prefix.replace('/', "-"), reason, false)
            }
            "StackId" => {
                let reason = "depends on the stack's id, which only its deployment gives";
                Evaluated::symbol(self.key(stack, "AWS.StackId"), reason, true)
            }
            "NotificationARNs" => Evaluated::unknown("is what its deployment gives"),
            _ => {
                let title = format!("CloudFormation has no pseudo parameter `AWS::{word}`");
                let near = nearest(word, PSEUDO.iter().copied());
                let problem = Diagnostic::error("undeclared", title).at(&mark(at, 1), "");
                let problem = match near {
                    Some(near) => problem.help(format!("did you mean `AWS::{near}`?")),
                    None => problem,
                };
                self.problem(stack, at, problem);
                Evaluated::unknown(format!("is `AWS::{word}`, which is not known"))
            }
        }
    }

    /// A parameter: what a parent stack passes, or else its default.
    fn parameter(&self, stack: usize, name: &str, depth: usize) -> Evaluated {
        let unknown = Evaluated::unknown;
        let Some(declared) = self.template(stack).and_then(|it| it.parameters.get(name)) else {
            return unknown("is nowhere");
        };
        let kind = declared.get("Type").and_then(Item::text).unwrap_or("String");
        let passed = self.passed(stack, name, depth);
        let nested = passed.is_some();
        let value = match passed {
            Some(value) => value,
            None => match declared.get("Default") {
                Some(default) => self.evaluate(stack, default, depth),
                None => {
                    let reason = format!("is the parameter `{name}`, which has no default");
                    return unknown(&reason);
                }
            },
        };
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            let of = value.as_text().unwrap_or_default();
            return unknown(&format!("is the value of the SSM parameter `{of}`"));
        }
        let hidden = declared.get("NoEcho").is_some_and(|item| {
            matches!(item.form, Form::Bool(true)) || item.text() == Some("true")
        });
        if hidden {
            return unknown(&format!("is the parameter `{name}`, which is not to be shown"));
        }
        if !nested {
            self.defaults.borrow_mut().insert((stack, name.to_owned()));
        }
        let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        match (&value.what, is_list) {
            (What::Text(text), true) => {
                let parts =
                    text.split(',').map(|part| Evaluated::text(part.trim()).depending_on(&value));
                let all = Evaluated::list(parts.collect());
                all.depending_on(&value)
            }
            _ => value,
        }
    }

    /// Whether a parent passes a parameter.
    fn is_passed(&self, stack: usize, name: &str) -> bool {
        self.passed(stack, name, 0).is_some()
    }

    /// What the parent of a nested stack passes for a parameter.
    fn passed(&self, stack: usize, name: &str, depth: usize) -> Option<Evaluated> {
        let (parent, resource) = self.stack(stack)?.parent?;
        let properties = symbols::properties(self, parent, resource, depth + 1);
        properties.path(&["Parameters", name]).cloned()
    }
}

/// What to underline of a place.
pub(super) fn mark(at: usize, length: usize) -> std::ops::Range<usize> {
    at..at.saturating_add(length)
}

const PSEUDO: [&str; 8] = [
    "AccountId",
    "NoValue",
    "NotificationARNs",
    "Partition",
    "Region",
    "StackId",
    "StackName",
    "URLSuffix",
];

const FUNCTIONS: [&str; 20] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
    "Ref",
];
