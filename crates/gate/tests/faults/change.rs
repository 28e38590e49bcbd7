//! What changes while requests are under way: keys, stores, the configuration, the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use farmgate_keys::{ApiKeys, GateKeys, NewKey, Principal, Session, Verifier};
use secrecy::ExposeSecret as _;

use crate::incidents::sessions::{self, initialize};
use crate::support::backend::Backend;
use crate::support::client::{Ask, Client};
use crate::support::farm::{Caller, Farm, Setup, add, now, server};
use crate::support::wait_until;

/// Callers that call all the time, each answered as it should be, or the test fails.
struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<()>>,
}

// === impl Load ===

impl Load {
    fn of(farm: &Farm, callers: &[Caller]) -> Self {
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let callers = callers.iter().cloned().enumerate().map(|(number, caller)| {
            let (stop, calls, address) = (Arc::clone(&stop), Arc::clone(&calls), farm.address());
            thread::spawn(move || {
                let mut client = Client::connect(address);
                for id in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let text = format!("caller {number}, call {id}");
                    let answer = client.ask(&caller.signs(Ask::call(id, &text)));
                    assert!(answer.echoes(id, &text), "{answer:?}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let callers = callers.collect();
        Self { stop, calls, callers }
    }

    /// Until each caller called some more.
    fn go_on(&self) {
        let before = self.calls.load(Ordering::Relaxed);
        wait_until("callers go on", || {
            self.calls.load(Ordering::Relaxed) > before + 50
                || self.callers.iter().any(JoinHandle::is_finished)
        });
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.join().expect("every call was answered as it should be");
        }
    }
}

#[test]
fn keys_rotated_under_load_refuse_nobody_who_is_right_and_admit_nobody_who_is_not() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let load = Load::of(&farm, &[farm.alice.clone(), farm.alice.clone(), farm.bob.clone()]);
    load.go_on();
    // A second key of Bob, while his first is still good.
    let mut store = farm.store.clone();
    let (key, _) = store.rotate("bob", 3600, None, now()).unwrap();
    let new = Caller { key: key.expose_secret().to_owned(), group: farm.bob.group.clone() };
    assert_eq!(farm.ask(&new.signs(Ask::call(1, "x"))).status, 401, "not yet known");
    farm.write_store(&store);
    wait_until("the new key is good", || farm.ask(&new.signs(Ask::call(1, "x"))).status == 200);
    load.go_on();
    load.end();
    // Now the first one goes.
    let load = Load::of(&farm, &[farm.alice.clone(), new]);
    let old = store.keys().iter().find(|key| key.name == "bob" && key.expires.is_some());
    let old = old.unwrap().id.clone();
    store.revoke(&old, false).unwrap();
    farm.write_store(&store);
    wait_until("the old key is refused", || {
        farm.ask(&farm.bob.signs(Ask::call(1, "x"))).status == 401
    });
    let before = backend.seen().iter().filter(|seen| seen.text().contains("revoked")).count();
    for id in 0..50 {
        assert_eq!(farm.ask(&farm.bob.signs(Ask::call(id, "revoked"))).status, 401);
    }
    let after = backend.seen().iter().filter(|seen| seen.text().contains("revoked")).count();
    assert_eq!((before, after), (0, 0), "let through");
    load.go_on();
    load.end();
    farm.until_idle();
    farm.stop();
}

#[test]
fn a_store_that_is_broken_changes_nothing() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let load = Load::of(&farm, std::slice::from_ref(&farm.alice));
    let hash = "ab".repeat(32);
    for broken in
        ["", "{", "{\"version\":1}", "{\"version\":9,\"keys\":[]}", &format!("{{\"keys\":{hash}}}")]
    {
        std::fs::write(farm.folder().join("store.json"), broken).unwrap();
        assert!(farm.gate.reload_files().is_err(), "{broken:?} was taken");
        load.go_on();
    }
    std::fs::remove_file(farm.folder().join("store.json")).unwrap();
    assert!(farm.gate.reload_files().is_err());
    load.go_on();
    farm.write_store(&farm.store);
    farm.gate.reload_files().unwrap();
    load.go_on();
    load.end();
    farm.stop();
}

#[test]
fn sessions_survive_a_rotation_of_the_gates_keys_under_load() {
    let backend = sessions::backend();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let session = initialize(&farm, &farm.alice);
    let ask = |id: u64| farm.call(id, "mine").with("Mcp-Session-Id", &session);
    let mut keys = farm.keys();
    for round in 0..3 {
        keys = keys.rotate().unwrap();
        farm.write_keys(&keys);
        farm.gate.reload_files().unwrap();
        assert!(farm.ask(&ask(round)).echoes(round, "mine"));
        // And with the keys that there are now, sessions are opened, too.
        let fresh = initialize(&farm, &farm.alice);
        assert!(fresh != session);
        let call = farm.call(9, "new").with("Mcp-Session-Id", &fresh);
        assert!(farm.ask(&call).echoes(9, "new"));
    }
    // With keys that never sealed it, it is nobody's.
    farm.write_keys(&GateKeys::generate().unwrap());
    farm.gate.reload_files().unwrap();
    assert_eq!(farm.ask(&ask(5)).status, 404);
    farm.stop();
}

#[test]
fn a_configuration_changed_under_load_answers_every_request_by_the_old_or_the_new() {
    let (one, other) = (Backend::echo(), Backend::echo());
    let farm = Setup::of(&[("echo", &one)]).start();
    let load = Load::of(&farm, &[farm.alice.clone(), farm.bob.clone()]);
    let mut with_other = farm.config.clone();
    with_other.servers.insert("other".to_owned(), server("other", other.address()));
    with_other.tools.push(crate::support::farm::tools(true, "*", &["echo"]));
    for _ in 0..20 {
        farm.gate.reload(with_other.clone()).unwrap();
        let mut ask = farm.call(1, "x");
        ask.line = "POST /other HTTP/1.1".to_owned();
        wait_until("the other server is there", || farm.ask(&ask).echoes(1, "x"));
        let hers = farm.alice.signs(Ask::tool(2, "add", "x"));
        assert_eq!(farm.ask(&hers).status, 403);
        farm.gate.reload(farm.config.clone()).unwrap();
        assert_eq!(farm.ask(&ask).status, 404);
        assert!(farm.ask(&hers).echoes(2, "x"));
    }
    load.go_on();
    load.end();
    farm.until_idle();
    assert_eq!(farm.gate.states().iter().filter(|it| it.server == "echo").count(), 1);
    farm.stop();
}

#[test]
fn a_configuration_that_is_wrong_changes_nothing() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let load = Load::of(&farm, std::slice::from_ref(&farm.alice));
    let mut missing = farm.config.clone();
    for server in missing.servers.values_mut() {
        for way in &mut server.authentication {
            if let farmgate_farm::gate::Authentication::ApiKeys { store, .. } = way {
                *store = "FARMGATE_STORE_9".to_owned();
            }
        }
    }
    assert!(farm.gate.reload(missing).is_err());
    load.go_on();
    load.end();
    farm.stop();
}

#[test]
fn a_stream_goes_on_while_the_configuration_changes() {
    let backend = Backend::start(|_, stream| {
        crate::support::backend::begin_events(stream);
        while crate::support::backend::event(stream, "{}") {
            thread::sleep(std::time::Duration::from_millis(10));
        }
        crate::support::backend::Then::Close
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    client.send(&farm.call(1, "x").bytes());
    assert_eq!(client.head().unwrap().status, 200);
    for round in 0..5 {
        let mut config = farm.config.clone();
        config.limits.body_bytes += round;
        farm.gate.reload(config).unwrap();
        for _ in 0..5 {
            assert_eq!(client.chunk().unwrap().unwrap(), b"data: {}\n\n");
        }
    }
    drop(client);
    farm.until_idle();
    farm.stop();
}

/// The clock of a test can't be stepped, but all that goes by it takes the time as an argument; what
/// must not go by it (limits, time limits, the age of connections) goes by the monotonic clock.
#[test]
fn a_clock_that_is_stepped_admits_nobody_and_loses_no_session() {
    let keys = GateKeys::generate().unwrap();
    let verifier = Verifier::parse(&keys.public()).unwrap();
    let (hour, today) = (3600, now());
    let who = || Principal {
        subject: "key:alice".to_owned(),
        groups: vec!["researchers".to_owned()],
        kind: "api_key",
    };
    let header = keys.signer().sign(&who(), "echo", today, 30).unwrap();
    assert!(verifier.verify(&header, Some("echo"), today).is_ok());
    for stepped in [-100 * hour, -hour, -60, 60, hour, 100 * hour] {
        assert!(verifier.verify(&header, Some("echo"), today + stepped).is_err(), "{stepped}");
    }
    let mut store = ApiKeys::default();
    let new = NewKey { name: Some("alice".into()), group: None, expires: Some(today + hour) };
    let key = store.add(&new, today).unwrap().0;
    let good = |at| store.verify(key.expose_secret(), at).is_some();
    assert!(good(today) && good(today - 100 * hour) && good(today + hour - 1));
    assert!(!good(today + hour) && !good(today + 100 * hour) && !good(i64::MAX));
    // Back again, it is good again: what has expired is decided each time.
    assert!(good(today));
    let session = Session {
        server: "echo".to_owned(),
        target: "127.0.0.1:1".to_owned(),
        upstream: "u".to_owned(),
        opened: today + 100 * hour,
    };
    let sealed = keys.sealer().seal(&session, "key:alice").unwrap();
    assert!(keys.sealer().open(&sealed, "key:alice").is_some());
}

#[test]
fn a_key_added_to_a_store_is_found_by_the_gate_by_itself() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut store = farm.store.clone();
    let carol = add(&mut store, "carol", "researchers");
    farm.write_store(&store);
    wait_until("the gate has looked", || farm.ask(&carol.signs(Ask::call(1, "x"))).status == 200);
    farm.stop();
}
