//! `gate.public_key`: what bridges verify the gate's signatures with, written as they read it.
//!
//! Whether it belongs to the gate's keys, nobody can tell from the file.

use super::Scope;
use crate::diagnostic::{Diagnostic, quoted};

/// No more are read: the one in use, the next, and older ones.
const MOST: usize = 8;

/// 32 bytes in base64, which is padded.
const LENGTH: usize = 44;

/// What the last digit before the padding may be: the others would leave bits over.
const LAST: &str = "AEIMQUYcgkosw048";

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let gate = &scope.farm.gate;
    let Some(key) = gate.public_key.as_ref().filter(|_| gate.at.sound(&["public_key"])) else {
        return;
    };
    if let Some((title, help)) = wrong(key.as_str()) {
        let problem = Diagnostic::error("bad-public-key", title).at(gate.at.of("public_key"), "");
        problems.push(problem.help(help));
    }
}

/// What is wrong with the keys, and what to do.
fn wrong(text: &str) -> Option<(String, &'static str)> {
    if text.trim_start().starts_with('{') {
        return Some((
            "these are the gate's own keys, and not its public key".to_owned(),
            "keep them in Secrets Manager alone, and make new ones: whoever reads this file has \
             these",
        ));
    }
    let keys: Vec<&str> = text.split(',').map(str::trim).collect();
    if keys.len() > MOST {
        let title = format!("there are {} public keys, and at most {MOST} are read", keys.len());
        return Some((title, "`farmgate key rotate --gate --retire` drops the old ones"));
    }
    for (at, key) in keys.iter().enumerate() {
        if !is_key(key) {
            let title = format!("{} is not a public key", quoted(key));
            return Some((
                title,
                "write what `farmgate key init` prints: keys of 44 characters that end with `=`, \
                 with commas between them",
            ));
        }
        if keys.iter().take(at).any(|known| known == key) {
            return Some((format!("{} is there twice", quoted(key)), "remove one"));
        }
    }
    None
}

/// Whether a text is 32 bytes in base64 (RFC 4648, section 4).
fn is_key(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    let digits = text.strip_suffix('=').filter(|_| text.len() == LENGTH);
    digits.is_some_and(|digits| digits.chars().all(digit) && digits.ends_with(|c| LAST.contains(c)))
}
