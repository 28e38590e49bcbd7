//! A stream of events cut into its blocks, byte for byte.

use memchr::memchr2;

use super::TooLong;
use super::scanner::MARK;

/// A piece of a stream. All pieces, one after another, are the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// The lines of an event, and comments among them, with the empty line that ends it.
    Event(&'a [u8]),
    /// Comments and empty lines.
    Quiet(&'a [u8]),
}

/// Collects bytes until a block is whole.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// What came of this block.
    held: Vec<u8>,
    /// Where in it the line begins that isn't whole yet.
    line: usize,
    /// Whether there is a line that isn't a comment.
    fields: bool,
    /// Whether the last byte was a CR that ended a line.
    cr: bool,
    /// Whether a CR ended a line all alone before.
    lone_cr: bool,
    /// Whether this is the first line of the stream.
    first: bool,
    /// Whether this is the first block, before which a byte order mark may stand.
    at_mark: bool,
    longest: usize,
}

impl Blocks {
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            held: Vec::new(),
            line: 0,
            fields: false,
            cr: false,
            lone_cr: false,
            first: true,
            at_mark: true,
            longest,
        }
    }

    /// Takes the next bytes and gives what is whole.
    pub(crate) fn feed(
        &mut self,
        chunk: &[u8],
        each: &mut dyn FnMut(Block<'_>),
    ) -> Result<(), TooLong> {
        let mut rest = chunk;
        while let Some(next) = rest.first() {
            if std::mem::take(&mut self.cr) {
                if *next == b'\n' {
                    // It belongs to the line that the CR ended.
                    if self.held.is_empty() {
                        each(Block::Quiet(b"\n"));
                    } else {
                        self.hold(b"\n")?;
                        self.line = self.held.len();
                    }
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                self.lone_cr = true;
            }
            let Some(end) = memchr2(b'\r', b'\n', rest) else {
                return self.hold(rest);
            };
            let (line, behind) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
            self.hold(line)?;
            self.cr = line.ends_with(b"\r");
            self.end_line(each);
            rest = behind;
        }
        Ok(())
    }

    /// Gives what is left at the end of the stream.
    pub(crate) fn finish(&mut self, each: &mut dyn FnMut(Block<'_>)) {
        if !self.held.is_empty() {
            self.fields = true;
            self.give(each);
        }
    }

    /// Whether everything that came was given, and nothing of an event is missing.
    pub(crate) fn between_events(&self) -> bool {
        self.held.is_empty() && (!self.cr || self.lone_cr)
    }

    /// The line that is held is whole, with the byte that ends it.
    fn end_line(&mut self, each: &mut dyn FnMut(Block<'_>)) {
        let ended = self.held.len().saturating_sub(1);
        let mut line = self.held.get(self.line..ended).unwrap_or_default();
        if std::mem::take(&mut self.first) {
            line = line.strip_prefix(&MARK).unwrap_or(line);
        }
        match line.first() {
            None => self.give(each),
            Some(b':') if !self.fields => self.give(each),
            Some(b':') => self.line = self.held.len(),
            Some(_) => {
                self.fields = true;
                self.line = self.held.len();
            }
        }
    }

    fn give(&mut self, each: &mut dyn FnMut(Block<'_>)) {
        let mut block = self.held.as_slice();
        if std::mem::take(&mut self.at_mark)
            && let Some(rest) = block.strip_prefix(&MARK)
        {
            each(Block::Quiet(&MARK));
            block = rest;
        }
        each(if self.fields { Block::Event(block) } else { Block::Quiet(block) });
        self.held.clear();
        // A long event doesn't keep its memory for as long as the stream lives.
        self.held.shrink_to(4096);
        self.line = 0;
        self.fields = false;
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.held.len().saturating_add(bytes.len()) > self.longest {
            return Err(TooLong);
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }
}
