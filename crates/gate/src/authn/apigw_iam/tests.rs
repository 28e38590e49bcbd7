//! Whom an API Gateway is believed about, and which secrets it may have.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use http::Request;

use super::*;

const SECRET: &str = "kJ8sQ2vX5nB7mW4tR9yU1zC3pL6hG0dF";
const OTHER: &str = "aZ3xS7cD1vF5gB9nH2mJ6kL0qW4eR8tY";
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/agents-a/session";

fn gateway(secret: &str) -> Result<ApiGateway, String> {
    let patterns = ["arn:aws:sts::123456789012:assumed-role/agents-*/*".to_owned()];
    ApiGateway::new(&SecretString::from(secret), &patterns)
}

fn ask(gateway: &ApiGateway, headers: &[(&str, &str)]) -> Proof {
    let mut request = Request::builder().uri("/mcp");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.at_head(&request.body(()).unwrap().into_parts().0)
}

fn code(proof: &Proof) -> &'static str {
    match proof {
        Proof::Is(_) => "is",
        Proof::Absent => "absent",
        Proof::Later => "later",
        Proof::Wrong(wrong) => wrong.code,
    }
}

#[test]
fn the_caller_is_believed_of_nobody_without_the_secret() {
    let gateway = gateway(SECRET).unwrap();
    let (secret, caller) = (("farmgate-gateway", SECRET), ("farmgate-caller", CALLER));
    let other = ("farmgate-caller", "arn:aws:sts::123456789012:assumed-role/admin/x");
    for (headers, want) in [
        (&[secret, caller][..], "is"),
        (&[caller], "absent"),
        (&[("farmgate-gateway", OTHER), caller], "apigw_iam_secret"),
        (&[("farmgate-gateway", ""), caller], "apigw_iam_secret"),
        (&[("farmgate-gateway", &SECRET[..31]), caller], "apigw_iam_secret"),
        (&[secret, secret, caller], "apigw_iam_malformed"),
        (&[secret, ("farmgate-gateway", OTHER), caller], "apigw_iam_malformed"),
        (&[secret], "apigw_iam_malformed"),
        (&[secret, caller, caller], "apigw_iam_malformed"),
        (&[secret, caller, other], "apigw_iam_malformed"),
        (&[secret, ("farmgate-caller", "")], "apigw_iam_malformed"),
        (&[secret, ("farmgate-caller", "$context.identity.userArn")], "apigw_iam_malformed"),
        (&[secret, other], "apigw_iam_principal"),
    ] {
        assert_eq!(code(&ask(&gateway, headers)), want, "{headers:?}");
    }
    let Proof::Is(principal) = ask(&gateway, &[secret, caller]) else { panic!("not taken") };
    assert_eq!((principal.subject.as_str(), principal.kind), (CALLER, "apigw_iam"));
    assert!(principal.groups.is_empty());
}

#[test]
fn two_secrets_hold_during_a_rotation() {
    let gateway = gateway(&format!("{SECRET}\n{OTHER}\n")).unwrap();
    for secret in [SECRET, OTHER] {
        let headers = [("farmgate-gateway", secret), ("farmgate-caller", CALLER)];
        assert_eq!(code(&ask(&gateway, &headers)), "is");
    }
    let both = format!("{SECRET} {OTHER}");
    let headers = [("farmgate-gateway", both.as_str()), ("farmgate-caller", CALLER)];
    assert_eq!(code(&ask(&gateway, &headers)), "apigw_iam_secret");
}

#[test]
fn a_secret_that_could_be_guessed_is_refused_and_not_shown() {
    let long = "x".repeat(3000);
    let three = format!("{SECRET} {OTHER} {SECRET}");
    for secret in [
        "",
        " ",
        "changeme",
        "kJ8sQ2vX5nB7mW4tR9yU1zC3pL6hG0d",
        "00000000000000000000000000000000",
        "abcdefgh12345678abcdefgh12345678",
        "ababababababababababababababababab",
        "kJ8sQ2vX5nB7mW4tR9yU1zC3pL6hG0d\u{e9}",
        &long,
        &three,
        &format!("{SECRET} short"),
    ] {
        let Err(error) = gateway(secret) else { panic!("taken: {secret:?}") };
        assert!(secret.trim().len() < 6 || !error.contains(secret.trim()), "{error}");
    }
}
