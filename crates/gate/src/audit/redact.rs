//! Arguments of tools for the audit: what looks like a secret is blacked out, and the rest is cut.
//!
//! It looks at keys, at the shape of values, and at what stands behind a key inside a text (as in a
//! program or a command line). That finds what people usually paste; it can't find every secret,
//! which is why arguments are written only when asked for.

use serde_json::Value;

/// Bytes of arguments that are written.
pub(super) const BYTES: usize = 2048;
/// Arguments that are longer than this are not looked at, and so not written.
const LONGEST: usize = 64 << 10;
/// What stands in place of a secret.
const BLACK: &str = "[redacted]";

/// Parts of keys, as letters and digits alone, that name secrets.
const SECRET_KEYS: [&str; 19] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "authorization",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "sshkey",
    "credential",
    "cookie",
    "session",
    "signature",
    "bearer",
    "connectionstring",
];
/// How secrets begin that say what they are.
const PREFIXES: [&str; 25] = [
    "fg_",
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "npm_",
    "pypi-",
    "AIza",
    "hf_",
];
/// What stands before a secret in a header.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];
/// From this length on, a word without a pattern is a secret.
const LONG: usize = 32;
/// Bits for each character of such a word, at least. English has about 4 of a small alphabet, but
/// not in words of this length; hexadecimal digits have 4 at the most.
const BITS: f64 = 3.2;

/// The arguments as text: JSON without its secrets, cut to [`BYTES`].
pub(super) fn arguments(raw: &str) -> String {
    if raw.len() > LONGEST {
        return format!("{} bytes", raw.len());
    }
    let Ok(mut value) = serde_json::from_str::<Value>(raw) else {
        return format!("{} bytes that can't be read", raw.len());
    };
    redact(&mut value);
    let mut text = value.to_string();
    if text.len() > BYTES {
        text.truncate(super::line::cut(&text, BYTES - "…".len()).len());
        text.push('…');
    }
    text
}

/// INVARIANT: `serde_json` reads at most 128 levels, so this goes no deeper.
fn redact(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            if let Some(clean) = without_secrets(text) {
                *text = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (key, mut value) in old {
                if names_secret(&key) && !value.is_null() && !value.is_boolean() {
                    value = BLACK.into();
                } else {
                    redact(&mut value);
                }
                // Someone may have a table of keys.
                let key = without_secrets(&key).unwrap_or(key);
                members.insert(key, value);
            }
        }
    }
}

/// Whether a key names a secret, however it is written: `api_key`, `X-Api-Key`, `apiKey`.
fn names_secret(key: &str) -> bool {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_KEYS.iter().any(|name| plain.contains(name)) || plain == "key" || plain == "auth"
}

/// A text with its secrets blacked out; none if it has none.
fn without_secrets(text: &str) -> Option<String> {
    if let Some(begin) = text.find("-----BEGIN") {
        let before = text.get(..begin).unwrap_or_default();
        let clean = without_secrets(before).unwrap_or_else(|| before.to_owned());
        return Some(clean + BLACK);
    }
    let mut clean = String::new();
    let (mut copied, mut before) = (0, Before::default());
    for (start, word) in words(text) {
        let between = text.get(copied..start).unwrap_or_default();
        let apart = between.trim().is_empty();
        let set = before.key && (is_assignment(between) || apart && is_flag(text, copied));
        let shown = before.scheme && apart && !between.is_empty();
        let scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        before = Before {
            key: names_secret(word),
            // `basic` and `token` are ordinary words but in a header.
            scheme: scheme && (set || word.eq_ignore_ascii_case("bearer")),
        };
        let given = (set || shown) && !scheme;
        let secret = given || looks_secret(word) || is_password_of_url(text, start, word);
        if secret {
            clean.push_str(between);
            clean.push_str(BLACK);
            before = Before::default();
        } else {
            clean.push_str(between);
            clean.push_str(word);
        }
        copied = start + word.len();
    }
    clean.push_str(text.get(copied..).unwrap_or_default());
    (clean != text).then_some(clean)
}

/// What the word before says of the next one.
#[derive(Default)]
struct Before {
    /// It names a secret, which may be set here.
    key: bool,
    /// It is the word before a secret in a header.
    scheme: bool,
}

/// Words of which secrets are made, with where they start. (`=` only ends one: padding.)
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let inside =
        |c: char| c.is_ascii_alphanumeric() || "_-+/.~%!$^&*#".contains(c) || !c.is_ascii();
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(inside)?;
        let tail = rest.get(start..)?;
        let length = tail.find(|c| !inside(c)).unwrap_or(tail.len());
        let padding = tail.get(length..)?.bytes().take_while(|byte| *byte == b'=').count();
        let ends =
            tail.get(length + padding..)?.chars().next().is_none_or(|c| !c.is_alphanumeric());
        let length = if padding <= 2 && ends && length >= LONG { length + padding } else { length };
        let word = tail.get(..length)?;
        let at = text.len() - tail.len();
        rest = tail.get(length..)?;
        Some((at, word))
    })
}

/// Whether what stands between a name and a word sets the one to the other: `=`, `": "`, `:=`.
fn is_assignment(between: &str) -> bool {
    let marks = between.chars().filter(|c| matches!(c, ':' | '=')).count();
    let others =
        |c: char| c.is_whitespace() || matches!(c, ':' | '=' | '"' | '\'' | '`' | '\\' | '>');
    (1..=2).contains(&marks) && between.chars().all(others)
}

/// Whether the word that ends there is an option of a command: `--password hunter2`.
fn is_flag(text: &str, end: usize) -> bool {
    let word = text.get(..end).and_then(|head| head.split_whitespace().next_back());
    word.is_some_and(|word| word.starts_with('-'))
}

/// Whether a word is the password in `scheme://user:password@host`.
fn is_password_of_url(text: &str, start: usize, word: &str) -> bool {
    let after = text.get(start + word.len()..).unwrap_or_default();
    let before = text.get(..start).unwrap_or_default();
    after.starts_with('@')
        && before.ends_with(':')
        && before.split_whitespace().next_back().is_some_and(|head| head.contains("//"))
}

/// Whether a word is a secret by its looks.
fn looks_secret(word: &str) -> bool {
    let known = |prefix: &&str| {
        let tail = word.strip_prefix(*prefix);
        tail.is_some_and(|tail| tail.len() >= 12 && tail.bytes().any(|b| b.is_ascii_alphanumeric()))
    };
    if PREFIXES.iter().any(known) || is_jwt(word) {
        return true;
    }
    // A path or a name is made of words; a key is one, with digits in it.
    let longest =
        word.split(['/', '.', '-', '%', '&', '#']).map(str::len).max().unwrap_or_default();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    longest >= LONG && digits >= 4 && word.is_ascii() && bits(word) >= BITS
}

/// A JSON Web Token: two or three parts, the first of which begins as JSON does.
fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.contains('.') && word.len() >= 30
}

/// Shannon's entropy of a word, in bits for each character.
fn bits(word: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    // Words are not longer than some 64 KiB.
    let length = f64::from(u32::try_from(word.len()).unwrap_or(u32::MAX));
    let parts = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    parts.map(|part| -part * part.log2()).sum()
}

#[cfg(test)]
mod tests;
