//! Lines from a reader and to a writer, each on a thread of its own: reading the standard input blocks,
//! and so does writing to a client that doesn't read.

use std::io::{BufRead, BufReader, Read, Write};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::messages::LONGEST;

/// How many lines wait, in either direction.
const WAITING: usize = 64;

/// A line that the client wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Without its end.
    Whole(Bytes),
    /// One that is longer than any message may be; it was skipped.
    TooLong,
}

/// Reads lines until the end.
///
/// # Errors
/// If there can be no thread.
pub fn read(reader: impl Read + Send + 'static) -> std::io::Result<Receiver<Line>> {
    let (send, receive) = channel(WAITING);
    thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut reader = BufReader::new(reader);
        while let Ok(Some(line)) = next(&mut reader, LONGEST) {
            let empty = matches!(&line, Line::Whole(line) if line.trim_ascii().is_empty());
            if !empty && send.blocking_send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(receive)
}

/// Writes lines, each at once. The thread ends when all senders are gone, or nobody reads any more.
///
/// # Errors
/// If there can be no thread.
pub fn write(
    mut writer: impl Write + Send + 'static,
) -> std::io::Result<(Sender<Bytes>, JoinHandle<()>)> {
    let (send, mut receive) = channel::<Bytes>(WAITING);
    let thread = thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        while let Some(line) = receive.blocking_recv() {
            if writer.write_all(&line).and_then(|()| writer.flush()).is_err() {
                break;
            }
        }
    })?;
    Ok((send, thread))
}

/// The next line; `None` at the end.
fn next(reader: &mut impl BufRead, longest: usize) -> std::io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            let rest = (!line.is_empty() || too_long).then_some(line);
            return Ok(rest.map(|line| whole(line, too_long)));
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(buffer.len());
        if line.len() + taken > longest {
            too_long = true;
            line = Vec::new();
        }
        if !too_long {
            line.extend_from_slice(buffer.get(..taken).unwrap_or_default());
        }
        reader.consume(end.map_or(taken, |end| end + 1));
        if end.is_some() {
            return Ok(Some(whole(line, too_long)));
        }
    }
}

fn whole(line: Vec<u8>, too_long: bool) -> Line {
    if too_long { Line::TooLong } else { Line::Whole(line.into()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_long_ones_skipped() {
        let mut reader = BufReader::with_capacity(4, &b"one\r\n\n0123456789\ntwo"[..]);
        let mut lines = Vec::new();
        while let Some(line) = next(&mut reader, 6).unwrap() {
            lines.push(line);
        }
        let whole = |text: &'static str| Line::Whole(Bytes::from_static(text.as_bytes()));
        assert_eq!(lines, [whole("one\r"), whole(""), Line::TooLong, whole("two")]);
    }

    #[test]
    fn a_long_line_at_the_end_is_told_too() {
        let mut reader = BufReader::with_capacity(4, &b"0123456789"[..]);
        assert_eq!(next(&mut reader, 6).unwrap(), Some(Line::TooLong));
        assert_eq!(next(&mut reader, 6).unwrap(), None);
    }
}
