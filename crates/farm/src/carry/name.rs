//! Names as a farm has them, from names as people give them.

use std::collections::BTreeSet;

use crate::record::Word as _;
use crate::word::Name;

/// Longest name that is made here; [`Name`] takes 30.
const LONGEST: usize = 30;

/// What a farm is called if nothing is left of the name.
const FARM: &str = "mcp-farm";

/// The name nearest to a text; `otherwise` if nothing is left of it.
fn nearest(text: &str, otherwise: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let mut name = name.trim_end_matches('-').to_owned();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "mcp-");
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches('-');
    if Name::parse(name).is_ok() { name.to_owned() } else { otherwise.to_owned() }
}

/// A farm's name.
pub(super) fn farm(text: &str) -> String {
    nearest(text, FARM)
}

/// A stage's name, if anything is left of it.
pub(super) fn stage(text: &str) -> Option<String> {
    Some(nearest(text, "")).filter(|name| !name.is_empty())
}

/// A server's name that no other has.
pub(super) fn server(text: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = nearest(text, "server");
    // `/oauth/*` is the gate's own path.
    if name == "oauth" {
        name = "oauth-server".to_owned();
    }
    let mut free = name.clone();
    let mut number = 2_u32;
    while !taken.insert(free.clone()) {
        let suffix = format!("-{number}");
        let most = LONGEST.saturating_sub(suffix.len());
        // Names are ASCII, so that any place is one between characters.
        let stem = name.get(..most).unwrap_or(&name).trim_end_matches('-');
        free = format!("{stem}{suffix}");
        number = number.saturating_add(1);
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_fit() {
        let cases = [
            ("filesystem", "filesystem"),
            ("My Server!", "my-server"),
            ("@21st-dev/magic", "mcp-21st-dev-magic"),
            ("AWS__Docs--", "aws-docs"),
            ("日本", "server"),
            ("", "server"),
            ("oauth", "oauth-server"),
            ("a-very-long-name-that-no-resource-may-have", "a-very-long-name-that-no-resou"),
        ];
        for (text, expected) in cases {
            let name = server(text, &mut BTreeSet::new());
            assert_eq!(name, expected);
            assert!(Name::parse(&name).is_ok());
        }
    }

    #[test]
    fn names_that_meet_are_told_apart() {
        let mut taken = BTreeSet::new();
        let names: Vec<String> =
            ["Git", "git", "GIT", "git-2"].iter().map(|text| server(text, &mut taken)).collect();
        assert_eq!(names, ["git", "git-2", "git-3", "git-2-2"]);
        let long = "a".repeat(40);
        let all: BTreeSet<String> = (0..12)
            .map(|_| server(&long, &mut taken))
            .inspect(|n| assert!(n.len() <= 30))
            .collect();
        assert_eq!(all.len(), 12);
    }
}
