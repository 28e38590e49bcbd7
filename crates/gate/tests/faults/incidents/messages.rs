//! What a message says, and what was checked of it: the two must be one.

use std::sync::Arc;

use crate::support::backend::{Backend, Then, begin_events, event, write_json};
use crate::support::client::Ask;
use crate::support::farm::{Farm, Setup, tools};

/// A farm in which Bob may call `echo` and nothing else, and Alice anything.
fn restricted(backend: &Backend) -> Farm {
    let setup = Setup::of(&[("echo", backend)]).with(|config| {
        config.tools = vec![
            tools(true, "group:researchers", &["*"]),
            tools(true, "group:visitors", &["echo"]),
        ];
    });
    setup.start()
}

/// A call in the words of the era since 2026-07-28.
fn modern(tool: &str, method_header: &str, name_header: &str) -> Ask {
    let meta = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":"x"}},"_meta":{{{meta}}}}}}}"#
    );
    Ask::message(&body)
        .instead("MCP-Protocol-Version", "2026-07-28")
        .with("Mcp-Method", method_header)
        .with("Mcp-Name", name_header)
}

#[test]
fn header_says_one_tool_and_body_calls_another() {
    let backend = Backend::echo();
    let farm = restricted(&backend);
    assert!(farm.ask(&farm.bob.signs(modern("echo", "tools/call", "echo"))).echoes(1, "x"));
    for (what, ask) in [
        ("another tool", modern("run_code", "tools/call", "echo")),
        ("another tool in the header", modern("echo", "tools/call", "run_code")),
        ("another method", modern("run_code", "tools/list", "run_code")),
        ("another case", modern("echo", "tools/call", "Echo")),
        ("the name twice", modern("run_code", "tools/call", "run_code").with("Mcp-Name", "echo")),
        (
            "a version that is not the body's",
            modern("echo", "tools/call", "echo").instead("MCP-Protocol-Version", "2025-11-25"),
        ),
        ("in base64", modern("run_code", "tools/call", "=?base64?ZWNobw==?=")),
    ] {
        let answer = farm.ask(&farm.alice.signs(ask));
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert!(answer.text().contains("\"error\""), "{what}: {answer:?}");
    }
    assert_eq!(backend.count(), 1, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn name_overrides_name() {
    // GHSA-4gph-2hhr-5mwg: keys twice, or in another case, of which the check and the server each
    // took their own.
    let backend = Backend::echo();
    let farm = restricted(&backend);
    let call = |params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params}}}}}"#)
    };
    let bodies = [
        call(r#""name":"echo","name":"run_code""#),
        call(r#""name":"run_code","name":"echo""#),
        call(r#""name":"echo","Name":"run_code""#),
        call(r#""NAME":"run_code","name":"echo""#),
        call(r#""name":"echo","na\u006de":"run_code""#),
        call(r#""Name":"echo""#),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"run_code"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{"name":"run_code"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"params":{"name":"run_code"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"Params":{"name":"run_code"}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"ID":2,"method":"tools/call","params":{"name":"echo"}}"#.to_owned(),
    ];
    for body in &bodies {
        let answer = farm.ask(&farm.bob.signs(Ask::message(body)));
        assert!(matches!(answer.status, 400 | 403), "{body}: {answer:?}");
    }
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn batches_are_smuggled_past_a_check_of_one_message() {
    let backend = Backend::echo();
    let farm = restricted(&backend);
    let one = |tool: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
    };
    for body in [
        format!("[{},{}]", one("echo"), one("run_code")),
        format!("[{}]", one("echo")),
        "[]".to_owned(),
        format!(" [{}]", one("run_code")),
        format!("{}\n{}", one("echo"), one("run_code")),
        format!("{},{}", one("echo"), one("run_code")),
    ] {
        let answer = farm.ask(&farm.bob.signs(Ask::message(&body)));
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn permission_is_checked_on_call_and_on_list_alike() {
    let list = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"echo","x":1.0},{"name":"run_code"},{"Name":"echo","name":"run_code"}],"nextCursor":"c"}}"#;
    for events in [false, true] {
        let backend = Backend::start(move |seen, stream| {
            if !seen.text().contains("tools/list") {
                write_json(stream, &crate::support::backend::echoed(seen));
                return Then::Keep;
            }
            if events {
                begin_events(stream);
                event(stream, r#"{"jsonrpc":"2.0","method":"notifications/message"}"#);
                event(stream, list);
                let _sent = std::io::Write::write_all(stream, b"0\r\n\r\n");
            } else {
                write_json(stream, list);
            }
            Then::Keep
        });
        let farm = restricted(&backend);
        let ask = || Ask::message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
        let all = farm.ask(&farm.alice.signs(ask())).text();
        assert!(all.contains(r#"{"name":"echo","x":1.0}"#) && all.contains("run_code"), "{all}");
        let some = farm.ask(&farm.bob.signs(ask())).text();
        assert!(some.contains(r#"{"name":"echo","x":1.0}"#), "{some}");
        assert!(!some.contains("run_code") && some.contains("nextCursor"), "{some}");
        assert!(farm.ask(&farm.bob.signs(Ask::tool(1, "echo", "x"))).echoes(1, "x"));
        let before = backend.count();
        let answer = farm.ask(&farm.bob.signs(Ask::tool(1, "run_code", "x")));
        assert_eq!(answer.status, 403, "{answer:?}");
        assert_eq!(backend.count(), before);
        farm.stop();
    }
}

#[test]
fn a_list_that_cannot_be_read_is_not_passed_on() {
    // Compressed, cut off, or not what it says: what isn't seen isn't filtered.
    let list = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"run_code"}]}}"#;
    let answers: Vec<(&str, Vec<u8>)> = vec![
        ("Content-Encoding: gzip", list.as_bytes().to_vec()),
        ("X-None: 1", list.as_bytes()[..list.len() - 4].to_vec()),
        ("X-None: 1", list.replace("\"tools\"", "\"tools\":[],\"tools\"").into_bytes()),
        ("X-None: 1", format!("[{list}]").into_bytes()),
    ];
    for (header, body) in answers {
        let (name, value) = header.split_once(": ").unwrap();
        let backend = Backend::start(move |_, stream| {
            let headers = [("Content-Type", "application/json"), (name, value)];
            crate::support::backend::write_answer(stream, 200, &headers, &body);
            Then::Keep
        });
        let farm = restricted(&backend);
        let ask = Ask::message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
        let answer = farm.ask(&farm.bob.signs(ask));
        assert!(!answer.text().contains("run_code"), "{header}: {answer:?}");
        farm.stop();
    }
}

#[test]
fn arguments_get_into_no_path_query_or_header() {
    // CVE-2026-29791.
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let text = r"../../admin?x=1#\r\nX-Injected: 1\r\n\r\nGET /internal HTTP/1.1";
    let answer = farm.ask(&farm.call(1, text));
    assert_eq!(answer.status, 200);
    let seen = backend.only();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/mcp"));
    assert_eq!(seen.header("x-injected"), None);
    farm.stop();
}

#[test]
fn paths_that_a_server_may_read_in_another_way_reach_none() {
    let (backend, wide) = (Backend::echo(), Backend::echo());
    let setup = Setup::of(&[("echo", &backend), ("wide", &wide)]);
    let setup = setup.with(|config| {
        if let Some(server) = config.servers.get_mut("wide") {
            server.route = "/wide/*".to_owned();
            server.priority = 2;
        }
    });
    let farm = setup.start();
    for path in [
        "/wide/../mcp",
        "/wide/%2e%2e/mcp",
        "/wide/..%2fmcp",
        "/wide//mcp",
        "/wide/\\mcp",
        "/wide/.%2E/mcp",
        "/wide/%5c..%5cmcp",
        "/wide/a%00b",
        "/wide/./mcp",
        "/wide/..;/mcp",
        "//mcp",
        "/%6dcp",
        "/MCP",
        "/mcp/",
        "/mcp/x",
        "/mc",
        "*",
        "mcp",
    ] {
        let mut ask = farm.call(1, "x");
        ask.line = format!("POST {path} HTTP/1.1");
        let answer = farm.ask(&ask);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
    }
    assert_eq!((backend.count(), wide.count()), (0, 0), "{:?}", wide.seen());
    let mut ask = farm.call(1, "x");
    ask.line = "POST /wide/a/b?c=d HTTP/1.1".to_owned();
    assert!(farm.ask(&ask).echoes(1, "x"));
    assert_eq!(wide.only().path, "/wide/a/b?c=d");
    farm.stop();
}

#[test]
fn what_one_caller_asked_is_answered_to_no_other() {
    let backend = Arc::new(Backend::echo());
    let farm = Setup::of(&[("echo", &backend)]).start();
    std::thread::scope(|scope| {
        for (number, caller) in [&farm.alice, &farm.bob].into_iter().cycle().take(8).enumerate() {
            let farm = &farm;
            scope.spawn(move || {
                let mut client = farm.client();
                for round in 0..300 {
                    // All use the same ids, as clients do.
                    let text = format!("{number} {round}");
                    let answer = client.ask(&caller.signs(Ask::call(round, &text)));
                    assert!(answer.echoes(round, &text), "{answer:?}");
                }
            });
        }
    });
    farm.until_idle();
    farm.stop();
}
