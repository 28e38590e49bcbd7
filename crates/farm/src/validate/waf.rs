//! `ingress.waf`: priorities, the rate, countries.

use std::collections::BTreeMap;

use super::twice;
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::{Geo, Waf};
use crate::waf::priorities;

/// AWS's bounds of a rate rule.
const RATE: std::ops::RangeInclusive<u64> = 10..=2_000_000_000;

/// The seconds for which a rate rule may count.
const WINDOWS: [u64; 4] = [60, 120, 300, 600];

pub(super) fn check(waf: &Waf, problems: &mut Vec<Diagnostic>) {
    let at = &waf.at;
    if at.sound(&["managed"]) {
        let groups = waf.managed.iter().map(|rules| (rules.group, rules.span.clone()));
        let title = |group: &_| format!("the group `{group}` is there twice");
        twice(groups, title, "remove one", problems);
    }
    if at.sound(&["managed", "rate", "rate_priority"]) {
        order(waf, problems);
    }
    if let Some(rate) = waf.rate.filter(|_| at.sound(&["rate"])) {
        if !RATE.contains(&rate.count) {
            let title = format!("`{}` is not from {} to {}", rate.count, RATE.start(), RATE.end());
            let problem = Diagnostic::error("out-of-range", title).at(at.of("rate"), "");
            problems.push(problem.help("write it as `2000 per 5m`"));
        }
        if !WINDOWS.contains(&rate.per.as_seconds()) {
            let title = format!("AWS WAF doesn't count for `{}`", rate.per);
            let problem = Diagnostic::error("out-of-range", title).at(at.of("rate"), "");
            problems.push(problem.help("it counts for `1m`, `2m`, `5m` or `10m`"));
        }
    } else if at.has("rate_priority") && at.sound(&["rate"]) {
        let problem = Diagnostic::error("useless-key", "there is no rate rule for this priority");
        problems.push(problem.at(at.key("rate_priority"), "").help("write `rate: 2000 per 5m`"));
    }
    if let Some(geo) = waf.geo.as_ref().filter(|_| at.sound(&["geo"])) {
        countries(geo, problems);
    }
}

/// Each rule has its own priority.
fn order(waf: &Waf, problems: &mut Vec<Diagnostic>) {
    let all = priorities(waf);
    let mut seen = BTreeMap::new();
    let managed = all.managed.iter().zip(&waf.managed);
    let mut places: Vec<_> = managed
        .map(|(priority, rules)| (*priority, rules.span.clone(), rules.priority.is_some()))
        .collect();
    if let Some(priority) = all.rate {
        let at = waf.at.of("rate_priority").clone();
        places.push((priority, at, waf.rate_priority.is_some()));
    }
    for (priority, span, written) in places {
        let Some((first, first_written)) = seen.insert(priority, (span.clone(), written)) else {
            continue;
        };
        let words = |written| if written { "" } else { "by its place in the list" };
        let title = format!("two rules have priority {priority}");
        let problem = Diagnostic::error("same-priority", title)
            .at(&span, words(written))
            .context(&first, if first_written { "the first one" } else { words(false) });
        problems.push(problem.help("give each its own `priority`"));
    }
}

fn countries(geo: &Geo, problems: &mut Vec<Diagnostic>) {
    if let ([_, ..], [_, ..]) = (geo.allow.as_slice(), geo.block.as_slice()) {
        let title = "countries are either allowed or blocked";
        let problem = Diagnostic::error("several-keys", title)
            .at(geo.at.key("block"), "")
            .context(geo.at.key("allow"), "and this");
        problems.push(problem.help("with `allow`, every other country is blocked"));
    }
    for list in [&geo.allow, &geo.block] {
        for code in list {
            let text = code.as_str();
            if text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase()) {
                continue;
            }
            let title = format!("{} is not a country's code", quoted(text));
            let problem = Diagnostic::error("bad-country", title).at(&code.span, "");
            let upper = text.to_ascii_uppercase();
            let two = upper.len() == 2 && upper.chars().all(|c| c.is_ascii_uppercase());
            problems.push(problem.help(if two {
                format!("write it in upper case: `{upper}`")
            } else {
                "write two letters of ISO 3166-1, as `DE`".to_owned()
            }));
        }
        let places = list.iter().map(|code| (code.as_str(), code.span.clone()));
        twice(places, |code| format!("{} is there twice", quoted(code)), "remove one", problems);
    }
    if geo.allow.is_empty() && geo.block.is_empty() && geo.at.sound(&["allow", "block"]) {
        let problem = Diagnostic::error("empty-list", "no country is named");
        problems.push(problem.at(geo.at.own(), "").help("write `allow: [DE, FR]` or remove it"));
    }
}
