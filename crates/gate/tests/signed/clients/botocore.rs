//! botocore, asked through a script.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::signer::Signer;
use crate::sts::Authority;

/// An STS of botocore's making.
pub(crate) struct Sts {
    pub(crate) address: SocketAddr,
    child: Child,
    _files: TempDir,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signed/oracle/botocore_signs.py")
}

/// What the script prints, with this on its standard input.
fn run(python: &Path, words: &[&str], input: &Value) -> String {
    let mut child = Command::new(python)
        .arg("-B")
        .arg(script())
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn told(signer: &Signer) -> Value {
    json!({
        "id": signer.id, "secret": signer.secret, "token": signer.token,
        "region": signer.region, "service": signer.service,
    })
}

/// A proof for STS.
pub(crate) fn proof(python: &Path, signer: &Signer, audience: &str) -> String {
    let mut input = told(signer);
    input["audience"] = audience.into();
    run(python, &["proof"], &input)
}

/// Signs and sends requests; status and body of each answer.
pub(crate) fn call(
    python: &Path,
    signer: &Signer,
    url: &str,
    requests: &[Value],
) -> Vec<(u16, String)> {
    let mut input = told(signer);
    input["requests"] = requests.into();
    serde_json::from_str(&run(python, &["call", url], &input)).unwrap()
}

// === impl Sts ===

impl Sts {
    pub(crate) fn start(python: &Path, authority: &Authority) -> Self {
        let files = TempDir::new().unwrap();
        let (certificate, key) = (files.path().join("c.pem"), files.path().join("k.pem"));
        std::fs::write(&certificate, &authority.certificate_pem).unwrap();
        std::fs::write(&key, &authority.key_pem).unwrap();
        let mut child = Command::new(python)
            .arg("-B")
            .arg(script())
            .arg("sts")
            .args([&certificate, &key])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap();
        Self { address: SocketAddr::from(([127, 0, 0, 1], port)), child, _files: files }
    }
}

impl Drop for Sts {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
