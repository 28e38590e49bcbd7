//! The bytes of a line: they are a format, so they are written out here.

use std::sync::Arc;

use farmgate_keys::Principal;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::*;
use crate::audit::{RequestId, SessionName};

/// A line with the brace that its end would bring.
fn line(record: &Record) -> String {
    let mut line = Vec::new();
    request(record, &mut line);
    String::from_utf8(line).unwrap() + "}"
}

fn full() -> Record {
    let mut headers = HeaderMap::new();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    headers.insert("traceparent", HeaderValue::from_static(parent));
    let mut record = Record::begin(&Method::POST, "/python/mcp", &headers);
    record.time = UNIX_EPOCH + Duration::from_millis(1_795_334_405_007);
    record.id = RequestId([0xab; 12]);
    record.principal = Some(Arc::new(Principal {
        subject: "key:alice".to_owned(),
        groups: vec!["researchers".to_owned(), "a \"b\"".to_owned()],
        kind: "api_key",
    }));
    record.address = Some("::ffff:203.0.113.9".parse().unwrap());
    record.server = Some("python".into());
    record.mcp_method = Some("tools/call".into());
    record.tool = Some("run_python_code".to_owned());
    record.arguments = Some(r#"{"code":"1+1"}"#.to_owned());
    record.decision = Decision::Allowed;
    record.status = 200;
    record.bytes_in = 211;
    record.bytes_out = u64::MAX;
    record.took = Duration::from_micros(12_045);
    record.target = Some("10.0.1.7:8443".parse().unwrap());
    record.session = Some(SessionName([1, 2, 3, 4, 5, 6, 7, 0xff]));
    record
}

#[test]
fn a_line_has_its_keys_in_order() {
    assert_eq!(
        line(&full()),
        concat!(
            r#"{"time":"2026-11-22T08:00:05.007Z","kind":"request","id":"abababababababababababab","#,
            r#""trace":"4bf92f3577b34da6a3ce929d0e0e4736","principal":"key:alice","#,
            r#""groups":["researchers","a \"b\""],"address":"203.0.113.9","server":"python","#,
            r#""method":"POST","path":"/python/mcp","mcp_method":"tools/call","#,
            r#""tool":"run_python_code","arguments":"{\"code\":\"1+1\"}","decision":"allowed","#,
            r#""status":200,"bytes_in":211,"bytes_out":18446744073709551615,"#,
            r#""milliseconds":12.045,"target":"10.0.1.7:8443","session":"01020304050607ff"}"#,
        )
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let record = Record { reason: Some("client_gone"), ..Record::default() };
    assert_eq!(
        line(&record),
        concat!(
            r#"{"time":"1970-01-01T00:00:00.000Z","kind":"request","id":"000000000000000000000000","#,
            r#""method":"GET","path":"","decision":"refused","reason":"client_gone","status":0,"#,
            r#""bytes_in":0,"bytes_out":0,"milliseconds":0.000}"#,
        )
    );
}

/// What a client chooses can neither end a text nor a line, nor make one without bound.
#[test]
fn a_client_can_forge_no_line_and_make_none_huge() {
    let nasty = "\"}\n{\"kind\":\"request\"\u{0}\u{2028}\\é".repeat(1000);
    let mut record = full();
    record.path = format!("/a{nasty}");
    record.mcp_method = Some(nasty.clone().into());
    record.tool = Some(nasty.clone());
    record.arguments = Some(nasty.clone());
    record.principal = Some(Arc::new(Principal {
        subject: nasty.clone(),
        groups: vec![nasty; 100],
        kind: "api_key",
    }));
    let line = line(&record);
    assert!(!line.contains(['\n', '\0']), "{line}");
    assert!(line.len() < 80 << 10, "{} bytes", line.len());
    let read: Value = serde_json::from_str(&line).unwrap();
    for (key, most) in [("path", PATH_BYTES), ("tool", NAME_BYTES), ("principal", NAME_BYTES)] {
        let value = read[key].as_str().unwrap();
        assert!(value.ends_with(CUT) && value.len() <= most + CUT.len(), "{key}: {}", value.len());
    }
    assert_eq!(read["groups"].as_array().unwrap().len(), GROUPS);
}

#[test]
fn a_query_is_never_written() {
    let record = Record { path: "/mcp?api_key=fg_secret".to_owned(), ..Record::default() };
    assert!(line(&record).contains(r#""path":"/mcp","#));
}

#[test]
fn numbers_and_times_are_exact() {
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    for number in [0, 7, 10, 99, 100, 12_345, u64::MAX - 1, u64::MAX] {
        assert_eq!(text(&|to| write_number(number, to)), number.to_string());
    }
    for (micros, wanted) in [(0, "0.000"), (1, "0.001"), (99, "0.099"), (1_000_010, "1000.010")] {
        assert_eq!(text(&|to| milliseconds(Duration::from_micros(micros), to)), wanted);
    }
    for (millis, wanted) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_999, "2000-02-29T00:00:00.999Z"),
        (951_782_400_005, "2000-02-29T00:00:00.005Z"),
        (4_102_444_799_050, "2099-12-31T23:59:59.050Z"),
    ] {
        let time = UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(text(&|to| write_time(time, to)), wanted);
    }
    let before = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(text(&|to| write_time(before, to)), "1970-01-01T00:00:00.000Z");
}

proptest::proptest! {
    #[test]
    fn a_text_is_read_as_it_was_written(value: String) {
        let mut bytes = Vec::new();
        write_text(&value, 64, &mut bytes);
        let read: String = serde_json::from_slice(&bytes).unwrap();
        match read.strip_suffix(CUT).filter(|_| value.len() > 64) {
            Some(cut) => proptest::prop_assert!(value.starts_with(cut) && cut.len() > 60),
            None => proptest::prop_assert_eq!(read, value),
        }
    }
}
