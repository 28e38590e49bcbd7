//! Routes, paths and hosts: tables, and routes against an oracle.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use farmgate_farm::gate::{Answer, Config, Health, Server, Upstream, VERSION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use proptest::prelude::*;

use super::{Ambiguous, Foreign, Hosts, Routes, check_path};

fn server(route: &str, priority: u32) -> Server {
    Server {
        route: route.to_owned(),
        priority,
        upstream: Upstream::plain(SocketAddr::from(([127, 0, 0, 1], 8000))),
        authentication: Vec::new(),
        health: Health {
            path: "/".to_owned(),
            codes: "200".to_owned(),
            interval: 30,
            timeout: 5,
            healthy: 2,
            unhealthy: 2,
        },
        drain: 30,
    }
}

fn config(servers: &[(&str, &str, u32)]) -> Config {
    let servers = servers
        .iter()
        .map(|(name, route, priority)| ((*name).to_owned(), server(route, *priority)));
    Config {
        version: VERSION,
        farm: "test".to_owned(),
        port: 8443,
        listen: None,
        plain: false,
        admin: None,
        tls: None,
        hosts: Vec::new(),
        trusted_proxies: Vec::new(),
        allow: Vec::new(),
        idle_timeout: 3600,
        default: Answer::default(),
        limits: Default::default(),
        audit: Default::default(),
        servers: servers.collect::<BTreeMap<_, _>>(),
        tools: Vec::new(),
    }
}

fn found<'a>(routes: &'a Routes, path: &str) -> Option<&'a str> {
    routes.find(path).map(|route| &*route.server)
}

#[test]
fn patterns_match_as_a_load_balancer_matches() {
    let routes = Routes::new(&config(&[
        ("exact", "/exact/mcp", 100),
        ("star", "/star/*", 200),
        ("question", "/q?/mcp", 300),
        ("middle", "/a*z/mcp", 400),
    ]));
    let routes = routes.unwrap();
    let cases = [
        ("/exact/mcp", Some("exact")),
        ("/exact/mcp/", None),
        ("/exact/MCP", None),
        ("/Exact/mcp", None),
        ("/exact/mc", None),
        ("/star/", Some("star")),
        ("/star/mcp", Some("star")),
        ("/star/a/b/c", Some("star")),
        ("/star", None),
        ("/q1/mcp", Some("question")),
        ("/q/mcp", None),
        ("/q12/mcp", None),
        ("/q//mcp", Some("question")),
        ("/az/mcp", Some("middle")),
        ("/a/b/c/z/mcp", Some("middle")),
        ("/", None),
        ("", None),
    ];
    for (path, server) in cases {
        assert_eq!(found(&routes, path), server, "{path}");
    }
}

#[test]
fn the_lowest_priority_decides_and_then_the_name() {
    let routes = Routes::new(&config(&[
        ("all", "/*", 300),
        ("exact", "/a/mcp", 200),
        ("wide", "/a/*", 100),
        ("x", "/b/*", 400),
        ("y", "/b?*", 400),
        ("late", "/c/mcp", 500),
    ]));
    let routes = routes.unwrap();
    assert_eq!(found(&routes, "/a/mcp"), Some("wide"));
    assert_eq!(found(&routes, "/c/mcp"), Some("all"));
    assert_eq!(found(&routes, "/b/x"), Some("all"));
    let order: Vec<_> = routes.all().iter().map(|route| &*route.server).collect();
    assert_eq!(order, ["wide", "exact", "all", "x", "y", "late"]);
    // Its place is the one in the configuration, where servers come by name.
    assert_eq!(routes.find("/a/mcp").map(|route| route.index), Some(3));
}

#[test]
fn a_route_that_leads_nowhere_or_to_two_is_refused() {
    let refused = |servers: &[(&str, &str, u32)]| Routes::new(&config(servers)).unwrap_err();
    let same = refused(&[("a", "/mcp", 100), ("b", "/mcp", 200)]);
    assert_eq!(same, "servers `a` and `b` have the same route `/mcp`");
    assert_eq!(refused(&[("a", "mcp", 1)]), "the route `mcp` of server `a` is no path pattern");
    assert_eq!(refused(&[("a", "/m p", 1)]), "the route `/m p` of server `a` is no path pattern");
}

#[test]
fn what_no_route_matches_gets_the_default_answer() {
    let mut config = config(&[]);
    config.default = Answer { status: 403, body: r#"{"no":1}"#.to_owned() };
    let answer = Routes::new(&config).unwrap().default_answer();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(&**answer.body(), r#"{"no":1}"#);
    for status in [99, 302, 600] {
        config.default.status = status;
        assert!(Routes::new(&config).is_err(), "{status}");
    }
}

/// What a pattern means, as plainly as it can be said.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=path.len()).any(|skipped| matches(rest, &path[skipped..])),
        (Some((b'?', rest)), Some((_, path))) => matches(rest, path),
        (Some((a, rest)), Some((b, path))) => a == b && matches(rest, path),
        _ => false,
    }
}

proptest! {
    #[test]
    fn routes_are_found_as_the_oracle_finds_them(
        patterns in prop::collection::btree_map("/[ab/*?]{0,5}", 0_u32..4, 0..6),
        path in "/[ab/]{0,6}",
    ) {
        let names: Vec<String> = (0..patterns.len()).map(|n| format!("s{n}")).collect();
        let servers: Vec<_> = names
            .iter()
            .zip(&patterns)
            .map(|(name, (pattern, priority))| (name.as_str(), pattern.as_str(), *priority))
            .collect();
        let routes = Routes::new(&config(&servers)).unwrap();
        let expected = servers
            .iter()
            .filter(|(_, pattern, _)| matches(pattern.as_bytes(), path.as_bytes()))
            .min_by_key(|(name, _, priority)| (*priority, *name))
            .map(|(name, _, _)| *name);
        prop_assert_eq!(found(&routes, &path), expected);
    }

    /// Whatever a client writes.
    #[test]
    fn nothing_makes_the_checks_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let path = format!("/{text}");
        let _ = (check_path(&text), check_path(&path));
        let hosts = hosts(&["a.example", "*.b.example"], Some("127.0.0.1:1"));
        prop_assert!(!hosts.knows_host(&path));
        for host in [text.clone(), format!("[{text}]"), format!("{text}.b.example")] {
            let _ = hosts.knows_host(&host);
        }
        for start in [&b""[..], b"http://", b"https://["] {
            if let Ok(origin) = HeaderValue::from_bytes(&[start, &bytes].concat()) {
                prop_assert!(!hosts.knows_origin(&origin));
            }
        }
    }

    /// What passes is left as it is by everything that servers do to paths.
    #[test]
    fn a_path_that_passes_is_its_own_normal_form(path in "/[a./;%2eEfF5cC\\\\ ]{0,12}") {
        if check_path(&path).is_ok() {
            let decoded = decode(&path);
            for form in [path.as_str(), decoded.as_str()] {
                prop_assert!(!form.contains('\\') && !form.contains("//"), "{form}");
                for segment in form.split('/') {
                    let bare = segment.split(';').next().unwrap_or_default();
                    prop_assert!(bare != "." && bare != "..", "{form}");
                }
            }
            prop_assert_eq!(decoded.matches('/').count(), path.matches('/').count());
            prop_assert_eq!(decode(&decoded), decoded, "decoding twice is decoding once");
        }
    }
}

fn decode(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        match rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

/// CVE-2026-29791 and its kind: what one program reads as one path and another as another.
#[test]
fn a_path_that_can_be_read_in_two_ways_is_refused() {
    use Ambiguous::*;
    let cases = [
        ("", NotAbsolute),
        ("*", NotAbsolute),
        ("example.com:443", NotAbsolute),
        ("/a//b", EmptySegment),
        ("//a", EmptySegment),
        ("/a/./b", DotSegment),
        ("/a/../b", DotSegment),
        ("/a/..", DotSegment),
        ("/.", DotSegment),
        ("/a/..;/b", DotSegment),
        ("/a/.;x=1/b", DotSegment),
        ("/a/..%3b/b", DotSegment),
        ("/a/..%3B", DotSegment),
        ("/a/%2e%2e/b", Encoded),
        ("/a/.%2E/b", Encoded),
        ("/a/%2e/b", Encoded),
        ("/a%2fb", Encoded),
        ("/a%2Fb", Encoded),
        ("/a%5cb", Encoded),
        ("/a%252e%252e/b", Encoded),
        ("/%6dcp", Encoded),
        ("/a%00", Encoded),
        ("/a%0d%0ax", Encoded),
        ("/a%7f", Encoded),
        ("/a\\b", Character),
        ("/a\\..\\b", Character),
        ("/a b", Character),
        ("/a\tb", Character),
        ("/a\0b", Character),
        ("/a\u{7f}", Character),
        ("/caf\u{e9}", Character),
        ("/a%", BadEncoding),
        ("/a%2", BadEncoding),
        ("/a%zz", BadEncoding),
        ("/a%+1", BadEncoding),
        ("/a%u002e", BadEncoding),
    ];
    for (path, why) in cases {
        assert_eq!(check_path(path), Err(why), "{path:?}");
    }
}

#[test]
fn a_clear_path_is_taken() {
    let paths = [
        "/",
        "/mcp",
        "/nova-act/mcp",
        "/a/b/",
        "/a.b/..c/c..",
        "/a/...",
        "/.well-known/oauth-protected-resource/nova-act/mcp",
        "/a;x=1/b",
        "/a/%20b",
        "/caf%C3%A9",
        "/a/%3fx",
        "/~user/$a'b\"@:+&",
    ];
    for path in paths {
        assert_eq!(check_path(path), Ok(()), "{path}");
    }
}

// === hosts ===

fn hosts(hosts: &[&str], listen: Option<&str>) -> Hosts {
    let mut config = config(&[]);
    config.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    config.listen = listen.map(|address| address.parse().unwrap());
    Hosts::new(&config).unwrap()
}

#[test]
fn only_the_gates_own_hosts_are_taken() {
    let hosts = hosts(&["mcp.example.com", "*.farm.example", "10.0.3.7", "fd00::7"], None);
    let good = [
        "mcp.example.com",
        "MCP.Example.com:443",
        "mcp.example.com:8443",
        "a.farm.example",
        "a.b.FARM.example:1",
        "10.0.3.7",
        "10.0.3.7:8443",
        "[fd00::7]",
        "[fd00:0:0::7]:8443",
    ];
    for host in good {
        assert!(hosts.knows_host(host), "{host}");
    }
    let bad = [
        "",
        ":443",
        "example.com",
        "evil.example.com",
        "mcp.example.com.",
        "mcp.example.com.evil.example",
        "mcp.example.com@evil.example",
        "user@mcp.example.com",
        "mcp.example.com:",
        "mcp.example.com:x",
        "mcp.example.com:99999",
        "mcp.example.com:443:443",
        "mcp.example.com/",
        "mcp.example.com, evil.example",
        " mcp.example.com",
        "farm.example",
        ".farm.example",
        "evilfarm.example",
        "*.farm.example",
        "10.0.3.8",
        "fd00::7",
        "[fd00::7",
        "[fd00::7]x",
        "[10.0.3.7]",
        "localhost",
        "127.0.0.1",
        "[::1]",
    ];
    for host in bad {
        assert!(!hosts.knows_host(host), "{host}");
    }
}

/// CVE-2025-64443 and CVE-2026-42559, and the conformance suite's scenario `dns-rebinding`.
#[test]
fn dns_rebinding_is_refused_on_loopback() {
    let hosts = hosts(&[], Some("127.0.0.1:8443"));
    for host in ["localhost", "LocalHost:8443", "127.0.0.1:8443", "127.9.9.9", "[::1]:8443"] {
        assert!(hosts.knows_host(host), "{host}");
    }
    let bad = [
        "evil.example.com",
        "localhost.evil.example",
        "evil.localhost",
        "localhost.",
        "127.0.0.1.nip.io",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::]",
    ];
    for host in bad {
        assert!(!hosts.knows_host(host), "{host}");
        let origin = HeaderValue::try_from(format!("http://{host}")).unwrap();
        assert!(!hosts.knows_origin(&origin), "{origin:?}");
    }
}

#[test]
fn an_origin_is_a_page_of_the_gates_hosts() {
    let hosts = hosts(&["mcp.example.com"], Some("[::1]:8443"));
    let known = |origin: &str| hosts.knows_origin(&HeaderValue::try_from(origin).unwrap());
    for origin in [
        "https://mcp.example.com",
        "http://mcp.example.com:8080",
        "HTTPS://mcp.example.com",
        "http://localhost:6274",
        "http://[::1]:6274",
    ] {
        assert!(known(origin), "{origin}");
    }
    for origin in [
        "null",
        "",
        "mcp.example.com",
        "https://",
        "https://evil.example.com",
        "https://mcp.example.com/",
        "https://mcp.example.com.evil.example",
        "https://mcp.example.com https://evil.example",
        "https://user@mcp.example.com",
        "file://mcp.example.com",
        "chrome-extension://mcp.example.com",
        "https:/mcp.example.com",
    ] {
        assert!(!known(origin), "{origin}");
    }
}

#[test]
fn a_request_names_one_host_and_at_most_one_origin() {
    let hosts = hosts(&["a.example", "b.example"], None);
    let check = |uri: &str, headers: &[(&str, &str)]| {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let mut map = HeaderMap::new();
        headers.iter().map(pair).for_each(|(name, value)| {
            map.append(name, value);
        });
        hosts.check(&uri.parse::<Uri>().unwrap(), &map)
    };
    assert_eq!(check("/", &[("host", "a.example")]), Ok(()));
    assert_eq!(check("https://a.example/", &[]), Ok(()));
    assert_eq!(check("https://a.example/", &[("host", "b.example")]), Ok(()));
    assert_eq!(check("/", &[]), Err(Foreign::Host));
    assert_eq!(check("/", &[("host", "a.example"), ("host", "a.example")]), Err(Foreign::Host));
    assert_eq!(check("https://evil.example/", &[("host", "a.example")]), Err(Foreign::Host));
    assert_eq!(check("https://a.example/", &[("host", "evil.example")]), Err(Foreign::Host));
    let host = ("host", "a.example");
    assert_eq!(check("/", &[host, ("origin", "https://b.example")]), Ok(()));
    assert_eq!(check("/", &[host, ("origin", "null")]), Err(Foreign::Origin));
    let two = [host, ("origin", "https://a.example"), ("origin", "https://a.example")];
    assert_eq!(check("/", &two), Err(Foreign::Origin));
}

#[test]
fn a_host_that_is_none_is_refused() {
    for host in ["", "*", "*.", "a.*.b", "a:443", "https://a", "a/b", "[::1]:1", "*.10.0.0.1"] {
        let mut config = config(&[]);
        config.hosts = vec![host.to_owned()];
        assert!(Hosts::new(&config).is_err(), "{host}");
    }
}
