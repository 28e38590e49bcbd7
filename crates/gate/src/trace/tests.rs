//! Trace context: what is taken, what is refused, what is passed on.

use super::*;

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(parents: &[&str], states: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in parents {
        headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
    }
    for value in states {
        headers.append(TRACESTATE, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn a_callers_trace_goes_on_with_a_span_of_the_gates() {
    let trace = Trace::of(&headers(&[GOOD], &["vendor=1, other@system=a b"]));
    assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(trace.is_sampled());
    let mut passed = headers(&["old"], &["old=1"]);
    trace.pass_on(&mut passed);
    let parent = passed[TRACEPARENT].to_str().unwrap();
    assert!(parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{parent}");
    assert!(!parent.contains("00f067aa0ba902b7") && parent.ends_with("-01"), "{parent}");
    assert_eq!(parent.len(), GOOD.len());
    assert_eq!(passed.get_all(TRACEPARENT).iter().count(), 1);
    assert_eq!(passed[TRACESTATE], "vendor=1, other@system=a b");
}

#[test]
fn a_new_trace_begins_where_there_is_none() {
    let (first, second) = (Trace::of(&HeaderMap::new()), Trace::of(&HeaderMap::new()));
    assert_ne!(first.id(), second.id());
    assert!(self::parent(first.traceparent().as_bytes()).is_some());
    assert!(first.is_sampled() && first.parent.is_none());
}

#[test]
fn what_is_no_traceparent_is_not_taken() {
    let bad = [
        "",
        "00",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ];
    for text in bad {
        assert_eq!(parent(text.as_bytes()), None, "{text}");
    }
    // Of two, none counts; and what another trace's state says counts for none.
    for parents in [&[GOOD, GOOD][..], &[]] {
        let trace = Trace::of(&headers(parents, &["vendor=1"]));
        assert_ne!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.state, None);
    }
}

#[test]
fn a_later_version_is_read_as_far_as_it_is_known() {
    for (text, flags) in [
        ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", 3),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-will-be", 0),
    ] {
        assert_eq!(parent(text.as_bytes()).map(|(_, _, flags)| flags), Some(flags), "{text}");
        let passed = Trace::of(&headers(&[text], &[])).traceparent();
        assert!(passed.starts_with("00-") && passed.ends_with(&format!("-{flags:02x}")));
    }
    let all_flags = Trace::of(&headers(&[&GOOD.replace("-01", "-ff")], &[]));
    assert!(all_flags.traceparent().ends_with("-03"), "flags that nobody knows are not set");
}

#[test]
fn what_is_no_tracestate_is_left_out_alone() {
    let many: Vec<String> = (0..33).map(|n| format!("k{n}=v")).collect();
    let (many, long) = (many.join(","), format!("a={}", "x".repeat(257)));
    let full: String = many.rsplit_once(',').unwrap().0.to_owned();
    for bad in ["novalue", "a=", "A=1", "a=1,a=2", "a=b=c", "=1", "a =1", &many, &long] {
        let trace = Trace::of(&headers(&[GOOD], &[bad]));
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736", "{bad}");
        assert_eq!(trace.state, None, "{bad}");
    }
    for good in ["a=1", "a=1,,b=2", "1tenant@sys=x y z", &full] {
        assert!(Trace::of(&headers(&[GOOD], &[good])).state.is_some(), "{good}");
    }
    let two = Trace::of(&headers(&[GOOD], &["a=1", "b=2"]));
    assert_eq!(two.state.unwrap(), "a=1,b=2");
    let huge = vec!["a=1,".repeat(100); 100];
    let huge: Vec<&str> = huge.iter().map(String::as_str).collect();
    assert_eq!(Trace::of(&headers(&[GOOD], &huge)).state, None);
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_sent_does_harm(
        parent in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
        state in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [(TRACEPARENT, parent), (TRACESTATE, state)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(name, value);
            }
        }
        let trace = Trace::of(&headers);
        trace.pass_on(&mut headers);
        proptest::prop_assert!(self::parent(headers[TRACEPARENT].as_bytes()).is_some());
    }
}
