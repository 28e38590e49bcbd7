//! A strict reader of JSON (RFC 8259) that walks over a text once and builds nothing.
//!
//! It exists because what an intermediary decides must be what a server decides that reads the same
//! bytes: so keys that come twice, and where every value begins and ends, have to be seen, which a
//! tree of values hides. It knows nothing of MCP. It never recurses, and what nests too deeply is
//! refused.

mod keys;
mod number;
mod text;

pub(crate) use keys::{Keys, Seen, resembles};
pub(crate) use text::Text;

/// The deepest nesting that any reader can be told to allow: one bit each in [`Reader::skip`].
const DEEPEST: u32 = 128;

/// What isn't JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The byte at which it was noticed.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) what: &'static str,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    Object,
    Array,
    Text(Text<'a>),
    Number,
    Null,
    Bool,
}

/// A value that was walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    /// Its bytes in the text, without the space around them.
    pub(crate) raw: &'a str,
    pub(crate) shape: Shape<'a>,
}

/// A place in a text.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Objects and arrays that are open here.
    open: u32,
    /// How many may be.
    deepest: u32,
}

impl<'a> Reader<'a> {
    /// A reader of a whole body, in which at most `deepest` objects and arrays lie in each other.
    pub(crate) fn new(body: &'a [u8], deepest: u32) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body)
            .map_err(|error| Malformed { at: error.valid_up_to(), what: "is not UTF-8" })?;
        if text.starts_with('\u{feff}') {
            return Err(Malformed { at: 0, what: "begins with a byte order mark" });
        }
        Ok(Self { text, at: 0, open: 0, deepest: deepest.min(DEEPEST) })
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What was walked over since `start`.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The first byte of the next value, or of what stands in its place.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.space();
        self.byte()
    }

    /// The next value, whatever it is.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        self.space();
        let start = self.at;
        let shape = match self.byte() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::Text(self.text()?),
            Some(b'n') => Shape::Null,
            Some(b't' | b'f') => Shape::Bool,
            _ => Shape::Number,
        };
        if !matches!(shape, Shape::Text(_)) {
            self.skip()?;
        }
        Ok(Value { raw: self.since(start), shape })
    }

    /// Walks through the object that comes next: `each` gets every key and must walk over its value.
    pub(crate) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Text<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.enter(b'{')?;
        if self.peek() == Some(b'}') {
            return self.leave();
        }
        loop {
            let key = self.key()?;
            each(self, key)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.leave(),
                _ => return self.malformed("`,` or `}` is missing"),
            }
        }
    }

    /// Walks through the array that comes next: `each` must walk over one element.
    pub(crate) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.enter(b'[')?;
        if self.peek() == Some(b']') {
            return self.leave();
        }
        loop {
            each(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => return self.leave(),
                _ => return self.malformed("`,` or `]` is missing"),
            }
        }
    }

    /// The end of the text: nothing but space may be left.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.malformed("something follows the message"),
        }
    }

    /// Walks over one value, with everything in it.
    fn skip(&mut self) -> Result<(), Malformed> {
        let outside = self.open;
        // Its lowest bit says whether the innermost open one is an object.
        let mut objects: u128 = 0;
        loop {
            match self.peek() {
                Some(first @ (b'{' | b'[')) => {
                    self.enter(first)?;
                    let object = first == b'{';
                    objects = (objects << 1) | u128::from(object);
                    let close = if object { b'}' } else { b']' };
                    if self.peek() != Some(close) {
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                if self.open == outside {
                    return Ok(());
                }
                match (self.peek(), objects & 1) {
                    (Some(b','), 1) => {
                        self.at += 1;
                        self.key()?;
                        break;
                    }
                    (Some(b','), _) => {
                        self.at += 1;
                        break;
                    }
                    (Some(b'}'), 1) | (Some(b']'), 0) => {
                        self.leave()?;
                        objects >>= 1;
                    }
                    _ => return self.malformed("`,`, `}` or `]` is missing"),
                }
            }
        }
    }

    /// Walks over a value that holds no others.
    fn scalar(&mut self) -> Result<(), Malformed> {
        match self.byte() {
            Some(b'"') => self.text().map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => match number::length(self.rest()) {
                Some(length) => {
                    self.at += length;
                    Ok(())
                }
                None => self.malformed("a value is missing"),
            },
        }
    }

    /// A key and the colon after it.
    fn key(&mut self) -> Result<Text<'a>, Malformed> {
        if self.peek() != Some(b'"') {
            return self.malformed("a key is missing");
        }
        let key = self.text()?;
        if self.peek() != Some(b':') {
            return self.malformed("`:` is missing");
        }
        self.at += 1;
        Ok(key)
    }

    /// The text that begins here.
    fn text(&mut self) -> Result<Text<'a>, Malformed> {
        let start = self.at + 1;
        self.at = start;
        let mut escaped = false;
        loop {
            self.at += text::plain_length(self.rest());
            match self.byte() {
                Some(b'"') => {
                    let raw = self.since(start);
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => match text::escape_length(self.rest()) {
                    Some(length) => self.at += length,
                    None => return self.malformed("a text holds an escape that isn't one"),
                },
                Some(_) => return self.malformed("a text holds a control character"),
                None => return self.malformed("a text has no end"),
            }
            escaped = true;
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Malformed> {
        if !self.rest().starts_with(word.as_bytes()) {
            return self.malformed("a value is missing");
        }
        self.at += word.len();
        Ok(())
    }

    fn enter(&mut self, bracket: u8) -> Result<(), Malformed> {
        if self.peek() != Some(bracket) {
            return self.malformed("an object or an array is missing");
        }
        if self.open >= self.deepest {
            return self.malformed("nests too deeply");
        }
        self.open += 1;
        self.at += 1;
        Ok(())
    }

    /// Steps over the closing bracket that was just seen.
    fn leave(&mut self) -> Result<(), Malformed> {
        self.open = self.open.saturating_sub(1);
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn malformed<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, what })
    }
}
