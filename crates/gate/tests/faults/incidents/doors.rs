//! Where one gets in: hosts, origins, ports, and what stands open.

use std::net::SocketAddr;

use crate::support::backend::Backend;
use crate::support::client::{Ask, Client};
use crate::support::farm::Setup;
use crate::support::wait_until;

#[test]
fn dns_rebinding_by_host_or_origin() {
    // CVE-2025-64443, CVE-2026-42559: a page of a stranger's site gets a browser to ask here.
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    for host in [
        "evil.example.com",
        "mcp.example.com.evil.com",
        "evil.com:443",
        "127.0.0.1.nip.io",
        "localhost.evil.com",
        "[::ffff:169.254.169.254]",
        "",
        "mcp.example.com@evil.com",
        "evil.com/mcp.example.com",
        "*",
        "mcp.example.com, evil.com",
    ] {
        let answer = farm.ask(&farm.call(1, "x").instead("Host", host));
        assert!((400..500).contains(&answer.status), "{host:?}: {answer:?}");
    }
    for origin in [
        "http://evil.example.com",
        "https://mcp.example.com.evil.com",
        "null",
        "file://",
        "https://mcp.example.com@evil.com",
        "http://127.0.0.1.nip.io",
        "evil",
        "",
        "https://mcp.example.com, https://evil.com",
        "chrome-extension://abc",
    ] {
        let answer = farm.ask(&farm.call(1, "x").with("Origin", origin));
        assert_eq!(answer.status, 403, "{origin:?}: {answer:?}");
    }
    let mut absolute = farm.call(1, "x");
    absolute.line = "POST http://evil.example.com/mcp HTTP/1.1".to_owned();
    assert!((400..500).contains(&farm.ask(&absolute).status));
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    for host in ["mcp.example.com", "MCP.Example.com:8443", "127.0.0.1", "localhost:1234"] {
        assert!(farm.ask(&farm.call(1, "x").instead("Host", host)).echoes(1, "x"), "{host}");
    }
    let origin = farm.call(1, "x").with("Origin", "https://mcp.example.com");
    assert!(farm.ask(&origin).echoes(1, "x"));
    // The server is told a host that is its own, and no origin that it doesn't know.
    let own = backend.address().to_string();
    assert!(backend.seen().iter().all(|it| it.header("host") == Some(&own)), "{own}");
    assert!(backend.seen().iter().all(|it| it.header("origin").is_none()));
    farm.stop();
}

#[test]
fn the_admin_port_is_on_loopback_and_knows_its_own_name_only() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let farm = setup.start();
    assert!(farm.gate.admin().ip().is_loopback());
    assert_eq!(farm.admin("/metrics").status, 200);
    let rebound = Ask::new("GET", "/metrics").instead("Host", "evil.example.com");
    let answer = Client::connect(farm.gate.admin()).ask(&rebound);
    assert!((400..500).contains(&answer.status), "{answer:?}");
    for path in ["/metrics", "/ready", "/audit/head", "/admin", "/debug/pprof/", "/config"] {
        let answer = farm.ask(&Ask::new("GET", path));
        assert_eq!(answer.status, 404, "{path} on the traffic port: {answer:?}");
    }
    farm.stop();
}

#[test]
fn health_is_open_and_says_nothing() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let answer = farm.ask(&Ask::new("GET", "/health").instead("Host", "10.0.0.7:8443"));
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() < 32, "{answer:?}");
    assert!(!answer.text().contains("echo"));
    backend.sick(true);
    // The gate lives, whatever its servers do: or a load balancer would end it for their sake.
    wait_until("the server is known to be sick", || farm.ask(&farm.call(1, "x")).status == 503);
    assert_eq!(farm.ask(&Ask::new("GET", "/health")).status, 200);
    farm.stop();
}

#[test]
fn plain_http_is_no_way_past_tls() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).with(|config| config.plain = false).start();
    let answer = farm.ask(&farm.call(1, "x").instead("Host", "mcp.example.com"));
    assert_eq!(answer.status, 308, "{answer:?}");
    assert_eq!(answer.header("location"), Some("https://mcp.example.com/mcp"));
    let answer = farm.ask(&farm.call(1, "x").instead("Host", "a b\"c"));
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(backend.count(), 0);
    assert!(farm.is_well_over_tls());
    farm.stop();
}

#[test]
fn a_gate_without_tls_is_for_loopback_only() {
    let backend = Backend::echo();
    for listen in [Some("0.0.0.0:0"), Some("[::]:0"), None] {
        let listen = listen.map(|it| it.parse::<SocketAddr>().unwrap());
        let setup = Setup::of(&[("echo", &backend)]).with(|config| config.listen = listen);
        assert!(setup.try_start().is_err(), "{listen:?}");
    }
}

#[test]
fn a_server_without_a_way_to_authenticate_lets_nobody_in() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let setup = setup.with(|config| {
        config.servers.get_mut("echo").unwrap().authentication.clear();
    });
    // Deny by default: it doesn't start, or it refuses everyone.
    if let Ok(farm) = setup.try_start() {
        assert_eq!(farm.ask(&farm.call(1, "x")).status, 401);
        assert_eq!(farm.ask(&Ask::call(1, "x")).status, 401);
        farm.stop();
    }
    assert_eq!(backend.count(), 0);
}

#[test]
fn limits_are_kept_and_say_when_to_come_back() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]).with(|config| {
        config.limits.per_principal = farmgate_farm::gate::Rate { requests: 10, seconds: 300 };
    });
    let farm = setup.start();
    let statuses: Vec<_> = (0..20).map(|id| farm.ask(&farm.call(id, "x")).status).collect();
    assert_eq!(statuses.iter().filter(|it| **it == 200).count(), 10, "{statuses:?}");
    let answer = farm.ask(&farm.call(1, "x"));
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    // Another one is not made to pay for it.
    assert!(farm.ask(&farm.bob.signs(Ask::call(1, "x"))).echoes(1, "x"));
    assert_eq!(backend.count(), 11);
    farm.stop();
}
