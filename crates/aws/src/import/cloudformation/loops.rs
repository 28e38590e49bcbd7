//! `Fn::ForEach`, written out: for every value of a collection what it repeats, with the value in it.
//!
//! As the macro `AWS::LanguageExtensions` does it when a template is deployed. See
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>.

use std::collections::BTreeSet;

use super::item::{Entry, Form, Item};

/// What a loop is called: this, and a name of its own.
pub(super) const FOR_EACH: &str = "Fn::ForEach::";

/// How deep loops and what they repeat may be nested.
const DEEPEST: usize = 64;

/// How many entries all loops of one template may make.
const MOST: usize = 20_000;

/// What collections may be taken from, and how much is left to be made.
pub(super) struct Loops<'t> {
    pub(super) parameters: &'t Item,
    pub(super) mappings: &'t Item,
    /// The parameters whose defaults were taken.
    pub(super) defaults: BTreeSet<String>,
    left: usize,
}

impl<'t> Loops<'t> {
    pub(super) fn new(parameters: &'t Item, mappings: &'t Item) -> Self {
        Self { parameters, mappings, defaults: BTreeSet::new(), left: MOST }
    }

    /// The entries of one loop; none if its collection isn't known.
    pub(super) fn entries(&mut self, of: &Item, depth: usize) -> Option<Vec<Entry>> {
        let [name, collection, body] = of.list()? else { return None };
        let name = name.text()?;
        let mut all = Vec::new();
        for value in self.collection(collection)? {
            for entry in body.entries() {
                self.left = self.left.checked_sub(1)?;
                let entry = Entry {
                    key: filled(&entry.key, name, &value),
                    at: entry.at,
                    item: with(&entry.item, name, &value, depth),
                };
                match entry.key.starts_with(FOR_EACH) {
                    true if depth < DEEPEST => all.extend(self.entries(&entry.item, depth + 1)?),
                    true => return None,
                    false => all.push(Entry { item: self.all(entry.item, depth + 1), ..entry }),
                }
            }
        }
        Some(all)
    }

    /// The same with all loops in it written out; those whose collections aren't known stay.
    pub(super) fn all(&mut self, item: Item, depth: usize) -> Item {
        if depth > DEEPEST {
            return item;
        }
        let form = match item.form {
            Form::Map(entries) => {
                let mut all = Vec::with_capacity(entries.len());
                for entry in entries {
                    let made =
                        entry.key.starts_with(FOR_EACH).then(|| self.entries(&entry.item, depth));
                    match made.flatten() {
                        Some(made) => all.extend(made),
                        None => all.push(Entry { item: self.all(entry.item, depth + 1), ..entry }),
                    }
                }
                Form::Map(all)
            }
            Form::List(items) => {
                Form::List(items.into_iter().map(|item| self.all(item, depth + 1)).collect())
            }
            other => other,
        };
        Item { at: item.at, form }
    }

    /// The values of a collection: written out, a parameter's default, or a mapping's.
    fn collection(&mut self, of: &Item) -> Option<Vec<String>> {
        if let Some(items) = of.list() {
            return items.iter().map(|item| self.value(item)).collect();
        }
        let [only] = of.entries() else { return None };
        match only.key.as_str() {
            "Ref" => {
                let list = self.default(only.item.text()?)?;
                Some(list.split(',').map(|part| part.trim().to_owned()).collect())
            }
            "Fn::FindInMap" => {
                let mut here = self.mappings;
                for key in only.item.list()?.iter().take(3) {
                    here = here.get(&self.value(key)?)?;
                }
                here.list()?.iter().map(|item| self.value(item)).collect()
            }
            _ => None,
        }
    }

    fn value(&mut self, of: &Item) -> Option<String> {
        match (&of.form, of.entries()) {
            (Form::Number(number), _) => Some(number.to_string()),
            (_, [only]) if only.key == "Ref" => self.default(only.item.text()?),
            _ => of.text().map(str::to_owned),
        }
    }

    fn default(&mut self, name: &str) -> Option<String> {
        let default = self.parameters.get(name)?.get("Default")?;
        let text = match &default.form {
            Form::Number(number) => number.to_string(),
            _ => default.text()?.to_owned(),
        };
        self.defaults.insert(name.to_owned());
        Some(text)
    }
}

/// A text with a loop's value in it. `&{X}` is the value without what no logical id may hold.
fn filled(text: &str, name: &str, value: &str) -> String {
    let bare = || value.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let text = text.replace(&format!("${{{name}}}"), value);
    let mark = format!("&{{{name}}}");
    if text.contains(&mark) { text.replace(&mark, &bare()) } else { text }
}

fn with(item: &Item, name: &str, value: &str, depth: usize) -> Item {
    let inner = |item: &Item| match depth < DEEPEST {
        true => with(item, name, value, depth + 1),
        false => item.clone(),
    };
    let form = match &item.form {
        Form::Text(text) => Form::Text(filled(text, name, value)),
        Form::List(items) => Form::List(items.iter().map(inner).collect()),
        Form::Map(entries) => match entries.as_slice() {
            [only] if only.key == "Ref" && only.item.text() == Some(name) => {
                Form::Text(value.to_owned())
            }
            _ => {
                let entry = |entry: &Entry| Entry {
                    key: filled(&entry.key, name, value),
                    at: entry.at,
                    item: inner(&entry.item),
                };
                Form::Map(entries.iter().map(entry).collect())
            }
        },
        other => other.clone(),
    };
    Item { at: item.at, form }
}
