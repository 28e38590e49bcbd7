//! The lines of a head, as far as they say how a message is framed and whom it is for.

use super::{Fault, Length, Side, Stop};

/// The lines of one head, looked at one by one.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// A line's beginning that was the end of a read.
    cut: Vec<u8>,
    /// Bytes of the head so far.
    bytes: usize,
    first: First,
    /// An empty line stood before the first; RFC 9112 (2.2) lets a server skip one.
    skipped: bool,
    old: bool,
    method: Method,
    code: u16,
    /// The authority of a target that is a whole URI.
    authority: Option<Box<[u8]>>,
    host: bool,
    length: Option<u64>,
    chunked: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum First {
    #[default]
    Due,
    Seen,
}

/// What matters of a request's method.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// A body has no meaning: GET, HEAD, TRACE.
    Bodiless,
    Connect,
    Options,
    #[default]
    Other,
}

impl Head {
    /// Begins another.
    pub(super) fn begin(&mut self) {
        let mut cut = std::mem::take(&mut self.cut);
        cut.clear();
        *self = Self { cut, ..Self::default() };
    }

    /// Follows what comes next: the number of bytes up to the head's end, or none if it goes on.
    pub(super) fn follow(
        &mut self,
        bytes: &[u8],
        side: Side,
        most: usize,
    ) -> Result<Option<usize>, (usize, Stop)> {
        let room = most - self.bytes.min(most);
        let mut at = 0;
        while let Some(rest) = bytes.get(at..) {
            let Some(length) = memchr::memchr(b'\n', rest) else {
                if bytes.len() > room {
                    return Err((room, Stop::TooLarge));
                }
                self.bytes += bytes.len();
                self.cut.extend_from_slice(rest);
                return Ok(None);
            };
            let end = at + length;
            if end >= room {
                return Err((room, Stop::TooLarge));
            }
            let ended = self.line(rest.get(..length).unwrap_or_default(), side);
            at = end + 1;
            if ended.map_err(|fault| (end, Stop::Fault(fault)))? {
                self.bytes += at;
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Looks at a line, which may have been begun in an earlier read. True: it is the head's last.
    fn line(&mut self, end: &[u8], side: Side) -> Result<bool, Fault> {
        if self.cut.is_empty() {
            return self.whole_line(end, side);
        }
        let mut line = std::mem::take(&mut self.cut);
        line.extend_from_slice(end);
        let ended = self.whole_line(&line, side);
        line.clear();
        self.cut = line;
        ended
    }

    fn whole_line(&mut self, line: &[u8], side: Side) -> Result<bool, Fault> {
        let Some((b'\r', line)) = line.split_last() else { return Err(Fault::LineEnd) };
        if self.first == First::Seen {
            return match line.first() {
                None => Ok(true),
                Some(b' ' | b'\t') => Err(Fault::Folded),
                Some(initial) => self.header(line, initial | 0x20, side).map(|()| false),
            };
        }
        if line.is_empty() && side == Side::Requests && !self.skipped {
            self.skipped = true;
            return Ok(false);
        }
        self.first = First::Seen;
        match side {
            Side::Requests => self.request_line(line),
            Side::Answers => self.status_line(line),
        }
        .map(|()| false)
    }

    /// `METHOD SP target SP HTTP/1.x`. That the method is a token, hyper sees.
    fn request_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let (line, version) = line.split_last_chunk::<9>().ok_or(Fault::FirstLine)?;
        self.old = match version {
            b" HTTP/1.1" => false,
            b" HTTP/1.0" => true,
            _ => return Err(Fault::FirstLine),
        };
        let space = memchr::memchr(b' ', line).ok_or(Fault::FirstLine)?;
        let (method, target) = line.split_at(space);
        let target = target.get(1..).unwrap_or_default();
        self.method = match method {
            b"GET" | b"HEAD" | b"TRACE" => Method::Bodiless,
            b"CONNECT" => return Err(Fault::Connect),
            b"OPTIONS" => Method::Options,
            _ => Method::Other,
        };
        // A fragment is no part of a target; hyper would drop it.
        if !target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
            return Err(Fault::Target);
        }
        match target {
            [b'/', ..] => Ok(()),
            b"*" if self.method == Method::Options => Ok(()),
            _ => {
                self.authority = Some(authority_of(target).ok_or(Fault::Target)?.into());
                Ok(())
            }
        }
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]`.
    fn status_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let (version, rest) = line.split_first_chunk::<9>().ok_or(Fault::FirstLine)?;
        self.old = match version {
            b"HTTP/1.1 " => false,
            b"HTTP/1.0 " => true,
            _ => return Err(Fault::FirstLine),
        };
        let (code, rest) = rest.split_first_chunk::<3>().ok_or(Fault::FirstLine)?;
        let digits = code.iter().all(u8::is_ascii_digit);
        if !digits || !matches!(rest.first(), None | Some(b' ')) {
            return Err(Fault::FirstLine);
        }
        self.code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        Ok(())
    }

    /// A header. Only those that say how the message is framed are looked at, by their initial. That
    /// names are tokens (no space before the colon) and values have no control characters, hyper
    /// sees.
    fn header(&mut self, line: &[u8], initial: u8, side: Side) -> Result<(), Fault> {
        match initial {
            b'h' if side == Side::Requests => match value_of(line, b"host") {
                Some(value) => self.take_host(value),
                None => Ok(()),
            },
            b'c' => match value_of(line, b"content-length") {
                Some(value) => self.take_length(value),
                None => Ok(()),
            },
            b't' => match value_of(line, b"transfer-encoding") {
                Some(value) => self.take_encoding(value),
                None => Ok(()),
            },
            b'e' if side == Side::Requests => match value_of(line, b"expect") {
                Some(value) if !value.eq_ignore_ascii_case(b"100-continue") => Err(Fault::Expect),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.host || !authority_is_valid(value) {
            return Err(Fault::Host);
        }
        self.host = true;
        match &self.authority {
            Some(authority) if !authority.eq_ignore_ascii_case(value) => Err(Fault::Target),
            _ => Ok(()),
        }
    }

    fn take_length(&mut self, value: &[u8]) -> Result<(), Fault> {
        // Eighteen digits are less than 2^63.
        let plain = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        if !plain || self.length.is_some() {
            return Err(Fault::Length);
        }
        self.length =
            Some(value.iter().fold(0, |length, digit| length * 10 + u64::from(digit - b'0')));
        Ok(())
    }

    fn take_encoding(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.chunked || self.old || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Fault::Encoding);
        }
        self.chunked = true;
        Ok(())
    }

    /// How long the body of a request is, whose head is complete.
    pub(super) fn request_length(&self) -> Result<Length, Fault> {
        if self.method == Method::Connect {
            return Err(Fault::Connect);
        }
        if !self.host && (!self.old || self.authority.is_some()) {
            return Err(Fault::Host);
        }
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Fault::Length),
            (false, None | Some(0)) => Ok(Length::None),
            _ if self.method == Method::Bodiless => Err(Fault::Content),
            (true, None) => Ok(Length::Chunked),
            (false, Some(bytes)) => Ok(Length::Bytes(bytes)),
        }
    }

    /// Whether this answer is followed by another to the same request.
    pub(super) fn is_interim(&self) -> bool {
        matches!(self.code, 100 | 102..=199)
    }

    /// How long the body of an answer is, whose head is complete.
    pub(super) fn answer_length(&self, to_head: bool) -> Result<Length, Fault> {
        match (self.code, self.chunked, self.length) {
            (_, true, Some(_)) => Err(Fault::Length),
            (0..=99 | 600.., ..) => Err(Fault::FirstLine),
            (101, ..) => Err(Fault::Switch),
            (204 | 304, ..) => Ok(Length::None),
            _ if to_head => Ok(Length::None),
            (_, true, None) => Ok(Length::Chunked),
            (_, false, Some(bytes)) => Ok(Length::Bytes(bytes)),
            (_, false, None) => Ok(Length::UntilClose),
        }
    }
}

/// The value of a header, trimmed, if the line is one of that name.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":").filter(|_| start.eq_ignore_ascii_case(name))?;
    let start = value.iter().position(|byte| !is_blank(*byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(*byte)).map_or(start, |end| end + 1);
    value.get(start..end)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The authority of a target that is a whole URI of HTTP.
fn authority_of(target: &[u8]) -> Option<&[u8]> {
    let scheme = |name: &[u8]| {
        let (start, rest) = target.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(rest)
    };
    let rest = scheme(b"http://").or_else(|| scheme(b"https://"))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    rest.get(..end).filter(|authority| authority_is_valid(authority))
}

/// Whether this is `host[:port]` (RFC 3986, 3.2.2 without its rarer characters): a name, an IPv4
/// address, or an IPv6 address in brackets; no user, no percent-encoding.
#[must_use]
pub fn authority_is_valid(text: &[u8]) -> bool {
    let (host, port) = match text {
        [b'[', rest @ ..] => {
            let Some(end) = memchr::memchr(b']', rest) else { return false };
            let (inner, rest) = rest.split_at(end);
            let address = std::str::from_utf8(inner).unwrap_or_default();
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (None, rest.get(1..).unwrap_or_default())
        }
        _ => {
            let end = memchr::memchr(b':', text).unwrap_or(text.len());
            let (host, port) = text.split_at(end);
            (Some(host), port)
        }
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_some_and(|host| host.is_empty() || host.len() > 255 || !host.iter().all(plain)) {
        return false;
    }
    match port {
        [] => true,
        [b':', digits @ ..] => {
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
        _ => false,
    }
}
