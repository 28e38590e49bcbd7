//! Real clients, through TLS and with a key: rmcp, the inspector's command line, mcp-proxy; and real
//! servers, which work.
//!
//! All but rmcp need the folder that `FARMGATE_NODE_TOOLS` names, and say so if there is none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::UnixSocketHttpClient;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixListener};

use crate::HELLO;
use crate::running::{Folder, Running};

/// The folder that `.ci/conformance-tools.sh` fills; none, and said so, if there is none.
fn tools() -> Option<PathBuf> {
    let folder = std::env::var_os("FARMGATE_NODE_TOOLS").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("node_modules/.bin/node").is_file());
    if folder.is_none() {
        println!("skipped: FARMGATE_NODE_TOOLS names no folder made by .ci/conformance-tools.sh");
    }
    folder
}

/// The inspector in it.
const INSPECTOR: &str =
    "inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";

/// A path with the tools before all else.
fn path(tools: &Path) -> String {
    let own = ["node_modules/.bin", "interpreter/bin"].map(|bin| tools.join(bin));
    let rest = std::env::var("PATH").unwrap_or_default();
    format!("{}:{}:{rest}", own[0].display(), own[1].display())
}

fn url(running: &Running, path: &str) -> String {
    format!("{}{path}", running.ready["url"].as_str().unwrap())
}

/// rmcp speaks HTTP to a socket of this machine; what comes there goes on over TLS.
async fn tls_relay(socket: &Path, address: std::net::SocketAddr, ca: &Path) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let connector = connector.clone();
            tokio::spawn(async move {
                let gate = TcpStream::connect(address).await.unwrap();
                let name = ServerName::from(address.ip());
                let mut gate = connector.connect(name, gate).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut gate).await;
            });
        }
    });
}

#[tokio::test]
async fn rmcp_calls_a_tool_through_the_gate() {
    let folder = Folder::new("rmcp");
    let running = folder.up(&[]);
    let address = running.ready["address"].as_str().unwrap().parse().unwrap();
    // A socket's path has at most 108 bytes, so it isn't in the test's folder.
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("s");
    tls_relay(&socket, address, &running.ca()).await;
    let uri = format!("http://{address}{HELLO}");
    let client = UnixSocketHttpClient::new(socket.to_str().unwrap(), &uri);
    let key = [(
        http::HeaderName::from_static("x-api-key"),
        http::HeaderValue::from_str(&running.key()).unwrap(),
    )];
    let config = StreamableHttpClientTransportConfig::with_uri(uri).custom_headers(key.into());
    let transport = StreamableHttpClientTransport::with_client(client, config);
    let client = ().serve(transport).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "add"), "{tools:?}");
    let Value::Object(arguments) = json!({ "a": 20, "b": 22 }) else { return };
    let call = CallToolRequestParams::new("add").with_arguments(arguments);
    let result = client.call_tool(call).await.unwrap();
    assert_eq!(result.content[0].as_text().unwrap().text, "42");
    client.cancel().await.unwrap();
}

#[test]
fn the_inspector_calls_a_tool_through_the_gate() {
    let Some(tools) = tools() else { return };
    let running = Folder::new("inspector").up(&[]);
    let output = Command::new(tools.join("node_modules/.bin/node"))
        .arg(tools.join(INSPECTOR))
        .args(["--cli", &url(&running, HELLO), "--transport", "http"])
        .args(["--header", &format!("x-api-key: {}", running.key())])
        .args(["--method", "tools/call", "--tool-name", "add"])
        .args(["--tool-arg", "a=20", "b=22"])
        .env("PATH", path(&tools))
        .env("NODE_EXTRA_CA_CERTS", running.ca())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\"42\""), "{said}\n{errors}");
}

#[test]
fn mcp_proxy_calls_a_tool_through_the_gate() {
    let Some(tools) = tools() else { return };
    let running = Folder::new("mcp-proxy").up(&[]);
    let mut proxy = Command::new(tools.join("mcp-proxy/bin/mcp-proxy"))
        .args(["--transport", "streamablehttp"])
        .args(["-H", "x-api-key", &running.key()])
        .arg(url(&running, HELLO))
        .env("SSL_CERT_FILE", running.ca())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = proxy.stdin.take().unwrap();
    let mut from = BufReader::new(proxy.stdout.take().unwrap());
    let mut ask = |message: &Value| -> Value {
        writeln!(to, "{message}").unwrap();
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("mcp-proxy said: {line}"))
    };
    ask(&json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    }));
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "add", "arguments": { "a": 20, "b": 22 } },
    });
    let answer = ask(&call);
    drop(to);
    let _ = proxy.kill();
    let _ = proxy.wait();
    assert_eq!(answer["result"]["content"][0]["text"], "42", "{answer}");
}

/// A session of the older era with a server.
struct Session<'a> {
    running: &'a Running,
    path: &'a str,
    key: String,
    id: String,
}

impl<'a> Session<'a> {
    fn open(running: &'a Running, path: &'a str) -> Self {
        let mut session = Self { running, path, key: running.key(), id: String::new() };
        let begin = json!({
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            },
        });
        let answer = session.post(&begin);
        session.id = answer.header("mcp-session-id").expect("a session").to_owned();
        session.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        session
    }

    fn post(&self, body: &Value) -> crate::Answer {
        let headers = [("x-api-key", self.key.as_str()), ("mcp-session-id", self.id.as_str())];
        let headers = if self.id.is_empty() { &headers[..1] } else { &headers[..] };
        self.running.https().post(self.path, headers, body)
    }

    fn call(&self, tool: &str, arguments: &Value) -> crate::Answer {
        let params = json!({ "name": tool, "arguments": arguments });
        self.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
    }
}

/// Where `npx` finds what is installed already, so that it asks nobody.
fn with_packages(folder: &Folder, tools: &Path) {
    let packages = folder.0.join("node_modules");
    std::os::unix::fs::symlink(tools.join("node_modules"), packages).unwrap();
}

#[test]
fn the_browser_and_the_interpreter_of_mcp_farm_do_real_work() {
    let Some(tools) = tools() else { return };
    if !Path::new("/usr/bin/chromium").is_file() {
        println!("skipped: /usr/bin/chromium is not there");
        return;
    }
    let folder = Folder::blueprint("mcp-farm", "mcp-farm");
    with_packages(&folder, &tools);
    let mut command = folder.command(&["--format", "json"]);
    let running = Running::start(command.env("PATH", path(&tools)), folder.home());
    let python = Session::open(&running, "/python/mcp");
    let answer = python.call("run_python_code", &json!({ "code": "print(sum(range(101)))" }));
    assert!(answer.text().contains("5050"), "{}", answer.body);
    // The image doesn't have it, so the farm doesn't allow it.
    assert_eq!(python.call("install_package", &json!({ "package_name": "x" })).status, 403);

    let browser = Session::open(&running, "/nova-act/mcp");
    let page = "data:text/html,<title>farm</title><h1>hello from the browser</h1>";
    let opened = browser.call("browser_navigate", &json!({ "url": page }));
    assert!(opened.text().contains("farm"), "{}", opened.body);
    let seen = browser.call("browser_snapshot", &json!({}));
    assert!(seen.text().contains("hello from the browser"), "{}", seen.body);
    assert_eq!(browser.call("browser_run_code_unsafe", &json!({ "code": "1" })).status, 403);
    running.signal(rustix::process::Signal::INT);
    assert!(running.end().success());
}

#[test]
fn the_memory_of_mem_brain_remembers() {
    let Some(tools) = tools() else { return };
    let folder = Folder::blueprint("mem-brain", "mem-brain");
    with_packages(&folder, &tools);
    let mut command = folder.command(&["--format", "json"]);
    let running = Running::start(command.env("PATH", path(&tools)), folder.home());
    let memory = Session::open(&running, "/mcp");
    let bus = json!({ "name": "bus", "entityType": "thing", "observations": ["it is red"] });
    assert_eq!(memory.call("create_entities", &json!({ "entities": [bus] })).status, 200);
    let found = memory.call("search_nodes", &json!({ "query": "bus" }));
    assert!(found.text().contains("it is red"), "{}", found.body);
}
