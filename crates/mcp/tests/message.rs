//! Bodies, what is read in them and why they are refused. Each way in which a gateway was told one
//! thing and a server another is a test of its own here.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use farmgate_mcp::fault::{INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR};
use farmgate_mcp::message::MAX_DEPTH;
use farmgate_mcp::{Fault, Kind, Message};

fn parse(body: &str) -> Result<Message<'_>, Fault> {
    Message::parse(body.as_bytes())
}

/// The fault of a body, with its code and the id that it answers.
fn refused(body: &str, code: i64, id: Option<&str>) -> String {
    match parse(body) {
        Ok(message) => panic!("accepted: {body}: {message:?}"),
        Err(fault) => {
            assert_eq!((fault.status, fault.code, fault.id.as_deref()), (400, code, id), "{body}");
            fault.message
        }
    }
}

fn request(rest: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,{rest}}}"#)
}

#[test]
fn a_modern_call_is_read() {
    let body = r#" {"jsonrpc": "2.0", "id": "a\"1", "method": "tools/call", "params": {
        "name": "run", "arguments": {"code": "print(1)", "deep": [[{"a": null}]]},
        "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"a": {}}, "progressToken": 7}}} "#;
    let message = parse(body).unwrap();
    assert_eq!(message.kind, Kind::Request);
    assert_eq!(message.id, Some(r#""a\"1""#));
    assert_eq!(message.method.as_deref(), Some("tools/call"));
    assert_eq!(message.name.as_deref(), Some("run"));
    assert_eq!(message.arguments, Some(r#"{"code": "print(1)", "deep": [[{"a": null}]]}"#));
    assert_eq!(message.protocol_version.as_deref(), Some("2026-07-28"));
    assert_eq!(message.progress_token, Some("7"));
    assert!(message.has_client_capabilities);
    assert_eq!(message.initialize_version, None);
}

#[test]
fn an_initialize_has_its_version_in_another_place() {
    let body = request(r#""method":"initialize","params":{"protocolVersion":"2025-11-25"}"#);
    let message = parse(&body).unwrap();
    assert_eq!(message.initialize_version.as_deref(), Some("2025-11-25"));
    assert_eq!(message.protocol_version, None);
    let body = request(r#""method":"ping","params":{"protocolVersion":"2025-11-25"}"#);
    assert_eq!(parse(&body).unwrap().initialize_version, None);
}

#[test]
fn what_a_request_is_about_depends_on_its_method() {
    let params = r#""params":{"name":"N","uri":"U","taskId":"T"}"#;
    for (method, name) in [
        ("tools/call", Some("N")),
        ("prompts/get", Some("N")),
        ("resources/read", Some("U")),
        ("resources/subscribe", Some("U")),
        ("tasks/get", Some("T")),
        ("tools/list", None),
        ("completion/complete", None),
    ] {
        // The method may come before its parameters or after them.
        for rest in
            [format!(r#""method":"{method}",{params}"#), format!(r#"{params},"method":"{method}""#)]
        {
            assert_eq!(parse(&request(&rest)).unwrap().name.as_deref(), name, "{rest}");
        }
    }
}

#[test]
fn kinds_are_told_apart_strictly() {
    let kind = |body: &str| parse(body).map(|message| message.kind).ok();
    let v = r#""jsonrpc":"2.0""#;
    assert_eq!(kind(&format!(r#"{{{v},"id":0,"method":"ping"}}"#)), Some(Kind::Request));
    assert_eq!(kind(&format!(r#"{{{v},"method":"ping"}}"#)), Some(Kind::Notification));
    assert_eq!(kind(&format!(r#"{{{v},"id":-1.5e3,"result":{{}}}}"#)), Some(Kind::Response));
    assert_eq!(kind(&format!(r#"{{{v},"id":"","error":{{}}}}"#)), Some(Kind::Response));
    assert_eq!(kind(&format!(r#"{{{v},"id":1,"method":"m","params":null}}"#)), Some(Kind::Request));
    for (rest, id) in [
        (r#""id":1"#, Some("1")),
        (r#""result":{}"#, None),
        (r#""error":{}"#, None),
        (r#""params":{}"#, None),
        (r#""id":1,"result":1,"error":1"#, Some("1")),
        (r#""id":1,"method":"ping","result":{}"#, Some("1")),
        (r#""id":1,"method":"ping","error":{}"#, Some("1")),
        (r#""id":null,"method":"ping""#, None),
        (r#""id":true,"method":"ping""#, None),
        (r#""id":{"a":1},"method":"ping""#, None),
        (r#""id":["1"],"method":"ping""#, None),
        (r#""id":1,"method":null"#, Some("1")),
        (r#""id":1,"method":["ping"]"#, Some("1")),
        (r#""id":1,"method":"ping","params":[]"#, Some("1")),
        (r#""id":1,"method":"ping","params":"x""#, Some("1")),
    ] {
        refused(&format!("{{{v},{rest}}}"), INVALID_REQUEST, id);
    }
    for version in [r#""2.1""#, r#""2""#, "2.0", "null", r#""2.0 ""#] {
        let body = format!(r#"{{"jsonrpc":{version},"id":1,"method":"ping"}}"#);
        refused(&body, INVALID_REQUEST, Some("1"));
    }
    refused(r#"{"id":1,"method":"ping"}"#, INVALID_REQUEST, Some("1"));
    for scalar in ["1", "null", r#""tools/call""#] {
        refused(scalar, INVALID_REQUEST, None);
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for body in [
        "",
        " ",
        "{",
        "}",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#,
        r#"{"jsonrpc":"2.0","id":1,,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1 "method":"ping"}"#,
        r#"{"jsonrpc" "2.0"}"#,
        r#"{jsonrpc:"2.0"}"#,
        r#"{'jsonrpc':'2.0'}"#,
        r#"{"jsonrpc":"2.0","id":01,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":+1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":.5,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1e,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":-,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":Infinity,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":tru}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[1,]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{1:2}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"/**/}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"\x70ing"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"\u00zzping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\nng\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\0ng\"}",
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\u{a0}\"id\":1,\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\u{c}\"id\":1,\"method\":\"ping\"}",
    ] {
        refused(body, PARSE_ERROR, None);
    }
    for bytes in [
        &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"[..],
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xed\xa0\x80\"}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc0\xaf\"}",
        b"\xff\xfe{\0}\0",
    ] {
        assert_eq!(Message::parse(bytes).unwrap_err().code, PARSE_ERROR);
    }
}

/// Incident: a batch goes past a check of the first message, or of none.
#[test]
fn batches_are_not_taken() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;
    for body in
        [format!("[{call}]"), format!(" \n[{call},{call}]"), "[]".to_owned(), "[".to_owned()]
    {
        assert!(refused(&body, INVALID_REQUEST, None).contains("batch"));
    }
    // Nor one after another.
    refused(&format!("{call}\n{call}"), PARSE_ERROR, None);
}

/// Incident: a key twice; one parser takes the first, another the last (GHSA-4gph-2hhr-5mwg).
#[test]
fn keys_that_come_twice_are_refused() {
    let meta = "io.modelcontextprotocol/protocolVersion";
    for rest in [
        r#""method":"tools/list","method":"tools/call""#.to_owned(),
        r#""method":"tools/call","params":{"name":"a"},"params":{"name":"b"}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","name":"b"}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","name":"a"}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","x":1,"x":1}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","arguments":{},"arguments":{}}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","arguments":{"p":1,"p":2}}"#.to_owned(),
        r#""method":"tools/call","params":{"name":"a","_meta":{},"_meta":{}}"#.to_owned(),
        format!(r#""method":"ping","params":{{"_meta":{{"{meta}":"2","{meta}":"3"}}}}"#),
        r#""method":"ping","unknown":1,"unknown":1"#.to_owned(),
        r#""method":"ping","jsonrpc":"2.0""#.to_owned(),
        // An escaped spelling is the same key.
        r#""method":"tools/call","params":{"name":"a","na\u006de":"b"}"#.to_owned(),
        r#""method":"tools/call","params":{"\u006eame":"a","na\u006de":"b"}"#.to_owned(),
        r#""m\u0065thod":"tools/list","method":"tools/call""#.to_owned(),
        r#""method":"ping","params":{"x\/y":1,"x/y":1}"#.to_owned(),
        r#""method":"ping","params":{"😀":1,"\ud83d\uDE00":1}"#.to_owned(),
    ] {
        assert!(refused(&request(&rest), INVALID_REQUEST, Some("1")).contains("twice"), "{rest}");
    }
    let twice = r#"{"jsonrpc":"2.0","id":1,"method":"ping","id":2}"#;
    refused(twice, INVALID_REQUEST, Some("2"));
    // Below, keys are the tool's own.
    let own = r#""method":"tools/call","params":{"name":"a","arguments":{"o":{"p":1,"p":2}}}"#;
    parse(&request(own)).unwrap();
}

#[test]
fn many_keys_are_watched_like_few() {
    let fields = |count: usize| {
        let keys = (0..count).map(|at| format!(r#""k{at}":{at}"#));
        keys.collect::<Vec<_>>().join(",")
    };
    for (count, extra, accepted) in [
        (15, "", true),
        (16, "", true),
        (17, "", true),
        (4000, "", true),
        (15, r#","k3":0"#, false),
        (16, r#","k0":0"#, false),
        (17, r#","k16":0"#, false),
        (18, r#","k\u0031\u0037":0"#, false),
        (4000, r#","k3999":0"#, false),
        (5000, "", false),
    ] {
        let rest = format!(
            r#""method":"tools/call","params":{{"name":"a","arguments":{{{}{extra}}}}}"#,
            fields(count)
        );
        assert_eq!(parse(&request(&rest)).is_ok(), accepted, "{count} {extra}");
    }
}

/// Incident: `Name` overrides `name` in a parser that doesn't care for case (GHSA-4gph-2hhr-5mwg).
#[test]
fn keys_that_differ_only_in_case_are_refused() {
    for rest in [
        r#""method":"tools/list","Method":"tools/call""#,
        r#""method":"tools/list","\u004dethod":"tools/call""#,
        r#""method":"ping","Params":{}"#,
        r#""method":"ping","paramſ":{}"#,
        r#""method":"ping","ıd":2"#,
        r#""method":"ping","ID":2"#,
        r#""method":"ping","Result":{}"#,
        r#""method":"tools/call","params":{"name":"a","Name":"b"}"#,
        r#""method":"tools/call","params":{"Name":"b"}"#,
        r#""params":{"name":"a","NAME":"b"},"method":"tools/call""#,
        r#""method":"tools/call","params":{"name":"a","Arguments":{}}"#,
        r#""method":"tools/call","params":{"name":"a","argument\u017f":{}}"#,
        r#""method":"resources/read","params":{"uri":"a","URI":"b"}"#,
        r#""method":"prompts/get","params":{"name":"a","nAme":"b"}"#,
        r#""method":"tasks/get","params":{"taskId":"a","taskID":"b"}"#,
        r#""method":"tasks/get","params":{"taskId":"a","tas\u212aId":"b"}"#,
        r#""method":"ping","params":{"_Meta":{}}"#,
        r#""method":"ping","params":{"_meta":{"IO.modelcontextprotocol/protocolVersion":"1"}}"#,
        r#""method":"ping","params":{"_meta":{"progresstoken":1}}"#,
    ] {
        let what = refused(&request(rest), INVALID_REQUEST, Some("1"));
        assert!(what.contains("only in case"), "{rest}: {what}");
    }
    // Where a key means nothing, its variants don't either; and arguments are the tool's own.
    for rest in [
        r#""method":"tools/list","params":{"Name":"b"}"#,
        r#""method":"resources/read","params":{"uri":"a","Name":"b"}"#,
        r#""method":"tools/call","params":{"name":"a","arguments":{"name":1,"Name":2}}"#,
        r#""method":"tools/call","params":{"name":"a","URI":"b"}"#,
        r#""method":"ping","names":1,"metho":2,"_meta":3"#,
    ] {
        parse(&request(rest)).unwrap();
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_where_it_would_be_read() {
    for rest in [
        r#""method":"tools/call","params":{"name":"a\ud800"}"#,
        r#""method":"tools/call","params":{"name":"\ude00"}"#,
        r#""method":"tools/call","params":{"name":"\ud83d\u0041"}"#,
        r#""method":"tools/call","params":{"name":"a","\ud800":1}"#,
        r#""method":"ping","\udfff":1"#,
        r#""method":"pi\ud800ng""#,
    ] {
        refused(&request(rest), INVALID_REQUEST, Some("1"));
    }
    // Such an id can't be said again in a way that all parsers read.
    let body = r#"{"jsonrpc":"2.0","id":"\ud800x","method":"ping"}"#;
    refused(body, INVALID_REQUEST, None);
    let body = r#"{"jsonrpc":"2.0","id":"\ud83d\ude00","method":"ping"}"#;
    assert_eq!(parse(body).unwrap().id, Some(r#""\ud83d\ude00""#));
    // A tool may be given what it likes.
    let rest =
        r#""method":"tools/call","params":{"name":"\ud83d\ude00","arguments":{"a":"\ud800"}}"#;
    assert_eq!(parse(&request(rest)).unwrap().name.as_deref(), Some("😀"));
}

/// Found by fuzzing: the refusal said such an id again, and clients could not read their answer.
#[test]
fn an_id_beyond_what_a_double_holds_is_no_id() {
    let ping = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    let digits = "7".repeat(400);
    for id in ["1e309", "-1.8e308", "1777.7e77777777677777777", &digits] {
        refused(&ping(id), INVALID_REQUEST, None);
    }
    for id in ["1e308", "-0", "9007199254740993", "1e-999", "1.5"] {
        assert_eq!(parse(&ping(id)).unwrap().id, Some(id));
    }
    // A tool may be given what it likes.
    parse(&request(r#""method":"tools/call","params":{"name":"a","arguments":{"x":1e309}}"#))
        .unwrap();
}

#[test]
fn nesting_is_bounded_everywhere() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    };
    let deepest = MAX_DEPTH as usize;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        // In the message, in `params`, in `arguments`, in `_meta`, in an id, in a result.
        for (before, around, behind) in [
            (r#""method":"m","x":"#, 1, ""),
            (r#""method":"m","params":{"x":"#, 2, "}"),
            (r#""method":"m","params":{"arguments":{"x":"#, 3, "}}"),
            (r#""method":"m","params":{"_meta":{"x":"#, 3, "}}"),
            (r#""method":"m","params":{"name":"#, 2, "}"),
        ] {
            let body = |depth| request(&format!("{before}{}{behind}", nested(open, close, depth)));
            parse(&body(deepest - around)).unwrap();
            refused(&body(deepest - around + 1), PARSE_ERROR, None);
            // Deeper than any stack.
            refused(&body(1_000_000), PARSE_ERROR, None);
        }
    }
    refused(&"[".repeat(1_000_000), INVALID_REQUEST, None);
    refused(&r#"{"a":"#.repeat(1_000_000), PARSE_ERROR, None);
}

#[test]
fn a_version_that_is_no_text_is_refused() {
    for version in ["null", "20260728", r#"["2026-07-28"]"#, r#""\ud800""#] {
        let meta = format!(r#""_meta":{{"io.modelcontextprotocol/protocolVersion":{version}}}"#);
        let body = request(&format!(r#""method":"ping","params":{{{meta}}}"#));
        refused(&body, INVALID_PARAMS, Some("1"));
    }
}

#[test]
fn what_may_be_odd_is_passed_on() {
    for rest in [
        r#""method":"ping","params":{"_meta":5}"#,
        r#""method":"ping","params":{"_meta":null}"#,
        r#""method":"tools/call","params":{"name":5,"arguments":[1]}"#,
        r#""method":"tools/call""#,
        r#""method":"","params":{"":{}}"#,
        r#""method":"ping","params":{"x":-0.0e-0,"y":1E+400,"z":123456789012345678901234567890}"#,
    ] {
        parse(&request(rest)).unwrap();
    }
    let body = request(r#""method":"tools/call","params":{"name":5}"#);
    assert_eq!(parse(&body).unwrap().name, None);
}

#[test]
fn what_a_bridge_replaces_is_found_in_the_body() {
    let body =
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t1"}}"#;
    let message = parse(body).unwrap();
    let token = message.progress.unwrap();
    assert_eq!(token, r#""t1""#);
    assert_eq!(&body[Message::span(body.as_bytes(), token).unwrap()], token);
    assert_eq!(Message::span(body.as_bytes(), "elsewhere"), None);

    let body = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#;
    assert_eq!(parse(body).unwrap().cancelled, Some("9"));
    let body = r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"_meta":
        {"io.modelcontextprotocol/subscriptionId":3},"requestId":9,"progressToken":1}}"#;
    let message = parse(body).unwrap();
    assert_eq!(
        (message.subscription, message.cancelled, message.progress),
        (Some("3"), None, None)
    );
}

#[test]
fn a_fault_is_answered_as_json_rpc() {
    let fault = Fault::new(400, INVALID_REQUEST, "a \"quoted\"\n\u{1} text").with_id(Some("\"x\""));
    let body: serde_json::Value = serde_json::from_slice(&fault.body()).unwrap();
    let error = serde_json::json!({ "code": -32600, "message": "a \"quoted\"\n\u{1} text" });
    assert_eq!(body, serde_json::json!({ "jsonrpc": "2.0", "id": "x", "error": error }));
    let body = Fault::unsupported_version("v9", &["2026-07-28"]).with_id(Some("7")).body();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32022,"message":"unsupported protocol version","data":{"supported":["2026-07-28"],"requested":"v9"}}}"#
    );
    // What a stranger wrote is quoted in part, and can't get out of its line.
    let rest = format!(r#""method":"ping","x\n{0}":1,"x\n{0}":2"#, "y".repeat(5000));
    let what = refused(&request(&rest), INVALID_REQUEST, Some("1"));
    assert!(what.len() < 120 && !what.contains('\n'), "{what}");
}
