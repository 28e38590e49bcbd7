//! What the users expect of their network: who can reach what, who cannot, what can start.
//!
//! Here they are read and printed; whether they hold is for the audit. `docs/expectations.md`
//! is the page for users.

mod ports;
mod selector;

use std::fmt;
use std::ops::Range;

use farmgate_net::service::ServiceSet;

use crate::diagnostic::Diagnostic;
use crate::record::{Field, Record, Shape};
use crate::yaml::{self, Fields, Node};

pub use selector::{Selector, SelectorKind, no_match};

/// The verbs, of which each expectation has one.
const VERBS: [&str; 3] = ["can", "cannot", "can_start"];

/// All expectations of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// One each.
    pub items: Vec<Expectation>,
}

/// Something that has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Where it is written, in bytes.
    pub span: Range<usize>,
    /// What has to hold.
    pub kind: ExpectationKind,
    /// The reason given.
    pub why: Option<String>,
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationKind {
    /// Traffic gets there.
    Can(Flow),
    /// No traffic gets there.
    Cannot(Flow),
    /// It has what it needs in order to start.
    CanStart(Selector),
}

/// Traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Whence.
    pub from: Selector,
    /// Where to.
    pub to: Selector,
    /// On which services; on any if none are named.
    pub ports: Option<ServiceSet>,
    /// What it may go through all the same; [`ExpectationKind::Cannot`] only.
    pub except_through: Option<Selector>,
}

/// Reads a file whose only key is `expect`.
///
/// # Errors
/// All problems of the file.
pub fn read(source: &str) -> Result<Expectations, Vec<Diagnostic>> {
    yaml::document(source, |root, problems| {
        let fields = root.fields(&["expect"], problems);
        let list = fields.and_then(|fields| fields.require("expect", problems));
        list.map(|list| read_list(list, problems)).unwrap_or_default()
    })
}

/// Reads the list under `expect`, wherever it stands. What is wrong is left out and reported.
pub fn read_list(list: &Node, problems: &mut Vec<Diagnostic>) -> Expectations {
    let items = list.list(problems).unwrap_or_default();
    let items = items.iter().filter_map(|item| expectation(item, problems));
    Expectations { items: items.collect() }
}

/// What an item of the list holds.
#[must_use]
pub fn shape() -> Shape {
    let text = |what, examples| Shape::Text { what, pattern: None, examples };
    let selector = || text("a selector", &["internet", "servers.*", "databases.memories"]);
    let field = |key, doc: &'static [&'static str], required, shape| Field {
        key,
        doc,
        required,
        default: None,
        shape,
    };
    let port = Shape::AnyOf(vec![
        Shape::Integer { min: 0, max: 65535 },
        text("a port", &["8000-8100", "udp 53", "icmp", "all"]),
    ]);
    let flow = |name, more: Option<Field>| {
        let mut fields = vec![
            field("from", &[" Whence."], true, selector()),
            field("to", &[" Where to."], true, selector()),
            field(
                "ports",
                &[" On which ports; any, if absent."],
                false,
                Shape::List(Box::new(port.clone())),
            ),
            field("why", &[" The reason."], false, text("a text", &[])),
        ];
        fields.extend(more);
        Shape::Record(Record { name, doc: &[" Traffic."], fields })
    };
    let except =
        field("except_through", &[" What it may go through all the same."], false, selector());
    Shape::List(Box::new(Shape::Record(Record {
        name: "Expectation",
        doc: &[" What must hold: one of `can`, `cannot` and `can_start`."],
        fields: vec![
            field("can", &[" Traffic gets there."], false, flow("Can", None)),
            field("cannot", &[" No traffic gets there."], false, flow("Cannot", Some(except))),
            field("can_start", &[" It has what it needs in order to start."], false, selector()),
            field("why", &[" The reason."], false, text("a text", &[])),
        ],
    })))
}

fn expectation(item: &Node, problems: &mut Vec<Diagnostic>) -> Option<Expectation> {
    let fields = item.fields(&["can", "cannot", "can_start", "why"], problems)?;
    let mut verbs: Vec<_> = VERBS.iter().filter_map(|verb| fields.entry(verb)).collect();
    verbs.sort_by_key(|(key, _)| key.span.start);
    let verb = match verbs.as_slice() {
        [(_, verb)] => *verb,
        [] => {
            if !VERBS.iter().any(|verb| fields.misspelt(verb)) {
                let title = "expected `can`, `cannot` or `can_start`";
                problems.push(Diagnostic::error("missing-key", title).at(&item.mark(), ""));
            }
            return None;
        }
        [(first, _), others @ ..] => {
            let title = "an item has one of `can`, `cannot` and `can_start`";
            let mut problem = Diagnostic::error("several-verbs", title).at(&first.mark(), "");
            for (other, _) in others {
                problem = problem.context(&other.mark(), "and this");
            }
            problems.push(problem.help("write an item for each"));
            return None;
        }
    };
    let beside = fields.entry("why");
    let (kind, why) = if fields.get("can_start").is_some() {
        let selector = Selector::read_resources(verb, problems);
        let why = reason(beside, None, problems);
        (ExpectationKind::CanStart(selector?), why)
    } else {
        let can = fields.get("can").is_some();
        let (flow, inside) = flow(verb, can, problems);
        let why = reason(beside, inside, problems);
        let kind = if can { ExpectationKind::Can } else { ExpectationKind::Cannot };
        (kind(flow?), why)
    };
    Some(Expectation { span: item.span.clone(), kind, why })
}

/// The flow, and the entry of its `why`.
fn flow<'a>(
    node: &'a Node,
    can: bool,
    problems: &mut Vec<Diagnostic>,
) -> (Option<Flow>, Option<(&'a Node, &'a Node)>) {
    let known = ["from", "to", "ports", "except_through", "why"];
    let Some(fields) = node.fields(&known, problems) else {
        return (None, None);
    };
    let from = fields.require("from", problems);
    let from = from.and_then(|from| Selector::read(from, problems));
    let to = fields.require("to", problems);
    let to = to.and_then(|to| Selector::read(to, problems));
    let ports = fields.get("ports").map(|ports| ports::read(ports, problems));
    let except_through = except_through(&fields, can, problems);
    let flow = from.zip(to).map(|(from, to)| Flow { from, to, ports, except_through });
    (flow, fields.entry("why"))
}

fn except_through(
    fields: &Fields<'_>,
    can: bool,
    problems: &mut Vec<Diagnostic>,
) -> Option<Selector> {
    let (key, value) = fields.entry("except_through")?;
    if can {
        let title = "`except_through` goes with `cannot` only";
        let problem = Diagnostic::error("exception-of-can", title).at(&key.mark(), "");
        problems.push(problem.help("remove it"));
        return None;
    }
    Selector::read_gate(value, problems)
}

/// The text of `why`, which may stand beside the verb or inside it.
fn reason(
    beside: Option<(&Node, &Node)>,
    inside: Option<(&Node, &Node)>,
    problems: &mut Vec<Diagnostic>,
) -> Option<String> {
    if let (Some((beside, _)), Some((inside, _))) = (beside, inside) {
        let title = "the key `why` is there twice";
        let problem = Diagnostic::error("duplicate-key", title).at(&beside.mark(), "");
        problems.push(problem.context(&inside.mark(), "and here"));
    }
    let (_, why) = beside.or(inside)?;
    read_reason(why, problems)
}

/// A reason: a text with something in it.
pub(crate) fn read_reason(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<String> {
    // On one line, since reports have one for it.
    let words: Vec<_> = node.text(problems)?.split_whitespace().collect();
    if words.is_empty() {
        let problem = Diagnostic::error("blank-reason", "the reason is blank");
        problems.push(problem.at(&node.mark(), "").help("say why, for those who read it later"));
        return None;
    }
    Some(words.join(" "))
}

/// As a sentence, without a full stop.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExpectationKind::Can(flow) => write!(f, "{} can reach {flow}", flow.from),
            ExpectationKind::Cannot(flow) => write!(f, "{} cannot reach {flow}", flow.from),
            ExpectationKind::CanStart(what) => write!(f, "{what} can start"),
        }
    }
}

/// All but its source: `aws_lb.b on tcp 443`.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to)?;
        match &self.ports {
            Some(ports) if *ports == ServiceSet::all() => f.write_str(" on all ports")?,
            Some(ports) => write!(f, " on {ports}")?,
            None => {}
        }
        match &self.except_through {
            Some(gate) if gate.kind == SelectorKind::Ingress => {
                f.write_str(" except through its ingress")
            }
            Some(gate) => write!(f, " except through {gate}"),
            None => Ok(()),
        }
    }
}
