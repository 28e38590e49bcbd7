//! The audit as a whole: lines written by several threads, sinks that fail in every way, rotation,
//! and what verification says of what came out, changed and unchanged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farmgate_farm::gate::{Audit, AuditFile, OnFailure};
use farmgate_gate::audit::verify::{Problem, Report, Start, Tail, Verifier};
use farmgate_gate::audit::{Decision, Head, Log, Output, Record, Sink};
use farmgate_gate::metrics::Metrics;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// What a sink in memory took, and whether it works.
#[derive(Default)]
struct Memory {
    lines: Mutex<Vec<u8>>,
    broken: AtomicBool,
    tries: AtomicUsize,
    /// Blocks in the middle of a write.
    stuck: AtomicBool,
}

#[derive(Clone, Default)]
struct MemorySink(Arc<Memory>);

impl Sink for MemorySink {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.0.tries.fetch_add(1, Ordering::SeqCst);
        while self.0.stuck.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.lines.lock().unwrap().extend_from_slice(lines);
        Ok(())
    }
}

impl MemorySink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lines.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn settings(fail: OnFailure) -> Audit {
    Audit { stdout: true, file: None, fail, arguments: false }
}

fn to_memory(fail: OnFailure) -> (Log, MemorySink) {
    let sink = MemorySink::default();
    let log = Log::start(&settings(fail), "farm", Some(Box::new(sink.clone())), &Metrics::new("f"));
    (log.unwrap(), sink)
}

fn to_file(path: &Path, rotate_bytes: u64) -> Log {
    let file = AuditFile { path: path.to_owned(), rotate_bytes, keep_days: 7 };
    let settings = Audit { stdout: false, file: Some(file), ..settings(OnFailure::Closed) };
    Log::start(&settings, "farm", None, &Metrics::new("f")).unwrap()
}

fn record(tool: &str) -> Record {
    Record {
        time: std::time::SystemTime::now(),
        tool: Some(tool.to_owned()),
        decision: Decision::Allowed,
        status: 200,
        ..Record::default()
    }
}

fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < LIMIT, "it never became so");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn verify(texts: &[&str], heads: Vec<Head>) -> Report {
    let mut verifier = Verifier::new(heads);
    for (index, text) in texts.iter().enumerate() {
        verifier.read(&format!("file-{index}"), text.as_bytes()).unwrap();
    }
    verifier.finish()
}

/// The text of a whole chain, with so many requests, and its lines.
fn chain(requests: usize) -> (String, Vec<String>) {
    let (log, sink) = to_memory(OnFailure::Closed);
    for n in 0..requests {
        log.write(&record(&format!("tool-{n}")));
    }
    assert!(log.close());
    let text = sink.text();
    let lines = text.lines().map(|line| format!("{line}\n")).collect();
    (text, lines)
}

// === writing ===

#[test]
fn every_line_of_every_thread_is_written_once() {
    let (log, sink) = to_memory(OnFailure::Closed);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let log = &log;
            scope.spawn(move || {
                for n in 0..2000 {
                    log.write(&record(&format!("{thread}-{n}")));
                }
            });
        }
    });
    assert!(log.close());
    let lines = sink.lines();
    let tools: BTreeSet<&str> = lines.iter().filter_map(|line| line["tool"].as_str()).collect();
    assert_eq!((tools.len(), lines.len()), (16_000, 16_002));
    assert_eq!((&lines[0]["kind"], &lines[0]["seq"]), (&"open".into(), &0.into()));
    assert_eq!(lines[0]["farm"], "farm");
    let last = lines.last().unwrap();
    assert_eq!((&last["kind"], &last["lines"]), (&"close".into(), &16_002.into()));
    // A thread's own lines stay in order.
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for tool in lines.iter().filter_map(|line| line["tool"].as_str()) {
        let (thread, n) = tool.split_once('-').unwrap();
        let next = seen.entry(thread.parse().unwrap()).or_default();
        assert_eq!(n.parse::<u64>().unwrap(), *next);
        *next += 1;
    }
    let report = verify(&[&sink.text()], Vec::new());
    assert!(report.intact && report.chains[0].tail == Tail::Closed, "{report:#?}");
    assert_eq!((report.chains[0].requests, report.chains[0].lines), (16_000, 16_002));
    // It is over: what comes now is lost, and says so.
    log.write(&record("late"));
    assert_eq!(log.figures().lost, 1);
    assert!(!log.accepts());
}

#[test]
fn a_line_is_written_soon_without_another_one() {
    let (log, sink) = to_memory(OnFailure::Closed);
    until(|| sink.text().contains("open"));
    for n in 0..20 {
        log.write(&record(&format!("tool-{n}")));
        until(|| sink.text().contains(&format!("tool-{n}\"")));
    }
    until(|| log.figures().queued == 0);
    let head = &log.heads()[0];
    assert_eq!(head.seq, 20);
    let report = verify(&[&sink.text()], vec![head.clone()]);
    assert!(report.intact);
    assert_eq!(report.chains[0].tail, Tail::Anchored { line: 20 });
    assert_eq!(report.chains[0].head, head.to_string());
}

#[test]
fn arguments_are_written_only_when_asked_for() {
    let (log, _) = to_memory(OnFailure::Closed);
    assert_eq!(log.arguments(r#"{"a":1}"#), None);
    let asked = Audit { arguments: true, ..settings(OnFailure::Closed) };
    let sink = Box::new(MemorySink::default());
    let log = Log::start(&asked, "farm", Some(sink), &Metrics::new("f")).unwrap();
    let black = r#"{"a":1,"token":"[redacted]"}"#;
    assert_eq!(log.arguments(r#"{"a":1,"token":"t"}"#).as_deref(), Some(black));
}

#[test]
fn lines_of_others_stand_between_and_belong_to_no_chain() {
    let (log, sink) = to_memory(OnFailure::Closed);
    log.write(&record("one"));
    assert!(log.say(r#"{"_aws":{}}"#));
    assert!(!log.say("two\nlines") && !log.say(&"x".repeat(1 << 20)));
    until(|| sink.text().contains("_aws"));
    assert!(log.close());
    let report = verify(&[&sink.text()], Vec::new());
    assert!(report.intact && report.other_lines == 1);
}

// === failures ===

#[test]
fn closed_stops_requests_until_a_line_can_be_written_again() {
    let (log, sink) = to_memory(OnFailure::Closed);
    until(|| sink.text().contains("open"));
    assert!(log.accepts());
    sink.0.broken.store(true, Ordering::SeqCst);
    log.write(&record("kept"));
    until(|| !log.accepts());
    assert!(log.figures().failures[0].contains("the standard output"), "{:?}", log.figures());
    log.write(&record("kept too"));
    sink.0.broken.store(false, Ordering::SeqCst);
    until(|| log.accepts());
    assert_eq!(log.figures().failures, Vec::<String>::new());
    assert!(log.close());
    let report = verify(&[&sink.text()], Vec::new());
    assert!(report.intact && report.chains[0].requests == 2 && report.chains[0].lost == 0);
}

#[test]
fn open_goes_on_and_tells_what_was_lost() {
    let (log, sink) = to_memory(OnFailure::Open);
    until(|| sink.text().contains("open"));
    sink.0.broken.store(true, Ordering::SeqCst);
    let mut written = 0_u64;
    // More than there is room for.
    while log.figures().lost < 1000 {
        assert!(log.accepts());
        log.write(&record(&"x".repeat(200)));
        written += 1;
    }
    assert!(log.figures().queued <= 8 << 20, "{:?}", log.figures());
    let tries = sink.0.tries.load(Ordering::SeqCst);
    until(|| sink.0.tries.load(Ordering::SeqCst) > tries + 1);
    sink.0.broken.store(false, Ordering::SeqCst);
    until(|| log.figures().queued == 0);
    let lost = log.figures().lost;
    log.write(&record("after"));
    assert!(log.close());
    let report = verify(&[&sink.text()], Vec::new());
    let chain = &report.chains[0];
    assert!(report.intact && chain.tail == Tail::Closed, "{:?}", chain.problems);
    assert_eq!(chain.lost, lost);
    assert_eq!(chain.requests, written - lost + 1);
}

#[test]
fn closed_stops_before_there_is_no_room_for_requests_under_way() {
    let (log, sink) = to_memory(OnFailure::Closed);
    until(|| sink.text().contains("open"));
    sink.0.stuck.store(true, Ordering::SeqCst);
    let start = Instant::now();
    while log.accepts() {
        log.write(&record(&"x".repeat(200)));
        assert!(start.elapsed() < LIMIT);
    }
    // A thousand requests that were let in before still find room.
    (0..1000).for_each(|_| log.write(&record("under way")));
    assert_eq!(log.figures().lost, 0);
    sink.0.stuck.store(false, Ordering::SeqCst);
    until(|| log.accepts() && log.figures().queued == 0);
    assert!(log.close());
    assert!(verify(&[&sink.text()], Vec::new()).intact);
}

#[test]
fn a_log_that_cannot_be_written_ends_all_the_same() {
    let (log, sink) = to_memory(OnFailure::Closed);
    sink.0.broken.store(true, Ordering::SeqCst);
    log.write(&record("never"));
    let start = Instant::now();
    assert!(!log.close());
    assert!(start.elapsed() < LIMIT && !log.accepts());
}

/// A device that is always full: the same, with the kernel's own error.
#[test]
fn a_full_device_is_a_failure() {
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else { return };
    let sink = Box::new(Output::to(full));
    let log = Log::start(&settings(OnFailure::Closed), "farm", Some(sink), &Metrics::new("f"));
    let log = log.unwrap();
    until(|| !log.accepts());
    assert!(log.figures().failures[0].contains("No space left"), "{:?}", log.figures());
}

#[test]
fn a_broken_pipe_and_a_partial_write_repeat_nothing() {
    // A pipe that takes little at a time, and whose reader comes late.
    let (mut reader, writer) = io::pipe().unwrap();
    let file = fs::File::from(std::os::fd::OwnedFd::from(writer));
    let sink = Box::new(Output::to(file));
    let log = Log::start(&settings(OnFailure::Closed), "farm", Some(sink), &Metrics::new("f"));
    let log = log.unwrap();
    (0..2000).for_each(|n| log.write(&record(&format!("tool-{n}"))));
    until(|| log.figures().queued > 0);
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        io::Read::read_to_string(&mut reader, &mut text).map(|_| text)
    });
    assert!(log.close());
    drop(log);
    let report = verify(&[&read.join().unwrap().unwrap()], Vec::new());
    assert!(report.intact && report.chains[0].requests == 2000 && report.other_lines == 0);
}

/// A real disk that fills up and is emptied. Needs the right to mount; says so if it has it not.
#[test]
fn a_full_disk_leaves_whole_lines_and_an_intact_chain() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |args: &[&str]| {
        let run = std::process::Command::new(args[0]).args(&args[1..]).arg(folder.path()).output();
        run.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=256k", "farmgate-test"]) {
        println!("skipped: a file system can't be mounted here");
        return;
    }
    let outcome = std::panic::catch_unwind(|| fill_and_empty(folder.path()));
    assert!(mount(&["umount"]));
    outcome.unwrap();
}

fn fill_and_empty(folder: &Path) {
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![0; 128 << 10]).unwrap();
    let path = folder.join("audit.log");
    let log = to_file(&path, 1 << 30);
    let start = Instant::now();
    let mut written = 0;
    while log.accepts() {
        log.write(&record(&"x".repeat(100)));
        written += 1;
        // Not faster than the disk, so that little waits when it is full.
        if written % 16 == 0 {
            until(|| log.figures().queued == 0 || !log.accepts());
        }
        assert!(start.elapsed() < LIMIT);
    }
    // What lies on the full disk is whole lines.
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with('\n') && verify(&[&text], Vec::new()).intact);
    fs::remove_file(&ballast).unwrap();
    until(|| log.accepts());
    assert!(log.close());
    let text = fs::read_to_string(&path).unwrap();
    let report = verify(&[&text], Vec::new());
    assert!(report.intact && report.other_lines == 0, "{report:#?}");
    assert_eq!((report.chains[0].requests, report.chains[0].lost), (written, 0));
}

// === files ===

#[test]
fn a_chain_goes_on_from_file_to_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let log = to_file(&path, 8000);
    for n in 0..200 {
        log.write(&record(&format!("tool-{n}")));
        if n % 20 == 19 {
            until(|| log.figures().queued == 0);
        }
    }
    assert!(log.close());
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 3, "{files:?}");
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (path, text) in files.iter().zip(&texts) {
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert!(first["kind"] == "continue" || first["kind"] == "open", "{path:?}: {first}");
    }
    // In any order, in one file or in many.
    let mut any: Vec<&str> = texts.iter().map(String::as_str).collect();
    for _ in 0..any.len() {
        any.rotate_left(1);
        for report in [verify(&any, Vec::new()), verify(&[&any.concat()], Vec::new())] {
            assert!(report.intact && report.chains.len() == 1, "{report:#?}");
            let chain = &report.chains[0];
            assert_eq!((chain.tail, chain.start), (Tail::Closed, Start::Opened));
            assert_eq!(chain.requests, 200);
        }
    }
    // Files that time has taken leave the rest intact; a file from the middle is missed.
    any.sort_by_key(|text| text.lines().next().unwrap().to_owned());
    let oldest = texts.iter().position(|text| text.contains("\"open\"")).unwrap();
    let mut without: Vec<&str> = texts.iter().map(String::as_str).collect();
    without.remove(oldest);
    let report = verify(&without, Vec::new());
    assert!(report.intact && matches!(report.chains[0].start, Start::Later { line: 1.. }));
    let middle = without
        .iter()
        .position(|text| !text.contains("\"close\"") && !starts_at(text, &report))
        .unwrap();
    without.remove(middle);
    let report = verify(&without, Vec::new());
    assert!(matches!(report.chains[0].problems[..], [Problem::Missing { .. }]), "{report:#?}");
}

/// Whether a text has the first line that a report knows.
fn starts_at(text: &str, report: &Report) -> bool {
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let Start::Later { line } = report.chains[0].start else { return false };
    first["seq"] == line
}

#[test]
fn what_the_last_process_left_is_another_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    for _ in 0..2 {
        let log = to_file(&path, 1 << 20);
        log.write(&record("x"));
        assert!(log.close());
        drop(log);
    }
    let texts: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(texts.len(), 2);
    let report = verify(&[&texts.concat()], Vec::new());
    assert!(report.intact && report.chains.len() == 2);
}

#[test]
fn a_file_and_the_output_have_chains_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let file = AuditFile { path: path.clone(), rotate_bytes: 1 << 20, keep_days: 7 };
    let both = Audit { file: Some(file), ..settings(OnFailure::Closed) };
    let sink = MemorySink::default();
    let log = Log::start(&both, "farm", Some(Box::new(sink.clone())), &Metrics::new("f")).unwrap();
    // One that fails stops requests; the other goes on.
    until(|| sink.text().contains("open"));
    sink.0.broken.store(true, Ordering::SeqCst);
    log.write(&record("x"));
    until(|| !log.accepts());
    until(|| fs::read_to_string(&path).unwrap().contains("\"request\""));
    sink.0.broken.store(false, Ordering::SeqCst);
    assert!(log.close());
    let report = verify(&[&sink.text(), &fs::read_to_string(&path).unwrap()], Vec::new());
    assert!(report.intact && report.chains.len() == 2);
    assert!(report.chains.iter().all(|chain| chain.requests == 1 && chain.tail == Tail::Closed));
}

// === verifying ===

#[test]
fn anyone_can_check_a_line_with_the_tools_at_hand() {
    let (_, lines) = chain(1);
    let hash = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        lines[0].trim_end_matches('\n').as_bytes(),
    );
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let next: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(next["prev"], hex);
}

#[test]
fn every_changed_byte_shows() {
    let (text, lines) = chain(6);
    let at = lines[..3].concat().len()..lines[..4].concat().len() - 1;
    for position in at {
        let mut changed = text.clone().into_bytes();
        changed[position] ^= 1;
        let mut verifier = Verifier::default();
        verifier.read("x", &*changed).unwrap();
        let report = verifier.finish();
        assert!(!report.intact, "byte {position} of {}", lines[3]);
    }
}

#[test]
fn a_changed_line_is_named() {
    let (text, _) = chain(6);
    let changed = text.replace("tool-3", "tool-X");
    let report = verify(&[&changed], Vec::new());
    let place = "file-0:5".to_owned();
    assert_eq!(report.chains[0].problems, [Problem::Changed { line: 4, place }]);
}

#[test]
fn removed_added_and_moved_lines_are_named() {
    let (_, lines) = chain(8);
    let mut removed = lines.clone();
    removed.drain(3..5);
    let before = "file-0:4".to_owned();
    let report = verify(&[&removed.concat()], Vec::new());
    assert_eq!(report.chains[0].problems, [Problem::Missing { from: 3, to: 4, before }]);

    let mut moved = lines.clone();
    moved.swap(3, 4);
    let report = verify(&[&moved.concat()], Vec::new());
    let place = "file-0:5".to_owned();
    assert_eq!(report.chains[0].problems, [Problem::Reordered { line: 3, place, lines: 1 }]);

    let mut added = lines.clone();
    added.insert(4, lines[3].replace("tool-2", "tool-Y"));
    let report = verify(&[&added.concat()], Vec::new());
    let forked = |problem: &Problem| matches!(problem, Problem::Forked { line: 3, .. });
    assert!(report.chains[0].problems.iter().any(forked), "{report:#?}");

    // A tail with numbers and hashes that fit only each other.
    let (_, other) = chain(9);
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["chain"].as_str().unwrap().to_owned()
    };
    let forged: String = other[4..].concat().replace(&id(&other[0]), &id(&lines[0]));
    let report = verify(&[&(lines[..4].concat() + &forged)], Vec::new());
    let changed = |problem: &Problem| matches!(problem, Problem::Changed { line: 3, .. });
    assert!(report.chains[0].problems.iter().any(changed), "{report:#?}");
}

#[test]
fn a_cut_tail_shows_with_a_head_only() {
    let (text, lines) = chain(8);
    let whole = verify(&[&text], Vec::new());
    let last: Head = whole.chains[0].head.parse().unwrap();
    assert_eq!(last.seq, 9);
    let cut = lines[..6].concat();
    let report = verify(&[&cut], Vec::new());
    assert!(report.intact);
    assert_eq!(report.chains[0].tail, Tail::Unanchored { line: 5 });
    let report = verify(&[&cut], vec![last.clone()]);
    assert_eq!(report.chains[0].tail, Tail::Cut { line: 5, head: 9 });
    assert_eq!(report.chains[0].problems, [Problem::CutOff { from: 6, head: 9 }]);
    // A head from the middle proves as much as it names.
    let middle: Head = verify(&[&lines[..4].concat()], Vec::new()).chains[0].head.parse().unwrap();
    let report = verify(&[&cut], vec![middle.clone()]);
    assert_eq!((report.intact, report.chains[0].tail), (true, Tail::Anchored { line: 3 }));
    let wrong = Head { hash: "0".repeat(64), ..middle.clone() };
    let report = verify(&[&cut], vec![wrong.clone()]);
    assert_eq!(report.chains[0].problems, [Problem::HeadRefuted { line: 3 }]);
    // A head among the lines counts only against them.
    let with = |head: &Head| format!("{cut}{}\n", head.line());
    let report = verify(&[&with(&middle)], Vec::new());
    assert_eq!(report.chains[0].tail, Tail::Unanchored { line: 5 });
    assert!(!verify(&[&with(&wrong)], Vec::new()).intact);
    assert!(!verify(&[&with(&last)], Vec::new()).intact);
    // A head of lines that aren't there proves nothing.
    let report = verify(&[&lines[5..].concat()], vec![middle.clone()]);
    assert_eq!(report.chains[0].problems, [Problem::HeadBefore { line: 3 }]);
    let (stranger, _) = chain(1);
    let report = verify(&[&stranger], vec![middle]);
    assert!(!report.intact && report.heads_without_lines.len() == 1);
}

#[test]
fn a_wrong_start_and_a_wrong_end_show() {
    let (text, lines) = chain(3);
    for (tampered, what) in [
        (text.replace(r#""kind":"open""#, r#""kind":"request""#), "the first line"),
        (text.replace(r#""lines":5"#, r#""lines":4"#), "the count"),
        (text.replace(&lines[0], &lines[0].replace("000000", "000001")), "the first hash"),
    ] {
        assert_ne!(tampered, text);
        assert!(!verify(&[&tampered], Vec::new()).intact, "{what}");
    }
}

/// A log group of several tasks, exported with the times that CloudWatch puts before each line.
#[test]
fn an_export_of_many_gates_is_taken_as_it_is() {
    let ((one, first), (_, second)) = (chain(30), chain(50));
    let mut merged = String::from("starting\n\n{\"level\":\"info\"}\n{\"kind\":\"head\"}\n");
    for index in 0..second.len() {
        for line in [first.get(index), second.get(index)].into_iter().flatten() {
            merged += &format!("2026-11-22T08:00:{:02}.000Z {line}", index % 60);
        }
        merged += "not ours {\n";
    }
    let report = verify(&[&merged], Vec::new());
    assert!(report.intact && report.chains.len() == 2, "{report:#?}");
    let mut requests: Vec<u64> = report.chains.iter().map(|chain| chain.requests).collect();
    requests.sort_unstable();
    assert_eq!((requests, report.other_lines), (vec![30, 50], 52 + 3));
    // Read twice, as two exports that overlap.
    let tail = first[10..].concat();
    let report = verify(&[&one, &tail, &one], Vec::new());
    assert!(report.intact, "{report:#?}");
    assert_eq!(report.chains[0].repeated, 22 + 32);
}

#[test]
fn lines_without_end_and_bytes_of_all_kinds_are_passed_over() {
    let (text, _) = chain(2);
    let mut bytes = vec![b'{'; 3 << 20];
    bytes.push(b'\n');
    bytes.extend_from_slice(&[0xff, 0xfe, 0, b'\n']);
    bytes.extend_from_slice(text.replace('\n', "\r\n").as_bytes());
    bytes.extend_from_slice(
        br#"{"time":"","kind":"request","chain":"a","seq":18446744073709551615,"prev":""}"#,
    );
    bytes.push(b'\n');
    bytes.extend_from_slice(&vec![b'x'; 2 << 20]);
    let mut verifier = Verifier::default();
    verifier.read("x", &*bytes).unwrap();
    let report = verifier.finish();
    assert!(report.intact && report.chains.len() == 1 && report.other_lines == 4, "{report:#?}");
}
