//! What is blacked out of arguments, and what is not.

use super::*;

#[test]
fn keys_that_name_secrets_hide_their_values() {
    for key in [
        "token",
        "access_token",
        "apiKey",
        "X-Api-Key",
        "client-secret",
        "PASSWORD",
        "db_passwd",
        "Authorization",
        "Set-Cookie",
        "private_key",
        "aws_secret_access_key",
        "sessionId",
        "key",
        "credentials",
        "passphrase",
    ] {
        let raw = format!(r#"{{"a":1,"{key}":"hunter2"}}"#);
        assert_eq!(arguments(&raw), format!(r#"{{"a":1,"{key}":"[redacted]"}}"#));
    }
    let nested = r#"{"x":[{"secrets":{"a":["deep",{"b":"er"}],"c":7}}],"token":1234}"#;
    assert_eq!(arguments(nested), r#"{"x":[{"secrets":"[redacted]"}],"token":"[redacted]"}"#);
    // Nothing is hidden where there is nothing to hide.
    let flags = r#"{"use_token":true,"password":null,"monkey":"k","author":"me","keyboard":"us"}"#;
    assert_eq!(arguments(flags), flags);
}

/// Shapes of keys, put together here so that no scanner takes this file for a leak.
fn secrets() -> Vec<String> {
    let random = "q7Zx2Lm9Tc4Vb8Nw3Rk6Yp1Hs5Jd0Fg";
    vec![
        format!("fg_k1_{random}"),
        format!("AK{}IOSFODNN7EXAMPLE", "IA"),
        format!("ghp_{random}"),
        format!("github_pat_{random}"),
        format!("glpat-{}", &random[..20]),
        format!("sk-{random}"),
        format!("sk-proj-{random}"),
        format!("xoxb-{random}"),
        format!("AIza{random}"),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{random}"),
        "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978".to_owned(),
        format!("{random}+/{random}=="),
    ]
}

#[test]
fn values_that_look_like_keys_are_hidden_wherever_they_stand() {
    for secret in secrets() {
        assert_eq!(arguments(&format!(r#"{{"x":"{secret}"}}"#)), r#"{"x":"[redacted]"}"#);
        for (before, after) in
            [("print('", "')"), ("curl -H 'X-Foo: ", "' example.com"), ("a ", "")]
        {
            let clean = without_secrets(&format!("{before}{secret}{after}"));
            assert_eq!(clean.as_deref(), Some(&*format!("{before}[redacted]{after}")), "{secret}");
        }
        let as_key = arguments(&format!(r#"{{"{secret}":1}}"#));
        assert!(!as_key.contains(&secret), "{as_key}");
        let listed = arguments(&format!(r#"["{secret}",["{secret}"]]"#));
        assert_eq!(listed, r#"["[redacted]",["[redacted]"]]"#);
    }
}

#[test]
fn what_is_set_to_a_secrets_name_is_hidden_in_programs_and_commands() {
    for (text, wanted) in [
        ("password = 'hunter2'", "password = '[redacted]'"),
        ("DB_PASSWORD=hunter2 run", "DB_PASSWORD=[redacted] run"),
        ("api_key: hunter2", "api_key: [redacted]"),
        (r#"{"client_secret":"hunter2"}"#, r#"{"client_secret":"[redacted]"}"#),
        ("mysql --password hunter2 db", "mysql --password [redacted] db"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("curl -H 'Authorization: Basic dTpw'", "curl -H 'Authorization: Basic [redacted]'"),
        ("postgres://me:hunter2@db:5432/x", "postgres://me:[redacted]@db:5432/x"),
        ("a -----BEGIN PRIVATE KEY-----\nMII\n-----END", "a [redacted]"),
        ("token := \"x\"", "token := \"[redacted]\""),
    ] {
        assert_eq!(without_secrets(text).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn ordinary_arguments_stay() {
    for text in [
        "the secret of good tea is water",
        "reset my password please",
        "a token of basic English",
        "import numpy as np\nprint(np.arange(10).reshape(2, 5))",
        "/usr/local/lib/python3.12/site-packages/example_package/__init__.py",
        "https://docs.example.com/2026/guide/how-to-write-a-very-long-slug-that-goes-on-and-on",
        "SELECT id, name FROM users WHERE created > '2026-01-01' ORDER BY id",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "naïve café – 日本語",
        "me@example.com: hello",
        "",
    ] {
        assert_eq!(without_secrets(text), None, "{text}");
    }
}

#[test]
fn what_is_long_is_cut_and_what_is_huge_is_not_read() {
    let text = arguments(&format!(r#"{{"a":"{}"}}"#, "é ".repeat(3000)));
    assert!(text.len() <= BYTES && text.ends_with('…'), "{} bytes", text.len());
    // A secret at the cut is hidden before it is cut.
    let secret = &secrets()[0];
    let raw = format!(r#"{{"a":"{} {secret}"}}"#, "b ".repeat((BYTES - 20) / 2));
    assert!(!arguments(&raw).contains(&secret[..12]));
    assert_eq!(arguments(&format!("\"{}\"", "x".repeat(LONGEST))), "65538 bytes");
    assert_eq!(arguments("{"), "1 bytes that can't be read");
    assert_eq!(arguments(&"[".repeat(10_000)), "10000 bytes that can't be read");
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken_and_looking_twice_finds_nothing_more(text in "\\PC{0,200}") {
        let clean = without_secrets(&text).unwrap_or_else(|| text.clone());
        proptest::prop_assert!(clean.len() <= text.len() + 10 * text.len());
        let raw = serde_json::to_string(&text).unwrap();
        proptest::prop_assert!(serde_json::from_str::<String>(&arguments(&raw)).is_ok());
    }
}
