//! Acceptances: findings that somebody took, with a reason and, if they like, an end.
//!
//! They are listed, never hidden, and never wider than they say: a finding with several origins is
//! accepted only if each of them is, since otherwise a new origin could hide behind an old
//! acceptance. Which findings are new since last time is for [`crate::baseline`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use farmgate_aws::model::Key;
use jiff::civil::Date;

use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::expect::{Selector, SelectorKind, read_reason};
use crate::report::{Accepted, Finding, Warning};
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

/// Findings, apart from those that are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What nobody accepted.
    pub findings: Vec<Finding>,
    /// What somebody accepted.
    pub accepted: Vec<Accepted>,
    /// Acceptances that have expired, match nothing, or cover a finding in part.
    pub warnings: Vec<Warning>,
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
    fn matches(&self, origin: &str) -> bool {
        let key = Key::new(origin);
        self.on.matches(origin, key.resource_type(), &BTreeMap::new())
    }

    fn speaks_of(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && finding.origins.iter().any(|origin| self.matches(origin))
    }

    fn has_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    fn warning(&self, code: &str, text: String) -> Warning {
        Warning { code: code.to_owned(), origin: Some(self.on.text.clone()), text }
    }
}

/// Tells the accepted findings from the others.
#[must_use]
pub fn apply(acceptances: &Acceptances, findings: Vec<Finding>, today: Date) -> Applied {
    let mut applied = Applied::default();
    for acceptance in &acceptances.items {
        applied.warnings.extend(useless(acceptance, &findings, today));
    }
    let live: Vec<_> = acceptances.items.iter().filter(|it| !it.has_expired(today)).collect();
    for finding in findings {
        match cover(&live, &finding) {
            Cover::All { why, until } => applied.accepted.push(Accepted {
                finding,
                why,
                until: until.map(|day| day.to_string()),
            }),
            Cover::Part { left } => {
                let text = format!(
                    "{} is accepted for some of its origins, not for {}",
                    quoted(&finding.rule),
                    quoted(&left)
                );
                applied.warnings.push(Warning {
                    code: "acceptance-partial".to_owned(),
                    origin: Some(left),
                    text,
                });
                applied.findings.push(finding);
            }
            Cover::None => applied.findings.push(finding),
        }
    }
    applied
}

/// That an acceptance accepts nothing any more.
fn useless(acceptance: &Acceptance, findings: &[Finding], today: Date) -> Option<Warning> {
    let (rule, on) = (quoted(&acceptance.rule), quoted(&acceptance.on.text));
    if let Some(until) = acceptance.until.filter(|_| acceptance.has_expired(today)) {
        let text = format!("the acceptance of {rule} on {on} ended on {until}");
        return Some(acceptance.warning("acceptance-expired", text));
    }
    if findings.iter().any(|finding| acceptance.speaks_of(finding)) {
        return None;
    }
    let text = format!("the acceptance of {rule} on {on} matches no finding");
    Some(acceptance.warning("acceptance-unmatched", text))
}

/// How much of a finding is accepted.
enum Cover {
    None,
    Part { left: String },
    All { why: String, until: Option<Date> },
}

fn cover(live: &[&Acceptance], finding: &Finding) -> Cover {
    let mut used = Vec::new();
    let mut left = None;
    for origin in &finding.origins {
        let mut all = live.iter().filter(|it| it.rule == finding.rule);
        match all.find(|it| it.matches(origin)) {
            Some(acceptance) => used.push(acceptance),
            None => left = left.or(Some(origin)),
        }
    }
    match (used.is_empty(), left) {
        (true, _) => Cover::None,
        (false, Some(left)) => Cover::Part { left: left.clone() },
        (false, None) => {
            let mut reasons = BTreeSet::new();
            let reasons = used.iter().map(|it| it.why.as_str()).filter(|why| reasons.insert(*why));
            Cover::All {
                why: reasons.collect::<Vec<_>>().join("; "),
                // The first end is the end of the whole.
                until: used.iter().filter_map(|it| it.until).min(),
            }
        }
    }
}
