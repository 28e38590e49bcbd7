//! What a probe doesn't do: follow, hang, send on when it is ended, or trust a stranger.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use farmgate_client::probe::target::Server;
use farmgate_client::probe::{self, Cancel, ProbeError, Settings, Target};

use crate::farm::{Farm, probed};
use crate::weaken::Weakening;

/// A listener that counts who comes, and answers every request alike.
fn listener(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, came) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            thread::spawn(move || {
                let mut part = [0; 64 << 10];
                while stream.read(&mut part).is_ok_and(|read| read > 0) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, came)
}

/// A farm in plain HTTP on loopback, of which nothing else is known.
fn plain(port: u16) -> Target {
    Target {
        farm: "test".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        addresses: vec!["127.0.0.1".parse().unwrap()],
        trust: None,
        servers: vec![Server {
            name: "a".to_owned(),
            path: "/a/mcp".to_owned(),
            route: "/a/mcp".to_owned(),
            addresses: Vec::new(),
            ways: Vec::new(),
        }],
        allow: None,
        own_address: None,
        default: None,
        bounds: None,
        gates: 1,
        admin: None,
        secrets: Vec::new(),
    }
}

fn settings() -> Settings {
    Settings {
        patience: Duration::from_secs(2),
        settle: Duration::ZERO,
        rate_requests: 20,
        ..Settings::default()
    }
}

/// Headers leaked on redirect elsewhere (GHSA-9g45-5xwm-f3wc): here nobody is led anywhere.
#[test]
fn a_redirect_is_not_followed() {
    let (elsewhere, came) = listener("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned());
    let redirect =
        format!("HTTP/1.1 307 x\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (address, asked) = listener(redirect);
    let report = probed(&plain(address.port()));
    assert!(asked.load(Ordering::SeqCst) > 10);
    assert_eq!(came.load(Ordering::SeqCst), 0);
    assert!(report.controls.iter().any(|it| it.came.contains("307")), "{report:#?}");
}

#[test]
fn a_farm_that_says_nothing_is_waited_for_within_bounds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = plain(silent.local_addr().unwrap().port());
    let settings = Settings {
        patience: Duration::from_millis(100),
        time: Duration::from_secs(2),
        ..settings()
    };
    let begin = Instant::now();
    let report = probe::run(&target, &settings, &Cancel::default(), &mut |_| {}).unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_eq!(report.totals.failed, 0, "{report:#?}");
}

#[test]
fn a_probe_that_is_ended_ends() {
    let (address, _) = listener("HTTP/1.1 401 x\r\ncontent-length: 0\r\n\r\n".to_owned());
    let cancel = Cancel::default();
    let mut seen = 0;
    let ended = probe::run(&plain(address.port()), &settings(), &cancel, &mut |_| {
        seen += 1;
        cancel.cancel();
    });
    assert!(matches!(ended, Err(ProbeError::Cancelled)), "{ended:?}");
    assert_eq!(seen, 1);
}

#[test]
fn a_bound_on_requests_is_kept_and_told() {
    let (address, _) = listener("HTTP/1.1 401 x\r\ncontent-length: 0\r\n\r\n".to_owned());
    let settings = Settings { requests: 3, ..settings() };
    let report =
        probe::run(&plain(address.port()), &settings, &Cancel::default(), &mut |_| {}).unwrap();
    let told = report.controls.iter().any(|it| it.came.contains("bounds are used up"));
    assert!(told, "{report:#?}");
}

#[test]
fn where_nobody_answers_or_a_stranger_does_nothing_is_told() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = probe::run(&plain(gone.port()), &settings(), &Cancel::default(), &mut |_| {});
    assert!(matches!(found, Err(ProbeError::Silent { .. })), "{found:?}");

    let farm = Farm::start(&Weakening::NONE);
    let mut target = farm.target(farm.gate.address().port());
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    target.trust = Some(probe::Trust::authorities(&other.cert.pem()).unwrap());
    let found = probe::run(&target, &settings(), &Cancel::default(), &mut |_| {});
    assert!(matches!(found, Err(ProbeError::Untrusted { .. })), "{found:?}");
    assert_eq!(farm.backend.calls(), 0);
    farm.gate.stop();
}
