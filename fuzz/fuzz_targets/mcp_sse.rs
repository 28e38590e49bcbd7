//! Any bytes as a stream of events, cut anywhere: the events are the same, a comment where the scanner
//! allows one changes none of them, and no list of tools gets through the filter uncut.
//!
//! The first three bytes say where the stream is cut.

#![no_main]

use farmgate_mcp::sse::{Decoder, Event, KEEP_ALIVE, Scanner};
use farmgate_mcp::tools::EventFilter;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Some((cuts, stream)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let mut places = cuts.map(|cut| usize::from(cut) * stream.len() / 255);
    places.sort_unstable();
    let pieces =
        [&stream[..places[0]], &stream[places[0]..places[1]], &stream[places[1]..places[2]]];
    let pieces = [pieces[0], pieces[1], pieces[2], &stream[places[2]..]];

    let events = decoded(&[stream]);
    assert_eq!(decoded(&pieces), events, "the cuts made a difference");

    let mut scanner = Scanner::new();
    for (at, piece) in pieces.iter().enumerate() {
        scanner.feed(piece);
        let before = pieces[..=at].concat();
        // A byte order mark behind a comment is none: no server sends one.
        if scanner.between_events() && !before.is_empty() {
            let behind = pieces[at + 1..].concat();
            let with = decoded(&[&before, KEEP_ALIVE, &behind]);
            assert_eq!(with, events, "a comment made a difference");
        }
    }

    let passed = filtered(&pieces);
    assert_eq!(passed, filtered(&[stream]), "the cuts made a difference to the filter");
    if let Some(passed) = passed {
        let rest = [passed.as_slice(), b"\n\n"].concat();
        for event in decoded(&[&rest]) {
            let data = event.data.unwrap_or_default();
            let read: Value = serde_json::from_str(&data).unwrap_or_default();
            let listed = read["result"]["tools"].as_array().into_iter().flatten();
            for tool in listed {
                let name = tool["name"].as_str().expect("a name");
                assert!(allowed(name), "`{name}` got through");
            }
        }
    }
});

fn allowed(tool: &str) -> bool {
    tool.starts_with("yes")
}

fn decoded(pieces: &[&[u8]]) -> Vec<Event> {
    let mut decoder = Decoder::new(1 << 20);
    pieces.iter().flat_map(|piece| decoder.feed(piece).expect("short enough")).collect()
}

/// What goes through the filter; none if it ends the stream.
fn filtered(pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let mut filter = EventFilter::new();
    let mut passed = Vec::new();
    for piece in pieces {
        passed.extend(filter.feed(piece, &allowed).ok()?);
    }
    passed.extend(filter.finish(&allowed).ok()?);
    Some(passed)
}
