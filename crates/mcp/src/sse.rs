//! Streams of server-sent events (WHATWG HTML, "Server-sent events").
//!
//! A stream is a series of blocks of lines, each ended by an empty line; lines end with CR LF, LF or
//! CR, in any mixture, and arrive in pieces that end anywhere. [`Scanner`] only watches and keeps
//! nothing; [`Decoder`] gives events; [`write()`] makes one.

mod blocks;
mod event;
mod scanner;

pub use event::{Event, write};
pub use scanner::Scanner;

pub(crate) use blocks::{Block, Blocks};

/// A comment that keeps a connection alive. Clients ignore it.
pub const KEEP_ALIVE: &[u8] = b":\n\n";

/// An event is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is too long")]
pub struct TooLong;

/// Makes events of a stream's bytes.
#[derive(Debug)]
pub struct Decoder {
    blocks: Blocks,
}

impl Decoder {
    /// A decoder at the start of a stream, which holds at most `longest` bytes of one event.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { blocks: Blocks::new(longest) }
    }

    /// The events that end with the next bytes of the stream. An event without the empty line at its
    /// end never comes, as the standard has it.
    ///
    /// # Errors
    /// If an event is too long; the stream can't be read any further then.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        self.blocks.feed(chunk, &mut |block| {
            if let Block::Event(bytes) = block {
                events.push(Event::parse(bytes));
            }
        })?;
        Ok(events)
    }
}
