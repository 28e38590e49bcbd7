//! Decisions, as "Policy evaluation logic" of the IAM User Guide tells them and as the policy simulator
//! answers.

use std::collections::BTreeMap;

use farmgate_aws::iam::{Context, Held, Outcome, Policy, Side};
use farmgate_aws::model::Key;
use serde_json::{Value, json};

use crate::{Asked, ROLE};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:farm/key-AbCdEf";
const READ: &str = "secretsmanager:GetSecretValue";

fn allow(action: &Value, resource: &Value) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allowing(action: &str, resource: &str) -> Value {
    document(&allow(&json!(action), &json!(resource)))
}

#[test]
fn nothing_is_allowed_that_nothing_allows() {
    let nothing = Asked::default();
    assert_eq!(nothing.outcome(READ, SECRET), Outcome::NotAllowed);
    let other = Asked::of(allowing("s3:*", "*"));
    assert_eq!(other.outcome(READ, SECRET), Outcome::NotAllowed);
}

#[test]
fn actions_are_patterns_without_regard_to_case_and_resources_with() {
    for action in ["*", "secretsmanager:*", "secretsmanager:get*", "SecretsManager:GetSecretValue"]
    {
        assert_eq!(
            Asked::of(allowing(action, "*")).outcome(READ, SECRET),
            Outcome::Allowed,
            "{action}"
        );
    }
    let upper = Asked::of(allowing(READ, &SECRET.replace("farm", "FARM")));
    assert_eq!(upper.outcome(READ, SECRET), Outcome::NotAllowed);
}

#[test]
fn a_deny_wins_wherever_it_is() {
    let deny = json!({ "Sid": "No", "Effect": "Deny", "Action": READ, "Resource": SECRET });
    let both = Asked::of(document(&json!([allow(&json!("*"), &json!("*")), deny])));
    let decision = both.decide(READ, SECRET);
    assert_eq!(decision.outcome, Outcome::Denied);
    assert_eq!(decision.by[0].1, "statement `No`");
    let other = SECRET.replace("farm/key", "farm/other");
    assert_eq!(both.outcome(READ, &other), Outcome::Allowed);
    // In the resource's own policy, too.
    let theirs = json!({ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" });
    let asked = Asked { resource: Some(document(&theirs)), ..Asked::of(allowing("*", "*")) };
    assert_eq!(asked.outcome(READ, SECRET), Outcome::Denied);
}

#[test]
fn what_may_deny_leaves_it_open() {
    let deny = json!({
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-1" } },
    });
    let asked = Asked::of(document(&json!([allow(&json!("*"), &json!("*")), deny])));
    assert_eq!(asked.outcome(READ, SECRET), Outcome::Unknown);
    // If nothing allows it, it doesn't matter.
    let asked = Asked::of(document(&json!([allow(&json!("s3:*"), &json!("*")), deny])));
    assert_eq!(asked.outcome(READ, SECRET), Outcome::NotAllowed);
}

#[test]
fn what_is_excluded_is_not_meant() {
    let but = json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" });
    let asked = Asked::of(document(&but));
    assert_eq!(asked.outcome(READ, SECRET), Outcome::Allowed);
    assert_eq!(asked.outcome("iam:PassRole", ROLE), Outcome::NotAllowed);
    let but = json!({ "Effect": "Allow", "Action": "*", "NotResource": SECRET });
    assert_eq!(Asked::of(document(&but)).outcome(READ, SECRET), Outcome::NotAllowed);
    assert_eq!(
        Asked::of(document(&but)).outcome("ecr:GetAuthorizationToken", "*"),
        Outcome::Allowed
    );
}

#[test]
fn a_boundary_limits_and_allows_nothing() {
    let boundary = Some(allowing("secretsmanager:*", "*"));
    let asked = Asked { boundary: boundary.clone(), ..Asked::of(allowing("*", "*")) };
    assert_eq!(asked.outcome(READ, SECRET), Outcome::Allowed);
    assert_eq!(asked.outcome("s3:GetObject", "arn:aws:s3:::b/x"), Outcome::NotAllowed);
    let alone = Asked { boundary, ..Asked::default() };
    assert_eq!(alone.outcome(READ, SECRET), Outcome::NotAllowed);
}

#[test]
fn no_arn_is_meant_by_an_action_without_resources() {
    let token = "ecr:GetAuthorizationToken";
    let repository = "arn:aws:ecr:eu-west-1:123456789012:repository/farm";
    assert_eq!(Asked::of(allowing(token, repository)).outcome(token, "*"), Outcome::NotAllowed);
    assert_eq!(
        Asked::of(allowing(token, "arn:aws:ecr:*")).outcome(token, "*"),
        Outcome::NotAllowed
    );
    assert_eq!(Asked::of(allowing(token, "*")).outcome(token, "*"), Outcome::Allowed);
}

#[test]
fn a_resource_that_is_known_in_part_is_covered_met_or_not() {
    let asked = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:farm/key-??????";
    let outcome = |pattern: &str| Asked::of(allowing(READ, pattern)).outcome(READ, asked);
    assert_eq!(outcome(asked), Outcome::Allowed);
    assert_eq!(outcome("arn:aws:secretsmanager:*:*:secret:farm/*"), Outcome::Allowed);
    assert_eq!(outcome(SECRET), Outcome::Unknown);
    // Without the six characters it names no secret.
    assert_eq!(outcome(asked.trim_end_matches("-??????")), Outcome::NotAllowed);
    assert_eq!(
        outcome("arn:aws:secretsmanager:eu-west-1:123456789012:secret:other-??????"),
        Outcome::NotAllowed
    );
}

#[test]
fn a_log_groups_streams_are_named_with_a_star() {
    let stream = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a:log-stream:a/a/*";
    let outcome = |pattern: &str| {
        Asked::of(allowing("logs:PutLogEvents", pattern)).outcome("logs:PutLogEvents", stream)
    };
    assert_eq!(outcome("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a:*"), Outcome::Allowed);
    assert_eq!(
        outcome("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a"),
        Outcome::NotAllowed
    );
    assert_eq!(outcome("arn:aws:logs:*:*:*"), Outcome::Allowed);
    // Short of six parts: IAM completes it with stars.
    assert_eq!(outcome("arn:aws:logs"), Outcome::Allowed);
    // Whether a star stands for a colon here, no document says.
    assert_eq!(outcome("arn:aws:logs:*:log-group:/ecs/a:*"), Outcome::Unknown);
}

#[test]
fn variables_are_read_in_the_later_version_alone() {
    let resource =
        "arn:aws:secretsmanager:eu-west-1:${aws:PrincipalAccount}:secret:farm/key-AbCdEf";
    let context = || Context::default().with("aws:PrincipalAccount", "123456789012");
    let with = |version: &str| {
        let document = json!({
            "Version": version, "Statement": allow(&json!(READ), &json!(resource)),
        });
        Asked { context: context(), ..Asked::of(document) }.outcome(READ, SECRET)
    };
    assert_eq!(with("2012-10-17"), Outcome::Allowed);
    assert_eq!(with("2008-10-17"), Outcome::NotAllowed);
    let tag = allowing(READ, "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*");
    assert_eq!(Asked::of(tag).outcome(READ, SECRET), Outcome::Unknown);
    let star = allowing(READ, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:farm/${*}");
    assert_eq!(Asked::of(star).outcome(READ, SECRET), Outcome::NotAllowed);
}

// === The resource's own policy ===

fn for_principal(principal: &Value) -> Value {
    document(&json!({ "Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*" }))
}

#[test]
fn in_one_account_either_policy_is_enough_and_between_two_both_are_needed() {
    let theirs = || Some(for_principal(&json!({ "AWS": ROLE })));
    let alone = Asked { resource: theirs(), ..Asked::default() };
    assert_eq!(alone.outcome(READ, SECRET), Outcome::Allowed);
    let other = Asked { side: Some(Side::Other), resource: theirs(), ..Asked::default() };
    assert_eq!(other.outcome(READ, SECRET), Outcome::NotAllowed);
    let both =
        Asked { side: Some(Side::Other), resource: theirs(), ..Asked::of(allowing("*", "*")) };
    assert_eq!(both.outcome(READ, SECRET), Outcome::Allowed);
}

#[test]
fn an_account_is_named_in_order_to_leave_it_to_its_policies() {
    let account = json!({ "AWS": "arn:aws:iam::123456789012:root" });
    let theirs = || Some(for_principal(&account));
    let alone = Asked { resource: theirs(), side: Some(Side::KmsKey), ..Asked::default() };
    assert_eq!(alone.outcome("kms:Decrypt", SECRET), Outcome::NotAllowed);
    let own =
        Asked { resource: theirs(), side: Some(Side::KmsKey), ..Asked::of(allowing("kms:*", "*")) };
    assert_eq!(own.outcome("kms:Decrypt", SECRET), Outcome::Allowed);
    let nobody = for_principal(&json!({ "AWS": "arn:aws:iam::999999999999:root" }));
    let own =
        Asked { resource: Some(nobody), side: Some(Side::KmsKey), ..Asked::of(allowing("*", "*")) };
    assert_eq!(own.outcome("kms:Decrypt", SECRET), Outcome::NotAllowed);
}

#[test]
fn trust_is_for_whom_it_names_and_when() {
    let trust = |condition: Value| {
        Some(document(&json!({
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": ["ecs-tasks.amazonaws.com"] }, "Condition": condition,
        })))
    };
    let ours = json!({
        "StringEquals": { "aws:SourceAccount": "123456789012" },
        "ArnLike": { "aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*" },
    });
    let asked = |resource, service: &'static str, account: &str| {
        let mut context = Context::default().with("aws:SourceAccount", account);
        context.insert("aws:SourceArn", Held::Like(format!("arn:aws:ecs:eu-west-1:{account}:*")));
        let side = Some(Side::Alone);
        Asked { resource, service: Some(service), context, side, ..Asked::default() }
            .outcome("sts:AssumeRole", "")
    };
    let tasks = "ecs-tasks.amazonaws.com";
    assert_eq!(asked(trust(ours.clone()), tasks, "123456789012"), Outcome::Allowed);
    assert_eq!(asked(trust(ours.clone()), tasks, "999999999999"), Outcome::NotAllowed);
    assert_eq!(asked(trust(ours), "ec2.amazonaws.com", "123456789012"), Outcome::NotAllowed);
    assert_eq!(asked(trust(json!({})), tasks, "999999999999"), Outcome::Allowed);
}

#[test]
fn what_a_template_makes_goes_by_its_name() {
    let (own, other) = (Key::new("Stack/Secret"), Key::new("Stack/Other"));
    let aliases = BTreeMap::from([
        ("Stack/Secret".to_owned(), own.clone()),
        ("Stack/Other".to_owned(), other.clone()),
    ]);
    let asked =
        |key| Asked { aliases: aliases.clone(), key, ..Asked::of(allowing(READ, "Stack/Secret")) };
    assert_eq!(asked(Some(own)).outcome(READ, "Stack/Secret"), Outcome::Allowed);
    assert_eq!(asked(Some(other)).outcome(READ, "Stack/Other"), Outcome::NotAllowed);
    assert_eq!(asked(None).outcome(READ, SECRET), Outcome::Unknown);
}

// === What cannot be read ===

#[test]
fn what_is_not_understood_is_unknown_and_never_dropped() {
    let odd =
        document(&json!([{ "Effect": "Allow", "Action": "*", "Resource": "*", "Unless": "x" }]));
    assert_eq!(Asked::of(odd).outcome(READ, SECRET), Outcome::Unknown);
    let broken = document(&json!(["no statement", allow(&json!("s3:*"), &json!("*"))]));
    let policy = Policy::from_value(&broken, None, "the policy").unwrap();
    assert!(policy.open.is_some());
    assert_eq!(Asked::of(broken).outcome(READ, SECRET), Outcome::Unknown);
    assert!(Policy::from_text("no JSON", "the policy").is_err());
    assert!(Policy::from_text("[]", "the policy").is_err());
    assert!(Policy::from_text(r#"{"Version":"2020-01-01","Statement":[]}"#, "the policy").is_err());
}

#[test]
fn a_mask_says_what_is_not_known() {
    let mask = json!({ "Statement": { "Resource": [false, "is the parameter `Key`, which has no default"] } });
    let value = document(&allow(
        &json!(READ),
        &json!(["arn:aws:secretsmanager:eu-west-1:123456789012:secret:other-??????", null]),
    ));
    let policy = Policy::from_value(&value, Some(&mask), "`policy` of aws_iam_policy.a").unwrap();
    let words = &policy.statements[0].resources.as_ref().unwrap().list;
    assert!(words[0].text().is_some());
    let note = match &words[1] {
        farmgate_aws::iam::Word::Unknown(note) => note.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        note,
        "part of `policy` of aws_iam_policy.a is the parameter `Key`, which has no default"
    );
}

#[test]
fn order_case_of_actions_and_single_values_say_nothing() {
    let one = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:x"] },
        { "Effect": "Deny", "Action": "*", "Resource": "*" },
    ]});
    let other = json!({ "Statement": [
        { "Effect": "Deny", "Action": ["*"], "Resource": ["*"] },
        { "Effect": "Allow", "Action": ["s3:listbucket", "s3:GetObject"], "Resource": "arn:x" },
    ]});
    let read = |value: &Value| Policy::from_value(value, None, "").unwrap().canonical();
    assert_eq!(read(&one), read(&other));
    let more = allowing("s3:GetObject", "arn:x");
    assert_ne!(read(&one), read(&more));
}
