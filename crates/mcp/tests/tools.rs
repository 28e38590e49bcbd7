//! Lists of tools in answers and in streams of events.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use farmgate_mcp::fault::INTERNAL_ERROR;
use farmgate_mcp::tools::{EventFilter, filter};

/// What may be called in these tests.
fn allowed(tool: &str) -> bool {
    matches!(tool, "echo" | "add")
}

fn filtered(answer: &str) -> Option<String> {
    filter(answer.as_bytes(), &allowed)
        .expect(answer)
        .map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_may_not_be_called_is_not_listed() {
    let before = r#"{ "jsonrpc":"2.0", "id" : 1,"result":{"a":[1, 2],"tools": [ "#;
    let behind = r#" ] ,"nextCursor":"c","_meta":{"tools":[{"name":"secret"}]}}} "#;
    let echo = r#"{"name":"echo","inputSchema":{"properties":{"name":{}}}}"#;
    let add = r#"{"description":"\u0061dd","n\u0061me":"\u0061dd"}"#;
    let secret = r#"{"name":"secret"}"#;
    let list = |tools: &[&str], by: &str| format!("{before}{}{behind}", tools.join(by));
    for by in [",", " ,\n  "] {
        assert_eq!(filtered(&list(&[echo, add], by)), None);
        assert_eq!(filtered(&list(&[echo], by)), None);
        for with in [
            &[secret, echo, add][..],
            &[echo, secret, add],
            &[echo, add, secret],
            &[secret, secret, echo, secret, secret, add, secret, secret],
        ] {
            assert_eq!(filtered(&list(with, by)), Some(list(&[echo, add], by)), "{with:?}");
        }
        assert_eq!(filtered(&list(&[secret, secret], by)), Some(list(&[], by)));
    }
}

#[test]
fn what_lists_no_tools_is_left_alone() {
    for answer in [
        r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"prompts":[{"name":"secret"}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","tools":[{"name":"s"}]}}"#,
        r#"{"jsonrpc":"2.0","method":"x","params":{"tools":[{"name":"secret"}]}}"#,
        r#"{"tools":[{"name":"secret"}]}"#,
        r#"{"result":{"cacheScope":"public","x":{"tools":[{"name":"secret"}]}}}"#,
    ] {
        assert_eq!(filtered(answer), None, "{answer}");
    }
}

#[test]
fn a_tool_whose_name_can_be_read_in_two_ways_is_not_listed() {
    for tool in [
        r#"{"name":"echo","name":"echo"}"#,
        r#"{"name":"echo","n\u0061me":"secret"}"#,
        r#"{"name":"echo","Name":"secret"}"#,
        r#"{"NAME":"echo"}"#,
        r#"{"name":"echo","\ud800":1}"#,
        r#"{"name":"echo\ud800"}"#,
        r#"{"name":["echo"]}"#,
        r#"{"name":null}"#,
        r#"{"title":"echo"}"#,
        r"{}",
        r#""echo""#,
        r"null",
        r#"[{"name":"echo"}]"#,
    ] {
        let answer = format!(r#"{{"result":{{"tools":[{tool},{{"name":"add"}}]}}}}"#);
        let kept = r#"{"result":{"tools":[{"name":"add"}]}}"#;
        assert_eq!(filtered(&answer).as_deref(), Some(kept), "{tool}");
    }
}

#[test]
fn what_can_not_be_read_for_sure_is_not_passed_on() {
    let list = r#"{"tools":[{"name":"secret"}]}"#;
    for answer in [
        String::new(),
        "x".to_owned(),
        "\u{1f}\u{8b}gzip".to_owned(),
        format!("[{list}]"),
        format!(r#"{{"result":{list}"#),
        format!(r#"{{"result":{list}}} {{"result":{list}}}"#),
        format!(r#"{{"result":{{}},"result":{list}}}"#),
        format!(r#"{{"result":{{}},"r\u0065sult":{list}}}"#),
        format!(r#"{{"result":{{}},"Result":{list}}}"#),
        format!(r#"{{"reſult":{list}}}"#),
        r#"{"result":{"tools":[],"tools":[{"name":"secret"}]}}"#.to_owned(),
        r#"{"result":{"tools":[],"Tools":[{"name":"secret"}]}}"#.to_owned(),
        r#"{"result":{"TOOLS":[{"name":"secret"}]}}"#.to_owned(),
        r#"{"result":{"tools":{"0":{"name":"secret"}}}}"#.to_owned(),
        r#"{"result":{"tools":null}}"#.to_owned(),
        format!(r#"{{"result":{list},"\ud800":1}}"#),
        format!(r#"{{"result":{list},"x":{}1{}}}"#, "[".repeat(200), "]".repeat(200)),
    ] {
        let fault = filter(answer.as_bytes(), &allowed).expect_err(&answer);
        assert_eq!((fault.status, fault.code), (502, INTERNAL_ERROR));
        assert!(!fault.message.contains("secret"));
    }
}

/// A list that depends on who asks is in no cache that others share (MCP 2026-07-28, Caching).
#[test]
fn a_list_is_private() {
    for (answer, expected) in [
        (
            r#"{"result":{"tools":[{"name":"echo"}],"cacheScope": "public" ,"ttlMs":5}}"#,
            Some(r#"{"result":{"tools":[{"name":"echo"}],"cacheScope": "private" ,"ttlMs":5}}"#),
        ),
        (
            r#"{"result":{"cacheScope":"p\u0075blic","tools":[{"name":"x"},{"name":"add"}]}}"#,
            Some(r#"{"result":{"cacheScope":"private","tools":[{"name":"add"}]}}"#),
        ),
        (r#"{"result":{"cacheScope":"private","tools":[{"name":"add"}]}}"#, None),
        (r#"{"result":{"cacheScope":["public"],"tools":[{"name":"add"}]}}"#, None),
    ] {
        assert_eq!(filtered(answer).as_deref(), expected);
    }
}

const SECRET: &str =
    r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"secret"},{"name":"echo"}]}}"#;
const ECHO: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo"}]}}"#;

/// Feeds a stream in pieces of so many bytes.
fn stream(events: &str, piece: usize) -> String {
    let mut filter = EventFilter::new();
    let mut passed = Vec::new();
    for chunk in events.as_bytes().chunks(piece) {
        passed.extend(filter.feed(chunk, &allowed).expect(events));
    }
    passed.extend(filter.finish(&allowed).expect(events));
    String::from_utf8(passed).unwrap()
}

#[test]
fn only_the_event_that_lists_tools_is_changed() {
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#;
    for end in ["\n", "\r\n", "\r"] {
        let events = |answer: &str| {
            [
                "id: 0",
                "data:",
                "",
                ": ping",
                "",
                "retry: 5",
                "event: message",
                &format!("data: {progress}"),
                "",
                ":",
                "event: other",
                "data: not json",
                "",
                "id: 1",
                "event:message",
                ": in between",
                &format!("data: {answer}"),
                "x: y",
                "",
                "",
            ]
            .join(end)
        };
        let (before, behind) = (events(SECRET), events(ECHO));
        for piece in 1..before.len() {
            assert_eq!(stream(&before, piece), behind, "{end:?} {piece}");
            assert_eq!(stream(&behind, piece), behind, "{end:?} {piece}");
        }
    }
}

#[test]
fn an_answer_may_have_many_lines_of_data() {
    let before = "id: 4\ndata: {\"result\":{\ndata:\"tools\":[\n: aside\ndata: {\"name\":\"secret\"},\ndata: {\"name\":\"echo\"}]}}\n\n";
    let behind =
        "id: 4\ndata: {\"result\":{\ndata: \"tools\":[\ndata: {\"name\":\"echo\"}]}}\n: aside\n\n";
    assert_eq!(stream(before, 7), behind);
}

#[test]
fn a_byte_order_mark_hides_nothing() {
    let event = |answer: &str| format!("\u{feff}data: {answer}\n\n");
    for piece in 1..5 {
        assert_eq!(stream(&event(SECRET), piece), event(ECHO));
    }
}

/// A client may read an event that has no empty line at its end, though it should not.
#[test]
fn an_event_without_its_end_is_filtered_too() {
    for end in ["", "\n", "\r"] {
        let passed = stream(&format!("data: {SECRET}{end}"), 16);
        assert!(passed.contains("echo") && !passed.contains("secret"), "{passed}");
    }
}

#[test]
fn what_clients_would_read_and_we_can_not_ends_the_stream() {
    for event in [
        "data: {\"result\":{\"tools\":[{\"name\":\"secret\"}]}\n\n",
        "event: message\ndata: [{\"result\":{\"tools\":[{\"name\":\"secret\"}]}}]\n\n",
        "data: {}\ndata: {\"result\":{\"tools\":[{\"name\":\"secret\"}]}}\n\n",
        "event: x\nevent: message\ndata: x\n\n",
        "event: x\nevent:\ndata: x\n\n",
        "event: other\ndata: [{\"result\":{\"tools\":[{\"name\":\"secret\"}]}}]\n\n",
    ] {
        let mut filter = EventFilter::new();
        let fine = filter.feed(b"data: {\"id\":1}\n\n", &allowed).unwrap();
        assert_eq!(fine, b"data: {\"id\":1}\n\n");
        let fault = filter.feed(event.as_bytes(), &allowed).expect_err(event);
        assert_eq!(fault.status, 502);
        filter.feed(b"data: {\"id\":1}\n\n", &allowed).unwrap_err();
        filter.finish(&allowed).unwrap_err();
    }
}

#[test]
fn an_event_that_is_too_long_ends_the_stream() {
    let mut filter = EventFilter::with_limit(64);
    assert_eq!(filter.feed(b": ok\n\n", &allowed).unwrap(), b": ok\n\n");
    assert_eq!(filter.feed(&[b'x'; 60], &allowed).unwrap(), b"");
    assert!(!filter.between_events());
    filter.feed(&[b'x'; 60], &allowed).unwrap_err();
}

#[test]
fn comments_go_on_at_once() {
    let mut filter = EventFilter::new();
    assert!(filter.between_events());
    assert_eq!(filter.feed(b": ping\n", &allowed).unwrap(), b": ping\n");
    assert!(filter.between_events());
    assert_eq!(filter.feed(b": pi", &allowed).unwrap(), b"");
    assert!(!filter.between_events());
    assert_eq!(filter.feed(b"ng\r", &allowed).unwrap(), b": ping\r");
    assert!(!filter.between_events(), "an LF may follow");
    assert_eq!(filter.feed(b"\n", &allowed).unwrap(), b"\n");
    assert!(filter.between_events());
}
