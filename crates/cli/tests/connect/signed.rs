//! Signatures: verified by the gate's own verifier, by credentials that are found as AWS's tools find
//! them, and found again. (facts: "credentials that refresh"; mcp-proxy-for-aws's stale credentials.)

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use farmgate_sigv4::{Rules, Signed, SigningKey, sts};
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;

use crate::moto::Moto;
use crate::pipe::{Pipe, connect};
use crate::stub::{Seen, Stub, legacy, write};

const REGION: &str = "us-west-2";

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Whether a request is signed with this pair, as the gate would have it.
fn is_signed(seen: &Seen, id: &str, secret: &str, service: &str) -> Result<(), String> {
    let mut request = http::Request::builder().method(&*seen.method).uri(&seen.target);
    for (name, value) in &seen.headers {
        request = request.header(name, value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let signed = Signed::of(&head).map_err(|fault| fault.to_string())?.ok_or("it isn't signed")?;
    let rules =
        Rules { region: REGION.to_owned(), service: service.to_owned(), unsigned_payload: false };
    if signed.key_id() != id {
        return Err(format!("it is signed with {}", signed.key_id()));
    }
    let key = SigningKey::derive(&SecretString::from(secret), signed.date(), REGION, service);
    let checked = signed.check(&head, &rules, now()).map_err(|fault| fault.to_string())?;
    checked.verify(&head, seen.body.as_bytes(), &key).map_err(|fault| fault.to_string())
}

/// A server that takes what is signed with the pair that holds now.
fn verifying(pair: &Arc<Mutex<(String, String)>>, service: &'static str) -> Stub {
    let pair = Arc::clone(pair);
    Stub::new(move |seen, stream| {
        let (id, secret) = pair.lock().unwrap().clone();
        match is_signed(seen, &id, &secret, service) {
            Ok(()) => legacy(seen, stream),
            Err(why) => write(stream, "401 Unauthorized", "", &json!({ "error": why }).to_string()),
        }
    })
}

fn pair(id: &str, secret: &str) -> Arc<Mutex<(String, String)>> {
    Arc::new(Mutex::new((id.to_owned(), secret.to_owned())))
}

fn call(pipe: &mut Pipe) -> serde_json::Value {
    pipe.call("t", &json!({ "x": "ü" }))
}

#[test]
fn every_request_is_signed_over_its_body() {
    let keys = pair("FGAKEXAMPLE", "fgsk_secret");
    for service in ["execute-api", "farm"] {
        let stub = verifying(&keys, service);
        let url = format!("{}?b=%20x&a=1", stub.url());
        let mut args = vec![url.as_str(), "--sigv4"];
        if service != "execute-api" {
            args.extend(["--service", service, "--region", REGION]);
        }
        let mut command = connect(&args);
        command
            .env("AWS_ACCESS_KEY_ID", "FGAKEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "fgsk_secret")
            .env("AWS_SESSION_TOKEN", "a-token")
            .env("AWS_REGION", REGION);
        let mut pipe = Pipe::start(&mut command);
        pipe.open();
        assert!(call(&mut pipe)["result"].is_object());
        let (status, said) = pipe.end();
        assert!(status.success() && said.is_empty(), "{status} {said}");
        let methods: Vec<String> = stub.seen().iter().map(|seen| seen.method.clone()).collect();
        for method in ["POST", "GET", "DELETE"] {
            assert!(methods.contains(&method.to_owned()), "{methods:?}");
        }
        let seen = stub.seen().pop().unwrap();
        let authorization = seen.header("authorization").unwrap();
        for name in ["host", "mcp-session-id", "mcp-protocol-version", "x-amz-security-token"] {
            assert!(authorization.contains(name), "{authorization}");
        }
    }
}

#[test]
fn a_wrong_signature_is_explained() {
    let stub = verifying(&pair("FGAKEXAMPLE", "another"), "execute-api");
    let mut command = connect(&[&stub.url(), "--sigv4", "--region", REGION]);
    command.env("AWS_ACCESS_KEY_ID", "FGAKEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "fgsk_secret");
    let mut pipe = Pipe::start(&mut command);
    assert!(pipe.open()["error"].is_object());
    let (_, said) = pipe.end();
    for words in ["401", "FGAKEXAMPLE", REGION, "execute-api"] {
        assert!(said.contains(words), "`{words}` isn't in: {said}");
    }
    assert!(!said.contains("fgsk_secret"), "{said}");
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let stub = Stub::new(|_, stream| {
        let earlier = jiff::Timestamp::from_second(now() - 3600).unwrap();
        let date = earlier.strftime("%a, %d %b %Y %H:%M:%S GMT");
        write(stream, "401 Unauthorized", &format!("date: {date}\r\n"), "")
    });
    let mut command = connect(&[&stub.url(), "--sigv4", "--region", REGION]);
    command.env("AWS_ACCESS_KEY_ID", "FGAKEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "fgsk_secret");
    let mut pipe = Pipe::start(&mut command);
    assert!(pipe.open()["error"].is_object());
    let (_, said) = pipe.end();
    assert!(said.contains("s ahead of the farm's: set the clock"), "{said}");
}

#[test]
fn nobody_without_credentials_dies() {
    let stub = Stub::legacy(|_, _| None);
    let mut pipe = Pipe::start(&mut connect(&[&stub.url(), "--sigv4", "--region", REGION]));
    let answer = pipe.open();
    let told = answer["error"]["message"].as_str().unwrap().to_owned();
    assert!(told.contains("AWS_ACCESS_KEY_ID"), "{told}");
    let (status, said) = pipe.end();
    assert!(status.success() && said.contains("no AWS credentials"), "{status} {said}");
    assert!(stub.seen().is_empty(), "nothing unsigned was sent");
}

#[test]
fn a_region_that_nobody_names_is_asked_for() {
    let stub = Stub::legacy(|_, _| None);
    let mut command = connect(&[&stub.url(), "--sigv4"]);
    command.env("AWS_ACCESS_KEY_ID", "FGAKEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "fgsk_secret");
    let mut pipe = Pipe::start(&mut command);
    let answer = pipe.open();
    assert!(answer["error"]["message"].as_str().unwrap().contains("--region"), "{answer}");
}

/// A folder with a program that gives credentials, and AWS's configuration that names it.
struct Process {
    folder: TempDir,
}

impl Process {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let shown = folder.path().display();
        fs::write(&program, format!("#!/bin/sh\necho >> {shown}/calls\ncat {shown}/answer\n"))
            .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let config =
            format!("[default]\nregion = {REGION}\ncredential_process = {shown}/program\n");
        fs::write(folder.path().join("config"), config).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn gives(&self, id: &str, secret: &str, expires_in: Option<i64>) {
        let mut answer = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret, "SessionToken": id });
        if let Some(seconds) = expires_in {
            let end = jiff::Timestamp::from_second(now() + seconds).unwrap();
            answer["Expiration"] = end.to_string().into();
        }
        // At once, as a program that renews its file does it.
        fs::write(self.path("new"), answer.to_string()).unwrap();
        fs::rename(self.path("new"), self.path("answer")).unwrap();
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.path("calls")).unwrap_or_default().lines().count()
    }

    fn connect(&self, url: &str) -> Command {
        let mut command = connect(&[url, "--sigv4"]);
        command.env("AWS_CONFIG_FILE", self.path("config"));
        command
    }
}

#[test]
fn stale_credentials_are_found_again() {
    let keys = pair("ONE", "one");
    let stub = verifying(&keys, "execute-api");
    let process = Process::new();
    process.gives("ONE", "one", None);
    let mut pipe = Pipe::start(&mut process.connect(&stub.url()));
    pipe.open();
    assert!(call(&mut pipe)["result"].is_object());
    assert_eq!(process.calls(), 1, "they are kept");
    // What the farm takes changes, and so does what the program gives.
    process.gives("TWO", "two", None);
    *keys.lock().unwrap() = ("TWO".to_owned(), "two".to_owned());
    assert!(call(&mut pipe)["result"].is_object());
    assert_eq!(process.calls(), 2);
    let (status, said) = pipe.end();
    assert!(status.success() && said.is_empty(), "nobody was told: {status} {said}");
}

#[test]
fn credentials_are_found_again_before_they_expire() {
    let keys = pair("TWO", "two");
    let stub = verifying(&keys, "execute-api");
    let process = Process::new();
    // Good for another minute: that is too late to begin with.
    process.gives("ONE", "one", Some(60));
    let mut pipe = Pipe::start(&mut process.connect(&stub.url()));
    assert!(pipe.open()["error"].is_object(), "ONE is refused");
    process.gives("TWO", "two", Some(3600));
    let until = std::time::Instant::now() + crate::running::LIMIT;
    while call(&mut pipe)["result"].is_null() {
        assert!(std::time::Instant::now() < until, "never found again");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let before = process.calls();
    for _ in 0..5 {
        assert!(call(&mut pipe)["result"].is_object());
    }
    assert_eq!(process.calls(), before, "they are kept");
}

#[test]
fn a_profile_that_is_named_comes_alone() {
    let stub = verifying(&pair("PROFILE", "profile"), "execute-api");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    fs::write(&file, "[dev]\naws_access_key_id = PROFILE\naws_secret_access_key = profile\n")
        .unwrap();
    let mut command = connect(&[&stub.url(), "--sigv4", "--profile", "dev", "--region", REGION]);
    command
        .env("AWS_SHARED_CREDENTIALS_FILE", file)
        .env("AWS_ACCESS_KEY_ID", "ENVIRONMENT")
        .env("AWS_SECRET_ACCESS_KEY", "environment");
    let mut pipe = Pipe::start(&mut command);
    let opened = pipe.open();
    assert!(opened["result"].is_object(), "{opened}");
}

/// What a machine of AWS, or a container, is told of its credentials.
fn metadata(id: &'static str) -> Stub {
    Stub::new(move |seen, stream| {
        let kind =
            "content-type: application/json\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";
        let end = jiff::Timestamp::from_second(now() + 3600).unwrap().to_string();
        let credentials = json!({
            "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-11-22T00:00:00Z",
            "AccessKeyId": id, "SecretAccessKey": "secret", "Token": "token",
            "Expiration": end, "AccountId": "123456789012", "RoleArn": "arn",
        });
        let body = match (&*seen.method, seen.target.ends_with('/')) {
            ("PUT", _) => "a-token".to_owned(),
            (_, true) => "the-role".to_owned(),
            _ => credentials.to_string(),
        };
        write(stream, "200 OK", kind, &body)
    })
}

#[test]
fn a_machine_and_a_container_of_aws_have_credentials() {
    for (id, variable, path, imds) in [
        ("MACHINE", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "", "false"),
        ("CONTAINER", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/credentials", "true"),
    ] {
        let stub = verifying(&pair(id, "secret"), "execute-api");
        let metadata = metadata(id);
        let mut command = connect(&[&stub.url(), "--sigv4", "--region", REGION]);
        command
            .env(variable, format!("http://{}{path}", metadata.address))
            .env("AWS_EC2_METADATA_DISABLED", imds);
        let mut pipe = Pipe::start(&mut command);
        let opened = pipe.open();
        assert!(opened["result"].is_object(), "{id}: {opened} {:?}", metadata.order());
    }
}

#[test]
fn a_role_of_a_profile_is_assumed() {
    let moto = match Moto::start(&[]) {
        Ok(Some(moto)) => moto,
        Ok(None) => return println!("skipped: there is no moto_server"),
        Err(failure) => panic!("{failure:?}"),
    };
    let stub = Stub::legacy(|_, _| None);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let profiles = format!(
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = base\n[profile agent]\n\
         role_arn = arn:aws:iam::123456789012:role/agent\nsource_profile = base\nregion = {REGION}\n"
    );
    fs::write(&config, profiles).unwrap();
    let mut command = connect(&[&stub.url(), "--sigv4", "--profile", "agent"]);
    command.env("AWS_CONFIG_FILE", config).env("AWS_ENDPOINT_URL", moto.url());
    let mut pipe = Pipe::start(&mut command);
    let opened = pipe.open();
    assert!(opened["result"].is_object(), "{opened}");
    // STS gave others, with a token.
    let seen = stub.seen().remove(0);
    let authorization = seen.header("authorization").unwrap();
    assert!(!authorization.contains("BASE") && authorization.contains(REGION), "{authorization}");
    assert!(seen.header("x-amz-security-token").is_some());
}

#[test]
fn a_proof_for_sts_is_for_this_farm_and_for_minutes() {
    let stub = Stub::new(|seen, stream| {
        assert_eq!(seen.header("authorization"), None);
        let proof = seen.header("farmgate-sts-proof").expect("a proof");
        let proof = sts::Proof::parse(proof).expect("it can be read");
        assert_eq!((proof.region.as_str(), proof.audience.as_str()), (REGION, "mcp.example.com"));
        proof.check("mcp.example.com", now()).expect("the gate would ask STS");
        assert!(proof.check("other.example.com", now()).is_err(), "it is for this farm");
        assert!(proof.check("mcp.example.com", now() + 400).is_err(), "and for minutes");
        legacy(seen, stream)
    });
    let url = stub.url();
    let args = [&*url, "--sts-proof", "--audience", "mcp.example.com", "--region", REGION];
    let mut command = connect(&args);
    command
        .env("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_SESSION_TOKEN", "token");
    let mut pipe = Pipe::start(&mut command);
    let opened = pipe.open();
    assert!(opened["result"].is_object(), "{opened}");
    assert!(call(&mut pipe)["result"].is_object());
    let proofs: Vec<_> =
        stub.seen().iter().map(|seen| seen.headers["farmgate-sts-proof"].clone()).collect();
    assert!(
        proofs.iter().all(|proof| *proof == proofs[0]),
        "one is used again, for the gate's cache"
    );
}

/// Asks moto for something, as one who has an account.
fn moto_asked(url: &str, target: &str, body: &serde_json::Value) -> String {
    use std::io::{Read as _, Write as _};
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let body = body.to_string();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-amz-target: {target}\r\n\
         content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nauthorization: \
         AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/{REGION}/ssm/aws4_request, \
         SignedHeaders=host, Signature=0\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_parameter_says_where_the_farm_is() {
    let moto = match Moto::start(&[]) {
        Ok(Some(moto)) => moto,
        Ok(None) => return println!("skipped: there is no moto_server"),
        Err(failure) => panic!("{failure:?}"),
    };
    let stub = verifying(&pair("AKIDEXAMPLE", "secret"), "execute-api");
    let name = "/mcp/endpoints/stateful/nova-act-mcp";
    let parameter = json!({ "Name": name, "Value": stub.url(), "Type": "SecureString" });
    let put = moto_asked(&moto.url(), "AmazonSSM.PutParameter", &parameter);
    assert!(put.starts_with("HTTP/1.1 200"), "{put}");
    let start = |target: &str, variable: &str| {
        let mut command = connect(&[target, "--sigv4"]);
        command
            .env(variable, moto.url())
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", REGION);
        Pipe::start(&mut command)
    };
    for variable in ["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"] {
        let mut pipe = start(&format!("ssm:{name}"), variable);
        let opened = pipe.open();
        assert!(opened["result"].is_object(), "{opened}");
    }
    let mut pipe = start("ssm:/no/such", "AWS_ENDPOINT_URL");
    let answer = pipe.open();
    let told = answer["error"]["message"].as_str().unwrap();
    for words in ["`/no/such`", "ParameterNotFound", REGION, "AKIDEXAMPLE"] {
        assert!(told.contains(words), "`{words}` isn't in: {told}");
    }
}
