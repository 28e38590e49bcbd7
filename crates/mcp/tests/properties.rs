//! What must hold for any message: the same reading as `serde_json`'s, one reading only, and the same
//! however a stream is cut.
//!
//! `PROPTEST_CASES` sets the number of cases.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing)]

use farmgate_mcp::fault::{INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR};
use farmgate_mcp::{Kind, Message, tools};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

/// Any JSON, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            any_object(inner).prop_map(Value::Object),
        ]
    })
}

fn any_object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((any_key(), inner), 0..5).prop_map(|fields| fields.into_iter().collect())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", "\\PC{0,6}", any::<String>()]
}

/// Keys, mostly of those that matter.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned),
        1 => "[a-z]{1,6}",
        1 => any_text(),
    ]
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const KEYS: [&str; 10] =
    ["jsonrpc", "id", "method", "params", "name", "uri", "taskId", "arguments", "_meta", VERSION];

/// Spaces between the parts of a JSON text.
fn spread(text: &str, space: &str) -> String {
    let (mut spread, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        if !quoted && matches!(character, ',' | ':' | '}' | ']') {
            spread.push_str(space);
        }
        spread.push(character);
        if !quoted && matches!(character, ',' | ':' | '{' | '[') {
            spread.push_str(space);
        }
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\' && !escaped;
    }
    spread
}

/// A call as `serde_json` has it.
fn any_call() -> impl Strategy<Value = Value> {
    let id = prop_oneof![any::<i32>().prop_map(Value::from), any_text().prop_map(Value::from)];
    let version = prop::option::of(prop_oneof![Just("2026-07-28".to_owned()), any_text()]);
    (id, any_text(), any_json(), version, any_json()).prop_map(
        |(id, name, given, version, other)| {
            let meta = version.map_or(json!({}), |version| json!({ VERSION: version }));
            let params = json!({ "name": name, "arguments": given, "_meta": meta, "x": other });
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
        },
    )
}

/// A text as JSON, with characters written as escapes where `which` says so.
fn escape(text: &str, which: &[bool]) -> String {
    let mut written = String::from("\"");
    for (at, character) in text.chars().enumerate() {
        if which.get(at % which.len().max(1)).copied().unwrap_or_default() {
            for unit in character.encode_utf16(&mut [0; 2]) {
                written.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            let plain = Value::from(character.to_string()).to_string();
            written.push_str(&plain[1..plain.len() - 1]);
        }
    }
    written.push('"');
    written
}

/// How deep a JSON text nests, by its brackets outside of texts.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for character in text.chars() {
        match character {
            '{' | '[' if !quoted => open += 1,
            '}' | ']' if !quoted => open = open.saturating_sub(1),
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
        deepest = deepest.max(open);
    }
    deepest
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What a call says is what `serde_json` reads in it, and raw parts are raw.
    #[test]
    fn calls_are_read_as_serde_json_reads_them(
        call in any_call(),
        space in prop::sample::select(vec!["", " ", "\r\n\t "]),
    ) {
        let body = spread(&call.to_string(), space);
        let message = Message::parse(body.as_bytes()).expect(&body);
        prop_assert_eq!(message.kind, Kind::Request);
        prop_assert_eq!(message.method.as_deref(), Some("tools/call"));
        prop_assert_eq!(message.name.as_deref(), call["params"]["name"].as_str());
        prop_assert_eq!(message.protocol_version.as_deref(), call["params"]["_meta"][VERSION].as_str());
        for (raw, value) in
            [(message.id, &call["id"]), (message.arguments, &call["params"]["arguments"])]
        {
            let raw = raw.unwrap();
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            prop_assert_eq!(read(raw), read(&value.to_string()));
            prop_assert_eq!(&body[Message::span(body.as_bytes(), raw).unwrap()], raw);
        }
    }

    /// A key that is put in a second time, in any spelling, at any place, is noticed; so is one in
    /// other case. What is noticed is a fault, and never another reading.
    #[test]
    fn a_second_key_is_always_noticed(
        call in any_call(),
        level in 0..3_usize,
        pick in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        escapes in prop::collection::vec(any::<bool>(), 1..6),
        other in any_json(),
        in_other_case in any::<bool>(),
    ) {
        let object = match level {
            0 => &call,
            1 => &call["params"],
            _ => &call["params"]["_meta"],
        };
        let fields: Vec<_> = object.as_object().unwrap().iter().collect();
        prop_assume!(!fields.is_empty());
        let key = fields[pick.index(fields.len())].0;
        // Only keys that matter are watched for case.
        let in_other_case = in_other_case && key != "x";
        let second = if in_other_case { key.to_uppercase() } else { key.clone() };
        prop_assume!(in_other_case || *key == second);
        let mut written: Vec<String> =
            fields.iter().map(|(key, value)| format!("{}:{value}", Value::from(key.as_str()))).collect();
        written.insert(place.index(written.len() + 1), format!("{}:{other}", escape(&second, &escapes)));
        let changed = format!("{{{}}}", written.join(","));
        let rest = |of: &Value, skip: &str, with: String| {
            let fields = of.as_object().unwrap().iter();
            let fields = fields.map(|(key, value)| {
                let value = if key == skip { with.clone() } else { value.to_string() };
                format!("{}:{value}", Value::from(key.as_str()))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let body = match level {
            0 => changed,
            1 => rest(&call, "params", changed),
            _ => rest(&call, "params", rest(&call["params"], "_meta", changed)),
        };
        let fault = Message::parse(body.as_bytes()).expect_err(&body);
        prop_assert!([INVALID_REQUEST, INVALID_PARAMS].contains(&fault.code), "{}: {:?}", body, fault);
    }

    /// Of any text it is known whether it is JSON, exactly as `serde_json` knows it.
    #[test]
    fn json_is_told_from_what_is_not(
        value in any_json(),
        space in prop::sample::select(vec!["", " ", "\n"]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), edit()), 0..4),
    ) {
        let mut body = spread(&json!({ "jsonrpc": "2.0", "x": value }).to_string(), space);
        for (at, edit) in edits {
            let mut at = at.index(body.len() + 1);
            while !body.is_char_boundary(at) {
                at -= 1;
            }
            match edit {
                Some(text) => body.insert_str(at, &text),
                None => drop(body.char_indices().nth(at).map(|(at, _)| at).map(|at| body.remove(at))),
            }
        }
        prop_assume!(!body.trim_start().starts_with('[') && depth(&body) < 60);
        let is_json = serde_json::from_str::<IgnoredAny>(&body).is_ok();
        let refused = Message::parse(body.as_bytes()).err().map(|fault| fault.code);
        prop_assert_eq!(refused == Some(PARSE_ERROR), !is_json, "{}: {:?}", body, refused);
    }

    /// Any bytes: no panic, and the fault is one that can be sent.
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(fault) = Message::parse(&body) {
            prop_assert!(serde_json::from_slice::<Value>(&fault.body()).is_ok());
        }
    }

    /// A list is cut down to what is allowed, in order, and nothing else of the answer changes.
    #[test]
    fn lists_hold_what_is_allowed_and_nothing_else_changes(
        names in prop::collection::vec(prop::sample::select(vec!["a", "b", "c\u{e9}", ""]), 0..6),
        denied in prop::collection::vec(prop::sample::select(vec!["a", "b", "c\u{e9}", ""]), 0..3),
        other in any_json(),
        space in prop::sample::select(vec!["", " ", "\r\n"]),
        escapes in prop::collection::vec(any::<bool>(), 1..4),
    ) {
        let entry = |name: &str| format!(r#"{{"x":{other},{}:{}}}"#, escape("name", &escapes), escape(name, &escapes));
        let answer = |names: &[&str]| {
            let list = names.iter().map(|name| entry(name)).collect::<Vec<_>>().join(",");
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"y":{other},"tools":[{list}],"nextCursor":"n"}}}}"#);
            spread(&text, space)
        };
        let allowed = |name: &str| !denied.contains(&name);
        let kept: Vec<&str> = names.iter().copied().filter(|name| allowed(name)).collect();
        let whole = answer(&names);
        let filtered = tools::filter(whole.as_bytes(), &allowed).unwrap();
        prop_assert_eq!(filtered.is_none(), kept.len() == names.len());
        let filtered = filtered.map_or(whole, |bytes| String::from_utf8(bytes).unwrap());
        if kept.is_empty() {
            // The space of the list is the one of the list that was.
            let read: Value = serde_json::from_str(&filtered).unwrap();
            prop_assert_eq!(read, serde_json::from_str::<Value>(&answer(&[])).unwrap());
        } else {
            prop_assert_eq!(filtered, answer(&kept));
        }
    }
}

/// A text to put in, or none to take a character out.
fn edit() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\\", ",", ":", "-", ".", "e", "0", "1", "null", "tru",
            "\\u12", "\u{0}", "\t", " ", "\u{a0}", "\u{7f}", "\\ud800", "1.5E-3", "//",
        ])
        .prop_map(|text| Some(text.to_owned())),
    ]
}
