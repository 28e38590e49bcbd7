//! An HTTP/1.1 answer as it came, read no further than its bounds, and how it is told.

/// What comes before a body, at most.
const HEAD_BYTES: usize = 64 << 10;
/// What is read of a body, at most.
const BODY_BYTES: usize = 1 << 20;
/// What is shown of a body.
const SHOWN: usize = 90;

/// What came for something that was sent.
#[derive(Debug)]
pub(crate) enum Came {
    /// An answer.
    Answer(Answer),
    /// Bytes that are no answer of HTTP.
    Noise(Vec<u8>),
    /// The connection was closed, or reset, without an answer.
    Closed,
    /// Nothing, for as long as the probe waits.
    Silence,
    /// No connection.
    NoConnection(String),
    /// Nothing was sent: the probe's own bounds are used up.
    Spent,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// How far an answer is read.
pub(crate) enum Read {
    /// All of it, and how many bytes it took.
    Whole(Answer, usize),
    /// More has to come.
    More,
    /// This is no answer.
    Noise,
}

// === impl Came ===

impl Came {
    pub(crate) fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
    }

    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether a call got through to a server, which answered it.
    pub(crate) fn got_through(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it is one of these statuses.
    pub(crate) fn is(&self, statuses: &[u16]) -> bool {
        self.status().is_some_and(|status| statuses.contains(&status))
    }

    /// It, in a line.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Answer(answer) => answer.words(),
            Self::Noise(bytes) => format!("{} bytes that are no HTTP", bytes.len()),
            Self::Closed => "the connection was closed without an answer".to_owned(),
            Self::Silence => "nothing came".to_owned(),
            Self::NoConnection(why) => format!("no connection: {why}"),
            Self::Spent => "nothing was sent: the probe's bounds are used up".to_owned(),
        }
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn is_stream(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.to_ascii_lowercase().starts_with("text/event-stream")
    }

    fn words(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = body.chars().take(SHOWN).collect();
        if shown.len() < body.len() {
            shown.push_str("...");
        }
        let place = self.header("location").map(|to| format!(" to {}", visible(to)));
        let place = place.unwrap_or_default();
        match shown.is_empty() {
            true => format!("{}{place}", self.status),
            false => format!("{}{place} `{}`", self.status, visible(&shown)),
        }
    }

    /// Reads one answer off the front of what came; `ended` if nothing more will come.
    pub(crate) fn read(bytes: &[u8], ended: bool) -> Read {
        let Some(end) = find(bytes, b"\r\n\r\n") else {
            let begins = b"HTTP/1.";
            let fits = bytes.len().min(begins.len());
            let like = bytes.get(..fits) == begins.get(..fits);
            return if like && bytes.len() <= HEAD_BYTES && !ended {
                Read::More
            } else {
                Read::Noise
            };
        };
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let Some((status, headers)) = parse_head(&head) else { return Read::Noise };
        let mut answer = Self { status, headers, body: Vec::new() };
        let after = bytes.get(end + 4..).unwrap_or_default();
        match answer.body_of(after, ended) {
            Some((body, used)) => {
                answer.body = body;
                Read::Whole(answer, end + 4 + used)
            }
            None => Read::More,
        }
    }

    /// Its body and how many bytes that took; none if more has to come.
    fn body_of(&self, after: &[u8], ended: bool) -> Option<(Vec<u8>, usize)> {
        if self.status < 200 || matches!(self.status, 204 | 304) {
            return Some((Vec::new(), 0));
        }
        let over = ended || after.len() >= BODY_BYTES;
        let coding = self.header("transfer-encoding").unwrap_or_default();
        if coding.to_ascii_lowercase().contains("chunked") {
            let (body, used, done) = unchunked(after);
            // A stream of events may never end: its first event is what was asked for.
            let heard = self.is_stream() && has_event(&body);
            return (done || over || heard).then_some((body, used));
        }
        if let Some(length) = self.header("content-length") {
            let length = length.trim().parse::<usize>().unwrap_or(0);
            let whole = after.len() >= length;
            let taken = after.get(..length.min(after.len())).unwrap_or_default();
            return (whole || over).then(|| (taken.to_vec(), taken.len()));
        }
        let heard = self.is_stream() && has_event(after);
        (over || heard).then(|| (after.to_vec(), after.len()))
    }
}

fn parse_head(head: &str) -> Option<(u16, Vec<(String, String)>)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.splitn(3, ' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    let status = words.next()?.parse::<u16>().ok().filter(|it| (100..1000).contains(it))?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    Some((status, headers.collect()))
}

/// Whether there is an event with something in it.
fn has_event(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    text.rsplit("\n\n").skip(1).any(|event| {
        let mut data = event.lines().filter_map(|line| line.strip_prefix("data:"));
        data.any(|data| !data.trim().is_empty())
    })
}

/// The data of chunks, how many bytes they took, and whether the last one was there.
fn unchunked(bytes: &[u8]) -> (Vec<u8>, usize, bool) {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(line) = find(rest, b"\r\n") else { return (body, at, false) };
        let size = String::from_utf8_lossy(rest.get(..line).unwrap_or_default()).into_owned();
        let size = size.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else { return (body, at, true) };
        let data = line + 2;
        let Some(end) = data.checked_add(size).filter(|end| end + 2 <= rest.len()) else {
            return (body, at, false);
        };
        body.extend_from_slice(rest.get(data..end).unwrap_or_default());
        at += end + 2;
        if size == 0 {
            return (body, at, true);
        }
    }
}

pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Without what would change the terminal.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::*;

    fn whole(text: &str, ended: bool) -> (Answer, usize) {
        match Answer::read(text.as_bytes(), ended) {
            Read::Whole(answer, used) => (answer, used),
            _ => panic!("not whole: {text:?}"),
        }
    }

    #[test]
    fn answers_are_read_by_their_framing() {
        let (answer, used) = whole("HTTP/1.1 401 x\r\ncontent-length: 2\r\n\r\nokHTTP", false);
        assert_eq!((answer.status, answer.body.as_slice()), (401, &b"ok"[..]));
        assert_eq!(used, 39);
        let (answer, _) = whole(
            "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            false,
        );
        assert_eq!(answer.body, b"ok");
        let (answer, _) = whole("HTTP/1.0 200 x\r\n\r\nrest", true);
        assert_eq!(answer.body, b"rest");
        for more in
            ["", "HTT", "HTTP/1.1 200 x\r\n", "HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nab"]
        {
            assert!(matches!(Answer::read(more.as_bytes(), false), Read::More), "{more:?}");
        }
        for noise in ["SSH-2.0", "\u{15}\u{3}\u{1}", "HTTP/2 nothing\r\n\r\n"] {
            assert!(matches!(Answer::read(noise.as_bytes(), false), Read::Noise), "{noise:?}");
        }
    }

    #[test]
    fn a_stream_is_read_to_its_first_event() {
        let head = "HTTP/1.1 200 x\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        let primed = format!("{head}a\r\nid: 1\ndata:\r\n2\r\n\n\n\r\n");
        assert!(matches!(Answer::read(primed.as_bytes(), false), Read::More));
        let event = "data: {\"id\":1}\n\n";
        let (answer, _) = whole(&format!("{primed}{:x}\r\n{event}\r\n", event.len()), false);
        assert!(answer.body.ends_with(event.as_bytes()));
    }

    #[test]
    fn what_is_told_of_an_answer_is_one_line() {
        let (answer, _) = whole("HTTP/1.1 403 x\r\ncontent-length: 8\r\n\r\na\n\u{1b}[0m b", false);
        assert_eq!(Came::Answer(answer).words(), "403 `a ?[0m b`");
    }
}
