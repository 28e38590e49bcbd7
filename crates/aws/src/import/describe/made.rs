//! Making resources in the provider's words out of what AWS prints.
//!
//! One thing may be shown by several documents: what only one of them knows completes the other;
//! where they contradict each other the first is used and the reader is told.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::super::terraform::{Action, LISTED, Packed, Raw, attributes};
use super::folder::Item;
use super::value;
use crate::model::{Key, Warning};

/// How many contradictions are told one by one.
const MOST_TOLD: usize = 100;

/// A resource in the making.
pub(super) struct Made {
    raw: Raw,
    unknown: Map<String, Value>,
    /// The document that shows it.
    from: String,
}

impl Made {
    /// A resource of the provider's type `kind`, called `address`, which is also its `id`.
    pub(super) fn new(kind: &str, address: &str, item: &Item<'_>) -> Self {
        let mut made = Self {
            raw: raw(kind, address, false),
            unknown: Map::new(),
            from: item.page.name.to_owned(),
        };
        made.raw.locations.extend(item.location().map(|place| (String::new(), place)));
        made.set("id", address);
        made
    }

    /// Says a value; `null` says nothing.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        if !value.is_null() {
            self.raw.after.insert(name.to_owned(), value);
        }
        self
    }

    /// Says values as they are printed: the provider's name, AWS's name.
    pub(super) fn copy(&mut self, item: &Value, names: &[(&str, &str)]) -> &mut Self {
        for (ours, theirs) in names {
            if let Some(value) = item.get(*theirs) {
                self.set(ours, value.clone());
            }
        }
        self
    }

    /// Says that a value is not known, and why, as a predicate of the attribute.
    pub(super) fn unsaid(&mut self, name: &str, reason: impl Into<String>) -> &mut Self {
        self.unknown.insert(name.to_owned(), Value::String(reason.into()));
        self
    }

    /// Says a value, or why it is not known.
    pub(super) fn set_or(
        &mut self,
        name: &str,
        value: Option<impl Into<Value>>,
        reason: impl FnOnce() -> String,
    ) -> &mut Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.unsaid(name, reason()),
        }
    }

    /// Its tags.
    pub(super) fn tags(&mut self, item: &Value, name: &str) -> &mut Self {
        if item.get(name).is_some() {
            self.set("tags", value::tags(item, name));
        }
        self
    }
}

fn raw(kind: &str, address: &str, data: bool) -> Raw {
    Raw {
        address: address.to_owned(),
        previous: None,
        data,
        kind: kind.to_owned(),
        name: address.to_owned(),
        module: String::new(),
        index: None,
        action: Action::Keep,
        after: Map::new(),
        unknown: Value::Null,
        before: Map::new(),
        locations: Vec::new(),
        packed: Packed::default(),
    }
}

/// All resources of one region.
#[derive(Default)]
pub(super) struct Making {
    made: Vec<Made>,
    by_address: HashMap<(String, String), usize>,
    data: Vec<Raw>,
    pub(super) warnings: Vec<Warning>,
    told: usize,
    /// Whether bare names may stand as ids; in a second region they could be another's.
    main: bool,
    /// ` in REGION`, where there are several.
    pub(super) place: String,
}

impl Making {
    pub(super) fn new(main: bool) -> Self {
        Self { main, ..Self::default() }
    }

    /// The region and the account, as the data sources that Terraform has for them.
    pub(super) fn facts(&mut self, region: Option<&str>, account: Option<&str>) {
        let mut fact = |kind: &str, name: &str, value: Option<&str>| {
            if let Some(value) = value {
                let mut fact = raw(kind, &format!("the {name} {value}"), true);
                fact.after.insert("id".to_owned(), value.into());
                fact.after.insert(name.to_owned(), value.into());
                self.data.push(fact);
            }
        };
        fact("aws_region", "region", region);
        fact("aws_caller_identity", "account_id", account);
    }

    /// Says that all resources of a type are shown: what isn't there doesn't exist.
    pub(super) fn lists(&mut self, kind: &str) {
        let mut fact = raw(LISTED, &format!("all of {kind}"), true);
        fact.after.insert("id".to_owned(), kind.into());
        self.data.push(fact);
    }

    /// Adds a resource whose id is its address.
    pub(super) fn add(&mut self, made: Made) {
        let address = (made.raw.kind.clone(), made.raw.address.clone());
        match self.by_address.get(&address).copied() {
            Some(at) => self.again(at, made),
            None => {
                self.by_address.insert(address, self.made.len());
                self.made.push(made);
            }
        }
    }

    /// Adds a resource that the provider knows by a bare name, which is an id in its region only.
    pub(super) fn add_named(&mut self, mut made: Made, name: &str) {
        if self.main {
            made.set("id", name);
        }
        self.add(made);
    }

    /// Whether there is a resource of this type and address.
    pub(super) fn has(&self, kind: &str, address: &str) -> bool {
        self.get(kind, address).is_some()
    }

    /// What is said of a resource.
    pub(super) fn get(&self, kind: &str, address: &str) -> Option<&Map<String, Value>> {
        let at = self.by_address.get(&(kind.to_owned(), address.to_owned()))?;
        self.made.get(*at).map(|made| &made.raw.after)
    }

    /// What is said of all resources of a type, with their addresses.
    pub(super) fn of<'m>(
        &'m self,
        kind: &'m str,
    ) -> impl Iterator<Item = (&'m str, &'m Map<String, Value>)> + 'm {
        let all = self.made.iter().filter(move |made| made.raw.kind == kind);
        all.map(|made| (made.raw.address.as_str(), &made.raw.after))
    }

    /// Changes a resource that was added.
    pub(super) fn change(&mut self, kind: &str, address: &str, change: impl FnOnce(&mut Made)) {
        let at = self.by_address.get(&(kind.to_owned(), address.to_owned()));
        if let Some(made) = at.and_then(|at| self.made.get_mut(*at)) {
            change(made);
        }
    }

    /// Gives tags to what has none, by address.
    pub(super) fn tag(&mut self, tags: &BTreeMap<String, Value>) {
        for made in &mut self.made {
            let untold =
                made.raw.after.get("tags").and_then(Value::as_object).is_none_or(Map::is_empty);
            if let (true, Some(found)) = (untold, tags.get(&made.raw.address)) {
                made.set("tags", found.clone());
            }
        }
    }

    /// Tells the reader something, of a resource or of the whole.
    pub(super) fn warn(&mut self, code: &'static str, text: String, on: Option<&str>) {
        let warning = Warning { code, text, on: on.map(Key::new) };
        if self.warnings.last() != Some(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A thing that another document showed before.
    fn again(&mut self, at: usize, made: Made) {
        let Some(first) = self.made.get_mut(at) else {
            return;
        };
        let mut differing = Vec::new();
        for (name, value) in made.raw.after {
            let unknown = first.unknown.contains_key(&name);
            match first.raw.after.get(&name) {
                Some(ours) if !unknown => {
                    if *ours != value && name != "tags" {
                        differing.push(format!("`{name}`"));
                    }
                }
                _ => {
                    if !made.unknown.contains_key(&name) {
                        first.unknown.remove(&name);
                    }
                    first.raw.after.insert(name, value);
                }
            }
        }
        if differing.is_empty() {
            return;
        }
        self.told += 1;
        if self.told <= MOST_TOLD {
            let address = first.raw.address.clone();
            let text = format!(
                "{} of {address} {} not the same in {} and in {}: what {} shows is used; give only \
                 documents of one moment",
                differing.join(", "),
                if differing.len() == 1 { "is" } else { "are" },
                first.from,
                made.from,
                first.from,
            );
            self.warn("sources-disagree", text, Some(&address));
        }
    }

    /// All resources, with only what is read of each, and what the reader must know.
    pub(super) fn finish(mut self) -> (Vec<Raw>, Vec<Warning>) {
        if self.told > MOST_TOLD {
            let text = format!("documents disagree about {} further things", self.told - MOST_TOLD);
            self.warnings.push(super::warning("sources-disagree", text));
        }
        let mut all = self.data;
        for mut made in self.made {
            let read = attributes(&made.raw.kind).unwrap_or_default();
            made.raw.after.retain(|name, _| read.contains(&name.as_str()));
            made.unknown.retain(|name, _| read.contains(&name.as_str()));
            made.raw.unknown = Value::Object(made.unknown);
            all.push(made.raw);
        }
        (all, self.warnings)
    }
}
