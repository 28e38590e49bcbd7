//! Path patterns of a load balancer, and which of them match the same paths.

use std::collections::BTreeSet;

use super::name::text;
use crate::diagnostic::quoted;
use crate::record::{Bad, Word};

text! {
    /// A path pattern of an ALB: case-sensitive, `*` for any text, `?` for any character.
    PathPattern
}

/// What an ALB's path pattern may hold besides letters and digits (Elastic Load Balancing User
/// Guide, "Path conditions").
const PATTERN_CHARACTERS: &str = "_-.$/~\"'@:+&*?";

impl PathPattern {
    /// The path at which a client finds the server: the pattern itself, or with `mcp` for a last
    /// wildcard. None if there are other wildcards.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        let bare = self.0.strip_suffix('*');
        let path = bare.map_or_else(|| self.0.clone(), |bare| format!("{bare}mcp"));
        (!path.contains(['*', '?'])).then_some(path)
    }

    /// Whether some path matches both patterns.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        meet(self.0.as_bytes(), other.0.as_bytes())
    }

    /// Whether it matches every path that the other matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        cover(self.0.as_bytes(), other.0.as_bytes())
    }

    /// Whether it matches a path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        wildmatch::WildMatch::new(&self.0).matches(path)
    }
}

/// Whether some text matches both wildcard patterns, by dynamic programming over their suffixes.
fn meet(a: &[u8], b: &[u8]) -> bool {
    // `last[j]`: whether the suffix of `a` under consideration meets the suffix of `b` from `j`.
    let mut last: Vec<bool> = (0..=b.len())
        .map(|j| b.get(j..).is_some_and(|rest| rest.iter().all(|c| *c == b'*')))
        .collect();
    for (i, x) in a.iter().enumerate().rev() {
        let ends = a.get(i..).is_some_and(|rest| rest.iter().all(|c| *c == b'*'));
        let mut row = vec![ends; b.len() + 1];
        for (j, y) in b.iter().enumerate().rev() {
            let at = |list: &[bool], j: usize| list.get(j).copied().unwrap_or_default();
            let meets = match (x, y) {
                (b'*', _) | (_, b'*') => at(&last, j) || at(&row, j + 1),
                (b'?', _) | (_, b'?') => at(&last, j + 1),
                (x, y) => x == y && at(&last, j + 1),
            };
            if let Some(place) = row.get_mut(j) {
                *place = meets;
            }
        }
        last = row;
    }
    last.first().copied().unwrap_or_default()
}

/// What a pattern wants next.
#[derive(Clone, Copy)]
enum Want {
    /// This character.
    Character(u8),
    /// Any character.
    Any,
    /// So many characters or more: a run of wildcards with a star among them.
    AtLeast(usize),
}

/// Whether every text that matches the pattern `b` matches `a`. There are more characters than any
/// pattern names, so a wildcard of `b` is matched by nothing but a wildcard of `a`, and what a star
/// of `b` stands for by nothing but a star of `a`.
fn cover(a: &[u8], b: &[u8]) -> bool {
    let wants = wants(a);
    // How far `a` may be, and how many characters its run of wildcards still wants there.
    let mut states = BTreeSet::new();
    enter(&wants, 0, &mut states);
    for symbol in b {
        let star = *symbol == b'*';
        let mut next = BTreeSet::new();
        for (at, left) in states {
            match wants.get(at) {
                Some(Want::Character(c)) if c == symbol => enter(&wants, at + 1, &mut next),
                Some(Want::Any) if !star => enter(&wants, at + 1, &mut next),
                Some(Want::AtLeast(_)) => {
                    let left = left.saturating_sub(usize::from(!star));
                    next.insert((at, left));
                    if left == 0 {
                        enter(&wants, at + 1, &mut next);
                    }
                }
                _ => {}
            }
        }
        states = next;
    }
    states.contains(&(wants.len(), 0))
}

/// Adds that `a` may be at a place, and beyond it if nothing is wanted there.
fn enter(wants: &[Want], at: usize, states: &mut BTreeSet<(usize, usize)>) {
    match wants.get(at) {
        Some(Want::AtLeast(count)) => {
            states.insert((at, *count));
            // Two runs never follow each other.
            if *count == 0 {
                states.insert((at + 1, 0));
            }
        }
        _ => {
            states.insert((at, 0));
        }
    }
}

fn wants(pattern: &[u8]) -> Vec<Want> {
    let mut wants = Vec::new();
    let mut rest = pattern;
    while let Some((first, after)) = rest.split_first() {
        if !matches!(first, b'*' | b'?') {
            wants.push(Want::Character(*first));
            rest = after;
            continue;
        }
        let length = rest.iter().take_while(|c| matches!(c, b'*' | b'?')).count();
        let (run, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let single = run.iter().filter(|c| **c == b'?').count();
        if run.contains(&b'*') {
            wants.push(Want::AtLeast(single));
        } else {
            wants.extend(std::iter::repeat_n(Want::Any, single));
        }
        rest = after;
    }
    wants
}

impl Word for PathPattern {
    const WHAT: &'static str = "a path pattern";
    const PATTERN: Option<&'static str> = Some("^/[A-Za-z0-9_.$/~\"'@:+&*?-]{0,127}$");
    const EXAMPLES: &'static [&'static str] = &["/nova-act/mcp", "/python/*"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let bad = |title: String, help: &str| Err(Bad::new("bad-route", title, help));
        if !text.starts_with('/') {
            let title = format!("{} does not begin with `/`", quoted(text));
            return Err(Bad::new("bad-route", title, format!("write `/{text}`")));
        }
        if text.len() > 128 {
            let title = format!("{} has {} characters", quoted(text), text.len());
            return bad(title, "a load balancer's path pattern has at most 128");
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || PATTERN_CHARACTERS.contains(c);
        if let Some(wrong) = text.chars().find(|c| !fits(*c)) {
            let title = format!("{} holds {}", quoted(text), quoted(&wrong.to_string()));
            return bad(title, "a path pattern has letters, digits and `_-.$/~\"'@:+&*?`");
        }
        if text.chars().filter(|c| matches!(c, '*' | '?')).count() > 5 {
            let title = format!("{} has more than five wildcards", quoted(text));
            return bad(title, "a rule of a load balancer has at most five");
        }
        Ok(Self(text.to_owned()))
    }
}
