//! Functions that make texts and take them apart, and the names of attributes.

use super::super::item::{Form, Item};
use super::super::symbols;
use super::super::value::{Evaluated, What};
use super::super::world::World;
use super::LONGEST;

/// How many parts a text is split into at most.
const MOST_PARTS: usize = 10_000;

impl World<'_> {
    /// `Fn::GetAtt`: `[Name, Attribute]`, or `Name.Attribute`.
    pub(super) fn get_att(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let wants = "the name of a resource and that of an attribute";
        let (name, attribute) = match &of.form {
            Form::Text(text) => match text.split_once('.') {
                Some((name, attribute)) => (name.to_owned(), attribute.to_owned()),
                None => return self.misused(stack, "Fn::GetAtt", of, wants),
            },
            Form::List(items) => {
                let all = items.iter().map(|item| self.evaluate(stack, item, depth + 1));
                let texts: Option<Vec<String>> = all.map(|value| value.as_text()).collect();
                match texts.as_deref() {
                    Some([name, rest @ ..]) if !rest.is_empty() => (name.clone(), rest.join(".")),
                    Some(_) => return self.misused(stack, "Fn::GetAtt", of, wants),
                    None => return Evaluated::unknown("is an attribute that is not known"),
                }
            }
            _ => return self.misused(stack, "Fn::GetAtt", of, wants),
        };
        self.attribute(stack, &name, &attribute, of.at, depth)
    }

    fn attribute(
        &self,
        stack: usize,
        name: &str,
        attribute: &str,
        at: usize,
        depth: usize,
    ) -> Evaluated {
        match self.template(stack).and_then(|template| template.resource(name)) {
            Some(resource) => symbols::attribute(self, stack, resource, attribute, depth + 1),
            None => self.undeclared(stack, name, at),
        }
    }

    /// `Fn::Sub`: a text with `${Name}` and `${Name.Attribute}` in it, and values of its own.
    pub(super) fn sub(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let (text, own) = match &of.form {
            Form::Text(text) => (text.as_str(), None),
            Form::List(items) => match items.as_slice() {
                [text] if text.text().is_some() => (text.text().unwrap_or_default(), None),
                [text, own] if text.text().is_some() => {
                    (text.text().unwrap_or_default(), Some(own))
                }
                _ => return self.misused(stack, "Fn::Sub", of, "a text, or a text and values"),
            },
            _ => return self.misused(stack, "Fn::Sub", of, "a text, or a text and values"),
        };
        let mut parts: Vec<Evaluated> = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            parts.push(Evaluated::text(before));
            let Some((name, behind)) = after.split_once('}') else {
                parts.push(Evaluated::text("${"));
                rest = after;
                continue;
            };
            rest = behind;
            parts.push(match name.strip_prefix('!') {
                Some(literal) => Evaluated::text(format!("${{{literal}}}")),
                None => self.named(stack, name.trim(), own, of.at, depth),
            });
        }
        parts.push(Evaluated::text(rest));
        joined(&parts, "")
    }

    fn named(
        &self,
        stack: usize,
        name: &str,
        own: Option<&Item>,
        at: usize,
        depth: usize,
    ) -> Evaluated {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            return self.evaluate(stack, value, depth + 1);
        }
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(stack, resource, attribute, at, depth),
            None => self.reference(stack, name, at, depth + 1),
        }
    }

    /// `Fn::Join`
    pub(super) fn join(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([between, list]) = of.list() else {
            return self.misused(stack, "Fn::Join", of, "a delimiter and a list");
        };
        let between = self.evaluate(stack, between, depth + 1);
        let Some(between) = between.as_text() else {
            return self.misused(stack, "Fn::Join", of, "a text as delimiter");
        };
        let list = self.evaluate(stack, list, depth + 1);
        if let Some(reason) = list.reason() {
            return Evaluated::unknown(reason.clone());
        }
        // How many zones a region has is not known, so neither is all of them joined.
        if let (What::List(_), Some(symbol)) = (&list.what, &list.symbol) {
            return Evaluated::unknown(symbol.reason.clone());
        }
        joined(list.items(), &between)
    }

    /// `Fn::Split`
    pub(super) fn split(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let Some([between, text]) = of.list() else {
            return self.misused(stack, "Fn::Split", of, "a delimiter and a text");
        };
        let Some(between) = between.text().filter(|text| !text.is_empty()) else {
            return self.misused(stack, "Fn::Split", of, "a text as delimiter");
        };
        let value = self.evaluate(stack, text, depth + 1);
        let Some(text) = value.as_text() else {
            let reason = value.reason().map_or("is no text", |reason| reason);
            return Evaluated::unknown(reason);
        };
        // Ids hold no commas, but other delimiters may be inside of what stands for one.
        if between != "," && value.symbol.as_ref().is_some_and(|symbol| symbol.opaque) {
            return Evaluated::unknown("is a part of what only its deployment gives");
        }
        let parts = text.split(between).take(MOST_PARTS);
        let parts = parts.map(|part| Evaluated::text(part).depending_on(&value));
        Evaluated::list(parts.collect()).depending_on(&value)
    }

    /// `Fn::ToJsonString`
    pub(super) fn json_string(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let value = self.evaluate(stack, of, depth + 1);
        let (json, unknown) = value.lower(&str::to_owned);
        if unknown == serde_json::Value::Bool(false) {
            Evaluated::text(json.to_string())
        } else {
            Evaluated::unknown("holds what is not known")
        }
    }
}

/// Texts one after the other; unknown if one of them is.
fn joined(parts: &[Evaluated], between: &str) -> Evaluated {
    let mut text = String::new();
    let mut whole = Evaluated::nothing();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        match (part.as_text(), part.reason()) {
            (Some(own), _) => text.push_str(&own),
            (None, Some(reason)) => {
                let reason = reason
                    .strip_prefix("is ")
                    .map_or_else(|| reason.to_string(), |what| format!("holds {what}"));
                return Evaluated::unknown(reason);
            }
            (None, None) => return Evaluated::unknown("is joined of what is no text"),
        }
        if text.len() > LONGEST {
            return Evaluated::unknown("is longer than is computed");
        }
        whole = whole.depending_on(part);
    }
    whole.what = What::Text(text);
    whole
}
