//! Texts made safe for GitHub's Markdown: names in files may be chosen by whoever opens a pull
//! request, and must not become markup, tables, mentions, links or references.
//!
//! CommonMark (0.31, "Backslash escapes") lets every ASCII punctuation character be escaped.
//! Mentions, references to issues and bare links are made by GitHub of what is rendered, where no
//! escape helps: a character of no width is put into them.

use super::super::words::visible;

const NO_WIDTH: char = '\u{200b}';

/// A text of ours, in which backticks stand round the words of files.
pub(crate) fn inline(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut pieces = text.split('`').peekable();
    let mut quoted = false;
    while let Some(piece) = pieces.next() {
        // A backtick without a partner is only that.
        match (quoted, pieces.peek().is_some()) {
            (true, true) => out.push_str(&code(piece)),
            (true, false) => {
                out.push_str("\\`");
                escape(piece, &mut out);
            }
            (false, _) => escape(piece, &mut out),
        }
        quoted = !quoted;
    }
    out
}

/// A name, as code: GitHub makes no mention and no link of what is in `<code>`.
pub(crate) fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return String::new();
    }
    let mut out = String::with_capacity(text.len() + 13);
    out.push_str("<code>");
    text.chars().for_each(|c| escaped(c, &mut out));
    out.push_str("</code>");
    out
}

fn escape(text: &str, out: &mut String) {
    let mut before = ' ';
    for c in text.chars() {
        // `https://...`
        if c == '/' && before == ':' {
            out.push(NO_WIDTH);
        }
        escaped(c, out);
        // `@name` and `name@host`, `#12` and `owner/repo#12`, `www.host`, `GH-12`.
        let opens = match c {
            '@' | '#' => true,
            '.' => ends_with(out, "www."),
            '-' => ends_with(out, "gh-"),
            _ => false,
        };
        if opens {
            out.push(NO_WIDTH);
        }
        before = c;
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn escaped(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
            out.push('\\');
            out.push(c);
        }
        '\n' | '\r' => out.push(' '),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_backticks_become_code() {
        assert_eq!(inline("`GET /a_b` is open"), r"<code>GET /a\_b</code> is open");
        assert_eq!(inline("a ` alone"), r"a \` alone");
        assert_eq!(inline("`a` and `b"), r"<code>a</code> and \`b");
    }

    #[test]
    fn nothing_becomes_markup() {
        for text in [
            "<img src=x onerror=alert(1)>",
            "a | b",
            "[x](https://evil.example)",
            "![x](y)",
            "**b** _c_ ~~d~~",
            "`</code><b>",
            "a`|`b",
            "<!-- x -->",
            "line\n| new | row |",
        ] {
            for made in [inline(text), code(text)] {
                let rest = made.replace("<code>", "").replace("</code>", "");
                assert!(!rest.contains(['<', '>', '\n']), "{text}: {made}");
                let mut before = ' ';
                for c in rest.chars() {
                    let special = matches!(c, '|' | '[' | ']' | '*' | '_' | '`' | '~');
                    assert!(!special || before == '\\', "{text}: {made}");
                    before = c;
                }
            }
        }
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_linked() {
        let made = inline("@org/team fixes #12, GH-12, https://a.example, www.b.example, a@b.c");
        for link in ["@org", "#12", "GH-12", "https://", "www.b", "@b"] {
            assert!(!made.contains(link), "{link}: {made}");
        }
        assert!(code("@org").contains("@org"), "in code nothing is mentioned");
    }
}
