//! Proofs for STS: what a client makes of a signed request the gate rebuilds byte for byte, and
//! nothing of the client's leads anywhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farmgate_sigv4::sts::{AUDIENCE_HEADER, BODY, CONTENT_TYPE, MAX_TEXT, Proof, host};
use farmgate_sigv4::{Fault, SKEW, SigningKey};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::gate::{KEY_ID, REGION, SECRET};
use crate::signers::{Bare, How, NOW, PLAIN, signed_for};

const FARM: &str = "farm.example.com";
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLE/+==";

/// A proof that AWS's own crate signed, of a request with more or fewer headers.
fn proof_of(headers: &[(&'static str, &str)], how: &How) -> Proof {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let body = BODY.as_bytes().to_vec();
    let bare = Bare { method: "POST", target: "/".to_owned(), headers, body };
    let head = signed_for(&host(REGION), &bare, how);
    let value = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Proof {
        region: REGION.to_owned(),
        authorization: SecretString::from(value("authorization").unwrap()),
        date: value("x-amz-date").unwrap(),
        token: value("x-amz-security-token").map(SecretString::from),
        audience: value(AUDIENCE_HEADER).unwrap_or(FARM.to_owned()),
    }
}

fn proof(token: Option<&str>) -> Proof {
    let how = How { service: "sts", token: token.map(str::to_owned), ..PLAIN };
    proof_of(&[("content-type", CONTENT_TYPE), (AUDIENCE_HEADER, FARM)], &how)
}

/// What a stub of STS says: whether the request that the gate rebuilds is signed.
fn stub(proof: &Proof, now: i64) -> Result<(), Fault> {
    let checked = proof.check(FARM, now)?;
    let date = checked.signed().date();
    let key = SigningKey::derive(&SecretString::from(SECRET), date, REGION, "sts");
    checked.verify(&proof.head()?, BODY.as_bytes(), &key)
}

fn text(value: &Value) -> String {
    format!("v1.{}", URL_SAFE_NO_PAD.encode(value.to_string()))
}

fn json_of(proof: &Proof) -> Value {
    let text = proof.text();
    let json = URL_SAFE_NO_PAD.decode(text.expose_secret().strip_prefix("v1.").unwrap()).unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn a_proof_carries_a_signed_request() {
    for token in [None, Some(TOKEN)] {
        let made = proof(token);
        let read = Proof::parse(made.text().expose_secret()).unwrap();
        assert_eq!(read.text().expose_secret(), made.text().expose_secret());
        assert_eq!(stub(&read, NOW), Ok(()));
        assert_eq!(read.check(FARM, NOW).unwrap().signed().key_id(), KEY_ID);
        let head = read.head().unwrap();
        assert_eq!(head.uri, "https://sts.us-west-2.amazonaws.com/");
        assert_eq!(
            (head.method.as_str(), head.headers["host"].as_bytes()),
            ("POST", &b"sts.us-west-2.amazonaws.com"[..])
        );
        assert_eq!(head.headers.len(), if token.is_some() { 6 } else { 5 });
        assert!(head.headers["authorization"].is_sensitive());
    }
}

#[test]
fn a_proof_is_for_one_farm_and_five_minutes() {
    let proof = proof(Some(TOKEN));
    for (off, expected) in
        [(-SKEW - 1, Err(Fault::Skewed)), (SKEW, Ok(())), (SKEW + 1, Err(Fault::Skewed))]
    {
        assert_eq!(stub(&proof, NOW + off), expected, "{off}");
    }
    let other = proof.check("other.example.com", NOW).map(drop);
    assert_eq!(other, Err(Fault::ProofAudience));
    // Another farm's name over this one's is signed by nobody.
    let forged = Proof { audience: "other.example.com".to_owned(), ..proof };
    let checked = forged.check("other.example.com", NOW).unwrap();
    let key =
        SigningKey::derive(&SecretString::from(SECRET), checked.signed().date(), REGION, "sts");
    let verdict = checked.verify(&forged.head().unwrap(), BODY.as_bytes(), &key);
    assert_eq!(verdict, Err(Fault::Signature));
}

#[test]
fn a_proof_signs_all_of_its_request_and_nothing_else() {
    let how = How { service: "sts", ..PLAIN };
    let kind = ("content-type", CONTENT_TYPE);
    let audience = (AUDIENCE_HEADER, FARM);
    for headers in [
        &[kind][..],
        &[audience],
        &[],
        &[kind, audience, ("accept", "application/json")],
        &[kind, audience, ("content-length", "43")],
    ] {
        let proof = proof_of(headers, &how);
        assert_eq!(proof.check(FARM, NOW).map(drop), Err(Fault::ProofUnsigned), "{headers:?}");
    }
    // A token that is left out, or added, is one that isn't what was signed.
    let without = Proof { token: None, ..proof(Some(TOKEN)) };
    assert_eq!(without.check(FARM, NOW).map(drop), Err(Fault::ProofUnsigned));
    let with = Proof { token: Some(SecretString::from(TOKEN)), ..proof(None) };
    assert_eq!(with.check(FARM, NOW).map(drop), Err(Fault::ProofUnsigned));
}

#[test]
fn a_proof_is_for_the_sts_of_its_region() {
    let elsewhere = Proof { region: "us-east-1".to_owned(), ..proof(None) };
    assert_eq!(elsewhere.check(FARM, NOW).map(drop), Err(Fault::Region));
    let headers = [("content-type", CONTENT_TYPE), (AUDIENCE_HEADER, FARM)];
    let other = proof_of(&headers, &How { service: "execute-api", ..PLAIN });
    assert_eq!(other.check(FARM, NOW).map(drop), Err(Fault::Service));
    for (region, expected) in [
        ("us-east-1", "sts.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
    ] {
        assert_eq!(host(region), expected);
    }
}

/// SSRF: the only word of the client's in a host is the region, and it is a region.
#[test]
fn a_region_leads_to_no_other_host() {
    for region in [
        "",
        "us-west",
        "evil.example.com/",
        "us-west-2.evil.example.com#",
        "us-west-2@evil",
        "us-west-2/",
        "us-west-2:8080",
        "US-WEST-2",
        "us--2",
        "-us-west-2",
        "us-west-2\r\nhost: evil",
        "us-west-\u{0662}",
        "a-a-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let mut value = json_of(&proof(None));
        value["region"] = json!(region);
        assert_eq!(Proof::parse(&text(&value)).map(drop), Err(Fault::Proof), "{region}");
        let built = Proof { region: region.to_owned(), ..proof(None) };
        assert_eq!(built.head().map(drop), Err(Fault::Proof), "{region}");
    }
}

#[test]
fn what_is_no_proof_is_refused() {
    let good = json_of(&proof(Some(TOKEN)));
    assert!(Proof::parse(&text(&good)).is_ok());
    for (field, value) in [
        ("authorization", json!("a\r\nx-evil: 1")),
        ("authorization", json!("")),
        ("authorization", json!(1)),
        ("date", json!("20261122T080910Z\n")),
        ("token", json!("")),
        ("token", json!("t\u{e9}")),
        ("audience", json!("farm\u{0}")),
        ("audience", Value::Null),
        ("more", json!(1)),
    ] {
        let mut value_of = good.clone();
        value_of[field] = value;
        assert_eq!(Proof::parse(&text(&value_of)).map(drop), Err(Fault::Proof), "{value_of}");
    }
    let good = text(&good);
    for text in [
        "",
        "v1.",
        "v2.e30",
        &good[3..],
        &format!("{good}="),
        &format!("{good} "),
        &format!("v1.{}", "A".repeat(MAX_TEXT)),
        "v1.e30",
    ] {
        assert_eq!(Proof::parse(text).map(drop), Err(Fault::Proof), "{text}");
    }
    // Twice the same field: what one reader takes another one might not.
    let twice = r#"{"region":"us-west-2","region":"us-east-1","authorization":"a","date":"d","audience":"f"}"#;
    let twice = format!("v1.{}", URL_SAFE_NO_PAD.encode(twice));
    assert_eq!(Proof::parse(&twice).map(drop), Err(Fault::Proof));
    // A presigned URL can't be told as a proof, nor anything that isn't SigV4.
    let bearer = Proof { authorization: SecretString::from("Bearer a"), ..proof(None) };
    assert_eq!(bearer.check(FARM, NOW).map(drop), Err(Fault::Proof));
}

#[test]
fn a_proof_shows_no_credential() {
    let proof = proof(Some(TOKEN));
    let shown = format!("{proof:?}");
    assert!(shown.contains(FARM), "{shown}");
    for hidden in [TOKEN, "Signature", KEY_ID] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_proof_or_refused(input in "(v1\\.)?[ -~]{0,200}") {
        prop_assert_eq!(Proof::parse(&input).map(drop), Err(Fault::Proof));
    }
}
