//! A load at a constant rate: `pace ADDRESS RATE SECONDS CONNECTIONS REQUEST_FILE`.
//!
//! One thread asks all connections in turn, and sleeps where nothing is to do: the load takes little of
//! the processors that it shares with what is measured. Each connection has a timetable. What is late
//! because the server was slow counts from the time in the timetable, as with wrk2, so that a slow
//! answer is not hidden by the requests that were not sent meanwhile; what is late because this thread
//! woke late counts from when it was sent, for it is not the server's fault. Where this thread itself
//! was stopped for longer than a millisecond, all timetables move on by as much, and the answers that
//! it could not watch meanwhile are left out and counted as `unseen`: a load that catches up after its
//! own stops measures the machine. Prints one line of JSON: microseconds, how many went wrong, and for
//! how many milliseconds this thread was stopped. `calm` is the median of the 99th percentiles of
//! windows of 50 ms: where the machine stops the server for milliseconds, `p99` tells how often it did,
//! and `calm` what the server adds while it doesn't.
//!
//! Built by `rustc -O`, with nothing but the standard library. It speaks as much HTTP/1.1 as it needs:
//! answers have a `Content-Length`.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long to sleep where nothing is to do; the kernel adds some 50 microseconds.
const NAP: Duration = Duration::from_micros(10);

/// A thread that did not come round for longer was stopped.
const STOP: Duration = Duration::from_millis(1);

/// How long a window is.
const WINDOW: Duration = Duration::from_millis(50);

/// What was seen.
#[derive(Default)]
struct Seen {
    /// Latencies, by the window in which the request was due.
    windows: Vec<Vec<u64>>,
    failed: u64,
    /// How many answers came while this thread may have been stopped.
    unseen: u64,
    /// How long it was.
    stopped: Duration,
}

/// A connection and its timetable.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    have: usize,
    /// When its next request is due.
    due: Instant,
    /// From when the request under way counts.
    since: Option<Instant>,
    /// When the last answer came.
    free: Instant,
    /// Whether this thread was stopped while the request was under way.
    unseen: bool,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, address, rate, seconds, connections, file] = arguments.as_slice() else {
        eprintln!("pace ADDRESS RATE SECONDS CONNECTIONS REQUEST_FILE");
        std::process::exit(2);
    };
    let rate: f64 = rate.parse().expect("a rate");
    let seconds: f64 = seconds.parse().expect("seconds");
    let connections: u32 = connections.parse().expect("a number of connections");
    let request = fs::read(file).expect("the request's file");
    let begin = Instant::now() + Duration::from_millis(100);
    let gap = Duration::from_secs_f64(f64::from(connections) / rate);
    let end = begin + Duration::from_secs_f64(seconds);
    let mut lines: Vec<Line> = (0..connections)
        .map(|number| {
            let due = begin + gap.mul_f64(f64::from(number) / f64::from(connections));
            Line::open(address, due)
        })
        .collect();
    let mut all = Seen::default();
    let mut open = lines.len();
    let mut last = Instant::now();
    while open > 0 {
        let mut idle = true;
        let gone = last.elapsed();
        last += gone;
        if gone > STOP && last > begin {
            all.stopped += gone;
            lines.iter_mut().for_each(|line| line.stopped(gone));
        }
        for line in &mut lines {
            idle &= !line.turn(&request, gap, (begin, end), &mut all);
        }
        open = lines.iter().filter(|line| line.since.is_some() || line.due < end).count();
        if idle {
            thread::sleep(NAP);
        }
    }
    report(all, seconds);
}

impl Line {
    fn open(address: &str, due: Instant) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_nonblocking(true).expect("a socket that doesn't block");
        Self {
            stream,
            buffer: vec![0; 64 << 10],
            have: 0,
            due,
            since: None,
            free: due,
            unseen: false,
        }
    }

    /// Moves its timetable on by what this thread was stopped.
    fn stopped(&mut self, gone: Duration) {
        self.due += gone;
        self.free += gone;
        self.unseen = self.since.is_some();
    }

    /// Sends what is due, and reads what is there; whether there was anything to do.
    fn turn(
        &mut self,
        request: &[u8],
        gap: Duration,
        (begin, end): (Instant, Instant),
        all: &mut Seen,
    ) -> bool {
        let now = Instant::now();
        let Some(since) = self.since else {
            if self.due > now || self.due >= end {
                return false;
            }
            // If the last answer came too late for this time, the server made it late.
            self.since = Some(if self.free > self.due { self.due } else { now });
            self.due += gap;
            // A request of a kilobyte fits into the buffer of a socket that has nothing under way.
            self.stream.write_all(request).expect("a request that is sent");
            return true;
        };
        match self.stream.read(self.buffer.get_mut(self.have..).unwrap_or_default()) {
            Ok(0) => panic!("the server closed the connection"),
            Ok(read) => self.have += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => panic!("the connection broke: {error}"),
        }
        if let Some(status) = self.buffer.get(..self.have).and_then(answer) {
            all.failed += u64::from(status != 200);
            let took = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            if std::mem::take(&mut self.unseen) {
                all.unseen += 1;
            } else {
                all.add(since.saturating_duration_since(begin), took);
            }
            self.free = Instant::now();
            (self.since, self.have) = (None, 0);
        }
        true
    }
}

/// The status of an answer that is whole.
fn answer(text: &[u8]) -> Option<u16> {
    let head = text.windows(4).position(|four| four == b"\r\n\r\n")?;
    let lines = std::str::from_utf8(text.get(..head)?).ok()?;
    let length = lines.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("content-length");
        named.then(|| value.trim().parse::<usize>().ok()).flatten()
    })?;
    (text.len() >= head + 4 + length).then(|| lines.split(' ').nth(1)?.parse().ok()).flatten()
}

impl Seen {
    fn add(&mut self, at: Duration, nanoseconds: u64) {
        let window = usize::try_from(at.as_nanos() / WINDOW.as_nanos()).unwrap_or_default();
        if self.windows.len() <= window {
            self.windows.resize_with(window + 1, Vec::new);
        }
        self.windows[window].push(nanoseconds);
    }
}

/// A quantile of numbers in order, in microseconds.
fn at(sorted: &[u64], part: f64) -> f64 {
    let index = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, |nanoseconds| *nanoseconds as f64 / 1000.0)
}

fn report(mut seen: Seen, seconds: f64) {
    let mut all: Vec<u64> = seen.windows.iter().flatten().copied().collect();
    all.sort_unstable();
    let mut calm: Vec<u64> = Vec::new();
    for window in seen.windows.iter_mut().filter(|window| !window.is_empty()) {
        window.sort_unstable();
        calm.push((at(window, 0.99) * 1000.0) as u64);
    }
    calm.sort_unstable();
    println!(
        r#"{{"requests":{},"rate":{:.0},"failed":{},"unseen":{},"stopped":{:.1},"p50":{:.1},"p90":{:.1},"p99":{:.1},"p999":{:.1},"calm":{:.1}}}"#,
        all.len(),
        all.len() as f64 / seconds,
        seen.failed,
        seen.unseen,
        seen.stopped.as_secs_f64() * 1000.0,
        at(&all, 0.5),
        at(&all, 0.9),
        at(&all, 0.99),
        at(&all, 0.999),
        at(&calm, 0.5),
    );
}
