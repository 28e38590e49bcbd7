//! Replaces parts of a message, and leaves every other byte where it was.

use std::ops::Range;

use farmgate_mcp::Message;

/// Parts of a message that are to be replaced.
#[derive(Default)]
pub(super) struct Splice<'a> {
    parts: Vec<(Range<usize>, &'a str)>,
}

// === impl Splice ===

impl<'a> Splice<'a> {
    /// Replaces `part`, which a [`Message`] borrows from `body`.
    pub(super) fn replace(&mut self, body: &[u8], part: Option<&str>, by: &'a str) {
        if let Some(span) = part.and_then(|part| Message::span(body, part)) {
            self.parts.push((span, by));
        }
    }

    /// The message.
    pub(super) fn done(mut self, body: &[u8]) -> Vec<u8> {
        self.parts.sort_by_key(|(span, _)| span.start);
        let more: usize = self.parts.iter().map(|(_, by)| by.len()).sum();
        let mut spliced = Vec::with_capacity(body.len() + more);
        let mut at = 0;
        for (span, by) in self.parts {
            spliced.extend_from_slice(body.get(at..span.start).unwrap_or_default());
            spliced.extend_from_slice(by.as_bytes());
            at = span.end;
        }
        spliced.extend_from_slice(body.get(at..).unwrap_or_default());
        spliced
    }
}

/// A message as one line. Line ends can only be space between its parts: in a JSON text they have to
/// be escaped (RFC 8259, 7).
pub(super) fn one_line(mut message: Vec<u8>) -> Vec<u8> {
    for byte in &mut message {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    message.push(b'\n');
    message
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_other_byte_stays() {
        let body = br#"{ "x":"\u00e9 id", "id" : "a","jsonrpc":"2.0", "method":"tools/call",
            "params":{"_meta":{"progressToken":7 , "y":1.0e2},"unknown":[ ]} }"#;
        let message = Message::parse(body).unwrap();
        let mut splice = Splice::default();
        splice.replace(body, message.progress_token, "12");
        splice.replace(body, message.id, "12");
        let line = one_line(splice.done(body));
        let expected = String::from_utf8(body.to_vec()).unwrap();
        let expected = expected.replace(r#""a""#, "12").replace(":7 ", ":12 ").replace('\n', " ");
        assert_eq!(String::from_utf8(line).unwrap(), expected + "\n");
    }
}
