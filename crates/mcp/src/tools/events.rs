//! Lists of tools in a stream of events.
//!
//! The answer to `tools/list` may come as an event, beside others, and in the legacy era also on a
//! stream that was opened later, with `Last-Event-ID`. So every event is looked at, and the ids of
//! requests are no matter: whatever lists tools is cut down.

use super::filter;
use crate::Fault;
use crate::sse::{Block, Blocks, Event, TooLong};

/// Goes between a server's stream of events and a client that may not call every tool.
///
/// An event is held back until it is whole; comments between events go on at once.
#[derive(Debug)]
pub struct EventFilter {
    blocks: Blocks,
    /// It failed: nothing more goes through.
    broken: bool,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self::new()
    }
}

impl EventFilter {
    /// The longest event, if nothing else is said: 16 MiB.
    pub const LONGEST: usize = 16 << 20;

    /// A filter at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(Self::LONGEST)
    }

    /// A filter that holds back at most `longest` bytes: longer events end the stream.
    #[must_use]
    pub fn with_limit(longest: usize) -> Self {
        Self { blocks: Blocks::new(longest), broken: false }
    }

    /// What goes on after the next bytes of the stream.
    ///
    /// # Errors
    /// 502, -32603: an event that clients read as a message can't be read, or is too long. The
    /// stream must end there; whatever is fed after is refused as well.
    pub fn feed(&mut self, chunk: &[u8], allowed: &dyn Fn(&str) -> bool) -> Result<Vec<u8>, Fault> {
        self.run(allowed, |blocks, each| blocks.feed(chunk, each))
    }

    /// What goes on at the end of the stream: an event without the empty line that ends it. Clients
    /// should forget such a one, and not all do.
    ///
    /// # Errors
    /// As [`EventFilter::feed`].
    pub fn finish(&mut self, allowed: &dyn Fn(&str) -> bool) -> Result<Vec<u8>, Fault> {
        self.run(allowed, |blocks, each| {
            blocks.finish(each);
            Ok(())
        })
    }

    /// Whether a comment may be put in after what went on so far.
    #[must_use]
    pub fn between_events(&self) -> bool {
        self.blocks.between_events()
    }

    fn run(
        &mut self,
        allowed: &dyn Fn(&str) -> bool,
        drive: impl FnOnce(&mut Blocks, &mut dyn FnMut(Block<'_>)) -> Result<(), TooLong>,
    ) -> Result<Vec<u8>, Fault> {
        if self.broken {
            return Err(Fault::unreadable("it is broken off"));
        }
        let mut passed = Vec::new();
        let mut fault = None;
        let driven = drive(&mut self.blocks, &mut |block| match block {
            _ if fault.is_some() => {}
            Block::Quiet(bytes) => passed.extend_from_slice(bytes),
            Block::Event(bytes) => match cut(bytes, allowed) {
                Ok(None) => passed.extend_from_slice(bytes),
                Ok(Some(event)) => passed.extend_from_slice(&event),
                Err(found) => fault = Some(found),
            },
        });
        if driven.is_err() {
            fault.get_or_insert_with(|| Fault::unreadable("an event is too long"));
        }
        self.broken = fault.is_some();
        fault.map_or(Ok(passed), Err)
    }
}

/// An event without the tools that aren't allowed; `None` if it stays as it is.
fn cut(block: &[u8], allowed: &dyn Fn(&str) -> bool) -> Result<Option<Vec<u8>>, Fault> {
    let event = Event::parse(block);
    let Some(data) = event.data.as_deref().filter(|data| !data.trim().is_empty()) else {
        return Ok(None);
    };
    match filter(data.as_bytes(), allowed) {
        Ok(None) => Ok(None),
        Ok(Some(cut)) => Ok(Some(event.with_data(block, &cut))),
        // What neither clients take for a message nor looks like one may be anything.
        Err(_)
            if event.event.as_deref().is_some_and(|kind| kind != "message")
                && !data.trim_start().starts_with(['{', '[']) =>
        {
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}
