//! Acceptances: findings that somebody took, with a reason and, if they like, an end.
//!
//! Here they are read; which findings they cover is for those who have the findings.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::expect::{Selector, SelectorKind, read_reason};
use crate::record::{Field, Record, Shape};
use crate::yaml::{self, Node, Value};

/// All acceptances of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acceptances {
    /// One each.
    pub items: Vec<Acceptance>,
}

/// A kind of finding that somebody took, at some place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Where it is written, in bytes.
    pub span: Range<usize>,
    /// The rule's id.
    pub rule: String,
    /// The resources in which the findings are accepted, by address or type.
    pub on: Selector,
    /// The reason given.
    pub why: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// Reads a file whose only key is `accept`. `rule_ids` are those of all rules.
///
/// # Errors
/// All problems of the file.
pub fn read(source: &str, rule_ids: &[&str]) -> Result<Acceptances, Vec<Diagnostic>> {
    yaml::document(source, |root, problems| {
        let fields = root.fields(&["accept"], problems);
        let list = fields.and_then(|fields| fields.require("accept", problems));
        if let Some(list) = list {
            check_rules(list, rule_ids, problems);
        }
        list.map(|list| read_list(list, problems)).unwrap_or_default()
    })
}

/// Reads the list under `accept`, wherever it stands. What is wrong is left out and reported. Whether
/// its rules exist is for [`check_rules`].
pub fn read_list(list: &Node, problems: &mut Vec<Diagnostic>) -> Acceptances {
    let items = list.list(problems).unwrap_or_default();
    let items = items.iter().filter_map(|item| acceptance(item, problems));
    Acceptances { items: items.collect() }
}

fn acceptance(item: &Node, problems: &mut Vec<Diagnostic>) -> Option<Acceptance> {
    let fields = item.fields(&["rule", "on", "why", "until"], problems)?;
    let rule = fields.require("rule", problems);
    let rule = rule.and_then(|rule| rule.text(problems)).map(str::to_owned);
    let on = fields.require("on", problems);
    let on = on.and_then(|on| place(on, problems));
    let why = fields.require("why", problems);
    let why = why.and_then(|why| read_reason(why, problems));
    let until = fields.get("until").map(|until| last_day(until, problems));
    Some(Acceptance {
        span: item.span.clone(),
        rule: rule?,
        on: on?,
        why: why?,
        until: until.flatten(),
    })
}

/// Checks that the rules exist which a list under `accept` names. `rule_ids` are those of all rules.
pub fn check_rules(list: &Node, rule_ids: &[&str], problems: &mut Vec<Diagnostic>) {
    let Value::Sequence(items) = &list.value else {
        return;
    };
    for item in items {
        let Value::Mapping(entries) = &item.value else {
            continue;
        };
        let is_rule = |key: &Node| key.scalar().is_some_and(|key| key.text == "rule");
        let rule = entries.iter().find(|(key, _)| is_rule(key)).map(|(_, rule)| rule);
        let Some((rule, text)) = rule.and_then(|rule| Some((rule, rule.text(&mut Vec::new())?)))
        else {
            continue;
        };
        if rule_ids.contains(&text) {
            continue;
        }
        let title = format!("unknown rule {}", quoted(text));
        let problem = Diagnostic::error("unknown-rule", title).at(&rule.mark(), "");
        problems.push(match nearest(text, rule_ids.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }
}

/// What an item of the list holds.
#[must_use]
pub fn shape() -> Shape {
    let text = || Shape::Text { what: "a text", pattern: None, examples: &[] };
    let field = |key, doc: &'static [&'static str], required, shape| Field {
        key,
        doc,
        required,
        default: None,
        shape,
    };
    let day = Shape::Text {
        what: "a day",
        pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        examples: &["2027-06-30"],
    };
    Shape::List(Box::new(Shape::Record(Record {
        name: "Acceptance",
        doc: &[" A finding that somebody takes."],
        fields: vec![
            field("rule", &[" The rule's id."], true, text()),
            field(
                "on",
                &[" What it is found on, as `ingress`; `*` stands for any text."],
                true,
                text(),
            ),
            field("why", &[" The reason."], true, text()),
            field("until", &[" The last day on which it holds."], false, day),
        ],
    })))
}

/// By address or type: findings don't say which tags their origins have.
fn place(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Selector> {
    let mut selector = Selector::read(node, problems)?;
    // In a farm the word is the address of the load balancer too.
    if selector.kind == SelectorKind::Ingress {
        selector.kind = SelectorKind::Glob { pattern: selector.text.clone() };
    }
    if !selector.selects_resources() {
        problems.push(selector.no_resource(node));
        return None;
    }
    if matches!(selector.kind, SelectorKind::Tag { .. }) {
        let title = "findings are accepted by address or type, not by tag";
        let problem = Diagnostic::error("bad-selector", title).at(&node.mark(), "");
        problems.push(problem.help("write an address, or `type:aws_lb`"));
        return None;
    }
    Some(selector)
}

fn last_day(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Date> {
    let text = node.text(problems)?;
    let day = text.parse::<Date>().ok();
    // The parser takes times and other spellings too.
    let day = day.filter(|day| day.to_string() == text);
    if day.is_none() {
        let title = format!("{} is not a day", quoted(text));
        let problem = Diagnostic::error("bad-date", title).at(&node.mark(), "");
        problems.push(problem.help("write it as `2027-06-30`"));
    }
    day
}

impl Acceptance {
    /// Whether it speaks of this origin of a finding of its rule.
    #[must_use]
    pub fn matches(&self, origin: &str, resource_type: Option<&str>) -> bool {
        self.on.matches(origin, resource_type, &BTreeMap::new())
    }

    /// Whether its last day is over.
    #[must_use]
    pub fn has_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}
