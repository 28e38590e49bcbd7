//! The order of rules of a listener: of two that some request fits both, the first takes it.
//!
//! Patterns of hosts and paths may hold `*` (any characters) and `?` (one): Elastic Load Balancing,
//! "Listener rules", "Condition types". Whether any text fits two of them is decided exactly.

use std::collections::BTreeMap;

use farmgate_aws::model::{Key, Listener, ListenerRule};

use super::{Side, forwards, port, requests};
use crate::compare::packets::INTERNET;
use crate::diff::{About, Change, Kind};
use crate::prove::trust::listeners_of;
use crate::report::Because;

/// Patterns are at most so long at AWS (128 characters); longer ones count as overlapping.
const LONGEST: usize = 256;

/// Rules of matched load balancers that changed places.
pub(super) fn reordered(
    ours: &Side<'_>,
    theirs: &Side<'_>,
    names: &BTreeMap<Key, Key>,
) -> Vec<Change> {
    let mut all = Vec::new();
    for own in ours.proof.model.load_balancers.keys() {
        let Some(other) = names.get(own) else { continue };
        for before in listeners_of(ours.proof, own) {
            let same = |after: &&Listener| after.port.get() == before.port.get();
            if let Some(after) = listeners_of(theirs.proof, other).find(same) {
                all.extend(swapped((ours, before), (theirs, after), other));
            }
        }
    }
    all
}

fn swapped(
    (ours, before): (&Side<'_>, &Listener),
    (theirs, after): (&Side<'_>, &Listener),
    lb: &Key,
) -> Option<Change> {
    let places: BTreeMap<String, usize> =
        after.rules.iter().enumerate().map(|(at, rule)| (requests(rule), at)).collect();
    for (at, first) in before.rules.iter().enumerate() {
        for second in before.rules.iter().skip(at + 1) {
            let (a, b) = (requests(first), requests(second));
            let (Some(now_first), Some(now_second)) = (places.get(&a), places.get(&b)) else {
                continue;
            };
            if now_first < now_second
                || alike(ours, before, (first, second))
                || !overlap(first, second)
            {
                continue;
            }
            let because = |rule: &ListenerRule, text: &str| Because {
                code: "RULE_ORDER".to_owned(),
                origin: rule.origin.to_string(),
                text: text.to_owned(),
            };
            let moved = after.rules.get(*now_second)?;
            let leads = theirs.targets(moved);
            return Some(Change {
                kind: Kind::Changed,
                about: About::Authentication,
                from: INTERNET.to_owned(),
                to: lb.to_string(),
                what: format!("{} {b}", port(after)),
                text: format!(
                    "requests of {lb}:{} that fit both `{a}` and `{b}` took the first and take the \
                     second, which leads to {}",
                    port(after),
                    crate::prove::listed(leads)
                ),
                left: vec![because(first, "comes first")],
                right: vec![because(moved, "comes first")],
                witness: None,
                missing: Vec::new(),
                assumes: Vec::new(),
            });
        }
    }
    None
}

/// Whether it makes no difference which of the two a request takes.
fn alike(side: &Side<'_>, listener: &Listener, (a, b): (&ListenerRule, &ListenerRule)) -> bool {
    let of = |rule| side.rule(&listener.key, listener, rule);
    let (one, two) = (of(a), of(b));
    forwards(a) == forwards(b) && one.verified == two.verified && one.leads == two.leads
}

/// Whether some request may fit both.
fn overlap(a: &ListenerRule, b: &ListenerRule) -> bool {
    let fit = |left: &[String], right: &[String]| {
        left.is_empty() || right.is_empty() || left.iter().any(|l| right.iter().any(|r| both(l, r)))
    };
    fit(&a.paths, &b.paths) && fit(&a.hosts, &b.hosts)
}

/// Whether some text fits both patterns.
fn both(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > LONGEST || b.len() > LONGEST {
        return true;
    }
    // `row[j]`: whether the rest of `a` from here and of `b` from `j` have a text in common.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            let (own, other) = (a.get(i).copied(), b.get(j).copied());
            let right = row.get(j + 1).copied().unwrap_or(false);
            let under = below.get(j).copied().unwrap_or(false);
            let beyond = below.get(j + 1).copied().unwrap_or(false);
            let fits = match (own, other) {
                (None, None) => true,
                // A star stands for nothing, or takes what the other has next.
                (Some('*'), _) if under => true,
                (_, Some('*')) if right => true,
                (Some('*'), Some(_)) => right,
                (Some(_), Some('*')) => under,
                (Some(x), Some(y)) => (x == '?' || y == '?' || x == y) && beyond,
                _ => false,
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = fits;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::both;

    #[test]
    fn patterns_overlap_if_some_text_fits_both() {
        for (a, b, expected) in [
            ("/a/*", "/a/b", true),
            ("/a/*", "/b/*", false),
            ("/a/*", "*/b", true),
            ("/?", "/a", true),
            ("/?", "/ab", false),
            ("/a*", "/a", true),
            ("*", "", true),
            ("a*b*c", "abc", true),
            ("a*b", "b*a", false),
            ("/python/*", "/nova-act/mcp", false),
            ("", "", true),
            ("", "?", false),
        ] {
            assert_eq!(both(a, b), expected, "{a} {b}");
            assert_eq!(both(b, a), expected, "{b} {a}");
        }
    }
}
