//! The blueprint mcp-farm, run by `farmgate up`: mcp-proxy-for-aws and `farmgate connect` work with a
//! key pair that the farm issued, and nobody works without a signature.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::pipe::{Pipe, connect, text, tool, without_credentials};
use crate::running::{Folder, Running};

/// A key pair of this farm, for a group.
fn issue(folder: &Folder, group: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_farmgate"))
        .args(["key", "issue-sigv4", "--group", group, "--name", "alice"])
        .args(["--farm", "farm.yaml", "--format", "credential-process"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn with(command: &mut Command, pair: &Value) {
    command
        .env("AWS_ACCESS_KEY_ID", pair["AccessKeyId"].as_str().unwrap())
        .env("AWS_SECRET_ACCESS_KEY", pair["SecretAccessKey"].as_str().unwrap())
        .env("AWS_REGION", "us-west-2");
}

/// Opens a session as soon as the gate has read its store again.
fn opened(start: impl Fn() -> Pipe) -> Pipe {
    let until = std::time::Instant::now() + crate::running::LIMIT;
    loop {
        let mut pipe = start();
        let answer = pipe.open();
        if answer["result"].is_object() {
            return pipe;
        }
        assert!(std::time::Instant::now() < until, "the key is never taken: {answer}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn issued_keys_work_with_mcp_proxy_for_aws_and_with_connect() {
    let (Some(interpreter), Some(proxy)) =
        (tool("interpreter/bin/python"), tool("aws/bin/mcp-proxy-for-aws"))
    else {
        return;
    };
    let folder = Folder::blueprint("connect-mcp-farm", "mcp-farm");
    let bins = interpreter.parent().unwrap().display().to_string();
    let rest = std::env::var("PATH").unwrap_or_default();
    let mut command = folder.command(&["--format", "json"]);
    let running = Running::start(command.env("PATH", format!("{bins}:{rest}")), folder.home());
    assert_eq!(running.server("python")["state"], "ready", "{}", running.ready);
    let url = format!("{}/python/mcp", running.ready["url"].as_str().unwrap());
    let ca = running.ca();
    let pair = issue(&folder, "researchers");
    let code = json!({ "code": "print(sum(range(101)))" });

    let mut pipe = opened(|| {
        let mut command = connect(&[&url, "--sigv4", "--ca", ca.to_str().unwrap()]);
        with(&mut command, &pair);
        Pipe::start(&mut command)
    });
    assert!(text(&pipe.call("run_python_code", &code)).contains("5050"));
    let (status, said) = pipe.end();
    assert!(status.success() && said.is_empty(), "{status} {said}");

    let mut pipe = opened(|| {
        let mut command = Command::new(&proxy);
        command.args([&*url, "--service", "execute-api", "--region", "us-west-2"]);
        without_credentials(&mut command);
        with(command.env("SSL_CERT_FILE", &ca), &pair);
        Pipe::start(&mut command)
    });
    assert!(text(&pipe.call("run_python_code", &code)).contains("5050"));

    // Without a signature, and with another's.
    let mut pipe = Pipe::start(&mut connect(&[&url, "--ca", ca.to_str().unwrap()]));
    let refused = pipe.open();
    assert!(refused["error"]["message"].as_str().unwrap().contains("401"), "{refused}");
    let mut command = connect(&[&url, "--sigv4", "--ca", ca.to_str().unwrap()]);
    with(&mut command, &pair);
    command.env("AWS_SECRET_ACCESS_KEY", "fgsk_another").stdin(Stdio::piped());
    let mut pipe = Pipe::start(&mut command);
    let refused = pipe.open();
    assert!(refused["error"]["message"].as_str().unwrap().contains("401"), "{refused}");
}
