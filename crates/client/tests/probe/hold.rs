//! One test in which every control holds, and one for each control that is switched off.

use farmgate_client::probe::{Verdict, catalogue};

use crate::farm::{Farm, probed};
use crate::weaken::{Weakening, weakening};

#[test]
fn every_control_holds() {
    let farm = Farm::start(&Weakening::NONE);
    let report = probed(&Weakening::NONE.target(&farm));
    let not: Vec<_> = report.controls.iter().filter(|it| it.verdict != Verdict::Held).collect();
    assert!(not.is_empty(), "{not:#?}");
    assert_eq!(report.totals.held, catalogue().count());
    // What works was seen to work, with few calls: it isn't a server's business how a farm is.
    assert!((3..100).contains(&farm.backend.calls()), "{}", farm.backend.calls());
    farm.gate.stop();
}

/// With this control switched off, it fails, and no other does.
fn fails_alone(control: &str) {
    let weakening = weakening(control);
    let farm = Farm::start(&weakening);
    let report = probed(&weakening.target(&farm));
    let failed: Vec<&str> = report
        .controls
        .iter()
        .filter(|it| it.verdict == Verdict::Failed)
        .map(|it| it.control.as_str())
        .collect();
    assert_eq!(failed, [control]);
    if control != "address-allowed" {
        // Nothing else can be told where nobody gets in; everywhere else, everything can.
        assert_eq!(report.totals.not_testable, 0);
    }
    farm.gate.stop();
}

macro_rules! fails_alone {
    ($($test:ident),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                fails_alone(&stringify!($test).replace('_', "-"));
            }
        )*

        #[test]
        fn every_control_has_a_test() {
            let tests: Vec<String> = vec![$(stringify!($test).replace('_', "-")),*];
            let controls: Vec<&str> = catalogue().map(|control| control.id).collect();
            assert_eq!(tests, controls);
        }
    };
}

fails_alone! {
    no_credential,
    wrong_key,
    forged_group,
    signature_expired,
    signature_tampered,
    signature_wrong_region,
    signature_wrong_service,
    proof_for_another_farm,
    session_of_another_principal,
    address_allowed,
    address_refused,
    x_forwarded_for_from_strangers,
    server_port_past_the_gate,
    admin_port,
    plain_http,
    weak_tls,
    foreign_host,
    foreign_origin,
    header_and_body_disagree,
    request_smuggling,
    oversize,
    health_answer,
    default_answer,
    rate_limit,
    secrets_in_answers,
}
