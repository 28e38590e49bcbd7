//! `farmgate collect`: against an emulation of AWS, beside the `aws` command, which must print the same;
//! and against a server that is busy, denies, or takes no credentials.
//!
//! Without moto_server, boto3 or the `aws` command of PyPI the tests that need them say so and pass.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "a test; of the harness it uses a part"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "collect/busy.rs"]
mod busy;
#[path = "support/moto.rs"]
mod moto;
#[path = "support/process.rs"]
mod process;
#[path = "support/terraform.rs"]
mod terraform;

use busy::{Reply, Server};
use moto::Moto;
use process::find;

/// What the emulated account has that must never be read, or not be kept.
const SECRET: &str = "not-to-be-read";
const REDACTED: &str = "farmgate:redacted";
const REGION: &str = "eu-central-1";

fn farmgate(url: &str, home: &Path, args: &[&str]) -> Output {
    aws_environment(&mut Command::new(env!("CARGO_BIN_EXE_farmgate")), url, home)
        .args(args)
        .output()
        .expect("farmgate runs")
}

/// The environment of a program that is to see this endpoint and these credentials only.
fn aws_environment<'a>(command: &'a mut Command, url: &str, home: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(home)
        .env("HOME", home)
        .env("AWS_CONFIG_FILE", home.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.join("credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "made-up")
        .env("AWS_REGION", REGION)
        .env("AWS_MAX_ATTEMPTS", "4")
        .env("TZ", "UTC")
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Every document of a collection, by its path below the folder.
fn documents(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for region in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if !region.file_type().unwrap().is_dir() {
            continue;
        }
        for file in fs::read_dir(region.path()).unwrap().map(Result::unwrap) {
            let path = file.path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            found.push((name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// The one secret with a policy, and the one key that encrypts one.
fn keys_and_policies(collected: &[(String, Value)]) {
    let of = |operation: &str| {
        let all = collected.iter().map(|(_, document)| document);
        let of = all.filter(|it| it["farmgateRequest"]["operation"] == json!(operation));
        of.cloned().collect::<Vec<Value>>()
    };
    let policies = of("get-resource-policy");
    let written = policies.iter().filter(|it| it["ResourcePolicy"].is_string());
    assert_eq!((policies.len(), written.count()), (2, 1), "{policies:?}");
    let keys = of("describe-key");
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    let policies = of("get-key-policy");
    let [policy] = policies.as_slice() else { panic!("{policies:?}") };
    assert_eq!(policy["farmgateRequest"]["parameters"]["KeyId"], key["KeyMetadata"]["Arn"]);
    assert!(policy["Policy"].as_str().unwrap().contains("kms:*"), "{policy}");
    assert_eq!(of("get-event-selectors").len(), 1);
}

// === an emulated account ===

/// An emulation with one of everything, or the name of what is missing.
fn account(home: &Path) -> Result<Moto, &'static str> {
    let moto = Moto::start(&[]).expect("moto starts").ok_or("moto_server")?;
    let python = find("python3", "FARMGATE_PYTHON").ok_or("python3")?;
    let has = Command::new(&python).args(["-c", "import boto3"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        return Err("boto3");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto/account.py");
    let output = aws_environment(&mut Command::new(python), &moto.url(), home)
        .arg(script)
        .output()
        .expect("python runs");
    let (code, _, err) = said(&output);
    assert_eq!(code, 0, "{err}");
    print!("{err}");
    Ok(moto)
}

/// The Python in which the `aws` command is, which its script names.
fn python_of_aws() -> Option<PathBuf> {
    let script = fs::read(find("aws", "FARMGATE_AWS")?).ok()?;
    let first = script.split(|byte| *byte == b'\n').next()?;
    let python = std::str::from_utf8(first).ok()?.strip_prefix("#!")?.trim();
    let python = PathBuf::from(python);
    let has = Command::new(&python).args(["-c", "import awscli"]).output();
    has.is_ok_and(|output| output.status.success()).then_some(python)
}

/// What the `aws` command prints for each of these requests; none where it fails.
fn printed(python: &Path, url: &str, home: &Path, requests: &[&Value]) -> Vec<Option<Value>> {
    fs::write(home.join("config"), "[default]\ncli_timestamp_format = iso8601\n").unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto/aws.py");
    let mut child = aws_environment(&mut Command::new(python), url, home)
        .arg(script)
        .env("AWS_MAX_ATTEMPTS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut to = child.stdin.take().unwrap();
    let mut from = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut all = Vec::new();
    for request in requests {
        writeln!(to, "{}", json!(command(request))).unwrap();
        let line = from.next().expect("an answer").unwrap();
        let text: Option<String> = serde_json::from_str(&line).unwrap();
        let value = |text: String| if text.is_empty() { json!({}) } else { text.parse().unwrap() };
        all.push(text.map(value));
    }
    drop(to);
    assert!(child.wait().unwrap().success());
    all
}

/// A request as arguments of the `aws` command.
fn command(request: &Value) -> Vec<String> {
    let text = |name: &str| request[name].as_str().unwrap().to_owned();
    // What is asked for all regions is asked there.
    let region = text("region").replace("global", "us-east-1");
    let mut args = vec![text("service"), text("operation"), "--region".to_owned(), region];
    args.extend(["--output", "json"].map(str::to_owned));
    for (name, value) in request["parameters"].as_object().unwrap() {
        args.push(format!("--{}", kebab(name)));
        match value {
            Value::Array(items) => {
                args.extend(items.iter().map(|item| item.as_str().unwrap().to_owned()));
            }
            value => args.push(value.as_str().unwrap().to_owned()),
        }
    }
    args
}

/// `restApiId` as `rest-api-id`.
fn kebab(name: &str) -> String {
    let mut made = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !made.is_empty() {
            made.push('-');
        }
        made.push(character.to_ascii_lowercase());
    }
    made
}

/// What is not kept although the `aws` command prints it: a part of the path where it is.
const DROPPED: [&str; 4] = [".Environment", ".variables", ".StageVariables", ".Policies"];

/// What is another time each time.
const NOW: [&str; 3] =
    [".LatestRestorableTime", ".LatestDeliveryTime", ".LatestDeliveryAttemptTime"];

/// Where two values differ.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            for name in names {
                let path = format!("{path}.{name}");
                match (ours.get(name), theirs.get(name)) {
                    (Some(ours), Some(theirs)) => differences(&path, ours, theirs, found),
                    (None, Some(_)) if DROPPED.iter().any(|it| path.ends_with(it)) => {}
                    (ours, theirs) => found.push(format!("{path}: {ours:?}, {theirs:?}")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{path}[{index}]"), ours, theirs, found);
            }
        }
        (Value::String(ours), Value::String(theirs)) if ours.starts_with(REDACTED) => {
            assert!(theirs.contains(SECRET), "{path} is hidden for no reason: {theirs}");
        }
        // Policies of AWS that nobody uses are left out, and moto has them all.
        (Value::Array(ours), Value::Array(theirs)) if path.ends_with(".Policies") => {
            let missing = ours.iter().filter(|policy| !theirs.contains(policy));
            found.extend(missing.map(|policy| format!("{path}: {policy}")));
        }
        _ if NOW.iter().any(|it| path.ends_with(it)) => {}
        (ours, theirs) if ours != theirs => found.push(format!("{path}: {ours}, {theirs}")),
        _ => {}
    }
}

#[test]
fn what_is_collected_is_what_the_aws_command_prints() {
    let home = TempDir::new().unwrap();
    let moto = match account(home.path()) {
        Ok(moto) => moto,
        Err(missing) => return println!("skipped: {missing} not found"),
    };
    let output = farmgate(&moto.url(), home.path(), &["collect", "-o", "there"]);
    let (code, out, err) = said(&output);
    assert_eq!(code, 0, "{out}{err}");
    let collected = documents(&home.path().join("there"));
    for (name, document) in &collected {
        assert!(!document.to_string().contains(SECRET), "{name} has a secret");
        assert_eq!(document["farmgateRequest"]["account"], json!("123456789012"), "{name}");
    }
    paged(&collected);
    keys_and_policies(&collected);
    // What isn't kept is told all the same: which variable it was in.
    let names: Vec<String> = collected.iter().map(|(name, _)| format!("there/{name}")).collect();
    let args = ["check", "--format", "json"].into_iter().chain(names.iter().map(String::as_str));
    let (_, report, err) = said(&farmgate(&moto.url(), home.path(), &args.collect::<Vec<_>>()));
    assert!(
        report.contains("secret-in-environment") && report.contains("`TOKEN` of `main`"),
        "{err}"
    );
    let (_, live, err) = said(&farmgate(&moto.url(), home.path(), &["check", "--live"]));
    assert!(live.contains("account 123456789012 (eu-central-1)"), "{live}{err}");
    assert!(live.contains("secret-in-environment"), "{live}{err}");
    let Some(python) = python_of_aws() else {
        return println!("skipped: aws (of PyPI) not found");
    };
    // Two of a kind are enough.
    let (mut kinds, mut chosen) = (Vec::new(), Vec::new());
    for (name, document) in &collected {
        let request = &document["farmgateRequest"];
        let kind = (request["service"].clone(), request["operation"].clone());
        if kinds.iter().filter(|it| **it == kind).count() < 2 {
            kinds.push(kind);
            chosen.push((name, document));
        }
    }
    let requests: Vec<&Value> = chosen.iter().map(|(_, it)| &it["farmgateRequest"]).collect();
    let theirs = printed(&python, &moto.url(), home.path(), &requests);
    let mut wrong = Vec::new();
    for ((name, document), theirs) in chosen.iter().zip(&theirs) {
        let mut ours = (*document).clone();
        ours.as_object_mut().unwrap().shift_remove("farmgateRequest");
        match (ours.get("farmgateError"), theirs) {
            (None, Some(theirs)) => differences(name, &ours, theirs, &mut wrong),
            (Some(_), None) => {}
            (ours, _) => wrong.push(format!("{name}: {ours:?}, the aws command otherwise")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} documents are as the aws command prints them", chosen.len());
}

/// More than one page of parameters, and more than one batch of services.
fn paged(collected: &[(String, Value)]) {
    let count = |operation: &str, list: &str| -> usize {
        let of = collected.iter().filter(|(_, it)| it["farmgateRequest"]["operation"] == operation);
        of.map(|(_, it)| it[list].as_array().map_or(0, Vec::len)).sum()
    };
    assert_eq!(count("describe-parameters", "Parameters"), 61);
    assert_eq!(count("describe-services", "services"), 11);
}

#[test]
fn a_collection_is_for_its_owner_alone_and_replaces_only_another() {
    let home = TempDir::new().unwrap();
    let server = Server::start(|_, _| None);
    let collect = |args: &[&str]| said(&farmgate(&server.url(), home.path(), args));
    let (code, out, err) = collect(&["collect", "-o", "a/there", "--region", "eu-west-1"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("of account 123456789012, eu-west-1"), "{out}");
    let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode();
    assert_eq!(mode("a/there") & 0o777, 0o700);
    assert_eq!(mode("a/there/eu-west-1") & 0o777, 0o700);
    assert_eq!(mode("a/there/eu-west-1/ec2-describe-vpcs.json") & 0o777, 0o600);
    let (code, _, err) = collect(&["collect", "-o", "a/there"]);
    assert_eq!(code, 2);
    assert!(err.contains("--force"), "{err}");
    let (code, _, err) = collect(&[
        "collect",
        "-o",
        "a/there",
        "--force",
        "--region",
        "eu-west-3",
        "--region",
        "eu-west-2",
    ]);
    assert_eq!(code, 0, "{err}");
    let there = |path: &str| home.path().join(path).exists();
    assert!(
        there("a/there/eu-west-2") && there("a/there/eu-west-3") && !there("a/there/eu-west-1")
    );
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(home.path().join("a")).unwrap().count(), 1);
    // What is somebody's own is never replaced.
    fs::create_dir(home.path().join("own")).unwrap();
    fs::write(home.path().join("own/main.tf"), "").unwrap();
    let before = server.count("GetCallerIdentity");
    let (code, _, err) = collect(&["collect", "-o", "own", "--force"]);
    assert_eq!((code, server.count("GetCallerIdentity")), (2, before), "{err}");
    assert!(there("own/main.tf"));
}

#[test]
fn the_calls_and_their_policy_are_told_without_a_call() {
    let home = TempDir::new().unwrap();
    let server = Server::start(|_, _| None);
    let (code, calls, _) = said(&farmgate(&server.url(), home.path(), &["collect", "--dry-run"]));
    assert_eq!(code, 0);
    for line in [
        "  ec2 describe-vpcs\n",
        "  elbv2 describe-listeners, for every load balancer\n",
        "  wafv2 list-web-acls Scope=CLOUDFRONT\n",
    ] {
        assert!(calls.contains(line), "{calls}");
    }
    let (code, policy, _) = said(&farmgate(&server.url(), home.path(), &["collect", "--policy"]));
    assert_eq!(code, 0);
    let policy: Value = policy.parse().unwrap();
    let actions: Vec<&str> = policy["Statement"][0]["Action"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action.as_str().unwrap())
        .collect();
    assert!(actions.is_sorted() && actions.contains(&"ecs:DescribeTaskDefinition"), "{actions:?}");
    assert_eq!(server.all(), 0);
}

// === a busy server ===

#[test]
fn a_busy_service_is_asked_again_and_pages_are_joined() {
    let home = TempDir::new().unwrap();
    let vpc = |id: &str, next: &str| {
        Reply::xml(
            200,
            format!(
                "<R><vpcSet><item><vpcId>{id}</vpcId></item></vpcSet><nextToken>{next}</nextToken></R>"
            ),
        )
    };
    let busy =
        "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>";
    let server = Server::start(move |request, count| match (request.name.as_str(), count) {
        ("DescribeVpcs", 0) => Some(Reply::xml(503, busy.to_owned()).with("retry-after: 0")),
        ("DescribeVpcs", 1) => Some(Reply::xml(400, busy.to_owned())),
        ("DescribeVpcs", 2) => Some(vpc("vpc-1", "a b")),
        ("DescribeVpcs", 3) if request.body.ends_with("&NextToken=a%20b") => Some(vpc("vpc-2", "")),
        ("ListClusters", 0) => Some(Reply::json(429, "{}")),
        _ => None,
    });
    let (code, out, err) = said(&farmgate(&server.url(), home.path(), &["collect", "-o", "there"]));
    assert_eq!(code, 0, "{out}{err}");
    assert!(!out.contains("without an answer"), "{out}");
    let read = |name: &str| -> Value {
        let path = home.path().join("there").join(REGION).join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let vpcs = read("ec2-describe-vpcs.json");
    assert_eq!(vpcs["Vpcs"], json!([{ "VpcId": "vpc-1" }, { "VpcId": "vpc-2" }]));
    let request = json!({
        "service": "ec2",
        "operation": "describe-vpcs",
        "region": REGION,
        "account": "123456789012",
        "parameters": {},
    });
    assert_eq!(vpcs["farmgateRequest"], request);
    assert_eq!((server.count("DescribeVpcs"), server.count("ListClusters")), (4, 2));
}

#[test]
fn a_call_that_is_denied_is_told_of_and_ends_nothing() {
    let home = TempDir::new().unwrap();
    let denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code>\
        <Message>You are not\n authorized</Message></Error></Errors></Response>";
    let server = Server::start(move |request, _| match request.name.as_str() {
        "DescribeSubnets" => Some(Reply::xml(403, denied.to_owned())),
        // That is an answer.
        "/accounts" => Some(Reply::json(401, r#"{"code":"InvalidAccessException"}"#)),
        // It never has time.
        "ListSecrets" => Some(Reply::json(503, "{}").with("retry-after: 0")),
        _ => None,
    });
    let (code, out, err) = said(&farmgate(&server.url(), home.path(), &["collect", "-o", "there"]));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("ec2 describe-subnets UnauthorizedOperation\n"), "{out}");
    assert!(!out.contains("describe-hub"), "{out}");
    let all = documents(&home.path().join("there"));
    let error = |name: &str| {
        let (_, document) = all.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        document["farmgateError"].clone()
    };
    assert_eq!(
        error("ec2-describe-subnets.json"),
        json!({ "code": "UnauthorizedOperation", "message": "You are not authorized" })
    );
    assert_eq!(error("securityhub-describe-hub.json")["code"], "InvalidAccessException");
    assert_eq!(error("secretsmanager-list-secrets.json")["code"], "Http503");
    assert_eq!((server.count("DescribeSubnets"), server.count("ListSecrets")), (1, 4));
}

#[test]
fn credentials_that_are_not_good_end_it_with_one_line() {
    let home = TempDir::new().unwrap();
    let server = Server::start(|request, _| {
        let expired = r#"{"__type":"ExpiredTokenException","message":"x"}"#;
        (request.name == "ListClusters").then(|| Reply::json(400, expired))
    });
    let (code, out, err) = said(&farmgate(&server.url(), home.path(), &["collect", "-o", "there"]));
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("the credentials have expired (ExpiredTokenException)"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(!home.path().join("there").exists());

    let server = Server::start(|request, _| {
        let stranger = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>no</Message>\
            </Error></ErrorResponse>";
        (request.name == "GetCallerIdentity").then(|| Reply::xml(403, stranger.to_owned()))
    });
    let (code, _, err) = said(&farmgate(&server.url(), home.path(), &["check", "--live"]));
    assert_eq!((code, server.all()), (3, 1), "{err}");
    assert!(
        err.contains(
            "AWS doesn't take these credentials in eu-central-1: no (InvalidClientTokenId)"
        ),
        "{err}"
    );
}

#[test]
fn wrong_words_are_told_before_anything_is_asked() {
    let home = TempDir::new().unwrap();
    let server = Server::start(|_, _| None);
    for (args, url, words) in [
        (&["collect", "-o", "x", "--region", "a/b"][..], server.url(), "`a/b` is no region"),
        (
            &["collect", "-o", "x", "--region", "cn-north-1", "--region", "eu-west-1"],
            server.url(),
            "different partitions",
        ),
        (&["collect", "-o", "x"], "http://example.com".to_owned(), "this machine"),
        (&["check", "farm.yaml", "--region", "eu-west-1"], server.url(), "go with --live"),
        (&["check"], server.url(), "<FILE>..."),
    ] {
        let (code, _, err) = said(&farmgate(&url, home.path(), args));
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
    assert_eq!(server.all(), 0);
}
