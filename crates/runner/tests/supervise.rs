//! The supervisor: readiness, restarts, output, ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farmgate_runner::supervise::Backoff;
use farmgate_runner::{Codes, Handle, Ready, Settings, Start, State, Stream, Supervisor};

const LONG: Duration = Duration::from_secs(20);

type Printed = Arc<Mutex<Vec<(Stream, String)>>>;

fn shell(script: &str) -> Settings {
    let mut settings = Settings::new("it", Start::new("sh", ["-c", script]));
    settings.backoff = Backoff {
        first: Duration::from_millis(20),
        most: Duration::from_millis(100),
        stable: Duration::from_secs(60),
    };
    settings.patience = Duration::from_millis(500);
    settings
}

fn start(settings: Settings) -> (Handle, Printed) {
    let printed = Printed::default();
    let into = Arc::clone(&printed);
    let handle = Supervisor::start(settings, move |name, stream, line| {
        assert_eq!(name, "it");
        into.lock().unwrap().push((stream, line.to_owned()));
    });
    (handle, printed)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, waited).await.unwrap_or_else(|_| panic!("not so: {what}"));
}

#[tokio::test]
async fn what_is_printed_comes_line_by_line() {
    let (handle, printed) = start(shell("printf 'a\\nb\\377'; echo oops >&2; sleep 100"));
    until("two whole lines", || printed.lock().unwrap().len() >= 2).await;
    handle.stop().await;
    let printed = printed.lock().unwrap();
    assert!(printed.contains(&(Stream::Output, "a".to_owned())), "{printed:?}");
    assert!(printed.contains(&(Stream::Error, "oops".to_owned())), "{printed:?}");
    // What comes last without an end of line comes, too.
    assert!(printed.contains(&(Stream::Output, "b\u{fffd}".to_owned())), "{printed:?}");
}

#[tokio::test]
async fn a_long_line_is_cut() {
    let mut settings = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end; sleep 100");
    settings.line_bytes = 100;
    let (handle, printed) = start(settings);
    until("the end", || printed.lock().unwrap().iter().any(|(_, line)| line == "end")).await;
    let first = printed.lock().unwrap().first().unwrap().1.clone();
    assert!(first.starts_with(&"x".repeat(100)) && first.len() < 150, "{}", first.len());
    assert!(first.ends_with("(999900 bytes more)"), "{first}");
    handle.stop().await;
}

#[tokio::test]
async fn what_ends_is_started_again_with_waits_and_says_why() {
    let (handle, _) = start(shell("exit 3"));
    let mut changes = handle.changes();
    until("several starts", || handle.starts() >= 3).await;
    let state = changes
        .wait_for(|state| matches!(state, State::BackingOff { failures, .. } if *failures >= 3))
        .await
        .unwrap()
        .clone();
    let State::BackingOff { why, .. } = state else { panic!("{state:?}") };
    assert_eq!(why, "ended with exit code 3");
    handle.stop().await;
}

#[tokio::test]
async fn what_is_killed_says_by_what() {
    let (handle, _) = start(shell("kill -9 $$"));
    let mut changes = handle.changes();
    let state = changes.wait_for(|state| matches!(state, State::BackingOff { .. })).await;
    let state = state.unwrap().to_string();
    assert!(state.starts_with("was "), "{state}");
    handle.stop().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_and_is_not_tried_again() {
    let mut settings = shell("");
    settings.start = Start::new("no-such-program", [""; 0]);
    let (handle, _) = start(settings);
    let error = handle.ready(LONG).await.unwrap_err().to_string();
    assert_eq!(error, "`it` is not ready: can't be started: there is no program `no-such-program`");
    assert_eq!(handle.starts(), 0);
    handle.stop().await;
}

/// A server that answers whatever comes with a status.
fn server() -> (SocketAddr, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let status = Arc::new(AtomicU16::new(503));
    let answer = Arc::clone(&status);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 1024];
            let length = stream.read(&mut head).unwrap_or(0);
            assert!(head.get(..length).unwrap().starts_with(b"GET /health?x=1 HTTP/1.1\r\n"));
            let status = answer.load(Ordering::Relaxed);
            let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (address, status)
}

#[tokio::test]
async fn a_server_is_ready_when_it_answers_with_a_code_that_counts() {
    let (address, status) = server();
    let mut settings = shell("sleep 100");
    let codes = Codes::parse("200-299,406").unwrap();
    settings.ready = Ready::Http { address, path: "/health?x=1".to_owned(), codes };
    let (handle, _) = start(settings);
    let early = handle.ready(Duration::from_millis(300)).await.unwrap_err().to_string();
    assert!(early.contains("not ready"), "{early}");
    assert_eq!(handle.state(), State::Starting);
    status.store(406, Ordering::Relaxed);
    handle.ready(LONG).await.unwrap();
    assert!(handle.figures().is_some_and(|figures| figures.processes >= 1));
    handle.stop().await;
}

#[tokio::test]
async fn a_server_is_ready_when_it_takes_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = shell("sleep 100");
    settings.ready = Ready::Tcp(listener.local_addr().unwrap());
    let (handle, _) = start(settings);
    handle.ready(LONG).await.unwrap();
    handle.stop().await;
}

#[tokio::test]
async fn one_that_is_never_ready_is_killed_and_started_again() {
    let mut settings = shell("sleep 100");
    settings.ready = Ready::Asked(Arc::new(|| Box::pin(async { Err("not yet".to_owned()) })));
    settings.ready_within = Duration::from_millis(200);
    let (handle, _) = start(settings);
    let mut changes = handle.changes();
    until("a second start", || handle.starts() >= 2).await;
    let state = changes.wait_for(|state| matches!(state, State::BackingOff { .. })).await;
    let state = state.unwrap().to_string();
    assert!(state.starts_with("was not ready within 0 s (not yet)"), "{state}");
    handle.stop().await;
}

#[tokio::test]
async fn a_stop_gives_time_and_then_none() {
    // This one ends when it is asked to, and says so.
    let (handle, printed) =
        start(shell("trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.05; done"));
    until("it runs", || !printed.lock().unwrap().is_empty()).await;
    let mut changes = handle.changes();
    handle.stop().await;
    assert_eq!(*changes.borrow_and_update(), State::Stopped);
    let asked = (Stream::Output, "asked".to_owned());
    assert!(printed.lock().unwrap().contains(&asked), "{printed:?}");
    // This one doesn't, and is killed.
    let (handle, printed) = start(shell("trap '' TERM; echo up; while :; do sleep 0.05; done"));
    until("it runs", || !printed.lock().unwrap().is_empty()).await;
    tokio::time::timeout(LONG, handle.stop()).await.unwrap();
}

#[tokio::test]
async fn a_stop_during_a_wait_is_immediate() {
    let mut settings = shell("exit 1");
    settings.backoff.first = Duration::from_secs(1000);
    settings.backoff.most = Duration::from_secs(1000);
    let (handle, _) = start(settings);
    let mut changes = handle.changes();
    changes.wait_for(|state| matches!(state, State::BackingOff { .. })).await.unwrap();
    tokio::time::timeout(LONG, handle.stop()).await.unwrap();
}

#[tokio::test]
async fn a_handle_that_is_dropped_kills() {
    let gone = Arc::new(AtomicBool::new(false));
    let (handle, printed) = start(shell("echo $$; sleep 100"));
    until("it runs", || !printed.lock().unwrap().is_empty()).await;
    let pid: i32 = printed.lock().unwrap().first().unwrap().1.parse().unwrap();
    drop(handle);
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    until("it is gone", || {
        let here = rustix::process::test_kill_process(pid).is_ok();
        gone.store(!here, Ordering::Relaxed);
        !here
    })
    .await;
}
