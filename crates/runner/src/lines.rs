//! Lines of what a program prints, bounded in length.
//!
//! A line that is too long is cut, and said to be; nothing is ever collected without bound.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its bytes, at most as many as were allowed.
    pub bytes: Vec<u8>,
    /// How many bytes more it had.
    pub cut: u64,
}

/// Reads lines.
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<R>,
    most: usize,
}

// === impl Lines ===

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `most` bytes.
    pub fn new(reader: R, most: usize) -> Self {
        Self { reader: BufReader::with_capacity(16 * 1024, reader), most }
    }

    /// The next line; none at the end. `\n` and `\r\n` end a line, and the end of what is read does.
    ///
    /// Not cancel safe: what was read of a line is lost with the future.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { bytes: Vec::new(), cut: 0 };
        let mut begun = false;
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(begun.then(|| ended(line)));
            }
            begun = true;
            let end = memchr::memchr(b'\n', available);
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = self.most.saturating_sub(line.bytes.len());
            let kept = part.get(..room.min(part.len())).unwrap_or_default();
            line.bytes.extend_from_slice(kept);
            line.cut = line.cut.saturating_add((part.len() - kept.len()) as u64);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(ended(line)));
            }
        }
    }
}

fn ended(mut line: Line) -> Line {
    if line.cut == 0 && line.bytes.last() == Some(&b'\r') {
        line.bytes.pop();
    }
    line
}

// === impl Line ===

impl Line {
    /// For people: what isn't UTF-8 is replaced, and so are control characters, which could
    /// rewrite a terminal; a cut is shown.
    #[must_use]
    pub fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let shown = text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
        let mut shown: String = shown.collect();
        if self.cut > 0 {
            shown.push_str(&format!(" … ({} bytes more)", self.cut));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    async fn all(text: &[u8], most: usize) -> Vec<(Vec<u8>, u64)> {
        let mut lines = Lines::new(text, most);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push((line.bytes, line.cut));
        }
        found
    }

    #[tokio::test]
    async fn lines_end_at_newlines_and_at_the_end() {
        let found = all(b"a\r\n\nbc\nd", 100).await;
        let expected: Vec<(Vec<u8>, u64)> =
            [&b"a"[..], b"", b"bc", b"d"].into_iter().map(|bytes| (bytes.to_vec(), 0)).collect();
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_next_is_whole() {
        let mut text = vec![b'x'; 100_000];
        text.extend_from_slice(b"\nnext\n");
        let found = all(&text, 10).await;
        assert_eq!(found, [(vec![b'x'; 10], 99_990), (b"next".to_vec(), 0)]);
    }

    #[test]
    fn a_line_cannot_rewrite_the_terminal() {
        let line = Line { bytes: b"a\x1b[2J\xff\tb".to_vec(), cut: 3 };
        assert_eq!(line.text(), "a\u{fffd}[2J\u{fffd}\tb … (3 bytes more)");
    }
}
