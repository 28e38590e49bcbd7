//! A request that comes twice.

use farmgate_farm::gate::Replay;

use crate::signer;
use crate::support::backend::Backend;
use crate::support::client::Ask;

#[test]
fn a_replay_is_taken_within_the_window_unless_the_farm_refuses_it() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Window, false));
    let farm = setup.start();
    let ask = carol.signs(Ask::call(1, "x"));
    assert!(farm.ask(&ask).echoes(1, "x"));
    assert!(farm.ask(&ask).echoes(1, "x"));
    farm.stop();
}

#[test]
fn a_signature_is_taken_once_where_replays_are_refused() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Refuse, false));
    let farm = setup.start();
    let ask = carol.signs(Ask::call(1, "x"));
    assert!(farm.ask(&ask).echoes(1, "x"));
    for _ in 0..3 {
        // On connections of their own, so that other workers have them, too.
        let answer = farm.ask(&ask);
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains("used before"), "{answer:?}");
    }
    // With what isn't signed changed, it is the same.
    assert_eq!(farm.ask(&ask.with("X-Other", "1")).status, 401);
    // Another call isn't, nor is the same one of another second.
    assert!(farm.ask(&carol.signs(Ask::call(2, "x"))).echoes(2, "x"));
    assert!(farm.ask(&carol.off(-2).signs(Ask::call(1, "x"))).echoes(1, "x"));
    assert_eq!(backend.count(), 3);
    farm.stop();
}

#[test]
fn a_wrong_signature_takes_no_right_ones_place() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Refuse, false));
    let farm = setup.start();
    let ask = carol.signs(Ask::call(1, "x"));
    let stolen = ask.clone().body(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!(farm.ask(&stolen).status, 401);
    assert!(farm.ask(&ask).echoes(1, "x"));
    farm.stop();
}

#[test]
fn a_reload_forgets_no_signature() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Refuse, false));
    let farm = setup.start();
    let ask = carol.signs(Ask::call(1, "x"));
    assert!(farm.ask(&ask).echoes(1, "x"));
    farm.gate.reload_files().unwrap();
    farm.gate.reload(farm.config.clone()).unwrap();
    assert_eq!(farm.ask(&ask).status, 401);
    farm.stop();
}

#[test]
fn what_would_have_to_be_remembered_for_days_is_refused() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Refuse, false));
    let farm = setup.start();
    let ask = || Ask::new("GET", "/mcp");
    let answer = farm.ask(&carol.presigns(ask(), 604_800));
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("an hour at most"), "{answer:?}");
    let hour = carol.presigns(ask(), 3600);
    assert_eq!(farm.ask(&hour).status, 200);
    assert_eq!(farm.ask(&hour).status, 401);
    farm.stop();
}
