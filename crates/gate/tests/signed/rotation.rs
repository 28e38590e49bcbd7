//! Keys that change while they are used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use secrecy::ExposeSecret as _;

use crate::signer::{self, Signer, issued_keys};
use crate::support::backend::Backend;
use crate::support::client::{Ask, Client};
use crate::support::farm::{Farm, now};
use crate::support::wait_until;

/// Somebody who signs and calls all the time, and is answered every time, or the test fails.
struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<()>>,
}

// === impl Load ===

impl Load {
    fn of(farm: &Farm, signers: &[Signer]) -> Self {
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let callers = signers.iter().cloned().map(|signer| {
            let (stop, calls, address) = (Arc::clone(&stop), Arc::clone(&calls), farm.address());
            thread::spawn(move || {
                let mut client = Client::connect(address);
                for id in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let answer = client.ask(&signer.signs(Ask::call(id, "load")));
                    assert!(answer.echoes(id, "load"), "{answer:?}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let callers = callers.collect();
        Self { stop, calls, callers }
    }

    /// Until there were some more calls.
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
fn access_keys_rotated_under_load_refuse_nobody_who_is_right_and_admit_nobody_who_is_not() {
    let backend = Backend::echo();
    let (mut setup, carol) = signer::farm(&backend, issued_keys());
    let dave = Signer::issued(&mut setup.access, &setup.keys, "dave", "visitors");
    let (mut access, keys) = (setup.access.clone(), setup.keys.clone());
    let farm = setup.start();
    let load = Load::of(&farm, &[carol.clone(), dave.clone()]);
    load.go_on();
    let (pair, _) = access.rotate("carol", 3600, None, &keys, now()).unwrap();
    let next = Signer::new(&pair.id, pair.secret.expose_secret());
    let status = |signer: &Signer| farm.ask(&signer.signs(Ask::call(7, "x"))).status;
    assert_eq!(status(&next), 401, "not yet known");
    farm.write_access(&access);
    wait_until("the new key is good", || status(&next) == 200);
    load.go_on();
    load.end();
    // Both hold; now the first one goes, while the others call.
    let load = Load::of(&farm, &[next, dave]);
    access.revoke(&carol.id, false).unwrap();
    farm.write_access(&access);
    wait_until("the old key is refused", || status(&carol) == 401);
    let asked = backend.count();
    load.go_on();
    load.end();
    assert!(backend.count() > asked);
    let revoked = backend.seen().iter().filter(|seen| seen.text().contains("revoked")).count();
    assert_eq!((farm.ask(&carol.signs(Ask::call(1, "revoked"))).status, revoked), (401, 0));
    farm.stop();
}

#[test]
fn the_gates_own_keys_rotate_and_the_store_is_sealed_anew_under_load() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let (mut access, mut keys) = (setup.access.clone(), setup.keys.clone());
    let farm = setup.start();
    let load = Load::of(&farm, std::slice::from_ref(&carol));
    for _ in 0..2 {
        // Keys first: they still open what the ones before sealed.
        keys = keys.rotate().unwrap();
        farm.write_keys(&keys);
        farm.gate.reload_files().unwrap();
        load.go_on();
        assert!(access.is_behind(&keys));
        access.reseal(&keys).unwrap();
        assert!(!access.is_behind(&keys));
        farm.write_access(&access);
        farm.gate.reload_files().unwrap();
        load.go_on();
    }
    load.end();
    farm.stop();
}

#[test]
fn a_store_that_can_not_be_opened_changes_nothing() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let mut foreign = setup.access.clone();
    let farm = setup.start();
    let others = farmgate_keys::GateKeys::generate().unwrap();
    let mallory = Signer::issued(&mut foreign, &others, "mallory", "researchers");
    farm.write_access(&foreign);
    assert!(farm.gate.reload_files().is_err());
    assert!(farm.ask(&carol.signs(Ask::call(1, "x"))).echoes(1, "x"));
    assert_eq!(farm.ask(&mallory.signs(Ask::call(1, "x"))).status, 401);
    farm.stop();
}

#[test]
fn a_line_of_the_store_that_was_changed_is_refused() {
    // The group is sealed with the secret: whoever can write the store can't give themselves more.
    let backend = Backend::echo();
    let (setup, _) = signer::farm(&backend, issued_keys());
    let text = setup.access.text();
    let farm = setup.start();
    let other = text.replace("researchers", "administrators");
    assert_ne!(text, other);
    std::fs::write(farm.folder().join("access.json"), other).unwrap();
    assert!(farm.gate.reload_files().is_err());
    farm.stop();
}
