//! The newer era: no session, no stream but the answer's, everything in headers too.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::channel;

use serde_json::json;

use crate::client::Client;
use crate::stub::{Stub, begin_events, result, write, write_json};

fn tools() -> serde_json::Value {
    json!({ "tools": [{
        "name": "t",
        "inputSchema": { "type": "object", "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
        } },
    }] })
}

#[test]
fn a_request_stands_alone() {
    let stub = Stub::new(|seen, stream| {
        write_json(stream, "mcp-session-id: ignored\r\n", &result(seen, &json!({})))
    });
    let mut client = Client::new(&stub);
    for (method, params, name) in [
        ("server/discover", json!({}), None),
        ("tools/call", json!({ "name": "t", "arguments": {} }), Some("t")),
        ("resources/read", json!({ "uri": "x://ü" }), Some("=?base64?eDovL8O8?=")),
    ] {
        let id = client.send_modern(method, params);
        assert_eq!(client.read()["id"], id);
        let seen = stub.seen().pop().unwrap();
        assert_eq!(seen.header("mcp-protocol-version"), Some("2026-07-28"));
        assert_eq!(seen.header("mcp-method"), Some(method));
        assert_eq!(seen.header("mcp-name"), name);
        assert_eq!(seen.header("mcp-session-id"), None);
    }
    client.end();
    assert_eq!((stub.count("GET"), stub.count("DELETE")), (0, 0));
}

#[test]
fn arguments_are_repeated_as_the_tool_wants_it() {
    let stub = Stub::new(|seen, stream| {
        let answer = if seen.what() == "tools/list" { tools() } else { json!({}) };
        write_json(stream, "", &result(seen, &answer))
    });
    let mut client = Client::new(&stub);
    client.send_modern("tools/list", json!({}));
    client.read();
    client.send_modern("tools/call", json!({ "name": "t", "arguments": { "region": "eu" } }));
    client.read();
    assert_eq!(stub.seen().pop().unwrap().header("mcp-param-region"), Some("eu"));
}

#[test]
fn what_a_tool_wants_is_asked_for_if_nobody_listed_it() {
    let stub = Stub::new(|seen, stream| match seen.what().as_str() {
        "tools/list" => write_json(stream, "", &result(seen, &tools())),
        _ if seen.header("mcp-param-region").is_none() => {
            let error = json!({
                "jsonrpc": "2.0",
                "id": seen.message()["id"],
                "error": { "code": -32020, "message": "a header is missing" },
            });
            let kind = "content-type: application/json\r\n";
            write(stream, "400 Bad Request", kind, &error.to_string())
        }
        _ => write_json(stream, "", &result(seen, &json!({}))),
    });
    let mut client = Client::new(&stub);
    let id =
        client.send_modern("tools/call", json!({ "name": "t", "arguments": { "region": "eu" } }));
    let answer = client.read();
    assert_eq!((&answer["id"], &answer["result"]), (&json!(id), &json!({})));
    assert_eq!(stub.order(), ["tools/call", "tools/list", "tools/call"]);
    // One that nothing helps is the server's error, once.
    client.send_modern("tools/call", json!({ "name": "t", "arguments": {} }));
    assert_eq!(client.read()["error"]["code"], -32020);
}

#[test]
fn a_cancel_closes_the_stream_and_is_not_sent() {
    let (tell, gone) = channel();
    let stub = Stub::new(move |_, stream| {
        begin_events(stream, "");
        stream.write_all(b"data: {\"jsonrpc\":\"2.0\",\"method\":\"begun\"}\n\n").unwrap();
        tell.send(stream.read(&mut [0]).unwrap_or(0)).unwrap();
        false
    });
    let mut client = Client::new(&stub);
    let id = client.send_modern("subscriptions/listen", json!({}));
    assert_eq!(client.read()["method"], "begun");
    client.notify("notifications/cancelled", &json!({ "requestId": id }));
    assert_eq!(gone.recv_timeout(crate::stub::LIMIT).unwrap(), 0, "the server sees the end");
    assert!(client.end().is_empty());
    assert_eq!(stub.count("notifications/cancelled"), 0);
}

#[test]
fn errors_of_the_server_are_the_servers() {
    let stub = Stub::new(|seen, stream| {
        let error = json!({
            "jsonrpc": "2.0",
            "id": seen.message()["id"],
            "error": { "code": -32601, "message": "no such method", "data": { "x": 1 } },
        });
        write(stream, "404 Not Found", "content-type: application/json\r\n", &error.to_string())
    });
    let mut client = Client::new(&stub);
    client.send_modern("no/such", json!({}));
    let answer = client.read();
    assert_eq!(
        answer["error"],
        json!({ "code": -32601, "message": "no such method", "data": { "x": 1 } })
    );
    assert_eq!(stub.seen().len(), 1);
}
