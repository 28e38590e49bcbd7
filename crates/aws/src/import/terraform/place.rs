//! A place in a resource: its top, or one of its nested blocks.
//!
//! Brings three things together for every attribute: the known value, what is unknown of it, and
//! the expressions that may have written it. Blocks of a plan and blocks of its configuration do
//! not correspond one to one: sets are sorted, `dynamic` blocks leave no trace, and blocks written
//! as attributes have one expression for all. So a block's bodies are those that it agrees with.

use serde_json::{Map, Value};

use super::attribute::{Attribute, Doubt, is_assumed};
use super::graph::{Graph, Resource};
use super::wanted::Wanted;
use crate::model::{Key, Note, Origin, SetVal};

/// Where a place may have been written.
#[derive(Clone)]
enum Written<'g> {
    /// There is no configuration: it comes from a state.
    Unseen,
    /// By a `dynamic` block, which leaves no trace.
    Traceless,
    /// By one of these bodies.
    Bodies(Vec<&'g Map<String, Value>>),
    /// By these expressions, which stand for all blocks of the name.
    Whole(Vec<&'g Value>),
}

/// A place in a resource.
#[derive(Clone)]
pub(super) struct Place<'g> {
    pub(super) graph: &'g Graph,
    pub(super) resource: &'g Resource,
    value: Option<&'g Map<String, Value>>,
    unknown: Option<&'g Value>,
    written: Written<'g>,
    path: String,
    shared: bool,
}

/// The nested blocks of one name.
pub(super) struct Blocks<'g> {
    /// Those that are known.
    pub(super) list: Vec<Place<'g>>,
    /// Set if there may be others.
    pub(super) open: Option<Note>,
    /// Whether the configuration is at hand and writes no such block.
    pub(super) unwritten: bool,
}

impl Blocks<'_> {
    /// What an attribute of all blocks names, taken together.
    pub(super) fn keys(&self, name: &'static str, wanted: &Wanted) -> SetVal<Key> {
        let attributes: Vec<Attribute<'_>> =
            self.list.iter().map(|block| block.attribute(name)).collect();
        let mut set = Attribute::keys_of_all(&attributes, wanted);
        if let Some(note) = &self.open {
            set.open = true;
            set.unknown.get_or_insert_with(|| note.clone());
        }
        set
    }
}

impl<'g> Place<'g> {
    /// The whole resource.
    pub(super) fn top(graph: &'g Graph, resource: &'g Resource) -> Self {
        let written = match graph.written(resource) {
            None => Written::Unseen,
            Some(written) => Written::Bodies(written.expressions.as_object().into_iter().collect()),
        };
        Self {
            graph,
            resource,
            value: Some(&resource.value),
            unknown: Some(&resource.unknown),
            written,
            path: String::new(),
            shared: false,
        }
    }

    /// The values of an earlier time, in which nothing is unknown.
    pub(super) fn before(graph: &'g Graph, resource: &'g Resource) -> Self {
        Self {
            graph,
            resource,
            value: Some(&resource.before),
            unknown: None,
            written: Written::Unseen,
            path: String::new(),
            shared: false,
        }
    }

    /// Where it is written.
    pub(super) fn origin(&self) -> Origin {
        Origin::at(&self.resource.key, self.path.clone())
    }

    fn expressions(&self, name: &str) -> Vec<&'g Value> {
        match &self.written {
            Written::Unseen | Written::Traceless => Vec::new(),
            Written::Bodies(bodies) => bodies.iter().filter_map(|body| body.get(name)).collect(),
            Written::Whole(whole) => whole.clone(),
        }
    }

    fn unknown_of(&self, name: &str) -> Option<&'g Value> {
        match self.unknown? {
            whole @ (Value::Bool(true) | Value::String(_)) => Some(whole),
            Value::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// One attribute.
    pub(super) fn attribute(&self, name: &'static str) -> Attribute<'g> {
        let mut value =
            self.value.and_then(|members| members.get(name)).filter(|value| !value.is_null());
        let expressions = self.expressions(name);
        let unknown = self.unknown_of(name);
        let mut doubt = Doubt::of(unknown);
        if let (Doubt::Whole, [only]) = (doubt, expressions.as_slice()) {
            // Terraform calls a literal unknown where the provider may still change it.
            let whole = matches!(self.written, Written::Whole(_));
            let constant = only.get("constant_value").filter(|value| !value.is_null());
            if let (false, Some(constant)) = (whole, constant) {
                (value, doubt) = (Some(constant), Doubt::None);
            }
        }
        if let (Written::Unseen, Some(value), Some(unknown)) = (&self.written, value, unknown)
            && is_assumed(value, unknown)
        {
            doubt = Doubt::Assumed;
        }
        Attribute {
            graph: self.graph,
            resource: self.resource,
            path: self.path.clone(),
            name,
            value,
            unknown,
            doubt,
            unwritten: expressions.is_empty() && matches!(self.written, Written::Bodies(_)),
            expressions,
            shared: self.shared,
        }
    }

    /// The nested blocks of a name.
    pub(super) fn blocks(&self, name: &'static str) -> Blocks<'g> {
        let attribute = self.attribute(name);
        let items: Vec<(usize, &'g Map<String, Value>)> = match attribute.value {
            Some(Value::Array(items)) => {
                let all = items.iter().enumerate();
                all.filter_map(|(at, item)| Some((at, item.as_object()?))).collect()
            }
            Some(Value::Object(only)) => vec![(0, only)],
            _ => Vec::new(),
        };
        let doubt_of = |at: usize| match attribute.unknown {
            Some(Value::Array(list)) => list.get(at),
            other => other,
        };
        let doubted =
            items.iter().filter(|(at, _)| Doubt::of(doubt_of(*at)) != Doubt::None).count();
        let single = items.len() == 1;
        let list = items.iter().map(|(at, item)| {
            let at = *at;
            let written = self.written_for(&attribute.expressions, item, single);
            let ambiguous = match &written {
                Written::Whole(_) => true,
                Written::Bodies(bodies) => bodies.len() > 1,
                Written::Unseen | Written::Traceless => false,
            };
            Place {
                graph: self.graph,
                resource: self.resource,
                value: Some(*item),
                unknown: if attribute.doubt == Doubt::None { None } else { doubt_of(at) },
                written,
                path: self.inner(&format!("{name}[{at}]")),
                shared: doubted > 1 && ambiguous,
            }
        });
        let list = list.collect();
        // A block of which nothing is known but that it may be there.
        let hidden = match (attribute.value, attribute.unknown) {
            (Some(Value::Array(items)), Some(Value::Array(doubts))) => {
                let mut pairs = items.iter().zip(doubts);
                pairs
                    .any(|(item, doubt)| !item.is_object() && Doubt::of(Some(doubt)) != Doubt::None)
            }
            _ => false,
        };
        let whole = hidden || matches!(attribute.doubt, Doubt::Whole | Doubt::Hidden);
        let open = (whole && !attribute.unwritten).then(|| attribute.pending());
        Blocks { list, open, unwritten: attribute.unwritten }
    }

    fn inner(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The bodies that agree with a block in every literal.
    fn written_for(
        &self,
        expressions: &[&'g Value],
        item: &Map<String, Value>,
        single: bool,
    ) -> Written<'g> {
        if matches!(self.written, Written::Unseen) {
            return Written::Unseen;
        }
        let mut bodies: Vec<&'g Map<String, Value>> = Vec::new();
        let mut whole: Vec<&'g Value> = Vec::new();
        for expression in expressions {
            match expression {
                Value::Array(list) => bodies.extend(list.iter().filter_map(Value::as_object)),
                Value::Object(members)
                    if members.contains_key("references")
                        || members.contains_key("constant_value") =>
                {
                    whole.push(expression);
                }
                Value::Object(body) => bodies.push(body),
                _ => {}
            }
        }
        if !whole.is_empty() {
            return Written::Whole(whole);
        }
        if !(single && bodies.len() == 1) {
            bodies.retain(|body| agrees(body, item));
        }
        if bodies.is_empty() { Written::Traceless } else { Written::Bodies(bodies) }
    }

    /// The only block of a name, where there can be but one. Its attributes are named without it.
    pub(super) fn only(&self, name: &'static str) -> Option<Place<'g>> {
        let mut first = self.blocks(name).list.into_iter().next()?;
        first.path.clone_from(&self.path);
        first.shared = false;
        Some(first)
    }
}

/// Whether a block can have been written by a body: no literal of the body is contradicted.
fn agrees(body: &Map<String, Value>, item: &Map<String, Value>) -> bool {
    body.iter().all(|(name, expression)| {
        let literal = expression.get("constant_value").filter(|value| !value.is_null());
        match (literal, item.get(name).filter(|value| !value.is_null())) {
            // Lists may be sets, in another order.
            (Some(Value::Array(_) | Value::Object(_)), _) => true,
            (Some(literal), Some(value)) => loosely(literal) == loosely(value),
            _ => true,
        }
    })
}

fn loosely(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
