//! `Fn::ImportValue`: what other stacks export.
//!
//! Templates that are deployed one by one often take the name of the stack from which they import as
//! a parameter. Which stack that is no template says; but where one alone exports what is asked for, it
//! is taken to be that one, and the reader is told.

use super::super::item::Item;
use super::super::value::Evaluated;
use super::super::world::World;

impl World<'_> {
    /// `Fn::ImportValue`: the output that another given stack exports under this name.
    pub(super) fn import(&self, stack: usize, of: &Item, depth: usize) -> Evaluated {
        let name = self.evaluate(stack, of, depth);
        let Some(text) = name.as_text() else {
            if let Some(found) = self.import_by_end(stack, of, depth) {
                return found;
            }
            let reason = name.reason().map_or("is not known", |reason| reason);
            return Evaluated::unknown(format!("is an export whose name {reason}"));
        };
        let all = self.exported(&text);
        // Of stacks that export the same, at most one can be deployed in a region.
        let Some((from, output)) = all.last() else {
            return Evaluated::unknown(format!(
                "is the export `{text}`, which no given stack exports"
            ));
        };
        self.imports.borrow_mut().insert((stack, *from));
        let value = self.output(*from, output, depth + 1);
        let mut value = value.unwrap_or_else(|| Evaluated::unknown("is an output without a value"));
        if all.len() > 1 {
            let prefix = |at: &usize| self.stack(*at).map_or("", |stack| stack.prefix.as_str());
            let names: Vec<&str> = all.iter().map(|(at, _)| prefix(at)).collect();
            let list = names.join(" and ");
            let note = format!("is the export `{text}` of {}, which {list} export", prefix(from));
            self.rivals.borrow_mut().insert(text, list);
            value.assumed.get_or_insert_with(|| note.into());
        }
        value
    }

    /// An import whose name is a parameter without a value, and an end: from the only given stack
    /// that exports something under its own name with that end.
    fn import_by_end(&self, stack: usize, of: &Item, depth: usize) -> Option<Evaluated> {
        let [only] = of.entries() else { return None };
        let text = only.item.text().filter(|_| only.key == "Fn::Sub")?;
        let (parameter, end) = text.strip_prefix("${")?.split_once('}')?;
        let plain = !end.is_empty() && !end.contains("${");
        let declared = self.template(stack)?.parameters.get(parameter).filter(|_| plain)?;
        if declared.get("Default").is_some() || self.is_passed(stack, parameter) {
            return None;
        }
        let mut all = self.exported_by_own_name(end).into_iter().filter(|(from, _)| *from != stack);
        let (from, output) = all.next()?;
        let mut named = self.named_by.borrow_mut();
        let before = named.get(&(stack, parameter.to_owned()));
        if all.next().is_some() || before.is_some_and(|before| *before != from) {
            return None;
        }
        named.insert((stack, parameter.to_owned()), from);
        drop(named);
        self.imports.borrow_mut().insert((stack, from));
        let prefix = |at: usize| self.stack(at).map_or("", |stack| stack.prefix.as_str());
        let note = format!(
            "is that of {}, to which the parameter `{parameter}` of {} is taken to refer, since no other given stack exports `...{end}`",
            prefix(from),
            prefix(stack)
        );
        let mut value = self.output(from, &output, depth + 1)?;
        value.assumed.get_or_insert_with(|| note.into());
        Some(value)
    }
}
