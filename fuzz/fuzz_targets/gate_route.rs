//! Any text as a path, a host and an origin: a path that passes is the same however it is decoded and
//! normalized, and no host that passes is a stranger's.

#![no_main]

use std::sync::LazyLock;

use farmgate_farm::gate::Config;
use farmgate_gate::route::{Hosts, check_path};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

static HOSTS: LazyLock<Hosts> = LazyLock::new(|| {
    let config = r#"{"version":1,"farm":"f","port":8443,"listen":"127.0.0.1:8443",
        "hosts":["mcp.example.com","*.farm.example","10.0.3.7"],"trusted_proxies":[],"allow":[],
        "idle_timeout":3600,"servers":{},"tools":[]}"#;
    Hosts::new(&Config::parse(config).expect("a configuration")).expect("its hosts")
});

fuzz_target!(|text: &str| {
    if check_path(text).is_ok() {
        assert!(text.starts_with('/'), "{text:?}");
        let once = decoded(text.as_bytes());
        assert_eq!(decoded(&once), once, "decoding twice is not decoding once: {text:?}");
        for form in [text.as_bytes(), &once] {
            assert!(!form.contains(&b'\\') && !form.windows(2).any(|two| two == b"//"), "{text:?}");
            assert!(!form.iter().any(u8::is_ascii_control), "{text:?}");
            for segment in form.split(|byte| *byte == b'/') {
                let bare = segment.split(|byte| *byte == b';').next().unwrap_or_default();
                assert!(bare != b"." && bare != b"..", "{text:?}");
            }
        }
        let slashes = |text: &[u8]| text.iter().filter(|byte| **byte == b'/').count();
        assert_eq!(slashes(text.as_bytes()), slashes(&once), "{text:?}");
    }
    if HOSTS.knows_host(text) {
        assert!(is_ours(text), "{text:?}");
    }
    if let Ok(origin) = HeaderValue::from_str(text)
        && HOSTS.knows_origin(&origin)
    {
        let host = text.split_once("://").map(|(_, host)| host);
        assert!(host.is_some_and(is_ours), "{text:?}");
    }
});

/// With every `%` and two digits decoded, as a server might.
fn decoded(text: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = text.get(at) {
        let digits = text.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match value.filter(|_| *byte == b'%') {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// What the checks let through, said in another way: a host, and perhaps a port.
fn is_ours(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let bare = match text.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => &text,
    };
    let address = bare.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.to_canonical().is_loopback() || address.to_string() == "10.0.3.7",
        Err(_) => {
            let plain = bare.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
            let known = ["mcp.example.com", "localhost"].contains(&bare);
            plain && (known || bare.ends_with(".farm.example"))
        }
    }
}
