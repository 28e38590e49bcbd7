//! Conditions, case by case as the IAM User Guide tells them ("Condition operators", "Conditions with
//! multiple context keys or values").

use farmgate_aws::iam::{Context, Held, Outcome};
use serde_json::{Value, json};

use crate::Asked;

const ALLOWED: Outcome = Outcome::Allowed;
const NOT: Outcome = Outcome::NotAllowed;
const UNKNOWN: Outcome = Outcome::Unknown;

fn held(key: &str, held: Held) -> Context {
    let mut context = Context::default();
    context.insert(key, held);
    context
}

fn values(all: &[&str]) -> Held {
    Held::Values(all.iter().map(|value| (*value).to_owned()).collect())
}

#[track_caller]
fn check(condition: &Value, context: Context, expected: Outcome) {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition },
    });
    let asked = Asked { context, ..Asked::of(document) };
    assert_eq!(asked.outcome("s3:GetObject", "arn:aws:s3:::b/x"), expected, "{condition}");
}

#[test]
fn one_of_the_values_has_to_fit_and_all_keys() {
    let two =
        json!({ "StringEquals": { "aws:SourceAccount": ["1", "2"], "aws:SourceVpc": "vpc-a" } });
    let both = held("aws:SourceAccount", values(&["2"])).with("aws:SourceVpc", "vpc-a");
    check(&two, both, ALLOWED);
    check(&two, held("aws:SourceAccount", values(&["2"])).with("aws:SourceVpc", "vpc-b"), NOT);
    check(&two, held("aws:SourceAccount", values(&["3"])), NOT);
    // Of a key that no source shows nothing is known.
    check(&two, held("aws:SourceAccount", values(&["2"])), UNKNOWN);
}

#[test]
fn keys_and_operators_are_read_without_regard_to_case() {
    let condition = json!({ "stringequals": { "AWS:sourceaccount": "1" } });
    check(&condition, held("aws:SourceAccount", values(&["1"])), ALLOWED);
    check(&json!({ "StringEquals": { "a:b": "X" } }), held("a:b", values(&["x"])), NOT);
    check(
        &json!({ "StringEqualsIgnoreCase": { "a:b": "X" } }),
        held("a:b", values(&["x"])),
        ALLOWED,
    );
}

#[test]
fn a_key_that_is_not_there_fits_negated_operators_and_if_exists() {
    let absent = || held("a:b", Held::Absent);
    check(&json!({ "StringEquals": { "a:b": "x" } }), absent(), NOT);
    check(&json!({ "StringNotEquals": { "a:b": "x" } }), absent(), ALLOWED);
    check(&json!({ "StringEqualsIfExists": { "a:b": "x" } }), absent(), ALLOWED);
    check(&json!({ "ForAllValues:StringEquals": { "a:b": "x" } }), absent(), ALLOWED);
    check(&json!({ "ForAnyValue:StringEquals": { "a:b": "x" } }), absent(), NOT);
    check(&json!({ "ForAnyValue:StringNotEquals": { "a:b": "x" } }), absent(), NOT);
    check(&json!({ "Null": { "a:b": "true" } }), absent(), ALLOWED);
    check(&json!({ "Null": { "a:b": "false" } }), absent(), NOT);
    check(&json!({ "Null": { "a:b": "false" } }), held("a:b", values(&["x"])), ALLOWED);
    check(&json!({ "Null": { "a:b": "false" } }), Context::default(), UNKNOWN);
}

#[test]
fn several_values_of_a_request_are_quantified() {
    let two = || held("a:b", values(&["x", "y"]));
    check(&json!({ "ForAllValues:StringEquals": { "a:b": ["x", "y", "z"] } }), two(), ALLOWED);
    check(&json!({ "ForAllValues:StringEquals": { "a:b": "x" } }), two(), NOT);
    check(&json!({ "ForAnyValue:StringEquals": { "a:b": "x" } }), two(), ALLOWED);
    check(&json!({ "ForAnyValue:StringNotEquals": { "a:b": "x" } }), two(), ALLOWED);
    check(&json!({ "ForAllValues:StringNotEquals": { "a:b": "x" } }), two(), NOT);
}

#[test]
fn stars_are_stars_only_where_they_are_patterns() {
    check(&json!({ "StringLike": { "a:b": "x*" } }), held("a:b", values(&["xyz"])), ALLOWED);
    check(&json!({ "StringEquals": { "a:b": "x*" } }), held("a:b", values(&["xyz"])), NOT);
    check(&json!({ "StringNotLike": { "a:b": "x*" } }), held("a:b", values(&["xyz"])), NOT);
}

#[test]
fn arns_are_compared_part_by_part() {
    let arn = |text: &str| held("aws:SourceArn", values(&[text]));
    let like = |pattern: &str| json!({ "ArnLike": { "aws:SourceArn": pattern } });
    let task = "arn:aws:ecs:eu-west-1:123456789012:task/c/1";
    check(&like("arn:aws:ecs:eu-west-1:123456789012:*"), arn(task), ALLOWED);
    check(&like("arn:aws:ecs:*:123456789012:*"), arn(task), ALLOWED);
    // A star does not stand for a colon between the parts.
    check(&like("arn:aws:ecs:*:task/c/1"), arn(task), NOT);
    check(&json!({ "ArnNotLike": { "aws:SourceArn": "arn:aws:ecs:*:*:*" } }), arn(task), NOT);
    let somewhere =
        held("aws:SourceArn", Held::Like("arn:aws:ecs:eu-west-1:123456789012:*".to_owned()));
    check(&like("arn:aws:ecs:eu-west-1:123456789012:*"), somewhere.clone(), ALLOWED);
    check(&like("arn:aws:ecs:eu-west-1:123456789012:cluster/c"), somewhere.clone(), UNKNOWN);
    check(&like("arn:aws:ecs:eu-west-1:999999999999:*"), somewhere, NOT);
}

#[test]
fn what_is_not_decided_here_is_unknown_and_named() {
    for condition in [
        json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
        json!({ "DateLessThan": { "aws:CurrentTime": "2030-01-01T00:00:00Z" } }),
        json!({ "StringSounds": { "a:b": "x" } }),
        json!({ "StringEquals": { "a:b": "${aws:PrincipalTag/team}" } }),
    ] {
        let context = held("aws:SourceIp", values(&["10.1.2.3"]))
            .with("aws:CurrentTime", "2026-01-01T00:00:00Z")
            .with("a:b", "x");
        check(&condition, context, UNKNOWN);
    }
    let document = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { "StringEquals": { "aws:SourceVpce": "vpce-1" } },
        },
    });
    let decision = Asked::of(document).decide("s3:GetObject", "arn:aws:s3:::b/x");
    let missing: Vec<String> = decision.missing.iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["it has a condition on `aws:SourceVpce` (`StringEquals`)"]);
}

#[test]
fn booleans_are_texts() {
    let secure = || held("aws:SecureTransport", values(&["true"]));
    check(&json!({ "Bool": { "aws:SecureTransport": true } }), secure(), ALLOWED);
    check(&json!({ "Bool": { "aws:SecureTransport": "False" } }), secure(), NOT);
}
