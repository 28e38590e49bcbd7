//! Proofs that STS verifies.

use std::thread;
use std::time::Duration;

use farmgate_farm::gate::{Authentication, STS_PROOF_HEADER};
use farmgate_keys::Verifier;
use farmgate_sigv4::sts::Proof;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clients::{botocore, python};
use crate::signer::{self, Signer};
use crate::sts::{AUDIENCE, Authority, Mood, REGION, Stub, answer, caller, proof_for, refusal};
use crate::support::backend::Backend;
use crate::support::client::{Answer, Ask};
use crate::support::farm::{Farm, Setup, now};
use crate::support::wait_until;

const AGENT: &str = "arn:aws:sts::123456789012:assumed-role/agents-a/session";
const PATTERN: &str = "arn:aws:sts::123456789012:assumed-role/agents-*/*";

fn way(pattern: &str) -> Authentication {
    Authentication::StsProof {
        principals: vec![pattern.to_owned()],
        regions: vec![REGION.to_owned()],
        audience: AUDIENCE.to_owned(),
    }
}

fn setup(backend: &Backend, stub: &Stub) -> Setup {
    let (mut setup, _) = signer::farm(backend, way(PATTERN));
    setup.sts = stub.sts();
    setup
}

fn with(proof: &Proof) -> Ask {
    Ask::call(1, "x").with(STS_PROOF_HEADER, proof.text().expose_secret())
}

fn by(farm: &Farm, signer: &Signer) -> Answer {
    farm.ask(&with(&proof_for(signer, AUDIENCE)))
}

#[test]
fn who_sts_says_it_is_gets_in_and_is_asked_about_once() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let setup = setup(&backend, &stub);
    let verifier = Verifier::parse(&setup.keys.public()).unwrap();
    let farm = setup.start();
    let agent = stub.know(AGENT);
    let proof = proof_for(&agent, AUDIENCE);
    for _ in 0..5 {
        assert!(farm.ask(&with(&proof)).echoes(1, "x"));
    }
    for method in ["GET", "DELETE"] {
        let ask = Ask::new(method, "/mcp").with(STS_PROOF_HEADER, proof.text().expose_secret());
        assert_eq!(farm.ask(&ask).status, 200);
    }
    assert_eq!(stub.count(), 1, "an answer holds as long as the proof");
    for seen in backend.seen() {
        assert_eq!(seen.header(STS_PROOF_HEADER), None);
        let principal = seen.header("farmgate-principal").unwrap();
        let principal = verifier.verify(principal, Some("echo"), now()).unwrap();
        assert_eq!((principal.subject.as_str(), principal.kind), (AGENT, "sts_proof"));
    }
    farm.stop();
}

#[test]
fn sts_gets_nothing_but_what_was_signed() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = Signer { token: Some("t/+=".to_owned()), ..stub.know(AGENT) };
    let ask =
        with(&proof_for(&agent, AUDIENCE)).with("Accept-Language", "de").with("X-Amz-Target", "x");
    farm.ask(&ask);
    let seen = stub.seen();
    assert_eq!(seen.len(), 1);
    let (head, body) = seen[0].split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST / HTTP/1.1"));
    let mut names: Vec<_> =
        lines.map(|line| line.split(':').next().unwrap().to_lowercase()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "authorization",
            "connection",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-amz-date",
            "x-amz-security-token",
            "x-farmgate-audience",
        ]
    );
    assert_eq!(body, "Action=GetCallerIdentity&Version=2011-06-15");
    farm.stop();
}

#[test]
fn who_is_not_wanted_is_403_and_who_is_nobody_401() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let other = stub.know("arn:aws:sts::123456789012:assumed-role/admins/session");
    let elsewhere = stub.know("arn:aws:sts::210987654321:assumed-role/agents-a/session");
    for signer in [&other, &elsewhere] {
        let answer = by(&farm, signer);
        assert_eq!((answer.status, answer.text().contains("arn:")), (403, false), "{answer:?}");
    }
    let wrong = Signer { secret: "another".to_owned(), ..stub.know(AGENT) };
    let stranger = Signer { id: "AKIA0000000000009999".to_owned(), ..wrong.clone() };
    for signer in [&wrong, &stranger] {
        let proof = proof_for(signer, AUDIENCE);
        let asked = stub.count();
        for _ in 0..3 {
            let answer = farm.ask(&with(&proof));
            assert_eq!((answer.status, answer.text().as_str()), (401, ""));
        }
        assert_eq!(stub.count(), asked + 1, "a refusal is remembered, too");
    }
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn a_proof_for_another_farm_region_or_time_is_never_shown_to_sts() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = stub.know(AGENT);
    let good = proof_for(&agent, AUDIENCE);
    let text = |proof: &Proof| proof.text().expose_secret().to_owned();
    let unbound = {
        // Signed for nobody in particular, and then said to be for this farm.
        let mut proof = proof_for(&agent, AUDIENCE);
        let signed = proof.authorization.expose_secret().replace(";x-farmgate-audience", "");
        proof.authorization = SecretString::from(signed);
        text(&proof)
    };
    let renamed = Proof { audience: AUDIENCE.to_owned(), ..proof_for(&agent, "evil.example.com") };
    for (what, proof, told) in [
        ("another farm", text(&proof_for(&agent, "evil.example.com")), "another farm"),
        ("no audience that is signed", unbound, "signs"),
        (
            "another region",
            text(&proof_for(&agent.for_scope("us-west-2", "sts"), AUDIENCE)),
            "region",
        ),
        (
            "another service",
            text(&proof_for(&agent.for_scope(REGION, "iam"), AUDIENCE)),
            "another service",
        ),
        ("too old", text(&proof_for(&agent.off(-310), AUDIENCE)), "clock"),
        ("of the future", text(&proof_for(&agent.off(310), AUDIENCE)), "clock"),
        (
            "a region that is a host",
            text(&Proof { region: "evil.example.com#".into(), ..copy(&good) }),
            "malformed",
        ),
        (
            "a line break",
            text(&Proof { date: "x\r\nx-evil: 1".into(), ..copy(&good) }),
            "malformed",
        ),
        ("nothing", "v1.".to_owned(), "malformed"),
        ("no proof", "v1.e30".to_owned(), "malformed"),
        ("another version", text(&good).replacen("v1", "v2", 1), "malformed"),
        ("too long", format!("v1.{}", "A".repeat(9000)), "malformed"),
    ] {
        let answer = farm.ask(&Ask::call(1, "x").with(STS_PROOF_HEADER, &proof));
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        assert!(answer.text().contains(told), "{what}: {answer:?}");
    }
    let twice = with(&good).with(STS_PROOF_HEADER, &text(&good));
    assert_eq!(farm.ask(&twice).status, 401);
    assert_eq!(stub.count(), 0);
    // What was signed for another farm and says it is for this one, STS sees and refuses.
    assert_eq!(farm.ask(&with(&renamed)).status, 401);
    assert_eq!((stub.count(), backend.count()), (1, 0));
    farm.stop();
}

fn copy(proof: &Proof) -> Proof {
    Proof::parse(proof.text().expose_secret()).unwrap()
}

#[test]
fn a_proof_is_refused_where_it_came_in_plain_text() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let proof = proof_for(&stub.know(AGENT), AUDIENCE);
    for value in ["http", "HTTP", "https, http", ""] {
        let answer = farm.ask(&with(&proof).with("X-Forwarded-Proto", value));
        assert_eq!(answer.status, 401, "{value}");
        assert!(answer.text().contains("over https alone"), "{answer:?}");
    }
    assert_eq!(stub.count(), 0);
    assert!(farm.ask(&with(&proof).with("X-Forwarded-Proto", "https")).echoes(1, "x"));
    farm.stop();
}

#[test]
fn a_gate_that_can_not_ask_sts_refuses_and_recovers() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = stub.know(AGENT);
    let forged = caller(AGENT);
    for (what, says) in [
        ("throttles", refusal("Throttling")),
        ("fails", answer("500 Internal Server Error", "")),
        ("is unavailable, and says who", forged.replace("200 OK", "503 Slow Down")),
        ("says JSON", answer("200 OK", &format!("{{\"Arn\":\"{AGENT}\"}}"))),
        ("says nothing", answer("200 OK", "")),
        ("says too much", answer("200 OK", &" ".repeat(100 << 10))),
        ("breaks off", forged[..forged.len() - 20].to_owned()),
        ("is no HTTP", "no".to_owned()),
    ] {
        stub.mood(Mood::Says(says));
        // Each another proof: one that couldn't be asked about is remembered for two seconds.
        let token = Signer { token: Some(what.replace(' ', "-")), ..agent.clone() };
        let answer = by(&farm, &token);
        assert_eq!(answer.status, 503, "{what}: {answer:?}");
        assert!(answer.header("retry-after").is_some(), "{what}: {answer:?}");
    }
    assert_eq!(backend.count(), 0);
    stub.mood(Mood::Honest);
    assert!(by(&farm, &agent).echoes(1, "x"));
    // And one that wasn't answered is asked about again after a while.
    let token = Signer { token: Some("throttles".to_owned()), ..agent };
    let proof = proof_for(&token, AUDIENCE);
    wait_until("it is asked about again", || farm.ask(&with(&proof)).status == 401);
    farm.stop();
}

#[test]
fn ghsa_9g45_5xwm_f3wc_a_redirect_of_sts_gets_no_credentials() {
    let (backend, stub, other) = (Backend::echo(), Stub::start(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = stub.know(AGENT);
    let sts = other.sts();
    let farmgate_gate::Sts::At { address, .. } = sts else { panic!("it is on loopback") };
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let head = format!("HTTP/1.1 {status}\r\nLocation: https://{address}/\r\n");
        stub.mood(Mood::Says(format!("{head}Content-Length: 0\r\n\r\n")));
        let token = Signer { token: Some(status[..3].to_owned()), ..agent.clone() };
        assert_eq!(by(&farm, &token).status, 503, "{status}");
    }
    assert_eq!((stub.count(), other.count(), backend.count()), (4, 0, 0));
    farm.stop();
}

#[test]
fn a_silent_sts_holds_nobody_up_for_long() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = stub.know(AGENT);
    let known = proof_for(&agent, AUDIENCE);
    assert!(farm.ask(&with(&known)).echoes(1, "x"));
    stub.mood(Mood::Silent);
    let begin = std::time::Instant::now();
    let other = Signer { token: Some("t".to_owned()), ..agent };
    assert_eq!(by(&farm, &other).status, 503);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    // Whoever is known needs nobody to be asked.
    assert!(farm.ask(&with(&known)).echoes(1, "x"));
    farm.stop();
}

#[test]
fn one_proof_is_asked_about_once_however_many_bring_it() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    stub.mood(Mood::Slow(Duration::from_millis(300)));
    let ask = with(&proof_for(&stub.know(AGENT), AUDIENCE));
    thread::scope(|scope| {
        let asked: Vec<_> = (0..30).map(|_| scope.spawn(|| farm.ask(&ask))).collect();
        for answer in asked {
            assert!(answer.join().unwrap().echoes(1, "x"));
        }
    });
    assert_eq!(stub.count(), 1);
    farm.stop();
}

#[test]
fn a_client_that_goes_away_takes_the_answer_from_nobody() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    stub.mood(Mood::Slow(Duration::from_millis(500)));
    let ask = with(&proof_for(&stub.know(AGENT), AUDIENCE));
    let mut first = farm.client();
    first.send(&ask.bytes());
    wait_until("STS is asked", || stub.count() == 1);
    drop(first);
    assert!(farm.ask(&ask).echoes(1, "x"));
    assert_eq!(stub.count(), 1);
    farm.stop();
}

#[test]
fn only_so_many_questions_are_under_way_at_a_time() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    stub.mood(Mood::Slow(Duration::from_millis(100)));
    let agent = stub.know(AGENT);
    let asks: Vec<_> = (0..60)
        .map(|number| {
            let other = Signer { token: Some(format!("t{number}")), ..agent.clone() };
            with(&proof_for(&other, AUDIENCE))
        })
        .collect();
    thread::scope(|scope| {
        for ask in &asks {
            scope.spawn(|| assert_eq!(farm.ask(ask).status, 401));
        }
    });
    assert_eq!(stub.count(), 60);
    assert!(stub.most_under_way() <= 16, "{}", stub.most_under_way());
    farm.stop();
}

#[test]
fn an_sts_that_nobody_vouches_for_is_not_believed() {
    let backend = Backend::echo();
    // Of another authority; and of the right one under another name.
    let other = Stub::start();
    let renamed = Stub::with(Authority::new(&["sts.eu-west-1.amazonaws.com".to_owned()]));
    let trusted = Authority::of_sts();
    let mut strange = other.sts();
    if let farmgate_gate::Sts::At { roots, .. } = &mut strange {
        *roots = trusted.roots;
    }
    for (stub, sts) in [(&other, strange), (&renamed, renamed.sts())] {
        let mut setup = setup(&backend, stub);
        setup.sts = sts;
        let farm = setup.start();
        assert_eq!(by(&farm, &stub.know(AGENT)).status, 503);
        assert_eq!(stub.count(), 0, "it has not seen the proof");
        farm.stop();
    }
    assert_eq!(backend.count(), 0);
}

#[test]
fn a_reload_keeps_what_sts_said_and_not_who_is_wanted() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let ask = with(&proof_for(&stub.know(AGENT), AUDIENCE));
    assert!(farm.ask(&ask).echoes(1, "x"));
    let mut config = farm.config.clone();
    let server = config.servers.get_mut("echo").unwrap();
    server.authentication = vec![way("arn:aws:sts::123456789012:assumed-role/others/*")];
    farm.gate.reload(config).unwrap();
    assert_eq!(farm.ask(&ask).status, 403);
    farm.gate.reload(farm.config.clone()).unwrap();
    assert!(farm.ask(&ask).echoes(1, "x"));
    assert_eq!(stub.count(), 1);
    farm.stop();
}

#[test]
fn a_pattern_with_a_roles_path_is_refused_with_the_reason() {
    let (backend, stub) = (Backend::echo(), Stub::start());
    for pattern in [
        "arn:aws:iam::123456789012:role/service/agents",
        "arn:aws:sts::123456789012:assumed-role/service/agents/*",
    ] {
        let setup = setup(&backend, &stub).with(|config| {
            config.servers.get_mut("echo").unwrap().authentication = vec![way(pattern)];
        });
        let Err(error) = setup.try_start() else { panic!("it started with {pattern}") };
        assert!(error.to_string().contains("no path of the role"), "{error}");
    }
}

#[test]
fn botocores_own_signer_agrees_with_what_the_gate_sends_to_sts() {
    // An STS that is written in Python and computes every signature with botocore.
    let Some(python) = python() else { return };
    let authority = Authority::of_sts();
    let oracle = botocore::Sts::start(&python, &authority);
    let backend = Backend::echo();
    let (mut setup, _) = signer::farm(&backend, way(PATTERN));
    let roots = authority.roots;
    setup.sts = farmgate_gate::Sts::At { address: oracle.address, roots };
    let farm = setup.start();
    let signer = Signer::new("AKIAORACLE0000000000", "a secret/of+the=oracle");
    let signer = Signer { token: Some("token/+=".to_owned()), ..signer.for_scope(REGION, "sts") };
    assert!(by(&farm, &signer).echoes(1, "x"));
    for wrong in [
        Signer { secret: "another".to_owned(), ..signer.clone() },
        Signer { id: "AKIAORACLE0000000001".to_owned(), ..signer.clone() },
        Signer { token: Some("another".to_owned()), ..signer.clone() },
    ] {
        assert_eq!(by(&farm, &wrong).status, 401);
    }
    let renamed = Proof { audience: AUDIENCE.into(), ..proof_for(&signer, "evil.example.com") };
    assert_eq!(farm.ask(&with(&renamed)).status, 401);
    assert_eq!(backend.count(), 1);
    farm.stop();
}

#[test]
fn proofs_made_by_botocore_get_in() {
    let Some(python) = python() else { return };
    let (backend, stub) = (Backend::echo(), Stub::start());
    let farm = setup(&backend, &stub).start();
    let agent = stub.know(AGENT);
    let proof = botocore::proof(&python, &agent, AUDIENCE);
    let ask = Ask::call(1, "x").with(STS_PROOF_HEADER, &proof);
    assert!(farm.ask(&ask).echoes(1, "x"), "{:?}", farm.ask(&ask));
    farm.stop();
}
