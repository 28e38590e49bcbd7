//! Settings: what is taken and what is refused.

use std::net::SocketAddr;

use farmgate_farm::gate::{self, Server, Upstream};

use super::{Codes, Settings, pin};

fn server(upstream: Upstream) -> Server {
    Server {
        route: "/mcp".to_owned(),
        priority: 1,
        upstream,
        authentication: Vec::new(),
        health: gate::Health {
            path: "/mcp?x=1".to_owned(),
            codes: "200,400-406".to_owned(),
            interval: 30,
            timeout: 5,
            healthy: 2,
            unhealthy: 3,
        },
        drain: 30,
    }
}

fn upstream(host: &str) -> Upstream {
    Upstream { host: host.to_owned(), ..Upstream::plain(SocketAddr::from(([10, 0, 0, 1], 8000))) }
}

fn refused(upstream: Upstream) -> String {
    Settings::new(&server(upstream), false).unwrap_err()
}

#[test]
fn addresses_are_given_and_names_are_followed() {
    let mut mixed = upstream("10.0.0.1");
    mixed.also = ["10.0.0.2:9000", "[::ffff:10.0.0.1]:8000"].map(|it| it.parse().unwrap()).into();
    let settings = Settings::new(&server(mixed), false).unwrap();
    let given: Vec<_> = settings.given.iter().map(ToString::to_string).collect();
    assert_eq!(given, ["10.0.0.1:8000", "10.0.0.2:9000"]);
    assert_eq!(settings.name, None);
    assert_eq!(*settings.host, "10.0.0.1:8000");
    let settings = Settings::new(&server(upstream("python.mcp-farm.local")), false).unwrap();
    assert!(settings.given.is_empty());
    assert_eq!(settings.name.as_deref(), Some("python.mcp-farm.local"));
    assert_eq!(*settings.host, "python.mcp-farm.local:8000");
    let settings = Settings::new(&server(upstream("fd12::1")), false).unwrap();
    assert_eq!(*settings.host, "[fd12::1]:8000");
    let written = Upstream { host_header: Some("localhost:3000".to_owned()), ..upstream("a.b") };
    let settings = Settings::new(&server(written), false).unwrap();
    assert_eq!(*settings.host, "localhost:3000");
}

#[test]
fn metadata_is_no_target_even_if_it_is_written() {
    assert_eq!(
        refused(upstream("169.254.169.254")),
        "`169.254.169.254:8000` is a link-local address"
    );
    let mut also = upstream("10.0.0.1");
    also.also = vec!["[::ffff:169.254.170.2]:80".parse().unwrap()];
    assert_eq!(refused(also), "`169.254.170.2:80` is a link-local address");
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert_eq!(refused(upstream("a/b")), "`a/b` is neither a name nor an address");
    assert_eq!(refused(upstream("")), "`` is neither a name nor an address");
    assert_eq!(refused(Upstream { port: 0, ..upstream("a") }), "a target's port is 0");
    let pins = vec!["00".repeat(32)];
    let plain = Upstream { pins: pins.clone(), ..upstream("a") };
    assert!(refused(plain).contains("`tls` is off"));
    let tls = Upstream { tls: true, ..upstream("a") };
    let both = Upstream { pins, ca: Some("x".to_owned()), ..tls.clone() };
    assert_eq!(refused(both), "it has both `ca` and `pins`: write one of them");
    let short = Upstream { pins: vec!["00".repeat(31)], ..tls.clone() };
    assert!(refused(short).contains("is not the SHA-256 of a certificate"));
    let empty = Upstream { ca: Some("no certificate".to_owned()), ..tls };
    assert_eq!(refused(empty), "`ca` holds no certificate");
    let mut lazy = server(upstream("a"));
    lazy.health.interval = 0;
    assert_eq!(Settings::new(&lazy, false).unwrap_err(), "its health check's interval is 0");
    lazy.health.interval = 1;
    lazy.health.path = "http://evil.example/".to_owned();
    assert_eq!(Settings::new(&lazy, false).unwrap_err(), "`http://evil.example/` is no path");
}

#[test]
fn what_is_the_same_is_shared() {
    let first = Settings::new(&server(upstream("10.0.0.1")), false).unwrap();
    let second = Settings::new(&server(upstream("10.0.0.1")), false).unwrap().after(&first);
    assert!(std::sync::Arc::ptr_eq(&first.dial, &second.dial));
    assert!(std::sync::Arc::ptr_eq(&first.health, &second.health));
    // Another way to the same targets makes them other targets.
    let bridge = Upstream { bridge: true, ..upstream("10.0.0.1") };
    let third = Settings::new(&server(bridge), false).unwrap().after(&first);
    assert!(!std::sync::Arc::ptr_eq(&first.dial, &third.dial));
    assert!(std::sync::Arc::ptr_eq(&first.health, &third.health));
    let mut slower = server(upstream("10.0.0.1"));
    slower.health.interval = 60;
    let fourth = Settings::new(&slower, false).unwrap().after(&first);
    assert!(std::sync::Arc::ptr_eq(&first.dial, &fourth.dial));
    assert!(!std::sync::Arc::ptr_eq(&first.health, &fourth.health));
}

#[test]
fn codes_are_numbers_and_ranges() {
    let codes = Codes::parse("200,400-406").unwrap();
    for (status, has) in
        [(200, true), (201, false), (399, false), (400, true), (406, true), (407, false)]
    {
        assert_eq!(codes.has(status), has, "{status}");
    }
    for text in
        ["", "200,", "20", "2000", "200-", "-200", "406-400", "200 ,201", "+20", "600", "099"]
    {
        assert!(Codes::parse(text).is_err(), "{text}");
    }
}

#[test]
fn pins_are_read_with_and_without_colons() {
    let plain = "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0011223344";
    let colons: Vec<_> =
        plain.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two)).collect();
    assert_eq!(pin(plain).map(|bytes| bytes[..3].to_vec()), Some(vec![0x01, 0x23, 0x45]));
    assert_eq!(pin(&colons.join(":")), pin(plain));
    for text in ["", "zz", &plain[1..], &format!("{plain}0")] {
        assert_eq!(pin(text), None, "{text}");
    }
}
