//! From a declared resource to the provider's words: what the translations of all families use.

use serde_json::{Map, Value};

use super::super::terraform::{self, Action, Packed, Raw};
use super::types::snake;
use super::value::{Evaluated, What};
use super::world::World;
use super::{symbols, types};
use crate::model::Location;

/// A declared resource, evaluated, and what is made of it.
pub(super) struct Making<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) stack: usize,
    pub(super) resource: usize,
    /// Its properties.
    pub(super) of: Evaluated,
    main: Made,
    /// Whether the resource itself is none that is read.
    pub(super) hidden: bool,
    /// What else it declares.
    pub(super) made: Vec<Made>,
}

/// A resource in the provider's words.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) kind: String,
    pub(super) key: String,
    after: Map<String, Value>,
    unknown: Map<String, Value>,
    /// Places of its parts, in bytes.
    places: Vec<(String, usize)>,
}

impl Made {
    pub(super) fn new(kind: &str, key: String) -> Self {
        Self { kind: kind.to_owned(), key, ..Self::default() }
    }

    /// Sets an attribute, whose parts are in the provider's words already.
    pub(super) fn set(&mut self, name: &str, value: &Evaluated) {
        let allowed = terraform::attributes(&self.kind);
        if value.is_nothing() || !allowed.is_some_and(|list| list.contains(&name)) {
            return;
        }
        self.place(name, value, 0);
        let (known, doubt) = value.lower(&str::to_owned);
        self.after.insert(name.to_owned(), known);
        if doubt == Value::Bool(false) {
            self.unknown.remove(name);
        } else {
            self.unknown.insert(name.to_owned(), doubt);
        }
    }

    /// Sets what is there.
    pub(super) fn set_any(&mut self, name: &str, value: Option<&Evaluated>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.set(name, &What::Bool(flag).into());
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.set(name, &Evaluated::text(text));
    }

    /// Where it is written, if not where what declares it is.
    pub(super) fn at(&mut self, at: usize) {
        self.places.push((String::new(), at));
    }

    /// It, declared by a resource.
    pub(super) fn raw(mut self, locations: Vec<(String, Location)>) -> Raw {
        Raw {
            packed: Packed::take(&mut self.after),
            name: self.key.clone(),
            address: self.key,
            previous: None,
            data: false,
            kind: self.kind,
            module: String::new(),
            index: None,
            action: Action::Keep,
            after: self.after,
            unknown: Value::Object(self.unknown),
            before: Map::new(),
            locations,
        }
    }

    fn place(&mut self, path: &str, value: &Evaluated, depth: usize) {
        const DEEPEST: usize = 3;
        if let Some(at) = value.at {
            self.places.push((path.to_owned(), at));
        }
        match &value.what {
            What::List(items) if depth < DEEPEST => {
                for (at, item) in items.iter().filter(|item| !item.is_nothing()).enumerate() {
                    self.place(&format!("{path}[{at}]"), item, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Makes all unknown but what it is named by and what it belongs to.
    fn doubt(&mut self, reason: &str) {
        const KEPT: [&str; 14] = [
            "id",
            "arn",
            "vpc_id",
            "security_group_id",
            "route_table_id",
            "subnet_id",
            "network_acl_id",
            "listener_arn",
            "load_balancer_arn",
            "api_id",
            "rest_api_id",
            "resource_id",
            "dns_name",
            "cluster",
        ];
        for name in terraform::attributes(&self.kind).unwrap_or_default() {
            if !KEPT.contains(name) {
                self.after.remove(*name);
                self.unknown.insert((*name).to_owned(), Value::String(reason.to_owned()));
            }
        }
    }
}

impl<'w, 'a> Making<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, stack: usize, resource: usize) -> Self {
        let of = symbols::properties(world, stack, resource, 0);
        let name = world.declared(stack, resource).map_or("", |declared| declared.name.as_str());
        let kind = symbols::type_of(world, stack, resource).kind;
        let main = Made::new(&kind, world.key(stack, name));
        Self { world, stack, resource, of, main, hidden: false, made: Vec::new() }
    }

    /// The resource itself.
    pub(super) fn own(&mut self) -> &mut Made {
        &mut self.main
    }

    /// A property; where all of them are unknown, so is it.
    pub(super) fn get(&self, name: &str) -> Option<Evaluated> {
        self.of.path(&[name]).cloned()
    }

    pub(super) fn path(&self, names: &[&str]) -> Option<Evaluated> {
        self.of.path(names).cloned()
    }

    /// Sets attributes from properties: their names, and ours. Inner names become snake case.
    pub(super) fn copy(&mut self, pairs: &[(&str, &str)]) {
        for (property, attribute) in pairs {
            if let Some(value) = self.get(property) {
                self.own().set(attribute, &deep(&value));
            }
        }
    }

    /// Sets attributes whose names are the properties' in snake case.
    pub(super) fn copy_same(&mut self, properties: &[&str]) {
        for property in properties {
            if let Some(value) = self.get(property) {
                self.own().set(&snake(property), &deep(&value));
            }
        }
    }

    /// What `Ref` gives.
    pub(super) fn reference(&self) -> Evaluated {
        symbols::reference(self.world, self.stack, self.resource, 0)
    }

    pub(super) fn name(&self) -> Evaluated {
        symbols::name(self.world, self.stack, self.resource, 0)
    }

    pub(super) fn arn(&self) -> Evaluated {
        symbols::arn(self.world, self.stack, self.resource, 0)
    }

    pub(super) fn attribute(&self, name: &str) -> Evaluated {
        symbols::attribute(self.world, self.stack, self.resource, name, 0)
    }

    /// A further resource that this one declares.
    pub(super) fn further(&mut self, kind: &str, what: &str) -> Made {
        Made::new(kind, format!("{} {what}", self.own().key))
    }

    /// `id`, `arn` and `name` by what `Ref` gives, and tags.
    pub(super) fn identify(&mut self) {
        let of_type = symbols::type_of(self.world, self.stack, self.resource);
        let (id, arn, name) = (self.reference(), self.arn(), self.name());
        let own = self.own();
        own.set("id", &id);
        own.set("arn", &arn);
        if of_type.reference == types::Reference::Name || !of_type.name.is_empty() {
            own.set("name", &name);
        }
        if let Some(tags) = self.get("Tags") {
            let tags = tags_of(&tags);
            self.own().set("tags", &tags);
        }
    }

    /// What was made, as the family readers take it.
    pub(super) fn finish(mut self, doubt: Option<&str>) -> Vec<Raw> {
        let declared_at =
            self.world.declared(self.stack, self.resource).map_or(0, |declared| declared.at);
        let template = self.world.template(self.stack);
        let further = std::mem::take(&mut self.made);
        let main = (!self.hidden).then(|| std::mem::take(&mut self.main));
        let raw = |mut made: Made| {
            if let Some(reason) = doubt {
                made.doubt(reason);
            }
            let place = |at: usize| template.map(|template| template.place(at));
            let own = made.places.iter().find(|(path, _)| path.is_empty());
            let at = own.map_or(declared_at, |(_, at)| *at);
            let mut locations: Vec<_> =
                place(at).map(|place| (String::new(), place)).into_iter().collect();
            let inner = made.places.iter().filter(|(path, _)| !path.is_empty());
            let inner = inner.filter_map(|(path, at)| Some((path.clone(), place(*at)?)));
            locations.extend(inner);
            locations.shrink_to_fit();
            made.raw(locations)
        };
        main.into_iter().chain(further).map(raw).collect()
    }
}

/// A list of `Key` and `Value` as a map; or a map, as some types have it.
fn tags_of(tags: &Evaluated) -> Evaluated {
    let What::List(items) = &tags.what else { return tags.clone() };
    let pair = |item: &Evaluated| {
        let key = item.get("Key").and_then(Evaluated::as_text)?;
        Some((key, None, item.get("Value")?.clone()))
    };
    What::Map(items.iter().filter_map(pair).collect()).into()
}

/// The same with all keys in snake case.
pub(super) fn deep(value: &Evaluated) -> Evaluated {
    renamed(value, &snake)
}

/// The same with all keys renamed.
pub(super) fn renamed(value: &Evaluated, rename: &dyn Fn(&str) -> String) -> Evaluated {
    let what = match &value.what {
        What::List(items) => What::List(items.iter().map(|item| renamed(item, rename)).collect()),
        What::Map(members) => {
            let member = |(key, at, value): &(String, Option<usize>, Evaluated)| {
                (rename(key), *at, renamed(value, rename))
            };
            What::Map(members.iter().map(member).collect())
        }
        other => other.clone(),
    };
    Evaluated { what, at: value.at, symbol: value.symbol.clone(), assumed: value.assumed.clone() }
}

/// A list of one, of what is there.
pub(super) fn one(value: Option<&Evaluated>) -> Option<Evaluated> {
    let value = value?;
    match &value.what {
        What::Unknown(_) | What::List(_) => Some(value.clone()),
        _ => Some(Evaluated::list(vec![value.clone()])),
    }
}

/// Every item of a list as `make` says; what is unknown stays so.
pub(super) fn each(list: &Evaluated, make: impl Fn(&Evaluated) -> Evaluated) -> Evaluated {
    if list.reason().is_some() {
        return list.clone();
    }
    let item = |item: &Evaluated| {
        if item.reason().is_some() { item.clone() } else { Evaluated { at: item.at, ..make(item) } }
    };
    Evaluated { at: list.at, ..Evaluated::list(list.items().iter().map(item).collect()) }
}

/// A map of members of another, under other names.
pub(super) fn pick(of: &Evaluated, pairs: &[(&'static str, &'static str)]) -> Evaluated {
    if of.reason().is_some() {
        return of.clone();
    }
    let member = |(from, to): &(&str, &'static str)| (*to, of.get(from).map(deep));
    Evaluated { at: of.at, ..Evaluated::map(pairs.iter().map(member)) }
}

/// The value of one key in a list of `Key` and `Value`, as attributes of load balancers are given.
pub(super) fn attribute_of(list: Option<&Evaluated>, key: &str) -> Option<Evaluated> {
    let list = list?;
    if list.reason().is_some() {
        return Some(list.clone());
    }
    let mut unknown = None;
    for item in list.items() {
        match item.get("Key").and_then(Evaluated::as_text) {
            Some(name) if name == key => return item.get("Value").cloned(),
            Some(_) => {}
            None => unknown = Some(item),
        }
    }
    let reason = unknown.map(|item| item.reason().map_or("is not known", |reason| reason));
    reason.map(Evaluated::unknown)
}

/// A policy: text if it is known, else an object in which some is not.
pub(super) fn policy(document: &Evaluated) -> Evaluated {
    let (json, unknown) = document.lower(&str::to_owned);
    match (&document.what, unknown) {
        (What::Text(_) | What::Unknown(_), _) => document.clone(),
        (_, Value::Bool(false)) => {
            Evaluated { at: document.at, ..Evaluated::text(json.to_string()) }
        }
        _ => document.clone(),
    }
}
