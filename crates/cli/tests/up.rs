//! `farmgate up`, as people run it: the gate answers over TLS with the local authority and the key, and
//! however it ends, no process is left.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "up/clients.rs"]
mod clients;
#[path = "up/https.rs"]
mod https;
#[path = "up/running.rs"]
mod running;
#[path = "up/signed.rs"]
mod signed;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Output;

use rustix::process::Signal;
use serde_json::{Value, json};

use https::Answer;
use running::{Folder, Running, survivors};

const HELLO: &str = "/hello/mcp";

/// A farm with these servers.
fn farm(servers: &str, rest: &str) -> String {
    format!(
        "farm: test\nregion: eu-central-1\ningress:\n  allow: [203.0.113.0/24]\n  domain: {{ name: \
         mcp.example.com, zone: Z0123456789ABCDEFGHIJ }}\nauth:\n  - api_keys: {{ store: \
         \"secretsmanager:test/api-keys\" }}\nservers:\n{servers}{rest}"
    )
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    texts.concat()
}

fn add(running: &Running, key: &str) -> Answer {
    running.call(HELLO, key, "add", &json!({ "a": 20, "b": 22 }))
}

#[test]
fn the_quickstart_needs_nothing_and_answers_over_tls() {
    let folder = Folder::new("quickstart");
    let running = folder.up(&[]);
    assert_eq!(running.server("hello")["state"], "ready");
    assert_eq!(add(&running, &running.key()).text(), "42");

    // Every line of what is said is JSON; the call is in it, and the key nowhere.
    let call = running.line(|line| line["kind"] == "request");
    assert_eq!(
        (&call["principal"], &call["tool"], &call["status"]),
        (&json!("key:local"), &json!("add"), &json!(200))
    );
    let (key, audit) = (running.key(), running.ready["audit"].as_str().unwrap().to_owned());
    running.signal(Signal::INT);
    assert!(running.end().success());
    let audit = fs::read_to_string(audit).unwrap();
    assert!(audit.contains("key:local") && !audit.contains(&key), "{audit}");
}

#[test]
fn the_screen_says_how_to_connect() {
    let folder = Folder::new("screen");
    let mut child = folder.command(&[]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut lines = lines.map_while(Result::ok);
    let screen: Vec<String> =
        lines.by_ref().take_while(|line| !line.starts_with("Ctrl-C")).collect();
    // What is said later is JSON, since this is no terminal; somebody has to read it.
    let rest = std::thread::spawn(move || lines.collect::<Vec<_>>());
    let from = |words: &str| screen.iter().position(|line| line.starts_with(words)).unwrap();
    let block = |first: usize| {
        let end = screen[first..].iter().position(String::is_empty).unwrap();
        screen[first..first + end].join("\n")
    };
    let shown = screen.join("\n");
    assert!(shown.contains("30 proved") && shown.contains("ready     hello"), "{shown}");
    assert!(shown.contains("not yet   network"), "{shown}");

    let entry = block(from("mcp.json") + 1);
    let (entry, _) = entry.split_once("\nclients in Node").unwrap();
    let entry: Value = serde_json::from_str(entry).expect("it is JSON");
    let hello = &entry["mcpServers"]["hello"];
    assert_eq!(hello["type"], "http");
    assert!(hello["url"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{entry}");
    assert!(hello["headers"]["x-api-key"].as_str().unwrap().starts_with("fg_"), "{entry}");

    let pasted = std::process::Command::new("sh").arg("-c").arg(block(from("curl") + 1)).output();
    let pasted = pasted.unwrap();
    if pasted.status.code() == Some(127) {
        println!("skipped: there is no curl");
    } else {
        assert!(said(&pasted).contains("\"text\":\"42\""), "{}", said(&pasted));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    for line in rest.join().unwrap().iter().filter(|line| !line.is_empty()) {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn who_has_no_key_gets_nowhere() {
    let folder = Folder::new("no-key");
    let running = folder.up(&[]);
    let other = Folder::new("no-key-other");
    let stranger = other.up(&[]);
    for key in ["", "fg_x", &stranger.key()] {
        let refused = add(&running, key);
        assert_eq!(refused.status, 401, "{key}");
        assert!(refused.header("www-authenticate").is_some(), "{}", refused.head);
    }
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    assert_eq!(running.https().post(HELLO, &[], &body).status, 401);
    // The port answers plain HTTP with where to go, and nothing else.
    let mut plain = TcpStream::connect(running.ready["address"].as_str().unwrap()).unwrap();
    plain.write_all(b"GET /hello/mcp HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).status, 308);
}

#[test]
fn a_key_of_the_environment_is_taken_and_not_shown() {
    let folder = Folder::new("key-env");
    let first = folder.up(&[]);
    let key = first.key();
    first.signal(Signal::TERM);
    assert!(first.end().success());

    let mut command = folder.command(&["--key-env", "THE_KEY", "--format", "json"]);
    let running = Running::start(command.env("THE_KEY", &key), folder.home());
    assert_eq!(running.ready["key"], Value::Null);
    assert_eq!(add(&running, &key).text(), "42");
    running.signal(Signal::TERM);
    assert!(running.end().success());

    // HOME is set, and no key.
    for variable in ["NO_SUCH_KEY", "HOME"] {
        let output = folder.refused(&["--key-env", variable]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(&format!("`{variable}`")), "{}", said(&output));
    }
}

#[test]
fn keys_of_the_farm_are_taken_beside_that_of_the_run() {
    let folder = Folder::with(
        "farm-keys",
        &farm("  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }\n", ""),
    );
    let running = folder.up(&[]);
    // Made while it runs: the store is read again when it changes.
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_farmgate"))
        .args(["key", "add", "--group", "people", "--name", "alice", "--farm", "farm.yaml"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let made = String::from_utf8(made.stdout).unwrap();
    let key = made.split_whitespace().find(|word| word.starts_with("fg_")).unwrap();
    let until = std::time::Instant::now() + running::LIMIT;
    while add(&running, key).status != 200 {
        assert!(std::time::Instant::now() < until, "the key is never taken");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(add(&running, &running.key()).status, 200);
}

#[test]
fn a_stdio_server_gets_a_process_for_each_session() {
    let folder = Folder::blueprint("bus", "bus-simulator");
    let running = folder.up(&[]);
    let (key, https) = (running.key(), running.https());
    let headers = [("x-api-key", key.as_str())];
    let begin = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let session = https.post("/mcp", &headers, &begin);
    let id = session.header("mcp-session-id").unwrap().to_owned();
    let headers = [headers[0], ("mcp-session-id", id.as_str())];
    let call = |tool: &str, arguments: Value| {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        https.post("/mcp", &headers, &body)
    };
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(https.post("/mcp", &headers, &ready).status, 202);
    assert_eq!(call("echo", json!({ "message": "a bus" })).text(), "a bus");
    // A tool of the command that the farm doesn't name.
    assert_eq!(call("test_simple_text", json!({})).status, 403);
    let bridged = |line: &String| line.contains("--stdio") && !line.contains("bridge");
    assert!(survivors(&folder.home()).iter().any(bridged), "the session has a process");
    running.signal(Signal::TERM);
    assert!(running.end().success());
}

#[test]
fn nothing_is_left_when_it_is_killed() {
    let folder = Folder::blueprint("killed", "bus-simulator");
    let running = folder.up(&[]);
    assert!(survivors(&folder.home()).len() > 1);
    running.signal(Signal::KILL);
    assert!(!running.end().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let servers = "  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }\n  \
                   stubborn: { route: /stubborn, transport: stdio, command: [x], local: { command: \
                   [sh, -c, \"trap '' TERM INT; while :; do sleep 1; done\"], transport: stdio } }\n";
    let folder = Folder::with("stubborn", &farm(servers, ""));
    let running = folder.up(&[]);
    // A stream that somebody holds open keeps the first signal waiting.
    let mut stream = running.https().connect();
    let key = running.key();
    let begin = format!("GET /hello/mcp HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n");
    stream.write_all(begin.as_bytes()).unwrap();
    stream.flush().unwrap();
    running.signal(Signal::TERM);
    running.line(|line| line["event"] == "notice" && line["text"].to_string().contains("ends"));
    running.signal(Signal::INT);
    let status = running.end();
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
}

#[test]
fn a_farm_that_is_refuted_is_refused() {
    let servers = "  hello: { route: /hello/mcp, local: { command: [touch, started] } }\n";
    let rest = "expect:\n  - can: { from: servers.hello, to: internet, ports: [443] }\n";
    let folder = Folder::with("refuted", &farm(servers, rest));
    let output = folder.refused(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("1 refuted"), "{}", said(&output));
    assert!(!folder.0.join("started").exists(), "nothing was started");
    assert!(!folder.0.join(".farmgate").exists(), "and nothing was made");
}

#[test]
fn a_missing_secret_is_explained() {
    let servers = "  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"], \
                   secrets: { API_KEY: \"secretsmanager:hello/api-key\", OTHER: \"ssm:/hello/other\" \
                   } } }\n";
    let folder = Folder::with("secret", &farm(servers, ""));
    let output = folder.refused(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    for words in ["secretsmanager:hello/api-key", "ssm:/hello/other", "farm.secrets"] {
        assert!(said(&output).contains(words), "`{words}` isn't in: {}", said(&output));
    }
}

#[test]
fn secrets_reach_their_server_alone() {
    let show = |name: &str, more: &str| {
        format!(
            "  {name}: {{ route: /{name}, local: {{ command: [sh, -c, \"env > {name}.env; exec sleep \
             1000\"]{more} }} }}\n"
        )
    };
    let secret = ", secrets: { TOKEN: \"secretsmanager:one/token\" }";
    let servers = show("one", secret)
        + &show("two", "")
        + "  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }\n";
    let folder = Folder::with("secrets", &farm(&servers, ""));
    let value = "a-value-that-nobody-else-sees";
    let mut command = folder.command(&[]);
    command.env("FARMGATE_SECRET_SECRETSMANAGER_ONE_TOKEN", value).env("UNRELATED", "1");
    let child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let until = std::time::Instant::now() + running::LIMIT;
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).unwrap_or_default();
    while read("one.env").is_empty() || read("two.env").is_empty() {
        assert!(std::time::Instant::now() < until, "the servers are never started");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut child = child;
    // Killed: its keepers see to the rest.
    let _ = child.kill();
    let _ = child.wait();
    assert!(read("one.env").contains(&format!("TOKEN={value}")));
    assert!(!read("two.env").contains(value), "another server has it");
    for variable in ["UNRELATED", "FARMGATE_"] {
        assert!(!read("one.env").contains(variable), "{}", read("one.env"));
    }
}

#[test]
fn what_cannot_be_started_is_said() {
    let hello = "  hello: { route: /hello/mcp }\n";
    let none = "  none: { route: /none, local: { command: [no-such-program] } }\n";
    let output = Folder::with("nothing", &farm(&(hello.to_owned() + none), "")).refused(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for words in
        ["`hello`: it has no `local.command`", "there is no program `no-such-program`", "local:"]
    {
        assert!(said(&output).contains(words), "`{words}` isn't in: {}", said(&output));
    }

    let works = "  works: { route: /works, local: { command: [\"builtin:everything\"] } }\n";
    let folder = Folder::with("something", &farm(&(hello.to_owned() + none + works), ""));
    let running = folder.up(&[]);
    assert_eq!(running.server("works")["state"], "ready");
    let left = running.ready["not_run"].as_array().unwrap();
    let names: Vec<&str> = left.iter().filter_map(|left| left["name"].as_str()).collect();
    assert_eq!(names, ["hello", "none"]);
}

#[test]
fn a_server_that_dies_is_said_and_takes_no_other_down() {
    let servers = "  dies: { route: /dies, local: { command: [sh, -c, \"echo last words; exit 3\"] } }\n  \
                   hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }\n";
    let folder = Folder::with("dies", &farm(servers, ""));
    let running = folder.up(&[]);
    assert_eq!(running.server("dies")["state"], "restarting");
    assert!(running.server("dies")["why"].to_string().contains('3'), "{}", running.ready);
    let printed = running.line(|line| line["event"] == "printed" && line["server"] == "dies");
    assert_eq!(printed["line"], "last words");
    assert_eq!(add(&running, &running.key()).text(), "42");
}

#[test]
fn rules_that_leave_the_key_nothing_are_told() {
    let servers = "  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }\n";
    let rest =
        "tools:\n  - allow: { principals: [\"group:researchers\"], server: hello, tools: [add] }\n";
    let folder = Folder::with("rules", &farm(servers, rest));
    let running = folder.up(&[]);
    let notes = running.ready["notes"].to_string();
    assert!(notes.contains("--group"), "{notes}");
    assert_eq!(add(&running, &running.key()).status, 403);
    running.signal(Signal::TERM);
    running.end();
    let running = folder.up(&["--group", "researchers"]);
    assert!(!running.ready["notes"].to_string().contains("--group"));
    assert_eq!(add(&running, &running.key()).text(), "42");
}

#[test]
fn a_port_that_is_taken_is_left_alone() {
    let folder = Folder::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command.args(["up", "--format", "json", "--listen", &address]).current_dir(&folder.0);
    command.env("HOME", folder.home()).env_remove("XDG_STATE_HOME");
    let running = Running::start(&mut command, folder.home());
    assert_ne!(running.ready["address"], address.as_str());
    let notes = running.ready["notes"].to_string();
    assert!(notes.contains(&format!("{address} is taken")), "{notes}");
    assert_eq!(add(&running, &running.key()).status, 200);
}

#[test]
fn a_farm_runs_once() {
    let folder = Folder::new("twice");
    let running = folder.up(&[]);
    let output = folder.command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("this farm runs already"), "{}", said(&output));
    // The first one goes on.
    assert_eq!(add(&running, &running.key()).text(), "42");
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("private");
    let running = folder.up(&[]);
    let state = running.ca().parent().unwrap().to_owned();
    running.signal(Signal::TERM);
    running.end();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let output = folder.refused(&[]);
    assert!(matches!(output.status.code(), Some(2 | 3)), "{}", said(&output));
    assert!(said(&output).contains("chmod"), "{}", said(&output));
}
