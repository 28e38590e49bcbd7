//! Acceptances: findings that somebody took, with a reason and, if they like, an end.
//!
//! Here they are read; which findings they cover is for those who have the findings.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::expect::{Selector, SelectorKind, read_reason};
use crate::yaml::{self, Node};

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
        list.map(|list| read_list(list, rule_ids, problems)).unwrap_or_default()
    })
}

/// Reads the list under `accept`, wherever it stands. What is wrong is left out and reported.
pub fn read_list(list: &Node, rule_ids: &[&str], problems: &mut Vec<Diagnostic>) -> Acceptances {
    let items = list.list(problems).unwrap_or_default();
    let items = items.iter().filter_map(|item| acceptance(item, rule_ids, problems));
    Acceptances { items: items.collect() }
}

fn acceptance(
    item: &Node,
    rule_ids: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<Acceptance> {
    let fields = item.fields(&["rule", "on", "why", "until"], problems)?;
    let rule = fields.require("rule", problems);
    let rule = rule.and_then(|rule| known_rule(rule, rule_ids, problems));
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

fn known_rule(node: &Node, rule_ids: &[&str], problems: &mut Vec<Diagnostic>) -> Option<String> {
    let text = node.text(problems)?;
    if rule_ids.contains(&text) {
        return Some(text.to_owned());
    }
    let title = format!("unknown rule {}", quoted(text));
    let problem = Diagnostic::error("unknown-rule", title).at(&node.mark(), "");
    problems.push(match nearest(text, rule_ids.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    });
    None
}

/// By address or type: findings don't say which tags their origins have.
fn place(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Selector> {
    let selector = Selector::read_resources(node, problems)?;
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
