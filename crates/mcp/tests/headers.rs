//! Headers against bodies: what disagrees is refused, what is missing is left to the server.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use farmgate_mcp::fault::{HEADER_MISMATCH, INVALID_REQUEST};
use farmgate_mcp::headers::{check, check_content, decode, single};
use farmgate_mcp::{Era, Message};
use http::{HeaderMap, HeaderName, HeaderValue};

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"run"}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
const VERSION: &str = "MCP-Protocol-Version";

fn modern(method: &str, params: &str) -> String {
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}{meta}}}}}"#)
}

fn era(lines: &[(&str, &str)], body: &str) -> Result<Era, String> {
    let message = Message::parse(body.as_bytes()).expect(body);
    check(&headers(lines), &message).map_err(|fault| {
        assert_eq!((fault.status, fault.code), (400, HEADER_MISMATCH));
        assert_eq!(fault.id.as_deref(), message.id, "the answer names the request");
        fault.message
    })
}

/// Incident: the header says one tool, and the body calls another.
#[test]
fn a_header_that_names_another_tool_is_refused() {
    let body = modern("tools/call", r#""name":"run_python_code","#);
    let line = |name| [(VERSION, "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", name)];
    assert_eq!(era(&line("run_python_code"), &body), Ok(Era::Modern));
    for name in ["echo", "Run_Python_Code", "run_python_code,echo", "", "run_python_cod", "*"] {
        let what = era(&line(name), &body).unwrap_err();
        assert!(what.contains("Mcp-Name") && what.contains("run_python_code"), "{what}");
    }
    // Older clients send none of these headers; one that comes has to agree all the same.
    assert_eq!(era(&[], CALL), Ok(Era::Legacy));
    assert_eq!(era(&[("mcp-name", "run")], CALL), Ok(Era::Legacy));
    era(&[("mcp-name", "echo")], CALL).unwrap_err();
    era(&[(VERSION, "2025-11-25"), ("mcp-name", "echo")], CALL).unwrap_err();
}

#[test]
fn a_header_that_names_another_method_is_refused() {
    for (method, fine) in [
        ("tools/list", true),
        ("  tools/list\t", true),
        ("TOOLS/LIST", false),
        ("tools/call", false),
        ("tools/list, tools/call", false),
        ("", false),
    ] {
        assert_eq!(era(&[("MCP-METHOD", method)], LIST).is_ok(), fine, "`{method}`");
    }
    let response = r#"{"jsonrpc":"2.0","id":7,"result":{}}"#;
    assert_eq!(era(&[], response), Ok(Era::Legacy));
    era(&[("mcp-method", "tools/list")], response).unwrap_err();
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    era(&[("mcp-method", "notifications/initialized")], notification).unwrap_err();
}

#[test]
fn the_versions_must_agree() {
    let body = modern("tools/list", "");
    assert_eq!(era(&[(VERSION, "2026-07-28")], &body), Ok(Era::Modern));
    for version in ["2025-11-25", "2026-07-29", "2026-07-28 2025-11-25", ""] {
        assert!(era(&[(VERSION, version)], &body).unwrap_err().contains("Version"), "{version}");
    }
    assert!(era(&[], &body).unwrap_err().contains("missing"));
}

#[test]
fn the_era_is_what_header_and_body_agree_on() {
    let unknown = LIST.replace(
        r#""tools/list""#,
        r#""tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"v999.0.0"}}"#,
    );
    let older = unknown.replace("v999.0.0", "2025-11-25");
    let initialize = r#"{"jsonrpc":"2.0","id":7,"method":"initialize","params":{}}"#;
    for (version, body, expected) in [
        ("2024-11-05", LIST, Era::Legacy),
        ("2025-11-25", LIST, Era::Legacy),
        ("1900-01-01", LIST, Era::Legacy),
        ("not-a-version", LIST, Era::Legacy),
        // The server misses `_meta`, and says so.
        ("2026-07-28", LIST, Era::Modern),
        ("2027-03-01", LIST, Era::Modern),
        // The server says which versions it speaks.
        ("v999.0.0", unknown.as_str(), Era::Modern),
        ("2025-11-25", older.as_str(), Era::Legacy),
        ("2026-07-28", initialize, Era::Legacy),
    ] {
        assert_eq!(era(&[(VERSION, version)], body), Ok(expected), "{version} {body}");
    }
    assert_eq!(era(&[(VERSION, "2026-07-28")], &modern("initialize", "")), Ok(Era::Modern));
}

#[test]
fn what_is_missing_is_the_servers_to_miss() {
    let body = modern("tools/call", r#""name":"run","#);
    let version = (VERSION, "2026-07-28");
    assert_eq!(era(&[version], &body), Ok(Era::Modern));
    assert_eq!(era(&[version, ("Mcp-Method", "tools/call")], &body), Ok(Era::Modern));
    assert_eq!(era(&[version, ("Mcp-Name", "run")], &body), Ok(Era::Modern));
}

#[test]
fn a_name_for_nothing_is_refused_where_a_name_is_known() {
    era(&[("mcp-name", "run")], r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#).unwrap_err();
    let typed = CALL.replace(r#""run""#, "5");
    era(&[("mcp-name", "5")], &typed).unwrap_err();
    // It isn't known what a list is about.
    assert_eq!(era(&[("mcp-name", "run")], LIST), Ok(Era::Legacy));
    // The extension for tasks (SEP-2663).
    let task = r#"{"jsonrpc":"2.0","id":7,"method":"tasks/get","params":{"taskId":"t1"}}"#;
    assert_eq!(era(&[("mcp-name", "t1")], task), Ok(Era::Legacy));
    era(&[("mcp-name", "t2")], task).unwrap_err();
    let read = r#"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"a://b"}}"#;
    assert_eq!(era(&[("mcp-name", "a://b")], read), Ok(Era::Legacy));
    era(&[("mcp-name", "a://c")], read).unwrap_err();
}

#[test]
fn encoded_names_are_decoded_before_they_are_compared() {
    let named = |name: &str| CALL.replace(r#""run""#, &serde_json::Value::from(name).to_string());
    for (header, name, fine) in [
        ("=?base64?cnVu?=", "run", true),
        ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界", true),
        ("=?base64?IHBhZGRlZCA=?=", " padded ", true),
        ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?=", true),
        ("=?base64??=", "", true),
        // Not the whole wrapping: what it says is what it is.
        ("=?base64?cnVu", "=?base64?cnVu", true),
        ("cnVu", "cnVu", true),
        ("=?base64?=", "=?base64?=", true),
        ("=?BASE64?cnVu?=", "=?BASE64?cnVu?=", true),
        ("=?BASE64?cnVu?=", "run", false),
        ("=?base64?cnVu?=", "=?base64?cnVu?=", false),
        ("cnVu", "run", false),
        // Not canonical, or not base64, or not UTF-8.
        ("=?base64?SGVsbG8?=", "Hello", false),
        ("=?base64?SGVs!!!bG8=?=", "Hello", false),
        ("=?base64?cnVv=?=", "run", false),
        ("=?base64?cnV?=", "ru", false),
        ("=?base64?cnV=?=", "ru", false),
        ("=?base64? cnVu?=", "run", false),
        ("=?base64?/w==?=", "\u{fffd}", false),
    ] {
        assert_eq!(era(&[("mcp-name", header)], &named(name)).is_ok(), fine, "{header} {name}");
    }
    assert_eq!(decode("=?base64?/w==?="), None);
}

#[test]
fn headers_that_come_twice_are_refused() {
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let value = match name {
            "mcp-method" => "tools/call",
            "mcp-name" => "run",
            _ => "2025-11-25",
        };
        assert_eq!(era(&[(name, value)], CALL), Ok(Era::Legacy));
        for second in [value, "else", ""] {
            let what = era(&[(name, value), (name, second)], CALL).unwrap_err();
            assert!(what.contains("twice"), "{what}");
            era(&[(name, second), (name, value)], CALL).unwrap_err();
        }
    }
}

#[test]
fn headers_are_visible_ascii() {
    for value in ["r\u{fc}n", "run\u{80}"] {
        assert!(era(&[("mcp-name", value)], CALL).unwrap_err().contains("ASCII"));
    }
    assert_eq!(single(&headers(&[("a", " b ")]), "a").unwrap(), Some("b"));
    assert_eq!(single(&headers(&[]), "a").unwrap(), None);
}

/// Without a tool's schema it isn't known which argument a header repeats: it is the server's.
#[test]
fn headers_for_parameters_are_left_alone() {
    let body = modern("tools/call", r#""name":"run","arguments":{"Region":"eu"},"#);
    let version = (VERSION, "2026-07-28");
    for value in ["us", "=?base64?!?=", "r\u{fc}n"] {
        assert_eq!(era(&[version, ("Mcp-Param-Region", value)], &body), Ok(Era::Modern));
    }
}

#[test]
fn a_body_is_json_as_it_stands() {
    let kind = |value| [("content-type", value)];
    for value in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json ; profile=x",
    ] {
        assert_eq!(check_content(&headers(&kind(value))), Ok(()), "{value}");
    }
    for value in [
        "",
        "text/plain",
        "text/json",
        "application/jsonl",
        "application/json, text/plain",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=",
        "application/json; Charset=utf-7; charset=utf-8",
    ] {
        let fault = check_content(&headers(&kind(value))).expect_err(value);
        assert_eq!((fault.status, fault.code), (415, INVALID_REQUEST));
    }
    check_content(&headers(&[])).unwrap_err();
    let json = ("content-type", "application/json");
    check_content(&headers(&[json, json])).unwrap_err();
    for (encoding, fine) in [("identity", true), ("gzip", false), ("", false), ("gzip, br", false)]
    {
        let lines = [json, ("content-encoding", encoding)];
        assert_eq!(check_content(&headers(&lines)).is_ok(), fine, "{encoding}");
    }
    let lines = [json, ("content-encoding", "identity"), ("content-encoding", "gzip")];
    check_content(&headers(&lines)).unwrap_err();
}
