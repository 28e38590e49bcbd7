//! A farm that `farmgate up` runs, and clients that reach it through `farmgate connect`.

use std::process::{Command, Stdio};

use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::pipe::{Pipe, connect, text, tool};
use crate::running::{Folder, Running};

const HELLO: &str = "/hello/mcp";

fn url(running: &Running) -> String {
    format!("{}{HELLO}", running.ready["url"].as_str().unwrap())
}

/// `farmgate connect` to a farm that runs, with its key.
fn to(running: &Running) -> Command {
    let ca = running.ca();
    let url = url(running);
    let args = [&*url, "--api-key-env", "THE_KEY", "--ca", ca.to_str().unwrap()];
    let mut command = connect(&args);
    command.env("THE_KEY", running.key());
    command
}

fn modern(tool: &str, arguments: &Value) -> Value {
    json!({ "name": tool, "arguments": arguments, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    } })
}

#[test]
fn both_eras_go_through_a_real_gate() {
    let folder = Folder::new("connect-eras");
    let running = folder.up(&[]);
    let mut pipe = Pipe::start(&mut to(&running));
    let opened = pipe.open();
    assert_eq!(opened["result"]["protocolVersion"], "2025-11-25", "{opened}");
    let listed = pipe.ask("tools/list", &json!({}));
    assert!(listed["result"]["tools"].to_string().contains("\"add\""), "{listed}");
    assert_eq!(text(&pipe.call("add", &json!({ "a": 20, "b": 22 }))), "42");
    let (status, said) = pipe.end();
    assert!(status.success() && said.is_empty(), "{status} {said}");

    let mut pipe = Pipe::start(&mut to(&running));
    let answer = pipe.ask("tools/call", &modern("add", &json!({ "a": 20, "b": 22 })));
    assert_eq!(text(&answer), "42");
    let (status, said) = pipe.end();
    assert!(status.success() && said.is_empty(), "{status} {said}");
}

#[test]
fn a_wrong_key_is_one_line_and_an_error() {
    let folder = Folder::new("connect-wrong");
    let running = folder.up(&[]);
    let wrong = "fg_a-wrong-key-that-nobody-sees";
    let mut pipe = Pipe::start(to(&running).env("THE_KEY", wrong));
    let answer = pipe.open();
    assert!(answer["error"]["message"].as_str().unwrap().contains("401"), "{answer}");
    let (status, said) = pipe.end();
    assert!(status.success(), "{status}");
    assert!(said.contains("`THE_KEY`") && !said.contains(wrong), "{said}");
}

#[test]
fn a_farm_that_is_restarted_is_not_noticed() {
    let folder = Folder::new("connect-restart");
    let first = folder.up(&[]);
    let key = first.key();
    let address = first.ready["address"].as_str().unwrap().to_owned();
    let mut pipe = Pipe::start(&mut to(&first));
    pipe.open();
    assert_eq!(text(&pipe.call("add", &json!({ "a": 1, "b": 2 }))), "3");
    first.signal(Signal::TERM);
    assert!(first.end().success());

    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command
        .args(["up", "--format", "json", "--listen", &address, "--key-env", "THE_KEY"])
        .current_dir(&folder.0)
        .env("THE_KEY", key)
        .env("HOME", folder.home())
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null());
    let second = Running::start(&mut command, folder.home());
    if second.ready["address"] != address.as_str() {
        println!("skipped: somebody took the port meanwhile");
        return;
    }
    assert_eq!(text(&pipe.call("add", &json!({ "a": 3, "b": 4 }))), "7");
    let (status, said) = pipe.end();
    assert!(status.success(), "{status} {said}");
}

#[tokio::test]
async fn rmcp_works_through_connect() {
    let folder = Folder::new("connect-rmcp");
    let running = folder.up(&[]);
    let mut child = tokio::process::Command::from(to(&running))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let client = ().serve(pipes).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "add"), "{tools:?}");
    let Value::Object(arguments) = json!({ "a": 20, "b": 22 }) else { return };
    let result =
        client.call_tool(CallToolRequestParams::new("add").with_arguments(arguments)).await;
    assert_eq!(result.unwrap().content[0].as_text().unwrap().text, "42");
    client.cancel().await.unwrap();
    assert!(child.wait().await.unwrap().success());
}

/// The official Python SDK's client, which is of both eras.
const PYTHON: &str = r#"
import asyncio, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:], env=dict(os.environ))
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = await session.list_tools()
            assert any(tool.name == "add" for tool in tools.tools), tools
            result = await session.call_tool("add", {"a": 20, "b": 22})
            print(result.content[0].text)

asyncio.run(main())
"#;

#[test]
fn the_python_sdk_works_through_connect() {
    let Some(python) = tool("python/bin/python") else { return };
    let folder = Folder::new("connect-python");
    let running = folder.up(&[]);
    let connect = to(&running);
    let output = Command::new(python)
        .args(["-c", PYTHON])
        .arg(connect.get_program())
        .args(connect.get_args())
        .env("THE_KEY", running.key())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "42", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (args, words) in [
        (&["http://farm.example.com/mcp"][..], "this machine only"),
        (&["https://name:secret@farm.example.com/mcp"], "user name"),
        (&["ssm:nova"], "names no parameter"),
        (&["https://h/mcp", "--api-key-env", "NO_SUCH_KEY"], "`NO_SUCH_KEY`"),
        (&["https://h/mcp", "--token-env", "NO_SUCH_TOKEN"], "`NO_SUCH_TOKEN`"),
        (&["https://h/mcp", "--ca", "no-such-file"], "no-such-file"),
        (&["https://h/mcp", "--api-key-env", "HOME", "--header", "host"], "no header"),
        (&["https://h/mcp", "--sigv4", "--sts-proof"], "cannot be used with"),
        (&["https://h/mcp", "--group", "g"], "--api-key-env"),
    ] {
        let output = connect(args).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: `{words}` isn't in: {said}");
        assert!(!said.contains("secret"), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_signal_ends_the_session() {
    let folder = Folder::new("connect-signal");
    let running = folder.up(&[]);
    let mut child = to(&running).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let open = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    } });
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, format!("{open}\n").as_bytes()).unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    // Its input is still open.
    assert!(child.wait().unwrap().success());
    running.line(|line| line["kind"] == "request" && line["method"] == "DELETE");
}
