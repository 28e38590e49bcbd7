//! A guard that follows the framing of HTTP/1 on the read side: where each message begins and ends,
//! and that there is one way only to see it (RFC 9112).
//!
//! It stands before hyper, reads what hyper reads, changes nothing and keeps nothing but a line that
//! is cut by the end of a read. hyper is right about most of HTTP, but repairs some of what two
//! parsers may read in two ways: it takes `Content-Length` away beside `Transfer-Encoding`, accepts
//! equal lengths twice, lines that end with a bare LF, chunk extensions and fragments in targets.
//! Here all of that is a [`Fault`]. What the guard does not look at (characters of names and values,
//! the number of headers) hyper refuses.
//!
//! INVARIANT: of what both accept, guard and hyper see the same boundaries. `tests/wire/framing.rs`
//! and the fuzz target `http_framing` hold it.

mod chunked;
mod head;

use chunked::Chunked;
use head::Head;
pub use head::authority_is_valid;

/// Why a message is refused. The answer to a request is 400, and its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line that doesn't end with CRLF.
    #[error("a line ends without CRLF")]
    LineEnd,
    /// A first line that is none, or of another version than HTTP/1.0 and HTTP/1.1.
    #[error("the first line is not that of HTTP/1.1")]
    FirstLine,
    /// A target that is neither a path nor an URI for the same authority as `Host`.
    #[error("the target is not one of this host")]
    Target,
    /// `CONNECT`.
    #[error("CONNECT is not served")]
    Connect,
    /// A header that goes on in the next line (obs-fold).
    #[error("a header is folded")]
    Folded,
    /// None in HTTP/1.1, several, or one that isn't `host[:port]`.
    #[error("there is not one valid `Host`")]
    Host,
    /// Not a number, twice, or beside `Transfer-Encoding`.
    #[error("`Content-Length` is not clear")]
    Length,
    /// Not exactly `chunked`, twice, beside `Content-Length`, or in HTTP/1.0.
    #[error("`Transfer-Encoding` is not clear")]
    Encoding,
    /// A body where none has a meaning (GET, HEAD, TRACE).
    #[error("a body where none has a meaning")]
    Content,
    /// Something else is expected than `100-continue`.
    #[error("`Expect` is not `100-continue`")]
    Expect,
    /// A chunk whose size or end isn't plain; chunk extensions and trailers too.
    #[error("a chunk is not framed plainly")]
    Chunk,
    /// An answer that switches protocols.
    #[error("the protocol is switched")]
    Switch,
    /// An answer that nobody asked for.
    #[error("an answer to no request")]
    Unasked,
}

/// What is followed: a client's requests, or a target's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Requests.
    Requests,
    /// Answers.
    Answers,
}

/// What was seen in some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing to object to.
    Clear,
    /// The byte at `at` is not part of a message that is framed clearly. Nothing from there on may
    /// be believed; nothing more is to be followed.
    Fault {
        /// Where: an index into the bytes given.
        at: usize,
        /// Why.
        fault: Fault,
    },
    /// The head is larger than it may be; it has its greatest size at `at`. hyper answers 431 when it
    /// has seen that much.
    TooLarge {
        /// Where: an index into the bytes given.
        at: usize,
    },
}

/// Where in the course of messages one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Between two messages.
    Between,
    /// Within a head.
    Head,
    /// Within a body.
    Body,
    /// After a fault.
    Lost,
}

/// Follows the messages of one side of one connection.
#[derive(Debug)]
pub struct Follower {
    side: Side,
    most: usize,
    state: State,
    head: Head,
    heads: u64,
    /// For answers: whether one is due, and whether it is one to HEAD.
    due: Option<Due>,
}

/// An answer that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// To a HEAD request: it has no body, whatever it says.
    Head,
    /// To any other.
    Other,
}

#[derive(Debug)]
enum State {
    Between,
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Lost,
}

/// How long the body is that follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    None,
    Bytes(u64),
    Chunked,
    UntilClose,
}

impl Follower {
    /// Follows one side from the first byte of a connection on; `most`: bytes of a head.
    #[must_use]
    pub fn new(side: Side, most: usize) -> Self {
        Self { side, most, state: State::Between, head: Head::default(), heads: 0, due: None }
    }

    /// Says that a request goes out, to which an answer is due.
    pub fn expect(&mut self, due: Due) {
        self.due = Some(due);
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        match self.state {
            State::Between => Place::Between,
            State::Head => Place::Head,
            State::Length(_) | State::Chunked(_) | State::UntilClose => Place::Body,
            State::Lost => Place::Lost,
        }
    }

    /// How many heads were complete so far; interim answers (1xx) count.
    #[must_use]
    pub fn heads(&self) -> u64 {
        self.heads
    }

    /// Follows what comes next. After anything but [`Seen::Clear`] it is lost: all that is followed
    /// then is a fault.
    pub fn follow(&mut self, bytes: &[u8]) -> Seen {
        self.follow_body(bytes, |_| {})
    }

    /// Follows what comes next up to the last byte of a head, interim answers aside; what comes
    /// after it is not followed. Returns how many bytes that are, none if no head ended.
    ///
    /// # Errors
    /// As [`Follower::follow`] says, anything but [`Seen::Clear`].
    pub(crate) fn follow_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Seen> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let heads = self.heads;
            at += self.step(rest, |_| {}).map_err(|stop| self.lose(at, stop))?;
            if self.heads > heads && !self.head.is_interim() {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// As [`Follower::follow`], and hands on what is of bodies and not of their framing.
    pub(crate) fn follow_body(&mut self, bytes: &[u8], mut own: impl FnMut(&[u8])) -> Seen {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(rest, &mut own) {
                Ok(read) => at += read,
                Err(stop) => return self.lose(at, stop),
            }
        }
        Seen::Clear
    }

    /// Whether the end of the connection is the end of the body (RFC 9112, 6.3).
    pub(crate) fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    fn lose(&mut self, at: usize, (read, stop): (usize, Stop)) -> Seen {
        self.state = State::Lost;
        let at = at + read;
        match stop {
            Stop::Fault(fault) => Seen::Fault { at, fault },
            Stop::TooLarge => Seen::TooLarge { at },
        }
    }

    /// Takes one step; returns how many bytes it read, at least one.
    fn step(&mut self, bytes: &[u8], mut own: impl FnMut(&[u8])) -> Result<usize, (usize, Stop)> {
        match &mut self.state {
            State::Between => {
                if self.side == Side::Answers && self.due.is_none() {
                    return Err((0, Stop::Fault(Fault::Unasked)));
                }
                self.head.begin();
                self.state = State::Head;
                self.read_head(bytes)
            }
            State::Head => self.read_head(bytes),
            State::Length(left) => {
                let read = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= read as u64;
                own(bytes.get(..read).unwrap_or_default());
                if *left == 0 {
                    self.end();
                }
                Ok(read)
            }
            State::Chunked(chunked) => {
                let (read, ended) =
                    chunked.follow(bytes, own).map_err(|at| (at, Stop::Fault(Fault::Chunk)))?;
                if ended {
                    self.end();
                }
                Ok(read)
            }
            State::UntilClose => {
                own(bytes);
                Ok(bytes.len())
            }
            State::Lost => Err((0, Stop::Fault(Fault::FirstLine))),
        }
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<usize, (usize, Stop)> {
        let Some(read) = self.head.follow(bytes, self.side, self.most)? else {
            return Ok(bytes.len());
        };
        self.heads += 1;
        // The head's last byte is what is refused, so that nobody sees the head complete.
        let refuse = |fault| (read - 1, Stop::Fault(fault));
        let length = match self.side {
            Side::Requests => self.head.request_length().map_err(refuse)?,
            Side::Answers if self.head.is_interim() => {
                self.state = State::Between;
                return Ok(read);
            }
            Side::Answers => {
                let due = self.due.unwrap_or(Due::Other);
                self.head.answer_length(due == Due::Head).map_err(refuse)?
            }
        };
        match length {
            Length::None | Length::Bytes(0) => self.end(),
            Length::Bytes(bytes) => self.state = State::Length(bytes),
            Length::Chunked => self.state = State::Chunked(Chunked::default()),
            Length::UntilClose => self.state = State::UntilClose,
        }
        Ok(read)
    }

    fn end(&mut self) {
        self.state = State::Between;
        self.due = None;
    }
}

/// Why following ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Fault(Fault),
    TooLarge,
}
