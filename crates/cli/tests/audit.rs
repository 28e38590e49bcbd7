//! `farmgate audit verify`, on files that a gate's audit wrote, whole and tampered with.
//!
//! What is found, and where, is tested beside the verifier; here it is what people and scripts see.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use farmgate_farm::gate::{Audit, AuditFile, OnFailure};
use farmgate_gate::audit::{Decision, Log, Record};
use farmgate_gate::metrics::Metrics;
use serde_json::Value;

/// A folder with an audit of so many requests in it.
struct Written {
    folder: tempfile::TempDir,
}

impl Written {
    fn new(requests: usize, rotate_bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.log");
        let file = AuditFile { path, rotate_bytes, keep_days: 7 };
        let settings =
            Audit { stdout: false, file: Some(file), fail: OnFailure::Closed, arguments: false };
        let log = Log::start(&settings, "bus-simulator", None, &Metrics::new("f")).expect("a log");
        for n in 0..requests {
            log.write(&Record {
                tool: Some(format!("tool-{n}")),
                decision: Decision::Allowed,
                status: 200,
                ..Record::default()
            });
            if n % 50 == 49 {
                while log.figures().queued > 0 {
                    std::thread::yield_now();
                }
            }
        }
        assert!(log.close(), "it is written");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("its files");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path()).expect("its text");
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn write(&self, lines: &[String]) {
        fs::write(self.path(), lines.concat()).expect("it can be written");
    }
}

fn farmgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command.args(args).env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

fn verify(files: &[&Path], more: &[&str]) -> (i32, String, String) {
    said(farmgate(&["audit", "verify"]).args(files).args(more).output().expect("it runs"))
}

fn said(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

/// The head that the report names.
fn head(file: &Path) -> String {
    let (_, out, _) = verify(&[file], &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    report["chains"][0]["head"].as_str().expect("a head").to_owned()
}

#[test]
fn an_audit_is_intact_in_one_file_and_in_many() {
    let one = Written::new(20, 1 << 20);
    let (code, out, err) = verify(&[&one.path()], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    for wanted in ["of bus-simulator", "22 lines, 20 requests", "ended: ", "intact: 1 chain\n"] {
        assert!(out.contains(wanted), "{wanted}\n{out}");
    }
    let many = Written::new(300, 8000);
    let files = many.files();
    assert!(files.len() > 3, "{files:?}");
    let paths: Vec<&Path> = files.iter().rev().map(PathBuf::as_path).collect();
    let (code, out, _) = verify(&paths, &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("300 requests"), "{out}");
}

#[test]
fn an_export_is_read_from_the_standard_input() {
    let written = Written::new(3, 1 << 20);
    let stdin = fs::File::open(written.path()).expect("the file");
    let output = farmgate(&["audit", "verify", "-"]).stdin(stdin).output().expect("it runs");
    let (code, out, _) = said(output);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn tampering_is_named_with_its_place() {
    type Tamper = fn(&mut Vec<String>);
    let cases: [(&str, Tamper, &str); 5] = [
        ("changed", |lines| lines[5] = lines[5].replace("tool-4", "tool-X"), "line 5 ("),
        ("removed", |lines| drop(lines.drain(5..8)), "lines 5 to 7 are missing, before"),
        ("one removed", |lines| drop(lines.remove(5)), "line 5 is missing"),
        ("moved", |lines| lines.swap(5, 6), "in the wrong order: line 5"),
        (
            "repeated",
            |lines| lines.insert(6, lines[5].replace("tool-4", "tool-X")),
            "different lines 5",
        ),
    ];
    for (name, tamper, wanted) in cases {
        let written = Written::new(20, 1 << 20);
        let mut lines = written.lines();
        tamper(&mut lines);
        written.write(&lines);
        let (code, out, _) = verify(&[&written.path()], &[]);
        assert_eq!(code, 1, "{name}\n{out}");
        assert!(out.contains(wanted) && out.contains("broken: 1 chain"), "{name}: {wanted}\n{out}");
        assert!(out.contains("audit.log:"), "{name}: where?\n{out}");
    }
}

#[test]
fn a_cut_tail_is_doubted_and_proved_or_refuted_with_a_head() {
    let written = Written::new(20, 1 << 20);
    let last = head(&written.path());
    let lines = written.lines();
    written.write(&lines[..10]);
    let (code, out, _) = verify(&[&written.path()], &[]);
    assert_eq!(code, 0);
    assert!(out.contains("unanchored: may have been cut after line 9"), "{out}");
    let (code, out, _) = verify(&[&written.path()], &["--head", &last]);
    assert_eq!(code, 1);
    assert!(out.contains("lines 10 to 21 are cut off"), "{out}");
    let middle = head(&written.path());
    written.write(&lines[..15]);
    let (code, out, _) = verify(&[&written.path()], &["--head", &middle]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("anchored: nothing up to line 9 was cut off"), "{out}");
    let other = head(&Written::new(1, 1 << 20).path());
    let (code, out, _) = verify(&[&written.path()], &["--head", &other]);
    assert_eq!(code, 1);
    assert!(out.contains("no line of the chain of head"), "{out}");
}

#[test]
fn programs_get_json() {
    let written = Written::new(20, 1 << 20);
    let mut lines = written.lines();
    lines.remove(5);
    written.write(&lines);
    let (code, out, _) = verify(&[&written.path()], &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["intact"]), (1, &false.into()));
    let problem = &report["chains"][0]["problems"][0];
    assert_eq!((&problem["kind"], &problem["from"]), (&"missing".into(), &5.into()));
    assert_eq!(report["chains"][0]["tail"]["kind"], "closed");
}

#[test]
fn what_is_no_audit_is_said_to_be_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.log");
    fs::write(&path, "hello\n{\"a\":1}\n").expect("a file");
    let (code, out, err) = verify(&[&path], &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("error[no-audit]: none of 2 lines"), "{err}");
    let (code, _, err) = verify(&[&folder.path().join("none")], &[]);
    assert_eq!(code, 3);
    assert!(err.contains("there is no such file"), "{err}");
    let (code, _, err) = verify(&[&path], &["--head", "abc"]);
    assert_eq!(code, 2);
    assert!(err.contains("a head is CHAIN:NUMBER:HASH"), "{err}");
    let (code, _, err) = verify(&[Path::new("-"), Path::new("-")], &[]);
    assert_eq!(code, 2, "{err}");
}

/// A terminal's own sequences in a log don't reach the terminal.
#[test]
fn a_hostile_log_is_shown_harmless() {
    let written = Written::new(2, 1 << 20);
    let mut lines = written.lines();
    lines[0] = lines[0].replace("bus-simulator", "\\u001b[2Jx");
    written.write(&lines);
    let (code, out, _) = verify(&[&written.path()], &[]);
    assert_eq!(code, 1);
    assert!(!out.contains('\u{1b}'), "{out:?}");
}
