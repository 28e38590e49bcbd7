//! Streams of events against the standard, read directly; and cut in all places.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

use farmgate_mcp::sse::{Decoder, Event, KEEP_ALIVE, Scanner, write};
use proptest::prelude::*;

/// The standard's way of reading, on a whole stream: lines first, then fields. Gives the events, and
/// after how many bytes each ends.
fn standard(stream: &[u8]) -> Vec<Event> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(byte) = stream.get(at) {
        match byte {
            b'\r' if stream.get(at + 1) == Some(&b'\n') => {
                at += 1;
                lines.push(Vec::new());
            }
            b'\r' | b'\n' => lines.push(Vec::new()),
            other => lines.last_mut().unwrap().push(*other),
        }
        at += 1;
    }
    lines.pop(); // what has no end is no line
    let mut events = Vec::new();
    let mut event = None;
    for line in lines {
        if line.is_empty() {
            events.extend(event.take());
            continue;
        }
        if line[0] == b':' {
            continue;
        }
        let event: &mut Event = event.get_or_insert_default();
        let text = String::from_utf8_lossy(&line).into_owned();
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match name {
            "data" => {
                event.data = Some(
                    event.data.take().map_or(value.clone(), |data| format!("{data}\n{value}")),
                );
            }
            "event" => event.event = Some(value).filter(|kind| !kind.is_empty()),
            "id" if !value.contains('\0') => event.id = Some(value),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                event.retry = value.parse().ok();
            }
            _ => {}
        }
    }
    events
}

fn decoded(chunks: &[&[u8]]) -> Vec<Event> {
    let mut decoder = Decoder::new(1 << 20);
    chunks.iter().flat_map(|chunk| decoder.feed(chunk).unwrap()).collect()
}

/// Streams, mostly of what streams are made of.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "data", "data:", "data: x", ":", ": ping", "event: y", "event:", "id: 1", "id:\0",
        "retry: 5", "retry: x", "x", " ", "\r", "\n", "\n", "\r\n", "\n\n", "\r\n\r\n", "\r\r",
        "é", "\u{feff}",
    ]);
    let bytes = prop_oneof![
        9 => part.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    (any::<bool>(), prop::collection::vec(bytes, 0..24)).prop_map(|(marked, parts)| {
        let mark: &[u8] = if marked { b"\xef\xbb\xbf" } else { b"" };
        // A mark in mid-stream is no mark.
        [mark, &parts.concat()].concat()
    })
}

/// Cuts a stream at the places that these come to.
fn cut<'a>(stream: &'a [u8], at: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = at.iter().map(|at| at.index(stream.len() + 1)).collect();
    places.push(0);
    places.push(stream.len());
    places.sort_unstable();
    places.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_are_those_of_the_standard_wherever_a_stream_is_cut(
        stream in any_stream(),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        prop_assert_eq!(decoded(&cut(&stream, &at)), standard(&stream));
    }

    /// Wherever the scanner says that a comment may be put in, putting it in changes no event.
    #[test]
    fn a_comment_between_events_changes_nothing(
        stream in any_stream(),
        at in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let at = at.index(stream.len() + 1);
        let (before, behind) = stream.split_at(at);
        let mut scanner = Scanner::new();
        for chunk in cut(before, &cuts) {
            scanner.feed(chunk);
        }
        // A mark behind a comment is no mark: no server sends one.
        prop_assume!(at > 0 || !stream.starts_with(b"\xef\xbb\xbf"));
        if scanner.between_events() {
            let with = [before, KEEP_ALIVE, behind].concat();
            prop_assert_eq!(standard(&with), standard(&stream));
            prop_assert!(before.is_empty() || before.ends_with(b"\n") || before.ends_with(b"\r")
                || before == b"\xef\xbb\xbf");
        }
    }

    /// Where nothing of an event is missing, the scanner says so: a silent stream is kept alive.
    #[test]
    fn after_an_event_a_comment_may_be_put_in(stream in any_stream()) {
        for end in ["\n\n", "\r\n\r\n"] {
            let mut scanner = Scanner::new();
            scanner.feed(&stream);
            scanner.feed(b"x");
            scanner.feed(end.as_bytes());
            prop_assert!(scanner.between_events());
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        id in prop::option::of("[^\r\n\0]{0,5}"),
        kind in prop::option::of("[^\r\n]{1,5}"),
        data in prop::option::of("[ -~\n]{0,12}"),
        retry in prop::option::of(any::<u64>()),
    ) {
        let event = Event { id, event: kind, data, retry };
        let any = event != Event::default();
        prop_assert_eq!(decoded(&[&write(&event)]), Vec::from_iter(any.then_some(event)));
    }
}

#[test]
fn a_comment_is_never_put_into_an_event() {
    let between = |stream: &[u8]| {
        let mut scanner = Scanner::new();
        scanner.feed(stream);
        scanner.between_events()
    };
    for stream in [
        &b""[..],
        b"\n",
        b"data: x\n\n",
        b"data: x\r\n\r\n",
        b": ping\n",
        b": ping\r\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\n",
        b"data: x\r\r",
        b"data: x\n\n: ping\n",
    ] {
        assert!(between(stream), "{stream:?}");
    }
    for stream in [
        &b"d"[..],
        b"data: x",
        b"data: x\n",
        b"data: x\n:\n",
        b"id: 1\n",
        b":",
        b": ping",
        b"data: x\r\n\r",
        b"data: x\r",
        b"\r",
        b"\xef",
        b"\xef\xbb",
        b"\xef\xbb\n",
        b"\xef\xbb\xbfdata: x\n",
        b" \n",
    ] {
        assert!(!between(stream), "{stream:?}");
    }
}

#[test]
fn a_line_of_data_is_written_for_every_line() {
    let event = |data: &str| Event { data: Some(data.to_owned()), ..Event::default() };
    assert_eq!(write(&event("a\nb")), b"data: a\ndata: b\n\n");
    assert_eq!(write(&event("a\r\nb\rc")), b"data: a\ndata: b\ndata: c\n\n");
    assert_eq!(write(&event("")), b"data: \n\n");
    let forged = Event {
        id: Some("1\ndata: forged".to_owned()),
        event: Some("x\r\n\r\ndata: forged".to_owned()),
        data: Some("y".to_owned()),
        retry: Some(7),
    };
    let written = String::from_utf8(write(&forged)).unwrap();
    assert_eq!(written, "event: xdata: forged\nid: 1data: forged\nretry: 7\ndata: y\n\n");
}

#[test]
fn a_long_event_is_refused_and_long_streams_are_not() {
    let mut decoder = Decoder::new(100);
    for _ in 0..1000 {
        assert_eq!(decoder.feed(b"data: 0123456789\n\n").unwrap().len(), 1);
    }
    decoder.feed(&[b'x'; 90]).unwrap();
    decoder.feed(&[b'x'; 11]).unwrap_err();
}
