//! The messages that answer one request, or that a server sends by itself: numbered, kept for a
//! client that comes back, bounded.
//!
//! It knows nothing of HTTP; see `events` for how it is read.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// What is kept of one stream: so many messages, and, but for the last one, so many bytes.
const MOST: usize = 1024;
const MOST_BYTES: usize = 8 << 20;

/// How many messages a reader may be behind before the server has to wait for it, and for how long.
const BEHIND: u64 = 256;
const WAIT: Duration = Duration::from_secs(30);

/// A message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// From 1 on.
    pub(super) number: u64,
    /// Whether it is the answer, which is the last.
    pub(super) is_answer: bool,
    /// One line of JSON, without its end.
    pub(super) message: Bytes,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Event(Event),
    /// Nothing more comes.
    End,
    /// Another reader took over, or what comes next isn't there any more.
    Lost,
}

/// Messages on their way to a client.
#[derive(Debug)]
pub(super) struct Stream {
    /// Which one it is in its session.
    pub(super) number: u64,
    state: RefCell<State>,
    written: Notify,
    read: Notify,
    /// Which reader counts: the last one that came.
    reader: Cell<u64>,
    readers: Cell<u32>,
    /// The last one didn't get on, and was left behind.
    left_behind: Cell<bool>,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<Event>,
    bytes: usize,
    last: u64,
    /// The last one that the present reader took.
    taken: u64,
    ended: Option<Instant>,
}

/// Reads a stream from a place on.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Rc<Stream>,
    own: u64,
    after: u64,
}

// === impl Stream ===

impl Stream {
    pub(super) fn new(number: u64) -> Rc<Self> {
        Rc::new(Self {
            number,
            state: RefCell::default(),
            written: Notify::new(),
            read: Notify::new(),
            reader: Cell::new(0),
            readers: Cell::new(0),
            left_behind: Cell::new(false),
        })
    }

    /// Adds a message; the oldest go if there are too many.
    pub(super) fn push(&self, message: Bytes, is_answer: bool) {
        let mut state = self.state.borrow_mut();
        if state.ended.is_some() {
            return;
        }
        state.last += 1;
        state.bytes += message.len();
        let event = Event { number: state.last, is_answer, message };
        state.kept.push_back(event);
        while state.kept.len() > 1 && (state.kept.len() > MOST || state.bytes > MOST_BYTES) {
            state.bytes -= state.kept.pop_front().map_or(0, |event| event.message.len());
        }
        if is_answer {
            state.ended = Some(Instant::now());
        }
        drop(state);
        self.written.notify_waiters();
    }

    /// Nothing more comes.
    pub(super) fn end(&self) {
        self.state.borrow_mut().ended.get_or_insert_with(Instant::now);
        self.written.notify_waiters();
    }

    /// For how long it has ended.
    pub(super) fn ended_for(&self) -> Option<Duration> {
        self.state.borrow().ended.map(|ended| ended.elapsed())
    }

    /// Whether somebody reads it.
    pub(super) fn is_read(&self) -> bool {
        self.readers.get() > 0 && !self.left_behind.get()
    }

    /// Waits until the reader, if there is one, is not too far behind. One that doesn't get on at
    /// all is left behind: what it misses it is told about as [`Next::Lost`].
    pub(super) async fn room(&self) {
        self.room_within(WAIT).await;
    }

    async fn room_within(&self, wait: Duration) {
        let deadline = Instant::now() + wait;
        loop {
            let read = self.read.notified();
            let behind = {
                let state = self.state.borrow();
                state.last.saturating_sub(state.taken)
            };
            if !self.is_read() || behind < BEHIND {
                return;
            }
            if timeout_at(deadline, read).await.is_err() {
                self.left_behind.set(true);
                self.written.notify_waiters();
                return;
            }
        }
    }

    /// Reads on from behind the message `after`; from where the last reader was, if it isn't said.
    /// Whoever reads already is told that it is over.
    pub(super) fn reader(self: &Rc<Self>, after: Option<u64>) -> Reader {
        let own = self.reader.get() + 1;
        self.reader.set(own);
        self.left_behind.set(false);
        self.readers.set(self.readers.get() + 1);
        let mut state = self.state.borrow_mut();
        let after = after.unwrap_or(state.taken).min(state.last);
        state.taken = after;
        drop(state);
        self.written.notify_waiters();
        Reader { stream: Rc::clone(self), own, after }
    }
}

// === impl Reader ===

impl Reader {
    /// The stream that it reads.
    pub(super) fn stream(&self) -> &Rc<Stream> {
        &self.stream
    }

    /// Waits for what comes next.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            let stream = Rc::clone(&self.stream);
            let written = stream.written.notified();
            if let Some(next) = self.now() {
                return next;
            }
            written.await;
        }
    }

    fn now(&mut self) -> Option<Next> {
        if self.stream.reader.get() != self.own || self.stream.left_behind.get() {
            return Some(Next::Lost);
        }
        let mut state = self.stream.state.borrow_mut();
        let first = state.kept.front().map_or(state.last + 1, |event| event.number);
        let Some(index) = (self.after + 1).checked_sub(first) else { return Some(Next::Lost) };
        let event = usize::try_from(index).ok().and_then(|index| state.kept.get(index)).cloned();
        match event {
            Some(event) => {
                self.after = event.number;
                state.taken = event.number;
                drop(state);
                self.stream.read.notify_waiters();
                Some(Next::Event(event))
            }
            None => state.ended.map(|_| Next::End),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stream.readers.set(self.stream.readers.get() - 1);
        self.stream.read.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn push(stream: &Stream, text: &'static str) {
        stream.push(Bytes::from_static(text.as_bytes()), false);
    }

    async fn text(reader: &mut Reader) -> String {
        match reader.next().await {
            Next::Event(event) => String::from_utf8(event.message.to_vec()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn one_reader_goes_on_where_another_was() {
        let stream = Stream::new(0);
        push(&stream, "a");
        push(&stream, "b");
        let mut first = stream.reader(None);
        assert_eq!(text(&mut first).await, "a");
        let mut second = stream.reader(None);
        assert_eq!(text(&mut first).await, "Lost");
        drop(first);
        assert_eq!(text(&mut second).await, "b");
        // And from where a client says that it was.
        let mut third = stream.reader(Some(0));
        stream.push(Bytes::from_static(b"c"), true);
        for expected in ["a", "b", "c", "End"] {
            assert_eq!(text(&mut third).await, expected);
        }
        push(&stream, "too late");
        assert_eq!(text(&mut third).await, "End");
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let stream = Stream::new(0);
        for _ in 0..MOST + 10 {
            push(&stream, "x");
        }
        assert_eq!(stream.state.borrow().kept.len(), MOST);
        assert_eq!(text(&mut stream.reader(Some(0))).await, "Lost");
        assert_eq!(text(&mut stream.reader(Some(10))).await, "x");
        for _ in 0..20 {
            stream.push(Bytes::from(vec![b'x'; 1 << 20]), false);
        }
        assert!(stream.state.borrow().bytes <= MOST_BYTES);
        // One that is larger than all is kept nevertheless: it is the answer.
        stream.push(Bytes::from(vec![b'x'; MOST_BYTES + 1]), true);
        assert_eq!(stream.state.borrow().kept.len(), 1);
    }

    #[tokio::test]
    async fn the_server_waits_for_a_slow_reader_and_not_for_ever() {
        let stream = Stream::new(0);
        for _ in 0..BEHIND + 1 {
            push(&stream, "x");
        }
        // Nobody reads: nobody is waited for.
        stream.room().await;
        let mut reader = stream.reader(None);
        let (wait, began) = (Duration::from_millis(50), Instant::now());
        stream.room_within(wait).await;
        assert!(began.elapsed() >= wait);
        assert_eq!(text(&mut reader).await, "Lost");
        // It isn't waited for again.
        assert!(!stream.is_read());
        stream.room().await;
        let mut reader = stream.reader(Some(0));
        tokio::join!(stream.room(), async {
            reader.next().await;
            reader.next().await;
        });
        assert!(stream.is_read());
    }
}
