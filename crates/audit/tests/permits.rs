//! What a service is allowed: the clean example's plan, broken in one place after another, and who may
//! read a secret.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test"
)]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use farmgate_audit::explain::explain;
use farmgate_audit::report::{Report, Statement, Verdict};
use farmgate_aws::design::Design;
use farmgate_aws::import::{Input, import};
use farmgate_aws::lower;
use farmgate_aws::model::Model;
use serde_json::{Value, json};

const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:farm/python-Kx3fQz";
const SERVICE: &str = "aws_ecs_service.python";

/// The clean example with edits.
fn mutated(edits: &Value) -> Value {
    let mutation: mutation::Mutation =
        serde_json::from_value(json!({ "about": "a test", "edits": edits })).unwrap();
    let mut plan = clean::clean();
    mutation.apply(&mut plan).unwrap();
    plan
}

fn with_policy(statements: &Value) -> Value {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    json!({ "resource": "aws_iam_role_policy.execution_secret", "attribute": "policy", "set": policy })
}

fn report(edits: &Value) -> Report {
    clean::report(&mutated(edits)).unwrap()
}

fn statement<'r>(report: &'r Report, kind: &str) -> &'r Statement {
    let id = format!("{kind}:{SERVICE}");
    report.statements.iter().find(|it| it.id == id).unwrap_or_else(|| panic!("no {id}"))
}

#[track_caller]
fn check(edits: &Value, kind: &str, verdict: Verdict, because: &str) {
    let report = report(edits);
    let found = statement(&report, kind);
    assert_eq!(found.verdict, verdict, "{found:#?}");
    let causes = found.because.iter().map(|it| format!("{} {}: {}", it.code, it.origin, it.text));
    let told: Vec<String> = causes.chain(found.missing.iter().cloned()).collect();
    assert!(told.iter().any(|it| it.contains(because)), "{told:#?}");
}

#[test]
fn a_secret_that_no_policy_names_is_not_read() {
    let other = SECRET.replace("python", "other");
    let edits = json!([with_policy(&json!({
        "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": other,
    }))]);
    let because = "none of its policies allows `secretsmanager:GetSecretValue`";
    check(&edits, "may-read-secrets", Verdict::Refuted, because);
}

#[test]
fn a_deny_is_named_with_its_statement() {
    let edits = json!([with_policy(&json!([
        { "Effect": "Allow", "Action": "secretsmanager:*", "Resource": SECRET },
        { "Sid": "NoSecrets", "Effect": "Deny", "Action": "secretsmanager:Get*", "Resource": "*" },
    ]))]);
    let because = "DENIED aws_iam_role_policy.execution_secret: statement `NoSecrets`";
    check(&edits, "may-read-secrets", Verdict::Refuted, because);
}

#[test]
fn a_condition_that_no_source_decides_is_unknown() {
    let edits = json!([with_policy(&json!({
        "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET,
        "Condition": { "StringEquals": { "aws:SourceVpce": "vpce-0123456789abcdef0" } },
    }))]);
    check(&edits, "may-read-secrets", Verdict::Unknown, "condition on `aws:SourceVpce`");
}

#[test]
fn a_policy_that_is_not_known_yet_and_names_nothing_leaves_it_open() {
    let edits = json!([{
        "resource": "aws_iam_role_policy.execution_secret", "attribute": "policy",
        "references": ["aws_vpc.farm.id", "aws_vpc.farm"],
    }]);
    check(&edits, "may-read-secrets", Verdict::Unknown, "is known only after apply");
    // What is allowed by another policy is, if this one denies nothing; and that is said.
    let report = report(&edits);
    let pulls = statement(&report, "may-pull-image");
    assert_eq!(pulls.verdict, Verdict::Proved);
    let note = "aws_iam_role_policy.execution_secret denies none of it";
    assert!(pulls.assumes.iter().any(|it| it.starts_with(note)), "{:?}", pulls.assumes);
}

#[test]
fn without_its_managed_policy_nothing_is_pulled_or_written() {
    let edits = json!([{ "delete": "aws_iam_role_policy_attachment.execution" }]);
    check(
        &edits,
        "may-pull-image",
        Verdict::Refuted,
        "`ecr:GetAuthorizationToken` on all resources",
    );
    check(&edits, "may-write-logs", Verdict::Refuted, "`logs:CreateLogStream`");
}

#[test]
fn a_policy_of_the_name_but_of_another_account_is_not_awss() {
    let edits = json!([{
        "resource": "aws_iam_role_policy_attachment.execution", "attribute": "policy_arn",
        "set": "arn:aws:iam::123456789012:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    }]);
    check(&edits, "may-pull-image", Verdict::Unknown, "which no source shows");
}

#[test]
fn a_role_that_ecs_may_not_take_on_is_found() {
    let trust = |service: &str, condition: &Value| {
        let document = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": service }, "Condition": condition,
        }]});
        json!([{
            "resource": "aws_iam_role.execution", "attribute": "assume_role_policy",
            "set": document.to_string(),
        }])
    };
    let ec2 = trust("ec2.amazonaws.com", &json!({}));
    check(&ec2, "may-take-roles", Verdict::Refuted, "ecs-tasks.amazonaws.com");
    let region = json!({ "ArnLike": { "aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*" } });
    let elsewhere = trust("ecs-tasks.amazonaws.com", &region);
    check(&elsewhere, "may-take-roles", Verdict::Refuted, "NOT_TRUSTED");
    let here = json!({ "ArnLike": { "aws:SourceArn": "arn:aws:ecs:eu-central-1:123456789012:*" } });
    let report = report(&trust("ecs-tasks.amazonaws.com", &here));
    let taken = statement(&report, "may-take-roles");
    assert_eq!(taken.verdict, Verdict::Proved);
    // The account is what the policies name, and that is said.
    assert!(taken.assumes.iter().any(|it| it.starts_with("the account is 123456789012")));
}

#[test]
fn a_task_without_an_execution_role_does_not_start() {
    let edits = json!([{
        "resource": "aws_ecs_task_definition.python", "attribute": "execution_role_arn", "remove": true,
    }]);
    check(&edits, "may-pull-image", Verdict::Refuted, "NO_EXECUTION_ROLE");
}

#[test]
fn a_role_that_no_source_shows_is_one_unknown() {
    let edits = json!([{
        "resource": "aws_ecs_task_definition.python", "attribute": "execution_role_arn",
        "set": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
    }]);
    check(
        &edits,
        "may-start",
        Verdict::Unknown,
        "role/ecsTaskExecutionRole, which no source shows",
    );
    let report = report(&edits);
    let own = report.statements.iter().filter(|it| it.id.starts_with("may-")).count();
    assert_eq!(own, 1);
}

// === Who may read a secret ===

fn farm(name: &str) -> Model {
    let path = clean::here("tests/farms").join(format!("{name}.yaml"));
    let source = std::fs::read_to_string(path).unwrap();
    let ids: Vec<&str> = farmgate_audit::rules::catalogue().map(|rule| rule.id).collect();
    let farm = farmgate_farm::farm::read(&source, &ids).unwrap();
    lower::model(&Design::of(&farm), &|_| ("farm.yaml".to_owned(), 1))
}

#[test]
fn a_farms_secret_is_read_by_ecs_for_its_server_alone() {
    let model = farm("whole");
    let answer = explain(&model, "anyone", "ssm:/nova-act-mcp/api-key").unwrap();
    assert_eq!(answer.verdict, Verdict::Proved);
    assert_eq!(
        answer.answer,
        "yes: ECS, for servers.nova-act (with servers.nova-act.execution-role)"
    );
    let python = explain(&model, "servers.python", "ssm:/nova-act-mcp/api-key").unwrap();
    assert_eq!((python.verdict, python.paths.len()), (Verdict::Refuted, 0));
}

#[test]
fn in_a_plan_all_roles_are_asked() {
    let bytes = clean::clean().to_string();
    let model = import(&[Input { name: "plan.json", bytes: bytes.as_bytes() }]).unwrap();
    let answer = explain(&model, "anyone", "secretsmanager:farm/python").unwrap();
    assert_eq!(
        answer.answer,
        "yes: ECS, for aws_ecs_service.python (with aws_iam_role.execution) and whoever has \
         aws_iam_role.rotation"
    );
    let wrong = explain(&model, "anyone", "secretsmanager:farm/pyton").unwrap_err();
    assert_eq!(wrong.to_string(), "no source names the secret `farm/pyton`");
    assert_eq!(wrong.help().unwrap(), "did you mean `farm/python`?");
    let nobody =
        explain(&model, "aws_ecs_service.pyton", "secretsmanager:farm/python").unwrap_err();
    assert_eq!(nobody.help().unwrap(), "did you mean `aws_ecs_service.python`?");
}

#[test]
fn a_task_role_that_reads_what_others_are_given_is_found() {
    let mut model = farm("whole");
    let line = |statement: &Statement| statement.id.starts_with("only-own-secrets:");
    let check = |model: &Model| {
        farmgate_audit::check::check(model, &Default::default())
            .unwrap_or_else(|_| panic!("a report"))
    };
    let before = check(&model);
    let own: Vec<&Statement> = before.statements.iter().filter(|it| line(it)).collect();
    assert!(!own.is_empty() && own.iter().all(|it| it.verdict == Verdict::Proved), "{own:#?}");
    let wide = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "ssm:GetParameter*", "Resource": "arn:aws:ssm:*:*:parameter/*",
    }});
    let role = model.roles.get_mut("servers.python.role").unwrap();
    let mut policy = role.trust.clone();
    policy.document = farmgate_aws::model::Val::Known(
        farmgate_aws::iam::Policy::from_value(&wide, None, "the policy").unwrap(),
    );
    role.policies.push(policy);
    let after = check(&model);
    let refuted: Vec<&str> = after
        .statements
        .iter()
        .filter(|it| line(it) && it.verdict == Verdict::Refuted)
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(refuted, ["only-own-secrets:servers.python"]);
    let rule = "same-execution-and-task-role";
    assert_eq!(after.findings.iter().filter(|it| it.rule == rule).count(), 1);
}

#[test]
fn a_role_that_allows_more_than_the_farm_says_is_a_difference() {
    let model = farm("whole");
    let names: std::collections::BTreeMap<_, _> =
        model.roles.keys().map(|key| (key.clone(), key.clone())).collect();
    let differing = |changed: &Model| -> Vec<String> {
        let found = farmgate_audit::compare::compare(&model, changed, &names);
        let roles = found.differences.into_iter().map(|it| it.what);
        roles.filter(|what| what.contains("role")).collect()
    };
    assert!(differing(&model).is_empty());
    let mut wider = model.clone();
    let role = wider.roles.get_mut("servers.nova-act.execution-role").unwrap();
    let farmgate_aws::model::Val::Known(policy) = &mut role.policies[0].document else { panic!() };
    let words = policy.statements.last_mut().unwrap().resources.as_mut().unwrap();
    words.list = vec![farmgate_aws::iam::Word::Known("*".to_owned())];
    let found = differing(&wider);
    assert_eq!(found, ["setting servers.nova-act.execution-role policy execution document"]);
    let mut trusting = model.clone();
    let role = trusting.roles.get_mut("gate.role").unwrap();
    let farmgate_aws::model::Val::Known(trust) = &mut role.trust.document else { panic!() };
    trust.statements[0].conditions.clear();
    assert_eq!(differing(&trusting), ["setting gate.role trust"]);
    let mut more = model.clone();
    let policy = more.roles["gate.execution-role"].policies[0].clone();
    more.roles.get_mut("gate.role").unwrap().policies.push(policy);
    assert_eq!(differing(&more).len(), 1);
}

// === Keys of KMS ===

const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/0b1c2d3e-0000-4000-8000-000000000000";

/// The secret, encrypted with this key.
fn encrypted(with: &str) -> Value {
    let values = json!({ "arn": SECRET, "id": SECRET, "name": "farm/python", "kms_key_id": with });
    json!({ "add": "aws_secretsmanager_secret.python", "values": values })
}

/// The key, with its policy; none is written otherwise.
fn own_key(policy: Option<&Value>) -> Value {
    let mut values = json!({ "arn": KEY, "id": KEY, "key_id": KEY });
    if let Some(policy) = policy {
        values["policy"] =
            json!({ "Version": "2012-10-17", "Statement": policy }).to_string().into();
    }
    json!({ "add": "aws_kms_key.own", "values": values })
}

fn reads_and(statement: &Value) -> Value {
    let reads = json!({
        "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET,
    });
    with_policy(&json!([reads, statement]))
}

#[test]
fn a_secret_under_a_key_of_the_account_takes_leave_to_decrypt() {
    let kind = "may-read-secrets";
    let edits = json!([encrypted(KEY)]);
    check(
        &edits,
        kind,
        Verdict::Unknown,
        &format!("the policy of the key {KEY}, which no source shows"),
    );
    // A key whose policy nobody writes leaves it to the account's policies.
    let edits = json!([encrypted(KEY), own_key(None)]);
    check(&edits, kind, Verdict::Refuted, "none of its policies allows `kms:Decrypt`");
    let decrypts =
        json!({ "Sid": "Key", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY });
    let edits = json!([encrypted(KEY), own_key(None), reads_and(&decrypts)]);
    check(&edits, kind, Verdict::Proved, "statement `Key` allows `kms:Decrypt`");
    // A policy that names others only doesn't.
    let others = json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::123456789012:role/other" } });
    let edits = json!([encrypted(KEY), own_key(Some(&others)), reads_and(&decrypts)]);
    check(&edits, kind, Verdict::Refuted, "none of its policies allows `kms:Decrypt`");
}

#[test]
fn a_key_s_own_policy_may_let_everybody_decrypt_through_the_service() {
    let through = |service: &str| {
        json!({ "Sid": "Through", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": "*" }, "Condition": { "StringEquals": {
                "kms:CallerAccount": "123456789012", "kms:ViaService": service } } })
    };
    let secrets = through("secretsmanager.eu-central-1.amazonaws.com");
    let edits = json!([encrypted(KEY), own_key(Some(&secrets))]);
    check(&edits, "may-read-secrets", Verdict::Proved, "statement `Through` allows `kms:Decrypt`");
    let another = through("s3.eu-central-1.amazonaws.com");
    let edits = json!([encrypted(KEY), own_key(Some(&another))]);
    check(
        &edits,
        "may-read-secrets",
        Verdict::Refuted,
        "none of its policies allows `kms:Decrypt`",
    );
}

#[test]
fn aws_s_own_keys_ask_for_nothing_more() {
    let report = report(&json!([encrypted("alias/aws/secretsmanager")]));
    let found = statement(&report, "may-read-secrets");
    assert_eq!(found.verdict, Verdict::Proved);
    assert!(!found.assumes.iter().any(|it| it.contains("encrypted")), "{:?}", found.assumes);
    // Of a secret that no source shows it is assumed.
    let report = clean::report(&clean::clean()).unwrap();
    let found = statement(&report, "may-read-secrets");
    let note = "secrets that no source shows are encrypted with AWS's own keys";
    assert!(found.assumes.iter().any(|it| it == note), "{:?}", found.assumes);
}

#[test]
fn an_alias_stands_for_its_key() {
    let alias = json!({ "add": "aws_kms_alias.own", "values": {
        "id": "alias/own", "name": "alias/own", "target_key_id": KEY } });
    let edits = json!([encrypted("alias/own"), alias, own_key(None)]);
    let because = format!("on {KEY}");
    check(&edits, "may-read-secrets", Verdict::Refuted, &because);
}
