//! Watches a stream of events go by and keeps none of it.

use memchr::memchr2;

/// The byte order mark that a stream may begin with.
pub(super) const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Knows whether a stream that goes by is between two events, where a comment may be put in.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    line: Line,
    /// Whether the block has a line that isn't a comment.
    fields: bool,
    /// Whether the last byte was a CR, to which an LF may still belong.
    cr: bool,
    /// Whether a CR ended a line all alone before: then another may, too.
    lone_cr: bool,
}

/// Where in a line it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// Nothing came but so many bytes of a byte order mark.
    #[default]
    First,
    Mark(usize),
    Start,
    Within,
}

impl Scanner {
    /// A scanner at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the next bytes of the stream.
    pub fn feed(&mut self, chunk: &[u8]) {
        let mut rest = self.mark(chunk);
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.cr) {
                if *first == b'\n' {
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                self.lone_cr = true;
            }
            let Some(end) = memchr2(b'\r', b'\n', rest) else {
                self.begin(*first);
                return;
            };
            if end > 0 {
                self.begin(*first);
            } else if self.line != Line::Within {
                self.fields = false;
            }
            self.line = Line::Start;
            self.cr = rest.get(end) == Some(&b'\r');
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    /// Whether a comment may be put in here without getting into an event, or between the CR and the
    /// LF of one line's end. At the very start of a stream it may, too: a byte order mark that came
    /// after it would spoil the first line, but no server of MCP sends one.
    #[must_use]
    pub fn between_events(&self) -> bool {
        let at_start = matches!(self.line, Line::First | Line::Start);
        at_start && !self.fields && (!self.cr || self.lone_cr)
    }

    /// A line goes on with this byte, or begins.
    fn begin(&mut self, first: u8) {
        if self.line != Line::Within {
            self.fields |= first != b':';
        }
        self.line = Line::Within;
    }

    /// Steps over the byte order mark, as far as it came.
    fn mark<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let mut rest = chunk;
        while let (Line::First | Line::Mark(_), Some((byte, behind))) =
            (self.line, rest.split_first())
        {
            let seen = if let Line::Mark(seen) = self.line { seen } else { 0 };
            if MARK.get(seen) != Some(byte) {
                // Part of a mark is a line's beginning.
                self.fields |= seen > 0;
                self.line = if seen > 0 { Line::Within } else { Line::Start };
                break;
            }
            self.line = if seen + 1 == MARK.len() { Line::Start } else { Line::Mark(seen + 1) };
            rest = behind;
        }
        rest
    }
}
