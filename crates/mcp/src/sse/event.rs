//! One event: read from its lines, and written.

use memchr::memchr2;

/// A server-sent event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// What a client sends as `Last-Event-ID` to go on behind it.
    pub id: Option<String>,
    /// Its type; `message` if absent.
    pub event: Option<String>,
    /// Its data, lines joined by LF. Without any, clients only note the id.
    pub data: Option<String>,
    /// Milliseconds after which a client connects again.
    pub retry: Option<u64>,
}

impl Event {
    /// Reads the lines of an event, without the byte order mark that may stand before a stream. What
    /// isn't UTF-8 is replaced, as the standard has it.
    #[must_use]
    pub fn parse(block: &[u8]) -> Self {
        let mut event = Self::default();
        for line in lines(block) {
            let (name, value) = field(line.content);
            let text = || String::from_utf8_lossy(value).into_owned();
            match name {
                b"data" => match &mut event.data {
                    None => event.data = Some(text()),
                    Some(data) => {
                        data.push('\n');
                        data.push_str(&String::from_utf8_lossy(value));
                    }
                },
                b"event" => event.event = Some(text()).filter(|kind| !kind.is_empty()),
                b"id" if !value.contains(&0) => event.id = Some(text()),
                b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                    event.retry = std::str::from_utf8(value).ok().and_then(|it| it.parse().ok());
                }
                _ => {}
            }
        }
        event
    }

    /// The block that this event was read from, with other data in place of its own, where that
    /// began. All its other lines stay.
    pub(crate) fn with_data(&self, block: &[u8], data: &[u8]) -> Vec<u8> {
        let mut changed = Vec::with_capacity(block.len());
        let mut written = false;
        for line in lines(block) {
            if field(line.content).0 != b"data" {
                changed.extend_from_slice(line.whole);
                continue;
            }
            if std::mem::replace(&mut written, true) {
                continue;
            }
            let end = line.whole.get(line.content.len()..).unwrap_or_default();
            let end = if end.is_empty() { b"\n" } else { end };
            for part in data.split(|byte| *byte == b'\n') {
                changed.extend_from_slice(b"data: ");
                changed.extend_from_slice(part);
                changed.extend_from_slice(end);
            }
        }
        changed
    }
}

/// An event as bytes, with the empty line that ends it. What can't stand in a line is left out: ends
/// of lines in `event` and `id`, and an `id` with a NUL.
#[must_use]
pub fn write(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(event.data.as_ref().map_or(0, String::len) + 64);
    let mut line = |name: &str, value: &str| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend(value.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        bytes.push(b'\n');
    };
    if let Some(kind) = &event.event {
        line("event", kind);
    }
    if let Some(id) = event.id.as_ref().filter(|id| !id.contains('\0')) {
        line("id", id);
    }
    if let Some(retry) = event.retry {
        line("retry", &retry.to_string());
    }
    for part in event.data.iter().flat_map(|data| lines_of(data)) {
        line("data", part);
    }
    bytes.push(b'\n');
    bytes
}

/// The lines of a text: one more than it has ends of lines.
fn lines_of(mut text: &str) -> impl Iterator<Item = &str> {
    let mut more = true;
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        let Some((line, rest)) = text.split_once(['\r', '\n']) else {
            more = false;
            return Some(text);
        };
        let crlf = text.as_bytes().get(line.len()) == Some(&b'\r') && rest.starts_with('\n');
        text = if crlf { rest.get(1..).unwrap_or_default() } else { rest };
        Some(line)
    })
}

/// A line of a block.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    /// With what ends it.
    whole: &'a [u8],
    /// Without it.
    content: &'a [u8],
}

fn lines(block: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let ending = match rest.get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        let (whole, behind) = rest.split_at_checked(end + ending)?;
        rest = behind;
        Some(Line { whole, content: whole.get(..end).unwrap_or_default() })
    })
}

/// A line's name and value. A comment has an empty name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, b"");
    };
    let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}
