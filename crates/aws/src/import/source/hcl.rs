//! HCL parsed in bounded time.
//!
//! Where it fails, hcl-edit's parser goes back to each index that is open (`a[b[`) and tries another way
//! wherever an operator stands in one (`a[!b[-`), so that every further one doubles its time. A text
//! that nests indexes deeper than anybody writes them is refused before the parser sees it.

use hcl_edit::parser::{parse_body, parse_template};
use hcl_edit::structure::Body;
use hcl_edit::template::Template;

/// How many indexes may be open at once.
const DEEPEST: usize = 12;

/// A file; or why it is none.
pub(super) fn body(text: &str) -> Result<Body, String> {
    if Scan::new(text, None).too_deep() {
        return Err(format!("can't be parsed: more than {DEEPEST} indexes stand in each other"));
    }
    parse_body(text).map_err(|error| {
        let at = error.location();
        format!("can't be parsed: line {}, column {}: {}", at.line(), at.column(), error.message())
    })
}

/// A template; none if it isn't one.
pub(super) fn template(text: &str) -> Option<Template> {
    let deep = Scan::new(text, Some(Open::Template(&[]))).too_deep();
    if deep { None } else { parse_template(text).ok() }
}

/// What is open at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open<'t> {
    Index,
    List,
    Parenthesis,
    /// Of an object, of a block, or of what a template inserts.
    Brace,
    Quoted,
    /// A heredoc and the word that ends it; none if the text ends it.
    Template(&'t [u8]),
}

/// A walk over the brackets of a text: what is in strings and comments is none.
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    open: Vec<Open<'t>>,
    /// The last byte of code that is no space.
    last: u8,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str, within: Option<Open<'t>>) -> Self {
        Self { text: text.as_bytes(), at: 0, open: within.into_iter().collect(), last: b'\n' }
    }

    /// Whether too many indexes are open somewhere. Ends where the parser must.
    fn too_deep(mut self) -> bool {
        let mut indexes = 0;
        while let Some(byte) = self.text.get(self.at).copied() {
            let before = self.open.len();
            let top = self.open.last().copied();
            let sound = match top {
                Some(Open::Quoted) => self.quoted(byte),
                Some(Open::Template(end)) => self.heredoc(byte, end),
                _ => self.code(byte),
            };
            if !sound {
                return false;
            }
            if self.open.len() > before && self.open.last() == Some(&Open::Index) {
                indexes += 1;
            } else if self.open.len() < before && top == Some(Open::Index) {
                indexes -= 1;
            }
            if indexes > DEEPEST {
                return true;
            }
        }
        false
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// One step in code; whether it can go on.
    fn code(&mut self, byte: u8) -> bool {
        let rest = self.rest();
        if byte == b'#' || rest.starts_with(b"//") {
            self.at += line(rest);
            return true;
        }
        if rest.starts_with(b"/*") {
            let end = rest.windows(2).skip(2).position(|two| two == b"*/");
            self.at = end.map_or(self.text.len(), |end| self.at + 2 + end + 2);
            return true;
        }
        if let Some(word) = rest.strip_prefix(b"<<") {
            let word = word.strip_prefix(b"-").unwrap_or(word);
            let first = word.get(..line(word)).unwrap_or_default().trim_ascii();
            if !first.is_empty() && first.iter().all(|byte| is_word(*byte)) {
                self.open.push(Open::Template(first));
                self.at += line(rest) + 1;
                return true;
            }
        }
        let closed = match byte {
            b'"' => return self.opens(Open::Quoted),
            b'(' => return self.opens(Open::Parenthesis),
            b'{' => return self.opens(Open::Brace),
            b'[' if is_word(self.last) || b"])}\"*".contains(&self.last) => {
                return self.opens(Open::Index);
            }
            b'[' => return self.opens(Open::List),
            b')' => &[Open::Parenthesis][..],
            b']' => &[Open::Index, Open::List][..],
            b'}' => &[Open::Brace][..],
            _ => {
                if !byte.is_ascii_whitespace() {
                    self.last = byte;
                }
                self.at += 1;
                return true;
            }
        };
        self.last = byte;
        self.at += 1;
        self.open.pop().is_some_and(|open| closed.contains(&open))
    }

    fn opens(&mut self, what: Open<'t>) -> bool {
        self.open.push(what);
        self.last = b'\n';
        self.at += 1;
        true
    }

    fn quoted(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => return false,
            b'\\' => self.at += 2,
            b'"' => {
                self.open.pop();
                self.last = byte;
                self.at += 1;
            }
            _ => self.literal(),
        }
        true
    }

    fn heredoc(&mut self, byte: u8, end: &[u8]) -> bool {
        let starts = self.at == 0 || self.text.get(self.at - 1) == Some(&b'\n');
        let rest = self.rest();
        if starts
            && !end.is_empty()
            && rest.get(..line(rest)).unwrap_or_default().trim_ascii() == end
        {
            self.open.pop();
            self.last = b'\n';
            self.at += line(rest);
            return true;
        }
        if byte == b'\n' {
            self.at += 1
        } else {
            self.literal()
        }
        true
    }

    /// A step in the text of a template.
    fn literal(&mut self) {
        match self.rest() {
            [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => self.at += 3,
            [b'$' | b'%', b'{', ..] => {
                self.at += 1;
                self.opens(Open::Brace);
            }
            _ => self.at += 1,
        }
    }
}

/// How long a text's first line is.
fn line(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: each of these took time that doubles with every operator in an index.
    #[test]
    fn indexes_in_indexes_are_refused_at_once() {
        for unit in
            ["a.v[!", "!a.v[", "a[[x]-!", "f(!a[", "a[0].b[!a.v[a[-", "a [\n!", "[{a=!-a.b[!"]
        {
            for within in ["", "/*]*/", "\"]\"[!", "[]", "(1)[-"] {
                for end in ["", "!", "!!", "x!0", "! # why", "é", "\""] {
                    let open = format!("{}{end}", format!("{unit}{within}").repeat(40));
                    let error = body(&format!("x = {open}\n")).unwrap_err();
                    assert!(error.starts_with("can't be parsed: "), "{error}");
                    assert!(body(&format!("x = <<E\n${{{open}\nE\n")).is_err(), "{open}");
                    assert!(body(&format!("x = \"${{{open}\"\n")).is_err(), "{open}");
                    assert!(template(&format!("text ${{{open}")).is_none(), "{open}");
                }
            }
        }
    }

    #[test]
    fn what_people_write_is_not_deep() {
        let deep = |text: &str| Scan::new(text, None).too_deep();
        let one = "x = \"[[[${a[b[c[0]]]} a[\" # a[\n/* a[ */ y = [[a[0]], b[*].c[\"k\"]]\n";
        assert!(!deep(&one.repeat(50)));
        assert!(!deep(&"x = <<-EOT\n  a[ \"${b[0]}\n  EOT\n".repeat(50)));
        assert!(!deep(&format!("x = {}1{}", "[".repeat(50), "]".repeat(50))));
        assert!(deep(&format!("x = {}1{}", "a[".repeat(13), "]".repeat(13))));
        assert!(!deep(&format!("x = {}1{}", "a[".repeat(12), "]".repeat(12))));
        assert!(body(&format!("x = {}1{}\n", "a[".repeat(12), "]".repeat(12))).is_ok());
    }
}
