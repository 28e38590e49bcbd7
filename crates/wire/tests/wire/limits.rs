//! Limits: each on its own, and what it costs to be over one of them.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use farmgate_wire::{Certificate, Settings};

use crate::support::{BODY, Client, PATIENCE, Server, settings, tcp, until};

/// Short enough to wait for, long enough that nothing else takes as long.
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_head_that_comes_slowly_is_cut_off() {
    let server = Server::start(Settings { head_time: SHORT, ..settings() }, None);
    let mut client = tcp(server.address);
    let start = Instant::now();
    // One byte now and then (slow loris): each of them is progress, and none of it counts.
    let mut sent = 0;
    for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
        if client.write_all(&[*byte]).is_err() {
            break;
        }
        sent += 1;
        std::thread::sleep(Duration::from_millis(10));
        assert!(start.elapsed() < PATIENCE);
    }
    assert!(start.elapsed() >= SHORT, "cut off after {sent} bytes");
    until("counted", || server.figures().head_late == 1);
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn connections_that_send_nothing_end() {
    let server = Server::start(Settings { head_time: SHORT, ..settings() }, None);
    let mut clients: Vec<_> = (0..50).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| client.is_closed());
    assert_eq!(server.figures().head_late, 50);
}

#[test]
fn a_handshake_that_does_not_come_ends() {
    let certificate = Certificate::self_made(&["localhost".to_owned()]).unwrap();
    let server = Server::start(Settings { head_time: SHORT, ..settings() }, Some(certificate));
    server.connect().is_closed();
    let mut client = server.connect();
    client.write(b"\x16\x03\x01");
    client.is_closed();
    until("counted", || server.figures().handshake_failed == 2);
}

/// Idle and head have a time each: a connection between requests may rest for longer than a head may
/// take, and the other way round.
#[test]
fn an_idle_connection_ends_by_its_own_time() {
    let server = Server::start(Settings { idle_time: SHORT, ..settings() }, None);
    let mut client = server.connect();
    let start = Instant::now();
    assert_eq!(client.get("/echo").status, 200);
    client.is_closed();
    assert!(start.elapsed() >= SHORT);
    assert_eq!((server.figures().idle, server.figures().head_late), (1, 0));

    let server = Server::start(Settings { head_time: SHORT, ..settings() }, None);
    let mut client = server.connect();
    assert_eq!(client.get("/echo").status, 200);
    std::thread::sleep(SHORT * 3);
    assert_eq!(client.get("/echo").status, 200);
}

/// None of the times for a client's part ends a request that the handler takes long for.
#[test]
fn a_request_under_way_is_not_idle() {
    let server = Server::start(
        Settings { idle_time: SHORT, head_time: SHORT, write_time: SHORT, ..settings() },
        None,
    );
    let mut client = server.connect();
    client.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut stream = server.connect();
    stream.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.read_until(b": hello\n\n");
    std::thread::sleep(SHORT * 4);
    assert_eq!(server.open(), 2);
}

#[test]
fn heads_are_bounded_in_bytes_and_in_number() {
    let server = Server::start(Settings { head_bytes: 8192, headers: 20, ..settings() }, None);
    let head = |bytes: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4))
    };
    assert_eq!(server.connect().ask(head(8192)).status, 200);
    for bytes in [8193, 20_000, 500_000] {
        let mut client = server.connect();
        assert_eq!(client.ask(head(bytes)).status, 431, "{bytes}");
        client.is_closed();
    }
    let headers = |number: usize| {
        format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(number - 1))
    };
    assert_eq!(server.connect().ask(headers(20)).status, 200);
    let mut client = server.connect();
    assert_eq!(client.ask(headers(21)).status, 431);
    client.is_closed();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn bodies_are_bounded_in_bytes() {
    let server = Server::plain();
    // Announced: refused before it is read, and the client gets to read that.
    let mut client = server.connect();
    client.write(format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 2 << 20));
    assert_eq!(client.answer().status, 413);
    // Not announced: refused when it is too much.
    let mut client = server.connect();
    client.write("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut writer = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || while writer.write_all(chunk.as_bytes()).is_ok() {});
    assert_eq!(client.answer().status, 413);
    drop(client);
    sender.join().unwrap();
}

#[test]
fn bodies_are_bounded_in_time() {
    let server = Server::plain();
    let mut client = server.connect();
    client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.answer().status, 408);
    client.is_closed();
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let server = Server::start(Settings { write_time: SHORT, ..settings() }, None);
    let mut client = tcp(server.address);
    client.write_all(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    until("the stream goes on", || server.open() == 1);
    until("it ends", || server.open() == 0);
    assert_eq!(server.figures().stalled, 1);
    let mut scrap = Vec::new();
    let _ = client.read_to_end(&mut scrap);
}

/// One that reads slowly is not one that does not read, however long it takes in all.
#[test]
fn a_client_that_reads_slowly_is_served() {
    let write_time = SHORT * 4;
    let server = Server::start(
        Settings { write_time, idle_time: SHORT, head_time: SHORT, ..settings() },
        None,
    );
    let mut client = tcp(server.address);
    client.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let start = Instant::now();
    let mut all = 0;
    let mut piece = vec![0; 128 << 10];
    loop {
        std::thread::sleep(SHORT / 6);
        match client.read(&mut piece).unwrap() {
            0 => break,
            read => all += read,
        }
    }
    assert!(all > 8 << 20, "{all}");
    assert!(start.elapsed() > write_time, "too fast to show anything");
    assert_eq!((server.figures().stalled, server.figures().idle), (0, 0));
}

#[test]
fn connections_are_bounded_by_address_and_in_all() {
    let limits = Settings { connections: 30, connections_per_address: 10, ..settings() };
    let server = Server::start(limits, None);
    let mut served: Vec<_> = (0..10).map(|_| server.connect()).collect();
    served.iter_mut().for_each(|client| assert_eq!(client.get("/echo").status, 200));
    server.connect().is_closed();
    assert_eq!(server.figures().refused_address, 1);
    // One that goes makes room.
    served.pop();
    until("room", || server.figures().open == 9);
    assert_eq!(server.connect().get("/echo").status, 200);
    // A trusted proxy is counted in all only, from the next connection on.
    let uncounted = vec!["127.0.0.0/8".parse().unwrap()];
    let limits = Settings { uncounted, ..Settings::clone(&server.settings.load()) };
    server.settings.store(limits.into());
    until("gone", || server.figures().open == 9);
    served.extend((0..21).map(|_| server.connect()));
    served.iter_mut().for_each(|client| assert_eq!(client.get("/echo").status, 200));
    server.connect().is_closed();
    assert_eq!(server.figures().refused_all, 1);
}

/// Thousands of connections opened and left: those over the limit cost nothing for long, and who is
/// served still is.
#[test]
fn two_thousand_connections_opened_and_left_are_no_trouble() {
    let limits = Settings { connections_per_address: 100, head_time: SHORT, ..settings() };
    let server = Server::start(limits, None);
    let mut served = server.connect();
    assert_eq!(served.get("/echo").status, 200);
    for _ in 0..20 {
        // Held by hundreds, so as not to need 2,000 file descriptors here.
        let left: Vec<_> = (0..100).map(|_| tcp(server.address)).collect();
        assert_eq!(served.get("/echo").status, 200);
        drop(left);
    }
    until("all are gone but one", || server.figures().open == 1);
    let figures = server.figures();
    assert_eq!(figures.accepted + figures.refused_address, 2001);
    assert!(figures.refused_address > 0);
    assert_eq!(served.get("/echo").status, 200);
}

#[test]
fn new_limits_hold_for_connections_that_are_open() {
    let server = Server::start(Settings { idle_time: PATIENCE * 10, ..settings() }, None);
    let mut client = server.connect();
    assert_eq!(client.get("/echo").status, 200);
    let limits = Settings { idle_time: SHORT, ..Settings::clone(&server.settings.load()) };
    server.settings.store(limits.into());
    client.is_closed();
    assert_eq!(server.figures().idle, 1);
}

#[test]
fn memory_is_not_taken_for_what_is_announced_only() {
    let server = Server::plain();
    assert_eq!(server.connect().get("/echo").status, 200);
    let before = resident();
    let announced = 200;
    let mut clients: Vec<_> = (0..announced).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.write(format!(
            "POST /read-and-wait HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n"
        ));
    }
    until("all are begun", || server.open() == announced);
    let grown = resident().saturating_sub(before);
    assert!(grown < announced * BODY / 8, "{grown} bytes");
    drop(clients);
    until("all are gone", || server.open() == 0);
}

/// A thousand streams that say nothing are to take less than 40 MiB in the gate; this is the part of
/// it that is the connections'.
#[test]
fn open_streams_take_little_memory() {
    let server = Server::plain();
    assert_eq!(server.connect().get("/echo").status, 200);
    let before = resident();
    let streams = 400;
    let clients: Vec<_> = (0..streams)
        .map(|_| {
            let mut client = server.connect();
            client.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
            client.read_until(b": hello\n\n");
            client
        })
        .collect();
    let each = resident().saturating_sub(before) / streams;
    assert!(each < 18 << 10, "{each} bytes each");
    drop(clients);
    until("all are gone", || server.open() == 0);
}

/// Without file descriptors nothing can be accepted: that does not make a busy loop, and is over when
/// there are some again. The server runs in a process of its own, which may have few.
#[test]
fn a_lack_of_file_descriptors_is_waited_out() {
    if std::env::var_os(FEW_FILES).is_some() {
        let server = Server::plain();
        println!("address {}", server.address);
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        assert!(server.figures().accept_errors > 0);
        return;
    }
    let test = std::env::current_exe().unwrap();
    let name = "limits::a_lack_of_file_descriptors_is_waited_out";
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\" --exact \"$1\" --nocapture"])
        .args([test.as_os_str(), name.as_ref()])
        .env(FEW_FILES, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.unwrap().split_once("address ")?.1.to_owned()));
    let address = address.unwrap().parse().unwrap();
    let mut left: Vec<_> = (0..80).map(|_| tcp(address)).collect();
    let mut waiting = Client::new(tcp(address));
    waiting.write("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    let before = processor_time(child.id());
    std::thread::sleep(Duration::from_secs(1));
    let used = processor_time(child.id()) - before;
    assert!(used < 50, "{used} hundredths of a second: a busy loop");
    left.clear();
    assert_eq!(waiting.answer().status, 200);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

const FEW_FILES: &str = "FARMGATE_TEST_FEW_FILES";

/// Hundredths of a second that a process has computed.
fn processor_time(id: u32) -> u64 {
    let figures = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let figures: Vec<_> = figures.rsplit(')').next().unwrap().split_whitespace().collect();
    figures[11..13].iter().map(|figure| figure.parse::<u64>().unwrap()).sum()
}

/// Bytes that this process has in memory.
fn resident() -> usize {
    let figures = std::fs::read_to_string("/proc/self/statm").unwrap();
    figures.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
