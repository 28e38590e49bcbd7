//! Servers and their health.

use std::net::SocketAddr;

use crate::support::backend::Backend;
use crate::support::farm::Setup;
use crate::support::wait_until;

#[test]
fn health_checks_do_probe() {
    // One peer's never did: targets were well by default, for ever.
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let before = backend.probes();
    wait_until("it is probed again and again", || backend.probes() > before + 2);
    let states = farm.gate.states();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].address, backend.address());
    assert!(states[0].probes as usize >= before, "{states:?}");
    assert_eq!(backend.count(), 0, "probes go to the health path alone");
    farm.stop();
}

#[test]
fn a_server_that_was_never_there_is_not_taken_for_healthy() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let well = Backend::echo();
    let farm = Setup::at(&[("gone", gone), ("echo", well.address())]).start();
    let mut ask = farm.call(1, "x");
    ask.line = "POST /gone HTTP/1.1".to_owned();
    wait_until("it is known to be gone", || farm.ask(&ask).status == 503);
    assert!(farm.is_well(), "the other one goes on");
    farm.stop();
}

#[test]
fn one_bad_target_of_several_gets_no_requests() {
    let (well, bad) = (Backend::echo(), Backend::echo());
    let setup = Setup::of(&[("echo", &well)]).with(|config| {
        config.servers.get_mut("echo").unwrap().upstream.also = vec![bad.address()];
    });
    let farm = setup.start();
    bad.kill();
    let mut lost = 0;
    for id in 0..200 {
        let answer = farm.ask(&farm.call(id, "x"));
        // At most those that were on their way when it died.
        lost += usize::from(!answer.echoes(id, "x"));
    }
    assert!(lost <= 2, "{lost} of 200 went to a dead target");
    farm.stop();
}

#[test]
fn addresses_that_no_server_has_are_not_called() {
    // CVE-2026-77822: the metadata service, and ways to write its address.
    for host in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::1",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
    ] {
        let any: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let setup = Setup::at(&[("echo", any)]).with(|config| {
            config.servers.get_mut("echo").unwrap().upstream.host = host.to_owned();
        });
        // Refused at the start, or never called: nothing is healthy, and nothing answers.
        let keys = farmgate_gate::Secrets::default()
            .text(crate::support::farm::KEYS, setup.keys.text())
            .text(crate::support::farm::STORE, secrecy::SecretString::from(setup.store.text()));
        let options = farmgate_gate::Options::default();
        let Ok(gate) = farmgate_gate::Gate::start(setup.config, keys, options) else { continue };
        assert!(gate.states().iter().all(|it| it.outstanding == 0));
        let ask = setup.alice.signs(crate::support::client::Ask::call(1, "x"));
        let mut client = crate::support::client::Client::connect(gate.address());
        assert_eq!(client.ask(&ask).status, 503, "{host}");
        gate.stop();
    }
}
