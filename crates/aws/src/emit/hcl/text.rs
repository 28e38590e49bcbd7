//! The text of HCL: quoted strings, keys and comments, escaped so that any text stays that text.
//!
//! Whatever comes from a user passes through here; nothing here knows where it will stand.

/// What comes right behind a piece of quoted text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The closing quote.
    Quote,
    /// `${`, to which a `$` or `%` before it would add a meaning.
    Interpolation,
}

/// Appends `text` as it stands between two quotes.
pub(super) fn escape_into(out: &mut String, text: &str, then: Then) {
    escape_where(out, text, then, is_invisible);
}

/// A string literal with its quotes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape_into(&mut out, text, Then::Quote);
    out.push('"');
    out
}

/// A key of an object: bare where that means the same.
pub(super) fn key(name: &str) -> String {
    if is_identifier(name) && !matches!(name, "for" | "true" | "false" | "null") {
        return name.to_owned();
    }
    let mut out = String::from("\"");
    escape_where(&mut out, name, Then::Quote, |c| is_invisible(c) || may_join(c));
    out.push('"');
    out
}

/// Whether `name` is an identifier of HCL.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The lines of a comment, without their indentation.
pub(super) fn comment_lines(text: &str) -> impl Iterator<Item = String> {
    text.split('\n').map(|line| {
        let line: String = line.chars().map(|c| if is_invisible(c) { ' ' } else { c }).collect();
        format!("# {}", line.trim_end()).trim_end().to_owned()
    })
}

fn escape_where(out: &mut String, text: &str, then: Then, hidden: impl Fn(char) -> bool) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"' | '\\', _) => out.extend(['\\', c]),
            ('\n', _) => out.push_str("\\n"),
            ('\r', _) => out.push_str("\\r"),
            ('\t', _) => out.push_str("\\t"),
            ('$' | '%', Some('{')) => out.extend([c, c]),
            ('$' | '%', None) if then == Then::Interpolation => escape_code(out, c),
            _ if hidden(c) => escape_code(out, c),
            _ => out.push(c),
        }
    }
}

fn escape_code(out: &mut String, c: char) {
    let code = u32::from(c);
    let escaped = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
    out.push_str(&escaped);
}

/// Whether a character cannot be seen, or changes how its neighbours are seen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether a character may be drawn in one with its neighbours. `terraform fmt` counts such a group
/// as one column when it aligns; keys have none of them, so that columns are characters.
fn may_join(c: char) -> bool {
    !c.is_ascii() && !('\u{c0}'..'\u{250}').contains(&c)
}
